//! Golden pictures: every fit with every gravity in every orientation, and every other operation, seen as
//! contact sheets under `tests/golden`. The same claims are made natively and on wasm.

#[cfg(test)]
mod support;

#[cfg(test)]
mod golden {
    use lenslet::format::Format;
    use lenslet::picture::Picture;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::golden_file;
    use crate::support::exif::oriented;
    use crate::support::golden::check;
    use crate::support::lens::{largest_difference, mean_difference, pixels, transform};
    use crate::support::pictures::{file, mark, png, sketch, sketch_with_alpha, stored};
    use crate::support::sheet::sheet;

    /// Sides, corners, the middle, and points between.
    const GRAVITIES: [&str; 11] = [
        "top-left",
        "top",
        "top-right",
        "left",
        "center",
        "right",
        "bottom-left",
        "bottom",
        "bottom-right",
        "0.25x0.75",
        "0.9x0.4",
    ];

    /// A square, a strip and a box that is larger one way, for a source of 48×32.
    const BOXES: [&str; 3] = ["width=20,height=20", "width=36,height=12", "width=60,height=28"];

    /// Sample for sample: wasm rounds as native code does.
    const EXACT: u8 = 0;

    /// One float rounds differently where rows and columns were exchanged before filtering.
    const ROUNDING: u8 = 1;

    fn cell(options: &str, source: &[u8]) -> Picture {
        pixels(&transform(&format!("{options},format=png"), source, &[]).unwrap())
    }

    fn row(options: &[&str], source: &[u8]) -> Vec<Picture> {
        options.iter().map(|options| cell(options, source)).collect()
    }

    /// A row for every box, a column for every gravity.
    fn gravities(fit: &str, source: &[u8]) -> Picture {
        let row = |size: &&str| {
            GRAVITIES.iter().map(|at| cell(&format!("{size},fit={fit},gravity={at}"), source)).collect()
        };
        sheet(&BOXES.iter().map(row).collect::<Vec<_>>())
    }

    /// The sheet of one fit is the golden, whichever way up the file was stored.
    fn holds_in_every_orientation(fit: &str, name: &str, golden: Option<&[u8]>) {
        let upright = sketch(48, 32);
        let golden_sheet = gravities(fit, &png(&upright));
        check(name, &golden_sheet, golden, EXACT);
        for orientation in 1..=8 {
            let source = oriented(&png(&stored(&upright, orientation)), orientation);
            let difference = largest_difference(&gravities(fit, &source), &golden_sheet);
            assert!(difference <= ROUNDING, "{fit}, orientation {orientation}: differs by {difference}");
        }
    }

    macro_rules! fits {
        ($($test:ident: $fit:literal, $name:literal;)+) => {$(
            #[test]
            fn $test() {
                holds_in_every_orientation($fit, $name, golden_file!($name));
            }
        )+};
    }

    fits! {
        scale_down_never_enlarges: "scale-down", "fit-scale-down";
        contain_stays_inside_the_box: "contain", "fit-contain";
        cover_fills_the_box: "cover", "fit-cover";
        crop_fills_what_it_can: "crop", "fit-crop";
        aspect_crop_takes_the_shape_of_the_box: "aspect-crop", "fit-aspect-crop";
        pad_fills_the_rest: "pad", "fit-pad";
        squeeze_distorts: "squeeze", "fit-squeeze";
        scale_up_never_shrinks: "scale-up", "fit-scale-up";
    }

    #[test]
    fn jpeg_and_webp_come_out_upright_from_every_orientation() {
        let upright = sketch(48, 32);
        let options = "width=36,height=20,fit=cover,gravity=0.9x0.4";
        let expected = cell(options, &png(&upright));
        for orientation in 1..=8 {
            let turned = stored(&upright, orientation);
            let webp = oriented(&file(&turned, Format::Webp, 100), orientation);
            let difference = largest_difference(&cell(options, &webp), &expected);
            assert!(difference <= ROUNDING, "WebP, orientation {orientation}: differs by {difference}");
            // JPEG halves colours along both sides and blocks lie elsewhere after a turn: edges of the
            // letter differ, the picture does not. Turned wrongly the mean is above 60.
            let jpeg = oriented(&file(&turned, Format::Jpeg, 95), orientation);
            let mean = mean_difference(&cell(options, &jpeg), &expected);
            assert!(mean <= 4.0, "JPEG, orientation {orientation}: differs by {mean} on average");
        }
    }

    #[test]
    fn rotations_and_flips_add_up() {
        let source = png(&sketch(48, 32));
        let rows = ["rotate=0", "flip=h", "flip=v", "flip=hv"].map(|flip| {
            let with =
                |rotate: &str| format!("{}width=30,height=30,fit=cover,gravity=left{rotate}", prefix(flip));
            ["", ",rotate=90", ",rotate=180", ",rotate=270"]
                .map(|rotate| cell(&with(rotate), &source))
                .to_vec()
        });
        check("turn", &sheet(&rows), golden_file!("turn"), EXACT);
        let whole = ["flip=h", "rotate=90", "flip=h,rotate=90", "flip=hv,rotate=180"];
        let upright = oriented(&png(&stored(&sketch(48, 32), 6)), 6);
        for options in whole {
            assert_eq!(cell(options, &source), cell(options, &upright), "{options} after orientation 6");
        }
        assert_eq!(cell("flip=hv,rotate=180", &source), pixels(&source));
    }

    fn prefix(flip: &str) -> String {
        if flip == "rotate=0" { String::new() } else { format!("{flip},") }
    }

    #[test]
    fn trims_cut_before_anything_else() {
        let source = png(&sketch(48, 32));
        let options = [
            "trim=0;0;0;0",
            "trim=6;12;3;1",
            "trim=0.25;0.5;0;0.125",
            "trim.left=8,trim.width=20",
            "trim.right=8,trim.width=20",
            "trim.top=0.5",
            "trim.bottom=0.5,trim.height=8",
            "trim=0;24;16;0,rotate=90",
            "trim=0;12;8;0,dpr=2",
            "trim=4;4;4;4,width=20,height=20,fit=cover",
        ];
        check("trim", &sheet(&[row(&options, &source)]), golden_file!("trim"), EXACT);
        for orientation in 1..=8 {
            let turned = oriented(&png(&stored(&sketch(48, 32), orientation)), orientation);
            assert_eq!(cell("trim=6;12;3;1", &turned), cell("trim=6;12;3;1", &source), "{orientation}");
        }
    }

    #[test]
    fn dpr_multiplies_sides() {
        let source = png(&sketch(48, 32));
        let options =
            ["width=12", "width=12,dpr=1.5", "width=12,dpr=2", "width=12,dpr=3", "height=12,dpr=2.5"];
        check("dpr", &sheet(&[row(&options, &source)]), golden_file!("dpr"), EXACT);
    }

    #[test]
    fn backgrounds_show_through_and_around() {
        let source = png(&sketch_with_alpha(48, 32));
        let size = "width=40,height=40,fit=pad";
        let backgrounds = ["", ",background=%23ff8800", ",background=rgb%280%200%20255%20/%2050%25%29"]
            .map(|colour| colour.replace('/', "%2F"));
        let padded: Vec<_> = backgrounds.iter().map(|b| cell(&format!("{size}{b}"), &source)).collect();
        let flat: Vec<_> = backgrounds.iter().map(|b| cell(&format!("width=40{b}"), &source)).collect();
        // JPEG holds no alpha: what is seen through is white, or the colour on white.
        let jpeg = |b: &String| {
            pixels(&transform(&format!("{size}{b},format=jpeg,quality=100"), &source, &[]).unwrap())
        };
        let opaque: Vec<_> = backgrounds.iter().map(jpeg).collect();
        check("background", &sheet(&[padded, flat]), golden_file!("background"), EXACT);
        // The encoder may be tuned; colours may shift by so much at quality 100.
        check("background-jpeg", &sheet(&[opaque]), golden_file!("background-jpeg"), 48);
    }

    #[test]
    fn marks_lie_where_they_are_put() {
        let source = png(&sketch(48, 32));
        let drawn = |options: &&str| {
            let options = format!("mark=m,{options},format=png");
            pixels(&transform(&options, &source, &[&png(&mark())]).unwrap())
        };
        let rows = [
            // Gravity alone, as large as the file is.
            &[
                "mark.gravity=top-left",
                "mark.gravity=top",
                "mark.gravity=right",
                "mark.gravity=bottom-right",
                "mark.gravity=0.25x0.75",
                "mark.opacity=1",
            ][..],
            // Offsets, alone and against gravity.
            &[
                "mark.left=3,mark.top=5",
                "mark.right=3,mark.bottom=5",
                "mark.right=0.25,mark.top=0.5",
                "mark.left=4,mark.gravity=bottom",
                "mark.bottom=2",
                "mark.left=40,mark.top=28",
            ],
            // Sizes: pixels, fractions, boxes.
            &[
                "mark.width=24",
                "mark.width=0.25,mark.gravity=left",
                "mark.height=0.5,mark.fit=contain",
                "mark.width=24,mark.height=8,mark.fit=squeeze",
                "mark.width=6,mark.height=8,mark.fit=cover",
                "mark.width=6,mark.rotate=90",
            ],
            // Opacity, tiles, turns, least widths.
            &[
                "mark.opacity=0.5",
                "mark.repeat=x",
                "mark.repeat=y,mark.left=2",
                "mark.repeat=true,mark.width=9,mark.opacity=0.6",
                "mark.rotate=180,mark.gravity=right",
                "mark.min-width=49",
            ],
            // With the picture's own geometry: after it, and growing with the ratio.
            &[
                "width=24,mark.gravity=right",
                "rotate=90,mark.gravity=bottom",
                "width=24,dpr=2,mark.left=3,mark.width=6",
                "width=40,height=40,fit=pad,mark.gravity=top-left",
                "mark.opacity=0",
                "width=24,mark.min-width=24",
            ],
        ];
        let cells: Vec<Vec<Picture>> = rows.iter().map(|row| row.iter().map(drawn).collect()).collect();
        check("marks", &sheet(&cells), golden_file!("marks"), EXACT);
    }

    #[test]
    fn marks_on_translucent_pictures_stay_opaque_and_stack_in_order() {
        let source = png(&sketch_with_alpha(48, 32));
        let (small, large) = (png(&mark()), png(&sketch(16, 12)));
        let two = "mark=a,mark.gravity=bottom-right,mark2=b,mark2.right=6,mark2.bottom=6,format=png";
        let cells = [
            transform("mark=a,mark.gravity=right,format=png", &source, &[&small]),
            transform(two, &source, &[&large, &small]),
            transform(two, &source, &[&small, &large]),
        ];
        let cells = cells.map(|file| pixels(&file.unwrap())).to_vec();
        check("marks-alpha", &sheet(&[cells]), golden_file!("marks-alpha"), EXACT);
    }

    #[test]
    fn every_format_holds_the_same_picture() {
        let options = "width=96,height=64,fit=cover";
        for (source, name) in [(sketch(96, 64), "opaque"), (sketch_with_alpha(96, 64), "translucent")] {
            let source = png(&source);
            let made = |rest: &str| pixels(&transform(&format!("{options},{rest}"), &source, &[]).unwrap());
            let exact = made("format=png");
            assert_eq!(exact, pixels(&source), "{name}: PNG");
            assert_eq!(
                largest_difference(&made("format=webp,quality=100"), &exact),
                0,
                "{name}: lossless WebP"
            );
            let flat = made("format=png,background=white");
            // Means of the samples' differences; a swapped channel or a turn is above 20.
            let lossy = [
                ("format=jpeg", &flat, 4.0),
                ("format=baseline-jpeg,quality=100", &flat, 3.0),
                ("format=webp,background=white", &flat, 4.0),
                ("format=gif,background=white", &flat, 8.0),
            ];
            for (options, expected, most) in lossy {
                let mean = mean_difference(&made(options), expected);
                assert!(mean <= most, "{name}: {options} differs by {mean} on average");
            }
        }
    }
}

//! Golden pictures: every fit with every gravity in every orientation, and every other operation, seen as
//! contact sheets under `tests/golden`. The same claims are made natively and on wasm.

#[cfg(test)]
mod support;

#[cfg(test)]
mod golden {
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::{Channels, Picture};
    use lenslet::plan::PlanError;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::golden_file;
    use crate::support::exif::oriented;
    use crate::support::golden::check;
    use crate::support::lens::{
        Refusal, largest_difference, mean_difference, pixels, prepare, transform, transform_in_light,
    };
    use crate::support::pictures::{file, mark, paint, photo_like, png, sketch, sketch_with_alpha, stored};
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

    /// Encoders that lose may be tuned so far without a new golden.
    const TUNED: u8 = 24;

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

    /// Black and white lines and squares of single pixels, over all of a picture, and half of it translucent.
    fn fine_squares(channels: Channels) -> Picture {
        paint(48, 32, channels, |x, y| {
            let level = if (x / 16 + x * (x / 16) + y).is_multiple_of(2) { 0 } else { 255 };
            [level, level, 255, if x < 24 { 255 } else { 90 }]
        })
    }

    #[test]
    fn light_adds_up_where_that_is_configured() {
        let sources = [
            png(&sketch(48, 32)),
            png(&sketch_with_alpha(48, 32)),
            png(&fine_squares(Channels::Rgb)),
            png(&fine_squares(Channels::Rgba)),
            file(&sketch(48, 32), Format::Jpeg, 95),
            file(&sketch(48, 32), Format::Webp, 90),
        ];
        let options = [
            "width=12",
            "width=24,height=24,fit=cover,gravity=right",
            "width=96,height=64,fit=scale-up",
            "width=20,rotate=90",
            "width=31,height=9,fit=squeeze",
            "width=48",
        ];
        let lit = |options: &&str, source: &[u8]| {
            pixels(&transform_in_light(&format!("{options},format=png"), source, &[]).unwrap())
        };
        let rows =
            sources.each_ref().map(|source| options.iter().map(|o| lit(o, source)).collect::<Vec<_>>());
        check("light", &sheet(&rows), golden_file!("light"), ROUNDING);
        for source in &sources {
            assert_eq!(lit(&"width=48", source), cell("width=48", source), "nothing is scaled");
            assert_ne!(lit(&"width=12", source), cell("width=12", source));
        }
    }

    #[test]
    fn light_is_the_same_in_every_orientation_and_crop() {
        let upright = sketch(48, 32);
        let lit = |options: &str, source: &[u8]| {
            pixels(&transform_in_light(&format!("{options},format=png"), source, &[]).unwrap())
        };
        let options = "width=36,height=20,fit=cover,gravity=0.9x0.4";
        let expected = lit(options, &png(&upright));
        for orientation in 1..=8 {
            let source = oriented(&png(&stored(&upright, orientation)), orientation);
            let difference = largest_difference(&lit(options, &source), &expected);
            assert!(difference <= ROUNDING, "orientation {orientation}: differs by {difference}");
        }
        // To a JPEG that is turned, pixels go as pixels. Turned wrongly the mean is above 20.
        let jpeg = transform_in_light("width=24,rotate=90,format=jpeg,quality=100", &png(&upright), &[]);
        let mean = mean_difference(&pixels(&jpeg.unwrap()), &lit("width=24,rotate=90", &png(&upright)));
        assert!(mean <= 5.0, "JPEG differs by {mean} on average");
    }

    /// The kept part of pictures with something in one place: a row for every place, a column for every box.
    #[test]
    fn what_draws_the_eye_is_kept_alike_everywhere() {
        let scene = |x: u32, y: u32| {
            png(&paint(96, 64, Channels::Rgb, |column, row| {
                let is_near = column.abs_diff(x) < 9 && row.abs_diff(y) < 9;
                let [r, g, b, _] = haze(column, row);
                if is_near { [220, u8::try_from(column * 12 % 90).unwrap(), 30, 255] } else { [r, g, b, 255] }
            }))
        };
        let boxes = [
            "width=24,height=24,fit=cover",
            "width=48,height=20,fit=crop",
            "width=20,height=30,fit=aspect-crop",
        ];
        let rows = [(14, 14), (48, 32), (80, 50), (80, 10)].map(|(x, y)| {
            let source = scene(x, y);
            boxes.map(|options| cell(&format!("{options},gravity=auto"), &source)).to_vec()
        });
        check("focus", &sheet(&rows), golden_file!("focus"), EXACT);
    }

    /// A haze without anything in it.
    fn haze(x: u32, y: u32) -> [u8; 4] {
        let shade = |at: u32| u8::try_from(at % 11).unwrap();
        [100 + shade(x), 110 + shade(y), 120 + shade(x + y), 255]
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
    fn tones_bend_and_mix() {
        let source = png(&sketch_with_alpha(48, 32));
        let rows = [
            &["brightness=0.5", "brightness=1.6", "contrast=0.5", "contrast=2", "gamma=0.5", "gamma=2.2"][..],
            &["saturation=0", "saturation=0.5", "saturation=3", "hue=90", "hue=180.5", "hue=270"],
            &[
                "filter=grayscale",
                "filter=sepia",
                "filter=invert",
                "duotone=%23102040;%23ffd080",
                "duotone=white;navy",
            ],
            // One after another: curve, saturation, hue, filter, tones.
            &[
                "gamma=2,brightness=0.8,contrast=1.5",
                "saturation=2,hue=120",
                "hue=120,filter=sepia",
                "contrast=2,filter=invert",
            ],
        ];
        let rows = rows.map(|options| row(options, &source));
        check("tones", &sheet(&rows), golden_file!("tones"), EXACT);
        let neutral = "brightness=1,contrast=1,gamma=1,saturation=1,hue=0,blur=0,sharpen=0,pixelate=1,radius=0,rotate=360";
        assert_eq!(cell(neutral, &source), pixels(&source));
    }

    #[test]
    fn neighbours_are_blurred_and_sharpened() {
        let opaque = png(&sketch(48, 32));
        let translucent = png(&sketch_with_alpha(48, 32));
        let options = [
            "blur=0.5",
            "blur=2",
            "blur=20",
            "blur=1,dpr=2",
            "sharpen=1",
            "sharpen=10",
            "pixelate=5",
            "pixelate=2,dpr=2",
        ];
        let one = png(&sketch(1, 1));
        let rows = [row(&options, &opaque), row(&options, &translucent), row(&options, &one)];
        check("neighbours", &sheet(&rows), golden_file!("neighbours"), EXACT);
        assert!(row(&options, &one).iter().all(|cell| *cell == pixels(&one)), "a pixel has no neighbours");
    }

    #[test]
    fn crops_cut_the_source() {
        let source = png(&sketch(48, 32));
        let options = [
            "crop=0;0;48;32",
            "crop=24;16;24;16",
            "crop=0.25;0.25;0.5;0.5",
            "crop=40;0;100;8",
            "crop=8;4;32;24,trim=4;8;4;8",
            "crop=0;0;24;32,rotate=90",
            "crop=8;4;32;24,width=16,dpr=2",
            "crop=8;4;32;24,width=20,height=20,fit=cover,gravity=left",
        ];
        check("crop", &sheet(&[row(&options, &source)]), golden_file!("crop"), EXACT);
        for orientation in 1..=8 {
            let turned = oriented(&png(&stored(&sketch(48, 32), orientation)), orientation);
            assert_eq!(cell("crop=8;4;30;20", &turned), cell("crop=8;4;30;20", &source), "{orientation}");
        }
        for nothing in ["crop=48;0;1;1", "crop=0;0;0;5", "crop=0;0;4;4,trim=4;0;0;0"] {
            let refused = transform(&format!("{nothing},format=png"), &source, &[]);
            assert!(
                matches!(refused, Err(Refusal::Plan(PlanError::NothingLeft { .. }))),
                "{nothing}: {refused:?}"
            );
        }
    }

    /// A sketch within a border of almost one colour: 5 rows above, 7 columns to the right, 9 below, 3 to the left.
    fn bordered() -> Picture {
        let inner = sketch(48, 32);
        let row = |y: u32| inner.rows().nth(y as usize).unwrap();
        paint(58, 46, Channels::Rgb, |x, y| match (x.checked_sub(3), y.checked_sub(5)) {
            (Some(x @ ..48), Some(y @ ..32)) => {
                let at = x as usize * 3;
                [row(y)[at], row(y)[at + 1], row(y)[at + 2], 255]
            }
            _ => [250, 240 + u8::from((x + y).is_multiple_of(2)), 230, 255],
        })
    }

    #[test]
    fn borders_are_found_and_trimmed() {
        let source = png(&bordered());
        assert_eq!(cell("trim=border", &source), sketch(48, 32));
        assert_eq!(cell("trim=border,trim.border.tolerance=1", &source), sketch(48, 32));
        let whole = pixels(&source);
        for nothing in ["trim.border.tolerance=0", "trim.border.color=black", "trim.border.tolerance=255"] {
            assert_eq!(cell(&format!("trim=border,{nothing}"), &source), whole, "{nothing}");
        }
        let kept = cell("trim=border,trim.border.keep=4", &source);
        assert_eq!(kept.size(), Size::new(3 + 48 + 4, 4 + 32 + 4));
        assert_eq!(cell("crop=1;0;57;46,trim=border", &source), sketch(48, 32));
        assert_eq!(cell("trim=border,trim.left=8,width=20,dpr=2", &source).size(), Size::new(32, 32));
        for orientation in 1..=8 {
            let turned = oriented(&png(&stored(&bordered(), orientation)), orientation);
            assert_eq!(cell("trim=border", &turned), sketch(48, 32), "orientation {orientation}");
        }
        let clear =
            paint(20, 20, Channels::Rgba, |x, y| if x == 7 && y == 9 { [90; 4] } else { [1, 2, 3, 0] });
        assert_eq!(cell("trim=border", &png(&clear)), paint(1, 1, Channels::Rgba, |_, _| [90; 4]));
    }

    #[test]
    fn borders_of_large_photos_are_found_in_a_reduced_form() {
        let photo = |x: u32, y: u32| x.is_multiple_of(7) || y.is_multiple_of(5);
        let picture = paint(2_300, 2_100, Channels::Rgb, |x, y| match (x, y) {
            (200..2_000, 100..2_050) => {
                if photo(x, y) {
                    [20, 30, 90, 255]
                } else {
                    [60, 90, 20, 255]
                }
            }
            _ => [255; 4],
        });
        for (format, options) in [(Format::Jpeg, 90), (Format::Webp, 90), (Format::Png, 100)] {
            let file = file(&picture, format, options);
            let (plan, ..) = prepare("trim=border,trim.border.tolerance=60,format=png", &file, &[]).unwrap();
            let Size { width, height } = plan.size;
            assert!(
                (1_800..=1_806).contains(&width) && (1_950..=1_956).contains(&height),
                "{format:?}: {}",
                plan.size
            );
        }
    }

    #[test]
    fn pictures_lie_askew() {
        let rows =
            [png(&sketch(48, 32)), png(&sketch_with_alpha(48, 32)), png(&sketch(1, 1))].map(|source| {
                let options = [
                    "rotate=30",
                    "rotate=135,width=30",
                    "rotate=10,width=30,height=30,fit=cover",
                    "rotate=45,width=40,height=20,fit=squeeze",
                    "rotate=350,background=%23ff8800",
                    "rotate=20,width=40,height=40,fit=pad,background=navy",
                    "flip=h,rotate=300.5,width=40",
                    "rotate=0.5",
                ];
                row(&options, &source)
            });
        check("askew", &sheet(&rows), golden_file!("askew"), ROUNDING);
        let opaque =
            pixels(&transform("rotate=30,format=jpeg,quality=100", &png(&sketch(48, 32)), &[]).unwrap());
        assert_eq!(opaque.samples()[..3], [255; 3], "white where the format has no alpha");
    }

    #[test]
    fn corners_are_rounded_and_shapes_cut_out() {
        let shapes = ["circle", "ellipse", "triangle", "square", "pentagon", "hexagon", "star", "heart"];
        let rounded = [
            "radius=8",
            "radius=0.25",
            "radius=max",
            "radius=0;8;16;0.5",
            "radius=4,dpr=2",
            "radius=8,background=navy",
            "radius=8,width=40,height=40,fit=pad,background=navy",
            "radius=8,width=40,height=40,fit=cover,border.width=2",
        ];
        let masks = shapes.map(|shape| format!("mask={shape}"));
        let masks: Vec<&str> = masks.iter().map(String::as_str).collect();
        let (opaque, translucent, one) =
            (png(&sketch(48, 32)), png(&sketch_with_alpha(48, 32)), png(&sketch(1, 1)));
        let rows =
            [row(&rounded, &opaque), row(&rounded, &translucent), row(&masks, &opaque), row(&masks, &one)];
        check("outlines", &sheet(&rows), golden_file!("outlines"), ROUNDING);
    }

    #[test]
    fn borders_and_blurred_pictures_surround() {
        let (opaque, translucent) = (png(&sketch(48, 32)), png(&sketch_with_alpha(48, 32)));
        let options = [
            "border.width=3",
            "border.width=3,border.left=9,border.color=%23ff8800",
            "border.top=4,border.color=rgb%280%200%20255%20%2F%2050%25%29",
            "width=24,border.width=2,dpr=2,border.color=navy",
            "width=40,height=40,fit=pad,background=blur",
            "width=60,height=24,fit=pad,background=blur,gravity=left",
            "background=blur",
            "rotate=20,background=blur,border.width=2,border.color=white",
        ];
        let rows = [row(&options, &opaque), row(&options, &translucent)];
        check("around", &sheet(&rows), golden_file!("around"), ROUNDING);
        let marked =
            transform("border.width=10,mark=m,mark.gravity=top-left,format=png", &opaque, &[&png(&mark())]);
        assert_eq!(pixels(&marked.unwrap()).samples()[..3], [0; 3], "marks lie on borders");
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

    /// Drawings are drawn at the size they are to have, and then are as every picture.
    #[test]
    fn drawings_become_pixels_at_their_size() {
        let drawing = include_bytes!("drawings/everything.svg");
        let rows: Vec<Vec<Picture>> = [
            &["width=96", "width=192,fit=contain", "width=40"][..],
            &["width=96,height=96,fit=cover", "crop=40;0;40;30,width=96,fit=contain", "trim=border,width=96"],
            &[
                "width=96,height=96,fit=pad,background=gold",
                "width=96,rotate=90",
                "width=96,rotate=20,flip=h",
            ],
            &["width=96,blur=2", "width=96,filter=sepia,radius=max", "width=96,background=white,sharpen=2"],
        ]
        .iter()
        .map(|options| row(options, drawing))
        .collect();
        check("drawings", &sheet(&rows), golden_file!("drawings"), ROUNDING);
        let flat =
            pixels(&transform("width=192,fit=contain,background=pink,format=jpeg", drawing, &[]).unwrap());
        let ground = sketch(96, 64);
        let marked: Vec<Picture> = ["width=60", "width=0.9,rotate=90,opacity=0.6", "repeat=true,width=24"]
            .iter()
            .map(|mark| {
                let options: Vec<String> = mark.split(',').map(|option| format!("mark.{option}")).collect();
                let options = format!("width=192,fit=contain,mark=a.svg,{},format=png", options.join(","));
                pixels(&transform(&options, &png(&ground), &[drawing]).unwrap())
            })
            .collect();
        check("drawings-jpeg", &sheet(&[vec![flat]]), golden_file!("drawings-jpeg"), TUNED);
        check("drawings-marks", &sheet(&[marked]), golden_file!("drawings-marks"), ROUNDING);
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

    /// An opaque picture, a translucent one and one like a photograph, in a row for each of these outputs.
    fn outputs(outputs: &[&str]) -> Picture {
        let sources = [sketch(96, 64), sketch_with_alpha(96, 64), photo_like(96, 64, Channels::Rgb)];
        let sources = sources.map(|picture| png(&picture));
        let row = |output: &&str| {
            let made =
                |source: &Vec<u8>| pixels(&transform(&format!("format={output}"), source, &[]).unwrap());
            sources.iter().map(made).collect()
        };
        sheet(&outputs.iter().map(row).collect::<Vec<_>>())
    }

    macro_rules! formats {
        ($($test:ident: $name:literal, $outputs:expr, $tolerance:expr;)+) => {$(
            #[test]
            fn $test() {
                check($name, &outputs(&$outputs), golden_file!($name), $tolerance);
            }
        )+};
    }

    // AVIF is looked at in avif.rs, where there is a decoder of it.
    formats! {
        jpeg_looks_as_it_did: "format-jpeg", ["jpeg,quality=30", "jpeg", "jpeg,quality=100"], TUNED;
        baseline_jpeg_looks_as_it_did: "format-baseline-jpeg",
            ["baseline-jpeg,quality=30", "baseline-jpeg"], TUNED;
        lossy_webp_looks_as_it_did: "format-webp", ["webp,quality=30", "webp", "webp,quality=99"], TUNED;
        lossless_webp_looks_as_it_did: "format-webp-lossless", ["webp,quality=100"], EXACT;
        near_lossless_webp_looks_as_it_did: "format-webp-near",
            ["webp,lossless=near", "webp,lossless=near,quality=20"], EXACT;
        png_looks_as_it_did: "format-png", ["png"], EXACT;
        png_of_few_colours_looks_as_it_did: "format-png8", ["png,quality=20", "png,quality=85"], TUNED;
        gif_looks_as_it_did: "format-gif", ["gif"], TUNED;
    }

    #[test]
    fn near_is_as_near_as_its_quality() {
        let source = png(&sketch_with_alpha(96, 64));
        let exact = pixels(&source);
        let made = |rest: &str| transform(&format!("format=webp,lossless={rest}"), &source, &[]).unwrap();
        let off = |rest: &str| largest_difference(&pixels(&made(rest)), &exact);
        assert_eq!([off("true"), off("true,quality=1"), off("near,quality=100")], [0; 3]);
        for (quality, most) in [(85, 1), (60, 2), (40, 4), (20, 8), (1, 16)] {
            let off = off(&format!("near,quality={quality}"));
            assert!((1..=most).contains(&off), "{quality}: {off}");
        }
        let noise = png(&photo_like(96, 64, Channels::Rgb));
        let bytes =
            |rest: &str| transform(&format!("format=webp,lossless={rest}"), &noise, &[]).unwrap().len();
        let lengths = ["near,quality=60", "near", "true"].map(bytes);
        assert!(lengths.is_sorted_by(|a, b| a < b), "{lengths:?}");
    }

    #[test]
    fn drawn_pictures_lose_nothing_where_that_is_shorter() {
        // Bars and lines of a few colours, as of a page.
        let page = paint(240, 160, Channels::Rgb, |x, y| match (x / 40, y % 20) {
            (0, _) => [30, 60, 120, 255],
            (_, 9..12) if x % 7 < 5 => [20, 20, 20, 255],
            _ => [250, 250, 245, 255],
        });
        let made = |source: &[u8], options: &str| transform(options, source, &[]).unwrap();
        let (drawn, taken) = (png(&page), png(&photo_like(240, 160, Channels::Rgb)));
        let whole = made(&drawn, "format=webp");
        assert_eq!(pixels(&whole), page);
        assert_eq!(whole, made(&drawn, "format=webp,lossless=true"));
        assert_eq!(made(&drawn, "format=webp,quality=high"), whole);
        assert!(made(&taken, "format=webp").len() < made(&taken, "format=webp,lossless=true").len() / 2);
        assert_eq!(made(&drawn, &format!("format=webp,max-bytes={}", whole.len())), whole);
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

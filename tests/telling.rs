//! What is said of a picture in its place, natively and on wasm: hashes, tiny pictures, and what of a recipe they show.

#[cfg(test)]
mod support;

#[cfg(test)]
mod telling {
    use lenslet::geometry::Size;
    use lenslet::negotiate::{Target, Telling};
    use lenslet::picture::describe::{blurhash, describe, thumbhash};
    use lenslet::picture::{Channels, Picture};
    use lenslet::plan::Plan;
    use lenslet::recipe::Recipe;
    use lenslet::render::{SourceFile, seen};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::support::exif::oriented;
    use crate::support::lens::{mean_difference, pixels, transform};
    use crate::support::pictures::{file, paint, png, sketch, sketch_with_alpha, stored};
    use lenslet::format::Format;

    /// The frame that is looked at.
    fn looked_at(options: &str, file: &[u8], telling: Telling) -> Picture {
        let source = SourceFile::read(file.to_vec()).unwrap();
        let recipe = Recipe::parse(options).unwrap();
        let target = Target::Told(telling);
        let plan = Plan::new(&recipe, &source.header, source.file_bytes(), &[], target).unwrap();
        assert!(plan.is_seen && plan.encoding.is_none());
        seen(&source, &plan).unwrap()
    }

    /// Pixels of whole numbers, so that any other encoder can be given the same.
    fn pattern(size: Size) -> Picture {
        let samples = (0..size.height).flat_map(|y| {
            (0..size.width).flat_map(move |x| {
                [x * 255 / size.width, y * 255 / size.height, (x * 7 + y * 13) % 256]
                    .map(|sample| sample.to_le_bytes()[0])
            })
        });
        Picture::new(size, Channels::Rgb, samples.collect()).unwrap()
    }

    #[test]
    fn blurhashes_are_those_of_the_authors_own_encoder() {
        // Made of the same pixels by the encoder in C of woltapp/blurhash. That in TypeScript overlooks strong waves below nought.
        for ((width, height), expected) in [
            ((32, 24), "LxG[=]2nwyX8l~WBjpe;gIfdfSfm"),
            ((24, 32), "TxG+XZ2nwul_WCjugLfefNnfWljx"),
            ((64, 16), "EzHB-{2X$7Sdn|bIqkWTjratfSfA"),
            ((16, 64), "kzGlbU7KhpaegZfhi~axfzfOjca^"),
            ((100, 100), "L#HLl22Y$4SghpayfRf6gbfQfPfQ"),
            ((1, 1), "L00000fQfQfQfQfQfQfQfQfQfQfQ"),
        ] {
            assert_eq!(blurhash(&pattern(Size::new(width, height))), expected, "{width}×{height}");
        }
        let flat = |pixel| Picture::filled(Size::new(20, 20), Channels::Rgba, pixel);
        assert_eq!(blurhash(&flat([255, 128, 0, 255])), "LGTNoS}VfQ}V}VoKfQoKfQfQfQfQ");
        // What is clear is as white.
        assert_eq!(blurhash(&flat([9, 9, 9, 0])), blurhash(&flat([255; 4])));
    }

    #[test]
    fn what_is_looked_at_is_the_output_made_small() {
        let upright = sketch(480, 320);
        for orientation in [1, 6, 8] {
            let source = oriented(&file(&stored(&upright, orientation), Format::Jpeg, 95), orientation);
            for options in [
                "width=400,height=200,fit=cover,gravity=right",
                "crop=100;50;200;200,saturation=0.4",
                "width=300,height=300,fit=pad,background=red",
                "rotate=30,width=200",
                "width=200,border.width=20,border.color=blue",
                "width=240,blur=10,radius=40",
                "width=300,height=300,fit=pad,background=blur",
                "pixelate=40,width=400",
                "rotate=90,flip=h,trim=20;30;40;50,dpr=2",
            ] {
                let small = looked_at(options, &source, Telling::Json);
                let longest = small.size().longest();
                assert!((99..=101).contains(&longest), "{options}: {longest}");
                let whole = transform(&format!("{options},format=png"), &source, &[]);
                let whole = pixels(
                    &whole.unwrap_or_else(|error| panic!("{options}, orientation {orientation}: {error}")),
                );
                let (sides, small_sides) = (whole.size(), small.size());
                let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
                assert!(
                    (ratio(sides) / ratio(small_sides) - 1.0).abs() < 0.03,
                    "{options}: {sides} {small_sides}"
                );
                let fitted = format!(
                    "width={},height={},fit=squeeze,format=png",
                    small_sides.width, small_sides.height
                );
                let expected = pixels(&transform(&fitted, &png(&whole), &[]).unwrap());
                let mean = mean_difference(&small, &expected);
                assert!(mean < 6.0, "{options}, orientation {orientation}: differs by {mean} on average");
            }
        }
    }

    #[test]
    fn small_pictures_are_looked_at_as_they_are() {
        let source = png(&sketch_with_alpha(48, 32));
        assert_eq!(looked_at("anim=false", &source, Telling::Thumbhash), pixels(&source));
        assert_eq!(looked_at("anim=false", &source, Telling::Lqip).size(), Size::new(24, 16));
        let frame = looked_at("anim=false", &source, Telling::Blurhash);
        assert_eq!(describe(&frame).thumbhash, thumbhash(&frame));
    }

    #[test]
    fn long_strips_keep_a_pixel() {
        let strip = png(&paint(3_000, 2, Channels::Rgb, |_, _| [10, 200, 30, 255]));
        let frame = looked_at("anim=false", &strip, Telling::Json);
        assert_eq!(frame.size(), Size::new(100, 1));
        assert_eq!(describe(&frame).palette.unwrap().average, [10, 200, 30]);
    }
}

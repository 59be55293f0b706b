//! Pictures that move: their frames as other decoders see them, every step on every frame, times and repeats kept, and the
//! budget beyond which the first frame is all that is made.

#[cfg(test)]
mod support;

#[cfg(test)]
mod animation {
    use gif::{DisposalMethod, Encoder, Frame, Repeat};
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::negotiate::{Accept, Target};
    use lenslet::picture::animation::{Animation, Canvas, Frames};
    use lenslet::picture::decode::DecodeError;
    use lenslet::picture::probe::Header;
    use lenslet::picture::{Channels, Picture};
    use lenslet::plan::Plan;
    use lenslet::recipe::Recipe;
    use lenslet::render::{SourceFile, render};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::golden_file;
    use crate::support::bytes::Dice;
    use crate::support::films::{is_made, some_plan};
    use crate::support::golden::check;
    use crate::support::lens::{Refusal, largest_difference, mean_difference, pixels, transform};
    use crate::support::metadata;
    use crate::support::pictures::{mark, paint, png, sketch};
    use crate::support::sheet::sheet;

    /// A frame as it is to be seen, and for how long.
    type Seen = (Picture, u32);

    /// Every frame of a file as our decoder lays it on its canvas.
    fn seen(file: &[u8]) -> Result<Vec<Seen>, DecodeError> {
        let header = Header::read(file).unwrap();
        let mut canvas = Canvas::new(header.size);
        let mut frames = Frames::open(file, &header)?;
        let mut seen = Vec::new();
        while let Some(shown) = frames.next(&mut canvas)? {
            seen.push((picture(&canvas), shown.delay_ms));
        }
        Ok(seen)
    }

    fn picture(canvas: &Canvas) -> Picture {
        let rows = (0..canvas.size().height).flat_map(|y| canvas.row(y).as_flattened().to_vec());
        Picture::new(canvas.size(), Channels::Rgba, rows.collect()).unwrap()
    }

    fn said(file: &[u8]) -> Option<Animation> {
        Header::read(file).unwrap().animation
    }

    /// One image of a GIF that is made here.
    #[derive(Clone)]
    struct Image {
        left: u16,
        top: u16,
        picture: Picture,
        delay: u16,
        dispose: DisposalMethod,
    }

    impl Image {
        fn new(left: u16, top: u16, picture: Picture, delay: u16) -> Self {
            Self { left, top, picture, delay, dispose: DisposalMethod::Keep }
        }

        fn then(self, dispose: DisposalMethod) -> Self {
            Self { dispose, ..self }
        }
    }

    fn gif(width: u16, height: u16, repeat: Option<Repeat>, images: &[Image]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height, &[]).unwrap();
        if let Some(repeat) = repeat {
            encoder.set_repeat(repeat).unwrap();
        }
        for image in images {
            let narrow = |side: u32| u16::try_from(side).unwrap();
            let Size { width, height } = image.picture.size();
            let mut samples: Vec<u8> = crate::support::lens::rgba(&image.picture).flatten().collect();
            let mut frame = Frame::from_rgba_speed(narrow(width), narrow(height), &mut samples, 1);
            (frame.left, frame.top, frame.delay) = (image.left, image.top, image.delay);
            frame.dispose = image.dispose;
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        bytes
    }

    fn ball(colour: [u8; 3]) -> Picture {
        paint(14, 14, Channels::Rgba, |x, y| {
            let distance = (2 * x).abs_diff(13).pow(2) + (2 * y).abs_diff(13).pow(2);
            let [r, g, b] = colour;
            [r, g, b, if distance < 180 { 255 } else { 0 }]
        })
    }

    /// A ball that goes over a sketch, which stays or comes back as is said.
    fn over_a_sketch(dispose: DisposalMethod) -> Vec<u8> {
        let mut images = vec![Image::new(0, 0, sketch(48, 32), 7)];
        for (at, delay) in (0..5_u16).zip([20, 20, 3, 50, 20]) {
            images.push(Image::new(at * 9, at * 4, ball([250, 120, 10]), delay).then(dispose));
        }
        gif(48, 32, Some(Repeat::Infinite), &images)
    }

    /// A ball that goes over nothing.
    fn over_nothing() -> Vec<u8> {
        let images: Vec<Image> = (0..5_u16)
            .map(|at| Image::new(at * 9, at * 4, ball([20, 90, 200]), 10).then(DisposalMethod::Background))
            .collect();
        gif(48, 32, Some(Repeat::Infinite), &images)
    }

    /// The same frames as a WebP without loss.
    fn webp_of(file: &[u8]) -> Vec<u8> {
        transform("format=webp,quality=100", file, &[]).unwrap()
    }

    const OPTIONS: [&str; 8] = [
        "width=30",
        "width=96,fit=scale-up",
        "width=24,height=24,fit=cover,gravity=left",
        "width=40,height=40,fit=pad,background=%23336699",
        "width=40,height=40,fit=pad",
        "width=30,rotate=90,flip=h",
        "trim=3;5;2;11",
        "mark=m,mark.gravity=bottom-right,mark.opacity=0.7,mark2=m,mark2.left=1,mark2.top=1",
    ];

    /// What a still of every frame is by the same options, and how long each is seen.
    fn expected(options: &str, source: &[u8]) -> Vec<Seen> {
        let mark = png(&mark());
        let is_opaque = !said(source).unwrap().alpha;
        let still = |(frame, delay): Seen| {
            let frame = if is_opaque { opaque(&frame) } else { frame };
            let png = transform(&format!("{options},format=png"), &plain_png(&frame), &[&mark, &mark]);
            (pixels(&png.unwrap()), delay)
        };
        seen(source).unwrap().into_iter().map(still).collect()
    }

    /// A PNG with alpha where the picture has some, also where none is translucent.
    fn plain_png(picture: &Picture) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, picture.size().width, picture.size().height);
        encoder.set_color(match picture.channels() {
            Channels::Rgb => png::ColorType::Rgb,
            Channels::Rgba => png::ColorType::Rgba,
        });
        encoder.write_header().unwrap().write_image_data(picture.samples()).unwrap();
        file
    }

    fn opaque(picture: &Picture) -> Picture {
        let samples = picture.samples().chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec());
        Picture::new(picture.size(), Channels::Rgb, samples.collect()).unwrap()
    }

    /// Frames that follow their like are one with it.
    fn joined(frames: Vec<Seen>) -> Vec<Seen> {
        let mut joined: Vec<Seen> = Vec::new();
        for (picture, delay) in frames {
            match joined.last_mut() {
                Some((last, before)) if largest_difference(last, &picture) == 0 => *before += delay,
                _ => joined.push((picture, delay)),
            }
        }
        joined
    }

    fn made(options: &str, format: &str, source: &[u8]) -> Vec<u8> {
        let mark = png(&mark());
        let marks: &[&[u8]] = if options.contains("mark2") { &[&mark, &mark] } else { &[] };
        transform(&format!("{options},format={format}"), source, marks).unwrap()
    }

    fn sources() -> Vec<(&'static str, Vec<u8>)> {
        let gifs = [
            ("kept", over_a_sketch(DisposalMethod::Keep)),
            ("restored", over_a_sketch(DisposalMethod::Previous)),
            ("cleared", over_a_sketch(DisposalMethod::Background)),
            ("over nothing", over_nothing()),
        ];
        let webps: Vec<_> = gifs.iter().map(|(name, file)| (*name, webp_of(file))).collect();
        gifs.into_iter().chain(webps).collect()
    }

    #[test]
    fn every_step_is_taken_on_every_frame() {
        for (name, source) in sources() {
            for options in OPTIONS {
                let expected = joined(expected(options, &source));
                let file = made(options, "webp,quality=100", &source);
                let frames = seen(&file).unwrap();
                let delays = |frames: &[Seen]| frames.iter().map(|(_, delay)| *delay).collect::<Vec<_>>();
                assert_eq!(delays(&frames), delays(&expected), "{name}, {options}");
                for (index, ((frame, _), (expected, _))) in frames.iter().zip(&expected).enumerate() {
                    // Parts that are made anew are resampled from other starts.
                    let difference = largest_difference(frame, expected);
                    assert!(difference <= 1, "{name}, {options}: frame {index} differs by {difference}");
                }
            }
        }
    }

    #[test]
    fn what_is_lossy_is_near() {
        for (name, source) in sources() {
            for (format, most) in [("webp,quality=90", 8.0), ("gif", 4.0)] {
                for options in OPTIONS {
                    // GIF has no half transparency, so nothing may be translucent.
                    let background = if options.contains("background") { "" } else { ",background=white" };
                    let options = format!("{options}{background}");
                    let expected = joined(expected(&options, &source));
                    let frames = seen(&made(&options, format, &source)).unwrap();
                    assert_eq!(frames.len(), expected.len(), "{name}, {options}");
                    for (index, ((frame, _), (expected, _))) in frames.iter().zip(&expected).enumerate() {
                        let mean = mean_difference(frame, expected);
                        assert!(mean <= most, "{name}, {format}, {options}: frame {index} differs by {mean}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_there_stays_so_in_a_gif() {
        let frames = seen(&made("width=48", "gif", &over_nothing())).unwrap();
        let expected = expected("width=48", &over_nothing());
        assert_eq!(frames.len(), expected.len());
        for ((frame, _), (expected, _)) in frames.iter().zip(&expected) {
            assert_eq!(largest_difference(frame, expected), 0);
        }
    }

    #[test]
    fn frames_look_as_they_did() {
        let opaque = over_a_sketch(DisposalMethod::Previous);
        let strip = |file: &[u8]| seen(file).unwrap().into_iter().map(|(frame, _)| frame).collect::<Vec<_>>();
        let options = "width=40,height=40,fit=pad,mark=m,mark.gravity=top-right,mark.width=0.25";
        let of = |format: &str, source: &[u8]| {
            let mark = png(&mark());
            strip(&transform(&format!("{options},format={format}"), source, &[&mark]).unwrap())
        };
        for (name, format, golden, tolerance) in [
            ("animation-webp", "webp,quality=100", golden_file!("animation-webp"), 0),
            // These encoders may be tuned.
            ("animation-gif", "gif", golden_file!("animation-gif"), 32),
            ("animation-webp-lossy", "webp,quality=90", golden_file!("animation-webp-lossy"), 64),
        ] {
            let rows = [of(format, &opaque), of(format, &over_nothing())];
            check(name, &sheet(&rows), golden, tolerance);
        }
    }

    fn two(delays: [u16; 2], repeat: Option<Repeat>) -> Vec<u8> {
        let of =
            |colour, delay| Image::new(0, 0, Picture::filled(Size::new(4, 3), Channels::Rgb, colour), delay);
        gif(4, 3, repeat, &[of([200, 0, 0, 255], delays[0]), of([0, 0, 200, 255], delays[1])])
    }

    #[test]
    fn times_and_repeats_are_kept() {
        for delays in [[0, 10], [1, 2], [5, 0], [3, 7], [65_535, 100]] {
            for (repeat, plays) in [
                (None, Some(1)),
                (Some(Repeat::Finite(1)), Some(2)),
                (Some(Repeat::Finite(65_534)), Some(65_535)),
                (Some(Repeat::Infinite), None),
            ] {
                let source = two(delays, repeat);
                let delays_ms = delays.map(|delay| u32::from(delay) * 10);
                for format in ["gif", "webp", "webp,quality=100"] {
                    let once = transform(&format!("format={format}"), &source, &[]).unwrap();
                    let again = transform("format=gif", &once, &[]).unwrap();
                    for file in [once, again] {
                        let said = said(&file).unwrap();
                        let expected = Animation {
                            frames: 2,
                            plays,
                            duration_ms: delays_ms.iter().map(|&delay| u64::from(delay)).sum(),
                            alpha: said.alpha,
                        };
                        assert_eq!(said, expected, "{format}");
                        let delays: Vec<u32> = seen(&file).unwrap().iter().map(|(_, delay)| *delay).collect();
                        assert_eq!(delays, delays_ms, "{format}");
                    }
                }
            }
        }
    }

    #[test]
    fn frames_that_are_alike_are_one() {
        let of =
            |colour, delay| Image::new(0, 0, Picture::filled(Size::new(4, 3), Channels::Rgb, colour), delay);
        let (red, blue) = ([200, 0, 0, 255], [0, 0, 200, 255]);
        let delays = |images: &[Image], format: &str| {
            let file = transform(&format!("format={format}"), &gif(4, 3, None, images), &[]).unwrap();
            seen(&file).unwrap().iter().map(|(_, delay)| *delay).collect::<Vec<_>>()
        };
        for format in ["gif", "webp", "webp,quality=100"] {
            assert_eq!(delays(&[of(red, 5), of(red, 7), of(blue, 2), of(blue, 3)], format), [120, 50]);
            // Players show these for longer than they say.
            assert_eq!(delays(&[of(red, 1), of(red, 7), of(blue, 0), of(blue, 0)], format), [10, 70, 0, 0]);
        }
    }

    #[test]
    fn a_still_is_the_first_frame() {
        let source = over_a_sketch(DisposalMethod::Previous);
        let first = seen(&source).unwrap().swap_remove(0).0;
        for format in ["png", "gif", "webp,quality=100"] {
            let file = transform(&format!("anim=false,format={format}"), &source, &[]).unwrap();
            assert_eq!(said(&file), None, "{format}");
            assert_eq!(largest_difference(&pixels(&file), &first), 0, "{format}");
        }
        for format in ["png", "jpeg", "avif"] {
            let file = transform(&format!("width=20,format={format}"), &source, &[]).unwrap();
            assert_eq!(Format::sniff(&file).unwrap().name(), format);
        }
    }

    fn plan(options: &str, accept: &str, source: &[u8]) -> Plan {
        let recipe = Recipe::parse(options).unwrap();
        let header = Header::read(source).unwrap();
        let target = Target::choose(&recipe, Accept::parse(accept));
        Plan::new(&recipe, &header, source.len() as u64, &[], target).unwrap()
    }

    #[test]
    fn what_moves_goes_on_in_a_format_that_can() {
        let (gif, webp) = (over_nothing(), webp_of(&over_nothing()));
        let all = "image/avif,image/webp,*/*";
        for (options, accept, source, expected) in [
            ("width=20", "*/*", &gif, (Format::Gif, true)),
            ("width=20", "*/*", &webp, (Format::Webp, true)),
            ("width=20,anim=true", "*/*", &webp, (Format::Webp, true)),
            ("width=20,format=auto", all, &gif, (Format::Webp, true)),
            ("width=20,format=auto", "image/webp", &gif, (Format::Webp, true)),
            ("width=20,format=auto", "image/avif", &gif, (Format::Gif, true)),
            ("width=20,format=auto", "*/*", &webp, (Format::Gif, true)),
            ("width=20,format=webp,compression=fast", "*/*", &webp, (Format::Gif, true)),
            ("width=20,format=gif", "*/*", &webp, (Format::Gif, true)),
            ("width=20,format=avif", all, &gif, (Format::Avif, false)),
            ("width=20,format=jpeg", all, &gif, (Format::Jpeg, false)),
            ("width=20,format=auto,anim=false", all, &gif, (Format::Avif, false)),
            ("width=20,anim=false", all, &gif, (Format::Gif, false)),
        ] {
            let plan = plan(options, accept, source);
            let made = (plan.encoding.unwrap().format, plan.animation.is_some());
            assert_eq!(made, expected, "{options} for {accept}");
            assert!(plan.animation.is_none() || !plan.is_slow(), "{options}");
        }
    }

    /// A GIF of many images of one pixel on a screen.
    fn many(width: u16, height: u16, frames: usize) -> Vec<u8> {
        let [w0, w1] = width.to_le_bytes();
        let [h0, h1] = height.to_le_bytes();
        let mut file = b"GIF89a".to_vec();
        file.extend([w0, w1, h0, h1, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
        let image = b"\x21\xf9\x04\0\x05\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
        file.extend(image.repeat(frames));
        file.push(0x3B);
        file
    }

    #[test]
    fn beyond_the_budget_the_first_frame_is_made() {
        for (width, height, frames, moves) in [
            (1, 1, 12_000, true),
            (1, 1, 13_000, false),
            (1, 1, 100_000, false),
            (1_000, 1_000, 50, true),
            (1_000, 1_000, 51, false),
            // What it holds is too much.
            (5_000, 5_000, 2, false),
            (65_535, 1_000, 2, false),
        ] {
            let source = many(width, height, frames);
            let plan = plan("width=64,format=gif", "*/*", &source);
            assert_eq!(plan.animation.is_some(), moves, "{width}x{height}, {frames} frames");
            if !moves && u32::from(width) * u32::from(height) < 1 << 20 {
                let file = render(&SourceFile::read(source).unwrap(), &[], &plan).unwrap();
                assert_eq!(said(&file), None);
            }
        }
        // Enlarged, it is too much as well; and so it is where it may be made eight times over.
        let source = many(100, 100, 200);
        assert!(plan("width=400,format=gif", "*/*", &source).animation.is_some());
        assert!(plan("width=1000,fit=scale-up,format=gif", "*/*", &source).animation.is_none());
        let source = many(1_000, 1_000, 49);
        assert!(plan("width=900,format=gif", "*/*", &source).animation.is_some());
        assert!(plan("width=900,max-bytes=9000000,format=gif", "*/*", &source).animation.is_none());
    }

    #[test]
    fn twelve_thousand_frames_are_made() {
        let file = transform("format=webp", &many(3, 2, 12_000), &[]).unwrap();
        // They are all alike.
        assert_eq!(said(&file), None);
        assert_eq!(Format::sniff(&file), Some(Format::Webp));
    }

    #[test]
    fn a_film_is_made_to_fit() {
        let source = webp_of(&over_a_sketch(DisposalMethod::Keep));
        let long = transform("width=40,format=webp,quality=95", &source, &[]).unwrap();
        let most = long.len() * 2 / 3;
        let short =
            transform(&format!("width=40,format=webp,quality=95,max-bytes={most}"), &source, &[]).unwrap();
        assert!(short.len() <= most && said(&short).is_some(), "{} of {most}", short.len());
        assert!(transform("width=40,format=gif,max-bytes=100", &source, &[]).is_err());
    }

    #[test]
    fn broken_films_are_refused() {
        let gif = over_a_sketch(DisposalMethod::Previous);
        let webp = webp_of(&gif);
        for source in [&gif, &webp] {
            for cut in [source.len() / 2, source.len() * 3 / 4, source.len() - 20] {
                let result = transform("width=20,format=webp", &source[..cut], &[]);
                assert!(matches!(result, Err(Refusal::Render(_))), "{cut} of {}: {result:?}", source.len());
            }
        }
        // Without its last byte, a GIF has all its frames.
        assert!(transform("width=20,format=webp", &gif[..gif.len() - 1], &[]).is_ok());
        let larger = [&many(2, 2, 1)[..], b""].concat();
        let at = larger.iter().position(|&byte| byte == 0x2C).unwrap();
        let mut larger = [&larger[..larger.len() - 1], &many(2, 2, 1)[19..]].concat();
        larger[at + 5] = 9;
        assert!(transform("width=20,format=webp", &larger, &[]).is_err(), "an image of 9x1 on 2x2");
    }

    #[test]
    fn metadata_goes_on_beside_the_frames() {
        // The sides of `laden` files are those of their frame, and the flags are set again.
        let webp = webp_of(&over_nothing());
        let source = metadata::laden_film(&webp);
        let frames = said(&webp).unwrap().frames;
        for format in ["webp", "gif"] {
            for (options, is_there) in [("metadata=keep", true), ("width=20", true), ("metadata=none", false)]
            {
                let file = transform(&format!("{options},format={format}"), &source, &[]).unwrap();
                assert_eq!(said(&file).unwrap().frames, frames, "{format}, {options}");
                let header = Header::read(&file).unwrap();
                let is_turned = header.size.width < header.size.height;
                assert!(is_turned && header.turn == lenslet::geometry::Turn::NONE, "{format}, {options}");
                assert_eq!(metadata::holds(&file, "A. Author"), is_there, "{format}, {options}");
                assert!(!metadata::holds(&file, "SECRET"), "{format}, {options}");
                seen(&file).unwrap();
            }
        }
    }

    /// Changed at random, films are made or refused; what is made is the same to other decoders.
    #[test]
    fn changed_films_are_made_or_refused() {
        let gif = over_a_sketch(DisposalMethod::Previous);
        let mut made = 0;
        for seed in [webp_of(&over_nothing()), made_lossy(&gif), webp_of(&gif), gif, over_nothing()] {
            let mut dice = Dice::new(seed.len() as u64);
            for _ in 0..150 {
                let mut file = seed.clone();
                for _ in 0..=dice.below(3) {
                    let at = dice.below(file.len());
                    file[at] = if dice.below(2) == 0 { dice.byte() } else { file[at] ^ (1 << dice.below(8)) };
                }
                if let Some((plan, source)) = some_plan(&file, 1 << 18, &mut dice) {
                    made += usize::from(is_made(&plan, &source));
                }
            }
        }
        assert!(made > 150, "only {made} were made");
    }

    fn made_lossy(source: &[u8]) -> Vec<u8> {
        transform("format=webp,quality=70", source, &[]).unwrap()
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod others {
        use std::collections::BTreeMap;
        use std::io::Cursor;
        use std::path::Path;

        use image::AnimationDecoder;
        use image::codecs::gif::GifDecoder;
        use image::codecs::webp::WebPDecoder;

        use super::*;
        use crate::support::corpus::{files, folder, name, read};

        fn theirs(file: &[u8]) -> Vec<Seen> {
            let frames = match Format::sniff(file) {
                Some(Format::Gif) => GifDecoder::new(Cursor::new(file)).unwrap().into_frames(),
                _ => WebPDecoder::new(Cursor::new(file)).unwrap().into_frames(),
            };
            let seen = |frame: image::Frame| {
                let (numerator, denominator) = frame.delay().numer_denom_ms();
                let buffer = frame.into_buffer();
                let size = Size::new(buffer.width(), buffer.height());
                let picture = Picture::new(size, Channels::Rgba, buffer.into_raw()).unwrap();
                (picture, numerator / denominator)
            };
            frames.map(|frame| seen(frame.unwrap())).collect()
        }

        #[test]
        fn our_files_are_the_same_to_another_decoder() {
            for (name, source) in sources() {
                for format in ["gif", "webp", "webp,quality=100"] {
                    for options in OPTIONS {
                        let file = made(options, format, &source);
                        let (ours, theirs) = (seen(&file).unwrap(), theirs(&file));
                        assert_eq!(ours.len(), theirs.len(), "{name}, {format}, {options}");
                        for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                            assert_eq!(ours.1, theirs.1, "{name}, {format}, {options}: delay {index}");
                            let difference = largest_difference(&ours.0, &theirs.0);
                            assert!(difference <= 1, "{name}, {format}, {options}: {index} by {difference}");
                        }
                    }
                }
            }
        }

        #[test]
        fn frames_of_other_peoples_files_are_those_of_another_decoder() {
            let (Some(gifs), Some(webps)) = (folder("image-gif"), folder("image-webp")) else { return };
            let samples = ["2x2", "set_hsts", "beacon", "gifplayer-muybridge", "moon_impact", "anim-gr"]
                .map(|name| gifs.join("tests/samples").join(format!("{name}.gif")));
            let animated = files(&webps.join("tests/images/animated"));
            assert_eq!(animated.len(), 2);
            for path in samples.iter().chain(&animated) {
                let file = read(path);
                let (ours, theirs) = (seen(&file).unwrap(), theirs(&file));
                assert_eq!(ours.len(), theirs.len(), "{}", name(path));
                for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                    assert_eq!(ours.1, theirs.1, "{}: delay {index}", name(path));
                    let difference = largest_difference(&ours.0, &theirs.0);
                    assert!(difference <= 2, "{}: frame {index} differs by {difference}", name(path));
                }
            }
        }

        /// A file of the suite: `[section]` and `name = value`.
        fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
            let mut sections = BTreeMap::new();
            let mut current = String::new();
            for line in text.lines() {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    name.clone_into(&mut current);
                } else if let Some((name, value)) = line.split_once(" = ") {
                    let section: &mut BTreeMap<_, _> = sections.entry(current.clone()).or_default();
                    section.insert(name.to_owned(), value.to_owned());
                }
            }
            sections
        }

        /// The frames that the suite expects, with their delays in milliseconds.
        fn frame_set(folder: &Path, sections: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<Seen> {
            let config = &sections["config"];
            let size = |side: &str| config[side].parse::<u32>().unwrap();
            let names =
                config.get("frames").map_or("", String::as_str).split(',').filter(|name| !name.is_empty());
            let frame = |name: &str| {
                let section = &sections[name];
                let delay = section.get("delay").map_or(0, |delay| delay.parse::<u32>().unwrap() * 10);
                let samples = read(&folder.join(&section["pixels"]));
                let size = Size::new(size("width"), size("height"));
                (Picture::new(size, Channels::Rgba, samples).unwrap(), delay)
            };
            names.map(frame).collect()
        }

        /// What is seen as the suite has it: an image without a delay is not seen by itself, but where the file is one of
        /// those that are played all the same.
        fn suite_frames(file: &[u8], is_forced: bool) -> Vec<Seen> {
            let Ok(header) = Header::read(file) else { return Vec::new() };
            if header.size.area() > 1 << 24 {
                return Vec::new();
            }
            let Ok(images) = seen(file) else { return Vec::new() };
            if images.is_empty() {
                return vec![(pixels(file), 0)];
            }
            let last = images.len() - 1;
            let is_seen = |(index, (_, delay)): &(usize, Seen)| is_forced || *delay > 0 || *index == last;
            images.into_iter().enumerate().filter(is_seen).map(|(_, seen)| seen).collect()
        }

        #[test]
        fn every_frame_set_of_pygif_is_equal() {
            let Some(folder) = folder("pygif/test-suite") else { return };
            let names = String::from_utf8(read(&folder.join("TESTS"))).unwrap();
            let (mut equal, mut wrong) = (0, Vec::new());
            for name in names.lines() {
                let text = String::from_utf8_lossy(&read(&folder.join(format!("{name}.conf")))).into_owned();
                let sections = sections(&text);
                let config = &sections["config"];
                let file = read(&folder.join(&config["input"]));
                let expected = frame_set(&folder, &sections);
                let frames = suite_frames(&file, config["force-animation"] == "yes");
                // Of a text that is drawn on the screen the suite has no picture.
                let is_equal = name == "plain-text"
                    || frames.len() == expected.len()
                        && frames.iter().zip(&expected).all(|(ours, theirs)| {
                            ours.1 == theirs.1 && largest_difference(&ours.0, &theirs.0) == 0
                        });
                let repeats = said(&file_or_still(&file)).map(|said| said.plays);
                let repeats_are_equal = match (repeats, config["loop-count"].as_str()) {
                    (Some(None), expected) => expected == "infinite",
                    (Some(Some(plays)), expected) => expected == (plays - 1).to_string(),
                    // A single image has nothing to repeat, and some files say nothing of what the suite expects.
                    (None, _) => expected.len() <= 1 || config["force-animation"] == "yes",
                };
                if is_equal && repeats_are_equal {
                    equal += 1;
                } else {
                    let delays: Vec<u32> = frames.iter().map(|(_, delay)| *delay).collect();
                    wrong.push((name, is_equal, repeats_are_equal, delays));
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert_eq!(equal, 84);
        }

        /// A file that can be probed.
        fn file_or_still(file: &[u8]) -> Vec<u8> {
            if Header::read(file).is_ok() { file.to_vec() } else { many(1, 1, 1) }
        }
    }
}

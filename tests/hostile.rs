//! Broken, cut and boastful files: each is refused with a reason, without a panic and within the budget.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod hostile {
    use std::path::Path;

    use lenslet::format::Format;
    use lenslet::picture::probe::{Coding, Header};
    use lenslet::render::render;
    use mozjpeg_rs::{Encoder, Subsampling};

    use crate::support::bytes::Dice;
    use crate::support::counting::{Counting, alone, peak_bytes};
    use crate::support::lens::{Refusal, prepare};
    use crate::support::pictures::{file, png, sketch, sketch_with_alpha};
    use crate::support::png_file::{chunk, with_chunks};
    use crate::support::world::World;
    use crate::support::{bits, corpus, exif, png_file};

    #[global_allocator]
    static COUNTING: Counting = Counting;

    const OPTIONS: &str = "width=16,format=png";

    /// Renders a file if it can be: `Err` is a refusal, a defect or too much memory fails the test.
    fn survive(what: &str, bytes: &[u8]) -> Result<(), Refusal> {
        let (probing, prepared) = peak_bytes(|| prepare(OPTIONS, bytes, &[]));
        // A copy of the file, and what a header is read with.
        let most = bytes.len() as u64 + 8_192 + BESIDE_BYTES;
        assert!(probing <= most, "{what}: {probing} bytes held for the header");
        let (plan, source, marks) = prepared?;
        let planned = plan.peak_bytes(&source.header, source.file_bytes(), &[]);
        let most = planned + beyond_budget_bytes(&source.header);
        let (held, result) = peak_bytes(|| render(&source, &marks, &plan));
        assert!(held <= most, "{what}: {held} bytes held, {most} planned; {result:?}");
        let result = result.map(drop).map_err(Refusal::from);
        if let Err(refusal) = &result {
            assert!(!refusal.is_defect(), "{what}: {refusal}");
        }
        result
    }

    /// Blocks of metadata, three of at most 64 KiB; a profile of at most 1 MiB, packed or in pieces, as it is put together
    /// and as it is held then.
    const BESIDE_BYTES: u64 = (3 << 16) + (9 << 18);

    /// What decoders may hold beyond the budget here.
    fn beyond_budget_bytes(header: &Header) -> u64 {
        match header.coding {
            // The length of a partition is three bytes of the file, believed until its end comes too soon.
            Coding::WebpLossy | Coding::WebpAnimated => 16 << 20,
            _ => 0,
        }
    }

    /// Small files of every coding, kept in the repository so that no encoder's change moves them;
    /// `MAKE_SEEDS=1` makes them anew.
    #[expect(clippy::disallowed_methods, reason = "seeds are files, and a variable says that they change")]
    fn seeds() -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
        if std::env::var("MAKE_SEEDS").is_ok_and(|value| value == "1") {
            for (name, bytes) in made_seeds() {
                std::fs::write(folder.join(name), bytes).unwrap();
            }
        }
        let mut files = corpus::files(&folder);
        files.retain(|path| path.parent() == Some(&folder));
        assert_eq!(files.len(), made_seeds().len(), "seeds are missing; MAKE_SEEDS=1 makes them");
        files.iter().map(|path| (corpus::name(path), corpus::read(path))).collect()
    }

    fn made_seeds() -> [(&'static str, Vec<u8>); 10] {
        let (opaque, translucent) = (sketch(48, 32), sketch_with_alpha(48, 32));
        let jpeg = |encoder: Encoder| {
            encoder.subsampling(Subsampling::S420).quality(60).encode_rgb(opaque.samples(), 48, 32).unwrap()
        };
        let adam7 = png_file::interlaced(24, 16, 8, 6, |x, y| {
            sketch_with_alpha(24, 16).samples()[((y * 24 + x) * 4) as usize..][..4].to_vec()
        });
        let baseline = jpeg(Encoder::fastest());
        [
            ("baseline.jpg", exif::oriented(&baseline, 6)),
            ("long-frame.jpg", with_a_long_frame(&baseline)),
            ("progressive.jpg", jpeg(Encoder::fastest().progressive(true))),
            ("rgb.png", png(&opaque)),
            ("rgba.png", exif::oriented(&png(&translucent), 3)),
            ("adam7.png", adam7),
            ("lossy.webp", file(&opaque, Format::Webp, 60)),
            ("alpha.webp", exif::oriented(&file(&translucent, Format::Webp, 60), 8)),
            ("lossless.webp", file(&translucent, Format::Webp, 100)),
            ("still.gif", file(&opaque, Format::Gif, 60)),
        ]
    }

    /// A frame header that goes on behind its components; found by the fuzzer of headers.
    fn with_a_long_frame(jpeg: &[u8]) -> Vec<u8> {
        let frame = position(jpeg, b"\xFF\xC0\0\x11");
        let (before, behind) = (&jpeg[..frame + 2], &jpeg[frame + 19..]);
        let components = &jpeg[frame + 4..frame + 19];
        [before, &[0, 0x17], components, b"\x04\x11\0\x05\x11\0", behind].concat()
    }

    #[test]
    fn whole_files_render() {
        let _alone = alone();
        for (name, bytes) in seeds() {
            assert_eq!(survive(&name, &bytes), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_the_fuzzers_found_does_no_harm() {
        let _alone = alone();
        for path in corpus::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/found")) {
            let name = corpus::name(&path);
            println!(
                "{name}: {:?}",
                survive(&name, &corpus::read(&path)).map_err(|refusal| refusal.to_string())
            );
        }
    }

    #[test]
    fn files_cut_at_every_percent_are_refused_or_rendered() {
        let _alone = alone();
        for (name, bytes) in seeds() {
            for percent in 0..100 {
                let end = bytes.len() * percent / 100;
                let result = survive(&format!("{name} cut at {percent} %"), &bytes[..end]);
                // Half a picture is no picture.
                assert!(result.is_err() || percent > 50, "{name} cut at {percent} % renders");
            }
        }
    }

    #[test]
    fn single_changed_bytes_do_no_harm() {
        let _alone = alone();
        for (name, bytes) in seeds() {
            let mut dice = Dice::new(0x1E45_1E70 + bytes.len() as u64);
            for round in 0..2_000 {
                // Every second change is to the header.
                let at = dice.below(if round % 2 == 0 { bytes.len().min(96) } else { bytes.len() });
                let mut changed = bytes.clone();
                changed[at] = match dice.below(4) {
                    0 => 0,
                    1 => 0xFF,
                    2 => changed[at] ^ (1 << dice.below(8)),
                    _ => dice.byte(),
                };
                let _ = survive(&format!("{name} with byte {at} set to {}", changed[at]), &changed);
            }
        }
    }

    #[test]
    fn runs_of_changed_bytes_do_no_harm() {
        let _alone = alone();
        for (name, bytes) in seeds() {
            let mut dice = Dice::new(7 + bytes.len() as u64);
            for _ in 0..300 {
                let start = dice.below(bytes.len());
                let length = 1 + dice.below(24);
                let mut changed = bytes.clone();
                match dice.below(3) {
                    0 => changed.iter_mut().skip(start).take(length).for_each(|byte| *byte = dice.byte()),
                    1 => drop(changed.drain(start..(start + length).min(bytes.len()))),
                    _ => drop(changed.splice(start..start, std::iter::repeat_n(0xFF, length))),
                }
                let _ = survive(&format!("{name} changed from {start} by {length}"), &changed);
            }
        }
    }

    #[test]
    fn metadata_that_inflates_to_a_gigabyte_is_left_alone() {
        let _alone = alone();
        let plain = png(&sketch(48, 32));
        let bomb = bits::zeros(1 << 30);
        let profile = [b"icc\0\0", &bomb[..]].concat();
        let text = [b"Comment\0\0", &bomb[..]].concat();
        let international = [b"Comment\0\x01\0\0\0", &bomb[..]].concat();
        for (kind, body) in [(b"iCCP", profile), (b"zTXt", text), (b"iTXt", international)] {
            let result = survive("a bomb", &with_chunks(&plain, &chunk(*kind, &body)));
            assert_eq!(result, Ok(()));
            println!("{}: {result:?}", String::from_utf8_lossy(kind));
        }
    }

    #[test]
    fn pixels_that_inflate_beyond_their_number_are_not_held() {
        let _alone = alone();
        let parts = [
            png_file::SIGNATURE,
            &png_file::header(16, 16, 8, 2, 0),
            &chunk(*b"IDAT", &bits::zeros(1 << 28)),
            &chunk(*b"IEND", &[]),
        ];
        let _ = survive("256 MiB of pixels for a picture of 256", &parts.concat());
    }

    #[test]
    fn many_small_pieces_do_no_harm() {
        let _alone = alone();
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 60);
        let plain = png(&sketch(48, 32));
        let app1 = exif::segment(0xE1, &[b"Exif\0\0", &exif::tiff(1)[..]].concat());
        let (start, rest) = jpeg.split_at(2);
        assert_eq!(survive("60,000 EXIF segments", &[start, &app1.repeat(60_000), rest].concat()), Ok(()));
        for kind in [b"tEXt", b"quIz", b"eXIf"] {
            let chunks = chunk(*kind, b"Comment\0x").repeat(100_000);
            let result = survive("100,000 chunks", &with_chunks(&plain, &chunks));
            println!("100,000 {}: {result:?}", String::from_utf8_lossy(kind));
        }
    }

    #[test]
    fn large_metadata_is_not_held_a_second_time() {
        let _alone = alone();
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 60);
        let (start, rest) = jpeg.split_at(2);
        let kinds: [(u8, &[u8]); 5] = [
            (0xE2, b"ICC_PROFILE\0\x01\xFF"),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
            (0xED, b"Photoshop 3.0\0"),
            (0xE1, b"Exif\0\0"),
            (0xFE, b"comment"),
        ];
        for (marker, name) in kinds {
            let segment = exif::segment(marker, &[name, &vec![0; 65_000]].concat());
            for stray in [&b""[..], b"\xFF\xFF", b"?"] {
                let segment = [&segment, stray].concat();
                let result = survive("30 MB of segments", &[start, &segment.repeat(460), rest].concat());
                assert_eq!(result, Ok(()), "30 MB of {}", String::from_utf8_lossy(name));
            }
        }
        let plain = png(&sketch(48, 32));
        for kind in [b"eXIf", b"iCCP", b"tEXt", b"quIz"] {
            let result =
                survive("a chunk of 30 MB", &with_chunks(&plain, &chunk(*kind, &vec![1; 30_000_000])));
            println!("30 MB of {}: {result:?}", String::from_utf8_lossy(kind));
        }
    }

    /// A file that is refused for what its header claims, before anything is decoded.
    fn is_over_budget(what: &str, bytes: &[u8]) {
        let refused = survive(what, bytes);
        assert!(matches!(refused, Err(Refusal::Plan(_))), "{what}: {refused:?}");
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("MiB") || told.contains("pixels"), "{what}: {told}");
    }

    /// The bytes with others put in at a place.
    fn patched(bytes: &[u8], at: usize, patch: &[u8]) -> Vec<u8> {
        let mut patched = bytes.to_vec();
        patched[at..at + patch.len()].copy_from_slice(patch);
        patched
    }

    fn position(bytes: &[u8], needle: &[u8]) -> usize {
        bytes.windows(needle.len()).position(|window| window == needle).unwrap()
    }

    #[test]
    fn boasts_are_refused_by_their_headers() {
        let _alone = alone();
        let baseline = file(&sketch(48, 32), Format::Jpeg, 60);
        let progressive =
            Encoder::fastest().progressive(true).encode_rgb(sketch(48, 32).samples(), 48, 32).unwrap();
        let largest = [65_500_u16.to_be_bytes(), 65_500_u16.to_be_bytes()].concat();
        let frame = position(&baseline, b"\xFF\xC0\0\x11\x08") + 5;
        is_over_budget("JPEG of 65500×65500", &patched(&baseline, frame, &largest));
        let frame = position(&progressive, b"\xFF\xC2\0\x11\x08") + 5;
        is_over_budget("progressive JPEG of 65500×65500", &patched(&progressive, frame, &largest));

        let interlaced =
            [png_file::SIGNATURE, &png_file::header(20_000, 20_000, 8, 6, 1), &chunk(*b"IDAT", b"")];
        is_over_budget("interlaced PNG of 20000×20000", &interlaced.concat());
        let wide = [png_file::SIGNATURE, &png_file::header(0x7FFF_FFFF, 1, 16, 6, 0), &chunk(*b"IDAT", b"")];
        is_over_budget("PNG of 2147483647×1", &wide.concat());

        let gif = file(&sketch(48, 32), Format::Gif, 60);
        is_over_budget("GIF of 65535×65535", &patched(&gif, 6, &[0xFF; 4]));
        let middle = [9_000_u16.to_le_bytes(), 9_000_u16.to_le_bytes()].concat();
        is_over_budget("GIF of 9000×9000", &patched(&gif, 6, &middle));

        let webp = file(&sketch(48, 32), Format::Webp, 60);
        is_over_budget("WebP of 16383×16383", &patched(&webp, 26, &[0xFF, 0x3F, 0xFF, 0x3F]));
        let lossless = file(&sketch(48, 32), Format::Webp, 100);
        is_over_budget("lossless WebP of 16384×16384", &patched(&lossless, 21, &[0xFF, 0xFF, 0xFF, 0x0F]));
        let flags_and_canvas = [8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        let extended = [b"WEBP", &exif::webp_chunk(*b"VP8X", &flags_and_canvas)[..], &webp[12..]].concat();
        is_over_budget("WebP on a canvas of 16777216×16777216", &exif::webp_chunk(*b"RIFF", &extended));
    }

    #[test]
    fn frames_larger_than_their_canvas_are_refused() {
        let _alone = alone();
        let gif = file(&sketch(48, 32), Format::Gif, 60);
        let small_screen = patched(&gif, 6, &[4, 0, 4, 0]);
        assert!(survive("GIF with a frame larger than its screen", &small_screen).is_err());
        let webp = file(&sketch(48, 32), Format::Webp, 60);
        let canvas = [8, 0, 0, 0, 3, 0, 0, 3, 0, 0];
        let extended = [b"WEBP", &exif::webp_chunk(*b"VP8X", &canvas)[..], &webp[12..]].concat();
        assert!(
            survive("WebP with a frame larger than its canvas", &exif::webp_chunk(*b"RIFF", &extended))
                .is_err()
        );
    }

    #[test]
    fn orientations_that_lead_in_circles_are_none() {
        let _alone = alone();
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 60);
        let circles: [&[u8]; 5] = [
            // The directory lies on the header, on itself, beyond the end, and has 65,535 entries.
            b"MM\0*\0\0\0\0\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0",
            b"MM\0*\0\0\0\x08\xFF\xFF",
            b"II*\0\xFF\xFF\xFF\xFF",
            b"II*\0\x08\0\0\0\0\0\x08\0\0\0\0\0\x08\0\0\0",
            b"II*\0\x08\0\0\0\xFF\xFF\x12\x01\x04\0\x01\0\0\0\x08\0\0\0",
        ];
        for circle in circles {
            let file = exif::with_segment(&jpeg, 0xE1, &[b"Exif\0\0", circle].concat());
            assert_eq!(Header::read(&file).unwrap().turn, lenslet::geometry::Turn::NONE, "{circle:?}");
            assert_eq!(survive("a circle", &file), Ok(()));
        }
    }
    #[test]
    fn a_file_lies_in_memory_once() {
        let _alone = alone();
        // As long as its beginning lets it be: what stands behind the pixels is nobody's.
        let filler = vec![0; 20_000_000];
        let webp = [file(&sketch(48, 32), Format::Webp, 90), exif::webp_chunk(*b"FILL", &filler)].concat();
        let gif = [file(&sketch(48, 32), Format::Gif, 90), filler.clone()].concat();
        let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
        let scan = position(&jpeg, b"\xFF\xDA");
        let comments = exif::segment(0xFE, &filler[..65_000]).repeat(300);
        let jpeg = [&jpeg[..scan], &comments, &jpeg[scan..]].concat();
        for (name, bytes, most) in [("a.webp", &webp, 1), ("a.gif", &gif, 1), ("a.jpg", &jpeg, 0)] {
            let world = World::public().with(name, "one", bytes);
            for (url, most) in [(format!("/image/width=16/{name}"), most), (format!("/{name}"), 1)] {
                let (held, answer) = peak_bytes(|| world.get(&url));
                assert_eq!(answer.status, 200, "{url}");
                assert!(held <= most * bytes.len() as u64 + (2 << 20), "{url}: {held} of {}", bytes.len());
            }
        }
    }
}

//! What becomes of colours that are not sRGB, beside what Little CMS makes of them: `tests/colours/make.py` wrote down both.

#[cfg(test)]
mod support;

#[cfg(test)]
mod colours {
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::colour::LARGEST_PROFILE_BYTES;
    use lenslet::picture::probe::Header;
    use lenslet::picture::{Channels, Picture};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{console_log as println, wasm_bindgen_test as test};

    use crate::support::bits::stored;
    use crate::support::bytes::Dice;
    use crate::support::difference::{delta_e, differences, lab};
    use crate::support::exif::{webp, with_segment};
    use crate::support::lens::{largest_difference, pixels, prepare, transform};
    use crate::support::pictures::{file, paint, png, sketch, sketch_with_alpha};
    use crate::support::png_file::{chunk, with_chunks};

    macro_rules! stored_files {
        ($($name:literal, $expected:literal;)+) => {[$((
            $name,
            include_bytes!(concat!("colours/", $name)).as_slice(),
            include_bytes!(concat!("colours/", $expected, ".expected.png")).as_slice(),
        )),+]};
    }

    /// Pictures, and what they are as sRGB.
    const STORED: [(&str, &[u8], &[u8]); 10] = stored_files! {
        "display-p3.png", "display-p3";
        "display-p3.webp", "display-p3";
        "adobe-rgb.png", "adobe-rgb";
        "adobe-rgb-blocks.jpg", "adobe-rgb-blocks";
        "table.png", "table";
        "staged.png", "staged";
        "grey.png", "grey";
        "grey-blocks.jpg", "grey-blocks";
        "press.jpg", "press";
        "press-staged.jpg", "press-staged";
    };

    const SRGB: [&[u8]; 2] = [include_bytes!("colours/srgb-v2.icc"), include_bytes!("colours/srgb-v4.icc")];

    fn stored_file(name: &str) -> &'static [u8] {
        STORED.iter().find(|(known, ..)| *known == name).unwrap().1
    }

    fn cell(options: &str, source: &[u8]) -> Picture {
        pixels(&transform(&format!("{options},format=png"), source, &[]).unwrap())
    }

    fn is_converted(file: &[u8]) -> bool {
        Header::read(file).unwrap().conversion.is_some()
    }

    #[test]
    fn colours_look_as_little_cms_makes_them() {
        for (name, source, expected) in STORED {
            let size = Header::read(source).unwrap().size;
            let all = differences(&cell(&format!("width={}", size.width), source), &pixels(expected));
            let (median, largest) = (all[all.len() / 2], all[all.len() - 1]);
            println!("{name:22} ΔE2000 median {median:.3}, largest {largest:.3}");
            assert!(median <= 0.5 && largest <= 2.0, "{name}: median {median}, largest {largest}");
        }
    }

    #[test]
    fn differences_are_those_that_were_published() {
        // Pairs of Sharma, Wu and Dalal (2005), table 1.
        for (a, b, expected) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0011], 7.2195),
            ([50.0, 2.5, 0.0], [61.0, -5.0, 29.0], 22.8977),
            ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
        ] {
            assert!((delta_e(a, b) - expected).abs() < 1e-4, "{a:?} {b:?}");
        }
        assert!(lab([255; 3])[1].abs() < 0.01);
    }

    #[test]
    fn every_output_and_every_turn_has_the_same_colours() {
        let source = stored_file("press.jpg");
        let expected = cell("width=100", source);
        for options in
            ["format=jpeg,quality=100", "format=jpeg,quality=100,rotate=180", "format=webp,quality=100"]
        {
            let made = pixels(&transform(&format!("width=100,{options}"), source, &[]).unwrap());
            let back = cell(if options.contains("rotate") { "rotate=180" } else { "width=100" }, &png(&made));
            let all = differences(&back, &expected);
            // JPEG halves colours, and patches are four pixels wide.
            assert!(all[all.len() / 2] < 1.5, "{options}: {}", all[all.len() / 2]);
        }
    }

    #[test]
    fn srgb_by_any_profile_costs_what_no_profile_costs() {
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 90);
        for profile in SRGB {
            let tagged = with_profile(&jpeg, profile);
            assert!(!is_converted(&tagged));
            let (plan, ..) = prepare("width=24", &tagged, &[]).unwrap();
            assert_eq!(plan, prepare("width=24", &jpeg, &[]).unwrap().0);
            assert_eq!(transform("width=24", &tagged, &[]), transform("width=24", &jpeg, &[]));
        }
    }

    /// A JPEG with a profile in pieces of so many bytes.
    fn with_pieces(jpeg: &[u8], profile: &[u8], bytes: usize) -> Vec<u8> {
        let count = u8::try_from(profile.len().div_ceil(bytes)).unwrap();
        let pieces: Vec<_> = profile.chunks(bytes).zip(1_u8..).collect();
        pieces.iter().rev().fold(jpeg.to_vec(), |file, (piece, number)| {
            with_segment(&file, 0xE2, &[&b"ICC_PROFILE\0"[..], &[*number, count], piece].concat())
        })
    }

    fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
        with_pieces(jpeg, profile, 60_000)
    }

    /// The profile in a JPEG of ours, which is in one piece.
    fn profile_of(name: &str) -> Vec<u8> {
        let file = stored_file(name);
        let at = file.windows(12).position(|window| window == b"ICC_PROFILE\0").unwrap();
        let length = u16::from_be_bytes([file[at - 2], file[at - 1]]);
        file[at + 14..at - 2 + usize::from(length)].to_vec()
    }

    #[test]
    fn profiles_come_in_pieces_of_which_none_may_be_missing() {
        let (jpeg, profile) = (file(&sketch(48, 32), Format::Jpeg, 90), profile_of("adobe-rgb-blocks.jpg"));
        let whole = cell("width=24", &with_profile(&jpeg, &profile));
        assert!(largest_difference(&whole, &cell("width=24", &jpeg)) > 8);
        let pieces = with_pieces(&jpeg, &profile, 100);
        assert_eq!(cell("width=24", &pieces), whole);
        // The first piece's number, and how many there are.
        for (by, at) in [(1, 18), (1, 19), (7, 18)] {
            let mut broken = pieces.clone();
            broken[at] += by;
            assert!(!is_converted(&broken), "{by} at {at}");
        }
        let longer = [&profile[..], &vec![0; LARGEST_PROFILE_BYTES + 1 - profile.len()]].concat();
        assert!(is_converted(&with_profile(&jpeg, &longer[..LARGEST_PROFILE_BYTES])));
        assert!(!is_converted(&with_profile(&jpeg, &longer)));
    }

    #[test]
    fn profiles_of_other_samples_say_nothing() {
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 90);
        for name in ["press.jpg", "grey-blocks.jpg"] {
            assert!(!is_converted(&with_profile(&jpeg, &profile_of(name))), "{name}");
        }
        let grey = [stored_file("grey-blocks.jpg"), stored_file("press.jpg")];
        assert!(grey.iter().all(|file| is_converted(file)));
    }

    #[test]
    fn alpha_is_left_alone() {
        let source = sketch_with_alpha(48, 32);
        let adobe = profile_of("adobe-rgb-blocks.jpg");
        let tagged = with_chunks(&png(&source), &iccp(&adobe));
        let lossless = webp(&file(&source, Format::Webp, 100), &[(*b"ICCP", &adobe)]);
        let (plain, converted) = (cell("width=24", &png(&source)), cell("width=24", &tagged));
        assert_eq!(cell("width=24", &lossless), converted);
        let alpha =
            |picture: &Picture| picture.samples().iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(alpha(&converted), alpha(&plain));
        assert_ne!(converted, plain);
    }

    #[test]
    fn marks_have_profiles_of_their_own() {
        let (flat, mark) =
            (png(&sketch(48, 32)), png(&paint(8, 8, Channels::Rgb, |_, _| [200, 40, 40, 255])));
        let tagged = with_chunks(&mark, &iccp(&profile_of("adobe-rgb-blocks.jpg")));
        let drawn = |mark: &[u8]| {
            pixels(&transform("format=png,mark=a,mark.gravity=top-left", &flat, &[mark]).unwrap())
        };
        assert!(largest_difference(&drawn(&mark), &drawn(&tagged)) > 8);
    }

    /// A profile as PNG has it.
    fn iccp(profile: &[u8]) -> Vec<u8> {
        chunk(*b"iCCP", &[&b"name\0\0"[..], &stored(profile)].concat())
    }

    fn gama(hundred_thousandths: u32) -> Vec<u8> {
        chunk(*b"gAMA", &hundred_thousandths.to_be_bytes())
    }

    fn chrm(numbers: [u32; 8]) -> Vec<u8> {
        chunk(*b"cHRM", &numbers.map(u32::to_be_bytes).concat())
    }

    const BT709: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    const P3: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];

    #[test]
    fn png_says_it_in_four_ways_and_the_first_counts() {
        let plain = png(&sketch(48, 32));
        let made = |chunks: &[&[u8]]| cell("width=24", &with_chunks(&plain, &chunks.concat()));
        let untagged = cell("width=24", &plain);
        let cicp = |primaries, transfer| chunk(*b"cICP", &[primaries, transfer, 0, 1]);
        let (srgb, adobe) = (chunk(*b"sRGB", &[0]), iccp(&profile_of("adobe-rgb-blocks.jpg")));
        let p3 = made(&[&cicp(12, 13)]);
        assert!(largest_difference(&p3, &untagged) > 8);
        // Each alone.
        assert_eq!(made(&[&srgb]), untagged);
        assert_eq!(made(&[&cicp(1, 13)]), untagged);
        assert_eq!(made(&[&gama(45_455)]), untagged);
        assert_eq!(made(&[&gama(45_455), &chrm(BT709)]), untagged);
        assert!(largest_difference(&made(&[&gama(45_455), &chrm(P3)]), &p3) <= 1);
        assert_eq!(made(&[&chrm(P3)]), untagged);
        assert_ne!(made(&[&gama(100_000)]), untagged);
        // And in their order, however they are put.
        assert_eq!(made(&[&gama(100_000), &srgb]), untagged);
        assert_eq!(made(&[&srgb, &adobe]), made(&[&adobe]));
        assert_eq!(made(&[&adobe, &cicp(12, 13), &srgb]), p3);
        // What is not carried out or broken gives way: HDR, other ranges, a profile that is none.
        assert_eq!(made(&[&cicp(9, 16), &adobe]), made(&[&adobe]));
        assert_eq!(made(&[&chunk(*b"cICP", &[12, 13, 0, 0]), &srgb]), untagged);
        assert_eq!(made(&[&iccp(b"no profile"), &gama(100_000)]), made(&[&gama(100_000)]));
        assert_eq!(made(&[&gama(0)]), untagged);
        assert_eq!(made(&[&gama(100_000), &chrm([0; 8])]), untagged);
    }

    #[test]
    fn linear_greys_become_srgb() {
        let ramp = paint(256, 1, Channels::Rgb, |x, _| {
            [u8::try_from(x).unwrap(); 3].iter().fold([0; 4], |_, &x| [x; 4])
        });
        let linear = cell("width=256", &with_chunks(&png(&ramp), &gama(100_000)));
        for (level, pixel) in (0_u8..=255).zip(linear.samples().as_chunks::<3>().0) {
            let light = f64::from(level) / 255.0;
            let code =
                if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            assert!(
                pixel.iter().all(|&one| (f64::from(one) - code * 255.0).abs() < 0.62),
                "{level}: {pixel:?}"
            );
        }
    }

    #[test]
    fn packed_profiles_are_unpacked_up_to_a_limit() {
        let plain = png(&sketch(48, 32));
        // A gigabyte of zeros.
        let bomb = fdeflate::compress_to_vec(&vec![0; LARGEST_PROFILE_BYTES * 8]);
        let body = [&b"name\0\0"[..], &bomb].concat();
        assert!(body.len() < 100_000 && !is_converted(&with_chunks(&plain, &chunk(*b"iCCP", &body))));
    }

    #[test]
    fn broken_profiles_break_nothing() {
        let mut dice = Dice::new(0xC0_1045);
        let rgb = file(&sketch(24, 16), Format::Jpeg, 90);
        for name in ["adobe-rgb-blocks.jpg", "press.jpg", "press-staged.jpg", "grey-blocks.jpg"] {
            let profile = profile_of(name);
            let file = stored_file(name);
            let at = file.windows(profile.len()).position(|window| window == profile).unwrap();
            let mut converted = 0;
            for _ in 0..150 {
                let mut changed = file.to_vec();
                for _ in 0..=dice.below(5) {
                    // Where most of what counts stands.
                    let is_early = dice.below(3) > 0;
                    let within = dice.below(if is_early { profile.len().min(700) } else { profile.len() });
                    changed[at + within] = [0, 1, 0x7F, 0x80, 0xFF, dice.byte()][dice.below(6)];
                }
                converted += u32::from(is_converted(&changed));
                assert!(transform("width=8,format=png", &changed, &[]).is_ok());
            }
            assert!(converted > 10, "{name}: {converted}");
            // Cut off anywhere.
            for end in (0..profile.len()).step_by(1 + profile.len() / 300) {
                let cut = with_profile(&rgb, &profile[..end]);
                assert!(transform("width=8,format=png", &cut, &[]).is_ok(), "{name} {end}");
            }
        }
    }

    #[test]
    fn inks_without_a_profile_are_naive() {
        let tagged = stored_file("press.jpg");
        let at = tagged.windows(12).position(|window| window == b"ICC_PROFILE\0").unwrap();
        let mut untagged = tagged.to_vec();
        untagged[at] = b'x';
        let picture = cell("width=200", &untagged);
        assert_eq!(picture.size(), Size::new(200, 200));
        // No ink is white, all of it is black.
        assert_eq!(picture.samples()[..3], [255; 3]);
        assert!(picture.samples()[picture.samples().len() - 3..].iter().all(|&sample| sample < 4));
    }
}

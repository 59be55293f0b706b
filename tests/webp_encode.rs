//! Our lossy WebP files, read by another's decoder and by our own; and the same bytes natively and on wasm.

#[cfg(test)]
mod support;

#[cfg(test)]
mod webp_encode {
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::encode::{Encoding, encode};
    use lenslet::picture::{Channels, Picture};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::support::bytes::{Dice, crc32};
    use crate::support::pictures::{paint, photo_like};

    /// What a picture shows.
    #[derive(Debug, Clone, Copy)]
    enum Look {
        Flat,
        Ramp,
        Stripes,
        Noise,
        Extremes,
    }

    fn picture(size: Size, look: Look, seed: u64) -> Picture {
        let mut dice = Dice::new(seed);
        let [r, g, b] = [dice.byte(), dice.byte(), dice.byte()];
        paint(size.width, size.height, Channels::Rgb, |x, y| {
            let low = |value: u32| value.to_le_bytes()[0];
            let [r, g, b] = match look {
                Look::Flat => [r, g, b],
                Look::Ramp => [r.wrapping_add(low(x)), g.wrapping_add(low(y)), b],
                Look::Stripes => [r, g, b].map(|level| if (x / 3 + y / 7) % 2 == 0 { level } else { !level }),
                Look::Noise => [dice.byte(), dice.byte(), dice.byte()],
                Look::Extremes => {
                    [dice.byte(), dice.byte(), dice.byte()].map(|byte| if byte < 128 { 0 } else { 255 })
                }
            };
            [r, g, b, 255]
        })
    }

    fn webp(picture: &Picture, quality: u8) -> Vec<u8> {
        encode(picture, Encoding::new(Format::Webp, quality)).unwrap()
    }

    #[test]
    fn sides_beyond_what_can_be_told_are_refused() {
        let picture = Picture::filled(Size::new(16_384, 1), Channels::Rgb, [0; 4]);
        let error = encode(&picture, Encoding::new(Format::Webp, 80)).unwrap_err();
        assert!(error.to_string().contains("16,383"), "{error}");
    }

    /// Raise `lenslet::render::REVISION` where these change.
    #[test]
    fn files_are_the_same_natively_and_on_wasm() {
        let size = Size::new(150, 90);
        let looks = [Look::Flat, Look::Ramp, Look::Stripes, Look::Noise, Look::Extremes];
        let mut pictures: Vec<Picture> = looks.into_iter().map(|look| picture(size, look, 77)).collect();
        pictures.push(photo_like(size.width, size.height, Channels::Rgb));
        let qualities = [5, 50, 80, 99];
        let files = pictures.iter().flat_map(|picture| qualities.map(|quality| webp(picture, quality)));
        let found: Vec<u32> = files.map(|file| crc32(&[&file])).collect();
        assert_eq!(found, FILES, "{found:#010X?}");
    }

    /// CRC-32 of each.
    const FILES: [u32; 24] = [
        0x75EF_7AD9,
        0x419D_E461,
        0xF44E_C55D,
        0x9C6B_E086,
        0x8C85_A001,
        0xA6CF_BE55,
        0xDF40_CA3A,
        0xC709_1F4D,
        0x2ACF_3E0D,
        0xA909_3DF5,
        0xAB19_5C8E,
        0xAC51_F903,
        0x4E67_1E36,
        0x9046_F13A,
        0x9022_AD4A,
        0x3F48_E8FB,
        0xD4AC_FC6A,
        0xFB69_D67B,
        0x7E52_403F,
        0xA11E_99B8,
        0x6B62_F65E,
        0x9211_10DB,
        0x09BF_8C7A,
        0xA9C3_09B8,
    ];

    /// What needs other crates, which are there natively only.
    #[cfg(not(target_arch = "wasm32"))]
    mod decoded {
        use image_webp::vp8::Vp8Decoder;
        use lenslet::picture::decode::Reduction;
        use lenslet::picture::probe::Header;
        use lenslet::picture::rows::Planes;
        use proptest::prelude::*;

        use super::*;
        use crate::support::lens::decode;

        fn looks() -> impl Strategy<Value = Look> {
            prop_oneof![
                Just(Look::Flat),
                Just(Look::Ramp),
                Just(Look::Stripes),
                Just(Look::Noise),
                Just(Look::Extremes)
            ]
        }

        /// The planes of a file by our decoder.
        fn ours(file: &[u8]) -> Vec<Vec<u8>> {
            let header = Header::read(file).unwrap();
            let mut planes = Planes::default();
            decode(file, &header, Reduction { luma: 1, chroma: 1 }, &mut planes).unwrap();
            planes.finish().unwrap().1
        }

        /// And by another, without what pads them to whole macroblocks.
        fn theirs(file: &[u8], size: Size) -> Vec<Vec<u8>> {
            let at = file.windows(4).position(|name| name == b"VP8 ").unwrap();
            let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize;
            let frame =
                Vp8Decoder::decode_frame(std::io::Cursor::new(&file[at + 8..at + 8 + length])).unwrap();
            assert_eq!((u32::from(frame.width), u32::from(frame.height)), (size.width, size.height));
            let stride = (size.width as usize).next_multiple_of(16);
            let halved = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
            let planes = [
                (frame.ybuf, stride, size),
                (frame.ubuf, stride / 2, halved),
                (frame.vbuf, stride / 2, halved),
            ];
            let cut = |(samples, stride, size): (Vec<u8>, usize, Size)| {
                let rows = samples.chunks(stride).take(size.height as usize);
                rows.flat_map(|row| row[..size.width as usize].to_vec()).collect()
            };
            planes.into_iter().map(cut).collect()
        }

        fn luma_psnr(picture: &Picture, luma: &[u8]) -> f64 {
            let of = |rgb: &[u8]| {
                16.0 + 0.25679 * f64::from(rgb[0]) + 0.50413 * f64::from(rgb[1]) + 0.09791 * f64::from(rgb[2])
            };
            let errors = picture.samples().chunks(picture.channels().count()).zip(luma);
            let sum: f64 = errors.map(|(pixel, luma)| (of(pixel) - f64::from(*luma)).powi(2)).sum();
            10.0 * (255.0 * 255.0 * f64::from(u32::try_from(luma.len()).unwrap()) / sum.max(1e-3)).log10()
        }

        proptest! {
            #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn two_decoders_read_the_same(
                (width, height) in (1_u32..90, 1_u32..90),
                quality in 1_u8..100,
                look in looks(),
                seed in any::<u64>(),
            ) {
                let size = Size::new(width, height);
                let file = webp(&picture(size, look, seed), quality);
                prop_assert_eq!(ours(&file), theirs(&file, size));
            }
        }

        #[test]
        fn every_quality_shows_the_picture_and_more_of_it_costs_more() {
            let picture = photo_like(180, 130, Channels::Rgb);
            let mut before = (0, 0.0);
            for quality in (1..=91).step_by(10).chain([95, 99]) {
                let file = webp(&picture, quality);
                let psnr = luma_psnr(&picture, &ours(&file)[0]);
                assert!(file.len() > before.0 && psnr > before.1, "{quality}: {} {psnr}", file.len());
                before = (file.len(), psnr);
            }
            assert!(before.1 > 44.0, "{before:?}");
        }

        /// The means of blocks are then more steps apart than sixteen bits hold of 64ths.
        #[test]
        fn black_beside_white_stays_that_at_the_highest_qualities() {
            let size = Size::new(64, 48);
            let level = |x: u32, y: u32| if (x / 16 + y / 16).is_multiple_of(2) { 0 } else { 255 };
            let board = paint(size.width, size.height, Channels::Rgb, |x, y| [level(x, y); 4]);
            for quality in 85..=99 {
                let luma = &ours(&webp(&board, quality))[0];
                assert!(luma_psnr(&board, luma) > 40.0, "{quality}: {}", luma_psnr(&board, luma));
            }
        }

        #[test]
        fn flat_pictures_take_next_to_nothing() {
            let file = webp(&picture(Size::new(800, 600), Look::Flat, 5), 80);
            assert!(file.len() < 1_000, "{}", file.len());
            let planes = ours(&file);
            assert!(planes.iter().all(|plane| plane.iter().all(|&sample| sample.abs_diff(plane[0]) <= 1)));
        }

        #[test]
        fn narrow_pictures_are_read_as_they_were() {
            for size in
                [(1, 1), (1, 300), (300, 1), (15, 17), (16_383, 2), (3, 16_383)].map(|(w, h)| Size::new(w, h))
            {
                let file = webp(&picture(size, Look::Ramp, 9), 90);
                assert_eq!(ours(&file), theirs(&file, size), "{size:?}");
            }
        }

        #[test]
        fn alpha_is_kept_as_it_is() {
            let size = Size::new(45, 31);
            let picture = paint(size.width, size.height, Channels::Rgba, |x, y| {
                let [r, g, b, a] = [x * 5, y * 8, x + y, x * y].map(|value| value.to_le_bytes()[0]);
                [r, g, b, a]
            });
            let file = webp(&picture, 80);
            assert!(file[12..16] == *b"VP8X" && file.windows(4).any(|name| name == b"ALPH"));
            let read = image::load_from_memory(&file).unwrap().to_rgba8();
            let alpha = |samples: &[u8]| samples.iter().skip(3).step_by(4).copied().collect::<Vec<u8>>();
            assert_eq!(alpha(read.as_raw()), alpha(picture.samples()));
            assert!(luma_psnr(&picture, &theirs(&file, size)[0]) > 30.0);
        }
    }
}

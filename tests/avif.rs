//! AVIF files as they are written: what their boxes say, for every shape of picture, natively and on wasm, and natively
//! what a decoder makes of them.
//!
//! What browsers make of them is tested by `page.test.mjs`.

#[cfg(test)]
mod support;

/// The encoder knows to the last bit what decoders will predict from: if it did not, errors would grow from block to block.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod made {
    use lenslet::format::Format;
    use lenslet::picture::encode::avif::colours_as_made;
    use lenslet::picture::{Channels, Picture};

    use crate::golden_file;
    use crate::support::av1::av1_planes;
    use crate::support::bytes::Dice;
    use crate::support::golden::check;
    use crate::support::pictures::{file, paint, photo_like, sketch, sketch_with_alpha};
    use crate::support::sheet::sheet;
    use crate::support::told::avif_items;

    /// Colours by chance about a slope that jumps, within a reach.
    fn drawn(width: u32, height: u32, dice: &mut Dice, reach: u8) -> Picture {
        let (mut mean, mut slope) = ([128_u8; 3], [0; 2]);
        paint(width, height, Channels::Rgb, |x, y| {
            if dice.byte() < 2 {
                mean = [dice.byte(), dice.byte(), dice.byte()];
                slope = [u32::from(dice.byte() % 8), u32::from(dice.byte() % 8)];
            }
            let [rise, ..] = (x * slope[0] + y * slope[1]).to_le_bytes();
            let [r, g, b] = mean.map(|mean| mean.wrapping_add(rise).saturating_add(dice.byte() % reach));
            [r, g, b, 255]
        })
    }

    fn assert_made(picture: &Picture, quality: u8, what: &str) {
        let (frame, made) = colours_as_made(picture, quality);
        let found = av1_planes(&frame, false);
        assert!(found.as_ref() == Some(&made), "{:?} at {quality}, {what}", picture.size());
        assert!(av1_planes(&frame, true).is_some_and(|planes| planes.len() == 3));
    }

    /// The picture of a file, its chroma as coarse as it is stored, and alpha where there is some.
    fn pixels_of(file: &[u8], size: (u32, u32)) -> Picture {
        let coded: Vec<_> = avif_items(file).into_iter().filter(|(kind, _)| kind == b"av01").collect();
        let mut planes = coded.iter().map(|(_, frame)| av1_planes(frame, true).unwrap());
        let (colours, alpha) = (planes.next().unwrap(), planes.next());
        let half = size.0.div_ceil(2);
        paint(size.0, size.1, Channels::Rgba, |x, y| {
            let at = (y * size.0 + x) as usize;
            let of = |plane: usize| f32::from(colours[plane][(y / 2 * half + x / 2) as usize]) - 128.0;
            let (luma, blue, red) = (f32::from(colours[0][at]), of(1), of(2));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to 0–255")]
            let sample = |level: f32| level.round().clamp(0.0, 255.0) as u8;
            let green = luma - 0.344_136 * blue - 0.714_136 * red;
            [
                sample(luma + 1.402 * red),
                sample(green),
                sample(luma + 1.772 * blue),
                alpha.as_ref().map_or(255, |alpha| alpha[0][at]),
            ]
        })
    }

    #[test]
    fn avif_looks_as_it_did() {
        let sources = [sketch(96, 64), sketch_with_alpha(96, 64), photo_like(96, 64, Channels::Rgb)];
        let row = |quality: u8| {
            let made = |picture: &Picture| pixels_of(&file(picture, Format::Avif, quality), (96, 64));
            sources.iter().map(made).collect()
        };
        // The encoder may be tuned so far without a new golden.
        check("format-avif", &sheet(&[30, 85, 100].map(row)), golden_file!("format-avif"), 24);
    }

    #[test]
    fn decoders_make_what_was_made_here() {
        let mut dice = Dice::new(0x5EED);
        for round in 0..22 {
            let (width, height) = (u32::from(dice.byte()) % 90 + 1, u32::from(dice.byte()) % 90 + 1);
            let reach = [1, 4, 24, 128, 255][round % 5];
            let quality = [1, 10, 35, 60, 75, 80, 90, 95, 98, 99, 100][round % 11];
            let picture = drawn(width, height, &mut dice, reach);
            assert_made(&picture, quality, &format!("round {round}, reach {reach}"));
        }
    }

    #[test]
    fn every_odd_side_can_be_decoded() {
        let mut dice = Dice::new(0xA71F);
        for (width, height) in (1..=70).step_by(2).zip([1, 9, 33, 65].into_iter().cycle()) {
            assert_made(&drawn(width, height, &mut dice, 40), 70, "an odd side");
            assert_made(&drawn(height, width, &mut dice, 9), 40, "an odd side");
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut dice = Dice::new(7);
        for quality in [1, 85, 100] {
            let noise =
                paint(96, 64, Channels::Rgb, |_, _| [0; 4].map(|_| if dice.byte() < 128 { 0 } else { 255 }));
            assert_made(&noise, quality, "noise");
            for apart in [1, 2, 4, 8, 16] {
                let squares =
                    |x: u32, y: u32| if (x / apart + y / apart).is_multiple_of(2) { 0 } else { 255 };
                let picture = paint(72, 72, Channels::Rgb, |x, y| [squares(x, y); 4]);
                assert_made(&picture, quality, &format!("squares of {apart}"));
                let stripes = |x: u32| if (x / apart).is_multiple_of(2) { 0 } else { 255 };
                let picture = paint(72, 72, Channels::Rgb, |x, _| [stripes(x), 255 - stripes(x), 0, 255]);
                assert_made(&picture, quality, &format!("stripes of {apart}"));
            }
        }
    }

    #[test]
    fn better_qualities_are_nearer() {
        let picture = photo_like(160, 120, Channels::Rgb);
        let (_, best) = colours_as_made(&picture, 100);
        let off = |quality| {
            let (frame, _) = colours_as_made(&picture, quality);
            let planes = av1_planes(&frame, true).unwrap();
            let pairs = best.iter().flatten().zip(planes.iter().flatten());
            pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>()
        };
        let off = [1, 20, 45, 60, 75, 85, 95].map(off);
        assert!(off.is_sorted_by(|a, b| a > b), "{off:?}");
    }
}

#[cfg(test)]
mod avif {
    use lenslet::format::Format;
    use lenslet::picture::Channels;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::support::lens::transform;
    use crate::support::pictures::{file, paint, photo_like, png, sketch, sketch_with_alpha};

    /// The boxes of this name anywhere in a file, without their headers (ISO 14496-12, section 4.2).
    fn boxes(name: [u8; 4], bytes: &[u8]) -> Vec<&[u8]> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while let [a, b, c, d, kind @ ..] = rest
            && let Some(kind) = kind.first_chunk::<4>()
        {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            let (one, others) = rest.split_at(length);
            let body = &one[8..];
            if *kind == name {
                found.push(body);
            }
            match kind {
                b"meta" => found.extend(boxes(name, &body[4..])),
                b"iprp" | b"ipco" => found.extend(boxes(name, body)),
                _ => {}
            }
            rest = others;
        }
        found
    }

    fn only(name: [u8; 4], bytes: &[u8]) -> &[u8] {
        let found = boxes(name, bytes);
        assert!(!found.is_empty() && found.windows(2).all(|pair| pair[0] == pair[1]), "{name:?}: {found:?}");
        found[0]
    }

    fn size(file: &[u8]) -> (u32, u32) {
        let side = |at: usize| u32::from_be_bytes(only(*b"ispe", file)[at..at + 4].try_into().unwrap());
        (side(4), side(8))
    }

    #[test]
    fn boxes_say_what_was_coded() {
        let made = file(&sketch(96, 64), Format::Avif, 80);
        assert_eq!(Format::sniff(&made), Some(Format::Avif));
        assert!(only(*b"ftyp", &made).windows(4).any(|brand| brand == b"mif1"));
        assert_eq!(size(&made), (96, 64));
        // Without one it is sRGB, as the AV1 itself says (MIAF, ISO 23000-22, section 7.3.6.4).
        assert!(boxes(*b"colr", &made).is_empty());
        // Main profile, eight bits, three planes, chroma halved both ways (AV1 in ISOBMFF, section 2.3.3).
        let coding = only(*b"av1C", &made);
        assert_eq!((coding[0], coding[1] >> 5, coding[2] & 0b0111_1100), (0x81, 0, 0b0000_1100));
        assert_eq!(only(*b"pixi", &made)[4..], [3, 8, 8, 8]);
        assert!(boxes(*b"auxC", &made).is_empty());
    }

    #[test]
    fn alpha_is_there_where_something_is_seen_through() {
        let made = file(&sketch_with_alpha(96, 64), Format::Avif, 80);
        assert!(only(*b"auxC", &made)[4..].starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"));
        assert_eq!(boxes(*b"av1C", &made).len(), 2);
        assert_eq!(size(&made), (96, 64));
        let opaque = paint(96, 64, Channels::Rgba, |x, _| [u8::try_from(x).unwrap(), 9, 9, 255]);
        assert!(boxes(*b"auxC", &file(&opaque, Format::Avif, 80)).is_empty());
    }

    #[test]
    fn every_shape_can_be_coded_at_every_quality() {
        for (width, height) in [(1, 1), (1, 700), (700, 1), (3, 5), (15, 17), (16, 16), (65, 127), (600, 500)]
        {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let picture = photo_like(width, height, channels);
                let qualities: &[u8] = if width > 100 { &[85] } else { &[1, 50, 85, 100] };
                for &quality in qualities {
                    let made = file(&picture, Format::Avif, quality);
                    assert_eq!(size(&made), (width, height), "{channels:?} at {quality}");
                }
            }
        }
    }

    #[test]
    fn quality_costs_bytes() {
        let picture = photo_like(160, 120, Channels::Rgb);
        let bytes =
            [1, 20, 45, 60, 75, 85, 95, 100].map(|quality| file(&picture, Format::Avif, quality).len());
        assert!(bytes.is_sorted_by(|a, b| a < b), "{bytes:?}");
    }

    #[test]
    fn recipes_make_avif_and_equal_ones_make_equal_files() {
        let source = png(&sketch_with_alpha(96, 64));
        let carry_out = |options: &str| transform(options, &source, &[]).unwrap();
        let made = carry_out("width=40,rotate=90,format=avif,quality=60");
        assert_eq!((Format::sniff(&made), size(&made)), (Some(Format::Avif), (40, 60)));
        assert_eq!(made, carry_out("w=40,rotate=90,q=60,f=avif"));
        let flat = carry_out("width=40,background=white,format=avif");
        assert!(boxes(*b"auxC", &flat).is_empty());
    }
}

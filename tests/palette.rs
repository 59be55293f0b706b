//! Files with palettes, as other decoders see them.

#[cfg(test)]
mod support;

#[cfg(test)]
mod palette {
    use std::io::Cursor;

    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::encode::{Encoding, encode};
    use lenslet::picture::{Channels, Picture};
    use png::{BitDepth, ColorType, Decoder, Transformations};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::support::bytes::Dice;
    use crate::support::lens::{mean_difference, pixels};
    use crate::support::pictures::{paint, photo_like, sketch_with_alpha};

    fn few(picture: &Picture, quality: u8) -> Vec<u8> {
        encode(picture, Encoding { few_colours: true, ..Encoding::new(Format::Png, quality) }).unwrap()
    }

    /// What the file says of itself, and its pixels with alpha.
    fn read(file: &[u8]) -> (ColorType, BitDepth, Vec<u8>) {
        let mut decoder = Decoder::new(Cursor::new(file));
        decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let (colour, depth) = (reader.info().color_type, reader.info().bit_depth);
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut samples).unwrap();
        if info.color_type == ColorType::GrayscaleAlpha {
            samples = samples.chunks(2).flat_map(|grey| [grey[0], grey[0], grey[0], grey[1]]).collect();
        }
        (colour, depth, samples)
    }

    #[test]
    fn few_colours_are_written_exactly_in_as_few_bits_as_it_takes() {
        let mut dice = Dice::new(11);
        let depths = [(1, BitDepth::One), (2, BitDepth::One), (3, BitDepth::Two), (4, BitDepth::Two)];
        let more = [(5, BitDepth::Four), (16, BitDepth::Four), (17, BitDepth::Eight), (256, BitDepth::Eight)];
        for (count, expected) in depths.into_iter().chain(more) {
            for (width, height) in [(1, 300), (7, 45), (33, 13), (256, 2)] {
                let picture = paint(width, height, Channels::Rgba, |_, _| {
                    let at = dice.below(count);
                    [at.to_le_bytes()[0], 90, 7, if at.is_multiple_of(3) { 128 } else { 255 }]
                });
                for file in [few(&picture, 40), encode(&picture, Encoding::new(Format::Png, 85)).unwrap()] {
                    let (colour, depth, samples) = read(&file);
                    assert_eq!(colour, ColorType::Indexed);
                    assert!((depth as u8) <= expected as u8, "{count}, {width}x{height}");
                    assert!(samples == picture.samples(), "{count}, {width}x{height}");
                }
            }
        }
    }

    #[test]
    fn greys_stay_grey_and_exact() {
        let picture = paint(300, 20, Channels::Rgb, |x, y| [u8::try_from((x + y) % 256).unwrap(); 4]);
        let (colour, _, samples) = read(&few(&picture, 30));
        assert_eq!(colour, ColorType::Grayscale);
        assert!(samples.chunks(4).zip(picture.samples().chunks(3)).all(|(a, b)| a[..3] == *b && a[3] == 255));
    }

    #[test]
    fn without_a_quality_nothing_is_lost() {
        for channels in [Channels::Rgb, Channels::Rgba] {
            let picture = photo_like(90, 60, channels);
            let file = encode(&picture, Encoding::new(Format::Png, 10)).unwrap();
            assert!(pixels(&file) == picture);
        }
    }

    #[test]
    fn lower_qualities_make_shorter_files_and_all_are_near() {
        for channels in [Channels::Rgb, Channels::Rgba] {
            let picture = photo_like(160, 120, channels);
            let made = [100, 60, 20].map(|quality| few(&picture, quality));
            assert!(made.is_sorted_by(|a, b| a.len() > b.len()), "{channels:?}");
            for file in made {
                assert_eq!(read(&file).0, ColorType::Indexed);
                let mean = mean_difference(&pixels(&file), &picture);
                assert!(mean < 20.0, "{channels:?}: {mean}");
            }
        }
    }

    #[test]
    fn translucent_pictures_of_many_colours_look_as_they_did() {
        let picture = sketch_with_alpha(96, 64);
        let exact = pixels(&encode(&picture, Encoding::new(Format::Png, 85)).unwrap());
        // A swapped channel or alpha that is lost is above 20.
        for (quality, most) in [(100, 4.0), (50, 5.0), (1, 12.0)] {
            let mean = mean_difference(&pixels(&few(&picture, quality)), &exact);
            assert!(mean <= most, "{quality}: {mean}");
        }
    }

    #[test]
    fn noise_of_any_size_becomes_a_file_that_others_read() {
        let mut dice = Dice::new(5);
        for (width, height) in [(1, 1), (1, 70), (70, 1), (31, 33), (200, 100)] {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let picture = paint(width, height, channels, |_, _| [0; 4].map(|_| dice.byte()));
                let (_, _, samples) = read(&few(&picture, 85));
                assert_eq!(samples.len() as u64, 4 * Size::new(width, height).area());
                let gif = encode(&picture, Encoding::new(Format::Gif, 85)).unwrap();
                let mut reader = gif::DecodeOptions::new();
                reader.set_color_output(gif::ColorOutput::RGBA);
                let mut reader = reader.read_info(&gif[..]).unwrap();
                let frame = reader.read_next_frame().unwrap().unwrap();
                let opaque = channels == Channels::Rgb;
                assert!(frame.buffer.chunks(4).all(|pixel| !opaque || pixel[3] == 255));
            }
        }
    }
}

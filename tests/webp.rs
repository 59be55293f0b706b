//! WebP beside another decoder, cut off, changed at random, stopped, and weighed.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod webp {
    use std::ops::ControlFlow;
    use std::path::PathBuf;

    use image_webp::WebPDecoder;
    use image_webp::vp8::Vp8Decoder;
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::decode::{DecodeError, Reduction};
    use lenslet::picture::probe::Header;
    use lenslet::picture::rows::{Colours, Layout, RowSink};
    use lenslet::picture::{Channels, budget};

    use crate::support::corpus;
    use crate::support::counting::{Counting, alone, peak_bytes};
    use crate::support::exif::{webp_chunk, webp_chunks};
    use crate::support::lens::decode;
    use crate::support::pictures::{file, photo_like};

    #[global_allocator]
    static COUNTING: Counting = Counting;

    /// What came out.
    #[derive(Default)]
    struct Planes {
        layout: Option<Layout>,
        samples: [Vec<u8>; 3],
        rows: usize,
        /// No row is wanted after so many.
        most_rows: usize,
    }

    impl RowSink for Planes {
        fn begin(&mut self, layout: &Layout) {
            assert!(self.layout.is_none(), "begun twice");
            self.layout = Some(layout.clone());
        }

        fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
            assert!(self.rows < self.most_rows, "a row after the last that was wanted");
            let layout = self.layout.as_ref().expect("a row before the beginning");
            let width = layout.planes[plane].size.width as usize;
            assert_eq!(row.len(), width * layout.colours.samples());
            self.samples[plane].extend_from_slice(row);
            self.rows += 1;
            if self.rows < self.most_rows { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    }

    impl Planes {
        fn up_to(most_rows: usize) -> Self {
            Self { most_rows, ..Self::default() }
        }

        /// Whether every row of every plane came.
        fn is_whole(&self) -> bool {
            let layout = self.layout.as_ref().expect("never begun");
            layout.planes.iter().zip(&self.samples).all(|(plane, samples)| {
                samples.len() as u64 == plane.size.area() * layout.colours.samples() as u64
            })
        }
    }

    /// Counts rows and keeps none.
    struct Nothing;

    impl RowSink for Nothing {
        fn begin(&mut self, _: &Layout) {}

        fn row(&mut self, _: usize, _: &[u8]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    fn decode_to(bytes: &[u8], reduction: u8, sink: &mut dyn RowSink) -> Option<Result<(), DecodeError>> {
        let header = Header::read(bytes).ok().filter(|header| header.format == Format::Webp)?;
        // As the budget does: files of a few bytes may claim any size.
        (header.size.area() <= 1 << 22).then(|| decode(bytes, &header, both(reduction), sink))
    }

    fn both(by: u8) -> Reduction {
        Reduction { luma: by, chroma: by }
    }

    fn decoded(bytes: &[u8], reduction: u8) -> Option<Result<Planes, DecodeError>> {
        let mut planes = Planes::up_to(usize::MAX);
        let result = decode_to(bytes, reduction, &mut planes)?;
        Some(result.map(|()| planes))
    }

    fn corpus_files() -> Vec<PathBuf> {
        let folders = ["image-webp", "image-rs"].into_iter().filter_map(corpus::folder);
        let mut files: Vec<_> = folders.flat_map(|folder| corpus::files(&folder)).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "webp"));
        files
    }

    /// The pixels of the first frame by another decoder.
    fn other_pixels(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut decoder = WebPDecoder::new(std::io::Cursor::new(bytes)).ok()?;
        let mut pixels = vec![0; decoder.output_buffer_size()?];
        if decoder.is_animated() {
            decoder.read_frame(&mut pixels).ok()?;
        } else {
            decoder.read_image(&mut pixels).ok()?;
        }
        Some(pixels)
    }

    /// The planes of a lossy frame by another decoder, without what pads them to whole macroblocks.
    fn other_planes(bytes: &[u8], sizes: [Size; 3]) -> [Vec<u8>; 3] {
        let at = bytes.windows(4).position(|name| name == b"VP8 ").unwrap();
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let frame = Vp8Decoder::decode_frame(std::io::Cursor::new(&bytes[at + 8..at + 8 + length])).unwrap();
        let stride = usize::from(frame.width).next_multiple_of(16);
        let planes = [(frame.ybuf, stride), (frame.ubuf, stride / 2), (frame.vbuf, stride / 2)];
        let mut sizes = sizes.into_iter();
        planes.map(|(samples, stride)| {
            let size = sizes.next().unwrap();
            let rows = samples.chunks(stride).take(size.height as usize);
            rows.flat_map(|row| row[..size.width as usize].to_vec()).collect()
        })
    }

    #[test]
    fn corpus_pixels_are_those_of_another_decoder() {
        let _alone = alone();
        let (mut exact, mut near, mut planes) = (0, 0, 0);
        for path in corpus_files() {
            let bytes = corpus::read(&path);
            let name = corpus::name(&path);
            let Some(expected) = other_pixels(&bytes) else { continue };
            let ours = decoded(&bytes, 1).unwrap().unwrap();
            assert!(ours.is_whole(), "{name}");
            let layout = ours.layout.as_ref().unwrap();
            if layout.colours == Colours::VideoYcc {
                let sizes = [0, 1, 2].map(|plane: usize| layout.planes[plane].size);
                assert!(ours.samples == other_planes(&bytes, sizes), "{name}");
                planes += 1;
                continue;
            }
            assert_eq!(ours.samples[0].len(), expected.len(), "{name}");
            let most = ours.samples[0].iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            // The other one darkens opaque pixels by one when it lays them over nothing.
            assert!(most <= u8::from(name == "anim.webp"), "{name} differs by {most}");
            if most == 0 { exact += 1 } else { near += 1 }
        }
        println!("{exact} exact, {near} near, {planes} as planes");
        if !corpus_files().is_empty() {
            assert_eq!((exact, near, planes), (24, 1, 8));
        }
    }

    #[test]
    fn odd_sizes_are_those_of_another_decoder() {
        let _alone = alone();
        for (width, height) in [(1, 1), (2, 3), (15, 17), (16, 16), (33, 1), (1, 40), (61, 47)] {
            let picture = photo_like(width, height, Channels::Rgb);
            for quality in [10, 60, 95] {
                let bytes = file(&picture, Format::Webp, quality);
                let ours = decoded(&bytes, 1).unwrap().unwrap();
                let sizes = [0, 1, 2].map(|plane: usize| ours.layout.as_ref().unwrap().planes[plane].size);
                assert!(ours.samples == other_planes(&bytes, sizes), "{width}x{height} at {quality}");
            }
            for (channels, quality) in [(Channels::Rgb, 100), (Channels::Rgba, 100), (Channels::Rgba, 80)] {
                let bytes = file(&photo_like(width, height, channels), Format::Webp, quality);
                let ours = decoded(&bytes, 1).unwrap().unwrap();
                assert_eq!(Some(&ours.samples[0]), other_pixels(&bytes).as_ref(), "{width}x{height}");
            }
        }
    }

    #[test]
    fn references_reach_over_the_end_of_the_window() {
        let _alone = alone();
        // More than 2^20 pixels, of which those below repeat those above.
        let tile = photo_like(1_200, 30, Channels::Rgb);
        let samples = tile.samples().repeat(40);
        let size = Size::new(1_200, 1_200);
        let picture = lenslet::picture::Picture::new(size, Channels::Rgb, samples).unwrap();
        let bytes = file(&picture, Format::Webp, 100);
        let ours = decoded(&bytes, 1).unwrap().unwrap();
        assert!(ours.samples[0] == picture.samples());
    }

    #[test]
    fn nothing_comes_after_a_break() {
        let _alone = alone();
        for bytes in small_files() {
            let all = decoded(&bytes, 1).unwrap().unwrap().rows;
            for most in [1, 2, all / 2, all] {
                let mut planes = Planes::up_to(most.max(1));
                assert_eq!(decode_to(&bytes, 1, &mut planes), Some(Ok(())));
            }
        }
    }

    /// A file of every coding.
    fn small_files() -> Vec<Vec<u8>> {
        let (opaque, translucent) = (photo_like(37, 29, Channels::Rgb), photo_like(37, 29, Channels::Rgba));
        let mut files = vec![
            file(&opaque, Format::Webp, 70),
            file(&opaque, Format::Webp, 100),
            file(&translucent, Format::Webp, 70),
            file(&translucent, Format::Webp, 100),
        ];
        files.extend([animated(&files[0], 0, 0), animated(&files[2], 0x10, 6), animated(&files[3], 0x10, 6)]);
        files
    }

    /// The picture of a WebP as the one frame of an animation (RFC 9649, 2.7.1), `margin` pixels from the edges of
    /// its canvas.
    fn animated(webp: &[u8], alpha: u8, margin: u32) -> Vec<u8> {
        let size = Header::read(webp).unwrap().size;
        let three = |number: u32| number.to_le_bytes()[..3].to_vec();
        let frame_sides = [three(size.width - 1), three(size.height - 1)].concat();
        let sides = [three(size.width + 2 * margin - 1), three(size.height + 2 * margin - 1)].concat();
        let place = three(margin / 2).repeat(2);
        let frame = [&place[..], &frame_sides, &[100, 0, 0, 0], webp_chunks(webp)].concat();
        let extended = webp_chunk(*b"VP8X", &[&[2 | alpha, 0, 0, 0][..], &sides].concat());
        let (start, frame) = (webp_chunk(*b"ANIM", &[0; 6]), webp_chunk(*b"ANMF", &frame));
        webp_chunk(*b"RIFF", &[b"WEBP", &extended[..], &start, &frame].concat())
    }

    #[test]
    fn frames_are_laid_on_their_canvas() {
        let _alone = alone();
        let still = file(&photo_like(20, 10, Channels::Rgb), Format::Webp, 100);
        let ours = decoded(&animated(&still, 0x10, 4), 1).unwrap().unwrap();
        assert_eq!(ours.layout.as_ref().unwrap().planes[0].size, Size::new(28, 18));
        let expected = decoded(&still, 1).unwrap().unwrap();
        for (y, row) in ours.samples[0].chunks(28 * 4).enumerate() {
            for (x, pixel) in row.chunks(4).enumerate() {
                if (4..24).contains(&x) && (4..14).contains(&y) {
                    let at = ((y - 4) * 20 + x - 4) * 3;
                    assert_eq!(pixel[..3], expected.samples[0][at..at + 3]);
                    assert_eq!(pixel[3], 255);
                } else {
                    assert_eq!(pixel, [0; 4], "{x}, {y}");
                }
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let _alone = alone();
        for bytes in small_files() {
            for length in 0..bytes.len() {
                // The last chunk may lack the byte that makes its length even.
                let is_whole = length + 1 == bytes.len() && bytes[length] == 0;
                if let Some(Ok(planes)) = decoded(&bytes[..length], 1) {
                    assert!(is_whole && planes.is_whole(), "{length} of {}", bytes.len());
                }
            }
        }
    }

    #[test]
    fn data_cut_off_within_their_chunk_are_refused() {
        let _alone = alone();
        let lossless = file(&photo_like(37, 29, Channels::Rgb), Format::Webp, 100);
        let (header, stream) = (&lossless[..12], &lossless[20..]);
        for length in 5..stream.len() - 8 {
            let cut = [header, &webp_chunk(*b"VP8L", &stream[..length])].concat();
            assert!(decoded(&cut, 1).unwrap().is_err(), "{length} of {}", stream.len());
        }
        let lossy = file(&photo_like(37, 29, Channels::Rgb), Format::Webp, 70);
        let (header, frame) = (&lossy[..12], &lossy[20..]);
        for length in 10..frame.len() - 8 {
            let cut = [header, &webp_chunk(*b"VP8 ", &frame[..length])].concat();
            assert!(decoded(&cut, 1).unwrap().is_err(), "{length} of {}", frame.len());
        }
    }

    #[test]
    fn two_headers_must_agree() {
        let _alone = alone();
        let still = file(&photo_like(20, 10, Channels::Rgb), Format::Webp, 70);
        let extended = webp_chunk(*b"VP8X", &[0, 0, 0, 0, 20, 0, 0, 9, 0, 0]);
        let bytes = webp_chunk(*b"RIFF", &[b"WEBP", &extended[..], webp_chunks(&still)].concat());
        assert!(decoded(&bytes, 1).unwrap().is_err());
    }

    #[test]
    fn alpha_that_is_promised_and_absent_is_opaque() {
        let _alone = alone();
        let still = file(&photo_like(20, 10, Channels::Rgb), Format::Webp, 70);
        let extended = webp_chunk(*b"VP8X", &[0x10, 0, 0, 0, 19, 0, 0, 9, 0, 0]);
        let bytes = webp_chunk(*b"RIFF", &[b"WEBP", &extended[..], webp_chunks(&still)].concat());
        let ours = decoded(&bytes, 1).unwrap().unwrap();
        assert_eq!(ours.layout.unwrap().colours, Colours::Rgba);
        assert!(ours.samples[0].chunks(4).all(|pixel| pixel[3] == 255));
    }

    #[test]
    fn changed_files_are_decoded_or_refused() {
        let _alone = alone();
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        let mut files = small_files();
        let small = corpus_files().into_iter().map(|path| corpus::read(&path));
        files.extend(small.filter(|bytes| bytes.len() < 2_500));
        let (mut accepted, mut refused) = (0, 0);
        for round in 0..4_000 {
            let mut bytes = files[round % files.len()].clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                bytes[at] = u8::try_from(next(256)).unwrap();
            }
            let reduction = [1, 1, 2, 4, 8][next(5)];
            match decoded(&bytes, reduction) {
                Some(Ok(planes)) => {
                    assert!(planes.is_whole());
                    accepted += 1;
                }
                _ => refused += 1,
            }
        }
        assert!(accepted > 400 && refused > 400, "{accepted} accepted, {refused} refused");
    }

    #[test]
    fn decoding_holds_what_is_said_of_it() {
        let _alone = alone();
        let mut wrong = Vec::new();
        let mut weigh = |name: &str, bytes: &[u8], reduction: u8, is_near: bool| {
            let header = Header::read(bytes).unwrap();
            let (measured, result) = peak_bytes(|| decode(bytes, &header, both(reduction), &mut Nothing));
            result.unwrap();
            // Without what is added whatever the size.
            let figure = budget::decoding(&header, bytes.len() as u64, both(reduction)) - (1 << 19);
            println!("{name:28} 1/{reduction}: {measured:9} held, {figure:9} said");
            if measured > figure || (is_near && figure * 100 > measured * 135) {
                wrong.push(format!("{name} at 1/{reduction}: {measured} held, {figure} said"));
            }
        };
        let (opaque, translucent) =
            (photo_like(1_150, 870, Channels::Rgb), photo_like(1_150, 870, Channels::Rgba));
        let lossy = file(&opaque, Format::Webp, 85);
        for reduction in [1, 2, 4, 8] {
            weigh("lossy", &lossy, reduction, true);
        }
        weigh("lossless", &file(&opaque, Format::Webp, 100), 1, true);
        weigh("lossless with alpha", &file(&translucent, Format::Webp, 100), 1, true);
        let with_alpha = file(&translucent, Format::Webp, 85);
        weigh("lossy with alpha", &with_alpha, 1, true);
        weigh("animated with alpha", &animated(&with_alpha, 0x10, 0), 1, true);
        // It cannot be known beforehand that a frame of an animation has no alpha.
        weigh("animated", &animated(&lossy, 0, 0), 1, false);
        drop((opaque, translucent));
        for path in corpus_files() {
            let bytes = corpus::read(&path);
            if decoded(&bytes, 1).is_some_and(|result| result.is_ok()) {
                weigh(&corpus::name(&path), &bytes, 1, false);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

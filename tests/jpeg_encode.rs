//! Our JPEG files, read by another's decoder; and the same bytes natively and on wasm.

#[cfg(test)]
mod support;

#[cfg(test)]
mod jpeg_encode {
    use lenslet::geometry::Size;
    use lenslet::picture::encode::jpeg::JpegRows;
    use lenslet::picture::rows::{Colours, Layout, Plane, RowSink};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::support::bytes::Dice;

    /// One plane of samples.
    struct Samples {
        size: Size,
        bytes: Vec<u8>,
    }

    impl Samples {
        fn new(size: Size, mut of: impl FnMut(u32, u32) -> u8) -> Self {
            let mut bytes = Vec::new();
            for y in 0..size.height {
                bytes.extend((0..size.width).map(|x| of(x, y)));
            }
            Self { size, bytes }
        }

        fn row(&self, y: usize) -> &[u8] {
            &self.bytes[y * self.size.width as usize..][..self.size.width as usize]
        }
    }

    fn begin(planes: &[Samples], quality: u8) -> JpegRows {
        let colours = if planes.len() == 1 { Colours::Grey } else { Colours::FullYcc };
        // Densities do not matter: sizes say it all.
        let planes = planes.iter().map(|plane| Plane { size: plane.size, density: (1.0, 1.0) }).collect();
        let mut rows = JpegRows::new(quality);
        RowSink::begin(&mut rows, &Layout { colours, planes });
        rows
    }

    /// A file of planes that come one after the other.
    fn encode(planes: &[Samples], quality: u8) -> Vec<u8> {
        let mut rows = begin(planes, quality);
        for (index, plane) in planes.iter().enumerate() {
            for y in 0..plane.size.height as usize {
                assert!(RowSink::row(&mut rows, index, plane.row(y)).is_continue());
            }
        }
        rows.finish().unwrap()
    }

    fn wave(x: u32, y: u32) -> u8 {
        let (x, y) = (i32::try_from(x % 32).unwrap(), i32::try_from(y % 24).unwrap());
        u8::try_from(128 + (16 - x).abs() * 4 - (12 - y).abs() * 3).unwrap()
    }

    fn chroma_size(size: Size, halved: (u32, u32)) -> Size {
        Size::new(size.width.div_ceil(halved.0), size.height.div_ceil(halved.1))
    }

    /// Luma of waves and slow chroma, all of which red, green and blue can show.
    fn smooth(size: Size, halved: (u32, u32)) -> Vec<Samples> {
        let chroma = chroma_size(size, halved);
        let slope = |start: u32| move |x: u32, y: u32| u8::try_from(start + (x * 2 + y) % 128 / 4).unwrap();
        vec![Samples::new(size, wave), Samples::new(chroma, slope(100)), Samples::new(chroma, slope(120))]
    }

    fn noise(size: Size, halved: (u32, u32), seed: u64) -> Vec<Samples> {
        let mut dice = Dice::new(seed);
        let chroma = chroma_size(size, halved);
        [size, chroma, chroma].map(|size| Samples::new(size, |_, _| dice.byte())).into()
    }

    const HALVED: [(u32, u32); 3] = [(1, 1), (2, 1), (2, 2)];

    #[test]
    fn rows_of_planes_may_interleave_in_any_order() {
        for (halved, seed) in HALVED.into_iter().zip(1..) {
            let planes = noise(Size::new(61, 83), halved, seed);
            let file = encode(&planes, 85);
            let mut dice = Dice::new(seed);
            for _ in 0..5 {
                let mut rows = begin(&planes, 85);
                let mut next = [0; 3];
                while next.iter().zip(&planes).any(|(y, plane)| *y < plane.size.height as usize) {
                    let index = dice.below(3);
                    if next[index] < planes[index].size.height as usize {
                        assert!(RowSink::row(&mut rows, index, planes[index].row(next[index])).is_continue());
                        next[index] += 1;
                    }
                }
                assert!(rows.finish().unwrap() == file);
            }
        }
    }

    /// Raise `lenslet::render::REVISION` where these change.
    #[test]
    fn files_are_the_same_natively_and_on_wasm() {
        let mut found = Vec::new();
        for (halved, seed) in HALVED.into_iter().zip(20..) {
            for quality in [1, 50, 80, 100] {
                let pictures = [smooth(Size::new(45, 37), halved), noise(Size::new(45, 37), halved, seed)];
                found.extend(pictures.map(|planes| crc(&encode(&planes, quality))));
            }
        }
        let mut rows = JpegRows::new(80);
        RowSink::begin(&mut rows, &Layout::whole(Colours::Rgb, Size::new(45, 3)));
        let mut dice = Dice::new(30);
        for _ in 0..3 {
            let row: Vec<u8> = (0..135).map(|_| dice.byte()).collect();
            assert!(RowSink::row(&mut rows, 0, &row).is_continue());
        }
        found.push(crc(&rows.finish().unwrap()));
        assert_eq!(found, FILES, "{found:#010X?}");
    }

    fn crc(file: &[u8]) -> u32 {
        crate::support::bytes::crc32(&[file])
    }

    /// CRC-32 of each.
    const FILES: [u32; 25] = [
        0x4E2E_82D5,
        0x2AFF_7699,
        0x5ACD_3F9C,
        0x80B6_E61C,
        0xBDA7_1286,
        0x29D2_EC80,
        0x1EC9_E76D,
        0x70DD_70FB,
        0x0C0D_57FB,
        0x9AC3_1945,
        0x7E79_A1BB,
        0x035B_2B2A,
        0xD6AF_9ED6,
        0xF2D8_A2B6,
        0xFA17_387D,
        0xFDF1_D06A,
        0xA3E6_DD77,
        0x26DE_2BEB,
        0x5853_DB45,
        0xF2B8_0EA5,
        0x09D8_4813,
        0xE28E_C6A8,
        0x349A_08D6,
        0x3C39_8B27,
        0x9238_FC94,
    ];

    /// What needs the other decoder, which is there natively only.
    #[cfg(not(target_arch = "wasm32"))]
    mod decoded {
        use super::*;

        /// Luma and differences as the file's decoder shows them, chroma as the means of what one sample covers.
        fn decode(file: &[u8], halved: (u32, u32)) -> [Vec<f64>; 3] {
            let picture = image::load_from_memory(file).unwrap().to_rgb8();
            let (width, height) = picture.dimensions();
            let at = |x: u32, y: u32| {
                let [r, g, b] = picture.get_pixel(x.min(width - 1), y.min(height - 1)).0.map(f64::from);
                let luma = 0.299 * r + 0.587 * g + 0.114 * b;
                [luma, 128.0 + (b - luma) / 1.772, 128.0 + (r - luma) / 1.402]
            };
            let plane = |index: usize, (across, down): (u32, u32)| {
                let mut plane = Vec::new();
                for y in (0..height).step_by(down as usize) {
                    for x in (0..width).step_by(across as usize) {
                        let square = (0..down).flat_map(|dy| (0..across).map(move |dx| (dx, dy)));
                        let sum: f64 = square.map(|(dx, dy)| at(x + dx, y + dy)[index]).sum();
                        plane.push(sum / f64::from(across * down));
                    }
                }
                plane
            };
            [plane(0, (1, 1)), plane(1, halved), plane(2, halved)]
        }

        fn psnr(plane: &Samples, decoded: &[f64]) -> f64 {
            assert_eq!(plane.bytes.len(), decoded.len());
            let errors = plane.bytes.iter().zip(decoded).map(|(a, b)| (f64::from(*a) - b).powi(2));
            let count = f64::from(u32::try_from(decoded.len()).unwrap());
            10.0 * (255.0_f64.powi(2) * count / errors.sum::<f64>().max(1e-9)).log10()
        }

        #[test]
        fn all_small_sizes_in_all_samplings_are_seen_as_they_were() {
            for (width, height) in (0..17 * 17).map(|i| (i % 17 + 1, i / 17 + 1)) {
                for halved in HALVED {
                    let planes = smooth(Size::new(width, height), halved);
                    let file = encode(&planes, 95);
                    for (plane, decoded) in planes.iter().zip(decode(&file, halved)) {
                        let psnr = psnr(plane, &decoded);
                        assert!(psnr > 36.0, "{width}x{height} {halved:?}: {psnr}");
                    }
                }
                let grey = [Samples::new(Size::new(width, height), wave)];
                let picture = image::load_from_memory(&encode(&grey, 95)).unwrap();
                let decoded: Vec<f64> = picture.as_luma8().unwrap().iter().map(|&luma| luma.into()).collect();
                assert!(psnr(&grey[0], &decoded) > 38.0, "{width}x{height}");
            }
        }

        #[test]
        fn every_quality_decodes_and_is_worth_its_name() {
            // From each quality up.
            let floors = [(1, 20.0), (10, 27.0), (50, 33.0), (80, 38.0), (95, 42.0), (100, 44.0)];
            let planes = smooth(Size::new(120, 75), (2, 2));
            let mut last = 0;
            for quality in 1..=100 {
                let file = encode(&planes, quality);
                let psnr = psnr(&planes[0], &decode(&file, (2, 2))[0]);
                let floor = floors.iter().rev().find(|floor| floor.0 <= quality).unwrap().1;
                assert!(psnr > floor, "{quality}: {psnr}");
                assert!(file.len() * 11 / 10 > last, "{quality}: {} after {last}", file.len());
                last = file.len();
            }
        }

        #[test]
        fn noise_of_every_quality_decodes() {
            for quality in [1, 10, 35, 50, 77, 90, 99, 100] {
                let planes = [Samples::new(Size::new(99, 66), {
                    let mut dice = Dice::new(quality.into());
                    move |_, _| if dice.byte() < 128 { 0 } else { 255 }
                })];
                let picture = image::load_from_memory(&encode(&planes, quality)).unwrap();
                let decoded: Vec<f64> = picture.as_luma8().unwrap().iter().map(|&luma| luma.into()).collect();
                let psnr = psnr(&planes[0], &decoded);
                let floor = if quality == 100 { 50.0 } else { 8.0 };
                assert!(psnr > floor, "{quality}: {psnr}");
            }
        }

        #[test]
        fn colours_come_back() {
            for colour in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [200, 90, 10]] {
                for (width, height) in [(1, 1), (16, 16), (33, 7), (5, 2)] {
                    let mut rows = JpegRows::new(90);
                    RowSink::begin(&mut rows, &Layout::whole(Colours::Rgb, Size::new(width, height)));
                    for _ in 0..height {
                        assert!(RowSink::row(&mut rows, 0, &colour.repeat(width as usize)).is_continue());
                    }
                    let picture = image::load_from_memory(&rows.finish().unwrap()).unwrap().to_rgb8();
                    assert_eq!(picture.dimensions(), (width, height));
                    let differs =
                        |pixel: &image::Rgb<u8>| pixel.0.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > 4);
                    assert!(!picture.pixels().any(differs), "{colour:?} {width}x{height}");
                }
            }
        }

        /// Bytes at an error, between those of two qualities.
        fn bytes_at(psnr: f64, files: &[(f64, f64)]) -> f64 {
            let pair = files.windows(2).find(|pair| pair[1].0 >= psnr).unwrap();
            let part = (psnr - pair[0].0) / (pair[1].0 - pair[0].0);
            pair[0].1 * (pair[1].1 / pair[0].1).powf(part)
        }

        /// At the same error of luma, give or take a hundredth: how much is seen of it is measured elsewhere.
        #[test]
        fn files_are_no_larger_than_those_of_mozjpeg_without_trellis() {
            use mozjpeg_rs::{Encoder, Subsampling};
            let size = Size::new(320, 240);
            let mut dice = Dice::new(3);
            let mut planes = smooth(size, (2, 2));
            planes[0].bytes.iter_mut().for_each(|luma| *luma += dice.byte() % 24);
            let as_point = |file: &[u8]| {
                let psnr = psnr(&planes[0], &decode(file, (2, 2))[0]);
                (psnr, f64::from(u32::try_from(file.len()).unwrap()))
            };
            let theirs = (10..=99).step_by(3).map(|quality| {
                let encoder = Encoder::fastest().quality(quality).subsampling(Subsampling::S420);
                let [y, b, r] = [0, 1, 2].map(|plane: usize| planes[plane].bytes.as_slice());
                as_point(&encoder.optimize_huffman(true).encode_ycbcr_planar(y, b, r, 320, 240).unwrap())
            });
            let theirs: Vec<_> = theirs.collect();
            for quality in [30, 50, 80, 90] {
                let (psnr, ours) = as_point(&encode(&planes, quality));
                let theirs = bytes_at(psnr, &theirs);
                assert!(ours < theirs * 1.01, "{quality}: {ours} of {theirs}");
            }
        }
    }
}

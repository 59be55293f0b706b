//! Files of one scan and of several hold the same coefficients: three decoders see the same pixels in both.

use super::tests::Dice;
use super::*;
use crate::picture::decode::{Decoder, Reduction, Wanted};
use crate::picture::probe::Header;
use crate::picture::rows::{Plane, Planes};

/// What a file is asked to be.
const ONE_SCAN: u64 = u64::MAX;
const SEVERAL_SCANS: u64 = 0;

/// A file of planes whose samples follow from their place.
fn file(sizes: &[Size], quality: u8, above: u64, of: &mut dyn FnMut(usize, u32, u32) -> u8) -> Vec<u8> {
    let colours = if sizes.len() == 1 { Colours::Grey } else { Colours::FullYcc };
    let planes = sizes.iter().map(|&size| Plane { size, density: (1.0, 1.0) }).collect();
    let mut rows = JpegRows { progressive_above_bytes: above, ..JpegRows::new(quality) };
    rows.begin(&Layout { colours, planes });
    for (index, size) in sizes.iter().enumerate() {
        for y in 0..size.height {
            let row: Vec<u8> = (0..size.width).map(|x| of(index, x, y)).collect();
            assert!(rows.row(index, &row).is_continue());
        }
    }
    rows.finish().unwrap()
}

fn is_progressive(file: &[u8]) -> bool {
    // In the scans, no byte but zero follows one that is all ones.
    file.windows(2).any(|pair| pair == [0xFF, 0xC2])
}

/// The planes that our own decoder finds.
fn ours(file: &[u8]) -> Vec<Vec<u8>> {
    let header = Header::read(file).unwrap();
    let Size { width, height } = header.size;
    let wanted = Wanted { columns: 0..width, rows: 0..height, drawn: None };
    let mut decoder = Decoder::new(&header, file.len() as u64, Reduction::NONE, wanted);
    let mut planes = Planes::default();
    if decoder.push(file, &mut planes).unwrap().is_continue() {
        decoder.finish(&mut planes).unwrap();
    }
    planes.finish().unwrap().1
}

/// The pixels that two others find.
fn theirs(file: &[u8]) -> [Vec<u8>; 2] {
    let zune = image::load_from_memory(file).unwrap().to_rgb8().into_raw();
    [jpeg_decoder::Decoder::new(file).decode().unwrap(), zune]
}

fn assert_same(sizes: &[Size], quality: u8, of: &mut dyn FnMut(usize, u32, u32) -> u8) {
    // Chance is thrown once.
    let planes: Vec<Vec<u8>> = (0..sizes.len())
        .map(|index| {
            let Size { width, height } = sizes[index];
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| of(index, x, y)).collect()
        })
        .collect();
    let mut of = |index: usize, x: u32, y: u32| planes[index][(y * sizes[index].width + x) as usize];
    let baseline = file(sizes, quality, ONE_SCAN, &mut of);
    let progressive = file(sizes, quality, SEVERAL_SCANS, &mut of);
    assert!(!is_progressive(&baseline) && is_progressive(&progressive));
    assert!(ours(&baseline) == ours(&progressive), "{sizes:?} at {quality}");
    assert!(theirs(&baseline) == theirs(&progressive), "{sizes:?} at {quality}");
}

fn with_chroma(size: Size, (across, down): (u32, u32)) -> Vec<Size> {
    let chroma = Size::new(size.width.div_ceil(across), size.height.div_ceil(down));
    vec![size, chroma, chroma]
}

const HALVED: [(u32, u32); 3] = [(1, 1), (2, 1), (2, 2)];

/// Smooth here, busy there, flat elsewhere.
fn mixed(dice: &mut Dice) -> impl FnMut(usize, u32, u32) -> u8 {
    move |index, x, y| match (x / 24 + y / 16) % 3 {
        0 => dice.byte(),
        1 => u8::try_from((x * 5 + y * 3) % 200).unwrap(),
        _ => u8::try_from(90 + index * 20).unwrap(),
    }
}

#[test]
fn odd_sizes_in_all_samplings() {
    let mut dice = Dice(7);
    for (width, height) in [(1, 1), (7, 9), (8, 8), (9, 17), (16, 16), (17, 33), (25, 8), (40, 41), (121, 75)]
    {
        let size = Size::new(width, height);
        for halved in HALVED {
            assert_same(&with_chroma(size, halved), 85, &mut mixed(&mut dice));
        }
        assert_same(&[size], 85, &mut mixed(&mut dice));
    }
}

#[test]
fn all_qualities() {
    let mut dice = Dice(8);
    for quality in 1..=100 {
        assert_same(&with_chroma(Size::new(57, 43), (2, 2)), quality, &mut mixed(&mut dice));
    }
}

#[test]
fn noise_and_the_largest_coefficients() {
    for quality in [1, 60, 100] {
        let mut dice = Dice(9);
        let mut noise = |_: usize, _: u32, _: u32| if dice.byte() < 128 { 0 } else { 255 };
        assert_same(&with_chroma(Size::new(99, 66), (2, 2)), quality, &mut noise);
    }
}

#[test]
fn more_empty_blocks_than_one_symbol_stands_for() {
    // 66,000 blocks, in which something is to be seen twice.
    let size = Size::new(2_400, 1_760);
    let mut spot = |_: usize, x: u32, y: u32| {
        if (40..48).contains(&x) && (y == 3 || y == 1_000) { 250 } else { 128 }
    };
    assert_same(&[size], 80, &mut spot);
    assert_same(&[size], 80, &mut |_, _, _| 77);
}

#[test]
fn only_large_files_are_progressive_by_themselves() {
    let mut dice = Dice(10);
    for (side, expected) in [(64, false), (300, true)] {
        let size = Size::new(side, side);
        let made = file(&[size], 80, PROGRESSIVE_ABOVE_BYTES, &mut |_, _, _| dice.byte());
        assert_eq!(made.len() > 11_000, expected, "{}", made.len());
        assert_eq!(is_progressive(&made), expected);
    }
    let photograph = |encoding: Encoding| {
        let mut rows = JpegRows::of(encoding);
        rows.begin(&Layout::whole(Colours::Grey, Size::new(300, 300)));
        let mut dice = Dice(11);
        for _ in 0..300 {
            let row: Vec<u8> = (0..300).map(|_| dice.byte()).collect();
            assert!(rows.row(0, &row).is_continue());
        }
        rows.finish().unwrap()
    };
    let encoding = Encoding::new(Format::Jpeg, 80);
    assert!(is_progressive(&photograph(encoding)));
    assert!(!is_progressive(&photograph(Encoding { progressive: false, ..encoding })));
}

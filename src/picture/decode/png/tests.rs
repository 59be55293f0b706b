//! The decoder as a whole, on files in the repository and files made here.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{PngDecoder, held_bytes};
use crate::format::Format;
use crate::geometry::{Size, Turn};
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::{Layout, RowSink};

/// Marsaglia's xorshift: the same numbers on every machine.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

/// Everything that was sent.
#[derive(Debug, Default, PartialEq)]
struct Sent {
    layout: Option<Layout>,
    rows: Vec<Vec<u8>>,
    /// Rows that are wanted.
    wanted: Option<usize>,
}

impl RowSink for Sent {
    fn begin(&mut self, layout: &Layout) {
        assert_eq!(self.layout, None, "begun twice");
        self.layout = Some(layout.clone());
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        assert_eq!(plane, 0);
        self.rows.push(row.to_vec());
        if self.wanted == Some(self.rows.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// What a file gives in pieces of these lengths, and whether that is all.
fn decode(file: &[u8], mut length: impl FnMut() -> usize, wanted: Option<usize>) -> (Sent, bool) {
    // A file that is cut off before its pixels is refused by its header.
    let Ok(header) = Header::read(file) else { return (Sent::default(), false) };
    let mut decoder = PngDecoder::new(&header);
    let mut sent = Sent { wanted, ..Sent::default() };
    let mut rest = file;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(length().min(rest.len()));
        match decoder.push(piece, &mut sent) {
            Ok(ControlFlow::Continue(())) => rest = more,
            Ok(ControlFlow::Break(())) => break,
            Err(_) => return (sent, false),
        }
    }
    let is_whole = decoder.finish().is_ok();
    (sent, is_whole)
}

/// Whole, in steps of one and of seven, and in random pieces.
fn assert_pieces_do_not_matter(what: &str, file: &[u8], seed: u64) {
    let whole = decode(file, || file.len(), None);
    let mut dice = Dice::new(seed);
    assert_eq!(decode(file, || 1, None), whole, "{what} in single bytes");
    assert_eq!(decode(file, || 7, None), whole, "{what} in sevens");
    let random = decode(file, || 1 + usize::try_from(dice.next() % 300).unwrap(), None);
    assert_eq!(random, whole, "{what} in random pieces");
}

const SEEDS: [(&str, &[u8]); 3] = [
    ("rgb", include_bytes!("../../../../tests/hostile/rgb.png")),
    ("rgba", include_bytes!("../../../../tests/hostile/rgba.png")),
    ("adam7", include_bytes!("../../../../tests/hostile/adam7.png")),
];

/// A file by the `png` crate, larger than the window of deflate; no two rows are alike.
fn made(
    width: u32,
    height: u32,
    colour: png::ColorType,
    depth: png::BitDepth,
    filter: png::Filter,
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_filter(filter);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(Dice::new(3).bytes(256 * 3));
    }
    let row_bytes = (width as usize * colour.samples() * depth as usize).div_ceil(8);
    let mut dice = Dice::new(5);
    let samples: Vec<u8> = (0..row_bytes * height as usize)
        .map(|index| (index / row_bytes + index % row_bytes / 3).to_le_bytes()[0] ^ (dice.bytes(1)[0] & 3))
        .collect();
    encoder.write_header().unwrap().write_image_data(&samples).unwrap();
    file
}

#[test]
fn pieces_do_not_matter() {
    for (name, file) in SEEDS {
        assert_pieces_do_not_matter(name, file, 1);
    }
    for filter in [png::Filter::Sub, png::Filter::Avg, png::Filter::Paeth, png::Filter::Adaptive] {
        let file = made(251, 220, png::ColorType::Rgb, png::BitDepth::Eight, filter);
        assert_pieces_do_not_matter("a larger picture", &file, 2);
    }
}

#[test]
fn broken_files_are_the_same_in_any_pieces() {
    let mut dice = Dice::new(23);
    for round in 0..300 {
        let (name, seed) = SEEDS[round % SEEDS.len()];
        let mut file = seed.to_vec();
        for _ in 0..=dice.next() % 3 {
            let at = 33 + usize::try_from(dice.next()).unwrap() % (file.len() - 33);
            file[at] = dice.bytes(1)[0];
        }
        if Header::read(&file).is_ok() {
            let (whole, pieces) = (decode(&file, || usize::MAX, None), decode(&file, || 1, None));
            assert_eq!(whole.1, pieces.1, "{name}, round {round}");
            assert!(!whole.1 || whole == pieces, "{name}, round {round}");
        }
    }
}

#[test]
fn every_cut_is_refused() {
    for (name, file) in SEEDS {
        assert!(decode(file, || 64, None).1, "{name}");
        // The last four bytes are a checksum behind everything that was asked for, as is the kind before it.
        for end in 33..file.len() - 4 {
            assert!(!decode(&file[..end], || 64, None).1, "{name} to {end}");
        }
    }
}

#[test]
fn no_more_is_read_than_is_wanted() {
    for (name, file) in SEEDS {
        let (whole, _) = decode(file, || 16, None);
        for wanted in 1..whole.rows.len() {
            let (sent, is_well) = decode(file, || 16, Some(wanted));
            assert!(is_well, "{name}");
            assert_eq!(sent.rows, whole.rows[..wanted], "{name}");
        }
    }
    // What is broken further down does not matter then.
    let (_, file) = SEEDS[0];
    let (sent, is_well) = decode(file, || 1, Some(1));
    assert!(is_well && sent.rows.len() == 1);
}

#[test]
fn what_is_behind_the_pixels_does_not_matter() {
    let (_, file) = SEEDS[0];
    let (head, end) = file.split_at(file.len() - 12);
    let unknown = [head, b"\0\0\0\x01ABCD\0\0\0\0\0", end].concat();
    assert!(decode(&unknown, || 9, None).1);
    assert_eq!(decode(&unknown, || 9, None), decode(file, || 9, None));
}

/// The header of a picture of bytes, three to a pixel.
fn rgb_header(width: u32, height: u32, interlaced: bool) -> Header {
    let coding = Coding::Png { interlaced, row_bytes: u64::from(width) * 3 + 1 };
    Header {
        format: Format::Png,
        size: Size::new(width, height),
        turn: Turn::NONE,
        alpha: false,
        coding,
        asides: Arc::default(),
        conversion: None,
        animation: None,
    }
}

#[test]
fn what_is_held_does_not_grow_with_the_height() {
    let held = held_bytes(&rgb_header(1_920, 1_080, false));
    assert!(held <= 200 << 10, "{held}");
    assert_eq!(held, held_bytes(&rgb_header(1_920, 50_000, false)));
    let interlaced = held_bytes(&rgb_header(1_920, 1_080, true));
    assert!(interlaced <= 700 << 10, "{interlaced}");
    assert_eq!(interlaced, held_bytes(&rgb_header(1_920, 50_000, true)));
}

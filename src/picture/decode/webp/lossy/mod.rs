//! VP8 key frames (RFC 6386), decoded by rows of macroblocks.
//!
//! Macroblocks are predicted from samples before the loop filter, so that a picture that is reduced does without the
//! filter and nothing drifts. Frames that refer to others are none of WebP's.

mod bools;
mod boxes;
mod filter;
mod header;
mod modes;
mod strip;
mod tokens;

use std::ops::ControlFlow;

use self::bools::Bools;
use self::filter::Place;
use self::header::FrameHeader;
use self::modes::Block;
use self::strip::{Spot, Strip};
use self::tokens::{Beside, Filling, Residue};
use super::{Broken, Reason};
use crate::geometry::Size;
use crate::picture::rows::{Colours, Layout, Plane, RowSink};
use crate::picture::vp8::desk::{Above, CHROMA, Desk, LINE, LUMA};
use crate::picture::vp8::modes::{Luma, Mode};
use crate::picture::vp8::predict::{self, Within};
use crate::picture::vp8::transform;

/// A frame that was opened.
#[derive(Debug)]
pub(super) struct Lossy<'a> {
    header: FrameHeader,
    modes: Bools<'a>,
    partitions: Vec<Bools<'a>>,
}

/// What is known of the macroblock above.
#[derive(Debug, Clone, Copy)]
struct Column {
    samples: Above,
    modes: [Mode; 4],
    beside: Beside,
}

/// What planes a picture of this size has at one `reduction`-th of it.
pub(super) fn layout(size: Size, reduction: u8) -> Layout {
    let density = 1.0 / f64::from(reduction.max(1));
    let [luma, blue, red] = strip::plane_sizes(size, reduction.into());
    let plane = |size, density| Plane { size, density: (density, density) };
    let planes = vec![plane(luma, density), plane(blue, density / 2.0), plane(red, density / 2.0)];
    Layout { colours: Colours::VideoYcc, planes }
}

/// Bytes that decoding a frame of this size holds.
pub(super) fn held_bytes(size: Size, reduction: u8) -> u64 {
    let columns = (size.width as usize).div_ceil(16) * size_of::<Column>();
    let strip = Strip::bytes(size, reduction.max(1).into());
    let tables = size_of::<[header::PlaneTokens; 4]>() + 8 * size_of::<Bools>();
    (columns + strip + tables) as u64
}

impl<'a> Lossy<'a> {
    /// Opens the data of a `VP8 ` chunk.
    pub(super) fn open(frame: &'a [u8]) -> Result<Self, Reason> {
        let (header, modes, partitions) = header::open(frame)?;
        Ok(Self { header, modes, partitions })
    }

    pub(super) fn size(frame: &[u8]) -> Result<Size, Reason> {
        header::size(frame)
    }

    /// Decodes into rows of luma (plane 0) and differences (1 and 2), two rows of luma before those of chroma
    /// that lie between them.
    pub(super) fn decode(self, reduction: u8, sink: &mut dyn RowSink) -> Result<(), Reason> {
        self.decode_with(reduction, reduction == 1, sink)
    }

    fn decode_with(self, reduction: u8, is_smoothed: bool, sink: &mut dyn RowSink) -> Result<(), Reason> {
        let Self { header, mut modes, mut partitions } = self;
        let size = header.size;
        let (width, height) = ((size.width as usize).div_ceil(16), (size.height as usize).div_ceil(16));
        let outside = Column { samples: Above::OUTSIDE, modes: [Mode::Dc; 4], beside: Beside::default() };
        let mut columns = vec![outside; width];
        let mut strip = Strip::new(size, reduction.into());
        let mut maker = Maker { desk: Desk::new(), residue: Residue::new() };
        let count = partitions.len().max(1);
        for y in 0..height {
            let tokens = partitions.get_mut(y % count).broken("no partition")?;
            maker.desk.begin_row(y == 0);
            let mut left = Left::default();
            for x in 0..width {
                let spot = Spot { x, y };
                let right = above_right(&columns, spot);
                let column = columns.get_mut(x).broken("no column")?;
                let block = Block::read(
                    &mut modes,
                    header.segment_tree,
                    header.filled,
                    &mut column.modes,
                    &mut left.modes,
                );
                let is_filled = maker.fill(tokens, &header, &block, column, &mut left);
                maker.make(&block, column, right, spot);
                strip.take(&maker.desk, spot);
                if is_smoothed {
                    smooth(&mut strip, &header, &block, spot, is_filled);
                }
            }
            if modes.is_overdrawn() || tokens.is_overdrawn() {
                return Err("a VP8 partition ends too early");
            }
            if strip.send(y, sink) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

/// What is known of the macroblock to the left.
#[derive(Debug, Default)]
struct Left {
    modes: [Mode; 4],
    beside: Beside,
}

/// The samples above the macroblock to the right; in the last column the last one above is repeated.
fn above_right(columns: &[Column], spot: Spot) -> [u8; 4] {
    let next = columns.get(spot.x + 1).and_then(|column| column.samples.luma.first_chunk::<4>());
    match (next, columns.get(spot.x)) {
        (Some(&next), _) => next,
        (None, Some(own)) => [own.samples.luma[15]; 4],
        (None, None) => [0; 4],
    }
}

fn smooth(strip: &mut Strip, header: &FrameHeader, block: &Block, spot: Spot, is_filled: bool) {
    let has_subblocks = matches!(block.luma, Luma::Subblocks(_));
    let levels = header.smoothing.get(block.segment).copied().unwrap_or_default();
    let smoothing = if has_subblocks { levels[1] } else { levels[0] };
    if smoothing.limit == 0 {
        return;
    }
    let place = Place { has_left: spot.x > 0, has_above: spot.y > 0, has_inner: has_subblocks || is_filled };
    strip.smooth(spot, smoothing, header.is_simple_filter, place);
}

/// Makes macroblocks.
#[derive(Debug)]
struct Maker {
    desk: Desk,
    residue: Residue,
}

impl Maker {
    /// Reads the coefficients of a macroblock; whether there are any.
    fn fill(
        &mut self,
        tokens: &mut Bools,
        header: &FrameHeader,
        block: &Block,
        column: &mut Column,
        left: &mut Left,
    ) -> bool {
        let has_subblocks = matches!(block.luma, Luma::Subblocks(_));
        if block.is_empty {
            for beside in [&mut column.beside.0, &mut left.beside.0] {
                // Where there is no block of first coefficients, what is known of the last one stays.
                let firsts = if has_subblocks { beside[8] } else { 0 };
                *beside = [0; 9];
                beside[8] = firsts;
            }
            self.residue.fillings = [Filling::None; 24];
            return false;
        }
        let steps = header.steps.get(block.segment).copied().unwrap_or_default();
        let beside = (&mut column.beside, &mut left.beside);
        self.residue.read(tokens, &header.tokens, &steps, has_subblocks, beside.0, beside.1)
    }

    /// Predicts a macroblock and adds its coefficients.
    fn make(&mut self, block: &Block, column: &mut Column, right: [u8; 4], spot: Spot) {
        let Self { desk, residue } = self;
        if spot.x > 0 {
            desk.step_right();
        }
        desk.set_above(&column.samples, right);
        let within = Within { above: spot.y > 0, left: spot.x > 0 };
        match &block.luma {
            Luma::Whole(mode) => {
                predict::whole::<16>(desk, LUMA, *mode, within);
                (0..16)
                    .for_each(|index| residue.add(index, desk, LUMA + index / 4 * 4 * LINE + index % 4 * 4));
            }
            Luma::Subblocks(modes) => {
                for (index, &mode) in modes.iter().enumerate() {
                    let at = LUMA + index / 4 * 4 * LINE + index % 4 * 4;
                    predict::subblock(desk, at, mode);
                    residue.add(index, desk, at);
                }
            }
        }
        for (plane, at) in CHROMA.into_iter().enumerate() {
            predict::whole::<8>(desk, at, block.chroma, within);
            for index in 0..4 {
                residue.add(16 + plane * 4 + index, desk, at + index / 2 * 4 * LINE + index % 2 * 4);
            }
        }
        column.samples = desk.bottom();
    }
}

impl Residue {
    /// Adds one block to what is predicted, and clears it.
    #[inline]
    fn add(&mut self, index: usize, desk: &mut Desk, at: usize) {
        let (Some(block), Some(filling)) = (self.blocks.get_mut(index), self.fillings.get(index)) else {
            return;
        };
        match filling {
            Filling::None => {}
            Filling::First => {
                transform::add_first(desk, at, block[0]);
                block[0] = 0;
            }
            Filling::Full => {
                transform::add_full(desk, at, block);
                *block = [0; 16];
            }
        }
    }
}

/// All samples of all planes of a frame, before edges are smoothed.
#[cfg(test)]
pub(in crate::picture) fn unsmoothed_planes(frame: &[u8]) -> [Vec<u8>; 3] {
    tests::decoded(frame, 1, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::encode::{Encoding, encode};
    use crate::picture::{Channels, Picture};

    /// All samples of all planes.
    #[derive(Default)]
    struct Planes([Vec<u8>; 3]);

    impl RowSink for Planes {
        fn begin(&mut self, _: &Layout) {}

        fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
            self.0[plane].extend_from_slice(row);
            ControlFlow::Continue(())
        }
    }

    /// The frame of a lossy picture of waves and noise.
    fn frame(size: Size) -> Vec<u8> {
        let mut state = 0x2545_F491_u32;
        let samples = (0..size.width * size.height * 3).map(|at| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (((at / 21) ^ (at / size.width)) % 200 + state % 24).to_le_bytes()[0]
        });
        let picture = Picture::new(size, Channels::Rgb, samples.collect()).unwrap();
        let file = encode(&picture, Encoding::new(crate::format::Format::Webp, 80)).unwrap();
        let at = file.windows(4).position(|name| name == b"VP8 ").unwrap();
        file[at + 8..].to_vec()
    }

    pub(super) fn decoded(frame: &[u8], reduction: u8, is_smoothed: bool) -> [Vec<u8>; 3] {
        let mut planes = Planes::default();
        Lossy::open(frame).unwrap().decode_with(reduction, is_smoothed, &mut planes).unwrap();
        planes.0
    }

    fn box_means(plane: &[u8], size: Size, length: usize) -> Vec<u8> {
        let (width, height) = (size.width as usize, size.height as usize);
        let corners =
            (0..height).step_by(length).flat_map(|y| (0..width).step_by(length).map(move |x| (x, y)));
        let mean = |(x, y): (usize, usize)| {
            let rows = plane.chunks(width).skip(y).take(length);
            let samples: Vec<u32> =
                rows.flat_map(|row| row[x..width.min(x + length)].iter().map(|&s| u32::from(s))).collect();
            let count = u32::try_from(samples.len()).unwrap();
            ((samples.iter().sum::<u32>() + count / 2) / count).to_le_bytes()[0]
        };
        corners.map(mean).collect()
    }

    #[test]
    fn reductions_are_means_of_what_is_not_smoothed() {
        for size in [(1, 1), (7, 5), (16, 16), (17, 33), (50, 31), (70, 66)].map(|(w, h)| Size::new(w, h)) {
            let frame = frame(size);
            let whole = decoded(&frame, 1, false);
            assert!(size.width <= 16 || whole != decoded(&frame, 1, true), "nothing was smoothed");
            let sizes = strip::plane_sizes(size, 1);
            for reduction in [2, 4, 8] {
                let reduced = decoded(&frame, reduction, false);
                for plane in 0..3 {
                    let expected = box_means(&whole[plane], sizes[plane], reduction.into());
                    assert_eq!(reduced[plane], expected, "{size:?} at {reduction}, plane {plane}");
                }
            }
        }
    }

    #[test]
    fn planes_have_the_sizes_that_were_told() {
        let size = Size::new(37, 21);
        let frame = frame(size);
        for reduction in [1, 2, 4, 8] {
            let layout = layout(size, reduction);
            let lengths = layout.planes.iter().map(|plane| (plane.size.width * plane.size.height) as usize);
            let planes = decoded(&frame, reduction, reduction == 1);
            assert!(lengths.eq(planes.iter().map(Vec::len)), "{layout:?}");
        }
        assert_eq!(layout(size, 4).planes[1].size, Size::new(5, 3));
        assert!((layout(size, 4).planes[1].density.0 - 0.125).abs() < 1e-9);
    }
}

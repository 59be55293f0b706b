//! The samples of one row of MCUs, and their way out.

use std::ops::{ControlFlow, Range};

use super::frame::{Component, Frame};
use super::idct::{Block, write_pairs};
use crate::picture::rows::RowSink;
use crate::picture::svg::Drawn;

/// One component's share of a row of MCUs.
#[derive(Debug)]
struct Strip {
    samples: Vec<u8>,
    /// Blocks of two samples a side, which are written a row of them at a time.
    pairs: Vec<[f32; 4]>,
    side: usize,
    /// Blocks in a row.
    across: usize,
    stride: usize,
    /// Rows of samples in it.
    rows: usize,
}

/// Those of all components.
#[derive(Debug)]
pub(super) struct Strips {
    each: Vec<Strip>,
    /// Samples are complements of what they should be.
    is_inverted: bool,
}

impl Strips {
    pub(super) fn new(frame: &Frame, has_plain_ink: bool) -> Self {
        let strip = |component: &Component| {
            let (across, down) = (frame.mcus.0 * component.across, component.down);
            let stride = across * component.side;
            let rows = down * component.side;
            let pairs = vec![[0.0; 4]; if component.side == 2 { across * down } else { 0 }];
            Strip { samples: vec![0; stride * rows], pairs, side: component.side, across, stride, rows }
        };
        Self {
            each: frame.components.iter().map(strip).collect(),
            is_inverted: has_plain_ink && frame.components.len() == 4,
        }
    }

    /// The block of two samples a side that stands at `place` (column and row of blocks).
    #[inline]
    pub(super) fn pair(&mut self, component: usize, place: (usize, usize)) -> Option<&mut [f32; 4]> {
        let strip = self.each.get_mut(component)?;
        strip.pairs.get_mut(place.1 * strip.across + place.0)
    }

    /// Writes a block of a component, which stands at `place`.
    #[inline]
    pub(super) fn write(
        &mut self,
        component: usize,
        place: (usize, usize),
        is_flat: bool,
        block: &mut Block,
    ) {
        let Some(strip) = self.each.get_mut(component) else { return };
        let at = (place.1 * strip.stride + place.0) * strip.side;
        let Some(out) = strip.samples.get_mut(at..) else { return };
        if is_flat {
            block.write_mean(strip.side, out, strip.stride);
        } else {
            block.write(strip.side, out, strip.stride);
        }
    }

    /// Hands on what the picture has of this row of MCUs.
    pub(super) fn send(&mut self, frame: &Frame, row: usize, sink: &mut dyn RowSink) -> ControlFlow<()> {
        for (plane, (strip, component)) in self.each.iter_mut().zip(&frame.components).enumerate() {
            strip.write_pairs();
            if self.is_inverted {
                strip.samples.iter_mut().for_each(|sample| *sample = !*sample);
            }
            let (width, height) = (component.plane.size.width as usize, component.plane.size.height as usize);
            let left = height.saturating_sub(row * strip.rows);
            for line in strip.samples.chunks_exact(strip.stride).take(left) {
                sink.row(plane, line.get(..width).unwrap_or_default())?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Strip {
    fn write_pairs(&mut self) {
        let rows = self.samples.chunks_exact_mut(2 * self.stride);
        for (pairs, out) in self.pairs.chunks_exact_mut(self.across).zip(rows) {
            write_pairs(pairs, out, self.stride);
        }
    }
}

/// The part of a picture that is looked at, in its pixels. Samples elsewhere may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Columns.
    pub columns: Range<u32>,
    /// Rows.
    pub rows: Range<u32>,
    /// How it is drawn, where it is a drawing: then these are columns and rows of what is drawn.
    pub drawn: Option<Drawn>,
}

impl Wanted {
    /// The rows and columns of MCUs that the wanted part lies on.
    pub(super) fn mcus(&self, frame: &Frame) -> (Range<usize>, Range<usize>) {
        let range = |pixels: &Range<u32>, mcu: u32, count: usize| {
            let end = (pixels.end.div_ceil(mcu) as usize).min(count);
            ((pixels.start / mcu) as usize).min(end)..end
        };
        (range(&self.columns, frame.mcu.0, frame.mcus.0), range(&self.rows, frame.mcu.1, frame.mcus.1))
    }
}

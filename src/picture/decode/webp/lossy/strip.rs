//! From macroblocks to rows of planes: a strip of one row of macroblocks, reduced or smoothed.

use std::ops::ControlFlow;

use super::boxes;
use super::filter::{Field, Place};
use super::header::Smoothing;
use crate::geometry::Size;
use crate::picture::rows::RowSink;
use crate::picture::vp8::desk::{CHROMA, Desk, LINE, LUMA};

/// Lines of luma and of chroma that wait for the row of macroblocks below: it changes three of each, and looks at a
/// fourth; luma comes in pairs with a line of chroma.
const KEPT: [usize; 3] = [6, 4, 4];

/// Where a macroblock is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) x: usize,
    pub(super) y: usize,
}

/// A strip of rows of the three planes.
#[derive(Debug)]
pub(super) struct Strip {
    reduction: usize,
    /// Of the planes as they come out.
    sizes: [Size; 3],
    /// Of the planes as they are coded.
    coded: [Size; 3],
    strides: [usize; 3],
    samples: [Vec<u8>; 3],
}

/// Sizes of the planes of a picture at one `reduction`-th of its size.
pub(super) fn plane_sizes(size: Size, reduction: usize) -> [Size; 3] {
    let by = u32::try_from(reduction).unwrap_or(1).max(1);
    let chroma = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
    [size, chroma, chroma].map(|plane| Size::new(plane.width.div_ceil(by), plane.height.div_ceil(by)))
}

impl Strip {
    /// `reduction` is 1, 2, 4 or 8.
    pub(super) fn new(size: Size, reduction: usize) -> Self {
        let strides = strides(size, reduction);
        let lines = lines(reduction);
        Self {
            reduction,
            sizes: plane_sizes(size, reduction),
            coded: plane_sizes(size, 1),
            strides,
            samples: [0, 1, 2].map(|plane: usize| {
                vec![0; strides.get(plane).unwrap_or(&0) * lines.get(plane).unwrap_or(&0)]
            }),
        }
    }

    /// Bytes that a strip holds.
    pub(super) fn bytes(size: Size, reduction: usize) -> usize {
        strides(size, reduction).iter().zip(lines(reduction)).map(|(stride, lines)| stride * lines).sum()
    }

    /// Takes a macroblock.
    #[inline]
    pub(super) fn take(&mut self, desk: &Desk, spot: Spot) {
        match self.reduction {
            1 => self.copy(desk, spot),
            2 => self.reduce::<2>(desk, spot),
            4 => self.reduce::<4>(desk, spot),
            _ => self.reduce::<8>(desk, spot),
        }
    }

    fn copy(&mut self, desk: &Desk, spot: Spot) {
        let [luma, blue, red] = &mut self.samples;
        let [stride, chroma_stride, _] = self.strides;
        let at = KEPT[0] * stride + spot.x * 16;
        for y in 0..16 {
            put::<16>(luma, at + y * stride, desk.row(LUMA + y * LINE));
        }
        let at = KEPT[1] * chroma_stride + spot.x * 8;
        for y in 0..8 {
            put::<8>(blue, at + y * chroma_stride, desk.row(CHROMA[0] + y * LINE));
            put::<8>(red, at + y * chroma_stride, desk.row(CHROMA[1] + y * LINE));
        }
    }

    /// Smooths the edges of the macroblock that was copied last.
    pub(super) fn smooth(&mut self, spot: Spot, smoothing: Smoothing, is_simple: bool, place: Place) {
        let [luma, blue, red] = &mut self.samples;
        let [stride, chroma_stride, _] = self.strides;
        let at = KEPT[0] * stride + spot.x * 16;
        let mut field = Field { samples: luma, stride };
        if is_simple {
            field.simple(at, smoothing, place);
            return;
        }
        field.normal::<16>(at, smoothing, place);
        let at = KEPT[1] * chroma_stride + spot.x * 8;
        for samples in [blue, red] {
            Field { samples, stride: chroma_stride }.normal::<8>(at, smoothing, place);
        }
    }

    fn reduce<const R: usize>(&mut self, desk: &Desk, spot: Spot) {
        for (plane, (from, side)) in [(LUMA, 16), (CHROMA[0], 8), (CHROMA[1], 8)].into_iter().enumerate() {
            let (Some(coded), Some(samples), Some(&stride)) =
                (self.coded.get(plane), self.samples.get_mut(plane), self.strides.get(plane))
            else {
                continue;
            };
            let within = |length: u32, at: usize| (length as usize).saturating_sub(at * side).min(side);
            let (width, height) = (within(coded.width, spot.x), within(coded.height, spot.y));
            let at = spot.x * side / R;
            if width.is_multiple_of(R) && height.is_multiple_of(R) {
                whole_boxes::<R>(desk, from, side, samples, at, stride);
            } else {
                cut_boxes::<R>(desk, from, (width, height), samples, at, stride);
            }
        }
    }

    /// Hands the rows on that are finished when a row of macroblocks is.
    pub(super) fn send(&mut self, y: usize, sink: &mut dyn RowSink) -> ControlFlow<()> {
        let rows_left = |plane: usize, side: usize| {
            let height = self.sizes.get(plane).map_or(0, |size| size.height as usize);
            height.saturating_sub(y * side / self.reduction)
        };
        let (luma_left, chroma_left) = (rows_left(0, 16), rows_left(1, 8));
        let (luma, chroma) = if self.reduction > 1 {
            (0..luma_left.min(16 / self.reduction), 0..chroma_left.min(8 / self.reduction))
        } else {
            let is_first = y == 0;
            let (start, chroma_start) = if is_first { (KEPT[0], KEPT[1]) } else { (0, 1) };
            if luma_left <= 16 {
                (start..KEPT[0] + luma_left, chroma_start..KEPT[1] + chroma_left)
            } else {
                (start..16, chroma_start..9)
            }
        };
        self.send_rows(luma, chroma, sink)?;
        if self.reduction == 1 {
            self.keep();
        }
        ControlFlow::Continue(())
    }

    /// Two rows of luma, then those of chroma between them.
    fn send_rows(
        &self,
        mut luma: std::ops::Range<usize>,
        chroma: std::ops::Range<usize>,
        sink: &mut dyn RowSink,
    ) -> ControlFlow<()> {
        let mut send = |plane: usize, row: usize| {
            let (Some(size), Some(samples), Some(stride)) =
                (self.sizes.get(plane), self.samples.get(plane), self.strides.get(plane))
            else {
                return ControlFlow::Break(());
            };
            let row = samples.get(row * stride..).and_then(|rest| rest.get(..size.width as usize));
            row.map_or(ControlFlow::Break(()), |row| sink.row(plane, row))
        };
        for row in chroma {
            luma.by_ref().take(2).try_for_each(|row| send(0, row))?;
            send(1, row)?;
            send(2, row)?;
        }
        // Where boxes are larger than what is left of chroma.
        luma.try_for_each(|row| send(0, row))
    }

    /// Moves the last lines to the top, above those of the next row of macroblocks.
    fn keep(&mut self) {
        for ((samples, &stride), kept) in self.samples.iter_mut().zip(&self.strides).zip(KEPT) {
            let start = samples.len().saturating_sub(kept * stride);
            samples.copy_within(start.., 0);
        }
    }
}

fn strides(size: Size, reduction: usize) -> [usize; 3] {
    let blocks = (size.width as usize).div_ceil(16);
    [blocks * 16 / reduction, blocks * 8 / reduction, blocks * 8 / reduction]
}

fn lines(reduction: usize) -> [usize; 3] {
    match reduction {
        1 => [KEPT[0] + 16, KEPT[1] + 8, KEPT[2] + 8],
        _ => [16 / reduction, 8 / reduction, 8 / reduction],
    }
}

#[inline(always)]
fn put<const N: usize>(samples: &mut [u8], at: usize, row: [u8; N]) {
    if let Some(place) = samples.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = row;
    }
}

/// The boxes of a macroblock's plane that lies within the picture.
#[inline(always)]
fn whole_boxes<const R: usize>(
    desk: &Desk,
    from: usize,
    side: usize,
    samples: &mut [u8],
    at: usize,
    stride: usize,
) {
    for y in 0..side / R {
        for x in 0..side / 8 {
            let from = from + y * R * LINE + x * 8;
            let line = |line: usize| u64::from_le_bytes(desk.row(from + line * LINE));
            let at = at + y * stride + x * (8 / R);
            match R {
                2 => put(samples, at, boxes::halves([line(0), line(1)])),
                4 => put(samples, at, boxes::quarters([0, 1, 2, 3].map(line))),
                _ => put(samples, at, [boxes::eighth([0, 1, 2, 3, 4, 5, 6, 7].map(line))]),
            }
        }
    }
}

/// The boxes at the right and lower edge: of each, what lies within the picture.
#[cold]
fn cut_boxes<const R: usize>(
    desk: &Desk,
    from: usize,
    (width, height): (usize, usize),
    samples: &mut [u8],
    at: usize,
    stride: usize,
) {
    for top in (0..height).step_by(R) {
        for left in (0..width).step_by(R) {
            let inside = (top..height.min(top + R)).flat_map(|y| {
                let row: [u8; 16] = desk.row(from + y * LINE);
                (left..width.min(left + R)).filter_map(move |x| row.get(x).copied())
            });
            put(samples, at + top / R * stride + left / R, [boxes::mean(inside)]);
        }
    }
}

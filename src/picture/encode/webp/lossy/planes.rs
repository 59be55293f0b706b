//! The picture as VP8 sees it: luma and halved chroma, in whole macroblocks.

use crate::geometry::Size;
use crate::picture::ycc::{Converter, Range};
use crate::picture::{Channels, Picture};

/// Samples of luma and of blue and red difference. What goes beyond the picture repeats its edges.
#[derive(Debug)]
pub(super) struct Planes {
    /// Macroblocks across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) luma: Vec<u8>,
    pub(super) chroma: [Vec<u8>; 2],
}

/// A macroblock's samples.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) luma: [[u8; 16]; 16],
    pub(super) chroma: [[[u8; 8]; 8]; 2],
}

impl Planes {
    /// The planes of a picture, whose alpha is left out.
    pub(super) fn of(picture: &Picture) -> Self {
        let Size { width, height } = picture.size();
        let (across, down) = (width.div_ceil(16) as usize, height.div_ceil(16) as usize);
        let room = |side: usize| Vec::with_capacity(across * side * down * side);
        let mut planes = Self { across, down, luma: room(16), chroma: [room(8), room(8)] };
        let mut converter = Converter::new(picture.size(), Range::Video);
        let mut opaque = Vec::new();
        for row in picture.rows() {
            let row = match picture.channels() {
                Channels::Rgb => row,
                Channels::Rgba => {
                    opaque.clear();
                    opaque.extend(row.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]));
                    &opaque
                }
            };
            let Some(rows) = converter.row(row) else { continue };
            for row in rows.luma {
                widen(&mut planes.luma, row, width as usize, across * 16);
            }
            for (plane, row) in planes.chroma.iter_mut().zip(rows.differences) {
                widen(plane, row, width.div_ceil(2) as usize, across * 8);
            }
        }
        lengthen(&mut planes.luma, across * 16, down * 16);
        planes.chroma.iter_mut().for_each(|plane| lengthen(plane, across * 8, down * 8));
        planes
    }

    /// The samples of a macroblock.
    pub(super) fn block(&self, x: usize, y: usize) -> Block {
        let chroma =
            |plane: &[u8]| std::array::from_fn(|row| part(plane, ((y * 8 + row) * self.across + x) * 8));
        let [blue, red] = &self.chroma;
        Block {
            luma: std::array::from_fn(|row| part(&self.luma, ((y * 16 + row) * self.across + x) * 16)),
            chroma: [chroma(blue), chroma(red)],
        }
    }
}

#[inline(always)]
fn part<const N: usize>(plane: &[u8], at: usize) -> [u8; N] {
    plane.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

/// Adds a row, whose last sample is repeated.
fn widen(plane: &mut Vec<u8>, row: &[u8], width: usize, to: usize) {
    let end = plane.len() + to;
    let row = row.get(..width).unwrap_or(row);
    plane.extend_from_slice(row);
    plane.resize(end, row.last().copied().unwrap_or_default());
}

/// Repeats the last row.
fn lengthen(plane: &mut Vec<u8>, stride: usize, rows: usize) {
    while plane.len() < stride * rows {
        let start = plane.len().saturating_sub(stride);
        plane.extend_from_within(start..);
    }
}

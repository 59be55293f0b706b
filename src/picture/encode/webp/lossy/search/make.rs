//! Macroblocks on the desk: their blocks, and levels that become samples again.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]

use super::super::eight::Rows;
use super::super::quantiser::Quantiser;
use crate::picture::vp8::desk::{Desk, LINE, LUMA};
use crate::picture::vp8::tables::ZIGZAG;
use crate::picture::vp8::transform;

/// Where a luma block is on the desk.
#[inline(always)]
pub(super) fn luma_at(index: usize) -> usize {
    LUMA + index / 4 * 4 * LINE + index % 4 * 4
}

/// What is on the desk.
#[inline(always)]
pub(super) fn rows(desk: &Desk, at: usize) -> Rows {
    [0, 1, 2, 3].map(|y| u32::from_le_bytes(desk.row(at + y * LINE)))
}

/// Levels times steps, row by row.
#[inline(always)]
pub(super) fn coefficients(levels: &[i16; 16], quantiser: &Quantiser) -> [i16; 16] {
    let mut block = [0; 16];
    for (n, &level) in levels.iter().enumerate() {
        block[usize::from(ZIGZAG[n])] = level.wrapping_mul(quantiser.steps[usize::from(n > 0)]);
    }
    block
}

/// Adds a block to what is predicted.
#[inline]
pub(super) fn add(desk: &mut Desk, at: usize, block: &[i16; 16], end: u8) {
    if end > 1 {
        transform::add_full(desk, at, block);
    } else if block[0] != 0 {
        transform::add_first(desk, at, block[0]);
    }
}

/// A luma block of what is coded.
#[inline(always)]
pub(super) fn subblock(luma: &[[u8; 16]; 16], index: usize) -> Rows {
    let (x, y) = (index % 4, index / 4 * 4);
    [0, 1, 2, 3].map(|row| {
        let (words, _) = luma[y + row].as_chunks::<4>();
        u32::from_le_bytes(words[x])
    })
}

//! How macroblocks are predicted (RFC 6386, sections 8 and 11).

use super::bools::Bools;
use crate::picture::vp8::modes::{Luma, Mode};
use crate::picture::vp8::tables::SUBBLOCK_MODES;

/// What stands before the coefficients of a macroblock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) segment: usize,
    pub(super) is_empty: bool,
    pub(super) luma: Luma,
    pub(super) chroma: Mode,
}

impl Block {
    /// Reads what is told of a macroblock, given the subblocks' modes above and to the left.
    pub(super) fn read(
        bools: &mut Bools,
        segment_tree: Option<[u8; 3]>,
        filled: Option<u8>,
        above: &mut [Mode; 4],
        left: &mut [Mode; 4],
    ) -> Self {
        let segment = segment_tree.map_or(0, |tree| segment(bools, tree));
        let is_empty = filled.is_some_and(|probability| bools.bit(probability));
        let luma = if bools.bit(145) {
            let mode = whole_luma(bools);
            (*above, *left) = ([mode; 4], [mode; 4]);
            Luma::Whole(mode)
        } else {
            Luma::Subblocks(subblocks(bools, above, left))
        };
        Self { segment, is_empty, luma, chroma: chroma(bools) }
    }
}

fn segment(bools: &mut Bools, [first, low, high]: [u8; 3]) -> usize {
    if bools.bit(first) { 2 + usize::from(bools.bit(high)) } else { usize::from(bools.bit(low)) }
}

fn whole_luma(bools: &mut Bools) -> Mode {
    match bools.bit(156) {
        true if bools.bit(128) => Mode::TrueMotion,
        true => Mode::Horizontal,
        false if bools.bit(163) => Mode::Vertical,
        false => Mode::Dc,
    }
}

fn chroma(bools: &mut Bools) -> Mode {
    if !bools.bit(142) {
        Mode::Dc
    } else if !bools.bit(114) {
        Mode::Vertical
    } else if bools.bit(183) {
        Mode::TrueMotion
    } else {
        Mode::Horizontal
    }
}

fn subblocks(outer: &mut Bools, above: &mut [Mode; 4], left: &mut [Mode; 4]) -> [Mode; 16] {
    // A reader of its own stays in registers.
    let mut bools = *outer;
    let mut modes = [Mode::Dc; 16];
    for (row, left) in modes.as_chunks_mut::<4>().0.iter_mut().zip(left) {
        for (mode, above) in row.iter_mut().zip(above.iter_mut()) {
            let p = SUBBLOCK_MODES.get(*above as usize).and_then(|by_left| by_left.get(*left as usize));
            *mode = p.map_or(Mode::Dc, |p| subblock(&mut bools, p));
            (*above, *left) = (*mode, *mode);
        }
    }
    *outer = bools;
    modes
}

#[inline(always)]
fn subblock(bools: &mut Bools, p: &[u8; 9]) -> Mode {
    bools.ensure();
    if !bools.quick(p[0]) {
        return Mode::Dc;
    }
    if !bools.quick(p[1]) {
        return Mode::TrueMotion;
    }
    if !bools.quick(p[2]) {
        return Mode::Vertical;
    }
    if !bools.quick(p[3]) {
        bools.ensure();
        return match bools.quick(p[4]) {
            false => Mode::Horizontal,
            true if bools.quick(p[5]) => Mode::VerticalRight,
            true => Mode::RightDown,
        };
    }
    bools.ensure();
    match bools.quick(p[6]) {
        false => Mode::LeftDown,
        true if !bools.quick(p[7]) => Mode::VerticalLeft,
        true if bools.quick(p[8]) => Mode::HorizontalUp,
        true => Mode::HorizontalDown,
    }
}

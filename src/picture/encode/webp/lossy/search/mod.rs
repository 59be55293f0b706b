//! How each macroblock is predicted and what is coded of the rest: what costs least, of errors and bits together.

mod chroma;
mod make;
mod subblocks;
mod whole;

use super::costs::Costs;
use super::planes::Block;
use super::quantiser::as_float;
use super::residue::{Beside, Residue};
use super::segment::Segment;
use crate::picture::vp8::desk::Desk;
use crate::picture::vp8::modes::{Luma, Mode};
use crate::picture::vp8::predict::Within;

/// What is known of a macroblock above or to the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbour {
    pub(super) modes: [Mode; 4],
    pub(super) beside: Beside,
}

impl Neighbour {
    pub(super) const OUTSIDE: Self = Self { modes: [Mode::Dc; 4], beside: [0; 9] };
}

/// What a macroblock is searched with, and where it is made.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) desk: Desk,
    pub(super) costs: Costs,
    /// What was chosen last.
    pub(super) residue: Residue,
}

impl Search {
    /// Chooses how a macroblock is predicted, leaves its levels in `residue` and itself on the desk; its neighbours
    /// become it.
    pub(super) fn block(
        &mut self,
        source: &Block,
        segment: &Segment,
        within: Within,
        above: &mut Neighbour,
        left: &mut Neighbour,
    ) -> (Luma, Mode) {
        let whole = self.whole(source, segment, within, above, left);
        // Where there is next to nothing to code, subblocks would only have to tell their modes.
        let better =
            if whole.is_flat { None } else { self.subblocks(source, segment, whole.score, above, left) };
        let luma = match better {
            Some(modes) => {
                // Its levels are in the residue already.
                let [.., d0, b0, b1, b2, d1] = modes;
                let [_, _, _, a1, _, _, _, c1, ..] = modes;
                (above.modes, left.modes) = ([b0, b1, b2, d1], [a1, c1, d0, d1]);
                Luma::Subblocks(modes)
            }
            None => self.keep_whole(&whole, segment, within, above, left),
        };
        let chroma = self.chroma(source, segment, within, above, left);
        (luma, chroma)
    }
}

#[inline(always)]
pub(super) fn cost(bits: u32) -> f32 {
    as_float(bits.cast_signed())
}

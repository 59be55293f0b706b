//! Luma that is predicted as a whole, with its first coefficients in a block of their own.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]
#![expect(clippy::needless_range_loop, reason = "one index goes through several arrays")]
#![expect(clippy::cast_possible_truncation, reason = "levels and what becomes them fit 16 bits")]

use wide::i16x8;

use super::super::costs;
use super::super::eight::{Eight, Levels, Rows};
use super::super::planes::Block;
use super::super::quantiser::{Quantiser, as_float};
use super::super::residue::FIRSTS;
use super::super::segment::Segment;
use super::super::trellis::{self, Found};
use super::make::{add, coefficients, luma_at, rows, subblock};
use super::{Neighbour, Search, cost};
use crate::picture::vp8::desk::LUMA;
use crate::picture::vp8::hadamard;
use crate::picture::vp8::modes::{Luma, Mode};
use crate::picture::vp8::predict::{self, Within};
use crate::picture::vp8::tables::ZIGZAG;

/// A way to predict luma as a whole.
#[derive(Debug)]
pub(super) struct Whole {
    /// Errors and bits before levels are chosen with care.
    pub(super) score: f32,
    /// Whether nothing but first coefficients is left to code.
    pub(super) is_flat: bool,
    mode: Mode,
    /// The transformed residuals.
    halves: [Eight; 2],
}

impl Search {
    /// The best mode of luma as a whole.
    pub(super) fn whole(
        &mut self,
        source: &Block,
        segment: &Segment,
        within: Within,
        above: &Neighbour,
        left: &Neighbour,
    ) -> Whole {
        let sources: [Rows; 16] = std::array::from_fn(|i| subblock(&source.luma, i));
        let mut best = Whole {
            score: f32::INFINITY,
            is_flat: false,
            mode: Mode::Dc,
            halves: [Eight([i16x8::ZERO; 16]); 2],
        };
        for mode in Mode::WHOLE {
            predict::whole::<16>(&mut self.desk, LUMA, mode, within);
            let halves = [0, 8].map(|start: usize| {
                let source = std::array::from_fn(|i| sources[start + i]);
                let predicted = std::array::from_fn(|i| rows(&self.desk, luma_at(start + i)));
                Eight::residuals(&source, &predicted).forward()
            });
            let firsts = first_levels(&halves, &segment.firsts);
            let levels = halves.each_ref().map(|half| half.scaled(&segment.luma).levels(&segment.luma, 1));
            let told = self.costs.whole[mode as usize] + self.costs.kinds[0];
            let error = firsts.error + levels.iter().flat_map(|levels| levels.errors).sum::<f32>();
            let mut score = error + segment.lambdas.luma * cost(told.into());
            if score < best.score {
                score += segment.lambdas.luma * cost(self.whole_bits(&firsts, &levels, above, left));
            }
            if score < best.score {
                let is_flat = levels.iter().all(|levels| levels.ends == [0; 8]);
                best = Whole { score, is_flat, mode, halves };
            }
        }
        best
    }

    /// What levels of luma as a whole cost.
    fn whole_bits(&self, firsts: &Found, levels: &[Levels; 2], above: &Neighbour, left: &Neighbour) -> u32 {
        let context = usize::from(above.beside[8] + left.beside[8]);
        let mut bits = costs::block(&self.costs.planes[1], &firsts.levels, 0, firsts.end.into(), context);
        let (mut tops, mut sides) = (above.beside, left.beside);
        for index in 0..16 {
            let (x, y) = (index % 4, index / 4);
            let levels = &levels[index / 8];
            let end = usize::from(levels.ends[index % 8]);
            let context = usize::from(tops[x] + sides[y]);
            bits += costs::block(&self.costs.planes[0], &levels.blocks[index % 8], 1, end, context);
            (tops[x], sides[y]) = (u8::from(end > 0), u8::from(end > 0));
        }
        bits
    }

    /// Chooses the levels of luma as a whole and makes it on the desk.
    pub(super) fn keep_whole(
        &mut self,
        whole: &Whole,
        segment: &Segment,
        within: Within,
        above: &mut Neighbour,
        left: &mut Neighbour,
    ) -> Luma {
        let Whole { mode, halves, .. } = whole;
        (above.modes, left.modes) = ([*mode; 4], [*mode; 4]);
        predict::whole::<16>(&mut self.desk, LUMA, *mode, within);
        let firsts = self.keep_firsts(halves, segment, &mut above.beside[8], &mut left.beside[8]);
        let scaled = halves.map(|half| half.scaled(&segment.luma));
        for index in 0..16 {
            let (above, left) = (&mut above.beside[index % 4], &mut left.beside[index / 4]);
            let found = trellis::levels(
                &scaled[index / 8].block(index % 8),
                &segment.luma,
                &self.costs.planes[0],
                1,
                usize::from(*above + *left),
                segment.lambdas.whole_levels,
            );
            (*above, *left) = (u8::from(found.end > 0), u8::from(found.end > 0));
            self.residue.put(index, &found);
            let mut block = coefficients(&found.levels, &segment.luma);
            block[0] = firsts[index];
            add(&mut self.desk, luma_at(index), &block, found.end);
        }
        Luma::Whole(*mode)
    }

    /// Chooses the levels of first coefficients; what decoders make of them.
    fn keep_firsts(
        &mut self,
        halves: &[Eight; 2],
        segment: &Segment,
        above: &mut u8,
        left: &mut u8,
    ) -> [i16; 16] {
        let found = trellis::levels(
            &scaled_firsts(halves, &segment.firsts),
            &quartered(&segment.firsts),
            &self.costs.planes[1],
            0,
            usize::from(*above + *left),
            segment.lambdas.first_levels,
        );
        (*above, *left) = (u8::from(found.end > 0), u8::from(found.end > 0));
        self.residue.put(FIRSTS, &found);
        if found.end > 0 { hadamard::inverse(&coefficients(&found.levels, &segment.firsts)) } else { [0; 16] }
    }
}

/// The first coefficients of all luma blocks, transformed and scaled to 64ths of levels, in coded order.
#[inline]
fn scaled_firsts(halves: &[Eight; 2], quantiser: &Quantiser) -> [i16; 16] {
    let mut firsts = [0; 16];
    for (half, firsts) in halves.iter().zip(firsts.as_chunks_mut::<8>().0) {
        *firsts = half.0[0].to_array().map(i32::from);
    }
    let transformed = hadamard::forward(&firsts);
    std::array::from_fn(|n| {
        let scaled = transformed[usize::from(ZIGZAG[n])] * 4 / i32::from(quantiser.steps[usize::from(n > 0)]);
        scaled.clamp(-LARGEST, LARGEST) as i16
    })
}

/// As many 64ths as fit. Black beside white has more of them where steps are very small.
const LARGEST: i32 = 32_640;

/// Errors of first coefficients are spread over sixteen blocks by a transform that quadruples squares.
fn quartered(quantiser: &Quantiser) -> Quantiser {
    Quantiser { weights: quantiser.weights.map(|weight| weight / 4.0), ..*quantiser }
}

fn first_levels(halves: &[Eight; 2], quantiser: &Quantiser) -> Found {
    let scaled = scaled_firsts(halves, quantiser);
    let mut found = Found { levels: [0; 16], end: 0, error: 0.0, bits: 0 };
    for n in 0..16 {
        let size = i32::from(scaled[n].unsigned_abs());
        let level = (size + i32::from(quantiser.bias[usize::from(n > 0)])) >> 6;
        let error = size - (level << 6);
        // What does not fit is coded in subblocks, of which each has its own first coefficient.
        let error = if size == LARGEST { f32::INFINITY } else { as_float(error * error) };
        found.error += error * quantiser.weights[usize::from(n > 0)] / 4.0;
        found.levels[n] = level as i16;
        if level > 0 {
            found.end = n as u8 + 1;
        }
    }
    found
}

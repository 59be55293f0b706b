//! Luma that is predicted as a whole, with its first coefficients in a block of their own.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]
#![expect(clippy::needless_range_loop, reason = "one index goes through several arrays")]
#![expect(clippy::cast_possible_truncation, reason = "levels and what becomes them fit 16 bits")]

use wide::i16x8;

use super::super::costs;
use super::super::eight::Eight;
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

/// A way to predict luma.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) score: f32,
    luma: Luma,
    levels: [[i16; 16]; 16],
    ends: [u8; 16],
    firsts: Found,
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
    ) -> Choice {
        let mut best = (f32::INFINITY, Mode::Dc, [Eight([i16x8::ZERO; 16]); 2]);
        for mode in Mode::WHOLE {
            predict::whole::<16>(&mut self.desk, LUMA, mode, within);
            let halves = [0, 8].map(|start: usize| {
                let source = std::array::from_fn(|i| subblock(&source.luma, start + i));
                let predicted = std::array::from_fn(|i| rows(&self.desk, luma_at(start + i)));
                Eight::residuals(&source, &predicted).forward()
            });
            let mut score = segment.lambdas.rough * cost(self.costs.whole[mode as usize].into());
            let firsts = first_levels(&halves, &segment.firsts);
            score += firsts.error;
            let mut bits = costs::block(
                &self.costs.planes[1],
                &firsts.levels,
                0,
                firsts.end.into(),
                usize::from(above.beside[8] + left.beside[8]),
            );
            let (mut tops, mut sides) = (above.beside, left.beside);
            for (half, start) in halves.iter().zip([0, 8]) {
                let levels = half.scaled(&segment.luma).levels(&segment.luma, 1);
                score += levels.errors.iter().sum::<f32>();
                for i in 0..8 {
                    let (x, y) = ((start + i) % 4, (start + i) / 4);
                    let end = usize::from(levels.ends[i]);
                    bits += costs::block(
                        &self.costs.planes[0],
                        &levels.blocks[i],
                        1,
                        end,
                        usize::from(tops[x] + sides[y]),
                    );
                    (tops[x], sides[y]) = (u8::from(end > 0), u8::from(end > 0));
                }
            }
            score += segment.lambdas.rough * cost(bits);
            if score < best.0 {
                best = (score, mode, halves);
            }
        }
        self.refine_whole(best.1, &best.2, segment, above, left)
    }

    pub(super) fn refine_whole(
        &self,
        mode: Mode,
        halves: &[Eight; 2],
        segment: &Segment,
        above: &Neighbour,
        left: &Neighbour,
    ) -> Choice {
        let mut bits = u32::from(self.costs.whole[mode as usize] + self.costs.kinds[0]);
        let scaled = scaled_firsts(halves, &segment.firsts);
        let context = usize::from(above.beside[8] + left.beside[8]);
        // Errors of this block are a quarter as heavy as those of others.
        let firsts = trellis::levels(
            &scaled,
            &quartered(&segment.firsts),
            &self.costs.planes[1],
            0,
            context,
            segment.lambdas.first_levels,
        );
        bits += firsts.bits;
        let mut error = firsts.error;
        let mut choice =
            Choice { score: 0.0, luma: Luma::Whole(mode), levels: [[0; 16]; 16], ends: [0; 16], firsts };
        let (mut tops, mut sides) = (above.beside, left.beside);
        for (half, start) in halves.iter().zip([0, 8]) {
            let scaled = half.scaled(&segment.luma);
            for i in 0..8 {
                let (x, y) = ((start + i) % 4, (start + i) / 4);
                let context = usize::from(tops[x] + sides[y]);
                let found = trellis::levels(
                    &scaled.block(i),
                    &segment.luma,
                    &self.costs.planes[0],
                    1,
                    context,
                    segment.lambdas.whole_levels,
                );
                bits += found.bits;
                error += found.error;
                (tops[x], sides[y]) = (u8::from(found.end > 0), u8::from(found.end > 0));
                choice.levels[start + i] = found.levels;
                choice.ends[start + i] = found.end;
            }
        }
        choice.score = error + segment.lambdas.luma * cost(bits);
        choice
    }

    pub(super) fn keep_whole(
        &mut self,
        whole: &Choice,
        segment: &Segment,
        within: Within,
        above: &mut Neighbour,
        left: &mut Neighbour,
    ) -> Luma {
        let Luma::Whole(mode) = whole.luma else { return whole.luma };
        (above.modes, left.modes) = ([mode; 4], [mode; 4]);
        predict::whole::<16>(&mut self.desk, LUMA, mode, within);
        let firsts = coefficients(&whole.firsts.levels, &segment.firsts);
        let firsts = if whole.firsts.end > 0 { hadamard::inverse(&firsts) } else { [0; 16] };
        let filled = u8::from(whole.firsts.end > 0);
        (above.beside[8], left.beside[8]) = (filled, filled);
        self.residue.put(FIRSTS, &whole.firsts);
        for index in 0..16 {
            let mut block = coefficients(&whole.levels[index], &segment.luma);
            block[0] = firsts[index];
            add(&mut self.desk, luma_at(index), &block, whole.ends[index]);
            let filled = u8::from(whole.ends[index] > 0);
            (above.beside[index % 4], left.beside[index / 4]) = (filled, filled);
        }
        self.residue.levels[..16].copy_from_slice(&whole.levels);
        self.residue.ends[..16].copy_from_slice(&whole.ends);
        whole.luma
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
        scaled.clamp(-32_640, 32_640) as i16
    })
}

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
        found.error += as_float(error * error) * quantiser.weights[usize::from(n > 0)] / 4.0;
        found.levels[n] = level as i16;
        if level > 0 {
            found.end = n as u8 + 1;
        }
    }
    found
}

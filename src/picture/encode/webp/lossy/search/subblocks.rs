//! Luma that is predicted by subblocks, each from those before it.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]
#![expect(clippy::needless_range_loop, reason = "one index goes through several arrays")]

use wide::{bytemuck, i16x8, u8x16};

use super::super::costs;
use super::super::eight::{Eight, Rows};
use super::super::planes::Block;
use super::super::residue::FIRSTS;
use super::super::segment::Segment;
use super::super::trellis::{self, Found};
use super::make::{add, coefficients, luma_at, subblock};
use super::{Neighbour, Search, cost};
use crate::picture::vp8::modes::Mode;
use crate::picture::vp8::predict;

impl Search {
    /// The best modes of subblocks, made on the desk, unless they are worse than `most`.
    pub(super) fn subblocks(
        &mut self,
        source: &Block,
        segment: &Segment,
        most: f32,
        above: &mut Neighbour,
        left: &mut Neighbour,
    ) -> Option<[Mode; 16]> {
        let (mut tops, mut sides) = (above.beside, left.beside);
        let (mut top_modes, mut side_modes) = (above.modes, left.modes);
        let mut modes = [Mode::Dc; 16];
        let mut score = segment.lambdas.luma * cost(self.costs.kinds[1].into());
        for index in 0..16 {
            let (x, y) = (index % 4, index / 4);
            let context = usize::from(tops[x] + sides[y]);
            let mode_costs = *self.costs.subblock(top_modes[x], side_modes[y]);
            let (mode, found) =
                self.subblock(luma_at(index), subblock(&source.luma, index), segment, &mode_costs, context);
            score +=
                found.error + segment.lambdas.luma * cost(found.bits + u32::from(mode_costs[mode as usize]));
            if score >= most {
                return None;
            }
            (top_modes[x], side_modes[y]) = (mode, mode);
            let filled = u8::from(found.end > 0);
            (tops[x], sides[y]) = (filled, filled);
            modes[index] = mode;
            self.residue.put(index, &found);
            predict::subblock(&mut self.desk, luma_at(index), mode);
            add(&mut self.desk, luma_at(index), &coefficients(&found.levels, &segment.luma), found.end);
        }
        self.residue.levels[FIRSTS] = [0; 16];
        self.residue.ends[FIRSTS] = 0;
        (above.beside, left.beside) = (tops, sides);
        Some(modes)
    }

    fn subblock(
        &self,
        at: usize,
        source: Rows,
        segment: &Segment,
        mode_costs: &[u16; 10],
        context: usize,
    ) -> (Mode, Found) {
        let predictions = Mode::ALL.map(|mode| predict::rows(&self.desk, at, mode));
        let (modes, predictions) = eight_nearest(source, &predictions);
        let scaled = Eight::residuals(&[source; 8], &predictions).forward().scaled(&segment.luma);
        let levels = scaled.levels(&segment.luma, 0);
        let mut best = (f32::INFINITY, 0);
        let least: [f32; 8] = std::array::from_fn(|i| {
            levels.errors[i] + segment.lambdas.rough * cost(mode_costs[modes[i] as usize].into())
        });
        let likely = (1..8).fold(0, |best, i| if least[i] < least[best] { i } else { best });
        for step in 0..8 {
            // The likeliest first, so that few others need a look at what their levels cost.
            let i = if step == 0 { likely } else { step - usize::from(step <= likely) };
            let mut score = least[i];
            if score < best.0 {
                let bits =
                    costs::block(&self.costs.planes[3], &levels.blocks[i], 0, levels.ends[i].into(), context);
                score += segment.lambdas.rough * cost(bits);
                if score < best.0 {
                    best = (score, i);
                }
            }
        }
        let found = trellis::levels(
            &scaled.block(best.1),
            &segment.luma,
            &self.costs.planes[3],
            0,
            context,
            segment.lambdas.subblock_levels,
        );
        (modes[best.1], found)
    }
}

/// The eight of ten predictions that are nearest.
#[inline(always)]
fn eight_nearest(source: Rows, predictions: &[Rows; 10]) -> ([Mode; 8], [Rows; 8]) {
    let source: u8x16 = bytemuck::cast(source);
    let (low, high) = (i16x8::from_u8x16_low(source), i16x8::from_u8x16_high(source));
    let errors = predictions.map(|rows| {
        let rows: u8x16 = bytemuck::cast(rows);
        let (low, high) = (low - i16x8::from_u8x16_low(rows), high - i16x8::from_u8x16_high(rows));
        (low.dot(low) + high.dot(high)).reduce_add()
    });
    let worst = (0..10).fold(0, |worst, i| if errors[i] >= errors[worst] { i } else { worst });
    let second = (0..10).fold(usize::from(worst == 0), |second, i| {
        if i != worst && errors[i] >= errors[second] { i } else { second }
    });
    let mut modes = [Mode::Dc; 8];
    let mut kept = [[0; 4]; 8];
    let mut at = 0;
    for i in 0..10 {
        if i != worst && i != second {
            (modes[at & 7], kept[at & 7]) = (Mode::ALL[i], predictions[i]);
            at += 1;
        }
    }
    (modes, kept)
}

//! Levels by what they cost: of each coefficient the nearest level and the next smaller one are weighed, and where
//! to end.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "levels and places are small"
)]
#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]

use super::costs::{LARGEST_LEVEL, PlaceCosts, PlaneCosts};
use super::quantiser::{Quantiser, as_float};

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// With signs, in coded order.
    pub(super) levels: [i16; 16],
    /// Where the last but zeros ends.
    pub(super) end: u8,
    /// Squared errors of samples.
    pub(super) error: f32,
    /// 256ths of bits.
    pub(super) bits: u32,
}

/// A way to a level at some place.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    score: f32,
    bits: u32,
    error: f32,
    level: i16,
    /// Which of the two before it comes from.
    from: u8,
}

/// Finds the levels of a block of scaled coefficients, in coded order.
#[inline]
pub(super) fn levels(
    scaled: &[i16; 16],
    quantiser: &Quantiser,
    plane: &PlaneCosts,
    first: usize,
    context: usize,
    lambda: f32,
) -> Found {
    let start = PlaceCosts::of(plane, first, context);
    let nothing: f32 = (first..16).map(|n| square(scaled[n]) * quantiser.weights[usize::from(n > 0)]).sum();
    let mut found = Found { levels: [0; 16], end: 0, error: nothing, bits: start.end() };
    let Some(last) = (first..16).rev().find(|&n| scaled[n].unsigned_abs() >= 32) else { return found };

    let mut ways = [[Way::default(); 2]; 17];
    let begin = if context == 0 { start.more() } else { 0 };
    let mut before = [Way { bits: begin, score: lambda * float(begin), ..Way::default() }; 2];
    let mut contexts = [context, context];
    let (mut counts, mut best) = (1, (nothing + lambda * float(found.bits), None));
    for n in first..=last {
        let size = i32::from(scaled[n].unsigned_abs());
        let weight = quantiser.weights[usize::from(n > 0)];
        let nearest = ((size + 32) >> 6).min(LARGEST_LEVEL as i32);
        let candidates = if nearest == 0 { 1 } else { 2 };
        let mut next = [Way::default(); 2];
        let mut next_contexts = [0; 2];
        for (index, level) in [nearest, nearest - 1].into_iter().enumerate().take(candidates) {
            let off = size - (level << 6);
            // Against no level at all, so that what comes after the end need not be added.
            let error = as_float(off * off - size * size) * weight;
            let mut way = Way { score: f32::INFINITY, ..Way::default() };
            for from in 0..counts {
                let before: &Way = &before[from];
                let bits = PlaceCosts::of(plane, n, contexts[from]).level(level as usize);
                let score = before.score + lambda * float(bits) + error;
                if score < way.score {
                    let error = before.error + error;
                    way =
                        Way { score, bits: before.bits + bits, error, level: level as i16, from: from as u8 };
                }
            }
            next[index] = way;
            next_contexts[index] = (level as usize).min(2);
            if level > 0 {
                let end = if n < 15 { PlaceCosts::of(plane, n + 1, next_contexts[index]).end() } else { 0 };
                let score = nothing + way.score + lambda * float(end);
                if score < best.0 {
                    best = (score, Some((n, index)));
                    (found.bits, found.error) = (way.bits + end, nothing + way.error);
                }
            }
        }
        ways[n] = next;
        (before, contexts, counts) = (next, next_contexts, candidates);
    }
    if let (_, Some((end, mut index))) = best {
        found.end = end as u8 + 1;
        for n in (first..=end).rev() {
            let way = &ways[n][index];
            found.levels[n] = if scaled[n] < 0 { -way.level } else { way.level };
            index = usize::from(way.from);
        }
    }
    found
}

#[inline(always)]
fn square(value: i16) -> f32 {
    f32::from(value) * f32::from(value)
}

#[inline(always)]
fn float(bits: u32) -> f32 {
    as_float(bits.cast_signed())
}

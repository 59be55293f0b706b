//! Levels by what they cost: of each coefficient the nearest level and the next smaller one are weighed, and where
//! to end.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "levels and places are small")]
#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]

use super::costs::{self, LARGEST_LEVEL, PlaceCosts, PlaneCosts};
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

/// Half a level: what is nearer to none.
const HALF: i32 = 32;

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
    let (mut nothing, mut last) = (0.0, None);
    for (n, &scaled) in scaled.iter().enumerate().skip(first) {
        let size = f32::from(scaled);
        nothing += size * size * quantiser.weights[usize::from(n > 0)];
        if i32::from(scaled.unsigned_abs()) >= HALF {
            last = Some(n);
        }
    }
    let mut found = Found { levels: [0; 16], end: 0, error: nothing, bits: start.end() };
    let Some(last) = last else { return found };

    // Which of two ways to the place before each comes from.
    let mut from = [[0_u8; 2]; 16];
    let begin = lambda * if context == 0 { as_float(start.more().cast_signed()) } else { 0.0 };
    let mut scores = [begin; 2];
    let mut contexts = [context; 2];
    // Scores are those against no level at all, so that what comes after the end need not be added.
    let mut best = (lambda * as_float(found.bits.cast_signed()), 0, 0);
    let mut count = 1;
    for n in first..=last {
        let size = i32::from(scaled[n].unsigned_abs());
        let weight = quantiser.weights[usize::from(n > 0)];
        let nearest = nearest(size);
        let places = [0, 1].map(|way: usize| PlaceCosts::of(plane, n, contexts[way]));
        let mut next = [f32::INFINITY; 2];
        for (way, level) in [nearest, nearest - 1].into_iter().enumerate().take(1 + usize::from(nearest > 0))
        {
            let off = size - (level << 6);
            let error = as_float(off * off - size * size) * weight;
            let to = |before: usize| {
                scores[before] + lambda * as_float(places[before].level(level as usize).cast_signed())
            };
            let mut score = to(0);
            if count > 1 {
                let other = to(1);
                if other < score {
                    score = other;
                    from[n][way] = 1;
                }
            }
            score += error;
            next[way] = score;
            if level > 0 {
                let end = if n < 15 { PlaceCosts::of(plane, n + 1, level as usize).end() } else { 0 };
                let score = score + lambda * as_float(end.cast_signed());
                if score < best.0 {
                    best = (score, n + 1, way);
                }
            }
        }
        scores = next;
        contexts = [nearest as usize, (nearest - 1).max(0) as usize];
        count = 1 + usize::from(nearest > 0);
    }
    let (_, end, mut way) = best;
    for n in (first..end).rev() {
        let size = i32::from(scaled[n].unsigned_abs());
        let level = nearest(size) - i32::from(way > 0);
        let off = size - (level << 6);
        found.error += as_float(off * off - size * size) * quantiser.weights[usize::from(n > 0)];
        found.levels[n] = if scaled[n] < 0 { -level as i16 } else { level as i16 };
        way = usize::from(from[n][way & 1]);
    }
    if end > 0 {
        found.end = end as u8;
        found.bits = costs::block(plane, &found.levels, first, end, context);
    }
    found
}

#[inline(always)]
fn nearest(size: i32) -> i32 {
    ((size + HALF) >> 6).min(i32::from(LARGEST_LEVEL))
}

#[cfg(test)]
mod tests {
    use super::super::costs::Costs;
    use super::super::probabilities::Probabilities;
    use super::*;

    const SCALED: [i16; 16] = [700, -64, 31, 33, 0, -100, 90, 0, 0, 40, 0, 0, 20, -35, 0, 10];

    fn found(lambda: f32) -> Found {
        let costs = Costs::new(&Probabilities::standard());
        levels(&SCALED, &Quantiser::new([20, 20], [32, 32]), &costs.planes[3], 0, 1, lambda)
    }

    #[test]
    fn where_bits_are_free_levels_are_the_nearest() {
        let found = found(0.0);
        assert_eq!(found.levels, [11, -1, 0, 1, 0, -2, 1, 0, 0, 1, 0, 0, 0, -1, 0, 0]);
        assert_eq!(found.end, 14);
    }

    #[test]
    fn the_dearer_bits_are_the_fewer_are_taken() {
        let found: Vec<Found> = [0.0, 0.01, 0.1, 1.0, 1e6].map(found).into();
        assert!(found.is_sorted_by(|a, b| a.bits >= b.bits && a.error <= b.error));
        assert_eq!(found.last().map(|found| found.end), Some(0));
    }
}

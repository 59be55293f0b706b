//! Levels by what they cost: from the last place to the first, the nearest level and the next smaller one are weighed,
//! and whether the levels should end here.

use super::costs::{BIT, LevelCosts};
use super::plan::Steps;
use super::scan::{MARGIN, Place, SCANS};
use super::transform::Block;

/// Levels in columns with a margin, without signs, none above 127.
pub(super) type Padded = [u8; 36 * 36];

/// What was found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    /// Where the last level but zeros ends.
    pub(super) end: u16,
    /// Squared errors of samples.
    pub(super) error: f32,
    /// The same, were there no levels.
    pub(super) whole: f32,
    /// 256ths of bits, without what tells whether there is any level.
    pub(super) bits: u32,
}

/// How the levels of a block are chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) steps: Steps,
    pub(super) costs: &'a LevelCosts,
    /// By the signs beside.
    pub(super) sign_context: usize,
    /// Squared error that a 256th of a bit is worth.
    pub(super) lambda: f32,
}

/// By how many bits products of levels are shifted: larger transforms have smaller coefficients.
pub(super) fn halved(log2: usize) -> u32 {
    u32::from(log2 == 5)
}

/// The coefficient that a decoder makes of a level.
#[inline(always)]
pub(super) fn restored(level: i32, step: u16, log2: usize) -> i16 {
    let size = (level.unsigned_abs() * u32::from(step) & 0xFF_FFFF) >> halved(log2);
    let size = size.min(i16::MAX as u32 + u32::from(level < 0)) as i32;
    (if level < 0 { -size } else { size }) as i16
}

/// The context of a level: what is around it, below and to the right.
#[inline(always)]
pub(super) fn base_context(levels: &Padded, place: Place, stride: usize) -> usize {
    let at = usize::from(place.padded);
    let around = [at + 1, at + 2, at + stride, at + stride + 1, at + 2 * stride];
    let sum: usize = around.into_iter().map(|at| usize::from(levels[at].min(3))).sum();
    if place.at == 0 { 0 } else { sum.div_ceil(2).min(4) + usize::from(place.base) }
}

/// The context of what is above 2.
#[inline(always)]
pub(super) fn more_context(levels: &Padded, place: Place, stride: usize) -> usize {
    let at = usize::from(place.padded);
    let around = [at + 1, at + stride, at + stride + 1];
    let sum: usize = around.into_iter().map(|at| usize::from(levels[at].min(15))).sum();
    sum.div_ceil(2).min(6) + usize::from(place.more)
}

/// Which part of the block the last level is in.
#[inline(always)]
pub(super) fn last_context(at: usize, log2: usize) -> usize {
    let area = 1 << (2 * log2);
    match at {
        0 => 0,
        _ if at <= area / 8 => 1,
        _ if at <= area / 4 => 2,
        _ => 3,
    }
}

/// Finds the levels of `1 << log2` squared coefficients, in order and with signs.
pub(super) fn levels(coefficients: &Block, log2: usize, terms: &Terms<'_>, to: &mut [i16; 1024]) -> Found {
    let scan = SCANS[log2 - 2];
    let stride = (1 << log2) + MARGIN;
    let shift = halved(log2);
    // Squares of coefficients to squares of samples.
    let weight = if shift == 1 { 1.0 / 16.0 } else { 1.0 / 64.0 };
    let inverses = [terms.steps.first, terms.steps.other].map(|step| (1_u32 << 31).div_ceil(step.into()));
    let nearest = |size: u32, is_first: bool| {
        let (step, inverse) = if is_first {
            (terms.steps.first, inverses[0])
        } else {
            (terms.steps.other, inverses[1])
        };
        let sum = u64::from((size << shift) + u32::from(step) / 2);
        ((sum * u64::from(inverse)) >> 31) as u32
    };
    let smallest = (u32::from(terms.steps.other).div_ceil(2)) >> shift;
    let end = scan.iter().rposition(|place| {
        let size = u32::from(coefficients[usize::from(place.at)].unsigned_abs());
        size >= smallest.max(1) || place.at == 0 && nearest(size, true) > 0
    });
    let energy = |at: u16| {
        let value = f32::from(coefficients[usize::from(at)]);
        value * value
    };
    let whole: f32 = coefficients[..1 << (2 * log2)].iter().map(|&value| f32::from(value).powi(2)).sum::<f32>();
    let nothing = Found { end: 0, error: whole * weight, whole: whole * weight, bits: 0 };
    let Some(last) = end else { return nothing };

    let mut padded: Padded = [0; 36 * 36];
    let costs = terms.costs;
    let lambda = terms.lambda;
    // Scores are those against no level at all.
    let (mut score, mut bits, mut error, mut found_end) = (f32::INFINITY, 0, 0.0_f32, 0);
    for (i, &place) in scan[..=last].iter().enumerate().rev() {
        let value = coefficients[usize::from(place.at)];
        let size = u32::from(value.unsigned_abs());
        let is_first = i == 0;
        let step = if is_first { terms.steps.first } else { terms.steps.other };
        let level = nearest(size, is_first);
        let context = if found_end > 0 { base_context(&padded, place, stride) } else { 0 };
        if level == 0 {
            if found_end > 0 {
                let cost = u32::from(costs.levels[context][0]);
                bits += cost;
                score += lambda * cost as f32;
            }
            to[i] = 0;
            continue;
        }
        let zero_error = energy(place.at) * weight;
        let sign = |level: u32| {
            if level == 0 {
                0
            } else if is_first {
                u32::from(costs.first_signs[terms.sign_context][usize::from(value < 0)])
            } else {
                BIT
            }
        };
        let change = |level: u32| {
            let off = size as f32 - ((level * u32::from(step)) >> shift) as f32;
            off * off * weight - zero_error
        };
        // Going on.
        let (mut best_level, mut best) = (0, (f32::INFINITY, 0, 0.0));
        if found_end > 0 {
            let more = more_context(&padded, place, stride);
            let lowest = if level > 1 { level - 1 } else { 0 };
            for candidate in lowest..=level {
                let mut cost = u32::from(costs.levels[context][candidate.min(3) as usize]) + sign(candidate);
                if candidate > 2 {
                    cost += costs.more(more, candidate as usize);
                }
                let change = if candidate == 0 { 0.0 } else { change(candidate) };
                let new = score + change + lambda * cost as f32;
                if new < best.0 {
                    (best_level, best) = (candidate, (new, bits + cost, error + change));
                }
            }
        }
        // Ending here.
        let mut ends_here = false;
        let end_cost = costs.end(i + 1);
        let more = usize::from(place.more);
        for candidate in (level - 1).max(1)..=level {
            let mut cost = end_cost
                + u32::from(costs.last[last_context(i, log2)][candidate.min(3) as usize - 1])
                + sign(candidate);
            if candidate > 2 {
                cost += costs.more(more, candidate as usize);
            }
            let change = change(candidate);
            let new = change + lambda * cost as f32;
            if new < best.0 {
                (best_level, best) = (candidate, (new, cost, change));
                ends_here = true;
            }
        }
        if ends_here {
            if found_end > 0 {
                for place in &scan[i + 1..found_end] {
                    padded[usize::from(place.padded)] = 0;
                }
            }
            found_end = i + 1;
        }
        (score, bits, error) = best;
        padded[usize::from(place.padded)] = best_level.min(127) as u8;
        let level = best_level.min(i16::MAX as u32) as i16;
        to[i] = if value < 0 { -level } else { level };
    }
    if found_end == 0 {
        return nothing;
    }
    Found { end: found_end as u16, error: (nothing.error + error).max(0.0), bits, ..nothing }
}

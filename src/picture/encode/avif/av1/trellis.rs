//! Levels by what they cost: from the last place to the first, the nearest level and the next smaller one are weighed,
//! and whether the levels should end here.

use super::costs::{BIT, LevelCosts};
use super::plan::Steps;
use super::scan::{MARGIN, Place, SCANS};

/// Levels in columns with a margin, without signs, none above 127: as many as those of squares of 32 take.
pub(super) const PADDED: usize = 36 * 36;

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
    let size = ((level.unsigned_abs() * u32::from(step)) & 0xFF_FFFF) >> halved(log2);
    let size = size.min(i16::MAX as u32 + u32::from(level < 0)) as i32;
    (if level < 0 { -size } else { size }) as i16
}

/// The context of a level: what is around it, below and to the right.
#[inline(always)]
pub(super) fn base_context(levels: &[u8], place: Place, stride: usize) -> usize {
    if place.at == 0 {
        return 0;
    }
    let levels = &levels[usize::from(place.padded)..][..=2 * stride];
    let around = [levels[1], levels[2], levels[stride], levels[stride + 1], levels[2 * stride]];
    let sum: usize = around.into_iter().map(|level| usize::from(level.min(3))).sum();
    sum.div_ceil(2).min(4) + usize::from(place.base)
}

/// The context of what is above 2.
#[inline(always)]
pub(super) fn more_context(levels: &[u8], place: Place, stride: usize) -> usize {
    let levels = &levels[usize::from(place.padded)..][..stride + 2];
    let around = [levels[1], levels[stride], levels[stride + 1]];
    let sum: usize = around.into_iter().map(|level| usize::from(level.min(15))).sum();
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
pub(super) fn levels(coefficients: &[i16], log2: usize, terms: &Terms<'_>, to: &mut [i16]) -> Found {
    match log2 {
        2 => find::<2, 64>(coefficients, terms, to),
        3 => find::<3, 128>(coefficients, terms, to),
        4 => find::<4, 384>(coefficients, terms, to),
        _ => find::<5, PADDED>(coefficients, terms, to),
    }
}

/// Where levels ended so far, and what they came to against no level at all.
#[derive(Debug, Clone, Copy)]
struct Way {
    score: f32,
    bits: u32,
    error: f32,
    level: u32,
}

/// Ending where levels cost more than so many bits less than they are worth is never better than going on.
const SURE_BITS: f32 = 16.0 * BIT as f32;

fn find<const LOG2: usize, const ROOM: usize>(
    coefficients: &[i16],
    terms: &Terms<'_>,
    to: &mut [i16],
) -> Found {
    let scan = SCANS[LOG2 - 2];
    let stride = (1 << LOG2) + MARGIN;
    let shift = halved(LOG2);
    let coefficients = &coefficients[..1 << (2 * LOG2)];
    let to = &mut to[..1 << (2 * LOG2)];
    // Squares of coefficients to squares of samples.
    let weight = if shift == 1 { 1.0 / 16.0 } else { 1.0 / 64.0 };
    let whole = energy(coefficients) * weight;
    let nothing = Found { end: 0, error: whole, whole, bits: 0 };
    let (first_step, step) = (Step::new(terms.steps.first, shift), Step::new(terms.steps.other, shift));
    let smallest = step.smallest.min(u32::from(u16::MAX)) as u16;
    let last =
        scan[1..].iter().rposition(|place| coefficients[usize::from(place.at)].unsigned_abs() >= smallest);
    let last = match last {
        Some(last) => last + 1,
        None if u32::from(coefficients[0].unsigned_abs()) >= first_step.smallest => 0,
        None => return nothing,
    };

    let mut padded = [0; ROOM];
    let (costs, lambda) = (terms.costs, terms.lambda);
    let mut way = Way { score: f32::INFINITY, bits: 0, error: 0.0, level: 0 };
    let mut end = 0;
    for (i, &place) in scan[..=last].iter().enumerate().rev() {
        let value = coefficients[usize::from(place.at)];
        let size = u32::from(value.unsigned_abs());
        let step = if i == 0 { &first_step } else { &step };
        let context = if end > 0 { base_context(&padded, place, stride) } else { 0 };
        if size < step.smallest {
            to[i] = 0;
            if end > 0 {
                let cost = u32::from(costs.levels[context][0]);
                way.bits += cost;
                way.score += lambda * cost as f32;
            }
            continue;
        }
        let level = step.nearest(size);
        let sign = match i {
            0 => costs.first_signs[terms.sign_context][usize::from(value < 0)].into(),
            _ => BIT,
        };
        let nothing_here = (size as f32) * (size as f32) * weight;
        let change = |level: u32| {
            let off = size as f32 - step.restored(level) as f32;
            off * off * weight - nothing_here
        };
        let mut best = Way { score: f32::INFINITY, ..way };
        let is_on = end > 0;
        if is_on {
            let of_level = &costs.levels[context];
            let more = if level > 2 { more_context(&padded, place, stride) } else { 0 };
            if level == 1 {
                let bits = u32::from(of_level[0]);
                best =
                    Way { score: way.score + lambda * bits as f32, bits: way.bits + bits, level: 0, ..way };
            }
            for level in (level - 1).max(1)..=level {
                let mut bits = u32::from(of_level[level.min(3) as usize]) + sign;
                if level > 2 {
                    bits += costs.more(more, level as usize);
                }
                let change = change(level);
                let score = way.score + change + lambda * bits as f32;
                if score < best.score {
                    best = Way { score, bits: way.bits + bits, error: way.error + change, level };
                }
            }
        }
        if !is_on || way.score > -lambda * SURE_BITS {
            let of_last = &costs.last[last_context(i, LOG2)];
            let of_end = costs.end(i + 1) + sign;
            let mut ends_here = false;
            for level in (level - 1).max(1)..=level {
                let mut bits = of_end + u32::from(of_last[level.min(3) as usize - 1]);
                if level > 2 {
                    bits += costs.more(place.more.into(), level as usize);
                }
                let error = change(level);
                let score = error + lambda * bits as f32;
                if score < best.score {
                    best = Way { score, bits, error, level };
                    ends_here = true;
                }
            }
            if ends_here {
                if is_on {
                    scan[i + 1..end].iter().for_each(|place| padded[usize::from(place.padded)] = 0);
                }
                end = i + 1;
            }
        }
        way = best;
        padded[usize::from(place.padded)] = way.level.min(127) as u8;
        let level = way.level as i16;
        to[i] = if value < 0 { -level } else { level };
    }
    if end == 0 {
        return nothing;
    }
    Found { end: end as u16, error: (whole + way.error).max(0.0), bits: way.bits, whole }
}

/// The sum of squares.
#[inline]
fn energy(coefficients: &[i16]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for eight in coefficients.as_chunks::<8>().0 {
        for (sum, &value) in sums.iter_mut().zip(eight) {
            let value = f32::from(value);
            *sum += value * value;
        }
    }
    sums.into_iter().sum()
}

/// A step of the quantiser, to divide by.
#[derive(Debug, Clone, Copy)]
struct Step {
    size: u32,
    shift: u32,
    inverse: u32,
    /// The smallest coefficient that is nearer to a level than to none.
    smallest: u32,
}

impl Step {
    fn new(step: u16, shift: u32) -> Self {
        let step = u32::from(step);
        let smallest = (step.div_ceil(2)).div_ceil(1 << shift).max(1);
        Self { size: step, shift, inverse: (1_u32 << 31).div_ceil(step), smallest }
    }

    /// The nearest level.
    #[inline(always)]
    fn nearest(self, size: u32) -> u32 {
        let sum = u64::from((size << self.shift) + self.size / 2);
        ((sum * u64::from(self.inverse)) >> 31) as u32
    }

    #[inline(always)]
    fn restored(self, level: u32) -> u32 {
        (level * self.size) >> self.shift
    }
}

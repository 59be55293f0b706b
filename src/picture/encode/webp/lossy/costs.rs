//! What modes and coefficients cost, in 256ths of a bit.

#![expect(clippy::indexing_slicing, reason = "tables with indices that their lengths are made for")]
#![expect(clippy::cast_possible_truncation, reason = "classes, and logarithms of less than 16 bits")]

use super::probabilities::Probabilities;
use super::tree::{CHROMA_PATHS, SUBBLOCK_PATHS, WHOLE_PATHS};
use crate::picture::vp8::modes::Mode;
use crate::picture::vp8::tables::{BANDS, EXTRA_BITS, SUBBLOCK_MODES};

/// The largest level that can be coded.
pub(super) const LARGEST_LEVEL: u16 = 2_047;

/// Classes of levels: 0, 1, 2, 3, 4, then six ranges.
const CLASSES: usize = 11;

/// Where the costs of no more coefficients, and of more, stand after those of the classes.
const END: usize = 11;
const MORE: usize = 12;

/// −log₂(p / 256) by p; nothing is as unlikely as the first.
pub(super) const BITS: [u16; 257] = {
    let mut bits = [2_048; 257];
    let mut p = 1;
    while p < 257 {
        bits[p] = minus_log2(p);
        p += 1;
    }
    bits
};

/// By squaring: each time the whole part of the logarithm is one more bit of the fraction.
const fn minus_log2(p: usize) -> u16 {
    let whole = p.ilog2() as u64;
    let mut mantissa = (p as u64) << (30 - whole);
    let mut fraction = 0;
    let mut bit = 0;
    while bit < 10 {
        mantissa = (mantissa * mantissa) >> 30;
        fraction <<= 1;
        if mantissa >> 31 != 0 {
            mantissa >>= 1;
            fraction += 1;
        }
        bit += 1;
    }
    (8 * 256 - (whole * 1024 + fraction + 2) / 4) as u16
}

/// What a bool costs that is false with `probability` of 256.
#[inline]
pub(super) const fn bit(is_set: bool, probability: u8) -> u16 {
    BITS[if is_set { 256 - probability as usize } else { probability as usize }]
}

/// Class of each level, and what its extra bits and sign cost.
const LEVELS: [(u8, u16); LARGEST_LEVEL as usize + 1] = {
    let mut levels = [(0, 0); LARGEST_LEVEL as usize + 1];
    let mut level = 1;
    while level < levels.len() {
        levels[level] = class_of(level);
        level += 1;
    }
    levels
};

const fn class_of(level: usize) -> (u8, u16) {
    match level {
        0 => (0, 0),
        1..5 => (level as u8, 256),
        5..7 => (5, 256 + bit(level == 6, 159)),
        7..11 => (6, 256 + bit(level - 7 >= 2, 165) + bit((level - 7) % 2 == 1, 145)),
        _ => {
            let range = if level < 19 {
                0
            } else if level < 35 {
                1
            } else if level < 67 {
                2
            } else {
                3
            };
            let extra = level - 3 - (8 << range);
            let probabilities = EXTRA_BITS[range];
            let mut cost = 256;
            let mut at = 0;
            while at < probabilities.len() {
                let is_set = extra >> (probabilities.len() - 1 - at) & 1 == 1;
                cost += bit(is_set, probabilities[at]);
                at += 1;
            }
            (7 + range as u8, cost)
        }
    }
}

/// Costs of the coefficients of one plane: by place, by context, by class.
pub(super) type PlaneCosts = [[[u16; 16]; 3]; 17];

/// What everything costs.
#[derive(Debug)]
pub(super) struct Costs {
    /// Of luma without first coefficients, of first coefficients, of chroma, of luma.
    pub(super) planes: Box<[PlaneCosts; 4]>,
    /// By the modes above and to the left.
    pub(super) subblocks: Box<[[[u16; 10]; 10]; 10]>,
    pub(super) whole: [u16; 4],
    pub(super) chroma: [u16; 4],
    /// That luma is predicted as a whole, and by subblocks.
    pub(super) kinds: [u16; 2],
}

impl Costs {
    /// Costs where these probabilities hold.
    pub(super) fn new(probabilities: &Probabilities) -> Self {
        let path = |path: &[(u8, bool)]| path.iter().map(|&(p, is_set)| bit(is_set, p)).sum();
        let subblocks = SUBBLOCK_MODES.map(|by_left| {
            by_left.map(|p| {
                SUBBLOCK_PATHS
                    .map(|path| path.iter().map(|&(node, is_set)| bit(is_set, p[usize::from(node)])).sum())
            })
        });
        let mut costs = Self {
            planes: Box::new([[[[0; 16]; 3]; 17]; 4]),
            subblocks: Box::new(subblocks),
            whole: WHOLE_PATHS.map(path),
            chroma: CHROMA_PATHS.map(path),
            kinds: [bit(true, 145), bit(false, 145)],
        };
        costs.update(probabilities);
        costs
    }

    /// Takes the costs of coefficients from other probabilities.
    pub(super) fn update(&mut self, probabilities: &Probabilities) {
        for (plane, bands) in self.planes.iter_mut().zip(probabilities.0.iter()) {
            let by_band = bands.map(|contexts| {
                let mut costs = contexts.map(|p| classes(&p));
                // After a zero, that there is more is not told.
                for context in &mut costs[1..] {
                    let more = context[MORE];
                    context[..CLASSES].iter_mut().for_each(|cost| *cost += more);
                }
                costs
            });
            for (place, &band) in plane.iter_mut().zip(&BANDS) {
                *place = by_band[usize::from(band)];
            }
        }
    }

    /// What it costs to tell a subblock's mode.
    #[inline]
    pub(super) fn subblock(&self, above: Mode, left: Mode) -> &[u16; 10] {
        &self.subblocks[above as usize][left as usize]
    }
}

/// What classes cost, the end and that there is more.
fn classes(p: &[u8; 11]) -> [u16; 16] {
    let not = |node: usize| bit(false, p[node]);
    let is = |node: usize| bit(true, p[node]);
    let (large, larger) = (is(1) + is(2) + is(3), is(1) + is(2) + is(3) + is(6));
    let mut costs = [0; 16];
    costs[..=MORE].copy_from_slice(&[
        not(1),
        is(1) + not(2),
        is(1) + is(2) + not(3) + not(4),
        is(1) + is(2) + not(3) + is(4) + not(5),
        is(1) + is(2) + not(3) + is(4) + is(5),
        large + not(6) + not(7),
        large + not(6) + is(7),
        larger + not(8) + not(9),
        larger + not(8) + is(9),
        larger + is(8) + not(10),
        larger + is(8) + is(10),
        not(0),
        is(0),
    ]);
    costs
}

/// Costs of one place in one context.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaceCosts<'a>(&'a [u16; 16]);

impl<'a> PlaceCosts<'a> {
    /// `context` is 0 to 2.
    #[inline(always)]
    pub(super) fn of(costs: &'a PlaneCosts, place: usize, context: usize) -> Self {
        Self(&costs[place.min(16)][context.min(2)])
    }

    /// That nothing follows.
    #[inline(always)]
    pub(super) fn end(self) -> u32 {
        self.0[END].into()
    }

    /// That something follows: counted already but in context 0.
    #[inline(always)]
    pub(super) fn more(self) -> u32 {
        self.0[MORE].into()
    }

    /// A coefficient without its sign.
    #[inline(always)]
    pub(super) fn level(self, level: usize) -> u32 {
        let (class, extra) = LEVELS[level & LARGEST_LEVEL as usize];
        u32::from(self.0[usize::from(class) & 15]) + u32::from(extra)
    }
}

/// What the levels of a block cost, of which the last but zeros stands before `end`.
#[inline]
pub(super) fn block(costs: &PlaneCosts, levels: &[i16; 16], first: usize, end: usize, context: usize) -> u32 {
    let mut place = PlaceCosts::of(costs, first, context);
    if end <= first {
        return place.end();
    }
    let mut bits = if context == 0 { place.more() } else { 0 };
    for (n, level) in levels.iter().enumerate().take(end).skip(first) {
        let level = usize::from(level.unsigned_abs());
        bits += place.level(level);
        place = PlaceCosts::of(costs, n + 1, level);
    }
    if end < 16 {
        bits += place.end();
    }
    bits
}

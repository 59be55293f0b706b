//! The choice for luma: modes by what their residues seem to cost, the best of them by what they do cost.

use super::direction::Direction;
use super::satd::satd;
use super::{Luma, Search, residue};
use crate::picture::encode::avif::av1::block::Choice;
use crate::picture::encode::avif::av1::mode::Mode;
use crate::picture::encode::avif::av1::predict::{Edges, predict};
use crate::picture::encode::avif::av1::transform::{self, Kind};
use crate::picture::encode::avif::av1::trellis::{self, Found, Terms};

/// A choice, its prediction and what its residue seems to cost.
#[derive(Clone, Copy)]
struct Likely<const AREA: usize> {
    score: f32,
    choice: Choice,
    prediction: [u8; AREA],
}

/// One way to code a square.
#[derive(Clone, Copy)]
struct Trial<const AREA: usize> {
    kind: Kind,
    found: Found,
    cost: f32,
    levels: [i16; AREA],
}

/// How much more the second mode may seem to cost to be coded, too.
const SECOND_CHANCE: f32 = 1.25;

/// What is tried whatever directions there are.
const TRIED: [Mode; 7] = [
    Mode::Dc,
    Mode::Vertical,
    Mode::Horizontal,
    Mode::Smooth,
    Mode::SmoothVertical,
    Mode::SmoothHorizontal,
    Mode::Paeth,
];

impl Search<'_> {
    pub(super) fn luma(&mut self, at: (usize, usize), log2: usize) -> Luma {
        match log2 {
            2 => self.luma_of::<16>(at, log2),
            3 => self.luma_of::<64>(at, log2),
            4 => self.luma_of::<256>(at, log2),
            _ => self.luma_of::<1024>(at, log2),
        }
    }

    fn luma_of<const AREA: usize>(&mut self, at: (usize, usize), log2: usize) -> Luma {
        let side = 1 << log2;
        let count = side / 4;
        let mut source = [0; AREA];
        let place = (4 * at.0, 4 * at.1);
        self.source.planes[0].take(place, side, &mut source);
        let edges = Edges::of(&self.made.planes[0], place, side, self.beside(0, at, count));
        let [mut first, second] = self.likely(at, log2, &source, &edges);
        let mut choice = first.choice;
        let mut best = self.try_luma(at, log2, &source, &first, Kind::Dct);
        if second.score < first.score * SECOND_CHANCE {
            let trial = self.try_luma(at, log2, &source, &second, Kind::Dct);
            if trial.cost < best.cost {
                (best, choice) = (trial, second.choice);
                first = second;
            }
        }
        let kind = choice.mode.kind();
        if log2 < 5 && kind != Kind::Dct && best.found.end > 0 {
            let trial = self.try_luma(at, log2, &source, &first, kind);
            if trial.cost < best.cost {
                best = trial;
            }
        }
        let levels = &best.levels[..usize::from(best.found.end)];
        residue::add(levels, log2, best.kind, self.plan.steps(false), &mut first.prediction);
        self.made.planes[0].put(place, side, &first.prediction);
        self.contexts.note_levels(0, at, count, levels);
        let span = self.keep_levels(levels);
        Luma { choice, kind: best.kind, levels: span, cost: best.cost }
    }

    /// The two modes whose residues seem to cost least.
    fn likely<const AREA: usize>(
        &self,
        at: (usize, usize),
        log2: usize,
        source: &[u8; AREA],
        edges: &Edges,
    ) -> [Likely<AREA>; 2] {
        let side = 1 << log2;
        // Squared errors are to absolute ones as a step is to one.
        let lambda = self.plan.lambda.sqrt() / 256.0;
        let none = Likely { score: f32::INFINITY, choice: Choice::default(), prediction: [0; AREA] };
        let mut best = [none; 2];
        let mut next = [0; AREA];
        let mut consider = |choice: Choice| {
            predict(edges, choice.mode, choice.angle, side, &mut next);
            let score = satd(source, &next, side) as f32 + lambda * self.mode_bits(at, log2, choice) as f32;
            let likely = Likely { score, choice, prediction: next };
            if score < best[0].score {
                best = [likely, best[0]];
            } else if score < best[1].score {
                best[1] = likely;
            }
        };
        for mode in TRIED {
            consider(Choice { mode, angle: 0 });
        }
        let along = Direction::of(source, side);
        if along.is_clear() {
            for choice in along.choices(log2 > 2).into_iter().flatten() {
                consider(choice);
            }
        }
        best
    }

    /// What it costs to tell a mode.
    fn mode_bits(&self, at: (usize, usize), log2: usize, choice: Choice) -> u32 {
        let [above, left] = self.contexts.modes(at);
        let mut bits = u32::from(self.costs.luma_modes[above][left][choice.mode as usize]);
        if log2 > 2 && choice.mode.is_directional() {
            bits += self.angle_bits(choice);
        }
        bits
    }

    pub(super) fn angle_bits(&self, choice: Choice) -> u32 {
        let of_mode = &self.costs.angles[choice.mode as usize - Mode::Vertical as usize];
        of_mode[(choice.angle + 3) as usize].into()
    }

    fn try_luma<const AREA: usize>(
        &self,
        at: (usize, usize),
        log2: usize,
        source: &[u8; AREA],
        likely: &Likely<AREA>,
        kind: Kind,
    ) -> Trial<AREA> {
        let (mut left, mut coefficients) = ([0; AREA], [0; AREA]);
        residue::difference(source, &likely.prediction, &mut left);
        transform::forward(&left, &mut coefficients, log2, kind);
        let [zero_context, sign_context] = self.contexts.levels(0, at, 1 << (log2 - 2));
        let costs = &self.costs.levels[log2 - 2][0];
        let lambda = self.plan.lambda / 256.0;
        let steps = self.plan.steps(false);
        let terms = Terms { steps, costs, sign_context, lambda };
        let mut levels = [0; AREA];
        let mut found = trellis::levels(&coefficients, log2, &terms, &mut levels);
        let mode_bits = self.mode_bits(at, log2, likely.choice);
        let [some, none] = costs.all_zero[zero_context].map(u32::from);
        let kind_bits = match log2 {
            5 => 0,
            _ => self.costs.kinds[log2 - 2][likely.choice.mode as usize][kind.symbol()].into(),
        };
        let cost = |error: f32, bits: u32| error + lambda * (mode_bits + bits) as f32;
        let zero_cost = cost(found.whole, none);
        let mut least = zero_cost;
        if found.end > 0 {
            let some_cost = cost(found.error, some + kind_bits + found.bits);
            if some_cost < zero_cost {
                least = some_cost;
            } else {
                found.end = 0;
            }
        }
        Trial { kind, found, cost: least, levels }
    }
}

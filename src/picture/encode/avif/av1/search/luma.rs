//! The choice for luma: modes by what their residues seem to cost, the best of them by what they do cost.

use super::satd::satd;
use super::{Luma, Search, residue};
use crate::picture::encode::avif::av1::block::Choice;
use crate::picture::encode::avif::av1::mode::{MODES, Mode};
use crate::picture::encode::avif::av1::predict::{Edges, Samples, predict};
use crate::picture::encode::avif::av1::transform::{self, Kind};
use crate::picture::encode::avif::av1::trellis::{self, Found, Terms};

/// How many are coded to see what they cost.
const TRIED: usize = 2;

/// One way to code a square.
struct Trial {
    choice: Choice,
    kind: Kind,
    found: Found,
    cost: f32,
    levels: [i16; 1024],
    prediction: Samples,
}

impl Search<'_> {
    pub(super) fn luma(&mut self, at: (usize, usize), log2: usize) -> Luma {
        let side = 1 << log2;
        let count = side / 4;
        let mut source = [0; 1024];
        let place = (4 * at.0, 4 * at.1);
        self.source.planes[0].take(place, side, &mut source);
        let edges = Edges::of(&self.made.planes[0], place, side, self.beside(0, at, count));
        let choices = self.likely(at, log2, &source, &edges);
        let mut best: Option<Trial> = None;
        for choice in choices {
            let mut prediction = [0; 1024];
            predict(&edges, choice.mode, choice.angle, side, &mut prediction);
            let own = choice.mode.kind();
            let kinds: &[Kind] = match (log2, own) {
                (5, _) | (_, Kind::Dct) => &[Kind::Dct],
                _ => &[Kind::Dct, own],
            };
            for &kind in kinds {
                let trial = self.try_luma(at, log2, &source, &prediction, choice, kind);
                if best.as_ref().is_none_or(|best| trial.cost < best.cost) {
                    best = Some(trial);
                }
            }
        }
        let Some(mut best) = best else {
            return Luma { choice: Choice::default(), kind: Kind::Dct, levels: Default::default(), cost: 0.0 };
        };
        let levels = &best.levels[..usize::from(best.found.end)];
        residue::add(levels, log2, best.kind, self.plan.steps(false), &mut best.prediction);
        self.made.planes[0].put(place, side, &best.prediction[..side * side]);
        self.contexts.note_levels(0, at, count, levels);
        let span = self.keep_levels(levels);
        Luma { choice: best.choice, kind: best.kind, levels: span, cost: best.cost }
    }

    /// The modes whose residues seem to cost least.
    fn likely(&self, at: (usize, usize), log2: usize, source: &Samples, edges: &Edges) -> Vec<Choice> {
        let side = 1 << log2;
        // Squared errors are to absolute ones as a step is to one.
        let lambda = self.plan.lambda.sqrt() / 256.0;
        let score = |choice: Choice| {
            let mut prediction = [0; 1024];
            predict(edges, choice.mode, choice.angle, side, &mut prediction);
            satd(source, &prediction, side) as f32 + lambda * self.mode_bits(at, log2, choice) as f32
        };
        let mut scored: Vec<(f32, Choice)> = MODES
            .into_iter()
            .map(|mode| {
                let choice = Choice { mode, angle: 0 };
                (score(choice), choice)
            })
            .collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        if log2 > 2
            && let Some(&(_, best)) = scored.iter().take(3).find(|(_, choice)| choice.mode.is_directional())
        {
            for angle in [-3, -2, -1, 1, 2, 3] {
                let choice = Choice { angle, ..best };
                scored.push((score(choice), choice));
            }
            scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        scored.into_iter().take(TRIED).map(|(_, choice)| choice).collect()
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

    fn try_luma(
        &self,
        at: (usize, usize),
        log2: usize,
        source: &Samples,
        prediction: &Samples,
        choice: Choice,
        kind: Kind,
    ) -> Trial {
        let (mut left, mut coefficients) = ([0; 1024], [0; 1024]);
        residue::difference(source, prediction, 1 << log2, &mut left);
        transform::forward(&left, &mut coefficients, log2, kind);
        let [zero_context, sign_context] = self.contexts.levels(0, at, 1 << (log2 - 2));
        let costs = &self.costs.levels[log2 - 2][0];
        let lambda = self.plan.lambda / 256.0;
        let terms = Terms { steps: self.plan.steps(false), costs, sign_context, lambda };
        let mut levels = [0; 1024];
        let mut found = trellis::levels(&coefficients, log2, &terms, &mut levels);
        let mode_bits = self.mode_bits(at, log2, choice);
        let [some, none] = costs.all_zero[zero_context].map(u32::from);
        let kind_bits = match log2 {
            5 => 0,
            _ => self.costs.kinds[log2 - 2][choice.mode as usize][kind.symbol()].into(),
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
        Trial { choice, kind, found, cost: least, levels, prediction: *prediction }
    }
}

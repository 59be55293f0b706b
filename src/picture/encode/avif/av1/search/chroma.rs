//! The choice for chroma: from luma, as luma, or the mean.

use super::satd::satd;
use super::{Search, residue};
use crate::picture::encode::avif::av1::block::{Choice, Chroma, share_signs};
use crate::picture::encode::avif::av1::mode::Mode;
use crate::picture::encode::avif::av1::predict::{Edges, predict};
use crate::picture::encode::avif::av1::transform;
use crate::picture::encode::avif::av1::trellis::{self, Terms};

/// What errors of chroma are worth: their squares weigh as much as this is less than one.
const CHROMA_LAMBDA: f32 = 0.5;

/// Samples of a square of half the largest side, of which smaller ones use the beginning.
type Samples = [u8; 256];

/// Luma of squares of two by two against their mean, in eighths.
type Swings = [i16; 256];

impl Search<'_> {
    /// Chroma of a block of luma, or of the last of four of 4×4.
    pub(super) fn chroma(&mut self, (x, y): (usize, usize), log2: usize, luma: Choice) -> (f32, Chroma) {
        let log2 = log2.max(3) - 1;
        let side = 1 << log2;
        let cell = (x / 2, y / 2);
        let place = (4 * cell.0, 4 * cell.1);
        let beside = self.beside(1, cell, side / 4);
        let sources: [Samples; 2] = [1, 2].map(|plane: usize| {
            let mut samples = [0; 256];
            self.source.planes[plane].take(place, side, &mut samples);
            samples
        });
        let edges = [1, 2].map(|plane: usize| Edges::of(&self.made.planes[plane], place, side, beside));
        let has_angle = log2 > 2 || x & 1 == 0;
        let choices = [Choice::default(), if has_angle { luma } else { Choice { angle: 0, ..luma } }];
        let lambda = self.plan.lambda.sqrt() / 256.0;
        let mut best: Option<(f32, u32, Chroma, [Samples; 2])> = None;
        let mut consider = |choice: Choice, shares: [i8; 2], predictions: [Samples; 2], bits: u32| {
            let costs = [0, 1].map(|i: usize| satd(&sources[i], &predictions[i], side));
            let score = (costs[0] + costs[1]) as f32 + lambda * bits as f32;
            if best.as_ref().is_none_or(|best| score < best.0) {
                best =
                    Some((score, bits, Chroma { choice, shares, levels: Default::default() }, predictions));
            }
        };
        let of_luma = &self.costs.chroma_modes[luma.mode as usize];
        for (i, &choice) in choices.iter().enumerate() {
            if i == 1 && choice == choices[0] {
                continue;
            }
            let predictions = edges.each_ref().map(|edges| {
                let mut prediction = [0; 256];
                predict(edges, choice.mode, choice.angle, side, &mut prediction);
                prediction
            });
            let mut bits = u32::from(of_luma[choice.mode as usize]);
            if has_angle && choice.mode.is_directional() {
                bits += self.angle_bits(choice);
            }
            consider(choice, [0; 2], predictions, bits);
        }
        let swings = self.swings(place, side);
        let mut means = edges.each_ref().map(|edges| {
            let mut prediction = [0; 256];
            predict(edges, Mode::Dc, 0, side, &mut prediction);
            prediction
        });
        let shares = [0, 1].map(|i: usize| share(&swings, &sources[i], means[i][0], side));
        if shares != [0; 2] {
            for (prediction, share) in means.iter_mut().zip(shares) {
                add_luma(&swings, share, side, prediction);
            }
            let bits = u32::from(of_luma[Mode::FromLuma as usize]) + self.share_bits(shares);
            consider(Choice { mode: Mode::FromLuma, angle: 0 }, shares, means, bits);
        }
        let Some((_, bits, mut chroma, predictions)) = best else {
            return (0.0, Chroma { choice: Choice::default(), shares: [0; 2], levels: Default::default() });
        };
        let mut cost = self.plan.lambda_of(bits);
        for (i, mut prediction) in predictions.into_iter().enumerate() {
            cost += self.code_chroma(i, cell, log2, &sources[i], &mut prediction, &mut chroma);
        }
        (cost, chroma)
    }

    fn code_chroma(
        &mut self,
        i: usize,
        cell: (usize, usize),
        log2: usize,
        source: &Samples,
        prediction: &mut Samples,
        chroma: &mut Chroma,
    ) -> f32 {
        let side = 1 << log2;
        let kind = chroma.choice.mode.kind();
        let (mut left, mut coefficients, mut levels) = ([0; 256], [0; 256], [0; 256]);
        residue::difference(&source[..side * side], prediction, &mut left);
        transform::forward(&left, &mut coefficients, log2, kind);
        let [zero_context, sign_context] = self.contexts.levels(i + 1, cell, side / 4);
        let costs = &self.costs.levels[log2 - 2][1];
        let lambda = CHROMA_LAMBDA * self.plan.lambda / 256.0;
        let steps = self.plan.steps(true);
        let terms = Terms { steps, costs, sign_context, lambda };
        let found = trellis::levels(&coefficients, log2, &terms, &mut levels);
        let [some, none] = costs.all_zero[zero_context].map(|bits| lambda * f32::from(bits));
        let (zero_cost, some_cost) = (found.whole + none, found.error + some + lambda * found.bits as f32);
        let (end, cost) =
            if found.end > 0 && some_cost < zero_cost { (found.end, some_cost) } else { (0, zero_cost) };
        let levels = &levels[..usize::from(end)];
        residue::add(levels, log2, kind, steps, prediction);
        self.made.planes[i + 1].put((4 * cell.0, 4 * cell.1), side, &prediction[..side * side]);
        self.contexts.note_levels(i + 1, cell, side / 4, levels);
        chroma.levels[i] = self.keep_levels(levels);
        cost
    }

    fn share_bits(&self, shares: [i8; 2]) -> u32 {
        let (signs, contexts) = share_signs(shares);
        let sizes = shares.into_iter().zip(contexts).filter(|(share, _)| *share != 0);
        let sizes = sizes.map(|(share, context)| {
            u32::from(self.costs.share_sizes[context][usize::from(share.unsigned_abs()) - 1])
        });
        u32::from(self.costs.shares[signs]) + sizes.sum::<u32>()
    }

    /// Section 7.11.5, of luma as decoders will have it.
    fn swings(&self, (x, y): (usize, usize), side: usize) -> Swings {
        let mut swings = [0; 256];
        let luma = &self.made.planes[0];
        let mut sum = 0;
        for (row, to) in swings[..side * side].chunks_exact_mut(side).enumerate() {
            let at = 2 * (y + row) * luma.width + 2 * x;
            let (above, below) = (&luma.samples[at..], &luma.samples[at + luma.width..]);
            for (i, to) in to.iter_mut().enumerate() {
                let four = [above[2 * i], above[2 * i + 1], below[2 * i], below[2 * i + 1]];
                *to = 2 * four.map(i16::from).into_iter().sum::<i16>();
                sum += i32::from(*to);
            }
        }
        let area = (side * side) as i32;
        let mean = ((sum + area / 2) / area) as i16;
        swings[..side * side].iter_mut().for_each(|swing| *swing -= mean);
        swings
    }
}

/// The share of luma that comes nearest to chroma, in eighths.
fn share(swings: &Swings, source: &Samples, mean: u8, side: usize) -> i8 {
    let (mut products, mut squares) = (0_i32, 0_i32);
    for (&swing, &sample) in swings[..side * side].iter().zip(source) {
        let swing = i32::from(swing);
        products += swing * (i32::from(sample) - i32::from(mean));
        squares += (swing * swing) >> 4;
    }
    if squares == 0 {
        return 0;
    }
    let share = 4.0 * products as f32 / squares as f32;
    share.round().clamp(-16.0, 16.0) as i8
}

fn add_luma(swings: &Swings, share: i8, side: usize, to: &mut Samples) {
    let share = i32::from(share);
    for (to, &swing) in to[..side * side].iter_mut().zip(swings) {
        let product = share * i32::from(swing);
        let scaled = (product.abs() + 32) >> 6;
        let scaled = if product < 0 { -scaled } else { scaled };
        *to = (i32::from(*to) + scaled).clamp(0, 255) as u8;
    }
}

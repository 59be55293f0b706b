//! Eight blocks of four by four beside each other: each vector holds one coefficient of all of them.

#![expect(clippy::indexing_slicing, reason = "kernels over fixed arrays")]

use wide::{bytemuck, i16x8, u8x16};

use super::quantiser::Quantiser;
use crate::picture::vp8::tables::ZIGZAG;

/// Samples of a block: four rows, the first sample of each in the lowest byte.
pub(super) type Rows = [u32; 4];

/// By place from the upper left, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Eight(pub(super) [i16x8; 16]);

/// Eight blocks of levels without their signs, in coded order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels {
    pub(super) blocks: [[i16; 16]; 8],
    /// Where the last but zeros end.
    pub(super) ends: [u16; 8],
    /// Squared errors of samples.
    pub(super) errors: [f32; 8],
}

impl Eight {
    /// What is left of sources once predictions are taken off.
    #[inline(always)]
    pub(super) fn residuals(sources: &[Rows; 8], predictions: &[Rows; 8]) -> Self {
        let mut upper = [i16x8::ZERO; 8];
        let mut lower = [i16x8::ZERO; 8];
        for i in 0..8 {
            let source: u8x16 = bytemuck::cast(sources[i]);
            let prediction: u8x16 = bytemuck::cast(predictions[i]);
            upper[i] = i16x8::from_u8x16_low(source) - i16x8::from_u8x16_low(prediction);
            lower[i] = i16x8::from_u8x16_high(source) - i16x8::from_u8x16_high(prediction);
        }
        Self(bytemuck::cast([i16x8::transpose(upper), i16x8::transpose(lower)]))
    }

    /// The forward transform, in sixteenths of what the decoder's takes.
    #[inline(always)]
    pub(super) fn forward(&self) -> Self {
        let d = self.0.map(|residual| residual << 3);
        let mut columns = [i16x8::ZERO; 16];
        for x in 0..4 {
            let out = pass([d[x], d[4 + x], d[8 + x], d[12 + x]]);
            [columns[x], columns[4 + x], columns[8 + x], columns[12 + x]] = out;
        }
        let mut out = [i16x8::ZERO; 16];
        for (row, out) in columns.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
            *out = pass(*row);
        }
        Self(out)
    }

    /// Sixteenths of coefficients become 64ths of levels.
    #[inline(always)]
    pub(super) fn scaled(&self, quantiser: &Quantiser) -> Self {
        let [first, others] = quantiser.factors.map(i16x8::splat);
        let mut scaled = self.0.map(|coefficient| coefficient.mul_scale_round(others));
        scaled[0] = self.0[0].mul_scale_round(first);
        Self(scaled)
    }

    /// Scaled coefficients become levels. Where `first` is 1, the first coefficient is left out.
    #[inline(always)]
    pub(super) fn levels(&self, quantiser: &Quantiser, first: usize) -> Levels {
        let [first_bias, bias] = quantiser.bias.map(i16x8::splat);
        let mut levels = [i16x8::ZERO; 16];
        let (mut ends, mut errors, mut first_errors) = (i16x8::ZERO, i16x8::ZERO, i16x8::ZERO);
        for n in first..16 {
            let scaled = self.0[usize::from(ZIGZAG[n])].abs();
            let level = (scaled + if n == 0 { first_bias } else { bias }) >> 6;
            levels[n] = level;
            let place = i16x8::splat(PLACES[n]);
            ends = ends.max(level.simd_gt(i16x8::ZERO) & place);
            let error = scaled - (level << 6);
            let square = error * error;
            if n == 0 {
                first_errors = square;
            } else {
                errors += square;
            }
        }
        let [low, high]: [[i16x8; 8]; 2] = bytemuck::cast(levels);
        let (low, high) = (i16x8::transpose(low), i16x8::transpose(high));
        let (first_errors, errors) = (first_errors.to_array(), errors.to_array());
        let [first_weight, weight] = quantiser.weights;
        Levels {
            blocks: std::array::from_fn(|i| bytemuck::cast([low[i], high[i]])),
            ends: ends.to_array().map(i16::cast_unsigned),
            errors: std::array::from_fn(|i| {
                // Sums of fifteen squares of 64 at most.
                let unsigned = |sum: i16| f32::from(sum.cast_unsigned());
                unsigned(first_errors[i]) * first_weight + unsigned(errors[i]) * weight
            }),
        }
    }

    /// One block, in coded order.
    #[inline(always)]
    pub(super) fn block(&self, index: usize) -> [i16; 16] {
        let lanes: [[i16; 8]; 16] = bytemuck::cast(self.0);
        ZIGZAG.map(|at| lanes[usize::from(at)][index & 7])
    }
}

/// One after each place.
const PLACES: [i16; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// One dimension; doubles, as the decoder's takes a half of it away.
#[inline(always)]
fn pass([d0, d1, d2, d3]: [i16x8; 4]) -> [i16x8; 4] {
    let (a0, a3) = (d0 + d3, d0 - d3);
    let (a1, a2) = (d1 + d2, d1 - d2);
    [a0 + a1, grown(a3) + shrunk(a2), a0 - a1, shrunk(a3) - grown(a2)]
}

/// Times √2 · cos(π/8).
#[inline(always)]
fn grown(value: i16x8) -> i16x8 {
    value + value.mul_scale_round(i16x8::splat(10_046))
}

/// Times √2 · sin(π/8).
#[inline(always)]
fn shrunk(value: i16x8) -> i16x8 {
    value.mul_scale_round(i16x8::splat(17_734))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::picture::encode::jpeg::tests::Dice;

    fn blocks(dice: &mut Dice, reach: u8) -> [Rows; 8] {
        [(); 8].map(|()| [(); 4].map(|()| u32::from_le_bytes([(); 4].map(|()| dice.byte() % reach.max(1)))))
    }

    fn sample(rows: &Rows, x: usize, y: usize) -> f64 {
        f64::from(rows[y].to_le_bytes()[x])
    }

    /// Twice the normalised cosine transform.
    fn exact(source: &Rows, prediction: &Rows, u: usize, v: usize) -> f64 {
        let wave = |at: usize, frequency: usize| {
            let norm = if frequency == 0 { 0.5 } else { 0.5_f64.sqrt() };
            let at = f64::from(u32::try_from((2 * at + 1) * frequency).unwrap());
            norm * (at * PI / 8.0).cos()
        };
        let at = |i: usize| {
            let (x, y) = (i % 4, i / 4);
            (sample(source, x, y) - sample(prediction, x, y)) * wave(x, u) * wave(y, v)
        };
        2.0 * (0..16).map(at).sum::<f64>()
    }

    #[test]
    fn coefficients_are_those_of_the_cosine_transform() {
        let mut dice = Dice(0xE1);
        for reach in [2, 30, 255] {
            let (sources, predictions) = (blocks(&mut dice, reach), blocks(&mut dice, reach));
            let transformed = Eight::residuals(&sources, &predictions).forward();
            for block in 0..8 {
                for at in 0..16 {
                    let expected = 16.0 * exact(&sources[block], &predictions[block], at % 4, at / 4);
                    let found = f64::from(transformed.0[at].to_array()[block]);
                    assert!((found - expected).abs() < 8.0, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn black_against_white_does_not_overflow() {
        let (black, white) = ([[0; 4]; 8], [[u32::MAX; 4]; 8]);
        for (sources, predictions, sign) in [(white, black, 1), (black, white, -1)] {
            let first = Eight::residuals(&sources, &predictions).forward().0[0].to_array();
            assert_eq!(first, [sign * 16 * 2_040; 8]);
        }
    }

    #[test]
    fn levels_end_where_they_do_and_say_what_is_lost() {
        let mut dice = Dice(0xE2);
        let quantiser = Quantiser::new([20, 30], [32, 32]);
        let scaled =
            Eight::residuals(&blocks(&mut dice, 90), &blocks(&mut dice, 90)).forward().scaled(&quantiser);
        for first in [0, 1] {
            let levels = scaled.levels(&quantiser, first);
            for i in 0..8 {
                let coefficients = scaled.block(i);
                let end = (first..16).rev().find(|&n| levels.blocks[i][n] != 0).map_or(0, |n| n + 1);
                assert_eq!(usize::from(levels.ends[i]), end);
                let lost = (first..16).map(|n| {
                    let off = f32::from(coefficients[n].abs()) / 64.0 - f32::from(levels.blocks[i][n]);
                    (off * f32::from(quantiser.steps[usize::from(n > 0)])).powi(2) / 4.0
                });
                assert!((lost.sum::<f32>() - levels.errors[i]).abs() < 0.1);
            }
        }
    }
}

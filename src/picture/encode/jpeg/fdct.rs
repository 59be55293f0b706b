//! The forward DCT of a block, eight columns at once: Arai, Agui and Nakajima's flow graph (1988) on 16-bit lanes.
//!
//! Five multiplications a pass, each a rounded high half, and as many fraction bits as 16 bits leave room for. The
//! factors that the graph leaves in its output go into the quantiser's. Coefficients are off by 0.05 on average and
//! by less than 0.5 at worst, of 2,047: a tenth of what the finest quantiser step rounds away.

use wide::{bytemuck, i16x8, u8x16};

/// Factors that the flow graph leaves in coefficient `k` of a pass: √2·cos(kπ/16), and 1 for the first.
pub(super) const LEFT: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_5,
    1.175_875_602_419_358_8,
    1.0,
    0.785_694_958_387_102_2,
    0.541_196_100_146_197,
    0.275_899_379_282_943,
];

/// What coefficients come out multiplied by, besides `LEFT` of their horizontal frequency: eight for three fraction
/// bits, √8 as the second pass is not normalised.
pub(super) const SCALE: f64 = 8.0 * 2.0 * std::f64::consts::SQRT_2;

/// Fraction bits of the samples: the largest sum of the first pass, ten samples' worth, just fits.
const FRACTION_BITS: i32 = 4;

/// 8 / (√8 · 16 · `LEFT`) in 32,768ths: what makes the first pass normalised, with three fraction bits. The
/// largest sum of the second is then 29,100.
const BETWEEN: [i16; 8] = [5_793, 4_176, 4_433, 4_926, 5_793, 7_373, 10_703, 20_995];

/// Eight rows of eight samples to eight columns of coefficients: lane `v` of vector `u` has frequency `u` across and
/// `v` down.
#[inline]
pub(super) fn forward(samples: &[u8; 64]) -> [i16x8; 8] {
    let mut rows = pass(centred(samples));
    for (row, factor) in rows.iter_mut().zip(BETWEEN) {
        *row = row.mul_scale_round(i16x8::splat(factor));
    }
    pass(i16x8::transpose(rows))
}

/// Samples less 128, with fraction bits.
#[inline]
fn centred(samples: &[u8; 64]) -> [i16x8; 8] {
    let (pairs, _) = samples.as_chunks::<16>();
    let mut rows = [i16x8::ZERO; 8];
    for (two, pair) in rows.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        let pair = u8x16::from(*pair);
        // The sample becomes the high byte; its topmost bit is the sign once 128 is taken off.
        let widen = |high: u8x16| {
            let wide: i16x8 = bytemuck::cast(high);
            (wide ^ i16x8::splat(i16::MIN)) >> (8 - FRACTION_BITS)
        };
        *two = [widen(u8x16::unpack_low(u8x16::ZERO, pair)), widen(u8x16::unpack_high(u8x16::ZERO, pair))];
    }
    rows
}

/// One dimension, of all eight lanes at once.
#[inline]
fn pass(d: [i16x8; 8]) -> [i16x8; 8] {
    let (t0, t7) = (d[0] + d[7], d[0] - d[7]);
    let (t1, t6) = (d[1] + d[6], d[1] - d[6]);
    let (t2, t5) = (d[2] + d[5], d[2] - d[5]);
    let (t3, t4) = (d[3] + d[4], d[3] - d[4]);

    let (e0, e3) = (t0 + t3, t0 - t3);
    let (e1, e2) = (t1 + t2, t1 - t2);
    let e23 = times_cos_4(e2 + e3);

    let (o0, o1, o2) = (t4 + t5, t5 + t6, t6 + t7);
    let rotated = (o0 - o2).mul_scale_round(i16x8::splat(12_540));
    let low = o0.mul_scale_round(i16x8::splat(17_734)) + rotated;
    // 1.3066 is more than the factor holds.
    let high = o2 + o2.mul_scale_round(i16x8::splat(10_045)) + rotated;
    let middle = times_cos_4(o1);
    let (sum, difference) = (t7 + middle, t7 - middle);

    [e0 + e1, sum + high, e3 + e23, difference - low, e0 - e1, difference + low, e3 - e23, sum - high]
}

/// Times cos(4π/16).
#[inline]
fn times_cos_4(value: i16x8) -> i16x8 {
    value.mul_scale_round(i16x8::splat(23_170))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::super::tests::Dice;
    use super::*;

    /// The cosine that coefficient `frequency` weighs sample `at` by.
    fn cosine(at: usize, frequency: usize) -> f64 {
        (f64::from(u32::try_from((2 * at + 1) * frequency).unwrap()) * PI / 16.0).cos()
    }

    /// The definition (ISO 10918-1, A.3.3), by frequency across and then down.
    fn exact(samples: &[u8; 64]) -> [[f64; 8]; 8] {
        let one = |at: usize, frequency: usize| {
            let norm = if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 };
            norm * cosine(at, frequency)
        };
        let coefficient = |u, v| {
            (0..64).map(|i| (f64::from(samples[i]) - 128.0) * one(i % 8, u) * one(i / 8, v)).sum::<f64>()
        };
        std::array::from_fn(|u| std::array::from_fn(|v| coefficient(u, v)))
    }

    fn errors(samples: &[u8; 64]) -> impl Iterator<Item = f64> {
        let (ours, exact) = (forward(samples), exact(samples));
        (0..64).map(move |i| {
            let (u, v) = (i / 8, i % 8);
            f64::from(ours[u].to_array()[v]) / (SCALE * LEFT[u]) - exact[u][v]
        })
    }

    /// Blocks that drive every coefficient, and every sum on its way, as far as it goes; noise; slopes.
    fn blocks() -> Vec<[u8; 64]> {
        let sign = |value: f64| if value > 0.0 { 255 } else { 0 };
        let mut blocks: Vec<[u8; 64]> = vec![[0; 64], [255; 64], [128; 64]];
        for (u, v) in (0..64).map(|i| (i % 8, i / 8)) {
            blocks.push(std::array::from_fn(|i| sign(cosine(i % 8, u) * cosine(i / 8, v))));
            blocks.push(std::array::from_fn(|i| sign(-cosine(i % 8, u) * cosine(i / 8, v))));
        }
        let mut dice = Dice(1);
        let mut noise = || dice.byte();
        for _ in 0..200 {
            blocks.push(std::array::from_fn(|_| noise()));
            blocks.push(std::array::from_fn(|_| if noise() < 128 { 0 } else { 255 }));
            let (across, down) = (noise() % 20, noise() % 15);
            blocks.push(std::array::from_fn(|i| {
                u8::try_from(i % 8).unwrap() * across + u8::try_from(i / 8).unwrap() * down
            }));
        }
        blocks
    }

    #[test]
    fn coefficients_are_those_of_the_definition() {
        let blocks = blocks();
        let errors: Vec<f64> = blocks.iter().flat_map(errors).collect();
        let largest = errors.iter().fold(0.0_f64, |most, error| most.max(error.abs()));
        let count = f64::from(u32::try_from(errors.len()).unwrap());
        let mean_square = errors.iter().map(|error| error * error).sum::<f64>() / count;
        println!("{largest} {}", mean_square.sqrt());
        assert!(largest < 0.5, "{largest}");
        assert!(mean_square.sqrt() < 0.06, "{}", mean_square.sqrt());
    }

    #[test]
    fn the_factors_are_those_of_the_formulas() {
        for (k, left) in LEFT.into_iter().enumerate().skip(1) {
            assert!((left - 2_f64.sqrt() * cosine(0, k)).abs() < 1e-12);
        }
        for (factor, left) in BETWEEN.into_iter().zip(LEFT) {
            assert!((f64::from(factor) - 32_768.0 * 8.0 / (8_f64.sqrt() * 16.0 * left)).abs() < 0.51);
        }
    }
}

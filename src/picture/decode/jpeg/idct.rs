//! Coefficients to samples, at 8, 4, 2 or 1 a side.
//!
//! A reduced sample is the mean of the samples it stands for, no less: over pairs of neighbours (or fours) the
//! cosines of a frequency u and of 8 − u (4 ± u) are alike but for a factor, so every coefficient is multiplied by a weight of its
//! own, which has the quantisation in it, and added to its place among the few that are left. What remains
//! is a small inverse transform. Its factors follow from T.81, A.3.3; that of eight is the one of Arai, Agui
//! and Nakajima (1988).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use wide::f32x4;

use super::markers::{Quantisation, ZIGZAG};
use crate::picture::lanes::to_bytes;

/// What one coefficient is multiplied by, and which of the remaining ones it is added to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    factor: f32,
    place: u32,
}

/// How the coefficients of a component become samples.
#[derive(Debug)]
pub(super) struct Weights {
    /// By coded order.
    each: [Weight; 64],
    /// Samples a side.
    pub(super) side: usize,
}

/// Coefficients, dequantised and folded into the first `side`², by columns: one pass later they stand by rows.
#[derive(Debug)]
#[repr(align(16))]
pub(super) struct Block(pub(super) [f32; 64]);

impl Weights {
    /// Weights for blocks of `side` samples a side.
    pub(super) fn new(steps: &Quantisation, side: usize) -> Self {
        let mut each = [Weight::default(); 64];
        for ((weight, &place), &step) in each.iter_mut().zip(&ZIGZAG).zip(steps) {
            let (row, column) = (usize::from(place / 8), usize::from(place % 8));
            let ((down, y), (across, x)) = (fold(row, side), fold(column, side));
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what is calculated in")]
            let factor = (f64::from(step) * down * across) as f32;
            *weight = Weight { factor, place: u32::try_from(x * side + y).unwrap_or(0) };
        }
        Self { each, side }
    }

    /// Adds the coefficient at `at` of the coded order.
    #[inline]
    pub(super) fn add<const N: usize>(&self, block: &mut [f32; N], at: usize, value: i32) {
        #[expect(clippy::cast_precision_loss, reason = "coefficients have 16 bits")]
        if let Some(weight) = self.each.get(at)
            && let Some(sum) = block.get_mut(weight.place as usize & (N - 1))
        {
            *sum += weight.factor * value as f32;
        }
    }
}

/// What a frequency of eight is multiplied by along one axis, and which of the `side` frequencies it becomes.
#[expect(clippy::cast_precision_loss, reason = "there are eight frequencies")]
fn fold(frequency: usize, side: usize) -> (f64, usize) {
    let cosine = |parts: usize| (frequency as f64 * parts as f64 * PI / 16.0).cos();
    // A half, and that over the root of two for the mean. The cosine is that of the mean of two neighbours; the
    // transform of eight happens to want its inputs scaled by the same.
    let factor = if frequency == 0 { 0.5 * FRAC_1_SQRT_2 } else { 0.5 * cosine(1) };
    match (side, frequency) {
        (_, 0) => (factor, 0),
        (4, 2) => (factor * FRAC_1_SQRT_2, 2),
        (4, 6) => (-factor * FRAC_1_SQRT_2, 2),
        (8, _) | (4, 1 | 3) => (factor, frequency),
        (4, 5 | 7) => (-factor, 8 - frequency),
        // Odd frequencies lift one half of a block as they lower the other.
        (2, 1 | 3 | 5 | 7) => (factor * cosine(2) * cosine(4), 1),
        _ => (0.0, 0),
    }
}

/// What is added to a sample: it was shifted to lie around zero (T.81, A.3.1), and is to be rounded.
const MIDDLE: f32 = 128.5;

impl Block {
    /// All zero.
    pub(super) fn new() -> Self {
        Self([0.0; 64])
    }

    /// Writes eight, four or one sample a side to the corner of `out`, whose rows are `stride` apart, and leaves zeros.
    /// Blocks of two a side are written many at a time.
    #[inline]
    pub(super) fn write(&mut self, side: usize, out: &mut [u8], stride: usize) {
        match side {
            8 => self.write_8(out, stride),
            4 => self.write_4(out, stride),
            _ => self.write_1(out),
        }
    }

    /// The same where only the mean is known to be there.
    #[inline]
    pub(super) fn write_mean(&mut self, side: usize, out: &mut [u8], stride: usize) {
        let sample = to_byte(self.take_mean());
        for row in out.chunks_mut(stride).take(side) {
            if let Some(row) = row.get_mut(..side) {
                row.fill(sample);
            }
        }
    }

    /// What a block of two samples a side consists of.
    pub(super) fn take_pair(&mut self) -> [f32; 4] {
        self.0.first_chunk_mut().map_or([0.0; 4], std::mem::take)
    }

    fn take_mean(&mut self) -> f32 {
        std::mem::take(&mut self.0[0])
    }

    fn write_1(&mut self, out: &mut [u8]) {
        if let Some(sample) = out.first_mut() {
            *sample = to_byte(self.take_mean());
        }
    }

    fn write_4(&mut self, out: &mut [u8], stride: usize) {
        let mut rows = [f32x4::ZERO; 4];
        for (row, lanes) in rows.iter_mut().zip(self.0.as_chunks_mut::<4>().0) {
            *row = f32x4::new(std::mem::take(lanes));
        }
        let columns = f32x4::transpose(four(rows));
        let [a, b, c, d] = four(columns).map(|row| row + f32x4::splat(MIDDLE));
        let bytes = to_bytes([a, b, c, d]).to_array();
        for (row, bytes) in out.chunks_mut(stride).zip(bytes.as_chunks::<4>().0) {
            if let Some(row) = row.first_chunk_mut() {
                *row = *bytes;
            }
        }
    }

    fn write_8(&mut self, out: &mut [u8], stride: usize) {
        let mut left = [f32x4::ZERO; 8];
        let mut right = [f32x4::ZERO; 8];
        let halves = self.0.as_chunks_mut::<4>().0.as_chunks_mut::<2>().0;
        for ((left, right), [a, b]) in left.iter_mut().zip(&mut right).zip(halves) {
            *left = f32x4::new(std::mem::take(a));
            *right = f32x4::new(std::mem::take(b));
        }
        let ([a, b], [c, d]) = (split(eight(left)), split(eight(right)));
        let [a, b, c, d] = [a, b, c, d].map(f32x4::transpose);
        let (left, right) = (eight(join(a, c)), eight(join(b, d)));
        for (pair, (left, right)) in left.as_chunks::<2>().0.iter().zip(right.as_chunks::<2>().0).enumerate()
        {
            let raised = |row: f32x4| row + f32x4::splat(MIDDLE);
            let bytes = to_bytes([left[0], right[0], left[1], right[1]].map(raised)).to_array();
            for (row, bytes) in bytes.as_chunks::<8>().0.iter().enumerate() {
                let at = (pair * 2 + row) * stride;
                if let Some(row) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                    *row = *bytes;
                }
            }
        }
    }
}

/// Writes a row of blocks of two samples a side, each given by its mean, its slope down, its slope across and
/// both, to `out`, whose second row begins after `stride`; leaves zeros.
pub(super) fn write_pairs(blocks: &mut [[f32; 4]], out: &mut [u8], stride: usize) {
    let Some((upper, lower)) = out.split_at_mut_checked(stride) else { return };
    let outputs = upper.chunks_mut(8).zip(lower.chunks_mut(8));
    for (blocks, (upper, lower)) in blocks.chunks_mut(4).zip(outputs) {
        let mut lanes = [f32x4::ZERO; 4];
        for (lanes, block) in lanes.iter_mut().zip(blocks) {
            *lanes = f32x4::new(std::mem::take(block));
        }
        let [mean, down, across, both] = f32x4::transpose(lanes);
        let (left, right) = (mean + f32x4::splat(MIDDLE) + across, mean + f32x4::splat(MIDDLE) - across);
        let (left_slope, right_slope) = (down + both, down - both);
        let rows = [(left + left_slope, right + right_slope), (left - left_slope, right - right_slope)];
        let [(a, b), (c, d)] = rows;
        let bytes = to_bytes([a.unpack_lo(b), a.unpack_hi(b), c.unpack_lo(d), c.unpack_hi(d)]).to_array();
        for (row, bytes) in [upper, lower].into_iter().zip(bytes.as_chunks::<8>().0) {
            let count = row.len();
            row.copy_from_slice(bytes.get(..count).unwrap_or_default());
        }
    }
}

fn split(rows: [f32x4; 8]) -> [[f32x4; 4]; 2] {
    let mut halves = [[f32x4::ZERO; 4]; 2];
    for (half, rows) in halves.iter_mut().zip(rows.as_chunks::<4>().0) {
        *half = *rows;
    }
    halves
}

fn join(upper: [f32x4; 4], lower: [f32x4; 4]) -> [f32x4; 8] {
    let mut rows = [f32x4::ZERO; 8];
    for (rows, half) in rows.as_chunks_mut::<4>().0.iter_mut().zip([upper, lower]) {
        *rows = half;
    }
    rows
}

/// The inverse transform of four, of four columns at once.
#[inline]
fn four([mean, one, two, three]: [f32x4; 4]) -> [f32x4; 4] {
    // Cosines of an eighth and of three eighths of π.
    let (near, far) = (f32x4::splat(0.923_879_5), f32x4::splat(0.382_683_43));
    let (outer, inner) = (mean + two, mean - two);
    let outer_slope = near * one + far * three;
    let inner_slope = far * one - near * three;
    [outer + outer_slope, inner + inner_slope, inner - inner_slope, outer - outer_slope]
}

/// The inverse transform of eight, of four columns at once.
#[inline]
fn eight([c0, c1, c2, c3, c4, c5, c6, c7]: [f32x4; 8]) -> [f32x4; 8] {
    let root = f32x4::splat(std::f32::consts::SQRT_2);
    // Even frequencies.
    let (sum, difference) = (c0 + c4, c0 - c4);
    let side = c2 + c6;
    let turn = (c2 - c6) * root - side;
    let (e0, e3) = (sum + side, sum - side);
    let (e1, e2) = (difference + turn, difference - turn);
    // Odd frequencies. The factors are 2 cos(π/8), 2 (cos(π/8) − cos(3π/8)) and 2 (cos(π/8) + cos(3π/8)).
    let (plus, minus) = (c5 + c3, c5 - c3);
    let (outer, inner) = (c1 + c7, c1 - c7);
    let o0 = outer + plus;
    let both = (minus + inner) * f32x4::splat(1.847_759_1);
    let o1 = both - minus * f32x4::splat(2.613_126) - o0;
    let o2 = (outer - plus) * root - o1;
    let o3 = both - inner * f32x4::splat(1.082_392_2) - o2;
    [e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn to_byte(value: f32) -> u8 {
    (value + MIDDLE) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.81, A.3.3, as it stands there.
    #[expect(clippy::cast_precision_loss, reason = "places in a block are small")]
    fn exact(coefficients: &[f64; 64]) -> [f64; 64] {
        std::array::from_fn(|at| {
            let (x, y) = ((at % 8) as f64, (at / 8) as f64);
            let mut sum = 0.0;
            for v in 0..8 {
                for u in 0..8 {
                    let c = |f: usize| if f == 0 { FRAC_1_SQRT_2 } else { 1.0 };
                    let cosine = |at: f64, f: usize| ((2.0 * at + 1.0) * f as f64 * PI / 16.0).cos();
                    sum += c(u) * c(v) * coefficients[v * 8 + u] * cosine(x, u) * cosine(y, v);
                }
            }
            sum / 4.0 + 128.0
        })
    }

    #[test]
    #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "small numbers, and zeros")]
    fn every_side_is_a_mean_of_the_exact_transform() {
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i32::try_from((state >> 16) % 41).unwrap() - 20
        };
        let steps: Quantisation = std::array::from_fn(|at| 1 + u16::try_from(at).unwrap() / 8);
        for _ in 0..50 {
            let coded: [i32; 64] = std::array::from_fn(|at| random() / (1 + i32::try_from(at).unwrap() / 6));
            let mut coefficients = [0.0; 64];
            for (at, &place) in ZIGZAG.iter().enumerate() {
                coefficients[usize::from(place)] = f64::from(coded[at]) * f64::from(steps[at]);
            }
            let samples = exact(&coefficients);
            for side in [1, 2, 4, 8] {
                let weights = Weights::new(&steps, side);
                let mut block = Block::new();
                for (at, &value) in coded.iter().enumerate() {
                    weights.add(&mut block.0, at, value);
                }
                let mut out = [0; 80];
                if side == 2 {
                    let mut pair = [*block.0.first_chunk().unwrap()];
                    write_pairs(&mut pair, &mut out[..20], 10);
                    assert_eq!(pair, [[0.0; 4]]);
                } else {
                    block.write(side, &mut out, 10);
                    assert_eq!(block.0, [0.0; 64]);
                }
                let by = 8 / side;
                for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
                    let of = (0..by * by).map(|at| samples[(y * by + at / by) * 8 + x * by + at % by]);
                    let mean = (of.sum::<f64>() / (by * by) as f64).clamp(0.0, 255.0);
                    let difference = (f64::from(out[y * 10 + x]) - mean).abs();
                    assert!(difference < 0.501, "{side}: {} for {mean}", out[y * 10 + x]);
                }
            }
        }
    }

    #[test]
    fn extremes_are_held_within_a_byte() {
        let steps = [u16::MAX; 64];
        for (side, value) in [(8, 32_767), (4, -32_768), (1, -32_768)] {
            let weights = Weights::new(&steps, side);
            let mut block = Block::new();
            weights.add(&mut block.0, 0, value);
            let mut out = [9; 64];
            block.write(side, &mut out, 8);
            assert_eq!(out[0], if value > 0 { 255 } else { 0 });
        }
    }
}

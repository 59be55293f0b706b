//! Sums of absolute Hadamard coefficients: about what a residue will cost.

use crate::picture::encode::avif::av1::lanes::{Lanes, transpose};
use wide::i32x4;

/// Of what is left of a square of `side` after its prediction.
pub(super) fn satd(source: &[u8], prediction: &[u8], side: usize) -> u32 {
    if side == 4 {
        return of_4(source, prediction);
    }
    let mut sum = 0;
    for top in (0..side).step_by(8) {
        for left in (0..side).step_by(8) {
            sum += of_8(std::array::from_fn(|y| {
                let at = (top + y) * side + left;
                difference(&source[at..at + 8], &prediction[at..at + 8])
            }));
        }
    }
    sum
}

#[inline(always)]
fn difference(a: &[u8], b: &[u8]) -> Lanes {
    Lanes::new(std::array::from_fn(|i| i16::from(a[i]) - i16::from(b[i])))
}

#[inline(always)]
fn of_8(rows: [Lanes; 8]) -> u32 {
    let sums = hadamard(transpose(hadamard(rows)));
    let ones = Lanes::splat(1);
    let total = sums.into_iter().fold(i32x4::ZERO, |total, lanes| total + lanes.abs().dot(ones));
    (total.reduce_add().cast_unsigned() + 4) >> 3
}

#[inline(always)]
fn hadamard(mut rows: [Lanes; 8]) -> [Lanes; 8] {
    for apart in [1, 2, 4] {
        for i in (0..8).filter(|i| i & apart == 0) {
            (rows[i], rows[i + apart]) = (rows[i] + rows[i + apart], rows[i] - rows[i + apart]);
        }
    }
    rows
}

fn of_4(source: &[u8], prediction: &[u8]) -> u32 {
    let (source, prediction) = (&source[..16], &prediction[..16]);
    let mut t: [i16; 16] = std::array::from_fn(|i| i16::from(source[i]) - i16::from(prediction[i]));
    for row in t.as_chunks_mut::<4>().0 {
        *row = hadamard_4(*row);
    }
    let mut sum = 0;
    for x in 0..4 {
        let column = hadamard_4([t[x], t[4 + x], t[8 + x], t[12 + x]]);
        sum += column.into_iter().map(|value| u32::from(value.unsigned_abs())).sum::<u32>();
    }
    (sum + 2) >> 2
}

#[inline(always)]
fn hadamard_4([a, b, c, d]: [i16; 4]) -> [i16; 4] {
    let (sum, difference) = ([a + b, c + d], [a - b, c - d]);
    [sum[0] + sum[1], difference[0] + difference[1], sum[0] - sum[1], difference[0] - difference[1]]
}

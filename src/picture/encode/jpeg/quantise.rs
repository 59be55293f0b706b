//! Quantiser tables, and dividing by them.
//!
//! The tables are Nicolas Robidoux's, which mozjpeg and `ImageMagick` use for luma and chroma alike: at the same
//! size they keep more of what is seen than those of ISO 10918-1, Annex K.

use wide::{bytemuck, i8x16, i16x8, i16x16};

use super::fdct::{LEFT, SCALE};

/// Rows of the table at quality 50, by frequency across.
const BASE: [[u16; 8]; 8] = [
    [16, 16, 16, 18, 25, 37, 56, 85],
    [16, 17, 20, 27, 34, 40, 53, 75],
    [16, 20, 24, 31, 43, 62, 91, 135],
    [18, 27, 31, 40, 53, 74, 106, 156],
    [25, 34, 43, 53, 69, 94, 131, 189],
    [37, 40, 62, 74, 94, 124, 169, 238],
    [56, 53, 91, 106, 131, 169, 226, 311],
    [85, 75, 135, 156, 189, 238, 311, 418],
];

/// Where the coefficients of the zigzag order (ISO 10918-1, figure A.6) stand in a row-by-row block.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The table of a quality, row by row: scaled as the IJG's library does, a byte each as baseline wants.
pub(super) fn table(quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5_000 / quality } else { 200 - 2 * quality };
    let mut table = [0; 64];
    for (step, base) in table.iter_mut().zip(BASE.as_flattened()) {
        let scaled = ((u32::from(*base) * percent + 50) / 100).clamp(1, 255);
        *step = u8::try_from(scaled).unwrap_or(u8::MAX);
    }
    table
}

/// Quantised coefficients.
pub(super) struct Quantised {
    /// By frequency across and then down.
    pub(super) coefficients: [i16; 64],
    /// A bit for each that is not zero, in the same order from the lowest.
    pub(super) nonzero: u64,
}

/// Divides by a table: a multiplication that keeps all 15 bits, and one that shifts and rounds.
#[derive(Debug)]
pub(super) struct Quantiser {
    mantissas: [i16x8; 8],
    powers: [i16x8; 8],
}

impl Quantiser {
    pub(super) fn new(table: &[u8; 64]) -> Self {
        let mut mantissas = [[0; 8]; 8];
        let mut powers = [[0; 8]; 8];
        let columns = mantissas.iter_mut().zip(&mut powers).zip(LEFT).enumerate();
        for (u, ((mantissas, powers), left)) in columns {
            let steps = table.iter().skip(u).step_by(8);
            for ((mantissa, power), step) in mantissas.iter_mut().zip(powers).zip(steps) {
                (*mantissa, *power) = reciprocal(SCALE * left * f64::from(*step));
            }
        }
        Self { mantissas: mantissas.map(i16x8::from), powers: powers.map(i16x8::from) }
    }

    /// Rounds to the nearest multiple of each step.
    #[inline]
    pub(super) fn quantise(&self, block: [i16x8; 8]) -> Quantised {
        let mut quantised = block;
        for ((column, mantissa), power) in quantised.iter_mut().zip(&self.mantissas).zip(&self.powers) {
            *column = column.mul_scale_round(*mantissa).mul_scale_round(*power);
        }
        let mut coefficients = [0; 64];
        for (eight, column) in coefficients.as_chunks_mut::<8>().0.iter_mut().zip(quantised) {
            *eight = column.to_array();
        }
        Quantised { coefficients, nonzero: nonzero(quantised) }
    }
}

#[inline]
fn nonzero(columns: [i16x8; 8]) -> u64 {
    let mut nonzero = 0;
    for (pair, at) in columns.as_chunks::<2>().0.iter().zip(0..) {
        let both: i16x16 = bytemuck::cast(*pair);
        let zero = i8x16::from_i16x16_saturate(both).simd_eq(i8x16::ZERO).to_bitmask();
        nonzero |= u64::from(zero ^ 0xFFFF) << (16 * at);
    }
    nonzero
}

/// 1 / `divisor` as the product of two 32,768ths: one of a half to a whole, one a power of two.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the first is a half to a whole of 32,768, the second a power below"
)]
fn reciprocal(divisor: f64) -> (i16, i16) {
    let mut mantissa = 1.0 / divisor;
    let mut power = 1_i32 << 15;
    while mantissa < 0.5 {
        mantissa *= 2.0;
        power >>= 1;
    }
    ((mantissa * 32_768.0).round().min(32_767.0) as i16, power.min(32_767) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_the_nearest() {
        for step in 1..=255_u8 {
            let quantiser = Quantiser::new(&[step; 64]);
            for (u, left) in LEFT.into_iter().enumerate() {
                let divisor = SCALE * left * f64::from(step);
                for value in (-29_100..=29_100_i16).step_by(37) {
                    let mut block = [i16x8::ZERO; 8];
                    block[u] = i16x8::splat(value);
                    let result = quantiser.quantise(block);
                    let quotient = f64::from(value) / divisor;
                    for v in 0..8 {
                        // The factor is 15 bits long, and halves may fall to either side.
                        let error = (f64::from(result.coefficients[u * 8 + v]) - quotient).abs();
                        assert!(
                            error <= 0.5 + 1.0 / divisor + quotient.abs() / 30_000.0,
                            "{value} / {divisor}"
                        );
                        let is_nonzero = result.nonzero >> (u * 8 + v) & 1 == 1;
                        assert_eq!(is_nonzero, result.coefficients[u * 8 + v] != 0);
                    }
                    let others = 0xFF_u64 << (u * 8);
                    assert_eq!(result.nonzero & !others, 0);
                }
            }
        }
    }

    #[test]
    fn tables_are_scaled_as_the_library_of_the_ijg_does() {
        assert_eq!(table(50)[..8], [16, 16, 16, 18, 25, 37, 56, 85]);
        assert_eq!(table(80)[..8], [6, 6, 6, 7, 10, 15, 22, 34]);
        assert_eq!(table(100), [1; 64]);
        assert_eq!(table(1), [255; 64]);
        assert_eq!((table(0), table(255)), (table(1), table(100)));
    }

    #[test]
    fn the_zigzag_visits_every_coefficient_once() {
        let mut seen = ZIGZAG;
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..64));
    }
}

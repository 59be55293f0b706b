//! Quantiser tables, and dividing by them.
//!
//! The tables follow Nicolas Robidoux's, which mozjpeg and `ImageMagick` use for luma and chroma alike: at the same
//! size they keep more of what is seen than those of ISO 10918-1, Annex K. Here the steps of high frequencies in luma
//! are finer (all to the power of 0.85), since most of what is gained there is taken by the trellis; those of chroma
//! are four fifths.

use wide::{bytemuck, i8x16, i16x8, i16x16};

use super::fdct::{LEFT, SCALE};

/// Rows of the table of luma at half the quality, by frequency across.
const LUMA: [[u16; 8]; 8] = [
    [16, 16, 16, 18, 23, 33, 46, 66],
    [16, 17, 19, 25, 30, 35, 44, 59],
    [16, 19, 23, 28, 37, 51, 70, 98],
    [18, 25, 28, 35, 44, 59, 80, 111],
    [23, 30, 37, 44, 55, 72, 96, 131],
    [33, 35, 51, 59, 72, 91, 119, 159],
    [46, 44, 70, 80, 96, 119, 152, 199],
    [66, 59, 98, 111, 131, 159, 199, 256],
];

/// The same of chroma.
const CHROMA: [[u16; 8]; 8] = [
    [13, 13, 13, 14, 20, 30, 45, 68],
    [13, 14, 16, 22, 27, 32, 42, 60],
    [13, 16, 19, 25, 34, 50, 73, 108],
    [14, 22, 25, 32, 42, 59, 85, 125],
    [20, 27, 34, 42, 55, 75, 105, 151],
    [30, 32, 50, 59, 75, 99, 135, 190],
    [45, 42, 73, 85, 105, 135, 181, 249],
    [68, 60, 108, 125, 151, 190, 249, 334],
];

/// Where the coefficients of the zigzag order (ISO 10918-1, figure A.6) stand in a row-by-row block.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// How many `FINE`ths a step has, in which the trellis sees coefficients.
pub(super) const FINE: i32 = 16;

/// The tables of a quality for luma and for chroma, row by row: scaled to look as good as what the IJG's library makes
/// of it, a byte each as baseline wants.
pub(super) fn tables(quality: u8) -> [[u8; 64]; 2] {
    let thousandths = thousandths(quality);
    [LUMA, CHROMA].map(|base| {
        let mut table = [0; 64];
        for (step, base) in table.iter_mut().zip(base.as_flattened()) {
            let scaled = ((u32::from(*base) * thousandths + 500) / 1_000).clamp(1, 255);
            *step = u8::try_from(scaled).unwrap_or(u8::MAX);
        }
        table
    })
}

/// By how many thousandths the tables are taken: the IJG's factors, and up to a quarter less below a quality of 80,
/// where the trellis takes more of what is seen.
fn thousandths(quality: u8) -> u32 {
    let quality = u32::from(quality.clamp(1, 100));
    let factor = if quality < 50 { 50_000 / quality } else { 2_000 - 20 * quality };
    factor * (1_000 - 3 * 80_u32.saturating_sub(quality)) / 1_000
}

/// Quantised coefficients.
pub(super) struct Quantised {
    /// By frequency across and then down.
    pub(super) coefficients: [i16; 64],
    /// The same before they were rounded, in `FINE`ths of a step; zeros where steps are too fine for that.
    pub(super) fine: [i16; 64],
    /// A bit for each that is not zero, in the same order from the lowest.
    pub(super) nonzero: u64,
}

/// Divides by a table.
#[derive(Debug)]
pub(super) struct Quantiser {
    whole: Reciprocals,
    /// Of `FINE`ths of the steps.
    fine: Option<Reciprocals>,
}

impl Quantiser {
    pub(super) fn new(table: &[u8; 64]) -> Self {
        Self {
            whole: Reciprocals::new(table, 1),
            fine: Self::is_coarse(table).then(|| Reciprocals::new(table, FINE)),
        }
    }

    /// Whether no quotient by a `FINE`th of a step is larger than what is divided.
    fn is_coarse(table: &[u8; 64]) -> bool {
        let mut all = table.iter().zip(LEFT.iter().cycle());
        all.all(|(&step, left)| SCALE * left * f64::from(step) >= f64::from(FINE))
    }

    /// Whether there are `FINE`ths.
    pub(super) fn is_fine(&self) -> bool {
        self.fine.is_some()
    }

    /// Rounds to the nearest multiple of each step.
    #[inline]
    pub(super) fn quantise(&self, block: [i16x8; 8]) -> Quantised {
        let whole = self.whole.times(block);
        let fine = self.fine.as_ref().map_or([0; 64], |fine| flat(fine.times(block)));
        Quantised { coefficients: flat(whole), fine, nonzero: nonzero(whole) }
    }
}

/// Of steps: a multiplication that keeps all 15 bits, and one that shifts and rounds.
#[derive(Debug)]
struct Reciprocals {
    mantissas: [i16x8; 8],
    powers: [i16x8; 8],
}

impl Reciprocals {
    /// Of so many parts of each step.
    fn new(table: &[u8; 64], parts: i32) -> Self {
        let mut mantissas = [[0; 8]; 8];
        let mut powers = [[0; 8]; 8];
        let columns = mantissas.iter_mut().zip(&mut powers).zip(LEFT).enumerate();
        for (u, ((mantissas, powers), left)) in columns {
            let steps = table.iter().skip(u).step_by(8);
            for ((mantissa, power), step) in mantissas.iter_mut().zip(powers).zip(steps) {
                (*mantissa, *power) = reciprocal(SCALE * left * f64::from(*step) / f64::from(parts));
            }
        }
        Self { mantissas: mantissas.map(i16x8::from), powers: powers.map(i16x8::from) }
    }

    #[inline]
    fn times(&self, mut block: [i16x8; 8]) -> [i16x8; 8] {
        for ((column, mantissa), power) in block.iter_mut().zip(&self.mantissas).zip(&self.powers) {
            *column = column.mul_scale_round(*mantissa).mul_scale_round(*power);
        }
        block
    }
}

#[inline]
fn flat(columns: [i16x8; 8]) -> [i16; 64] {
    let mut all = [0; 64];
    for (eight, column) in all.as_chunks_mut::<8>().0.iter_mut().zip(columns) {
        *eight = column.to_array();
    }
    all
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
    fn fine_quotients_are_near() {
        let tables = tables(80);
        let quantiser = Quantiser::new(&tables[0]);
        for (u, left) in LEFT.into_iter().enumerate() {
            for value in (-29_100..=29_100_i16).step_by(97) {
                let mut block = [i16x8::ZERO; 8];
                block[u] = i16x8::splat(value);
                let result = quantiser.quantise(block);
                for v in 0..8 {
                    let quotient = f64::from(value) / (SCALE * left * f64::from(tables[0][v * 8 + u]) / 16.0);
                    let error = (f64::from(result.fine[u * 8 + v]) - quotient).abs();
                    assert!(error <= 1.0 + quotient.abs() / 15_000.0, "{value}: {error} of {quotient}");
                }
            }
        }
    }

    #[test]
    fn there_are_fine_quotients_up_to_high_qualities() {
        for quality in 1..=100 {
            let is_fine = tables(quality).each_ref().map(|table| Quantiser::new(table).is_fine());
            assert!(is_fine == [true; 2] || quality > 96, "{quality}: {is_fine:?}");
        }
    }

    #[test]
    fn steps_grow_as_quality_falls() {
        for quality in 1..100 {
            for (coarse, fine) in tables(quality).iter().flatten().zip(tables(quality + 1).iter().flatten()) {
                assert!(coarse >= fine, "{quality}");
            }
        }
        assert_eq!(tables(100), [[1; 64]; 2]);
        assert_eq!(tables(1), [[255; 64]; 2]);
        assert_eq!((tables(0), tables(255)), (tables(1), tables(100)));
    }

    #[test]
    fn the_zigzag_visits_every_coefficient_once() {
        let mut seen = ZIGZAG;
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..64));
    }
}

//! Transforms of residues and back (AV1, section 7.13), eight columns at once.
//!
//! Coefficients lie in columns: all vertical frequencies of the lowest horizontal one come first. They are 8 times
//! those of an orthonormal transform, of 32×32 4 times.

mod dct;
mod sine;

use self::dct::{dct, inverse_dct};
use super::lanes::{Lanes, rounded_shift, transpose};

/// What is transformed down and across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Cosines both ways.
    Dct,
    /// Sines both ways.
    Sine,
    /// Sines down, cosines across.
    SineDown,
    /// Cosines down, sines across.
    SineAcross,
}

impl Kind {
    /// As it is coded where there are five kinds (section 5.11.47); the first is none.
    pub(super) fn symbol(self) -> usize {
        match self {
            Self::Dct => 1,
            Self::Sine => 2,
            Self::SineDown => 3,
            Self::SineAcross => 4,
        }
    }

    fn is_sine_down(self) -> bool {
        matches!(self, Self::Sine | Self::SineDown)
    }

    fn is_sine_across(self) -> bool {
        matches!(self, Self::Sine | Self::SineAcross)
    }
}

/// Transforms a residue of `1 << log2` a side.
pub(super) fn forward(residue: &[i16], coefficients: &mut [i16], log2: usize, kind: Kind) {
    match log2 {
        2 => forward_4(residue, coefficients, kind),
        3 => forward_of::<8, 3, 64>(residue, coefficients, kind),
        4 => forward_of::<16, 4, 256>(residue, coefficients, kind),
        _ => forward_of::<32, 5, 1024>(residue, coefficients, kind),
    }
}

/// The residue that a decoder makes of coefficients, of which none but the first `columns` and `rows` are other than zero.
pub(super) fn inverse(
    coefficients: &[i16],
    residue: &mut [i16],
    log2: usize,
    kind: Kind,
    columns: usize,
    rows: usize,
) {
    match log2 {
        2 => inverse_4(coefficients, residue, kind),
        3 => inverse_of::<8, 3, 64>(coefficients, residue, kind, columns, rows),
        4 => inverse_of::<16, 4, 256>(coefficients, residue, kind, columns, rows),
        _ => inverse_of::<32, 5, 1024>(coefficients, residue, kind, columns, rows),
    }
}

#[inline(always)]
fn load(block: &[i16], at: usize) -> Lanes {
    let mut lanes = [0; 8];
    lanes.copy_from_slice(&block[at..at + 8]);
    Lanes::new(lanes)
}

#[inline(always)]
fn store(block: &mut [i16], at: usize, lanes: Lanes) {
    block[at..at + 8].copy_from_slice(&lanes.to_array());
}

/// One dimension, by the place of the lanes in `t`.
#[inline(always)]
fn forward_line<const N: usize, const LOG2: usize>(t: &mut [Lanes; N], is_sine: bool) {
    match (is_sine, LOG2) {
        (true, 2) => sine::sine_4(t),
        (true, 3) => sine::sine_8(t),
        (true, 4) => sine::sine_16(t),
        _ => dct::<N, LOG2>(t),
    }
}

#[inline(always)]
fn inverse_line<const N: usize, const LOG2: usize>(t: &mut [Lanes; N], is_sine: bool) {
    match (is_sine, LOG2) {
        (true, 2) => sine::inverse_sine_4(t),
        (true, 3) => sine::inverse_sine_8(t),
        (true, 4) => sine::inverse_sine_16(t),
        _ => inverse_dct::<N, LOG2>(t),
    }
}

fn forward_of<const N: usize, const LOG2: usize, const AREA: usize>(
    residue: &[i16],
    coefficients: &mut [i16],
    kind: Kind,
) {
    let mut between = [0; AREA];
    let (before, after) = match LOG2 {
        3 => (1, 0),
        4 => (0, 0),
        _ => (0, 2),
    };
    for left in (0..N).step_by(8) {
        let mut t: [Lanes; N] = std::array::from_fn(|y| load(residue, y * N + left) << before);
        forward_line::<N, LOG2>(&mut t, kind.is_sine_down());
        for top in (0..N).step_by(8) {
            let eight = std::array::from_fn(|y| rounded_shift(t[top + y], after));
            for (x, column) in transpose(eight).into_iter().enumerate() {
                store(&mut between, (left + x) * N + top, column);
            }
        }
    }
    for top in (0..N).step_by(8) {
        let mut t: [Lanes; N] = std::array::from_fn(|x| load(&between, x * N + top));
        forward_line::<N, LOG2>(&mut t, kind.is_sine_across());
        for (x, lanes) in t.into_iter().enumerate() {
            store(coefficients, x * N + top, lanes);
        }
    }
}

fn inverse_of<const N: usize, const LOG2: usize, const AREA: usize>(
    coefficients: &[i16],
    residue: &mut [i16],
    kind: Kind,
    columns: usize,
    rows: usize,
) {
    let shift = LOG2.min(4) as i32 - 2;
    let mut between = [0; AREA];
    for top in (0..rows).step_by(8) {
        let mut t = [Lanes::ZERO; N];
        for (x, lanes) in t.iter_mut().enumerate().take(columns) {
            *lanes = load(coefficients, x * N + top);
        }
        inverse_line::<N, LOG2>(&mut t, kind.is_sine_across());
        for left in (0..N).step_by(8) {
            let eight = std::array::from_fn(|x| rounded_shift(t[left + x], shift));
            for (y, row) in transpose(eight).into_iter().enumerate() {
                store(&mut between, (top + y) * N + left, row);
            }
        }
    }
    for left in (0..N).step_by(8) {
        let mut t = [Lanes::ZERO; N];
        for (y, lanes) in t.iter_mut().enumerate().take(rows) {
            *lanes = load(&between, y * N + left);
        }
        inverse_line::<N, LOG2>(&mut t, kind.is_sine_down());
        for (y, lanes) in t.into_iter().enumerate() {
            store(residue, y * N + left, rounded_shift(lanes, 4));
        }
    }
}

#[inline(always)]
fn load_4(block: &[i16]) -> [Lanes; 4] {
    std::array::from_fn(|y| {
        let row = &block[y * 4..y * 4 + 4];
        Lanes::new([row[0], row[1], row[2], row[3], 0, 0, 0, 0])
    })
}

#[inline(always)]
fn transpose_4([a, b, c, d]: [Lanes; 4]) -> [Lanes; 4] {
    let zero = Lanes::ZERO;
    let [a, b, c, d, ..] = transpose([a, b, c, d, zero, zero, zero, zero]);
    [a, b, c, d]
}

#[inline(always)]
fn store_4(block: &mut [i16], t: [Lanes; 4]) {
    for (y, lanes) in t.into_iter().enumerate() {
        block[y * 4..y * 4 + 4].copy_from_slice(&lanes.to_array()[..4]);
    }
}

fn forward_4(residue: &[i16], coefficients: &mut [i16], kind: Kind) {
    let mut t = load_4(residue).map(|lanes| lanes << 2);
    forward_line::<4, 2>(&mut t, kind.is_sine_down());
    let mut t = transpose_4(t);
    forward_line::<4, 2>(&mut t, kind.is_sine_across());
    store_4(coefficients, t);
}

fn inverse_4(coefficients: &[i16], residue: &mut [i16], kind: Kind) {
    let mut t = load_4(coefficients);
    inverse_line::<4, 2>(&mut t, kind.is_sine_across());
    let mut t = transpose_4(t);
    inverse_line::<4, 2>(&mut t, kind.is_sine_down());
    store_4(residue, t.map(|lanes| rounded_shift(lanes, 4)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::encode::jpeg::tests::Dice;

    const KINDS: [Kind; 4] = [Kind::Dct, Kind::Sine, Kind::SineDown, Kind::SineAcross];

    #[test]
    fn the_inverse_undoes_the_transform() {
        let mut dice = Dice(0xA1);
        for log2 in 2..=5 {
            for kind in KINDS.into_iter().take(if log2 == 5 { 1 } else { 4 }) {
                let (mut residue, mut coefficients, mut back) = ([0; 1024], [0; 1024], [0; 1024]);
                let count = 1 << (2 * log2);
                for sample in &mut residue[..count] {
                    *sample = i16::from(dice.byte()) - i16::from(dice.byte());
                }
                forward(&residue, &mut coefficients, log2, kind);
                // Decoders divide those of 32×32 by two.
                inverse(&coefficients, &mut back, log2, kind, 1 << log2, 1 << log2);
                let off = residue.iter().zip(back).map(|(a, b)| (a - b).abs()).max();
                assert!(off <= Some(2), "{log2} {kind:?}: {off:?}");
            }
        }
    }

    #[test]
    fn flat_residues_have_one_coefficient() {
        for (log2, expected) in [(2, 32), (3, 64), (4, 128), (5, 128)] {
            let mut coefficients = [0; 1024];
            forward(&[32; 1024], &mut coefficients, log2, Kind::Dct);
            assert!((coefficients[0] - 32 * expected).abs() <= 32, "{log2}: {}", coefficients[0]);
            assert!(coefficients[1..1 << (2 * log2)].iter().all(|&coefficient| coefficient == 0));
        }
    }
}

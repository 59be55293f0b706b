//! The space that all pictures end up in: sRGB (IEC 61966-2-1), under ICC's white.

use wide::f32x4;

/// A matrix, row by row.
pub(super) type Matrix = [[f32; 3]; 3];

/// ICC's white, D50.
pub(super) const D50: [f32; 3] = [0.9642, 1.0, 0.8249];

/// sRGB's red, green and blue as XYZ under D50, adapted by Bradford's method.
pub(super) const TO_XYZ: Matrix = [
    [0.436_065_7, 0.385_151_5, 0.143_078_4],
    [0.222_493_2, 0.716_887, 0.060_616_9],
    [0.013_923_9, 0.097_081_3, 0.714_099_4],
];

pub(super) fn multiply(matrix: &Matrix, [x, y, z]: [f32; 3]) -> [f32; 3] {
    matrix.map(|[a, b, c]| a * x + b * y + c * z)
}

/// One matrix after another.
pub(super) fn product(last: &Matrix, first: &Matrix) -> Matrix {
    let columns = transposed(first).map(|column| multiply(last, column));
    transposed(&columns)
}

#[expect(clippy::many_single_char_names, reason = "rows of a matrix")]
fn transposed(&[[a, b, c], [d, e, f], [g, h, i]]: &Matrix) -> Matrix {
    [[a, d, g], [b, e, h], [c, f, i]]
}

/// What undoes a matrix; nothing where something is lost in it.
#[expect(clippy::many_single_char_names, reason = "rows of a matrix")]
pub(super) fn inverse(&[[a, b, c], [d, e, f], [g, h, i]]: &Matrix) -> Option<Matrix> {
    let [p, q, r] = [e * i - f * h, f * g - d * i, d * h - e * g];
    let determinant = a * p + b * q + c * r;
    let rows = [
        [p, c * h - b * i, b * f - c * e],
        [q, a * i - c * g, c * d - a * f],
        [r, b * g - a * h, a * e - b * d],
    ];
    (determinant.abs() > 1e-6).then(|| rows.map(|row| row.map(|number| number / determinant)))
}

/// From XYZ under D50 to light of sRGB's colours.
pub(super) fn from_xyz() -> Matrix {
    inverse(&TO_XYZ).unwrap_or(TO_XYZ)
}

/// From CIE Lab to XYZ under D50 (CIE 15).
pub(super) fn xyz_of_lab([l, a, b]: [f32; 3]) -> [f32; 3] {
    const EDGE: f32 = 6.0 / 29.0;
    let y = (l + 16.0) / 116.0;
    let light = |t: f32| if t > EDGE { t * t * t } else { (t - 4.0 / 29.0) * 3.0 * EDGE * EDGE };
    let [wx, wy, wz] = D50;
    [wx * light(y + a / 500.0), wy * light(y), wz * light(y - b / 200.0)]
}

/// Light to 0–1 as it is stored; what lies outside goes on likewise.
pub(super) fn encode(light: f32) -> f32 {
    let size = light.abs();
    let code = if size <= 0.003_130_8 { 12.92 * size } else { 1.055 * size.powf(1.0 / 2.4) - 0.055 };
    code.copysign(light)
}

/// 0–1 as stored to light.
pub(in crate::picture) fn decode(code: f32) -> f32 {
    if code <= 0.040_45 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

/// Steps of light that are told apart: at its darkest the curve rises by a fifth of a level in each.
const STEPS: u16 = 1 << 14;

/// Light to levels of 8 bits, looked up.
#[derive(Debug, Clone)]
pub(in crate::picture) struct Levels(Box<[u8]>);

impl Levels {
    pub(in crate::picture) fn new() -> Self {
        // Where each level begins takes 255 powers, not one for every step.
        let mut levels = Vec::with_capacity(usize::from(STEPS) + 1);
        for level in 0..u8::MAX {
            let end = decode((f32::from(level) + 0.5) / 255.0) * f32::from(STEPS);
            let count = levels.len().max(whole(end + 0.5));
            levels.resize(count, level);
        }
        levels.resize(usize::from(STEPS) + 1, u8::MAX);
        Self(levels.into())
    }

    /// The level of a light of 0–1; others are cut.
    #[inline]
    pub(super) fn of(&self, light: f32) -> u8 {
        let step = whole(light * f32::from(STEPS) + 0.5).min(usize::from(STEPS));
        self.0.get(step).copied().unwrap_or(u8::MAX)
    }

    /// The levels of four lights at once: what [`Self::of`] says of each.
    #[inline]
    pub(in crate::picture) fn of_lanes(&self, lights: [f32; 4]) -> [u8; 4] {
        let steps = f32x4::new(lights) * f32x4::splat(f32::from(STEPS)) + f32x4::splat(0.5);
        let within = steps.fast_max(f32x4::ZERO).fast_min(f32x4::splat(f32::from(STEPS)));
        within.fast_trunc_int().to_array().map(|step| {
            let level = usize::try_from(step).ok().and_then(|step| self.0.get(step));
            level.copied().unwrap_or(u8::MAX)
        })
    }

    pub(in crate::picture) const BYTES: u64 = STEPS as u64 + 1;
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
fn whole(number: f32) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_curve() {
        let levels = Levels::new();
        for level in 0..=255_u8 {
            assert_eq!(levels.of(decode(f32::from(level) / 255.0)), level);
        }
        assert_eq!([levels.of(-1.0), levels.of(2.0), levels.of(f32::NAN)], [0, 255, 0]);
        for step in 0..=1_000_u16 {
            let light = f32::from(step) / 1_000.0;
            let exact = encode(light) * 255.0;
            assert!((f32::from(levels.of(light)) - exact).abs() < 0.62, "{light}");
        }
    }

    #[test]
    fn four_lights_at_once_are_as_one_by_one() {
        let levels = Levels::new();
        let mut chance = 1_u32;
        let mut light = || {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(chance >> 16).unwrap()) / 50_000.0 - 0.1
        };
        for _ in 0..20_000 {
            let lights = [light(), light(), light(), light()];
            assert_eq!(levels.of_lanes(lights), lights.map(|light| levels.of(light)), "{lights:?}");
        }
        assert_eq!(levels.of_lanes([-7.0, 9e9, 1.0, 0.0]), [0, 255, 255, 0]);
    }

    #[test]
    fn white_and_black_stay_what_they_are() {
        let white = multiply(&from_xyz(), xyz_of_lab([100.0, 0.0, 0.0]));
        assert!(white.iter().all(|light| (light - 1.0).abs() < 1e-3), "{white:?}");
        let black = multiply(&from_xyz(), xyz_of_lab([0.0, 0.0, 0.0]));
        assert!(black.iter().all(|light| light.abs() < 1e-5), "{black:?}");
        let same = product(&from_xyz(), &TO_XYZ);
        assert!((same[0][0] - 1.0).abs() < 1e-5 && same[0][1].abs() < 1e-5, "{same:?}");
    }
}

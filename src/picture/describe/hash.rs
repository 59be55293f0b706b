//! The perceptual hash: which of the slowest waves of a picture are stronger than most (pHash, by DCT).
//!
//! Scaling, recompression and small changes of light leave the order of those waves nearly as it was, so that few of the
//! 64 bits change. Cropping and turning do not.

use std::f32::consts::PI;

use super::area::Small;

/// The picture is made so small and square first.
const SIDE: usize = 32;
/// Waves along each side that become bits.
const WAVES: usize = 8;
/// Where no wave is as strong as this, of at most 255 × 32, there is only noise to order.
const FAINTEST: f32 = 24.0;

/// One bit for each of 8×8 waves, row after row from the highest bit on: whether it lies above the median.
pub(super) fn perceptual(picture: &Small) -> Option<u64> {
    let waves = slow_waves(&picture.lightness::<SIDE>());
    let flat = waves.as_flattened();
    // The first is the mean lightness, which says nothing of what is seen.
    let strongest = flat.iter().skip(1).fold(0.0_f32, |most, wave| most.max(wave.abs()));
    if strongest < FAINTEST {
        return None;
    }
    let mut sorted: Vec<f32> = flat.iter().skip(1).copied().collect();
    sorted.sort_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    Some(flat.iter().fold(0, |hash, wave| hash << 1 | u64::from(*wave > median)))
}

/// The corner of the two-dimensional DCT-II, orthonormal but for a factor that all waves share.
fn slow_waves(light: &[[f32; SIDE]; SIDE]) -> [[f32; WAVES]; WAVES] {
    let waves = cosines();
    let mut across = [[0.0; WAVES]; SIDE];
    for (out, row) in across.iter_mut().zip(light) {
        *out = waves.map(|wave| wave.iter().zip(row).map(|(cosine, light)| cosine * light).sum());
    }
    let mut both = [[0.0; WAVES]; WAVES];
    for (out, wave) in both.iter_mut().zip(&waves) {
        for (cosine, row) in wave.iter().zip(&across) {
            for (sum, value) in out.iter_mut().zip(row) {
                *sum += cosine * value * (2.0 / 32.0);
            }
        }
    }
    both
}

fn cosines() -> [[f32; SIDE]; WAVES] {
    let mut waves = [[0.0; SIDE]; WAVES];
    for (number, wave) in (0_u8..).zip(&mut waves) {
        for (place, cosine) in (0_u8..).zip(wave) {
            *cosine = (PI * (f32::from(place) + 0.5) * f32::from(number) / 32.0).cos();
        }
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_found_where_it_is() {
        let mut light = [[0.0; SIDE]; SIDE];
        for (row, down) in light.iter_mut().zip(cosines()[3]) {
            for (light, across) in row.iter_mut().zip(cosines()[2]) {
                *light = 100.0 * down * across;
            }
        }
        let waves = slow_waves(&light);
        for (y, row) in waves.iter().enumerate() {
            for (x, wave) in row.iter().enumerate() {
                let expected = if (x, y) == (2, 3) { 1_600.0 } else { 0.0 };
                assert!((wave - expected).abs() < 0.1, "{x} {y}: {wave}");
            }
        }
    }
}

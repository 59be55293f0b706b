//! How busy each macroblock is, and the four kinds that they fall into: where much goes on, coarser steps are not seen.

#![expect(clippy::indexing_slicing, reason = "histograms with indices that fit")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "levels of a byte; counts, of which no more than 24 bits matter"
)]

use super::planes::Planes;
use super::quantiser::as_float;

/// Kinds of macroblocks from calm to busy.
#[derive(Debug)]
pub(super) struct Kinds {
    /// Of each macroblock.
    pub(super) map: Vec<u8>,
    /// How much busier each is than the picture: logarithms to base 2 of standard deviations.
    pub(super) offsets: [f32; 4],
}

/// Steps of activity, of which 16 are a doubling of deviation.
const LEVELS: usize = 256;

impl Kinds {
    pub(super) fn of(planes: &Planes) -> Self {
        let levels: Vec<u8> = (0..planes.down)
            .flat_map(|y| (0..planes.across).map(move |x| (x, y)))
            .map(|(x, y)| activity(&planes.block(x, y).luma))
            .collect();
        let mut histogram = [0_u32; LEVELS];
        for &level in &levels {
            histogram[usize::from(level)] += 1;
        }
        let (centres, of_level) = cluster(&histogram);
        let mean = levels.iter().map(|&level| f32::from(level)).sum::<f32>() / levels.len().max(1) as f32;
        let map = levels.iter().map(|&level| of_level[usize::from(level)]).collect();
        Self { map, offsets: centres.map(|centre| (centre - mean) / 16.0) }
    }
}

/// Variance of samples that is not seen, in 256ths.
const UNSEEN: u32 = 4 * 256;

/// The mean of the logarithms of the variances of subblocks.
fn activity(luma: &[[u8; 16]; 16]) -> u8 {
    let mut sum = 0.0;
    for rows in luma.as_chunks::<4>().0 {
        let (mut sums, mut squares) = ([0_u32; 16], [0_u32; 16]);
        for row in rows {
            for x in 0..16 {
                let sample = u32::from(row[x]);
                sums[x] += sample;
                squares[x] += sample * sample;
            }
        }
        for (sums, squares) in sums.as_chunks::<4>().0.iter().zip(squares.as_chunks::<4>().0) {
            let (sum_of, square): (u32, u32) = (sums.iter().sum(), squares.iter().sum());
            let variance = 16 * square - sum_of * sum_of;
            sum += log2(as_float((variance + UNSEEN).cast_signed())) - 8.0;
        }
    }
    // Half a logarithm of a variance is that of a deviation.
    (sum / 2.0 + 8.0).clamp(0.0, 255.0) as u8
}

/// The logarithm with straight lines between powers.
pub(super) fn log2(value: f32) -> f32 {
    as_float(value.to_bits().cast_signed() - 0x3F80_0000) / as_float(1 << 23)
}

/// The power with straight lines between whole exponents.
pub(super) fn exp2(value: f32) -> f32 {
    f32::from_bits(((value + 127.0) * as_float(1 << 23)) as u32)
}

/// Four means and whose each level is, by moving means until they stay.
fn cluster(histogram: &[u32; LEVELS]) -> ([f32; 4], [u8; LEVELS]) {
    let total: u32 = histogram.iter().sum();
    let mut centres = [0.0; 4];
    for (share, centre) in [1, 3, 5, 7].into_iter().zip(&mut centres) {
        let mut seen = 0;
        let at = histogram.iter().position(|&count| {
            seen += count;
            seen * 8 >= total * share
        });
        *centre = at.unwrap_or(0) as f32;
    }
    let mut of_level = [0; LEVELS];
    for _ in 0..8 {
        let (mut sums, mut counts) = ([0.0; 4], [0.0; 4]);
        for (level, &count) in histogram.iter().enumerate() {
            let distance = |k: usize| (centres[k] - level as f32).abs();
            let nearest = (1..4).fold(0, |best, k| if distance(k) < distance(best) { k } else { best });
            of_level[level] = nearest as u8;
            sums[nearest] += level as f32 * count as f32;
            counts[nearest] += count as f32;
        }
        for k in 0..4 {
            if counts[k] > 0.0 {
                centres[k] = sums[k] / counts[k];
            }
        }
    }
    (centres, of_level)
}

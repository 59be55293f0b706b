//! How like its original a picture looks, foretold for what SSIMULACRA2 would say from much less than it looks at.
//!
//! Structure is compared in windows of eight by eight, as SSIMULACRA2 does (SSIM without its term of means,
//! <https://github.com/cloudinary/ssimulacra2>), of brightness and colours at three scales; where it is worst counts
//! most. What each of these counts was fitted to the scores of 19 photographs at ten qualities: of one that was left
//! out, the foretold score was 1.6 (JPEG) or 1.9 (WebP) off, as the root of the mean square.

use crate::geometry::Size;

/// Windows are made of four blocks of so many pixels a side.
const BLOCK: usize = 4;
/// Squared, what may differ in what is flat: that of SSIMULACRA2, in levels of a byte.
const FLAT: f32 = 0.0009 * 255.0 * 255.0;

/// What is unlike in the mean, and where it is worst (the fourth root of the mean fourth power).
type Unlike = [f32; 2];

/// Scales that are looked at, each half of the one before.
const SCALES: usize = 3;

/// What counts how much.
#[derive(Debug)]
pub(super) struct Weights {
    always: f32,
    /// At each scale, of brightness, blueness and redness.
    scales: [[Unlike; 3]; SCALES],
}

/// Of JPEGs, whose planes reach over all of 0–255.
pub(super) const JPEG: Weights = Weights {
    always: -0.1017,
    scales: [
        [[0.0, 28.444], [0.0, 0.0], [0.0, 17.42]],
        [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        [[0.0, 213.904], [3.377, 112.435], [0.0, 13.38]],
    ],
};

/// Of lossy WebP, whose planes have video's ranges.
pub(super) const WEBP: Weights = Weights {
    always: 0.1844,
    scales: [
        [[0.0, 27.849], [0.0, 0.0], [0.0, 16.623]],
        [[0.0, 23.229], [0.0, 0.0], [0.0, 0.0]],
        [[67.95, 212.789], [32.379, 41.235], [0.0, 0.0]],
    ],
};

/// What SSIMULACRA2 would say about, up to 100: brightness, blueness and redness of the original, and of what it became.
pub(super) fn score(original: &[Vec<Plane>; 3], made: [Plane; 3], weights: &Weights) -> f32 {
    /// The last step of SSIMULACRA2.
    const POWER: f32 = 0.627_6;
    let mut sum = weights.always;
    for ((original, mut made), plane) in original.iter().zip(made).zip(0..3) {
        for (scale, original) in original.iter().enumerate() {
            if scale > 0 {
                made = made.halved();
            }
            let of_plane = weights.scales.get(scale).and_then(|scale| scale.get(plane));
            let [mean, worst] = of_plane.copied().unwrap_or_default();
            if mean + worst > 0.0 {
                let unlike = compare(original, &made);
                sum += mean * unlike[0] + worst * unlike[1];
            }
        }
    }
    100.0 - 10.0 * sum.max(0.0).powf(POWER)
}

/// A plane of bytes.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    pub(super) size: Size,
    pub(super) samples: Vec<u8>,
}

impl Plane {
    fn stride(&self) -> usize {
        self.size.width as usize
    }

    /// The plane at all scales.
    pub(super) fn scales(self) -> Vec<Self> {
        let mut all = vec![self];
        while let Some(next) = all.last().filter(|_| all.len() < SCALES).map(Self::halved) {
            all.push(next);
        }
        all
    }

    /// A plane of half the sides.
    pub(super) fn halved(&self) -> Self {
        let stride = self.stride();
        let (width, height) = (stride / 2, self.size.height as usize / 2);
        let mut samples = Vec::with_capacity(width * height);
        for pair in self.samples.chunks_exact((2 * stride).max(1)).take(height) {
            let (first, second) = pair.split_at(stride);
            let mean = |(a, b): (&[u8; 2], &[u8; 2])| {
                let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]) + 2;
                u8::try_from(sum / 4).unwrap_or(u8::MAX)
            };
            samples.extend(first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0).map(mean));
        }
        Self { size: Size { width: self.size.width / 2, height: self.size.height / 2 }, samples }
    }
}

/// Sums over the pairs of samples of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    a: u32,
    b: u32,
    aa: u32,
    bb: u32,
    ab: u32,
}

impl Sums {
    #[inline]
    fn of(a: [u8; BLOCK], b: [u8; BLOCK]) -> Self {
        let mut sums = Self::default();
        for (a, b) in a.into_iter().zip(b) {
            let (a, b) = (u32::from(a), u32::from(b));
            sums.a += a;
            sums.b += b;
            sums.aa += a * a;
            sums.bb += b * b;
            sums.ab += a * b;
        }
        sums
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        Self {
            a: self.a + other.a,
            b: self.b + other.b,
            aa: self.aa + other.aa,
            bb: self.bb + other.bb,
            ab: self.ab + other.ab,
        }
    }

    /// How unlike the structure of a window of four blocks is, from 0 to 2.
    #[inline]
    fn unlike(self) -> f32 {
        const SHARE: f32 = 1.0 / 64.0;
        let [a, b, aa, bb, ab] = [self.a, self.b, self.aa, self.bb, self.ab].map(|sum| as_float(sum) * SHARE);
        let (spread_a, spread_b) = ((aa - a * a).max(0.0), (bb - b * b).max(0.0));
        let apart = (a - b) * (1.0 / 255.0);
        let alike = (1.0 - apart * apart) * (2.0 * (ab - a * b) + FLAT) / (spread_a + spread_b + FLAT);
        (1.0 - alike).max(0.0)
    }
}

/// Compares two planes of one size; those that are smaller than a window are alike.
fn compare(first: &Plane, second: &Plane) -> Unlike {
    let stride = first.stride().max(1);
    let mut above: Vec<Sums> = Vec::new();
    let (mut totals, mut windows) = (Unlike::default(), 0_u32);
    let bands = first.samples.chunks_exact(stride * BLOCK).zip(second.samples.chunks_exact(stride * BLOCK));
    for (first, second) in bands {
        let own = blocks(first, second, stride);
        for (above, own) in above.windows(2).zip(own.windows(2)) {
            if let ([a, b], [c, d]) = (above, own) {
                let unlike = a.plus(*b).plus(c.plus(*d)).unlike();
                let squared = unlike * unlike;
                totals = [totals[0] + unlike, totals[1] + squared * squared];
                windows += 1;
            }
        }
        above = own;
    }
    let share = 1.0 / as_float(windows.max(1));
    [totals[0] * share, (totals[1] * share).sqrt().sqrt()]
}

/// The sums of a row of blocks.
fn blocks(first: &[u8], second: &[u8], stride: usize) -> Vec<Sums> {
    let mut blocks = vec![Sums::default(); stride / BLOCK];
    for (first, second) in first.chunks_exact(stride).zip(second.chunks_exact(stride)) {
        let rows = first.as_chunks::<BLOCK>().0.iter().zip(second.as_chunks::<BLOCK>().0);
        for (sums, (first, second)) in blocks.iter_mut().zip(rows) {
            *sums = sums.plus(Sums::of(*first, *second));
        }
    }
    blocks
}

#[expect(clippy::cast_precision_loss, reason = "64 squares of bytes, and counts of windows, fit 24 bits")]
fn as_float(sum: u32) -> f32 {
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::encode::jpeg::tests::Dice;

    #[test]
    fn what_is_alike_scores_highest_and_more_noise_always_less() {
        let size = Size::new(96, 64);
        let plane = |reach: u8| {
            let mut dice = Dice(5);
            let samples = (0..96 * 64_u32).map(|at| {
                let wave = u8::try_from((at % 96) + (at / 96)).unwrap();
                wave + if reach > 0 { dice.byte() % reach } else { 0 }
            });
            Plane { size, samples: samples.collect() }
        };
        let original = [plane(0).scales(), plane(0).scales(), plane(0).scales()];
        let score = |reach| score(&original, [plane(reach), plane(0), plane(0)], &JPEG);
        assert!(score(0) > 99.9, "{}", score(0));
        let scores = [2, 4, 8, 16, 32, 64].map(score);
        assert!(scores.is_sorted_by(|a, b| a > b) && scores[5] < 30.0, "{scores:?}");
    }

    #[test]
    fn planes_smaller_than_a_window_are_no_trouble() {
        for (width, height) in [(1, 1), (3, 70), (70, 3), (7, 7)] {
            let plane =
                || Plane { size: Size::new(width, height), samples: vec![9; (width * height) as usize] };
            let original = [plane().scales(), plane().scales(), plane().scales()];
            assert!(score(&original, [plane(), plane(), plane()], &WEBP) > 90.0);
        }
    }
}

//! Lanczos3 in `f64`, from its formula and without a thought for speed: what the subjects are measured against.

use std::f64::consts::PI;

use image::RgbImage;

const LOBES: f64 = 3.0;

/// Resizes both ways in floats and rounds once, at the end.
pub fn resize(source: &RgbImage, width: u32, height: u32) -> RgbImage {
    let floats: Vec<f64> = source.as_raw().iter().map(|&value| f64::from(value)).collect();
    let (from_width, from_height) = (source.width() as usize, source.height() as usize);
    let (to_width, to_height) = (width as usize, height as usize);

    // Downwards first: rows are contiguous, so the pass over the large picture walks memory in order.
    let low = down(&floats, from_width, &Taps::all(from_height, to_height));
    let small = across(&low, from_width, &Taps::all(from_width, to_width));
    RgbImage::from_fn(width, height, |x, y| {
        let at = (y as usize * to_width + x as usize) * 3;
        image::Rgb([0, 1, 2].map(|channel| small[at + channel].round().clamp(0.0, 255.0) as u8))
    })
}

/// The source values that one destination value is the weighted sum of.
struct Taps {
    first: usize,
    weights: Vec<f64>,
}

impl Taps {
    fn all(from: usize, to: usize) -> Vec<Self> {
        let scale = from as f64 / to as f64;
        // A kernel narrower than the distance of two source values would miss some: it only ever widens.
        let stretch = scale.max(1.0);
        (0..to).map(|index| Self::new((index as f64 + 0.5) * scale - 0.5, stretch, from)).collect()
    }

    /// The kernel around `centre`; what of it hangs over the edge is left out and the rest sums to one.
    fn new(centre: f64, stretch: f64, from: usize) -> Self {
        let reach = LOBES * stretch;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach).floor() as usize).min(from - 1);
        let weights: Vec<f64> =
            (first..=last).map(|index| lanczos3((index as f64 - centre) / stretch)).collect();
        let sum: f64 = weights.iter().sum();
        Self { first, weights: weights.into_iter().map(|weight| weight / sum).collect() }
    }
}

fn lanczos3(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.abs() < LOBES {
        let x = PI * x;
        LOBES * x.sin() * (x / LOBES).sin() / (x * x)
    } else {
        0.0
    }
}

fn down(source: &[f64], width: usize, taps: &[Taps]) -> Vec<f64> {
    let stride = width * 3;
    let mut sums = vec![0.0; taps.len() * stride];
    for (sum, taps) in sums.chunks_exact_mut(stride).zip(taps) {
        for (row, weight) in source[taps.first * stride..].chunks_exact(stride).zip(&taps.weights) {
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
    }
    sums
}

fn across(source: &[f64], width: usize, taps: &[Taps]) -> Vec<f64> {
    let row = |row: &[f64]| -> Vec<f64> {
        let sum = |taps: &Taps, channel: usize| -> f64 {
            let values = row[taps.first * 3 + channel..].iter().step_by(3);
            values.zip(&taps.weights).map(|(value, weight)| value * weight).sum()
        };
        taps.iter().flat_map(|taps| [0, 1, 2].map(|channel| sum(taps, channel))).collect()
    };
    source.chunks_exact(width * 3).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_flat_picture_flat() {
        let flat = RgbImage::from_pixel(37, 23, image::Rgb([3, 128, 255]));
        assert!(resize(&flat, 8, 5).pixels().all(|pixel| pixel.0 == [3, 128, 255]));
    }

    #[test]
    fn leaves_a_picture_of_the_same_size_alone() {
        let picture =
            RgbImage::from_fn(16, 9, |x, y| image::Rgb([(x * 16) as u8, (y * 28) as u8, (x * y) as u8]));
        assert_eq!(resize(&picture, 16, 9), picture);
    }
}

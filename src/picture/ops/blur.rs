//! Gaussian blur by three boxes along each axis, in a time that does not depend on how wide they are.
//!
//! The boxes have fractions of a sample at their ends, so that three of them have the variance that was asked for,
//! however small (P. Gwosdek and others, Theoretical Foundations of Gaussian Convolution by Extended Box Filtering,
//! 2011). Beyond its edges a picture goes on as it ends.

use crate::picture::{Channels, Picture, lanes};

/// Blurs with this standard deviation, in pixels.
pub fn blur(picture: &mut Picture, sigma: f32) {
    let kernel = Kernel::new(sigma);
    along_rows(picture, &kernel);
    along_columns(picture, &kernel);
}

/// Bytes held beside the picture.
pub(crate) fn held_bytes(width: u32, height: u32, sigma: f32) -> u64 {
    let kernel = Kernel::new(sigma);
    let line = |length: u32, lanes: u64| (u64::from(length) + 2 * kernel.pad() as u64) * lanes * 4;
    2 * line(width, PIXEL as u64).max(line(height, STRIP as u64))
}

/// Lanes of a pixel.
const PIXEL: usize = 4;

/// Samples of a row that are blurred along columns at once: whole pixels with alpha.
const STRIP: usize = 16;

/// One of three equal boxes.
#[derive(Debug, Clone, Copy)]
struct Kernel {
    /// Whole samples to each side.
    radius: usize,
    /// What of one more at each end.
    end: f32,
    /// One over all of it.
    scale: f32,
}

impl Kernel {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and far below 2^32")]
    fn new(sigma: f32) -> Self {
        let variance = f64::from(sigma) * f64::from(sigma) / 3.0;
        let radius = (((12.0 * variance + 1.0).sqrt() - 1.0) / 2.0).floor();
        let squares = radius * (radius + 1.0) * (2.0 * radius + 1.0) / 3.0;
        let next = (radius + 1.0) * (radius + 1.0);
        let end = (variance * (2.0 * radius + 1.0) - squares) / (2.0 * (next - variance));
        let scale = 1.0 / (2.0 * radius + 1.0 + 2.0 * end);
        Self { radius: radius as usize, end: end as f32, scale: scale as f32 }
    }

    /// Samples that a line needs beyond each end.
    fn pad(&self) -> usize {
        self.radius + 1
    }
}

/// A line of samples side by side, with room at both ends, and another of the same size.
struct Lines<const N: usize> {
    line: Vec<[f32; N]>,
    other: Vec<[f32; N]>,
    kernel: Kernel,
}

impl<const N: usize> Lines<N> {
    fn new(length: u32, kernel: Kernel) -> Self {
        let all = length as usize + 2 * kernel.pad();
        Self { line: vec![[0.0; N]; all], other: vec![[0.0; N]; all], kernel }
    }

    /// The samples between the ends.
    fn inner(&mut self) -> &mut [[f32; N]] {
        let (pad, all) = (self.kernel.pad(), self.line.len());
        self.line.get_mut(pad..all - pad).unwrap_or_default()
    }

    fn blur(&mut self) {
        for _ in 0..3 {
            self.extend();
            self.average();
            std::mem::swap(&mut self.line, &mut self.other);
        }
    }

    /// Repeats the first and the last sample beyond the ends.
    fn extend(&mut self) {
        let pad = self.kernel.pad();
        let inner = self.inner();
        let (Some(&first), Some(&last)) = (inner.first(), inner.last()) else { return };
        let all = self.line.len();
        self.line.get_mut(..pad).unwrap_or_default().fill(first);
        self.line.get_mut(all - pad..).unwrap_or_default().fill(last);
    }

    fn average(&mut self) {
        let Kernel { radius, end, scale } = self.kernel;
        let (pad, all) = (self.kernel.pad(), self.line.len());
        let from = |start: usize| self.line.get(start..).unwrap_or_default().iter();
        // The sum of one box less its newest sample.
        let mut sum = [0.0; N];
        for sample in from(1).take(2 * radius) {
            add(&mut sum, sample, 1.0);
        }
        let outs = self.other.get_mut(pad..all - pad).unwrap_or_default();
        let edges = from(0).zip(from(1)).zip(from(2 * radius + 1).zip(from(2 * radius + 2)));
        for (out, ((before, oldest), (newest, after))) in outs.iter_mut().zip(edges) {
            add(&mut sum, newest, 1.0);
            for lane in 0..N {
                if let (Some(out), Some(sum), Some(before), Some(after)) =
                    (out.get_mut(lane), sum.get(lane), before.get(lane), after.get(lane))
                {
                    *out = (sum + end * (before + after)) * scale;
                }
            }
            add(&mut sum, oldest, -1.0);
        }
    }
}

#[inline]
fn add<const N: usize>(sum: &mut [f32; N], samples: &[f32; N], factor: f32) {
    for (sum, sample) in sum.iter_mut().zip(samples) {
        *sum += factor * sample;
    }
}

fn along_rows(picture: &mut Picture, kernel: &Kernel) {
    let mut lines = Lines::<PIXEL>::new(picture.size().width, *kernel);
    let channels = picture.channels();
    for row in picture.rows_mut() {
        for (lanes, pixel) in lines.inner().iter_mut().zip(row.chunks_exact(channels.count())) {
            *lanes = multiplied(pixel);
        }
        lines.blur();
        for (lanes, pixel) in lines.inner().iter().zip(row.chunks_exact_mut(channels.count())) {
            write(lanes, pixel);
        }
    }
}

fn along_columns(picture: &mut Picture, kernel: &Kernel) {
    let mut lines = Lines::<STRIP>::new(picture.size().height, *kernel);
    let has_alpha = picture.channels() == Channels::Rgba;
    for start in (0..picture.stride()).step_by(STRIP) {
        for (lanes, row) in lines.inner().iter_mut().zip(picture.rows()) {
            let samples = row.get(start..).unwrap_or_default();
            if has_alpha {
                for (lanes, pixel) in
                    lanes.as_chunks_mut::<PIXEL>().0.iter_mut().zip(samples.chunks_exact(PIXEL))
                {
                    *lanes = multiplied(pixel);
                }
            } else {
                for (lane, sample) in lanes.iter_mut().zip(samples) {
                    *lane = f32::from(*sample);
                }
            }
        }
        lines.blur();
        for (lanes, row) in lines.inner().iter().zip(picture.rows_mut()) {
            let samples = row.get_mut(start..).unwrap_or_default();
            if has_alpha {
                for (lanes, pixel) in lanes.as_chunks::<PIXEL>().0.iter().zip(samples.chunks_exact_mut(PIXEL))
                {
                    write(lanes, pixel);
                }
            } else {
                for (lane, sample) in lanes.iter().zip(samples) {
                    *sample = lanes::round_one(*lane);
                }
            }
        }
    }
}

/// A pixel with its alpha multiplied in, so that what is transparent lends no colour.
#[inline]
pub(super) fn multiplied(pixel: &[u8]) -> [f32; 4] {
    match *pixel {
        [r, g, b] => [f32::from(r), f32::from(g), f32::from(b), 255.0],
        [r, g, b, a] => {
            let share = f32::from(a) / 255.0;
            [f32::from(r) * share, f32::from(g) * share, f32::from(b) * share, f32::from(a)]
        }
        _ => [0.0; 4],
    }
}

/// The same backwards.
#[inline]
pub(super) fn write(&[r, g, b, a]: &[f32; 4], pixel: &mut [u8]) {
    match pixel {
        [red, green, blue] => [*red, *green, *blue] = [r, g, b].map(lanes::round_one),
        [red, green, blue, alpha] => {
            *alpha = lanes::round_one(a);
            let factor = if a > 0.0 { 255.0 / a } else { 0.0 };
            [*red, *green, *blue] = [r, g, b].map(|sample| lanes::round_one(sample * factor));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn a_flat_picture_stays_flat() {
        for (channels, size) in
            [(Channels::Rgb, (1, 1)), (Channels::Rgba, (37, 23)), (Channels::Rgb, (400, 3))]
        {
            let flat = Picture::filled(Size::new(size.0, size.1), channels, [10, 200, 77, 128]);
            for sigma in [0.1, 0.7, 3.0, 250.0] {
                let mut blurred = flat.clone();
                blur(&mut blurred, sigma);
                assert_eq!(blurred, flat, "{size:?} by {sigma}");
            }
        }
    }

    /// A white point on black, as the samples of its row.
    fn spread(sigma: f32) -> Vec<f64> {
        let mut lines = Lines::<1>::new(101, Kernel::new(sigma));
        lines.inner()[50] = [1.0];
        lines.blur();
        lines.inner().iter().map(|&[sample]| f64::from(sample)).collect()
    }

    #[test]
    fn a_point_becomes_a_bell_of_that_width() {
        for sigma in [0.3, 0.5, 1.0, 2.5, 6.0, 10.0] {
            let bell = spread(sigma);
            let offsets = (-50..=50).map(f64::from);
            let sum: f64 = bell.iter().sum();
            let variance: f64 = bell.iter().zip(offsets).map(|(share, at)| share * at * at).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sigma}: {sum}");
            let expected = f64::from(sigma) * f64::from(sigma);
            assert!((variance - expected).abs() < 1e-3 * expected.max(1.0), "{sigma}: {variance}");
            let mirrored = bell.iter().zip(bell.iter().rev());
            assert!(mirrored.into_iter().all(|(a, b)| (a - b).abs() < 1e-5), "{sigma}: {bell:?}");
        }
    }

    #[test]
    fn what_is_transparent_lends_no_colour() {
        let samples = [[255, 0, 0, 255], [0, 255, 0, 0], [0, 255, 0, 0]].concat();
        let mut picture = Picture::new(Size::new(3, 1), Channels::Rgba, samples).unwrap();
        blur(&mut picture, 1.0);
        for pixel in picture.samples().chunks_exact(4) {
            assert_eq!(pixel[..3], [255, 0, 0]);
            assert!(pixel[3] > 0 && pixel[3] < 255);
        }
    }

    #[test]
    fn rows_and_columns_are_blurred_alike() {
        let samples: Vec<u8> =
            (0..31 * 31 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let at = |x: usize, y: usize| (y * 31 + x) * 3;
        let turned = |samples: &[u8]| -> Vec<u8> {
            (0..31 * 31).flat_map(|i| samples[at(i / 31, i % 31)..][..3].to_vec()).collect()
        };
        let blurred = |samples: Vec<u8>| {
            let mut picture = Picture::new(Size::new(31, 31), Channels::Rgb, samples).unwrap();
            blur(&mut picture, 2.0);
            picture.samples().to_vec()
        };
        let (first, second) = (blurred(turned(&samples)), turned(&blurred(samples)));
        assert!(first.iter().zip(&second).all(|(a, b)| a.abs_diff(*b) <= 1));
    }
}

//! Squares of one colour in the place of pixels.

use crate::picture::Picture;

/// Makes squares of this many pixels a side, from the top left; each has the mean of what it covers.
pub fn pixelate(picture: &mut Picture, side: u32) {
    let pixel_bytes = picture.channels().count();
    let band_bytes = picture.stride().saturating_mul(side.max(1) as usize);
    let (stride, square_bytes) = (picture.stride(), pixel_bytes.saturating_mul(side.max(1) as usize));
    let mut samples = picture.samples_mut();
    while !samples.is_empty() {
        let (band, rest) = samples.split_at_mut(band_bytes.min(samples.len()));
        for start in (0..stride).step_by(square_bytes) {
            let end = start.saturating_add(square_bytes).min(stride);
            let mut sum = Sum::default();
            for line in band.chunks_exact(stride) {
                line.get(start..end)
                    .unwrap_or_default()
                    .chunks_exact(pixel_bytes)
                    .for_each(|pixel| sum.add(pixel));
            }
            let mean = sum.mean();
            for line in band.chunks_exact_mut(stride) {
                for pixel in line.get_mut(start..end).unwrap_or_default().chunks_exact_mut(pixel_bytes) {
                    pixel.iter_mut().zip(mean).for_each(|(sample, mean)| *sample = mean);
                }
            }
        }
        samples = rest;
    }
}

/// Pixels, added up with their alpha multiplied in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    rgb: [u64; 3],
    alpha: u64,
    count: u64,
}

impl Sum {
    pub(super) fn add(&mut self, pixel: &[u8]) {
        let alpha = if let [_, _, _, alpha] = *pixel { alpha.into() } else { 255 };
        for (sum, sample) in self.rgb.iter_mut().zip(pixel) {
            *sum += u64::from(*sample) * alpha;
        }
        self.alpha += alpha;
        self.count += 1;
    }

    /// Their mean; without colour where all of them were transparent.
    pub(super) fn mean(&self) -> [u8; 4] {
        let divide = |sum: u64, by: u64| u8::try_from((sum + by / 2) / by.max(1)).unwrap_or(u8::MAX);
        let [r, g, b] = self.rgb.map(|sum| divide(sum, self.alpha));
        [r, g, b, divide(self.alpha, self.count)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    #[test]
    fn squares_have_the_mean_of_what_they_cover() {
        let grey = |rows: &[&[u8]]| rows.concat().iter().flat_map(|v| [*v; 3]).collect::<Vec<u8>>();
        let samples = grey(&[&[0, 10, 7], &[20, 30, 9], &[40, 50, 200]]);
        let mut picture = Picture::new(Size::new(3, 3), Channels::Rgb, samples).unwrap();
        pixelate(&mut picture, 2);
        assert_eq!(picture.samples(), grey(&[&[15, 15, 8], &[15, 15, 8], &[45, 45, 200]]));
    }

    #[test]
    fn squares_of_one_pixel_change_nothing_and_larger_ones_than_the_picture_cover_it() {
        let samples: Vec<u8> = (0..5 * 4 * 3).collect();
        let original = Picture::new(Size::new(5, 4), Channels::Rgb, samples).unwrap();
        let mut picture = original.clone();
        pixelate(&mut picture, 1);
        assert_eq!(picture, original);
        pixelate(&mut picture, u32::MAX);
        assert!(
            picture.samples().chunks_exact(3).all(|pixel| pixel == [29, 30, 31] || pixel == [28, 29, 30])
        );
    }

    #[test]
    fn what_is_transparent_lends_no_colour() {
        let samples = [[200, 100, 50, 255], [0, 0, 0, 0]].concat();
        let mut picture = Picture::new(Size::new(2, 1), Channels::Rgba, samples).unwrap();
        pixelate(&mut picture, 2);
        assert_eq!(picture.samples(), [[200, 100, 50, 128]; 2].concat());
    }
}

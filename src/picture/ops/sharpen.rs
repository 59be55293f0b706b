//! Sharpening by an unsharp mask: what a small blur takes away from the light is added again.
//!
//! Colours are moved together with the light, so that edges get no fringes.

use crate::picture::{Picture, lanes};

/// Binomial weights close to a Gaussian of one pixel.
const WEIGHTS: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// The middle of them.
const REACH: usize = WEIGHTS.len() / 2;

/// Light with its alpha multiplied in, and alpha.
type Light = [f32; 2];

/// Adds this many times the difference from the blurred picture.
pub fn sharpen(picture: &mut Picture, amount: f32) {
    let mut rows = BlurredRows::new(picture.size().width as usize, picture.size().height as usize);
    let pixel_bytes = picture.channels().count();
    for y in 0..rows.height {
        // No row is changed before all that looks at it was made.
        rows.make(picture, y + REACH);
        let Some(row) = picture.rows_mut().nth(y) else { return };
        for (x, pixel) in row.chunks_exact_mut(pixel_bytes).enumerate() {
            let [light, alpha] = rows.at(x, y);
            let blurred = if alpha > 0.0 { light / alpha } else { 0.0 };
            let added = amount * (light_of(pixel) - blurred);
            for sample in pixel.iter_mut().take(3) {
                *sample = lanes::round_one(f32::from(*sample) + added);
            }
        }
    }
}

/// Bytes held beside the picture.
pub(crate) fn held_bytes(width: u32) -> u64 {
    (u64::from(width) * (WEIGHTS.len() as u64 + 1) + 2 * REACH as u64) * size_of::<Light>() as u64
}

/// Rows blurred along x, as many as are looked at together.
struct BlurredRows {
    height: usize,
    made: usize,
    ring: [Vec<Light>; WEIGHTS.len()],
    line: Vec<Light>,
}

impl BlurredRows {
    fn new(width: usize, height: usize) -> Self {
        let ring = [(); WEIGHTS.len()].map(|()| vec![Light::default(); width]);
        Self { height, made: 0, ring, line: vec![Light::default(); width + 2 * REACH] }
    }

    /// Makes the rows up to this one, if there are so many.
    fn make(&mut self, picture: &Picture, last: usize) {
        while self.made <= last.min(self.height - 1) {
            if let Some(row) = picture.rows().nth(self.made) {
                self.blur(row, picture.channels().count());
            }
            self.made += 1;
        }
    }

    fn blur(&mut self, row: &[u8], pixel_bytes: usize) {
        let lights = row.chunks_exact(pixel_bytes).map(|pixel| {
            let alpha = if let [_, _, _, alpha] = *pixel { f32::from(alpha) } else { 255.0 };
            [light_of(pixel) * alpha, alpha]
        });
        for (light, place) in lights.zip(self.line.iter_mut().skip(REACH)) {
            *place = light;
        }
        let end = self.line.len() - REACH;
        if let (Some(&first), Some(&last)) = (self.line.get(REACH), self.line.get(end - 1)) {
            self.line.iter_mut().take(REACH).for_each(|place| *place = first);
            self.line.iter_mut().skip(end).for_each(|place| *place = last);
        }
        let Some(blurred) = self.ring.get_mut(self.made % WEIGHTS.len()) else { return };
        for (blurred, window) in blurred.iter_mut().zip(self.line.windows(WEIGHTS.len())) {
            *blurred = weigh(window.iter().copied());
        }
    }

    /// The blurred light at a place.
    fn at(&self, x: usize, y: usize) -> Light {
        weigh((0..WEIGHTS.len()).map(|step| {
            let row = (y + step).saturating_sub(REACH).min(self.height - 1);
            self.ring.get(row % WEIGHTS.len()).and_then(|row| row.get(x)).copied().unwrap_or_default()
        }))
    }
}

#[inline]
fn weigh(lights: impl Iterator<Item = Light>) -> Light {
    lights.zip(WEIGHTS).fold([0.0; 2], |sum, (light, weight)| {
        let ([sum_light, sum_alpha], [light, alpha]) = (sum, light);
        [sum_light + light * weight, sum_alpha + alpha * weight]
    })
}

#[inline]
fn light_of(pixel: &[u8]) -> f32 {
    match *pixel {
        [r, g, b, ..] => 0.213 * f32::from(r) + 0.715 * f32::from(g) + 0.072 * f32::from(b),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    #[test]
    fn a_flat_picture_stays_flat() {
        for (channels, size) in [(Channels::Rgb, (1, 1)), (Channels::Rgba, (5, 2)), (Channels::Rgb, (40, 30))]
        {
            let flat = Picture::filled(Size::new(size.0, size.1), channels, [10, 200, 77, 128]);
            let mut sharp = flat.clone();
            sharpen(&mut sharp, 5.0);
            assert_eq!(sharp, flat, "{size:?}");
        }
    }

    #[test]
    fn edges_get_steeper_on_both_sides_and_all_around() {
        let edge = |x: u8| if x < 4 { [60, 60, 60] } else { [180, 180, 180] };
        let row: Vec<u8> = (0..8).flat_map(edge).collect();
        let mut picture = Picture::new(Size::new(8, 6), Channels::Rgb, row.repeat(6)).unwrap();
        sharpen(&mut picture, 1.0);
        for row in picture.rows() {
            let lights: Vec<u8> = row.iter().step_by(3).copied().collect();
            assert_eq!(lights[0], 60);
            assert!(lights[3] < 60 && lights[4] > 180, "{lights:?}");
            assert_eq!(lights[7], 180);
        }
    }

    #[test]
    fn what_is_transparent_lends_no_light() {
        let row = [[100, 100, 100, 255], [255, 255, 255, 0], [255, 255, 255, 0]].concat();
        let mut picture = Picture::new(Size::new(3, 1), Channels::Rgba, row).unwrap();
        sharpen(&mut picture, 4.0);
        assert_eq!(picture.samples()[..4], [100, 100, 100, 255]);
    }
}

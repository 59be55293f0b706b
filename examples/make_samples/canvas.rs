//! Linear light and the surface it is painted on. Absent: sRGB, which begins in `film.rs`.

use crate::noise::whole;
use std::ops::{Add, Mul};

/// Linear red, green and blue; 1 is the white of the paper and the sun is far above it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rgb(pub(crate) f32, pub(crate) f32, pub(crate) f32);

impl Rgb {
    /// This colour at `share` 0, the other at 1.
    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        self * (1.0 - share) + other * share
    }

    pub(crate) fn luminance(self) -> f32 {
        0.2126 * self.0 + 0.7152 * self.1 + 0.0722 * self.2
    }
}

impl Add for Rgb {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }
}

impl Mul<f32> for Rgb {
    type Output = Self;
    fn mul(self, scale: f32) -> Self {
        Self(self.0 * scale, self.1 * scale, self.2 * scale)
    }
}

impl Mul for Rgb {
    type Output = Self;
    fn mul(self, tint: Self) -> Self {
        Self(self.0 * tint.0, self.1 * tint.1, self.2 * tint.2)
    }
}

/// Rows of linear light.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgb>,
}

impl Canvas {
    /// A canvas painted by asking for the colour of each pixel.
    pub(crate) fn paint(width: usize, height: usize, mut colour: impl FnMut(usize, usize) -> Rgb) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            pixels.extend((0..width).map(|x| colour(x, y)));
        }
        Self { width, height, pixels }
    }

    /// The pixel at a place, the nearest edge's where the place is outside.
    pub(crate) fn at(&self, x: i32, y: i32) -> Rgb {
        let column = (x.max(0) as usize).min(self.width.saturating_sub(1));
        let row = (y.max(0) as usize).min(self.height.saturating_sub(1));
        self.pixels.get(row * self.width + column).copied().unwrap_or_default()
    }

    /// The light between pixels, bilinear.
    pub(crate) fn sample(&self, x: f32, y: f32) -> Rgb {
        let (column, row) = (whole(x), whole(y));
        let (across, down) = (x - column as f32, y - row as f32);
        let above = self.at(column, row).mix(self.at(column + 1, row), across);
        let below = self.at(column, row + 1).mix(self.at(column + 1, row + 1), across);
        above.mix(below, down)
    }

    /// Lays `colour` over a pixel, covering `share` of it; outside the canvas nothing happens.
    pub(crate) fn cover(&mut self, x: usize, y: usize, colour: Rgb, share: f32) {
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            *pixel = pixel.mix(colour, share);
        }
    }
}

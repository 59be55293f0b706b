//! Pixels: what a file is, what it may cost, and how it becomes another.
//!
//! Everything here is 8-bit sRGB with straight alpha. Decoders hand out rows, the resampler keeps only the
//! rows its kernel spans, and every later step works on the small frame. Whatever else a file's
//! colours mean is converted there and then.

pub mod animation;
pub mod budget;
pub mod colour;
pub mod decode;
pub mod describe;
pub mod encode;
mod exif;
mod lanes;
pub mod metadata;
pub mod ops;
pub mod palette;
pub mod probe;
pub mod rows;
pub mod svg;
pub mod text;
mod vp8;
mod ycc;

use crate::geometry::Size;

/// What a pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and straight alpha.
    Rgba,
}

impl Channels {
    /// Bytes of one pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// A frame in memory: rows from the top, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    channels: Channels,
    samples: Vec<u8>,
}

impl Picture {
    /// A picture of these samples, or nothing where their number does not fit the size.
    pub fn new(size: Size, channels: Channels, samples: Vec<u8>) -> Option<Self> {
        let fits = u64::try_from(samples.len()).ok()? == size.area() * channels.count() as u64;
        fits.then_some(Self { size, channels, samples })
    }

    /// A picture of one colour.
    pub fn filled(size: Size, channels: Channels, pixel: [u8; 4]) -> Self {
        let one = pixel.get(..channels.count()).unwrap_or(&pixel);
        let samples = one.repeat(size.width as usize * size.height as usize);
        Self { size, channels, samples }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What its pixels are made of.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// All samples, row after row.
    pub fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// The same, to be changed.
    pub fn samples_mut(&mut self) -> &mut [u8] {
        &mut self.samples
    }

    /// Bytes of one row.
    pub fn stride(&self) -> usize {
        self.size.width as usize * self.channels.count()
    }

    /// Rows from the top.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.samples.chunks_exact(self.stride())
    }

    /// Rows from the top, to be changed.
    pub fn rows_mut(&mut self) -> std::slice::ChunksExactMut<'_, u8> {
        let stride = self.stride();
        self.samples.chunks_exact_mut(stride)
    }
}

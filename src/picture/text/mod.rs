//! Written text as a frame: shaped, broken into lines, drawn with an outline and a shadow.
//!
//! Fonts come from outside, so what they claim is bounded: pieces of outlines, glyphs, and the pixels of the frame. Colour
//! fonts, vertical lines and hyphenation are deliberately absent.

#[cfg(feature = "texts")]
mod cover;
#[cfg(feature = "texts")]
mod draw;
#[cfg(feature = "texts")]
mod font;
#[cfg(feature = "texts")]
mod lines;
#[cfg(feature = "texts")]
mod shape;
#[cfg(feature = "texts")]
mod survey;

#[cfg(feature = "texts")]
pub use self::draw::draw;
#[cfg(feature = "texts")]
pub use self::font::Font;

use crate::geometry::Size;

/// Where lines lie within the widest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Align {
    /// At the left.
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// How a text is written. Lengths are in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// The em.
    pub size: f32,
    /// Longer lines are broken.
    pub wrap: u32,
    /// How lines lie; without it by the way that each runs.
    pub align: Option<Align>,
    /// The letters' colour.
    pub colour: [u8; 4],
    /// The width of their outline, and its colour.
    pub outline: Option<(f32, [u8; 4])>,
    /// What lies below them.
    pub shadow: Option<Shadow>,
    /// The frame has no more pixels than these; what lies beyond is cut off.
    pub most: Size,
    /// Nor more of them altogether.
    pub most_pixels: u64,
}

/// The shadow of letters and their outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadow {
    /// So far to the right and down it lies.
    pub offset: f32,
    /// So far its edge reaches.
    pub blur: f32,
    /// Its colour.
    pub colour: [u8; 4],
}

/// Why a text cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The font lacks what it takes.
    #[error("a font is broken, or has no TrueType outlines")]
    Font,
    /// Its glyphs are out of all proportion.
    #[error("a font makes too much of the text")]
    TooComplex,
}

/// Bytes held while a frame of so many pixels is drawn, with the frame: coverage in single precision, masks, and what was
/// shaped.
pub fn held_bytes(pixels: u64) -> u64 {
    const PER_PIXEL: u64 = 9;
    const FIXED: u64 = 4 << 20;
    pixels.saturating_mul(PER_PIXEL).saturating_add(FIXED)
}

//! Pictures of few colours: the colours that stand for all of a picture's, and each pixel's place among them.
//!
//! Colours are gathered into a [`Histogram`], of one picture or of all frames of an animation; boxes of it are split
//! where they vary most (after Wu, "Efficient statistical computations for optimal color quantization", 1991) and
//! their means refined by k-means. Distances are about as large as they look (`point.rs`).

mod diffused;
mod exact;
mod histogram;
mod nearest;
mod ordered;
mod point;
mod refined;
mod split;

pub use self::exact::exact;
pub use self::histogram::{Alpha, Histogram};

use self::nearest::Nearest;
use self::point::multiplied;
use super::{Channels, Picture};
use crate::geometry::Size;

/// Indices are bytes.
pub const MOST_COLOURS: usize = 256;

/// The colours of a picture that has few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    colours: Vec<[u8; 4]>,
    alpha: Alpha,
}

/// What is done about colours that are not in a palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dither {
    /// Nothing: the nearest colour is taken.
    None,
    /// The difference is handed on to pixels that follow (Floyd and Steinberg), where it would be seen: for stills.
    Diffused,
    /// One of two colours is taken, by the pixel's place: what does not change does not flicker. For animations.
    Ordered {
        /// Where the picture's first column is on the animation's canvas.
        left: u32,
        /// Where its first row is.
        top: u32,
    },
}

impl Palette {
    /// A palette of these colours, which are red, green, blue and alpha, not multiplied; nothing where there are none, or
    /// more than [`MOST_COLOURS`].
    pub fn new(colours: Vec<[u8; 4]>, alpha: Alpha) -> Option<Self> {
        (1..=MOST_COLOURS).contains(&colours.len()).then_some(Self { colours, alpha })
    }

    /// Red, green, blue and alpha of each colour, not multiplied.
    pub fn colours(&self) -> &[[u8; 4]] {
        &self.colours
    }

    /// The place of the colour that is not there, if it is one of these.
    pub fn transparent(&self) -> Option<u8> {
        let found = self.colours.iter().position(|colour| colour[3] == 0);
        found.and_then(|index| u8::try_from(index).ok())
    }
}

/// The colours of one picture, at most so many (1–256): all of them where there are no more.
pub fn quantise(picture: &Picture, most_colours: usize, alpha: Alpha) -> Palette {
    let mut histogram = Histogram::new(alpha);
    histogram.add(picture);
    histogram.palette(most_colours, 0.0)
}

/// The place among the palette's colours of every pixel, row after row.
pub fn remap(picture: &Picture, palette: &Palette, dither: Dither) -> Vec<u8> {
    let mut nearest = Nearest::new(palette);
    match dither {
        Dither::None => {
            pixels(picture).map(|pixel| nearest.find(multiplied(palette.alpha.of(pixel))).0).collect()
        }
        Dither::Diffused => diffused::remap(picture, palette, &mut nearest),
        Dither::Ordered { left, top } => ordered::remap(picture, palette, &mut nearest, (left, top)),
    }
}

/// The most that is held while a palette is found and a picture of this size is brought to it, with the indices.
pub fn held_bytes(size: Size) -> u64 {
    // The indices, and rows of errors.
    histogram::HELD_BYTES + nearest::HELD_BYTES + size.area() + u64::from(size.width) * 96
}

/// Its pixels from the top, opaque where it has no alpha.
fn pixels(picture: &Picture) -> impl Iterator<Item = [u8; 4]> {
    let samples = picture.samples();
    let (opaque, translucent) = match picture.channels() {
        Channels::Rgb => (samples.as_chunks::<3>().0, &[][..]),
        Channels::Rgba => (&[][..], samples.as_chunks::<4>().0),
    };
    opaque.iter().map(|&[r, g, b]| [r, g, b, 255]).chain(translucent.iter().copied())
}

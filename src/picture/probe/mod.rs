//! What a file says of itself before anything is decoded: format, size, orientation, alpha, coding.
//!
//! A header is walked first, and nothing is copied or inflated for that; what stands beside the pixels is taken along once
//! the header is known to be all there.

mod bytes;
mod found;
mod gif;
mod jpeg;
mod png;
mod webp;

pub use self::jpeg::JpegCoding;

use std::sync::Arc;

use self::found::Found;
use super::animation::Animation;
use super::colour::{Conversion, Samples};
use super::metadata::Asides;
use super::svg::DrawingCost;
use crate::format::Format;
use crate::geometry::{Size, Turn};
use crate::picture::rows::Colours;

/// What is known of a picture without decoding it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The file's format.
    pub format: Format,
    /// Size as stored, before any turn.
    pub size: Size,
    /// What makes it upright.
    pub turn: Turn,
    /// Whether pixels may be translucent.
    pub alpha: bool,
    /// How the pixels are coded, as far as the cost of decoding depends on it.
    pub coding: Coding,
    /// What else is said of the picture, as far as it stands in the bytes that the header was read from.
    pub asides: Arc<Asides>,
    /// What brings its colours to sRGB, where they are something else.
    pub conversion: Option<Arc<Conversion>>,
    /// What it says of its frames, where it moves: all else is about the first.
    pub animation: Option<Animation>,
}

/// How the pixels of a file are coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coding {
    /// JPEG, 8 bit Huffman.
    Jpeg(JpegCoding),
    /// PNG.
    Png {
        /// Adam7.
        interlaced: bool,
        /// Bytes of one row at most, as stored.
        row_bytes: u64,
    },
    /// WebP, VP8.
    WebpLossy,
    /// WebP, VP8L.
    WebpLossless,
    /// WebP, of several frames laid over each other on a canvas.
    WebpAnimated,
    /// GIF.
    Gif {
        /// Of how many images its picture is made, where it does not move.
        layers: u32,
    },
    /// SVG, which has no pixels until it is drawn.
    Drawing(DrawingCost),
}

/// Why a file cannot be a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The bytes are of no picture format.
    #[error("these bytes are not a picture of a known format")]
    NotAPicture,
    /// A format or a feature that is known and not read.
    #[error("{0} cannot be read")]
    Unsupported(&'static str),
    /// The header is cut off or contradicts itself.
    #[error("the {0} header is broken or cut off")]
    Broken(&'static str),
}

impl Header {
    /// Reads a header from the first bytes of a file, or from all of it, and what stands beside the pixels there.
    pub fn read(bytes: &[u8]) -> Result<Self, ProbeError> {
        let (header, found) = find(bytes)?;
        let conversion = found.conversion(header.samples(bytes));
        Ok(Self { asides: Arc::new(found.asides()), conversion, ..header })
    }

    /// Of a drawing that was measured.
    #[cfg(feature = "drawings")]
    pub(super) fn of_drawing(size: Size, cost: DrawingCost) -> Self {
        Self { alpha: true, ..Self::new(Format::Svg, size, Coding::Drawing(cost)) }
    }

    /// Of an opaque picture that stands upright and still.
    fn new(format: Format, size: Size, coding: Coding) -> Self {
        let asides = Arc::default();
        Self {
            format,
            size,
            turn: Turn::NONE,
            alpha: false,
            coding,
            asides,
            conversion: None,
            animation: None,
        }
    }

    /// Only the header, as often as it takes until there are enough bytes.
    pub(crate) fn walk(bytes: &[u8]) -> Result<Self, ProbeError> {
        find(bytes).map(|(header, _)| header)
    }

    /// What kind of samples a profile in the file is about.
    fn samples(&self, bytes: &[u8]) -> Samples {
        match &self.coding {
            Coding::Jpeg(coding) => match coding.colours {
                Colours::Grey => Samples::Grey,
                Colours::Cmyk | Colours::Ycck => Samples::Cmyk,
                _ => Samples::Rgb,
            },
            Coding::Png { .. } if matches!(bytes.get(png::COLOUR_AT), Some(0 | 4)) => Samples::Grey,
            _ => Samples::Rgb,
        }
    }

    /// Size as seen.
    pub fn upright(&self) -> Size {
        self.turn.size(self.size)
    }
}

fn find(bytes: &[u8]) -> Result<(Header, Found<'_>), ProbeError> {
    match Format::sniff(bytes).ok_or(ProbeError::NotAPicture)? {
        Format::Jpeg => jpeg::read(bytes),
        Format::Png => png::read(bytes).ok_or(ProbeError::Broken("PNG")),
        Format::Webp => webp::read(bytes).ok_or(ProbeError::Broken("WebP")),
        Format::Gif => {
            gif::read(bytes).map(|header| (header, Found::default())).ok_or(ProbeError::Broken("GIF"))
        }
        Format::Avif => Err(ProbeError::Unsupported("AVIF")),
        Format::Svg => Err(ProbeError::NotAPicture),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_by_name() {
        let arithmetic = [0xFF, 0xD8, 0xFF, 0xC9, 0, 2];
        assert_eq!(Header::read(&arithmetic), Err(ProbeError::Unsupported("JPEG with arithmetic coding")));
        assert_eq!(Header::read(b"\0\0\0\x1cftypavif"), Err(ProbeError::Unsupported("AVIF")));
        assert_eq!(Header::read(b"<svg/>"), Err(ProbeError::NotAPicture));
        assert_eq!(Header::read(b"GIF89a"), Err(ProbeError::Broken("GIF")));
        assert_eq!(Header::read(b"RIFF\0\0\0\0WEBPVP8 "), Err(ProbeError::Broken("WebP")));
    }

    #[test]
    fn every_cut_of_a_header_is_answered() {
        let frame = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xC0\0\x0B\x08\0\x10\0\x20\x01\x01\x11\0";
        for end in 0..frame.len() {
            let _ = Header::read(&frame[..end]);
        }
        let header = Header::read(frame).unwrap();
        assert_eq!(header.size, Size::new(32, 16));
        let (colours, factors) = (Colours::Grey, vec![(1, 1)]);
        assert_eq!(
            header.coding,
            Coding::Jpeg(JpegCoding { progressive: false, colours, plain_ink: true, factors })
        );
    }
}

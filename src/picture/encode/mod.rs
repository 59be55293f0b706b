//! A small frame in, a file out. One file per format; each wraps the encoder that serves it best today.

pub mod avif;
mod fitted;
mod gif;
pub mod jpeg;
mod png;
mod webp;
mod ycc;

pub use self::fitted::{MOST_TRIES, encode_fitted};

use super::Picture;
use crate::format::Format;
use crate::geometry::Size;

/// What file is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Its format.
    pub format: Format,
    /// 1–100, for formats that lose. WebP loses nothing at 100.
    pub quality: u8,
    /// Whether a JPEG may have several scans.
    pub progressive: bool,
}

impl Encoding {
    /// An encoding; a JPEG may have several scans.
    pub fn new(format: Format, quality: u8) -> Self {
        Self { format, quality, progressive: true }
    }

    /// About how many milliseconds a photograph of this size takes as wasm, once it is a frame.
    pub fn estimated_ms(self, size: Size) -> u64 {
        let nanoseconds_per_pixel = match self.format {
            Format::Avif => 200,
            Format::Gif => 300,
            Format::Webp => 75,
            Format::Png => 15,
            Format::Jpeg => 12,
        };
        size.area().saturating_mul(nanoseconds_per_pixel) / 1_000_000
    }

    /// Whether this is WebP's lossless coding.
    pub(crate) fn is_lossless_webp(self) -> bool {
        self.format == Format::Webp && self.quality == 100
    }
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A frame that an encoder would not take: a defect of ours, or a format that is not written.
    #[error("{format} cannot be encoded: {reason}")]
    Refused {
        /// The format's name.
        format: &'static str,
        /// What the encoder said.
        reason: String,
    },
    /// Not even the lowest quality makes the file as short as it should be, or the format has none.
    #[error(
        "no quality makes the file as short as {most_bytes} bytes; ask for a smaller picture or another format"
    )]
    NoneFits {
        /// So short it should be.
        most_bytes: u32,
    },
    /// The file grew beyond what the budget has room for.
    #[error("the file would grow beyond {most_bytes} bytes; ask for a lower quality or a smaller picture")]
    TooLong {
        /// Bytes there were.
        most_bytes: usize,
    },
}

impl EncodeError {
    fn new(format: Format, reason: &impl ToString) -> Self {
        Self::Refused { format: format.name(), reason: reason.to_string() }
    }
}

/// Encodes a frame. Formats that hold no alpha must be given none.
pub fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    match encoding.format {
        Format::Jpeg => jpeg::encode(picture, encoding),
        Format::Png => png::encode(picture),
        Format::Webp => webp::encode(picture, encoding),
        Format::Gif => gif::encode(picture),
        Format::Avif => avif::encode(picture, encoding.quality),
    }
}

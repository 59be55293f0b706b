//! A small frame in, a file out. One file per format; each wraps the encoder that serves it best today.

mod gif;
mod jpeg;
mod png;
mod webp;

use super::Picture;
use crate::format::Format;

/// What file is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Its format.
    pub format: Format,
    /// 1–100, for formats that lose. WebP loses nothing at 100.
    pub quality: u8,
}

impl Encoding {
    /// Whether this is WebP's lossless coding.
    pub(crate) fn is_lossless_webp(self) -> bool {
        self.format == Format::Webp && self.quality == 100
    }
}

/// A frame that an encoder would not take: a defect of ours, or a format that is not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{format} cannot be encoded: {reason}")]
pub struct EncodeError {
    /// The format's name.
    pub format: &'static str,
    /// What the encoder said.
    pub reason: String,
}

impl EncodeError {
    fn new(format: Format, reason: &impl ToString) -> Self {
        Self { format: format.name(), reason: reason.to_string() }
    }
}

/// Encodes a frame. Formats that hold no alpha must be given none.
pub fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    match encoding.format {
        Format::Jpeg => jpeg::encode(picture, encoding.quality),
        Format::Png => png::encode(picture),
        Format::Webp => webp::encode(picture, encoding),
        Format::Gif => gif::encode(picture),
        Format::Avif => Err(EncodeError::new(encoding.format, &"it is not written")),
    }
}

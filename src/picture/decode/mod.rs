//! Compressed bytes in, rows out. One file per format; each wraps the decoder that serves it best today.

mod gif;
mod jpeg;
mod png;
mod segments;
mod webp;

use super::Channels;
use super::probe::Header;
use super::rows::RowSink;
use crate::format::Format;
use crate::geometry::Size;

/// A file whose header was read and whose pixels are not what it promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {format} data is broken: {reason}")]
pub struct DecodeError {
    /// The format's name.
    pub format: &'static str,
    /// What the decoder found.
    pub reason: String,
}

impl DecodeError {
    fn new(format: Format, reason: &impl ToString) -> Self {
        Self { format: format.name(), reason: reason.to_string() }
    }
}

/// Decodes the first frame of `bytes` at one `reduction`-th of its size (1, 2, 4 or 8; formats other than
/// JPEG know only 1) into `sink`. The caller has checked the budget.
pub fn decode(
    bytes: &[u8],
    header: &Header,
    reduction: u8,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    match header.format {
        Format::Jpeg => jpeg::decode(bytes, header, reduction, sink),
        Format::Png => png::decode(bytes, header, sink),
        Format::Webp => webp::decode(bytes, header, sink),
        Format::Gif => gif::decode(bytes, header, sink),
        Format::Avif => Err(DecodeError::new(header.format, &"it is not read")),
    }
}

/// Hands a whole frame on, row by row.
fn send_frame(samples: &[u8], size: Size, channels: Channels, sink: &mut dyn RowSink) {
    sink.begin(size, channels);
    let stride = size.width as usize * channels.count();
    let _ = samples.chunks_exact(stride).try_for_each(|row| sink.row(row));
}

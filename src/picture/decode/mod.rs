//! Compressed bytes in, as they come; rows of planes out, as they are done. One file or folder per format.

mod gif;
mod jpeg;
mod png;
mod webp;

pub use jpeg::{Reduction, Wanted};

pub(super) use gif::{GifFrames, blocks as gif_blocks, held_bytes as gif_bytes};
pub(super) use jpeg::held_bytes as jpeg_bytes;
pub(super) use png::held_bytes as png_bytes;
pub(super) use webp::{NEAR as NEAR_PIXELS, WebpFrames, held_bytes as webp_bytes};

#[cfg(test)]
pub(in crate::picture) use self::webp::unsmoothed_planes;
use std::ops::ControlFlow;

use self::jpeg::JpegDecoder;
use self::png::PngDecoder;
use super::budget::LARGEST_GATHERED_BYTES;
use super::probe::{Coding, Header};
use super::rows::RowSink;
#[cfg(feature = "drawings")]
use super::svg;
use super::svg::Drawn;
use crate::format::Format;

/// How much of a file is usually given to a decoder at a time.
pub const PIECE_BYTES: u32 = 1 << 16;

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
    pub(super) fn new(format: Format, reason: &impl ToString) -> Self {
        Self { format: format.name(), reason: reason.to_string() }
    }
}

/// Decodes the first frame of a file that is given to it piece by piece. The caller has checked the budget.
#[derive(Debug)]
pub struct Decoder {
    header: Header,
    reduction: Reduction,
    drawn: Option<Drawn>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Jpeg(Box<JpegDecoder>),
    Png(Box<PngDecoder>),
    /// The file is gathered first; so long it is.
    Gathered(Vec<u8>, usize),
}

/// Whether a file with this header must be in memory whole before a pixel of it can be decoded.
pub fn is_gathered(header: &Header) -> bool {
    match &header.coding {
        Coding::Jpeg(coding) => coding.progressive,
        Coding::Png { interlaced, .. } => *interlaced,
        Coding::WebpLossy
        | Coding::WebpLossless
        | Coding::WebpAnimated
        | Coding::Gif { .. }
        | Coding::Drawing(_) => true,
    }
}

impl Decoder {
    /// A decoder for a file of so many bytes with this header, at a reduction that its format knows: any for JPEG, none for PNG and GIF.
    /// Pixels that are not wanted may be anything.
    pub fn new(header: &Header, file_bytes: u64, reduction: Reduction, wanted: Wanted) -> Self {
        // What is gathered does not grow by doubling.
        let file_bytes = usize::try_from(file_bytes.min(LARGEST_GATHERED_BYTES)).unwrap_or(0);
        let drawn = wanted.drawn;
        let way = match &header.coding {
            Coding::Jpeg(coding) => {
                Way::Jpeg(Box::new(JpegDecoder::new(header.size, coding, file_bytes, reduction, wanted)))
            }
            Coding::Png { .. } => Way::Png(Box::new(PngDecoder::new(header))),
            _ => Way::Gathered(Vec::new(), file_bytes),
        };
        Self { header: header.clone(), reduction, drawn, way }
    }

    /// Takes the first bytes, which are not copied where they must be kept. As `push` otherwise.
    pub fn begin(&mut self, start: Vec<u8>, sink: &mut dyn RowSink) -> Result<ControlFlow<()>, DecodeError> {
        match &mut self.way {
            Way::Jpeg(decoder) => decoder.begin(start, sink),
            Way::Png(decoder) => decoder.push(&start, sink),
            Way::Gathered(file, _) => {
                *file = start;
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    /// Takes the next bytes and hands on the rows that they complete. `Break` when no more are wanted.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn RowSink) -> Result<ControlFlow<()>, DecodeError> {
        match &mut self.way {
            Way::Jpeg(decoder) => decoder.push(bytes, sink),
            Way::Png(decoder) => decoder.push(bytes, sink),
            Way::Gathered(file, length) => {
                if file.is_empty() {
                    file.reserve_exact(*length);
                }
                file.extend_from_slice(bytes);
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    /// The header, and all of the file, where it was gathered.
    pub fn into_file(self) -> Option<(Header, Vec<u8>)> {
        match self.way {
            Way::Gathered(file, _) => Some((self.header, file)),
            Way::Jpeg(_) | Way::Png(_) => None,
        }
    }

    /// The file has ended. Not to be called after a `Break`.
    pub fn finish(&mut self, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
        match &mut self.way {
            Way::Jpeg(decoder) => decoder.finish(sink),
            Way::Png(decoder) => decoder.finish(),
            Way::Gathered(file, _) => match self.header.format {
                Format::Webp => webp::decode(file, &self.header, self.reduction.luma, sink),
                Format::Gif => gif::decode(file, &self.header, sink),
                Format::Svg => draw(file, &self.header, self.drawn, sink),
                Format::Jpeg | Format::Png | Format::Avif => Err(not_read(self.header.format)),
            },
        }
    }
}

/// All of a drawing's text, drawn as the plan says.
#[cfg(feature = "drawings")]
fn draw(
    text: &[u8],
    header: &Header,
    drawn: Option<Drawn>,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    svg::draw(text, header.size, &drawn.ok_or_else(|| not_read(header.format))?, sink)
}

/// Builds without the feature have no header of any.
#[cfg(not(feature = "drawings"))]
fn draw(_: &[u8], header: &Header, _: Option<Drawn>, _: &mut dyn RowSink) -> Result<(), DecodeError> {
    Err(not_read(header.format))
}

fn not_read(format: Format) -> DecodeError {
    DecodeError::new(format, &"it is not read")
}

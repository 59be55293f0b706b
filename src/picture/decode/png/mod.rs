//! PNG, row by row as the file arrives.
//!
//! What is held is the window of deflate and a few rows; of an interlaced picture, the compressed stream besides.
//! Metadata is passed over. Broken is what `libpng` and its kin refuse: a chunk that pixels depend on and whose CRC
//! is wrong, a stream that is too short, a file that ends before another chunk follows the pixels. The checksum of
//! zlib is not looked at, nor is anything behind the pixels.

mod adam7;
mod chunks;
mod colour;
mod head;
mod inflate;
mod lines;
mod paeth;
mod straight;
#[cfg(test)]
mod tests;
mod unfilter;

use std::fmt;
use std::ops::ControlFlow;

use chunks::{Chunks, Event, Kind, is_critical};
use colour::Expander;
use head::{Head, Shape};
use inflate::Inflater;
use straight::Straight;

use super::DecodeError;
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::{Layout, RowSink};

/// The longest body that is kept: PLTE's.
const LONGEST_BODY: u32 = 768;

/// What is held beside rows and windows: bodies of chunks, and a palette of 256 colours in two forms.
const FIXED_BYTES: u64 = 4 * 1024;

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("{0}")]
    Broken(&'static str),
    #[error("the chunk {} is unknown and critical", .0.escape_ascii())]
    Unknown(Kind),
    #[error("a {} chunk has a wrong CRC", .0.escape_ascii())]
    Crc(Kind),
    #[error("its pixels do not inflate: {0:?}")]
    Inflate(fdeflate::DecompressionError),
}

impl From<&'static str> for Reason {
    fn from(reason: &'static str) -> Self {
        Self::Broken(reason)
    }
}

impl From<fdeflate::DecompressionError> for Reason {
    fn from(error: fdeflate::DecompressionError) -> Self {
        Self::Inflate(error)
    }
}

/// How far a file was read.
enum Stage {
    /// Nothing was.
    Start,
    /// IHDR was; the pixels have not begun.
    Head(Head),
    /// Pixels are sent as they come.
    Straight(Straight),
    /// Pixels are gathered.
    Interlaced(Head, Expander, adam7::Stream),
    /// No more is needed.
    Done,
}

/// A decoder that is given a file in any pieces.
pub(super) struct PngDecoder {
    size: Size,
    alpha: bool,
    chunks: Chunks,
    /// The body of a chunk that is read whole, as far as it came.
    body: Option<Vec<u8>>,
    stage: Stage,
}

impl fmt::Debug for PngDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Windows and rows say nothing to a reader.
        f.debug_struct("PngDecoder").field("size", &self.size).finish_non_exhaustive()
    }
}

impl PngDecoder {
    /// A decoder of a file with this header.
    pub(super) fn new(header: &Header) -> Self {
        Self {
            size: header.size,
            alpha: header.alpha,
            chunks: Chunks::new(),
            body: None,
            stage: Stage::Start,
        }
    }

    /// Takes the next bytes of the file (any chunking) and hands on the rows they complete; `Break` when no more
    /// bytes are needed.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, DecodeError> {
        self.read(bytes, sink).map_err(|reason| DecodeError::new(Format::Png, &reason))
    }

    /// The file ended.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        match self.stage {
            Stage::Done => Ok(()),
            _ => Err(DecodeError::new(Format::Png, &"it ends too soon")),
        }
    }

    fn read(&mut self, mut bytes: &[u8], sink: &mut dyn RowSink) -> Result<ControlFlow<()>, Reason> {
        while !matches!(self.stage, Stage::Done) {
            let Some(event) = self.chunks.next(&mut bytes)? else { return Ok(ControlFlow::Continue(())) };
            match event {
                Event::Begin { kind, length } => self.begin(kind, length, sink)?,
                Event::Data(data) => self.data(data, sink)?,
                Event::End { is_sound } => self.end(is_sound)?,
            }
        }
        Ok(ControlFlow::Break(()))
    }

    fn begin(&mut self, kind: Kind, length: u32, sink: &mut dyn RowSink) -> Result<(), Reason> {
        self.body = None;
        match (&self.stage, &kind) {
            (Stage::Start, b"IHDR") if length == 13 => self.body = Some(Vec::new()),
            (Stage::Start, _) => return Err("it does not begin with IHDR".into()),
            (Stage::Head(_), b"IDAT") => self.begin_pixels(sink)?,
            (Stage::Head(_), b"PLTE") if !(3..=LONGEST_BODY).contains(&length) => {
                return Err("the palette has no colours or too many".into());
            }
            (Stage::Head(_), b"PLTE") => self.body = Some(Vec::new()),
            (Stage::Head(_), b"tRNS") if (1..=256).contains(&length) => self.body = Some(Vec::new()),
            (Stage::Head(_), b"IHDR" | b"IEND") => return Err("its chunks are out of order".into()),
            (Stage::Head(_), _) if is_critical(kind) => return Err(Reason::Unknown(kind)),
            (Stage::Straight(_) | Stage::Interlaced(..), b"IDAT") | (Stage::Head(_) | Stage::Done, _) => {}
            // The pixels end where another chunk begins.
            (Stage::Straight(_) | Stage::Interlaced(..), _) => self.end_pixels(sink)?,
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8], sink: &mut dyn RowSink) -> Result<(), Reason> {
        match &mut self.stage {
            Stage::Straight(straight) => {
                if straight.push(data, sink)?.is_break() {
                    self.stage = Stage::Done;
                }
            }
            Stage::Interlaced(_, _, stream) => stream.push(data),
            Stage::Start | Stage::Head(_) | Stage::Done => {
                if let Some(body) = &mut self.body {
                    body.extend_from_slice(data);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, is_sound: bool) -> Result<(), Reason> {
        let kind = self.chunks.kind();
        if !is_sound && is_critical(kind) {
            return Err(Reason::Crc(kind));
        }
        let Some(body) = self.body.take().filter(|_| is_sound) else { return Ok(()) };
        match (&mut self.stage, &kind) {
            (Stage::Head(head), b"PLTE") => head.set_palette(body)?,
            (Stage::Head(head), _) => head.set_transparency(body),
            _ => {
                let shape = Shape::read(&body)?;
                if shape.size != self.size {
                    return Err("two headers disagree".into());
                }
                self.stage = Stage::Head(Head::new(shape));
            }
        }
        Ok(())
    }

    fn begin_pixels(&mut self, sink: &mut dyn RowSink) -> Result<(), Reason> {
        let Stage::Head(head) = std::mem::replace(&mut self.stage, Stage::Done) else { return Ok(()) };
        let expander = Expander::new(&head, self.alpha)?;
        sink.begin(&Layout::whole(expander.colours(), head.shape.size));
        self.stage = if head.shape.is_interlaced {
            Stage::Interlaced(head, expander, adam7::Stream::default())
        } else {
            Stage::Straight(Straight::new(&head, expander)?)
        };
        Ok(())
    }

    fn end_pixels(&mut self, sink: &mut dyn RowSink) -> Result<(), Reason> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Straight(straight) if !straight.is_complete() => Err("it has too few pixels".into()),
            Stage::Interlaced(head, expander, stream) => adam7::send(&head, expander, &stream, sink),
            _ => Ok(()),
        }
    }
}

/// Bytes held while a file with this header is decoded; for an interlaced picture the compressed bytes come on top.
pub(in crate::picture) fn held_bytes(header: &Header) -> u64 {
    let Coding::Png { interlaced, row_bytes } = header.coding else { return 0 };
    let (width, stride) = (u64::from(header.size.width), row_bytes.saturating_sub(1));
    let expanded = width.saturating_mul(if header.alpha { 4 } else { 3 });
    let rows = if interlaced {
        // A few bits too many for pictures of a few pixels.
        let pixel_bits = stride.saturating_mul(8) / width.max(1);
        adam7::held_bytes(header.size, pixel_bits).saturating_add(expanded * 2)
    } else {
        let total = row_bytes.saturating_mul(header.size.height.into());
        Inflater::held_bytes(row_bytes, total, straight::ROOM)
            .saturating_add(stride.saturating_mul(lines::GROUP as u64 + 1))
            .saturating_add(expanded)
    };
    rows.saturating_add(FIXED_BYTES)
}

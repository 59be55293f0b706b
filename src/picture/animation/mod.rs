//! Pictures that move: what a file says of its frames, and the frames, one at a time on a canvas.
//!
//! No more than one frame is ever held, with what stayed of those before.

mod canvas;
mod view;

pub(super) use self::canvas::After;
pub use self::canvas::{Canvas, Shown};
pub use self::view::View;

use super::decode::{DecodeError, GifFrames, WebpFrames};
use super::probe::Header;
use crate::format::Format;

/// What a file that moves says of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animation {
    /// How many there are.
    pub frames: u32,
    /// How often all of them are shown; for ever where nothing is said.
    pub plays: Option<u32>,
    /// How long once takes, by what the frames say.
    pub duration_ms: u64,
    /// Whether anything may be transparent at any time.
    pub alpha: bool,
}

/// About how long a pixel of a canvas takes to be decoded, laid down and resampled as wasm.
pub(crate) const READING_NANOSECONDS: u64 = 30;

/// Bytes that a canvas holds, and what is beneath its last frame.
pub(crate) fn held_bytes(header: &Header) -> u64 {
    let pieces = if header.format == Format::Gif { 2 } else { 1 };
    pieces * Canvas::bytes(header.size)
}

/// The frames of a file.
#[derive(Debug)]
pub struct Frames<'a> {
    format: Format,
    way: Way<'a>,
}

#[derive(Debug)]
enum Way<'a> {
    Gif(Box<GifFrames<'a>>),
    Webp(WebpFrames<'a>),
}

impl<'a> Frames<'a> {
    /// Opens a file, of which all must be there. The caller has checked the budget.
    pub fn open(file: &'a [u8], header: &Header) -> Result<Self, DecodeError> {
        let format = header.format;
        let broken = |reason| DecodeError::new(format, &reason);
        let way = match format {
            Format::Gif => Way::Gif(Box::new(GifFrames::open(file).map_err(broken)?)),
            Format::Webp => Way::Webp(WebpFrames::open(file).map_err(broken)?),
            Format::Jpeg | Format::Png | Format::Avif | Format::Svg => {
                return Err(broken("it does not move"));
            }
        };
        Ok(Self { format, way })
    }

    /// Lays the next frame on a canvas, which is as large as the header says and used for nothing else; nothing where
    /// there are no more.
    pub fn next(&mut self, canvas: &mut Canvas) -> Result<Option<Shown>, DecodeError> {
        let shown = match &mut self.way {
            Way::Gif(frames) => frames.next(canvas),
            Way::Webp(frames) => frames.next(canvas),
        };
        shown.map_err(|reason| DecodeError::new(self.format, &reason))
    }
}

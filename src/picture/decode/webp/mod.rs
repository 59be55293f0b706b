//! WebP (RFC 9649), decoded by rows. Of an animation, the first frame on its canvas, or one after the other (`frames.rs`).
//!
//! Lossy pictures come as planes of luma and halved chroma, at a half, a quarter or an eighth of their size if that is
//! enough; all others as pixels. Nothing is held whole: a lossy picture takes a strip of a few rows, a lossless one
//! what references reach back to.

#![expect(clippy::inline_always, reason = "kernels are small functions that must vanish into their loops")]

mod alpha;
mod canvas;
mod chunks;
mod frames;
mod lossless;
mod lossy;
mod upsample;

pub(in crate::picture) use self::frames::WebpFrames;
pub(in crate::picture) use self::lossless::NEAR;
#[cfg(test)]
pub(in crate::picture) use self::lossy::unsmoothed_planes;
use std::ops::ControlFlow;

use self::alpha::Alpha;
use self::canvas::{Canvas, Lay};
use self::chunks::{Found, FramePlace, Image};
use self::lossless::Lossless;
use self::lossy::Lossy;
use self::upsample::Upsampler;
use super::DecodeError;
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::RowSink;

/// Why a file cannot be decoded, in a few words.
type Reason = &'static str;

/// Turns nothing into a reason.
trait Broken<T> {
    fn broken(self, reason: Reason) -> Result<T, Reason>;
}

impl<T> Broken<T> for Option<T> {
    fn broken(self, reason: Reason) -> Result<T, Reason> {
        self.ok_or(reason)
    }
}

/// Bytes that decoding holds at most, without the file.
pub(in crate::picture) fn held_bytes(header: &Header, reduction: u8) -> u64 {
    let size = header.size;
    let pixels = canvas::held_bytes(size) + upsample::held_bytes(size) + lossy::held_bytes(size, 1);
    match header.coding {
        Coding::WebpLossy if !header.alpha => lossy::held_bytes(size, reduction),
        Coding::WebpLossless => lossless::held_bytes(size) + canvas::held_bytes(size),
        // With alpha that is as large as the picture.
        _ => pixels + alpha::held_bytes(size),
    }
}

/// Decodes the first frame of a file. Opaque lossy pictures come at one `reduction`-th of their size (1, 2, 4 or 8), all
/// others at the whole of it.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    reduction: u8,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    pixels(file, header, reduction, sink).map_err(|reason| DecodeError::new(Format::Webp, &reason))
}

fn pixels(file: &[u8], header: &Header, reduction: u8, sink: &mut dyn RowSink) -> Result<(), Reason> {
    let found = chunks::find(file)?;
    let frame_size = coded_size(&found)?;
    let place = found.place.unwrap_or(FramePlace {
        left: 0,
        top: 0,
        size: frame_size,
        is_blended: false,
        is_cleared: false,
        duration_ms: 0,
    });
    if place.size != frame_size || found.canvas.unwrap_or(frame_size) != header.size {
        return Err("two headers disagree");
    }
    if found.place.is_none() && frame_size != header.size {
        return Err("two headers disagree");
    }
    match found.image {
        Image::Lossy(frame) if found.place.is_none() && !header.alpha => {
            let reduction = if matches!(reduction, 2 | 4 | 8) { reduction } else { 1 };
            let lossy = Lossy::open(frame)?;
            sink.begin(&lossy::layout(frame_size, reduction));
            lossy.decode(reduction, sink)
        }
        _ => {
            let (mut canvas, flow) = Canvas::begin(header.size, place, header.alpha, sink);
            if flow.is_continue() && lay(&found, place.size, &mut canvas)?.is_continue() {
                canvas.finish();
            }
            Ok(())
        }
    }
}

/// What a frame's own header says.
fn coded_size(found: &Found<'_>) -> Result<Size, Reason> {
    match found.image {
        Image::Lossy(frame) => Lossy::size(frame),
        Image::Lossless(stream) => lossless::size(stream),
    }
}

/// Lays the pixels of a frame down, row by row; whether all were wanted.
fn lay(found: &Found<'_>, size: Size, to: &mut impl Lay) -> Result<ControlFlow<()>, Reason> {
    match found.image {
        Image::Lossy(frame) => lay_lossy(frame, found.alpha, size, to),
        Image::Lossless(stream) => lay_lossless(stream, size, to),
    }
}

fn lay_lossless(stream: &[u8], size: Size, to: &mut impl Lay) -> Result<ControlFlow<()>, Reason> {
    let mut lossless = Lossless::open(stream)?;
    for _ in 0..size.height {
        let row = lossless.next_row()?;
        let flow = to.lay(row.iter().map(|&colour| {
            let [b, g, r, a] = colour.to_le_bytes();
            [r, g, b, a]
        }));
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Luma, chroma and alpha, row by row into pixels.
fn lay_lossy(
    frame: &[u8],
    alpha: Option<&[u8]>,
    size: Size,
    to: &mut impl Lay,
) -> Result<ControlFlow<()>, Reason> {
    let lossy = Lossy::open(frame)?;
    let mut alpha = Alpha::open(alpha, size)?;
    let mut result = Ok(ControlFlow::Continue(()));
    let mut upsampler = Upsampler::new(size, |pixels: &mut [[u8; 4]]| {
        let row = match alpha.next_row() {
            Ok(row) => row,
            Err(reason) => {
                result = Err(reason);
                return ControlFlow::Break(());
            }
        };
        let flow = to.lay(pixels.iter().zip(row).map(|(&[r, g, b, _], &a)| [r, g, b, a]));
        result = Ok(flow);
        flow
    });
    lossy.decode(1, &mut upsampler)?;
    drop(upsampler);
    result
}

//! GIF: images of up to 256 colours, laid on a screen one after the other.
//!
//! Where a file moves, the picture is its first image. A file of several images that has neither delays nor repeats shows
//! nothing in between: its picture is what all of them make together.

pub(in crate::picture) mod blocks;
mod frames;
mod lzw;

pub(in crate::picture) use self::frames::GifFrames;

use super::DecodeError;
use crate::format::Format;
use crate::picture::animation::Canvas;
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::{Colours, RowSink};

/// Why a file cannot be decoded, in a few words.
type Reason = &'static str;

/// Bytes that decoding holds at most, without the file.
pub(in crate::picture) fn held_bytes(header: &Header) -> u64 {
    // What stays is kept beside the indices of one image only where something is laid over it.
    let canvases = match header.coding {
        Coding::Gif { layers: 2.. } => 2,
        _ => 0,
    };
    canvases * Canvas::bytes(header.size) + frames::held_bytes(header.size)
}

/// Decodes the picture of a file.
pub(super) fn decode(file: &[u8], header: &Header, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
    let layers = match header.coding {
        Coding::Gif { layers } => layers,
        _ => 1,
    };
    let broken = |reason| DecodeError::new(Format::Gif, &reason);
    let mut frames = GifFrames::open(file).map_err(broken)?;
    let colours = if header.alpha { Colours::Rgba } else { Colours::Rgb };
    if layers > 1 {
        let mut canvas = Canvas::new(header.size);
        for _ in 0..layers {
            if frames.next(&mut canvas).map_err(broken)?.is_none() {
                break;
            }
        }
        canvas.send(colours, sink);
        return Ok(());
    }
    frames.send_first(header.size, colours, sink).map_err(broken)
}

//! WebP: lossy by an encoder of VP8 key frames, lossless by `image-webp`.
//!
//! Translucent lossy pictures are put together here out of both: colours lossy, alpha lossless.

mod container;
mod lossy;

use image_webp::{ColorType, WebPEncoder};

use super::{EncodeError, Encoding};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::{Channels, Picture};

pub(super) fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let (size, samples) = (picture.size(), picture.samples());
    match (encoding.is_lossless_webp(), picture.channels()) {
        (true, Channels::Rgb) => lossless(samples, size, ColorType::Rgb8),
        (true, Channels::Rgba) => lossless(samples, size, ColorType::Rgba8),
        (false, Channels::Rgb) => opaque(picture, encoding.quality),
        (false, Channels::Rgba) => translucent(picture, encoding.quality),
    }
}

fn lossless(samples: &[u8], size: Size, colour: ColorType) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    WebPEncoder::new(&mut bytes)
        .encode(samples, size.width, size.height, colour)
        .map_err(|error| EncodeError::new(Format::Webp, &error))?;
    Ok(bytes)
}

fn refusal(reason: &str) -> EncodeError {
    EncodeError::new(Format::Webp, &reason)
}

/// The lossy file of an opaque picture.
pub(super) fn lossy(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    opaque(picture, quality)
}

fn opaque(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let [start, modes, tokens] = lossy::frame(picture, quality).map_err(refusal)?;
    container::file(&[(*b"VP8 ", &[&start, &modes, &tokens])]).ok_or_else(|| refusal(TOO_LONG))
}

const TOO_LONG: &str = "the file is too long";

/// What stands before the chunk of a simple file: `RIFF`, a size and `WEBP`.
const FILE_HEADER_BYTES: usize = 12;
/// A chunk's name and size.
const CHUNK_HEADER_BYTES: usize = 8;
/// Signature, sides and version of a lossless bitstream (RFC 9649, section 3.4), which alpha goes without.
const LOSSLESS_HEADER_BYTES: usize = 5;

/// Colours and alpha in the extended format (RFC 9649, sections 2.7 and 2.7.1.2).
fn translucent(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    const HAS_ALPHA: u32 = 0x10;
    /// Lossless coding, no prediction, nothing done to the levels.
    const ALPHA_CODING: u8 = 1;

    let size = picture.size();
    let [start, modes, tokens] = lossy::frame(picture, quality).map_err(refusal)?;
    let alpha: Vec<u8> = picture.samples().iter().skip(3).step_by(4).copied().collect();
    // Grey is stored as green, which is where alpha is looked for.
    let alpha = lossless(&alpha, size, ColorType::L8)?;
    let headers = FILE_HEADER_BYTES + CHUNK_HEADER_BYTES + LOSSLESS_HEADER_BYTES;
    let alpha = alpha.get(headers..).ok_or_else(|| refusal("the alpha came out too short"))?;
    let mut header = HAS_ALPHA.to_le_bytes().to_vec();
    for side in [size.width, size.height] {
        header.extend((side - 1).to_le_bytes().into_iter().take(3));
    }
    let chunks: [container::Chunk<'_>; 3] = [
        (*b"VP8X", &[&header]),
        (*b"ALPH", &[&[ALPHA_CODING], alpha]),
        (*b"VP8 ", &[&start, &modes, &tokens]),
    ];
    container::file(&chunks).ok_or_else(|| refusal(TOO_LONG))
}

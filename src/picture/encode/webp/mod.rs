//! WebP: lossy by the `gamut-webp` crate, lossless by `image-webp`.
//!
//! Translucent lossy pictures are put together here out of both: colours lossy, alpha lossless.

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
        (false, Channels::Rgb) => lossy(picture, encoding.quality),
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

fn lossy(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let frame = lossy::frame(picture, quality).map_err(|reason| EncodeError::new(Format::Webp, &reason))?;
    Ok(chunk(*b"RIFF", &[b"WEBP", chunk(*b"VP8 ", &frame).as_slice()].concat()))
}

/// What stands before the chunk of a simple file: `RIFF`, a size and `WEBP`.
const FILE_HEADER_BYTES: usize = 12;
/// A chunk's name and size.
const CHUNK_HEADER_BYTES: usize = 8;
/// Signature, sides and version of a lossless bitstream (RFC 9649, section 3.4), which alpha goes without.
const LOSSLESS_HEADER_BYTES: usize = 5;

/// Colours and alpha in the extended format (RFC 9649, sections 2.7 and 2.7.1.2). The lossy encoder codes alpha, too,
/// but took 38 bytes a pixel for it.
fn translucent(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let cut_off = || EncodeError::new(Format::Webp, &"a part of it came out too short");
    let alpha: Vec<u8> = picture.samples().iter().skip(3).step_by(4).copied().collect();
    // Grey is stored as green, which is where alpha is looked for.
    let alpha = lossless(&alpha, picture.size(), ColorType::L8)?;
    let headers = FILE_HEADER_BYTES + CHUNK_HEADER_BYTES + LOSSLESS_HEADER_BYTES;
    let alpha = alpha.get(headers..).ok_or_else(cut_off)?;
    let colours = lossy(picture, quality)?;
    let colours = colours.get(FILE_HEADER_BYTES..).ok_or_else(cut_off)?;
    Ok(extended(picture.size(), alpha, colours))
}

/// The file of a translucent picture. `colours` is a whole chunk already.
fn extended(size: Size, alpha: &[u8], colours: &[u8]) -> Vec<u8> {
    const HAS_ALPHA: u32 = 0x10;
    /// Lossless coding, no prediction, nothing done to the levels.
    const ALPHA_CODING: u8 = 1;

    let mut header = HAS_ALPHA.to_le_bytes().to_vec();
    for side in [size.width, size.height] {
        header.extend((side - 1).to_le_bytes().into_iter().take(3));
    }
    let alpha = [&[ALPHA_CODING], alpha].concat();
    let mut body = b"WEBP".to_vec();
    body.extend(chunk(*b"VP8X", &header));
    body.extend(chunk(*b"ALPH", &alpha));
    body.extend(colours);
    chunk(*b"RIFF", &body)
}

fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut chunk = [&name[..], &length.to_le_bytes(), body].concat();
    if body.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

//! WebP: lossy by an encoder of VP8 key frames, lossless by `image-webp`.
//!
//! Translucent lossy pictures are put together here out of both: colours lossy, alpha lossless.

mod animated;
mod container;
mod lossy;
mod unseen;

pub(super) use self::animated::WebpFilm;

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
        (false, Channels::Rgb) => opaque(picture, encoding),
        (false, Channels::Rgba) => translucent(picture, encoding),
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
    opaque(picture, Encoding::new(Format::Webp, quality))
}

const TOO_LONG: &str = "the file is too long";

/// What stands before the chunk of a simple file: `RIFF`, a size and `WEBP`.
const FILE_HEADER_BYTES: usize = 12;
/// A chunk's name and size.
const CHUNK_HEADER_BYTES: usize = 8;
/// Signature, sides and version of a lossless bitstream (RFC 9649, section 3.4), which alpha goes without.
const LOSSLESS_HEADER_BYTES: usize = 5;

/// What is in the chunks of a frame.
struct Coded {
    /// The data of `ALPH`.
    alpha: Option<Vec<u8>>,
    /// The name of the chunk of colours.
    kind: [u8; 4],
    /// Its data, one after the other.
    parts: Vec<Vec<u8>>,
}

/// Codes a picture; without loss, alpha is among the colours.
fn coded(picture: &Picture, encoding: Encoding) -> Result<Coded, EncodeError> {
    let (size, samples) = (picture.size(), picture.samples());
    if encoding.is_lossless_webp() {
        let colour = match picture.channels() {
            Channels::Rgb => ColorType::Rgb8,
            Channels::Rgba => ColorType::Rgba8,
        };
        return Ok(Coded { alpha: None, kind: *b"VP8L", parts: vec![stream(samples, size, colour)?] });
    }
    let parts = lossy::frame(picture, encoding.quality).map_err(refusal)?.to_vec();
    let alpha = match picture.channels() {
        Channels::Rgb => None,
        Channels::Rgba => Some(alpha(picture)?),
    };
    Ok(Coded { alpha, kind: *b"VP8 ", parts })
}

/// Alpha as it stands in its chunk (RFC 9649, section 2.7.1.2).
fn alpha(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    /// Lossless coding, no prediction, nothing done to the levels.
    const ALPHA_CODING: u8 = 1;
    let alpha: Vec<u8> = picture.samples().iter().skip(3).step_by(4).copied().collect();
    // Grey is stored as green, which is where alpha is looked for.
    let mut coded = stream(&alpha, picture.size(), ColorType::L8)?;
    if coded.len() < LOSSLESS_HEADER_BYTES {
        return Err(refusal("the alpha came out too short"));
    }
    coded.drain(1..LOSSLESS_HEADER_BYTES);
    if let Some(first) = coded.first_mut() {
        *first = ALPHA_CODING;
    }
    Ok(coded)
}

/// The data of the one chunk of a lossless file.
fn stream(samples: &[u8], size: Size, colour: ColorType) -> Result<Vec<u8>, EncodeError> {
    let mut file = lossless(samples, size, colour)?;
    let short = || refusal("the lossless file came out too short");
    let headers = FILE_HEADER_BYTES + CHUNK_HEADER_BYTES;
    let length: [u8; 4] = file.get(headers - 4..headers).and_then(|l| l.try_into().ok()).ok_or_else(short)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if file.len() - headers < length {
        return Err(short());
    }
    file.truncate(headers + length);
    file.drain(..headers);
    Ok(file)
}

fn opaque(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let Coded { kind, parts, .. } = coded(picture, encoding)?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    container::file(&[(kind, &parts)]).ok_or_else(|| refusal(TOO_LONG))
}

/// Colours and alpha in the extended format (RFC 9649, section 2.7).
fn translucent(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    const HAS_ALPHA: u32 = 0x10;
    let size = picture.size();
    let Coded { alpha, kind, parts } = coded(picture, encoding)?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let mut header = HAS_ALPHA.to_le_bytes().to_vec();
    for side in [size.width, size.height] {
        header.extend((side - 1).to_le_bytes().into_iter().take(3));
    }
    let chunks: [container::Chunk<'_>; 3] =
        [(*b"VP8X", &[&header]), (*b"ALPH", &[&alpha.unwrap_or_default()]), (kind, &parts)];
    container::file(&chunks).ok_or_else(|| refusal(TOO_LONG))
}

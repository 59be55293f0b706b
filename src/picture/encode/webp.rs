//! WebP: lossy by the `gamut-webp` crate, lossless by `image-webp`.
//!
//! Translucent lossy pictures are put together here out of both: colours lossy, alpha lossless.

use gamut_core::{Dimensions, EncodeImage, ImageRef, Rgb8};
use gamut_webp::WebpEncoder;
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
        (false, Channels::Rgb) => lossy(samples, size, encoding.quality),
        (false, Channels::Rgba) => translucent(samples, size, encoding.quality),
    }
}

fn lossless(samples: &[u8], size: Size, colour: ColorType) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    WebPEncoder::new(&mut bytes)
        .encode(samples, size.width, size.height, colour)
        .map_err(|error| EncodeError::new(Format::Webp, &error))?;
    Ok(bytes)
}

fn lossy(samples: &[u8], size: Size, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: gamut_core::Error| EncodeError::new(Format::Webp, &error);
    let size = Dimensions { width: size.width, height: size.height };
    let image = ImageRef::<Rgb8>::new(samples, size).map_err(failed)?;
    let mut bytes = Vec::new();
    WebpEncoder::lossy(quality).encode_image(image, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What stands before the chunk of a simple file: `RIFF`, a size and `WEBP`.
const FILE_HEADER_BYTES: usize = 12;
/// A chunk's name and size.
const CHUNK_HEADER_BYTES: usize = 8;
/// Signature, sides and version of a lossless bitstream (RFC 9649, section 3.4), which alpha goes without.
const LOSSLESS_HEADER_BYTES: usize = 5;

/// Colours and alpha in the extended format (RFC 9649, sections 2.7 and 2.7.1.2). The lossy encoder codes alpha, too,
/// but took 38 bytes a pixel for it.
fn translucent(samples: &[u8], size: Size, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let cut_off = || EncodeError::new(Format::Webp, &"a part of it came out too short");
    let alpha: Vec<u8> = samples.iter().skip(3).step_by(4).copied().collect();
    // Grey is stored as green, which is where alpha is looked for.
    let alpha = lossless(&alpha, size, ColorType::L8)?;
    let headers = FILE_HEADER_BYTES + CHUNK_HEADER_BYTES + LOSSLESS_HEADER_BYTES;
    let alpha = alpha.get(headers..).ok_or_else(cut_off)?;
    let rgb: Vec<u8> = samples.chunks_exact(4).flat_map(|pixel| pixel.iter().take(3)).copied().collect();
    let colours = lossy(&rgb, size, quality)?;
    drop(rgb);
    let colours = colours.get(FILE_HEADER_BYTES..).ok_or_else(cut_off)?;
    Ok(extended(size, alpha, colours))
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

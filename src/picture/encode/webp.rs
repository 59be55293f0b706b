//! WebP: lossy by the `gamut-webp` crate, lossless by `image-webp`.

use gamut_core::{Dimensions, EncodeImage, ImageRef, Rgb8, Rgba8};
use gamut_webp::WebpEncoder;
use image_webp::{ColorType, WebPEncoder};

use super::{EncodeError, Encoding};
use crate::format::Format;
use crate::picture::{Channels, Picture};

pub(super) fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    if encoding.is_lossless_webp() { lossless(picture) } else { lossy(picture, encoding.quality) }
}

fn lossless(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    let colour = match picture.channels() {
        Channels::Rgb => ColorType::Rgb8,
        Channels::Rgba => ColorType::Rgba8,
    };
    WebPEncoder::new(&mut bytes)
        .encode(picture.samples(), picture.size().width, picture.size().height, colour)
        .map_err(|error| EncodeError::new(Format::Webp, &error))?;
    Ok(bytes)
}

fn lossy(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: gamut_core::Error| EncodeError::new(Format::Webp, &error);
    let size = Dimensions { width: picture.size().width, height: picture.size().height };
    let encoder = WebpEncoder::lossy(quality);
    let mut bytes = Vec::new();
    match picture.channels() {
        Channels::Rgb => {
            let image = ImageRef::<Rgb8>::new(picture.samples(), size).map_err(failed)?;
            encoder.encode_image(image, &mut bytes)
        }
        Channels::Rgba => {
            let image = ImageRef::<Rgba8>::new(picture.samples(), size).map_err(failed)?;
            encoder.encode_image(image, &mut bytes)
        }
    }
    .map_err(failed)?;
    Ok(bytes)
}

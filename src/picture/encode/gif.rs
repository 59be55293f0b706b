//! A GIF of one frame, with a palette of its own.

use std::borrow::Cow;

use gif::{Encoder, Frame};

use super::EncodeError;
use crate::format::Format;
use crate::picture::Picture;
use crate::picture::palette::{Alpha, Dither, MOST_COLOURS, quantise, remap};

pub(super) fn encode(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: gif::EncodingError| EncodeError::new(Format::Gif, &error);
    let side = |length| u16::try_from(length).map_err(|_| EncodeError::new(Format::Gif, &"it is too large"));
    let (width, height) = (side(picture.size().width)?, side(picture.size().height)?);
    let palette = quantise(picture, MOST_COLOURS, Alpha::Cut);
    let indices = remap(picture, &palette, Dither::Diffused);
    let frame = Frame {
        width,
        height,
        transparent: palette.transparent(),
        palette: Some(palette.colours().iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()),
        buffer: Cow::Owned(indices),
        ..Frame::default()
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &[]).map_err(failed)?;
    encoder.write_frame(&frame).map_err(failed)?;
    drop(encoder);
    Ok(bytes)
}

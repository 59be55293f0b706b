//! A GIF of one frame, its palette found by the `gif` crate.

use gif::{Encoder, Frame};

use super::EncodeError;
use crate::format::Format;
use crate::picture::{Channels, Picture};

/// 1 is best, 30 fastest; 10 is what the quantiser's authors advise.
const SPEED: i32 = 10;

pub(super) fn encode(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: gif::EncodingError| EncodeError::new(Format::Gif, &error);
    let side = |length| u16::try_from(length).map_err(|_| EncodeError::new(Format::Gif, &"it is too large"));
    let (width, height) = (side(picture.size().width)?, side(picture.size().height)?);
    let frame = match picture.channels() {
        Channels::Rgb => Frame::from_rgb_speed(width, height, picture.samples(), SPEED),
        Channels::Rgba => Frame::from_rgba_speed(width, height, &mut picture.samples().to_vec(), SPEED),
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &[]).map_err(failed)?;
    encoder.write_frame(&frame).map_err(failed)?;
    drop(encoder);
    Ok(bytes)
}

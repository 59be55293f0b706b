//! Baseline JPEG, 4:2:0, with Huffman tables made for the picture, by the `mozjpeg-rs` crate.

use mozjpeg_rs::{Encoder, Subsampling};

use super::EncodeError;
use crate::format::Format;
use crate::picture::{Channels, Picture};

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    if picture.channels() != Channels::Rgb {
        return Err(EncodeError::new(Format::Jpeg, &"it holds no alpha"));
    }
    Encoder::fastest()
        .quality(quality)
        .subsampling(Subsampling::S420)
        .optimize_huffman(true)
        .encode_rgb(picture.samples(), picture.size().width, picture.size().height)
        .map_err(|error| EncodeError::new(Format::Jpeg, &error))
}

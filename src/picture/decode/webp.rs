//! WebP through the `image-webp` crate, which holds the whole frame. Of an animation, the first frame.

use image_webp::WebPDecoder;

use super::{DecodeError, send_frame};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::probe::Header;
use crate::picture::rows::RowSink;

/// Metadata chunks larger than this are not loaded.
const LARGEST_METADATA_BYTES: usize = 1 << 20;

pub(super) fn decode(bytes: &[u8], header: &Header, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
    let broken = |reason: &dyn ToString| DecodeError::new(Format::Webp, &reason.to_string());
    let mut decoder = WebPDecoder::new(std::io::Cursor::new(bytes)).map_err(|error| broken(&error))?;
    decoder.set_memory_limit(LARGEST_METADATA_BYTES);
    let (width, height) = decoder.dimensions();
    let size = Size::new(width, height);
    if size != header.size {
        return Err(broken(&"two headers disagree"));
    }
    let channels = if decoder.has_alpha() { Channels::Rgba } else { Channels::Rgb };
    let length = decoder.output_buffer_size().ok_or_else(|| broken(&"too large"))?;
    let mut frame = vec![0; length];
    if decoder.is_animated() {
        decoder.read_frame(&mut frame).map_err(|error| broken(&error))?;
    } else {
        decoder.read_image(&mut frame).map_err(|error| broken(&error))?;
    }
    send_frame(&frame, size, channels, sink);
    Ok(())
}

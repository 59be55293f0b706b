//! What a picture may cost, known before a byte of it is decoded.
//!
//! The figures are bytes of linear memory. Those of our own buffers follow from their sizes; those of the
//! codecs were measured by counting what they allocate, which `tests/memory.rs` repeats.

use super::encode::{Encoding, jpeg};
use super::ops::resize::Axis;
use super::probe::{Coding, Header};
use super::{Channels, Picture};
use crate::format::Format;
use crate::geometry::Size;

const MIB: u64 = 1 << 20;

/// Encoded files larger than this are not read.
pub const LARGEST_FILE_BYTES: u64 = 32 * MIB;

/// Sources of more pixels are refused: a file of a few bytes may claim as many as it likes, and each takes time.
pub const LARGEST_SOURCE_PIXELS: u64 = 120_000_000;

/// What one transform may hold at once. The module is linked with 96 MiB, of which code tables, the stack and
/// the allocator's slack take some.
pub const LARGEST_TRANSFORM_BYTES: u64 = 80 * MIB;

/// What any decoder or encoder holds whatever the size of the picture: tables and small buffers.
const FIXED_BYTES: u64 = MIB / 2;

/// What the PNG decoder may hold besides: a chunk of a mebibyte, in a buffer that grows by doubling.
const PNG_METADATA_BYTES: u64 = 3 * MIB;

/// Bytes held while `header`'s picture is decoded at this reduction, without the file itself.
pub fn decoding(header: &Header, reduction: u8) -> u64 {
    let area = header.size.area();
    let per_pixel = |hundredths: u64| area.saturating_mul(hundredths) / 100;
    let pixels = match header.coding {
        Coding::Jpeg { progressive, samples_percent, components } => {
            // Sides are padded to whole blocks of at most 32 pixels.
            let padded =
                Size::new(header.size.width.next_multiple_of(32), header.size.height.next_multiple_of(32));
            let samples = padded.area().saturating_mul(samples_percent.into()) / 100;
            let shrink = u64::from(reduction).pow(2);
            // The planes are interleaved into a frame; one plane is a frame already.
            let frame =
                if components == 1 { 0 } else { padded.area().saturating_mul(components.into()) / shrink };
            // Coefficients are 16 bits wide and do not shrink.
            let coefficients = if progressive { samples.saturating_mul(2) } else { 0 };
            samples / shrink + frame + coefficients
        }
        Coding::Png { interlaced: true, .. } => per_pixel(400).saturating_add(PNG_METADATA_BYTES),
        Coding::Png { interlaced: false, row_bytes } => {
            row_bytes.saturating_mul(8).saturating_add(PNG_METADATA_BYTES)
        }
        Coding::WebpLossy if header.alpha => per_pixel(1_070),
        Coding::WebpLossy => per_pixel(510),
        // With alpha the pixels are decoded in place.
        Coding::WebpLossless if header.alpha => per_pixel(410),
        Coding::WebpLossless => per_pixel(710),
        Coding::WebpAnimated if header.alpha => per_pixel(1_260),
        Coding::WebpAnimated => per_pixel(1_110),
        Coding::Gif => per_pixel(110),
    };
    pixels.saturating_add(FIXED_BYTES)
}

/// Bytes held while a source of this (reduced) size is resampled, without the frame that comes out.
pub fn resampling(source: Size, across: &Axis, down: &Axis) -> u64 {
    const LANES: u64 = 16;
    let held_rows = down.taps(source.height) + 1;
    let rows = LANES * (u64::from(source.width) + u64::from(across.count) * (held_rows + 1));
    let weights = |axis: &Axis, source| u64::from(axis.count) * (axis.taps(source) * 4 + 40);
    rows + weights(across, source.width) + weights(down, source.height)
}

/// Bytes of a frame.
pub fn frame(size: Size, channels: Channels) -> u64 {
    size.area() * channels.count() as u64
}

/// Bytes of luma and halved chroma, padded to whole blocks.
pub fn planes(size: Size) -> u64 {
    u64::from(size.width.next_multiple_of(16)) * u64::from(size.height.next_multiple_of(16)) * 3 / 2
}

/// Bytes held while a frame of this size is encoded, without the frame, with the file that comes out. Most of it
/// is buffers that grow by doubling, seen at their worst: pixels like noise.
pub fn encoding(size: Size, channels: Channels, encoding: Encoding) -> u64 {
    if encoding.by_rows {
        // Planes, the same turned or padded to whole blocks, and the file.
        return 2 * planes(size) + jpeg::longest_by_rows(size, encoding.quality) + FIXED_BYTES;
    }
    let hundredths = match (encoding.format, channels) {
        (Format::Jpeg, _) => 1_050,
        (Format::Webp, Channels::Rgb) if encoding.is_lossless_webp() => 1_100,
        (Format::Webp, Channels::Rgba) if encoding.is_lossless_webp() => 1_350,
        (Format::Webp, Channels::Rgb) => 660,
        (Format::Webp, Channels::Rgba) => 1_300,
        (Format::Png, Channels::Rgb) => 1_100,
        (Format::Png, Channels::Rgba) => 1_350,
        (Format::Gif, _) => 530,
        (Format::Avif, _) => u64::MAX,
    };
    (size.area().saturating_mul(hundredths) / 100).saturating_add(FIXED_BYTES)
}

impl Picture {
    /// Bytes of its samples.
    pub fn bytes(&self) -> u64 {
        frame(self.size(), self.channels())
    }
}

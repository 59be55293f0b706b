//! What a picture may cost, known before a byte of it is decoded.
//!
//! The figures are bytes of linear memory. Those of our own buffers follow from their sizes; those of the
//! codecs were measured by counting what they allocate, which `tests/memory.rs` repeats.

use super::decode::{self, Reduction};
use super::encode::{self, Encoding, adapted, avif, jpeg};
use super::ops::resize::Axis;
use super::probe::{Coding, Header};
use super::{Channels, Picture, palette};
use crate::format::Format;
use crate::geometry::Size;

const MIB: u64 = 1 << 20;

/// Encoded files larger than this are not read.
pub const LARGEST_FILE_BYTES: u64 = 100 * MIB;

/// Nor are larger ones where all of a file must be in memory: of most codings but PNG and JPEG of one scan, and of marks.
pub const LARGEST_GATHERED_BYTES: u64 = 32 * MIB;

/// Drawings of more bytes are not read.
pub const LARGEST_DRAWING_BYTES: usize = 2 << 20;

/// Sources of more pixels are refused: a file of a few bytes may claim as many as it likes, and each takes time.
pub const LARGEST_SOURCE_PIXELS: u64 = 120_000_000;

/// What one transform may hold at once. The module is linked with 96 MiB, of which code tables, the stack and
/// the allocator's slack take some.
pub const LARGEST_TRANSFORM_BYTES: u64 = 80 * MIB;

/// Longer sides are not written as AVIF: as much as 1,200×1,200 takes a third of a second.
pub const LONGEST_AVIF_SIDE: u32 = 1_200;

/// What encoding may take while somebody waits for it, by [`Encoding::estimated_ms`].
pub const NOW_MILLISECONDS: u64 = 100;

/// A still GIF of more pixels is its first image alone: what is laid on each other has to be held whole.
pub const LARGEST_LAYERED_PIXELS: u64 = 4_000_000;

/// Frames times pixels, of a source that moves as of what is made of it: above that the first frame is all that is made.
/// Cloudflare's transformations stop there, too.
pub const LARGEST_ANIMATION_PIXELS: u64 = 50_000_000;

/// What is counted for a frame of fewer pixels: reading and writing one takes about as long, whatever it shows.
pub const LEAST_FRAME_PIXELS: u64 = 4_096;

/// What all frames may take, by our estimate: a request has 30 seconds of a Worker's time.
pub const LONGEST_ANIMATION_MS: u64 = 12_000;

/// What any decoder or encoder holds whatever the size of the picture: tables and small buffers.
const FIXED_BYTES: u64 = MIB / 2;

/// Bytes held while the picture of a file is decoded at this reduction, with what is held of the file itself.
pub fn decoding(header: &Header, file_bytes: u64, reduction: Reduction) -> u64 {
    // A file turns out to have several scans, or a long way to its header, only as it comes.
    let held_of_file = file_bytes.min(LARGEST_GATHERED_BYTES);
    let pixels = match &header.coding {
        Coding::Jpeg(coding) => decode::jpeg_bytes(header.size, coding, reduction),
        Coding::Png { .. } => decode::png_bytes(header),
        Coding::WebpLossy | Coding::WebpLossless | Coding::WebpAnimated => {
            decode::webp_bytes(header, reduction.luma)
        }
        Coding::Gif { .. } => decode::gif_bytes(header),
        // What drawing it holds depends on its size, which the plan knows.
        Coding::Drawing(cost) => cost.tree_bytes,
    };
    let colours = header.conversion.as_ref().map_or(0, |conversion| conversion.held_bytes());
    let beside = FIXED_BYTES + header.asides.held_bytes() + colours;
    pixels.saturating_add(held_of_file).saturating_add(beside)
}

/// Bytes held while a picture of this size and layout is resampled, without what comes out.
pub fn resampling(size: Size, across: &Axis, down: &Axis, reduction: Reduction) -> u64 {
    // Four lanes of single precision, for pixels as for four planes.
    const LANES: u64 = 16;
    let by = u32::from(reduction.luma.max(1));
    let (width, height) = (size.width.div_ceil(by), size.height.div_ceil(by));
    let (across, down) = (across.at(1.0 / f64::from(by)), down.at(1.0 / f64::from(by)));
    let span = |axis: &Axis, source: u32| u64::from(axis.taps(source).next_multiple_of(4));
    // Rows of an MCU come at once.
    let held_rows = u64::from(down.taps(height)) + 34 / u64::from(by) + 2;
    let rows = LANES * (u64::from(width) + span(&across, width) + u64::from(across.count) * held_rows);
    let weights = |axis: &Axis, source| u64::from(axis.count) * (span(axis, source) * 4 + 16);
    // One set of weights for every plane.
    rows + 4 * (weights(&across, width) + weights(&down, height))
}

/// Bytes held while a drawing is made safe: the document, what is left of it, and lists that grow by doubling.
pub fn drawing(file_bytes: usize) -> u64 {
    FIXED_BYTES + 8 * file_bytes as u64
}

/// Bytes of a frame.
pub fn frame(size: Size, channels: Channels) -> u64 {
    size.area() * channels.count() as u64
}

/// Bytes of luma and halved chroma.
pub fn planes(size: Size) -> u64 {
    u64::from(size.width.next_multiple_of(2)) * u64::from(size.height.next_multiple_of(2)) * 3 / 2
}

/// Bytes held while a frame of this size is encoded, without the frame, with the file that comes out. Most of it
/// is buffers that grow by doubling, seen at their worst: pixels like noise.
pub fn encoding(size: Size, channels: Channels, encoding: Encoding) -> u64 {
    if encoding.level.is_some() && matches!(encoding.format, Format::Jpeg | Format::Webp | Format::Avif) {
        // Whatever quality is found.
        let found = Encoding { level: None, quality: adapted::QUALITIES.1, ..encoding };
        return self::encoding(size, channels, found).max(adapted::held_bytes(size, encoding.format));
    }
    let hundredths = match (encoding.format, channels) {
        (Format::Jpeg, _) => return jpeg::held_bytes(size, encoding.quality) + FIXED_BYTES,
        (Format::Avif, _) => return avif::held_bytes(size, channels, encoding.quality) + FIXED_BYTES,
        (Format::Gif, _) => return encode::gif_bytes(size) + FIXED_BYTES,
        (Format::Webp, _) => return encode::webp_bytes(size, channels, encoding) + FIXED_BYTES,
        // It is not written.
        (Format::Svg, _) => return 0,
        (Format::Png, Channels::Rgb) => 1_100,
        (Format::Png, Channels::Rgba) => 1_350,
    };
    let file = (size.area().saturating_mul(hundredths) / 100).saturating_add(FIXED_BYTES);
    let has_palette = encoding.format == Format::Png && encoding.few_colours;
    if has_palette { file.max(palette::held_bytes(size)) } else { file }
}

impl Picture {
    /// Bytes of its samples.
    pub fn bytes(&self) -> u64 {
        frame(self.size(), self.channels())
    }
}

//! A small frame in, a file out. One file per format; each wraps the encoder that serves it best today.

pub(crate) mod adapted;
#[cfg_attr(not(feature = "avif"), path = "no_avif.rs")]
pub mod avif;
mod film;
mod fitted;
mod gif;
pub mod jpeg;
mod png;
mod webp;

pub use self::adapted::Level;
pub use self::film::{Film, film_bytes, film_nanoseconds};
pub use self::fitted::{MOST_TRIES, encode_fitted, fitted};
pub(super) use self::gif::held_bytes as gif_bytes;
pub(super) use self::webp::held_bytes as webp_bytes;

use super::Picture;
use crate::format::Format;
use crate::geometry::Size;

/// What file is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Its format.
    pub format: Format,
    /// 1–100, for formats that lose. WebP loses nothing at 100.
    pub quality: u8,
    /// What a WebP may lose.
    pub loss: Loss,
    /// How good it shall look instead, whatever quality that takes, of formats that lose; of others `quality` counts.
    pub level: Option<Level>,
    /// Whether a PNG may have fewer colours than the frame, as many as its quality says.
    pub few_colours: bool,
    /// Whether a JPEG may have several scans.
    pub progressive: bool,
}

/// What a WebP may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// As much as its quality says.
    ByQuality,
    /// The same, or nothing where that makes a shorter file, as it does of many pictures that were drawn.
    Shorter,
    /// The last bits of samples, as many as its quality says, where that is not seen.
    Near,
    /// Nothing.
    None,
}

impl Encoding {
    /// An encoding of this quality; a JPEG may have several scans, a PNG has all colours.
    pub fn new(format: Format, quality: u8) -> Self {
        Self { format, quality, loss: Loss::ByQuality, level: None, few_colours: false, progressive: true }
    }

    /// About how many milliseconds a photograph of this size takes as wasm, once it is a frame.
    pub fn estimated_ms(self, size: Size) -> u64 {
        let format = if self.format == Format::Avif { Format::Webp } else { self.format };
        let sample = Self::new(format, adapted::QUALITIES.1);
        let tries = if self.level.is_some() { adapted::MOST_TRIES } else { 0 };
        let own = size.area().saturating_mul(nanoseconds_per_pixel(self));
        // What was made is decoded and compared, too.
        let search = adapted::sampled(size).area() * tries * (nanoseconds_per_pixel(sample) + 30);
        own.saturating_add(search) / 1_000_000
    }

    /// Whether this is WebP's lossless coding.
    pub(crate) fn is_lossless_webp(self) -> bool {
        self.format == Format::Webp && (self.quality == 100 || matches!(self.loss, Loss::Near | Loss::None))
    }

    /// Whether this becomes WebP's lossless coding where that is shorter.
    pub(crate) fn may_lose_nothing(self) -> bool {
        self.format == Format::Webp && self.loss == Loss::Shorter && !self.is_lossless_webp()
    }
}

/// About what encoding a photograph takes as wasm.
fn nanoseconds_per_pixel(encoding: Encoding) -> u64 {
    match encoding.format {
        Format::Avif => 200,
        Format::Gif => 300,
        Format::Webp if encoding.is_lossless_webp() => 280,
        Format::Webp => 75,
        // A palette is found and dithered.
        Format::Png if encoding.few_colours => 140,
        Format::Png => 15,
        Format::Jpeg => 12,
        // It is not written.
        Format::Svg => 0,
    }
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A frame that an encoder would not take: a defect of ours, or a format that is not written.
    #[error("{format} cannot be encoded: {reason}")]
    Refused {
        /// The format's name.
        format: &'static str,
        /// What the encoder said.
        reason: String,
    },
    /// Not even the lowest quality makes the file as short as it should be, or the format has none.
    #[error(
        "no quality makes the file as short as {most_bytes} bytes; ask for a smaller picture or another format"
    )]
    NoneFits {
        /// So short it should be.
        most_bytes: u32,
    },
    /// The file grew beyond what the budget has room for.
    #[error("the file would grow beyond {most_bytes} bytes; ask for a lower quality or a smaller picture")]
    TooLong {
        /// Bytes there were.
        most_bytes: usize,
    },
}

impl EncodeError {
    fn new(format: Format, reason: &impl ToString) -> Self {
        Self::Refused { format: format.name(), reason: reason.to_string() }
    }
}

/// Encodes a frame. Formats that hold no alpha must be given none.
pub fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let encoding = adapted::settled(picture, encoding)?;
    match encoding.format {
        Format::Jpeg => jpeg::encode(picture, encoding),
        Format::Png => png::encode(picture, encoding),
        Format::Webp => webp::encode(picture, encoding),
        Format::Gif => gif::encode(picture),
        Format::Avif => avif::encode(picture, encoding.quality),
        format @ Format::Svg => Err(EncodeError::new(format, &"of pixels")),
    }
}

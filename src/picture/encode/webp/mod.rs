//! WebP: lossy by an encoder of VP8 key frames, lossless by one of VP8L; of pictures that were drawn whichever is shorter.
//!
//! Translucent lossy pictures are put together here out of both: colours lossy, alpha lossless.

mod animated;
mod container;
mod lossless;
mod lossy;
mod unseen;

pub(super) use self::animated::WebpFilm;

use super::{EncodeError, Encoding, Loss};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::{Channels, Picture};

/// Bytes held while a frame is encoded, without the frame, with the file that comes out, seen at its worst: pixels like noise.
pub(in crate::picture) fn held_bytes(size: Size, channels: Channels, encoding: Encoding) -> u64 {
    let area = size.area();
    let whole = |rounded: u64| lossless::held_bytes(size, channels.count() as u64) + rounded;
    if encoding.is_lossless_webp() {
        return whole(if encoding.loss == Loss::Near { 4 * area } else { 0 });
    }
    let lossy = area * 49 / 10;
    let lossy = match channels {
        Channels::Rgb => lossy,
        // Alpha of noise takes a byte for each pixel, twice when the file is put together.
        Channels::Rgba => lossless::held_bytes(size, 1).max(lossy + area * 17 / 8),
    };
    if encoding.may_lose_nothing() && lossless::may_be_drawn(size) {
        return whole(0).max(area + lossy);
    }
    lossy
}

pub(super) fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let whole = if encoding.may_lose_nothing() { without_loss(picture)? } else { None };
    let coded = coded(picture, encoding)?;
    match whole.filter(|whole| whole.bytes() <= coded.bytes()) {
        Some(whole) => file(picture, &whole),
        None => file(picture, &coded),
    }
}

/// A picture that was drawn without loss, unless that is much longer than one with loss would be.
fn without_loss(picture: &Picture) -> Result<Option<Coded>, EncodeError> {
    if !lossless::is_drawn(picture) {
        return Ok(None);
    }
    let whole = coded(picture, Encoding { loss: Loss::None, ..Encoding::new(Format::Webp, 100) })?;
    Ok(Some(whole).filter(|whole| whole.bytes() as u64 <= picture.size().area()))
}

fn refusal(reason: &str) -> EncodeError {
    EncodeError::new(Format::Webp, &reason)
}

/// The lossy file of an opaque picture.
pub(super) fn lossy(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    encode(picture, Encoding::new(Format::Webp, quality))
}

const TOO_LONG: &str = "the file is too long";

/// What is in the chunks of a frame.
struct Coded {
    /// The data of `ALPH`.
    alpha: Option<Vec<u8>>,
    /// The name of the chunk of colours.
    kind: [u8; 4],
    /// Its data, one after the other.
    parts: Vec<Vec<u8>>,
}

impl Coded {
    fn bytes(&self) -> usize {
        self.parts.iter().chain(&self.alpha).map(Vec::len).sum()
    }
}

/// Codes a picture; without loss, alpha is among the colours.
fn coded(picture: &Picture, encoding: Encoding) -> Result<Coded, EncodeError> {
    if encoding.is_lossless_webp() {
        if picture.size().longest() > lossless::LONGEST_SIDE {
            return Err(refusal("sides are 1 to 16,384 pixels long"));
        }
        let bits = if encoding.loss == Loss::Near { lossless::lost_bits(encoding.quality) } else { 0 };
        let parts = vec![lossless::header(picture).to_vec(), lossless::colours(picture, bits)];
        return Ok(Coded { alpha: None, kind: *b"VP8L", parts });
    }
    // First what takes more room while it is made.
    let alpha = (picture.channels() == Channels::Rgba).then(|| alpha(picture));
    let parts = lossy::frame(picture, encoding.quality).map_err(refusal)?.to_vec();
    Ok(Coded { alpha, kind: *b"VP8 ", parts })
}

/// Alpha as it stands in its chunk (RFC 9649, section 2.7.1.2).
fn alpha(picture: &Picture) -> Vec<u8> {
    /// Lossless coding, no prediction, nothing done to the levels.
    const ALPHA_CODING: u8 = 1;
    let mut coded = lossless::alpha(picture);
    coded.insert(0, ALPHA_CODING);
    coded
}

fn file(picture: &Picture, coded: &Coded) -> Result<Vec<u8>, EncodeError> {
    let Coded { kind, parts, alpha } = coded;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let file = match alpha {
        None => container::file(&[(*kind, &parts)]),
        Some(alpha) => translucent(picture, alpha, (*kind, &parts)),
    };
    file.ok_or_else(|| refusal(TOO_LONG))
}

/// Colours and alpha in the extended format (RFC 9649, section 2.7).
fn translucent(picture: &Picture, alpha: &[u8], colours: container::Chunk<'_>) -> Option<Vec<u8>> {
    const HAS_ALPHA: u32 = 0x10;
    let size = picture.size();
    let mut header = HAS_ALPHA.to_le_bytes().to_vec();
    for side in [size.width, size.height] {
        header.extend((side - 1).to_le_bytes().into_iter().take(3));
    }
    container::file(&[(*b"VP8X", &[&header]), (*b"ALPH", &[alpha]), colours])
}

//! GIF: of one frame or of several, each of at most 256 colours.

mod film;
mod lzw;

pub(super) use self::film::GifFilm;

use self::lzw::Drawn;
use super::EncodeError;
use crate::format::Format;
use crate::geometry::{Rect, Size};
use crate::picture::Picture;
use crate::picture::palette::{self, Alpha, Dither, Palette};

pub(super) fn encode(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let size = picture.size();
    let exact = palette::exact(picture, palette::MOST_COLOURS).filter(|(palette, _)| is_plain(palette));
    let (palette, indices) = exact.unwrap_or_else(|| {
        let palette = palette::quantise(picture, palette::MOST_COLOURS, Alpha::Cut);
        let indices = palette::remap(picture, &palette, Dither::Diffused);
        (palette, indices)
    });
    let mut file = begin(size, Some(&palette), None)?;
    // Growing by doubling, it would be held three times.
    file.reserve_exact(usize::try_from(lzw::longest(size.area())).unwrap_or(0));
    let transparent = palette.transparent();
    let is_kept = Control { delay_centiseconds: 0, is_cleared: false, transparent };
    if transparent.is_some() {
        is_kept.write(&mut file);
    }
    let drawn = Drawn { indices: &indices, transparent: None, open: &[] };
    image(size.rect(), None, palette.colours().len(), drawn, &mut file)?;
    file.push(TRAILER);
    Ok(file)
}

/// Bytes held while a frame of this size is encoded, without the frame, with the file that comes out.
pub(in crate::picture) fn held_bytes(size: Size) -> u64 {
    // The tables of colours are gone when the file begins.
    palette::held_bytes(size).max(size.area() + lzw::HELD_BYTES + lzw::longest(size.area()))
}

/// Bytes held while frames of this size are encoded, without the file: the last frame, the one before it, what comes, what is shown,
/// the part that changed and its indices.
pub(super) fn film_bytes(size: Size) -> u64 {
    6 * 4 * size.area() + palette::held_bytes(size) + lzw::HELD_BYTES
}

const TRAILER: u8 = 0x3B;

/// Whether its colours are there or not, and none is in between.
fn is_plain(palette: &Palette) -> bool {
    palette.colours().iter().all(|colour| matches!(colour, [0, 0, 0, 0] | [_, _, _, 255]))
}

/// Bits that so many indices need; at least 2, as of codes (the GIF 89a specification, appendix F).
fn bits(colours: usize) -> u32 {
    colours.next_power_of_two().trailing_zeros().clamp(2, 8)
}

/// The screen, its palette, and how often frames are shown again, 0 for ever.
fn begin(size: Size, palette: Option<&Palette>, repeats: Option<u16>) -> Result<Vec<u8>, EncodeError> {
    let mut file = b"GIF89a".to_vec();
    file.extend(side(size.width)?);
    file.extend(side(size.height)?);
    // Colours are of eight bits.
    file.extend([palette.map_or(0, flags) | 0x70, 0, 0]);
    if let Some(palette) = palette {
        table(palette, &mut file);
    }
    if let Some(repeats) = repeats {
        file.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01");
        file.extend(repeats.to_le_bytes());
        file.push(0);
    }
    Ok(file)
}

/// What is said of an image before it (section 23).
struct Control {
    delay_centiseconds: u16,
    /// Its rectangle becomes transparent when the next one comes; else it stays.
    is_cleared: bool,
    transparent: Option<u8>,
}

impl Control {
    fn write(&self, file: &mut Vec<u8>) {
        let disposal = if self.is_cleared { 2 << 2 } else { 1 << 2 };
        file.extend([0x21, 0xF9, 4, disposal | u8::from(self.transparent.is_some())]);
        file.extend(self.delay_centiseconds.to_le_bytes());
        file.extend([self.transparent.unwrap_or(0), 0]);
    }
}

/// An image (section 20), of indices below so many, with a palette where it is one of its own.
fn image(
    place: Rect,
    own: Option<&Palette>,
    colours: usize,
    drawn: Drawn<'_>,
    file: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    file.push(0x2C);
    for value in [place.x, place.y, place.size.width, place.size.height] {
        file.extend(side(value)?);
    }
    file.push(own.map_or(0, flags));
    if let Some(palette) = own {
        table(palette, file);
    }
    lzw::pack(&drawn, bits(colours), file);
    Ok(())
}

fn side(length: u32) -> Result<[u8; 2], EncodeError> {
    let too_large = |_| EncodeError::new(Format::Gif, &"it is too large");
    Ok(u16::try_from(length).map_err(too_large)?.to_le_bytes())
}

/// That there is a palette, and how long it is.
fn flags(palette: &Palette) -> u8 {
    let bits = palette.colours().len().next_power_of_two().trailing_zeros().clamp(1, 8);
    0x80 | (bits - 1).to_le_bytes()[0]
}

fn table(palette: &Palette, file: &mut Vec<u8>) {
    let colours = palette.colours();
    file.extend(colours.iter().flat_map(|&[r, g, b, _]| [r, g, b]));
    let missing = colours.len().next_power_of_two().max(2) - colours.len();
    file.extend(vec![0; missing * 3]);
}

//! Frames in, one at a time, and a file that shows them one after the other out: GIF or WebP.

use super::gif::GifFilm;
use super::webp::WebpFilm;
use super::{EncodeError, Encoding, gif};
use crate::format::Format;
use crate::geometry::{Rect, Size};
use crate::picture::{Channels, Picture, budget};

/// Files of frames grow no longer.
pub(super) const LARGEST_FILM_BYTES: usize = 12 << 20;

/// Players show frames that are to be seen for so long, or less, for 100 ms instead.
const HURRIED_MS: u32 = 10;

/// A file of several frames in the making.
#[derive(Debug)]
pub struct Film(Way);

#[derive(Debug)]
enum Way {
    Gif(Box<GifFilm>),
    Webp(Box<WebpFilm>),
}

impl Film {
    /// A file of frames of this size that is shown so often, for ever where nothing is said.
    pub fn new(encoding: Encoding, size: Size, plays: Option<u32>) -> Result<Self, EncodeError> {
        match encoding.format {
            Format::Gif => Ok(Self(Way::Gif(Box::new(GifFilm::new(size, plays)?)))),
            Format::Webp => Ok(Self(Way::Webp(Box::new(WebpFilm::new(size, plays, encoding))))),
            format @ (Format::Jpeg | Format::Png | Format::Avif | Format::Svg) => {
                Err(EncodeError::new(format, &"of several frames"))
            }
        }
    }

    /// Whether no frame came yet.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Way::Gif(film) => film.is_empty(),
            Way::Webp(film) => film.is_empty(),
        }
    }

    /// Appends a frame that is to be seen for so long.
    pub fn push(&mut self, picture: Picture, delay_ms: u32) -> Result<(), EncodeError> {
        match &mut self.0 {
            Way::Gif(film) => film.push(&picture, delay_ms),
            Way::Webp(film) => film.push(picture, delay_ms),
        }
    }

    /// The last frame is to be seen for so much longer.
    pub fn hold(&mut self, delay_ms: u32) -> Result<(), EncodeError> {
        match &mut self.0 {
            Way::Gif(film) => film.hold(delay_ms),
            Way::Webp(film) => film.hold(delay_ms),
        }
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.0 {
            Way::Gif(film) => film.finish(),
            Way::Webp(film) => film.finish(),
        }
    }
}

/// How long two frames that are the same are seen together; nothing where players would show them for another time.
pub(super) fn together(first_ms: u32, second_ms: u32, most_ms: u32) -> Option<u32> {
    let is_hurried = first_ms <= HURRIED_MS || second_ms <= HURRIED_MS;
    first_ms.checked_add(second_ms).filter(|&sum| !is_hurried && sum <= most_ms)
}

/// Makes room for so many bytes more. Growing by doubling, a file would be held three times.
pub(super) fn make_room(file: &mut Vec<u8>, more_bytes: usize) {
    if file.capacity() - file.len() < more_bytes {
        file.reserve_exact(more_bytes.max(file.len() / 8));
    }
}

/// Refuses a file that has grown too long.
pub(super) fn check_length(file: &[u8]) -> Result<(), EncodeError> {
    if file.len() > LARGEST_FILM_BYTES {
        return Err(EncodeError::TooLong { most_bytes: LARGEST_FILM_BYTES });
    }
    Ok(())
}

/// The smallest rectangle that all pixels lie in of which something is said, row by row.
pub(super) fn bounds(size: Size, mut is_in: impl FnMut(usize) -> bool) -> Rect {
    let width = size.width as usize;
    let (mut left, mut right, mut top, mut bottom) = (size.width, 0, size.height, 0);
    for y in 0..size.height {
        let row = y as usize * width;
        let Some(first) = (0..size.width).find(|&x| is_in(row + x as usize)) else { continue };
        let last = (first..size.width).rfind(|&x| is_in(row + x as usize)).unwrap_or(first);
        (left, right) = (left.min(first), right.max(last + 1));
        (top, bottom) = (top.min(y), y + 1);
    }
    if right == 0 {
        return Rect::EMPTY;
    }
    Rect { x: left, y: top, size: Size::new(right - left, bottom - top) }
}

/// About how long a pixel of a frame takes to be encoded as wasm.
pub fn film_nanoseconds(encoding: Encoding) -> u64 {
    match encoding.format {
        Format::Gif => 120,
        _ if encoding.is_lossless_webp() => 300,
        _ => 110,
    }
}

/// Bytes held while so many frames of this size are encoded, with the file that comes out.
pub fn film_bytes(size: Size, channels: Channels, encoding: Encoding, frames: u32) -> u64 {
    // As long as pixels like noise make it, and held twice while it grows by an eighth.
    let file = (2 * size.area().saturating_mul(frames.into())).min(LARGEST_FILM_BYTES as u64) * 9 / 4;
    let frame = match encoding.format {
        Format::Gif => gif::film_bytes(size),
        // The last frame, and the part that is encoded.
        _ => 2 * budget::frame(size, Channels::Rgba) + budget::encoding(size, channels, encoding),
    };
    file + frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_what_is_in() {
        let size = Size::new(5, 4);
        let of = |places: &[usize]| bounds(size, |at| places.contains(&at));
        assert_eq!(of(&[]), Rect::EMPTY);
        assert_eq!(of(&[0]), Rect { x: 0, y: 0, size: Size::new(1, 1) });
        assert_eq!(of(&[8, 11]), Rect { x: 1, y: 1, size: Size::new(3, 2) });
        assert_eq!(of(&[0, 19]), size.rect());
    }

    #[test]
    fn hurried_frames_are_not_added_up() {
        assert_eq!(together(20, 30, 1_000), Some(50));
        assert_eq!(together(10, 30, 1_000), None);
        assert_eq!(together(30, 0, 1_000), None);
        assert_eq!(together(600, 401, 1_000), None);
    }
}

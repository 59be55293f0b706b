//! WebP of several frames (RFC 9649, section 2.7.1): of each, the rectangle that changed.
//!
//! Frames replace what was there, so that nothing has to be cleared. Without loss, opaque changes are laid over it instead
//! and what did not change is transparent, which takes fewer bytes.

use super::{Coded, TOO_LONG, coded, refusal, unseen};
use crate::geometry::{Rect, Size};
use crate::picture::encode::film::{bounds, check_length, make_room, together};
use crate::picture::encode::{EncodeError, Encoding};
use crate::picture::{Channels, Picture};

/// `RIFF` and its length, `WEBP`, `VP8X`, `ANIM`.
const HEADERS_BYTES: usize = 12 + 18 + 14;
const FLAGS_AT: usize = 20;
const IS_ANIMATED: u8 = 0x02;
const HAS_ALPHA: u8 = 0x10;
/// Of a frame: it is not blended.
const REPLACES: u8 = 0x02;
/// Durations have 24 bits.
const LONGEST_MS: u32 = (1 << 24) - 1;

/// An animated WebP in the making.
#[derive(Debug)]
pub(in crate::picture::encode) struct WebpFilm {
    encoding: Encoding,
    size: Size,
    file: Vec<u8>,
    /// The last frame, where its duration stands, and what that is.
    last: Option<(Picture, usize, u32)>,
    has_alpha: bool,
}

impl WebpFilm {
    pub(in crate::picture::encode) fn new(size: Size, plays: Option<u32>, encoding: Encoding) -> Self {
        let mut file = Vec::with_capacity(1 << 16);
        file.extend(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0");
        file.extend([IS_ANIMATED, 0, 0, 0]);
        file.extend(le24(size.width - 1));
        file.extend(le24(size.height - 1));
        // On nothing, and 0 means for ever.
        file.extend(b"ANIM\x06\0\0\0\0\0\0\0");
        let plays = plays.map_or(0, |plays| u16::try_from(plays.max(1)).unwrap_or(u16::MAX));
        file.extend(plays.to_le_bytes());
        debug_assert_eq!(file.len(), HEADERS_BYTES, "what stands before the frames");
        Self { encoding, size, file, last: None, has_alpha: false }
    }

    pub(in crate::picture::encode) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    pub(in crate::picture::encode) fn push(
        &mut self,
        picture: Picture,
        delay_ms: u32,
    ) -> Result<(), EncodeError> {
        let change = match &self.last {
            Some((last, ..)) => changed(last, &picture),
            None => self.size.rect(),
        };
        if change.is_empty() {
            return self.hold(delay_ms);
        }
        self.write(picture, change, delay_ms)
    }

    pub(in crate::picture::encode) fn hold(&mut self, delay_ms: u32) -> Result<(), EncodeError> {
        let Some((last, at, before_ms)) = self.last.take() else { return Ok(()) };
        if let Some(sum) = together(before_ms, delay_ms, LONGEST_MS) {
            if let Some(duration) = self.file.get_mut(at..at + 3) {
                duration.copy_from_slice(&le24(sum));
            }
            self.last = Some((last, at, sum));
            return Ok(());
        }
        // A corner of it again.
        let corner = Rect { x: 0, y: 0, size: Size::new(1, 1) };
        self.last = Some((last.clone(), at, before_ms));
        self.write(last, corner, delay_ms)
    }

    fn write(&mut self, picture: Picture, change: Rect, delay_ms: u32) -> Result<(), EncodeError> {
        // Places are told in pairs of pixels.
        let (x, y) = (change.x & !1, change.y & !1);
        let width = change.x + change.size.width - x;
        let place = Rect { x, y, size: Size::new(width, change.y + change.size.height - y) };
        let last = self.last.as_ref().map(|(last, ..)| last);
        let over = last.filter(|_| self.encoding.is_lossless_webp());
        let over = over.and_then(|last| laid_over(last, &picture, place));
        let is_blended = over.is_some();
        let mut part = over.unwrap_or_else(|| replaced(&picture, place));
        if !self.encoding.is_lossless_webp() {
            unseen::fill(&mut part);
        }
        let Coded { kind, alpha, parts } = coded(&part, self.encoding)?;
        self.has_alpha |= part.channels() == Channels::Rgba;
        let chunk = |length: usize| 8 + length.next_multiple_of(2);
        let length: usize = parts.iter().map(Vec::len).sum();
        let body = 16 + alpha.as_ref().map_or(0, |alpha| chunk(alpha.len())) + chunk(length);
        make_room(&mut self.file, body + 8);
        self.file.extend(b"ANMF");
        self.file.extend(u32::try_from(body).map_err(|_| refusal(TOO_LONG))?.to_le_bytes());
        for value in [place.x / 2, place.y / 2, place.size.width - 1, place.size.height - 1] {
            self.file.extend(le24(value));
        }
        let at = self.file.len();
        let delay_ms = delay_ms.min(LONGEST_MS);
        self.file.extend(le24(delay_ms));
        self.file.push(if is_blended { 0 } else { REPLACES });
        if let Some(alpha) = &alpha {
            append(&mut self.file, *b"ALPH", std::slice::from_ref(alpha))?;
        }
        append(&mut self.file, kind, &parts)?;
        self.last = Some((picture, at, delay_ms));
        check_length(&self.file)
    }

    pub(in crate::picture::encode) fn finish(mut self) -> Result<Vec<u8>, EncodeError> {
        let length = u32::try_from(self.file.len() - 8).map_err(|_| refusal(TOO_LONG))?;
        if let Some(place) = self.file.get_mut(4..8) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        if let Some(flags) = self.file.get_mut(FLAGS_AT).filter(|_| self.has_alpha) {
            *flags |= HAS_ALPHA;
        }
        Ok(self.file)
    }
}

fn append(file: &mut Vec<u8>, kind: [u8; 4], parts: &[Vec<u8>]) -> Result<(), EncodeError> {
    let length: usize = parts.iter().map(Vec::len).sum();
    file.extend(kind);
    file.extend(u32::try_from(length).map_err(|_| refusal(TOO_LONG))?.to_le_bytes());
    for part in parts {
        file.extend_from_slice(part);
    }
    file.extend(vec![0; length % 2]);
    Ok(())
}

fn le24(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}

/// Where two frames differ; all of them where they are not alike.
fn changed(last: &Picture, picture: &Picture) -> Rect {
    let size = picture.size();
    if (last.size(), last.channels()) != (size, picture.channels()) {
        return size.rect();
    }
    let bytes = picture.channels().count();
    let (old, new) = (last.samples(), picture.samples());
    bounds(size, |at| old.get(at * bytes..(at + 1) * bytes) != new.get(at * bytes..(at + 1) * bytes))
}

/// The part of a frame that takes the place of what was there, without alpha where it has none.
fn replaced(picture: &Picture, place: Rect) -> Picture {
    let is_opaque = pixels(picture, place).all(|pixel| pixel[3] == 255);
    let channels = if is_opaque { Channels::Rgb } else { Channels::Rgba };
    part(place.size, channels, pixels(picture, place))
}

/// The part of a frame that is laid over what was there; nothing where that would shine through.
fn laid_over(last: &Picture, picture: &Picture, place: Rect) -> Option<Picture> {
    let both = || pixels(last, place).zip(pixels(picture, place));
    if !both().all(|(last, pixel)| last == pixel || pixel[3] == 255) {
        return None;
    }
    // Where all of it changed, there is nothing to leave out.
    if both().all(|(last, pixel)| last != pixel) {
        return None;
    }
    let left_out = both().map(|(last, pixel)| if last == pixel { [0; 4] } else { pixel });
    Some(part(place.size, Channels::Rgba, left_out))
}

fn part(size: Size, channels: Channels, pixels: impl Iterator<Item = [u8; 4]>) -> Picture {
    let mut samples = Vec::with_capacity(size.width as usize * size.height as usize * channels.count());
    match channels {
        Channels::Rgb => pixels.for_each(|[r, g, b, _]| samples.extend([r, g, b])),
        Channels::Rgba => pixels.for_each(|pixel| samples.extend(pixel)),
    }
    let empty = Picture::filled(size, channels, [0; 4]);
    Picture::new(size, channels, samples).unwrap_or(empty)
}

/// The pixels of a part of a frame, row by row, with alpha.
fn pixels(picture: &Picture, place: Rect) -> impl Iterator<Item = [u8; 4]> {
    let bytes = picture.channels().count();
    let columns = place.x as usize * bytes..(place.x + place.size.width) as usize * bytes;
    let rows = picture.rows().skip(place.y as usize).take(place.size.height as usize);
    rows.flat_map(move |row| row.get(columns.clone()).unwrap_or_default().chunks_exact(bytes)).map(|pixel| {
        match *pixel {
            [r, g, b] => [r, g, b, 255],
            [r, g, b, a] => [r, g, b, a],
            _ => [0; 4],
        }
    })
}

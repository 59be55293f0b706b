//! WebP: its chunks, and the header of the first frame.

use super::bytes::{array, le16, le24, le32, size, turn_of, u8_at};
use super::found::Found;
use super::{Coding, Header};
use crate::format::Format;
use crate::geometry::{Rect, Size};
use crate::picture::animation::Animation;

/// Reads the first frame's header and walks the other chunks (RFC 9649, section 2).
pub(super) fn read(bytes: &[u8]) -> Option<(Header, Found<'_>)> {
    let mut canvas = None;
    let mut alpha = false;
    let mut film = Film::default();
    let mut found = Found::default();
    let mut frame = None;
    let mut at = 12_usize;
    while let (Some(kind), Some(length)) = (array::<4>(bytes, at), le32(bytes, at + 4)) {
        let body = at + 8;
        let length = usize::try_from(length).ok()?;
        let next = body.checked_add(length)?.checked_add(length % 2)?;
        match &kind {
            b"VP8X" => {
                alpha = u8_at(bytes, body)? & 0x10 != 0;
                canvas = size(le24(bytes, body + 4)? + 1, le24(bytes, body + 7)? + 1);
            }
            b"VP8 " if frame.is_none() => frame = Some((lossy(bytes, body)?, Coding::WebpLossy)),
            b"VP8L" if frame.is_none() => {
                let (size, has_alpha) = lossless(bytes, body)?;
                alpha |= has_alpha && canvas.is_none();
                frame = Some((size, Coding::WebpLossless));
            }
            // A frame's own chunks begin after 16 bytes of its place and duration.
            b"ANMF" => {
                film.take(bytes.get(body..).unwrap_or_default(), canvas);
                if frame.is_none() {
                    at = body.checked_add(16)?;
                    continue;
                }
            }
            b"ANIM" => film.plays = le16(bytes, body + 4),
            b"EXIF" => {
                let exif = bytes.get(body..body.checked_add(length)?);
                // Some writers put JPEG's prefix before the TIFF header.
                found.exif = exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
            }
            b"ICCP" => {
                let profile = bytes.get(body..body.checked_add(length)?);
                found.profile = profile.map(|profile| (1, 1, profile)).into_iter().collect();
            }
            b"XMP " => found.xmp = bytes.get(body..body.checked_add(length)?),
            _ => {}
        }
        at = next;
    }
    let (frame_size, coding) = frame?;
    let coding = if film.frames > 0 { Coding::WebpAnimated } else { coding };
    let animation = film.animation(alpha);
    let (size, turn) = (canvas.unwrap_or(frame_size), turn_of(found.exif));
    Some((Header { turn, alpha, animation, ..Header::new(Format::Webp, size, coding) }, found))
}

/// What the frames of a WebP come to (RFC 9649, section 2.7.1).
#[derive(Debug, Default)]
struct Film {
    frames: u32,
    plays: Option<u16>,
    duration_ms: u64,
    /// Whether the canvas is to be seen, which is transparent.
    shows_through: bool,
}

impl Film {
    fn take(&mut self, frame: &[u8], canvas: Option<Size>) {
        let place = || {
            let [x, y] = [le24(frame, 0)?, le24(frame, 3)?];
            Some(Rect { x, y, size: Size::new(le24(frame, 6)? + 1, le24(frame, 9)? + 1) })
        };
        let is_first = self.frames == 0;
        self.frames = self.frames.saturating_add(1);
        self.duration_ms += u64::from(le24(frame, 12).unwrap_or(0));
        let is_cleared = u8_at(frame, 15).is_some_and(|flags| flags & 1 == 1);
        self.shows_through |= is_cleared || (is_first && place() != canvas.map(Size::rect));
    }

    fn animation(&self, alpha: bool) -> Option<Animation> {
        let Self { frames, plays, duration_ms, shows_through } = *self;
        let plays = plays.filter(|&plays| plays > 0).map(u32::from);
        (frames > 1).then_some(Animation { frames, plays, duration_ms, alpha: alpha || shows_through })
    }
}

/// RFC 6386, section 9.1.
fn lossy(bytes: &[u8], body: usize) -> Option<Size> {
    if array(bytes, body + 3)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    size((le16(bytes, body + 6)? & 0x3FFF).into(), (le16(bytes, body + 8)? & 0x3FFF).into())
}

/// RFC 9649, section 3.4.
fn lossless(bytes: &[u8], body: usize) -> Option<(Size, bool)> {
    if u8_at(bytes, body)? != 0x2F {
        return None;
    }
    let bits = le32(bytes, body + 1)?;
    Some((size((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)?, bits >> 28 & 1 == 1))
}

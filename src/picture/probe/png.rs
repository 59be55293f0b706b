//! PNG: IHDR and the chunks before the pixels.

use super::bytes::{array, be32, size, turn_of, u8_at};
use super::found::Found;
use super::{Coding, Header};
use crate::format::Format;

/// Where IHDR says what a pixel is made of.
pub(super) const COLOUR_AT: usize = 25;

/// Texts of a PNG that are looked at.
const MOST_TEXTS: usize = 64;

/// Reads IHDR and walks chunks up to the pixels (PNG specification, 5.3 and 11).
pub(super) fn read(bytes: &[u8]) -> Option<(Header, Found<'_>)> {
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    let size = size(be32(bytes, 16)?, be32(bytes, 20)?)?;
    let (depth, colour, interlace) = (u8_at(bytes, 24)?, u8_at(bytes, COLOUR_AT)?, u8_at(bytes, 28)?);
    let samples: u64 = match colour {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return None,
    };
    let mut alpha = matches!(colour, 4 | 6);
    let mut found = Found::default();
    let mut at = 33_usize;
    // What comes before the pixels must be there: the rest may still be on its way.
    loop {
        let (length, kind) = (be32(bytes, at)?, array::<4>(bytes, at + 4)?);
        let body = at + 8;
        let end = body.checked_add(usize::try_from(length).ok()?)?;
        match &kind {
            b"IDAT" | b"IEND" => break,
            b"tRNS" => alpha = true,
            b"cICP" => found.colours.cicp = bytes.get(body..end),
            b"iCCP" => found.colours.iccp = bytes.get(body..end),
            b"sRGB" => found.colours.srgb = bytes.get(body..end),
            b"gAMA" => found.colours.gama = bytes.get(body..end),
            b"cHRM" => found.colours.chrm = bytes.get(body..end),
            b"eXIf" => found.exif = bytes.get(body..end),
            b"tEXt" | b"iTXt" if found.texts.len() < MOST_TEXTS => {
                found.texts.extend(bytes.get(body..end).map(|text| (kind, text)));
            }
            _ => {}
        }
        at = end.checked_add(4)?;
    }
    let row_bytes = (u64::from(size.width) * samples * u64::from(depth)).div_ceil(8) + 1;
    let coding = Coding::Png { interlaced: interlace == 1, row_bytes };
    let turn = turn_of(found.exif);
    Some((Header { turn, alpha, ..Header::new(Format::Png, size, coding) }, found))
}

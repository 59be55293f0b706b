//! JPEG: its markers up to the frame header.

use super::bytes::{be16, size, turn_of, u8_at};
use super::found::Found;
use super::{Coding, Header, ProbeError};
use crate::format::Format;
use crate::geometry::Turn;
use crate::picture::rows::Colours;

/// What the frame header of a JPEG, and the segments before it, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JpegCoding {
    /// Coefficients come in several passes.
    pub progressive: bool,
    /// What its components mean.
    pub colours: Colours,
    /// Ink is stored as it is and not, as Adobe's software does, as its complement.
    pub plain_ink: bool,
    /// Blocks of each component in an MCU, along x and y.
    pub factors: Vec<(u8, u8)>,
}

impl JpegCoding {
    /// Samples to a pixel of the most subsampled component, along x and y.
    pub fn chroma_density(&self) -> (f64, f64) {
        let least_of = |factor: fn(&(u8, u8)) -> u8| {
            let factors = self.factors.iter().map(factor);
            let (least, most) = (factors.clone().min().unwrap_or(1), factors.max().unwrap_or(1));
            f64::from(least) / f64::from(most)
        };
        (least_of(|factors| factors.0), least_of(|factors| factors.1))
    }
}

/// Walks JPEG markers up to the frame header (ITU-T T.81, B.1.1 and B.2.2).
pub(super) fn read(bytes: &[u8]) -> Result<(Header, Found<'_>), ProbeError> {
    const BROKEN: ProbeError = ProbeError::Broken("JPEG");
    let mut found = Found::default();
    let (mut is_jfif, mut adobe) = (false, None);
    let mut at = 2;
    loop {
        let rest = bytes.get(at..).ok_or(BROKEN)?;
        // Stray bytes and fill bytes may stand before a marker.
        let skipped = rest.iter().position(|&b| b == 0xFF).ok_or(BROKEN)?;
        let fill = rest.get(skipped..).unwrap_or_default().iter().take_while(|&&b| b == 0xFF).count();
        let marker_at = at + skipped + fill;
        let marker = u8_at(bytes, marker_at).ok_or(BROKEN)?;
        at = marker_at + 1;
        let segment = |at: usize| {
            let length = usize::from(be16(bytes, at)?);
            bytes.get(at + 2..at.checked_add(length)?)
        };
        match marker {
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            0xC0..=0xC2 => {
                let frame = segment(at).ok_or(BROKEN)?;
                let mut header = self::frame(frame, marker == 0xC2, turn_of(found.exif))?;
                if let Coding::Jpeg(coding) = &mut header.coding {
                    coding.colours = colours(frame, is_jfif, adobe);
                    coding.plain_ink = adobe.is_none();
                }
                return Ok((header, found));
            }
            0xC3 => return Err(ProbeError::Unsupported("lossless JPEG")),
            0xC5..=0xC7 => return Err(ProbeError::Unsupported("hierarchical JPEG")),
            0xC9..=0xCB | 0xCD..=0xCF => return Err(ProbeError::Unsupported("JPEG with arithmetic coding")),
            // A scan before any frame, or the end.
            0xDA | 0xD9 => return Err(BROKEN),
            _ => {
                let body = segment(at).ok_or(BROKEN)?;
                match marker {
                    0xE0 => is_jfif |= body.starts_with(b"JFIF\0"),
                    0xE1 => {
                        let xmp = body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0");
                        found.exif = found.exif.or(body.strip_prefix(b"Exif\0\0"));
                        found.xmp = found.xmp.or(xmp);
                    }
                    0xE2 if found.profile.len() < usize::from(u8::MAX) => {
                        let piece =
                            body.strip_prefix(b"ICC_PROFILE\0").and_then(|rest| rest.split_first_chunk());
                        found.profile.extend(piece.map(|(&[number, of], piece)| (number, of, piece)));
                    }
                    0xED => {
                        found.photoshop = found.photoshop.or(body.strip_prefix(b"Photoshop 3.0\0"));
                    }
                    0xEE if body.starts_with(b"Adobe") => adobe = u8_at(body, 11),
                    _ => {}
                }
                at += 2 + body.len();
            }
        }
    }
}

fn frame(frame: &[u8], progressive: bool, turn: Turn) -> Result<Header, ProbeError> {
    const BROKEN: ProbeError = ProbeError::Broken("JPEG");
    if u8_at(frame, 0) != Some(8) {
        return Err(ProbeError::Unsupported("JPEG of more than 8 bits"));
    }
    let (height, width) = (be16(frame, 1).ok_or(BROKEN)?, be16(frame, 3).ok_or(BROKEN)?);
    let components = u8_at(frame, 5).ok_or(BROKEN)?;
    let factors: Vec<(u8, u8)> = (0..usize::from(components))
        .map(|index| u8_at(frame, 7 + 3 * index).map(|factor| (factor >> 4, factor & 15)))
        .collect::<Option<_>>()
        .ok_or(BROKEN)?;
    let in_range = factors.iter().all(|&(h, v)| (1..=4).contains(&h) && (1..=4).contains(&v));
    if !in_range || !matches!(components, 1 | 3 | 4) {
        return Err(BROKEN);
    }
    let size = size(width.into(), height.into()).ok_or(BROKEN)?;
    let coding = JpegCoding { progressive, colours: Colours::Grey, plain_ink: false, factors };
    Ok(Header { turn, ..Header::new(Format::Jpeg, size, Coding::Jpeg(coding)) })
}

/// What the components mean: as an Adobe segment says, else JFIF, else the
/// components' names, which is how every decoder has guessed since the IJG's.
fn colours(frame: &[u8], is_jfif: bool, adobe: Option<u8>) -> Colours {
    // The header may be longer than its components.
    let count = u8_at(frame, 5).unwrap_or(0).into();
    let components = frame.get(6..).unwrap_or_default().chunks_exact(3).take(count);
    let ids: Vec<u8> = components.filter_map(|component| component.first().copied()).collect();
    match (ids.as_slice(), adobe) {
        ([_], _) => Colours::Grey,
        ([_, _, _], Some(0)) | (b"RGB", None) if !is_jfif => Colours::SeparateRgb,
        ([_, _, _], _) => Colours::FullYcc,
        (_, Some(2)) => Colours::Ycck,
        _ => Colours::Cmyk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_the_components_of_a_frame_are_no_components() {
        let frame = |more: &[u8]| {
            let length = u8::try_from(17 + more.len()).unwrap();
            let head = [b"\xFF\xD8\xFF\xC0\0", &[length][..], b"\x08\0\x10\0\x20\x03"].concat();
            Header::read(&[&head[..], b"\x01\x22\0\x02\x11\x01\x03\x11\x01", more].concat())
        };
        let Coding::Jpeg(coding) = frame(b"").unwrap().coding else { panic!("a JPEG") };
        assert_eq!(coding.colours, Colours::FullYcc);
        assert_eq!(frame(b"\x04\x11\0\x05\x11\0"), frame(b""));
    }
}

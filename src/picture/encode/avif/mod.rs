//! AVIF: AV1 of our own in the container of `avif-serialize`.
//!
//! Eight bits, halved chroma (4:2:0), full range, sRGB; alpha as a second picture. Not here: losslessness, full
//! chroma, ten bits, animations.

mod av1;

use avif_serialize::Aviffy;

use self::av1::Frame;
use super::EncodeError;
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::ycc::{Converter, Range};
use crate::picture::{Channels, Picture};

/// Quantisers by quality; between them lie straight lines.
///
/// Chosen so that SSIMULACRA2 comes about half-way from WebP of that quality to JPEG, in the mean of two photographs at
/// 800×600 or 640×360, and 400×300.
const QUANTISERS: [(u8, u8); 8] =
    [(1, 240), (20, 163), (45, 133), (60, 118), (75, 102), (85, 70), (95, 28), (100, 10)];

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let Size { width, height } = picture.size();
    let quantiser = quantiser(quality);
    let colours = av1::code(&colours(picture), quantiser);
    // Finer: edges of what is cut out are seen sooner.
    let alpha = is_translucent(picture).then(|| av1::code(&alpha(picture), quantiser / 2));
    let mut file = Vec::new();
    Aviffy::new()
        .set_seq_profile(0)
        .set_chroma_subsampling((true, true))
        .write(&mut file, &colours, alpha.as_deref(), width, height, 8)
        .map_err(|error| refusal(&error))?;
    Ok(file)
}

/// The AV1 of a picture's colours, and the planes that decoders make of it before they smooth them, cut to its size: what
/// tests compare with a decoder.
#[doc(hidden)]
pub fn colours_as_made(picture: &Picture, quality: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    av1::code_and_see(&colours(picture), quantiser(quality))
}

/// The most that is held while a picture is made, without its frame: the planes of the source and of what is made of
/// it, what is kept of a superblock, and the file while it grows, measured with noise, of which photographs take a part.
pub fn held_bytes(size: Size, channels: Channels, quality: u8) -> u64 {
    const FIXED_BYTES: u64 = 25_000;
    const SUPERBLOCK_SIDE: u64 = 64;
    const BYTES_PER_SUPERBLOCK_PIXEL: u64 = 36;
    let sides = [size.width, size.height].map(|side| u64::from(side.next_multiple_of(8)));
    let area: u64 = sides.iter().product();
    let superblock: u64 = sides.map(|side| side.min(SUPERBLOCK_SIDE)).iter().product();
    let quantiser = quantiser(quality);
    let colour_bytes = most_bytes(area, quantiser);
    let of_colours = area * 3 + 3 * colour_bytes;
    let most = match channels {
        Channels::Rgb => of_colours,
        Channels::Rgba => of_colours.max(area * 2 + colour_bytes + 3 * most_bytes(area, quantiser / 2)),
    };
    FIXED_BYTES + superblock * BYTES_PER_SUPERBLOCK_PIXEL + most
}

/// What noise of black and white takes, in each plane its own.
fn most_bytes(area: u64, quantiser: u8) -> u64 {
    let quantiser = u64::from(quantiser);
    let thousandths = (1_875_u64.saturating_sub(15 * quantiser)).max((13_100 - 45 * quantiser) / 10);
    512 + area * thousandths / 1_000
}

fn refusal(reason: &impl ToString) -> EncodeError {
    EncodeError::new(Format::Avif, reason)
}

/// AV1's index of the quantiser, 0–255.
fn quantiser(quality: u8) -> u8 {
    let lines = QUANTISERS.iter().zip(QUANTISERS.iter().skip(1));
    let line = lines.into_iter().find(|(_, to)| quality <= to.0);
    line.map_or(10, |(from, to)| {
        let (done, whole) = (u32::from(quality.saturating_sub(from.0)), u32::from(to.0 - from.0));
        let fall = u32::from(from.1 - to.1) * done / whole;
        from.1 - u8::try_from(fall).unwrap_or_default()
    })
}

fn is_translucent(picture: &Picture) -> bool {
    picture.channels() == Channels::Rgba
        && picture.samples().iter().skip(3).step_by(4).any(|&alpha| alpha < 255)
}

fn colours(picture: &Picture) -> Frame {
    let Size { width, height } = picture.size();
    let mut frame = Frame::with_room(Size { width, height }, true);
    let mut converter = Converter::new(picture.size(), Range::Full);
    let mut smear = Smear::default();
    let widths = [width, width.div_ceil(2), width.div_ceil(2)].map(|width| width as usize);
    for row in picture.rows() {
        let row = match picture.channels() {
            Channels::Rgb => row,
            Channels::Rgba => smear.row(row),
        };
        let Some(rows) = converter.row(row) else { continue };
        let [luma, differences @ ..] = frame.planes.as_mut_slice() else { continue };
        rows.luma.iter().for_each(|row| luma.push(row.get(..widths[0]).unwrap_or(row)));
        for (plane, row) in differences.iter_mut().zip(rows.differences) {
            plane.push(row.get(..widths[1]).unwrap_or(row));
        }
    }
    frame.planes.iter_mut().for_each(av1::Plane::finish);
    frame
}

fn alpha(picture: &Picture) -> Frame {
    let mut frame = Frame::with_room(picture.size(), false);
    let mut alphas = Vec::new();
    for row in picture.rows() {
        alphas.clear();
        alphas.extend(row.as_chunks::<4>().0.iter().map(|pixel| pixel[3]));
        frame.planes.iter_mut().for_each(|plane| plane.push(&alphas));
    }
    frame.planes.iter_mut().for_each(av1::Plane::finish);
    frame
}

/// Rows of colours in which what cannot be seen goes on like what was seen last: an edge there would cost bytes, and
/// ring into what is seen.
#[derive(Default)]
struct Smear {
    last: [u8; 3],
    row: Vec<u8>,
}

impl Smear {
    fn row(&mut self, pixels: &[u8]) -> &[u8] {
        self.row.clear();
        for &[r, g, b, alpha] in pixels.as_chunks::<4>().0 {
            if alpha > 0 {
                self.last = [r, g, b];
            }
            self.row.extend(self.last);
        }
        &self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantisers_fall_as_quality_rises() {
        for (quality, expected) in QUANTISERS {
            assert_eq!(quantiser(quality), expected);
        }
        assert!((1..100).all(|quality| quantiser(quality) >= quantiser(quality + 1)));
    }

    #[test]
    fn what_cannot_be_seen_is_coloured_like_its_neighbour() {
        let mut smear = Smear::default();
        let row = [[9, 9, 9, 0], [1, 2, 3, 4], [9, 9, 9, 0], [5, 6, 7, 255]];
        assert_eq!(smear.row(row.as_flattened()), [0, 0, 0, 1, 2, 3, 1, 2, 3, 5, 6, 7]);
        assert_eq!(smear.row(&[8, 8, 8, 0]), [5, 6, 7]);
    }
}

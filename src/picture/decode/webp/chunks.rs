//! The container (RFC 9649, section 2): which chunks hold the first frame, and where it lies on its canvas.

use super::{Broken, Reason};
use crate::geometry::Size;

/// What was found in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The canvas of an extended file.
    pub(super) canvas: Option<Size>,
    /// Where the frame lies, if it is one of an animation.
    pub(super) place: Option<FramePlace>,
    /// The frame's alpha, where it is apart.
    pub(super) alpha: Option<&'a [u8]>,
    /// The frame.
    pub(super) image: Image<'a>,
}

/// A frame's coded pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Image<'a> {
    /// The data of a `VP8 ` chunk.
    Lossy(&'a [u8]),
    /// The data of a `VP8L` chunk.
    Lossless(&'a [u8]),
}

/// What an `ANMF` chunk says of its frame (section 2.7.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FramePlace {
    /// Of its upper left corner.
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
    /// Laid over what is there, instead of replacing it.
    pub(super) is_blended: bool,
    /// Its rectangle becomes transparent when the next frame comes.
    pub(super) is_cleared: bool,
    pub(super) duration_ms: u32,
}

/// The chunks of a file or of a frame, one after the other.
#[derive(Debug)]
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<([u8; 4], &'a [u8]), Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&[k0, k1, k2, k3, l0, l1, l2, l3], rest) = self.0.split_first_chunk()?;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let Some((data, after)) = rest.split_at_checked(length) else {
            self.0 = &[];
            return Some(Err("a chunk is cut off"));
        };
        // Chunks begin at even places; the last byte may be missing.
        self.0 = after.get(length % 2..).unwrap_or_default();
        Some(Ok(([k0, k1, k2, k3], data)))
    }
}

/// Finds the first frame of a file.
pub(super) fn find(file: &[u8]) -> Result<Found<'_>, Reason> {
    let chunks = file.get(12..).broken("the file is cut off")?;
    let mut canvas = None;
    let mut alpha = None;
    for chunk in Chunks(chunks) {
        match chunk? {
            (kind, data) if &kind == b"VP8X" => canvas = Some(canvas_size(data)?),
            (kind, data) if &kind == b"ALPH" => alpha = alpha.or(Some(data)),
            (kind, data) if &kind == b"ANMF" => return frame(data, canvas),
            (kind, data) => {
                if let Some(image) = image(kind, data) {
                    return Ok(Found { canvas, place: None, alpha, image });
                }
            }
        }
    }
    Err("there is no frame")
}

/// The frames of an animation, and its canvas.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    canvas: Size,
    chunks: Chunks<'a>,
}

impl<'a> Frames<'a> {
    pub(super) fn open(file: &'a [u8]) -> Result<Self, Reason> {
        let mut chunks = Chunks(file.get(12..).broken("the file is cut off")?);
        loop {
            if let (kind, data) = chunks.next().broken("an animation without a canvas")??
                && &kind == b"VP8X"
            {
                return Ok(Self { canvas: canvas_size(data)?, chunks });
            }
        }
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> Option<Result<Found<'a>, Reason>> {
        loop {
            match self.chunks.next()? {
                Ok((kind, data)) if &kind == b"ANMF" => return Some(frame(data, Some(self.canvas))),
                Ok(_) => {}
                Err(reason) => return Some(Err(reason)),
            }
        }
    }
}

fn image(kind: [u8; 4], data: &[u8]) -> Option<Image<'_>> {
    match &kind {
        b"VP8 " => Some(Image::Lossy(data)),
        b"VP8L" => Some(Image::Lossless(data)),
        _ => None,
    }
}

fn le24(bytes: [u8; 3]) -> u32 {
    let [a, b, c] = bytes;
    u32::from_le_bytes([a, b, c, 0])
}

/// Section 2.7.
fn canvas_size(data: &[u8]) -> Result<Size, Reason> {
    let &[_, _, _, _, w0, w1, w2, h0, h1, h2] = data.first_chunk().broken("the VP8X chunk is too short")?;
    Ok(Size::new(le24([w0, w1, w2]) + 1, le24([h0, h1, h2]) + 1))
}

fn frame(data: &[u8], canvas: Option<Size>) -> Result<Found<'_>, Reason> {
    let (&[x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2, d0, d1, d2, flags], chunks) =
        data.split_first_chunk().broken("the ANMF chunk is too short")?;
    let place = FramePlace {
        left: le24([x0, x1, x2]) * 2,
        top: le24([y0, y1, y2]) * 2,
        size: Size::new(le24([w0, w1, w2]) + 1, le24([h0, h1, h2]) + 1),
        is_blended: flags & 2 == 0,
        is_cleared: flags & 1 == 1,
        duration_ms: le24([d0, d1, d2]),
    };
    let canvas = canvas.broken("an animation without a canvas")?;
    if place.left + place.size.width > canvas.width || place.top + place.size.height > canvas.height {
        return Err("a frame is not within the canvas");
    }
    let mut alpha = None;
    for chunk in Chunks(chunks) {
        let (kind, data) = chunk?;
        if &kind == b"ALPH" {
            alpha = alpha.or(Some(data));
        } else if let Some(image) = image(kind, data) {
            return Ok(Found { canvas: Some(canvas), place: Some(place), alpha, image });
        }
    }
    Err("a frame is empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        [&kind[..], &length, data, &[0][..data.len() % 2]].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".to_vec(), chunks.concat()].concat()
    }

    fn extended(width: u8, height: u8) -> Vec<u8> {
        chunk(*b"VP8X", &[0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0])
    }

    #[test]
    fn unknown_chunks_are_walked_over() {
        let file =
            file(&[extended(4, 3), chunk(*b"what", b"odd"), chunk(*b"ALPH", b"al"), chunk(*b"VP8 ", b"x")]);
        let found = find(&file).unwrap();
        assert_eq!((found.canvas, found.alpha), (Some(Size::new(4, 3)), Some(&b"al"[..])));
        assert_eq!(found.image, Image::Lossy(b"x"));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = file(&[extended(4, 3), chunk(*b"VP8L", b"data")]);
        assert!(find(&whole).is_ok());
        assert!((0..whole.len()).all(|length| find(&whole[..length]).is_err()));
    }

    #[test]
    fn a_frame_beyond_its_canvas_is_refused() {
        let frame = |left: u8| {
            let place = [left, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 0, 0, 0, 2];
            let frame = chunk(*b"ANMF", &[&place[..], &chunk(*b"VP8L", b"data")].concat());
            file(&[extended(6, 3), frame])
        };
        let size = Size::new(4, 3);
        let place =
            FramePlace { left: 2, top: 0, size, is_blended: false, is_cleared: false, duration_ms: 0 };
        assert_eq!(find(&frame(1)).unwrap().place, Some(place));
        assert!(find(&frame(2)).is_err());
    }
}

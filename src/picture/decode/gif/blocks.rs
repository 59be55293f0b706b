//! The blocks of a GIF (the GIF 89a specification, appendix B): which images there are, how each is laid down, and what of
//! the file's extensions matters to that.
//!
//! Comments, profiles and what applications say beside the count of repeats are walked over.

use super::Reason;
use crate::geometry::{Rect, Size};

/// The logical screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) struct Screen<'a> {
    /// As the file says; either side may be nothing.
    pub(in crate::picture) size: Size,
    /// The palette of images that have none of their own.
    pub(in crate::picture) palette: Option<&'a [u8]>,
}

/// What becomes of an image when the next one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::picture) enum Disposal {
    /// It stays.
    #[default]
    Keep,
    /// Its rectangle becomes transparent.
    Clear,
    /// What was there before comes back.
    Restore,
}

/// An image, without its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) struct Image<'a> {
    /// Where it lies; it may reach beyond the screen, and be empty.
    pub(in crate::picture) place: Rect,
    pub(in crate::picture) delay_centiseconds: u16,
    pub(in crate::picture) disposal: Disposal,
    /// The index that shows what is beneath.
    pub(in crate::picture) transparent: Option<u8>,
    pub(super) palette: Option<&'a [u8]>,
    pub(super) is_interlaced: bool,
    /// Bits of the first codes, without that of the two that mean no colour.
    pub(super) code_bits: u8,
    pub(super) data: SubBlocks<'a>,
}

/// A block that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) enum Block<'a> {
    Image(Image<'a>),
    /// How often the images are shown again, 0 for ever.
    Repeats(u16),
    /// The file says that it ends here.
    End,
}

/// Data in pieces of up to 255 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SubBlocks<'a>(&'a [u8]);

impl<'a> SubBlocks<'a> {
    /// The next piece: nothing behind the last, an error where the file ends before that.
    pub(super) fn next(&mut self) -> Option<Result<&'a [u8], Reason>> {
        let Some((&length, rest)) = self.0.split_first() else { return Some(Err(CUT_OFF)) };
        if length == 0 {
            self.0 = rest;
            return None;
        }
        match rest.split_at_checked(length.into()) {
            Some((piece, rest)) => {
                self.0 = rest;
                Some(Ok(piece))
            }
            None => Some(Err(CUT_OFF)),
        }
    }

    /// What comes behind all of them, as far as the file goes.
    fn end(mut self) -> &'a [u8] {
        while let Some(piece) = self.next() {
            if piece.is_err() {
                return &[];
            }
        }
        self.0
    }
}

pub(super) const CUT_OFF: Reason = "the file is cut off";

/// The blocks of a file, one after the other.
#[derive(Debug)]
pub(in crate::picture) struct Blocks<'a> {
    rest: &'a [u8],
    control: Control,
}

/// What a graphic control extension says of the image behind it (section 23).
#[derive(Debug, Clone, Copy, Default)]
struct Control {
    delay_centiseconds: u16,
    disposal: Disposal,
    transparent: Option<u8>,
}

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;
const CONTROL: u8 = 0xF9;
const TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xFF;

impl<'a> Blocks<'a> {
    /// Reads the screen; nothing where there is none.
    pub(in crate::picture) fn open(file: &'a [u8]) -> Option<(Screen<'a>, Self)> {
        let (&[_, _, _, _, _, _, w0, w1, h0, h1, flags, _, _], rest) = file.split_first_chunk()?;
        let size = Size { width: le16(w0, w1), height: le16(h0, h1) };
        let (palette, rest) = palette(flags, rest)?;
        Some((Screen { size, palette }, Self { rest, control: Control::default() }))
    }

    /// The next block that matters: nothing where the file just ends.
    pub(in crate::picture) fn next(&mut self) -> Option<Result<Block<'a>, Reason>> {
        loop {
            let (&kind, rest) = self.rest.split_first()?;
            match kind {
                EXTENSION => {
                    let (&label, rest) = rest.split_first()?;
                    let body = SubBlocks(rest);
                    self.rest = body.end();
                    if let Some(block) = self.extension(label, body) {
                        return Some(Ok(block));
                    }
                }
                IMAGE => {
                    return Some(match self.image(rest) {
                        Some(image) => Ok(Block::Image(image)),
                        None if is_empty(rest) => Ok(Block::End),
                        None => Err(CUT_OFF),
                    });
                }
                TRAILER => {
                    self.rest = &[];
                    return Some(Ok(Block::End));
                }
                // Some writers end blocks twice.
                0 => self.rest = rest,
                _ => {
                    self.rest = &[];
                    return Some(Err("a block of an unknown kind"));
                }
            }
        }
    }

    fn extension(&mut self, label: u8, mut body: SubBlocks<'a>) -> Option<Block<'a>> {
        let first = body.next()?.ok()?;
        match label {
            CONTROL => {
                let &[flags, d0, d1, transparent] = first.first_chunk()?;
                let disposal = match flags >> 2 & 7 {
                    2 => Disposal::Clear,
                    3 => Disposal::Restore,
                    _ => Disposal::Keep,
                };
                let delay_centiseconds = u16::from_le_bytes([d0, d1]);
                let transparent = (flags & 1 == 1).then_some(transparent);
                self.control = Control { delay_centiseconds, disposal, transparent };
                None
            }
            // Nobody draws it.
            TEXT => {
                self.control = Control::default();
                None
            }
            APPLICATION if first == b"NETSCAPE2.0" || first == b"ANIMEXTS1.0" => {
                while let Some(Ok(piece)) = body.next() {
                    if let [1, low, high, ..] = *piece {
                        return Some(Block::Repeats(u16::from_le_bytes([low, high])));
                    }
                }
                None
            }
            _ => None,
        }
    }

    /// Section 20. What a control said holds for one image.
    fn image(&mut self, block: &'a [u8]) -> Option<Image<'a>> {
        self.rest = &[];
        let (&[x0, x1, y0, y1, w0, w1, h0, h1, flags], rest) = block.split_first_chunk()?;
        let size = Size { width: le16(w0, w1), height: le16(h0, h1) };
        let (palette, rest) = palette(flags, rest)?;
        let (&code_bits, rest) = rest.split_first()?;
        let data = SubBlocks(rest);
        self.rest = data.end();
        let Control { delay_centiseconds, disposal, transparent } = std::mem::take(&mut self.control);
        Some(Image {
            place: Rect { x: le16(x0, x1), y: le16(y0, y1), size },
            delay_centiseconds,
            disposal,
            transparent,
            palette,
            is_interlaced: flags & 0x40 != 0,
            code_bits,
            data,
        })
    }
}

/// Whether an image has no pixels, and need have nothing else.
fn is_empty(block: &[u8]) -> bool {
    matches!(block, [_, _, _, _, 0, 0, ..] | [_, _, _, _, _, _, 0, 0, ..])
}

fn le16(low: u8, high: u8) -> u32 {
    u16::from_le_bytes([low, high]).into()
}

/// The palette that flags announce, and what comes behind it.
fn palette(flags: u8, rest: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if flags & 0x80 == 0 {
        return Some((None, rest));
    }
    let (palette, rest) = rest.split_at_checked(3 << ((flags & 7) + 1))?;
    Some((Some(palette), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: &[u8] = b"GIF89a\x03\0\x02\0\x80\0\0\0\0\0\xff\xff\xff";
    const DOT: &[u8] = b"\x2c\x01\0\x02\0\x01\0\x01\0\0\x02\x02\x44\x01\0";

    fn blocks(parts: &[&[u8]]) -> Vec<Result<Block<'static>, Reason>> {
        let file: &'static [u8] = [SCREEN, &parts.concat()].concat().leak();
        let (screen, mut blocks) = Blocks::open(file).unwrap();
        assert_eq!(screen.size, Size::new(3, 2));
        std::iter::from_fn(|| blocks.next()).collect()
    }

    #[test]
    fn a_control_holds_for_one_image() {
        let control = b"\x21\xf9\x04\x0d\x07\x01\x01\0";
        let found = blocks(&[control, DOT, b"\x21\xfe\x02hi\0", DOT, b"\x3b", DOT]);
        let [Ok(Block::Image(first)), Ok(Block::Image(second)), Ok(Block::End)] = found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(first.place, Rect { x: 1, y: 2, size: Size::new(1, 1) });
        let of = |image: Image| (image.delay_centiseconds, image.disposal, image.transparent);
        assert_eq!(of(first), (0x107, Disposal::Restore, Some(1)));
        assert_eq!(of(second), (0, Disposal::Keep, None));
    }

    #[test]
    fn repeats_are_found_wherever_they_stand() {
        let netscape = b"\x21\xff\x0bNETSCAPE2.0\x05\x02\0\x04\0\0\x03\x01\x05\x01\0";
        assert_eq!(blocks(&[netscape]), [Ok(Block::Repeats(0x105))]);
        assert_eq!(blocks(&[b"\x21\xff\x0bANOTHER APP\x03\x01\x05\x01\0"]), []);
    }

    #[test]
    fn every_cut_of_an_image_is_told() {
        let whole = [DOT, b"\x3b"].concat();
        for end in 1..10 {
            assert_eq!(blocks(&[&whole[..end]]), [Err(CUT_OFF)], "{end}");
        }
        assert_eq!(blocks(&[&whole]).len(), 2);
        assert!(blocks(&[&[7]])[0].is_err());
    }
}

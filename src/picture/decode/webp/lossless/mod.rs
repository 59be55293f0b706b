//! VP8L, lossless (RFC 9649, section 3), decoded by rows.
//!
//! What was decoded is held as far back as references reach, a mebi of pixels; transforms are undone row by row.

mod bits;
mod pixels;
mod predictors;
mod prefix;
mod transforms;

use self::bits::Bits;
pub(in crate::picture) use self::pixels::NEAR;
use self::pixels::Pixels;
use self::transforms::Transforms;
use super::{Broken, Reason};
use crate::geometry::Size;

/// Rows of pixels out of a stream.
#[derive(Debug)]
pub(super) struct Lossless<'a> {
    bits: Bits<'a>,
    transforms: Transforms,
    pixels: Pixels,
    row: Vec<u32>,
    y: usize,
}

/// Bytes that decoding a picture of this size holds at most: what references reach, the blocks of two transforms (5
/// bytes) and of codes (2), all of four by four pixels, codes, and rows.
pub(super) fn held_bytes(size: Size) -> u64 {
    let pixels = size.area();
    let window = pixels.min(pixels::WINDOW as u64) * 4;
    let blocks = u64::from(size.width.div_ceil(4)) * u64::from(size.height.div_ceil(4)) * 7;
    let tables = pixels::largest_tables(pixels);
    let rows = u64::from(size.width) * 8;
    window + blocks + tables + rows + FIXED_BYTES
}

/// A cache of colours, a palette, the table that is being made, and the rest.
const FIXED_BYTES: u64 = (4 << 11) + (4 << 8) + (32 << 10);

/// The size in the data of a `VP8L` chunk (section 3.4).
pub(super) fn size(stream: &[u8]) -> Result<Size, Reason> {
    let (&[signature, b0, b1, b2, b3], _) =
        stream.split_first_chunk().broken("the VP8L header is cut off")?;
    let bits = u32::from_le_bytes([b0, b1, b2, b3]);
    if signature != 0x2F || bits >> 29 != 0 {
        return Err("the VP8L header is of an unknown version");
    }
    Ok(Size::new((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}

impl<'a> Lossless<'a> {
    /// Opens the data of a `VP8L` chunk.
    pub(super) fn open(stream: &'a [u8]) -> Result<Self, Reason> {
        let size = size(stream)?;
        Self::open_headless(stream.get(5..).unwrap_or_default(), size)
    }

    /// Opens data that stand without a header, as alpha does.
    pub(super) fn open_headless(stream: &'a [u8], size: Size) -> Result<Self, Reason> {
        let mut bits = Bits::new(stream);
        let transforms = Transforms::read(&mut bits, size)?;
        let pixels = Pixels::open(&mut bits, transforms.coded, true)?;
        Ok(Self { bits, transforms, pixels, row: vec![0; size.width as usize], y: 0 })
    }

    /// The next row from the top; alpha, red, green and blue from the highest bits down.
    pub(super) fn next_row(&mut self) -> Result<&[u32], Reason> {
        self.pixels.next_row(
            &mut self.bits,
            self.row.get_mut(..self.transforms.coded.width as usize).unwrap_or_default(),
        )?;
        self.transforms.undo(self.y, &mut self.row);
        self.y += 1;
        Ok(&self.row)
    }
}

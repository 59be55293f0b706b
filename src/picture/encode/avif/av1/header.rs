//! What stands before the blocks: the sequence and the frame (AV1, sections 5.5 and 5.9).

use super::plan::Plan;
use crate::geometry::Size;

/// Kinds of units (section 6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const FRAME: u8 = 6;

/// Bits, the highest of each number first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, number: u32) {
        for bit in (0..bits).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            self.used = (self.used + 1) & 7;
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((number >> bit & 1) as u8) << ((8 - self.used) & 7);
            }
        }
    }

    fn flag(&mut self, is_set: bool) {
        self.put(1, is_set.into());
    }

    /// As the difference of a quantiser.
    fn difference(&mut self, difference: i8) {
        self.flag(difference != 0);
        if difference != 0 {
            self.put(7, u32::from(difference.cast_unsigned()) & 127);
        }
    }
}

/// A unit with its length before it.
fn unit(kind: u8, payload: &[&[u8]], to: &mut Vec<u8>) {
    to.push(kind << 3 | 2);
    let mut length = payload.iter().map(|part| part.len()).sum::<usize>();
    while length >= 128 {
        to.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    to.push(length as u8);
    for part in payload {
        to.extend_from_slice(part);
    }
}

/// Writes the whole picture, of its blocks.
pub(super) fn write(size: Size, plan: &Plan, blocks: &[u8], file: &mut Vec<u8>) {
    file.reserve_exact(blocks.len() + 64);
    unit(SEQUENCE_HEADER, &[&sequence(size, plan.has_chroma)], file);
    unit(FRAME, &[&frame(size, plan), blocks], file);
}

fn sequence(size: Size, has_chroma: bool) -> Vec<u8> {
    let mut bits = Bits::default();
    // Main profile; a still picture with the short header; no level says that its limits are not known.
    bits.put(3, 0);
    bits.put(2, 0b11);
    bits.put(5, 31);
    bits.put(8, 0xFF);
    bits.put(16, size.width - 1);
    bits.put(16, size.height - 1);
    // Superblocks of 64; no prediction by filters; edges are smoothed.
    bits.put(3, 0b001);
    // Of superresolution, smoothing along directions and restoration the second.
    bits.put(3, 0b010);
    colour(has_chroma, &mut bits);
    // No grain; the end.
    bits.put(2, 0b01);
    bits.bytes
}

fn colour(has_chroma: bool, bits: &mut Bits) {
    bits.flag(false);
    bits.flag(!has_chroma);
    bits.flag(has_chroma);
    if has_chroma {
        // Primaries of BT.709, the curve of sRGB, the matrix of BT.601.
        for code in [1, 13, 6] {
            bits.put(8, code);
        }
    }
    // The full range.
    bits.flag(true);
    if has_chroma {
        // Where chroma lies is not told; both differences are quantised alike.
        bits.put(2, 0);
        bits.flag(false);
    }
}

fn frame(size: Size, plan: &Plan) -> Vec<u8> {
    let mut bits = Bits::default();
    // Probabilities learn; nothing is meant for screens; shown as large as it is.
    bits.put(3, 0);
    // One tile.
    bits.flag(true);
    for side in [size.width, size.height] {
        if side > 64 {
            bits.flag(false);
        }
    }
    bits.put(8, plan.quantiser.into());
    bits.difference(0);
    if plan.has_chroma {
        for difference in plan.chroma_differences {
            bits.difference(difference);
        }
    }
    // No matrices, no segments, the same quantiser everywhere.
    bits.put(3, 0);
    let filters = &plan.filters;
    bits.put(6, filters.edges.into());
    bits.put(6, filters.edges.into());
    if plan.has_chroma && filters.edges > 0 {
        bits.put(6, filters.chroma_edges.into());
        bits.put(6, filters.chroma_edges.into());
    }
    // As sharp as can be told; the same for all modes.
    bits.put(4, 0);
    bits.put(2, u32::from(filters.damping) - 3);
    // One strength for the whole frame.
    bits.put(2, 0);
    let [luma, chroma] = filters.directions;
    for (first, second) in [luma, chroma].into_iter().take(if plan.has_chroma { 2 } else { 1 }) {
        bits.put(4, first.into());
        bits.put(2, second.into());
    }
    // The largest transforms; of those few kinds.
    bits.put(2, 0b01);
    bits.bytes
}

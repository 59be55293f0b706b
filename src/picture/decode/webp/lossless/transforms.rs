//! The transforms of pixels (RFC 9649, section 3.4), undone row by row.

use super::bits::Bits;
use super::pixels::{Pixels, blocks};
use super::predictors::predict;
use super::{Broken, Reason};
use crate::geometry::Size;

/// Transforms in the order in which they were applied, each with what it needs of the rows before.
#[derive(Debug)]
pub(super) struct Transforms {
    steps: Vec<Step>,
    /// Of a row as it is coded: indices into a palette may be packed.
    pub(super) coded: Size,
}

#[derive(Debug)]
enum Step {
    /// Pixels are differences from what is foretold; one way of foretelling per block (section 3.4.1).
    Predictor { bits: u32, across: usize, modes: Vec<u8>, above: Vec<u32> },
    /// Red and blue are differences from what green foretells; one rule per block (section 3.4.2).
    Colour { bits: u32, across: usize, rules: Vec<u32> },
    /// Red and blue are differences from green (section 3.4.3).
    SubtractGreen,
    /// Green is an index into a palette, or several (section 3.4.4).
    Indexed { bits: u32, palette: Box<[u32; 256]>, width: usize },
}

impl Transforms {
    /// Reads the transforms of a picture.
    pub(super) fn read(bits: &mut Bits, size: Size) -> Result<Self, Reason> {
        let mut transforms = Self { steps: Vec::new(), coded: size };
        let mut seen = [false; 4];
        while bits.flag() {
            let kind = bits.number(2) as usize;
            let seen = seen.get_mut(kind).broken("an unknown transform")?;
            if std::mem::replace(seen, true) {
                return Err("a transform comes twice");
            }
            let step = transforms.read_step(bits, kind)?;
            transforms.steps.push(step);
        }
        Ok(transforms)
    }

    fn read_step(&mut self, bits: &mut Bits, kind: usize) -> Result<Step, Reason> {
        let size = self.coded;
        Ok(match kind {
            0 => {
                let block_bits = bits.number(3) + 2;
                let mut modes = Vec::with_capacity(block_count(size, block_bits));
                let across = blocks(bits, size, block_bits, |row| {
                    modes.extend(row.iter().map(|colour| (colour >> 8).to_le_bytes()[0]));
                })?;
                Step::Predictor { bits: block_bits, across, modes, above: vec![0; size.width as usize + 1] }
            }
            1 => {
                let block_bits = bits.number(3) + 2;
                let mut rules = Vec::with_capacity(block_count(size, block_bits));
                let across = blocks(bits, size, block_bits, |row| rules.extend_from_slice(row))?;
                Step::Colour { bits: block_bits, across, rules }
            }
            2 => Step::SubtractGreen,
            _ => self.read_palette(bits)?,
        })
    }

    fn read_palette(&mut self, bits: &mut Bits) -> Result<Step, Reason> {
        let count = bits.number(8) + 1;
        let mut palette = Box::new([0; 256]);
        let colours = palette.get_mut(..count as usize).unwrap_or_default();
        Pixels::open(bits, Size::new(count, 1), false)?.next_row(bits, colours)?;
        let mut last = 0;
        for colour in colours {
            *colour = add(*colour, last);
            last = *colour;
        }
        let packing = match count {
            ..=2 => 3,
            3..=4 => 2,
            5..=16 => 1,
            _ => 0,
        };
        let width = self.coded.width as usize;
        self.coded.width = self.coded.width.div_ceil(1 << packing);
        Ok(Step::Indexed { bits: packing, palette, width })
    }

    /// Undoes the transforms of row `y`, of which the first `coded.width` pixels are as they were coded.
    pub(super) fn undo(&mut self, y: usize, row: &mut [u32]) {
        let mut width = self.coded.width as usize;
        for step in self.steps.iter_mut().rev() {
            let coded = row.get_mut(..width).unwrap_or_default();
            match step {
                Step::Predictor { bits, across, modes, above } => {
                    let start = (y >> *bits) * *across;
                    predict(coded, above, y, modes.get(start..).unwrap_or_default(), *bits);
                }
                Step::Colour { bits, across, rules } => {
                    let start = (y >> *bits) * *across;
                    let rules = rules.get(start..).unwrap_or_default();
                    for (block, &rule) in coded.chunks_mut(1 << *bits).zip(rules) {
                        for pixel in block {
                            *pixel = add_foretold(*pixel, rule);
                        }
                    }
                }
                Step::SubtractGreen => coded.iter_mut().for_each(|pixel| *pixel = add_green(*pixel)),
                Step::Indexed { bits, palette, width: whole } => {
                    width = *whole;
                    look_up(row.get_mut(..width).unwrap_or_default(), *bits, palette);
                }
            }
        }
    }
}

fn block_count(size: Size, bits: u32) -> usize {
    let count = |length: u32| length.div_ceil(1 << bits) as usize;
    count(size.width) * count(size.height)
}

/// Adds the four samples of two pixels, each by itself.
#[inline(always)]
pub(super) fn add(a: u32, b: u32) -> u32 {
    const ODD: u32 = 0xFF00_FF00;
    let odd = (a & ODD).wrapping_add(b & ODD) & ODD;
    let even = (a & !ODD).wrapping_add(b & !ODD) & !ODD;
    odd | even
}

#[inline(always)]
fn add_green(pixel: u32) -> u32 {
    let green = pixel >> 8 & 0xFF;
    let others = (pixel & 0x00FF_00FF).wrapping_add(green << 16 | green) & 0x00FF_00FF;
    pixel & 0xFF00_FF00 | others
}

#[inline(always)]
fn add_foretold(pixel: u32, rule: u32) -> u32 {
    let [blue, green, red, alpha] = pixel.to_le_bytes();
    let [green_to_red, green_to_blue, red_to_blue, _] = rule.to_le_bytes();
    let foretold = |factor: u8, sample: u8| {
        let product = i16::from(factor.cast_signed()) * i16::from(sample.cast_signed());
        (product >> 5).to_le_bytes()[0]
    };
    let red = red.wrapping_add(foretold(green_to_red, green));
    let blue = blue.wrapping_add(foretold(green_to_blue, green)).wrapping_add(foretold(red_to_blue, red));
    u32::from_le_bytes([blue, green, red, alpha])
}

/// From the last pixel on, so that packed indices are read before something is laid over them.
fn look_up(row: &mut [u32], bits: u32, palette: &[u32; 256]) {
    let (within, depth) = ((1 << bits) - 1, 8 >> bits);
    for x in (0..row.len()).rev() {
        let Some(&packed) = row.get(x >> bits) else { continue };
        let index = packed >> 8 >> ((x & within) * depth) & ((1 << depth) - 1);
        if let (Some(place), Some(&colour)) = (row.get_mut(x), palette.get(index as usize)) {
            *place = colour;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_added_apart() {
        assert_eq!(add(0xFF80_01FF, 0x0180_0101), 0x0000_0200);
        assert_eq!(add_green(0x11F0_20F0), 0x1110_2010);
    }

    #[test]
    fn green_foretells_red_and_blue() {
        // Half of green (16 of 32) is added to red; a quarter of the new red is taken from blue.
        let rule = u32::from_le_bytes([16, 0, 8_u8.wrapping_neg(), 0]);
        assert_eq!(add_foretold(0xFF14_2832, rule), 0xFF28_2828);
    }

    #[test]
    fn packed_indices_come_lowest_first() {
        let mut palette = [0; 256];
        palette[..4].copy_from_slice(&[10, 11, 12, 13]);
        let mut row = [0b11_10_01_00 << 8, 0b01 << 8, 0, 0, 0];
        look_up(&mut row, 2, &palette);
        assert_eq!(row, [10, 11, 12, 13, 11]);
    }
}

//! A band of coefficients and its later bits (ITU-T T.81, G.1.2.2 and G.1.2.3).

use std::rc::Rc;

use super::bits::Bits;
use super::gathered::{Coefficients, truncate};
use super::huffman::Huffman;
use super::markers::ScanHeader;

/// A scan of a band, and for how many blocks nothing more comes.
#[derive(Debug)]
pub(super) struct Band {
    ac: Rc<Huffman>,
    first: usize,
    last: usize,
    refines: bool,
    lowest: u8,
    ended_blocks: u32,
}

impl Band {
    pub(super) fn new(header: &ScanHeader, ac: Rc<Huffman>) -> Self {
        Self {
            ac,
            first: header.first.into(),
            last: header.last.into(),
            refines: header.known > 0,
            lowest: header.lowest,
            ended_blocks: 0,
        }
    }

    pub(super) fn restart(&mut self) {
        self.ended_blocks = 0;
    }

    /// Whether nothing is told of so many blocks; if so, they are passed over.
    pub(super) fn passes_over(&mut self, blocks: usize) -> bool {
        let left = u32::try_from(blocks).ok().and_then(|blocks| self.ended_blocks.checked_sub(blocks));
        // What is known has another bit in every block.
        match left {
            Some(left) if !self.refines => {
                self.ended_blocks = left;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn decode(&mut self, bits: &mut Bits<'_>, block: &mut Coefficients) {
        if self.refines {
            self.refine(bits, block);
        } else {
            self.begin(bits, block);
        }
    }

    /// First bits.
    #[inline]
    fn begin(&mut self, bits: &mut Bits<'_>, block: &mut Coefficients) {
        if self.ended_blocks > 0 {
            self.ended_blocks -= 1;
            return;
        }
        let mut at = self.first - 1;
        while at < self.last {
            bits.prepare();
            let look = self.ac.look(bits);
            let (advance, value) = if look.length() > 0 {
                bits.skip(look.length());
                (look.advance(), look.value())
            } else {
                let symbol = self.ac.symbol(bits);
                let (run, size) = (symbol >> 4, u32::from(symbol & 15));
                if size == 0 && run < 15 {
                    self.ended_blocks = end_of_bands(bits, run) - 1;
                    return;
                }
                (usize::from(run) + 1, bits.take_signed(size))
            };
            at += advance;
            if at <= self.last {
                block.set(at, truncate(value << self.lowest));
            }
        }
    }

    /// Another bit of those that are not zero, and those that stop being zero.
    fn refine(&mut self, bits: &mut Bits<'_>, block: &mut Coefficients) {
        let bit = truncate(1 << self.lowest);
        let mut at = self.first;
        if self.ended_blocks == 0 {
            while at <= self.last {
                bits.prepare();
                let symbol = self.ac.symbol(bits);
                let (mut run, size) = (symbol >> 4, symbol & 15);
                let mut value = 0;
                if size > 0 {
                    value = if bits.take(1) == 1 { bit } else { -bit };
                } else if run < 15 {
                    self.ended_blocks = end_of_bands(bits, run);
                    break;
                }
                while at <= self.last {
                    if block.mask >> at & 1 == 1 {
                        refine_one(bits, block, at, bit);
                    } else if run == 0 {
                        break;
                    } else {
                        run -= 1;
                    }
                    at += 1;
                }
                if at <= self.last {
                    block.set(at, value);
                }
                at += 1;
            }
        }
        if self.ended_blocks > 0 {
            self.ended_blocks -= 1;
            if at <= self.last {
                refine_known(bits, block, (at, self.last), bit);
            }
        }
    }
}

/// For how many blocks, this one among them, nothing more comes.
fn end_of_bands(bits: &mut Bits<'_>, run: u8) -> u32 {
    let extra = u32::try_from(bits.take(run.into())).unwrap_or(0);
    (1 << run) + extra
}

/// Another bit of all that are not zero within `first` and `last`.
fn refine_known(bits: &mut Bits<'_>, block: &mut Coefficients, (first, last): (usize, usize), bit: i16) {
    let mut left = block.mask & (u64::MAX << first) & (u64::MAX >> (63 - last));
    while left != 0 {
        refine_one(bits, block, left.trailing_zeros() as usize, bit);
        left &= left - 1;
    }
}

#[inline]
fn refine_one(bits: &mut Bits<'_>, block: &mut Coefficients, at: usize, bit: i16) {
    bits.prepare();
    if bits.take(1) == 1
        && let Some(value) = block.values.get_mut(at)
        && *value & bit == 0
    {
        *value = value.wrapping_add(if *value < 0 { -bit } else { bit });
    }
}

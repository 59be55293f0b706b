//! Prefix codes (RFC 9649, section 3.7.2) as tables that are looked into by the bits that come next.
//!
//! A table begins with a root that is indexed by up to eight bits. An entry holds a symbol in its low twelve bits and
//! the code's length above them; a length of 9 to 15 in the root says that one to seven more bits index a second
//! part that begins where the low bits say.

use super::bits::Bits;
use super::{Broken, Reason};

/// Symbols at most: literals or lengths, and a cache of eleven bits.
const LARGEST_ALPHABET: usize = 256 + 24 + (1 << 11);

const ROOT_BITS: u32 = 8;

const LONGEST_CODE: usize = 15;

/// Order in which the lengths of the codes for lengths come (section 3.7.2.1.2).
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const NO_CODE: Reason = "a prefix code is incomplete or overfull";

/// Makes the tables of several codes, one after the other.
#[derive(Debug, Default)]
pub(super) struct Builder {
    entries: Vec<u16>,
}

/// Where the table of one code is among others.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Code {
    start: u32,
    /// Of as many low bits as index the root; no bits where there is but one symbol.
    mask: u32,
}

impl Code {
    /// Whether there is but one symbol, which takes no bits.
    pub(super) fn is_single(self) -> bool {
        self.mask == 0
    }
}

/// Reads one symbol; 15 bits are ensured.
#[inline(always)]
pub(super) fn symbol(tables: &[u16], code: Code, bits: &mut Bits) -> u32 {
    let entry = |at: u32| u32::from(tables.get(at as usize).copied().unwrap_or_default());
    #[expect(clippy::cast_possible_truncation, reason = "only fifteen bits matter")]
    let next = bits.window() as u32;
    let first = entry(code.start + (next & code.mask));
    let length = first >> 12;
    if length <= ROOT_BITS {
        bits.skip(length);
        return first & 0xFFF;
    }
    let mask = (1 << (length - ROOT_BITS)) - 1;
    let second = entry(code.start + (first & 0xFFF) + (next >> ROOT_BITS & mask));
    bits.skip(ROOT_BITS + (second >> 12));
    second & 0xFFF
}

impl Builder {
    /// The tables of all codes that were read.
    pub(super) fn finish(self) -> Box<[u16]> {
        self.entries.into_boxed_slice()
    }

    /// Reads a code for an alphabet and adds it.
    pub(super) fn read(&mut self, bits: &mut Bits, alphabet: usize) -> Result<Code, Reason> {
        let mut lengths = [0; LARGEST_ALPHABET];
        let lengths = lengths.get_mut(..alphabet).broken("an alphabet is too large")?;
        if bits.flag() {
            simple_lengths(bits, lengths)?;
        } else {
            self.coded_lengths(bits, lengths)?;
        }
        self.add(lengths)
    }

    /// Section 3.7.2.1.2; the code of the lengths is taken away again.
    fn coded_lengths(&mut self, bits: &mut Bits, lengths: &mut [u8]) -> Result<(), Reason> {
        let mut code_lengths = [0; 19];
        let count = 4 + bits.number(4) as usize;
        for &place in LENGTH_ORDER.iter().take(count) {
            if let Some(length) = code_lengths.get_mut(place) {
                *length = bits.number(3).to_le_bytes()[0];
            }
        }
        let end = self.entries.len();
        let code = self.add(&code_lengths)?;
        let result = self.lengths_by(code, bits, lengths);
        self.entries.truncate(end);
        result
    }

    fn lengths_by(&self, code: Code, bits: &mut Bits, lengths: &mut [u8]) -> Result<(), Reason> {
        let mut symbols = lengths.len();
        if bits.flag() {
            let size = 2 + 2 * bits.number(3);
            symbols = 2 + bits.number(size) as usize;
            if symbols > lengths.len() {
                return Err("more code lengths than symbols");
            }
        }
        let mut rest = lengths.iter_mut();
        let mut last = 8;
        for _ in 0..symbols {
            if rest.len() == 0 {
                break;
            }
            bits.ensure();
            let (length, times) = match symbol(&self.entries, code, bits) {
                16 => (last, 3 + bits.quick(2)),
                17 => (0, 3 + bits.quick(3)),
                18 => (0, 11 + bits.quick(7)),
                length => (length.to_le_bytes()[0], 1),
            };
            if times as usize > rest.len() {
                return Err("more code lengths than symbols");
            }
            rest.by_ref().take(times as usize).for_each(|place| *place = length);
            if length != 0 {
                last = length;
            }
        }
        Ok(())
    }

    /// Adds the canonical code of these lengths.
    fn add(&mut self, lengths: &[u8]) -> Result<Code, Reason> {
        let mut counts = [0_u32; LONGEST_CODE + 1];
        for &length in lengths {
            *counts.get_mut(usize::from(length)).broken(NO_CODE)? += 1;
        }
        counts[0] = 0;
        let start = u32::try_from(self.entries.len()).map_err(|_| "too many prefix codes")?;
        let longest = counts.iter().rposition(|&count| count > 0).broken(NO_CODE)?;
        if counts.iter().sum::<u32>() == 1 {
            let symbol = lengths.iter().position(|&length| length > 0).unwrap_or_default();
            self.entries.push(entry(symbol, 0));
            return Ok(Code { start, mask: 0 });
        }
        let mut next = first_codes(&counts)?;
        let root_bits = u32::try_from(longest).unwrap_or(ROOT_BITS).min(ROOT_BITS);
        let code = Code { start, mask: (1 << root_bits) - 1 };
        self.entries.resize(self.entries.len() + (1 << root_bits), 0);
        let mut symbols = [0; LARGEST_ALPHABET];
        for &symbol in by_length(lengths, &counts, &mut symbols) {
            let length = lengths.get(usize::from(symbol)).copied().unwrap_or_default();
            let value = next.get_mut(usize::from(length)).broken(NO_CODE)?;
            let bits = u32::from(length);
            let reversed = value.reverse_bits() >> (32 - bits);
            *value += 1;
            self.place(code, symbol.into(), bits, reversed, &mut counts)?;
        }
        Ok(code)
    }

    /// Writes a symbol wherever the bits that come next may begin with its code. `counts` are of the codes that are not
    /// placed yet.
    fn place(
        &mut self,
        code: Code,
        symbol: usize,
        length: u32,
        reversed: u32,
        counts: &mut [u32; LONGEST_CODE + 1],
    ) -> Result<(), Reason> {
        let start = code.start as usize;
        if length <= ROOT_BITS {
            let root = self.entries.get_mut(start..).broken(NO_CODE)?;
            let places = root.iter_mut().skip(reversed as usize).step_by(1 << length);
            places.for_each(|place| *place = entry(symbol, length));
        } else {
            let at = start + (reversed & code.mask) as usize;
            let pointer = *self.entries.get(at).broken(NO_CODE)?;
            let pointer = if pointer == 0 { self.add_second(code, at, length, counts)? } else { pointer };
            let (second, size) = (start + usize::from(pointer & 0xFFF), 1 << ((pointer >> 12) - 8));
            let second = self.entries.get_mut(second..second + size).broken(NO_CODE)?;
            let places =
                second.iter_mut().skip((reversed >> ROOT_BITS) as usize).step_by(1 << (length - ROOT_BITS));
            places.for_each(|place| *place = entry(symbol, length - ROOT_BITS));
        }
        if let Some(count) = counts.get_mut(length as usize) {
            *count = count.saturating_sub(1);
        }
        Ok(())
    }

    /// Adds a second part, as large as the longest code needs that begins like the one at hand.
    fn add_second(
        &mut self,
        code: Code,
        at: usize,
        length: u32,
        counts: &[u32; LONGEST_CODE + 1],
    ) -> Result<u16, Reason> {
        let mut size = length - ROOT_BITS;
        let mut open = 1_u32 << size;
        for &count in counts.iter().skip(length as usize) {
            open = open.saturating_sub(count);
            if open == 0 {
                break;
            }
            size += 1;
            open <<= 1;
        }
        let offset = self.entries.len() - code.start as usize;
        if offset > 0xFFF || size > 7 {
            return Err(NO_CODE);
        }
        let pointer = entry(offset, ROOT_BITS + size);
        self.entries.resize(self.entries.len() + (1 << size), 0);
        *self.entries.get_mut(at).broken(NO_CODE)? = pointer;
        Ok(pointer)
    }
}

/// Twelve bits of symbol or place, four of length.
#[expect(clippy::cast_possible_truncation, reason = "symbols and places have twelve bits, lengths four")]
fn entry(symbol: usize, length: u32) -> u16 {
    (symbol & 0xFFF) as u16 | (length as u16) << 12
}

/// The first code of each length; the code must leave nothing open.
fn first_codes(counts: &[u32; LONGEST_CODE + 1]) -> Result<[u32; LONGEST_CODE + 1], Reason> {
    let mut firsts = [0; LONGEST_CODE + 1];
    let mut code = 0_u32;
    for (first, count) in firsts.iter_mut().zip(counts) {
        code <<= 1;
        *first = code;
        // At most twice the symbols there are, for each length.
        code = code.saturating_add(*count).min(1 << 16);
    }
    if code == 1 << LONGEST_CODE { Ok(firsts) } else { Err(NO_CODE) }
}

/// The symbols that have a code, the shorter codes first.
fn by_length<'a>(
    lengths: &[u8],
    counts: &[u32; LONGEST_CODE + 1],
    symbols: &'a mut [u16; LARGEST_ALPHABET],
) -> &'a [u16] {
    let mut places = [0; LONGEST_CODE + 1];
    let mut end = 0;
    for (place, &count) in places.iter_mut().zip(counts) {
        *place = end;
        end += count as usize;
    }
    for (symbol, &length) in (0..).zip(lengths).filter(|&(_, &length)| length > 0) {
        if let Some(place) = places.get_mut(usize::from(length)) {
            symbols.get_mut(*place).into_iter().for_each(|own| *own = symbol);
            *place += 1;
        }
    }
    symbols.get(..end).unwrap_or_default()
}

/// Section 3.7.2.1.1.
fn simple_lengths(bits: &mut Bits, lengths: &mut [u8]) -> Result<(), Reason> {
    let has_second = bits.flag();
    let size = if bits.flag() { 8 } else { 1 };
    let first = bits.number(size) as usize;
    let second = if has_second { bits.number(8) as usize } else { first };
    for symbol in [first, second] {
        *lengths.get_mut(symbol).broken("a symbol beyond the alphabet")? = 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(lengths: &[u8], stream: &[u8], count: usize) -> Vec<u32> {
        let mut tables = Builder::default();
        let code = tables.add(lengths).unwrap();
        let mut bits = Bits::new(stream);
        (0..count)
            .map(|_| {
                bits.ensure();
                symbol(&tables.entries, code, &mut bits)
            })
            .collect()
    }

    #[test]
    fn short_codes_are_canonical() {
        // a: 0, b: 10, c: 110, d: 111; highest bit of each first.
        assert_eq!(decode(&[1, 2, 3, 3], &[0b1111_0010, 0b0000_0001], 6), [0, 1, 0, 3, 2, 0]);
    }

    #[test]
    fn codes_of_every_length_are_found() {
        // One symbol of each length from 1 to 15, the longest twice.
        let mut lengths: Vec<u8> = (1..=15).collect();
        lengths.push(15);
        for symbol in 0..16_usize {
            let ones = symbol.min(15);
            let stream = ((1_u32 << ones) - 1).to_le_bytes();
            assert_eq!(decode(&lengths, &stream, 1), [u32::try_from(symbol).unwrap()]);
        }
    }

    #[test]
    fn a_single_symbol_takes_no_bits() {
        assert_eq!(decode(&[0, 0, 7, 0], &[0xFF], 3), [2, 2, 2]);
    }

    #[test]
    fn incomplete_and_overfull_codes_are_refused() {
        for lengths in [&[0_u8; 4][..], &[1, 2], &[1, 1, 1], &[2, 2, 2], &[15, 15], &[1; 2000]] {
            assert_eq!(Builder::default().add(lengths).err(), Some(NO_CODE), "{lengths:?}");
        }
    }

    #[test]
    fn the_widest_code_fits_its_entries() {
        // 2328 symbols: as many short ones as leave room for the rest at fifteen bits.
        let mut lengths = vec![8; 200];
        lengths.extend(vec![15; 56 * 128 - 5120]);
        lengths.extend(vec![10; 160]);
        let mut tables = Builder::default();
        assert!(tables.add(&lengths).is_ok());
        assert!(tables.entries.len() <= 0xFFF + 128);
    }
}

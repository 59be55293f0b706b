//! Quantised blocks as tokens: what Huffman coding needs to know of them, before its tables are known.
//!
//! A token is 16 bits. A block has one for the difference of its first coefficient to the last block's, in which the
//! number of value bits stands above them. Its others have one for each run of zeros and the coefficient behind it:
//! the symbol (ISO 10918-1, F.1.2.2) above up to eight value bits, of which more stand in a token of their own; then
//! an end.

use super::pieces::{PIECE_BYTES, Pieces};
use super::quantise::{Quantised, ZIGZAG};
use super::trellis::Trellis;

/// The most that one block becomes: 63 coefficients of more than eight bits, and the end.
const MOST_A_BLOCK: usize = 128;

/// Tokens of the smallest component.
pub(super) const LEAST_BYTES: u64 = 3 * PIECE_BYTES;

/// Value bits of a token that holds a difference.
pub(super) const DIFFERENCE_BITS: u32 = 11;

/// The end of a block whose last coefficients are zero.
pub(super) const END: u8 = 0x00;

/// The end of a block whose last coefficient is not zero: nothing is written for it. No run has this symbol.
pub(super) const FULL: u8 = 0x10;

/// Sixteen zeros.
pub(super) const SIXTEEN_ZEROS: u8 = 0xF0;

/// How often each symbol occurs.
#[derive(Debug, Clone)]
pub(super) struct Frequencies {
    /// Of the numbers of bits of the differences.
    pub(super) dc: [u32; 256],
    /// Of runs and numbers of bits.
    pub(super) ac: [u32; 256],
}

impl Frequencies {
    pub(super) fn new() -> Self {
        Self { dc: [0; 256], ac: [0; 256] }
    }

    /// Of runs and numbers of bits for which codes are needed.
    pub(super) fn written_ac(&self) -> [u32; 256] {
        let is_written = |symbol| symbol != usize::from(FULL);
        std::array::from_fn(|symbol| {
            self.ac.get(symbol).filter(|_| is_written(symbol)).map_or(0, |&count| count)
        })
    }

    /// These and those of another component with the same tables.
    pub(super) fn add(&mut self, other: &Self) {
        let of_other = other.dc.iter().chain(&other.ac);
        for (sum, more) in self.dc.iter_mut().chain(&mut self.ac).zip(of_other) {
            *sum += more;
        }
    }
}

/// The tokens of one component.
#[derive(Debug)]
pub(super) struct Tokens {
    /// Of the first coefficients, in the order that blocks have where the components are interleaved.
    pub(super) differences: Pieces,
    /// Of the others: a list for each row of blocks that a unit has, by which both orders can be read.
    pub(super) rows: Vec<Pieces>,
    pub(super) frequencies: Frequencies,
    last_dc: i32,
    trellis: Trellis,
}

impl Tokens {
    /// Of a component of which a unit is so many blocks high.
    pub(super) fn new(down: usize) -> Self {
        Self {
            differences: Pieces::default(),
            rows: (0..down).map(|_| Pieces::default()).collect(),
            frequencies: Frequencies::new(),
            last_dc: 0,
            trellis: Trellis::new(),
        }
    }

    /// Takes what was counted for likely in the blocks that follow.
    pub(super) fn learn(&mut self) {
        self.trellis.learn(&self.frequencies.ac);
    }

    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> u64 {
        self.differences.held_bytes() + self.rows.iter().map(Pieces::held_bytes).sum::<u64>()
    }

    /// Adds a block, in this row of its unit; thins it out before, where that is wanted.
    #[inline]
    pub(super) fn add(&mut self, row: usize, block: &mut Quantised, is_thinned: bool) {
        let mut nonzero = in_zigzag(block.nonzero);
        if is_thinned {
            nonzero = self.trellis.thin(block, nonzero);
        }
        let dc = block.coefficients.first().map_or(0, |&dc| i32::from(dc));
        if let Some([token]) = self.differences.room() {
            *token = difference(dc - self.last_dc, &mut self.frequencies.dc);
            self.differences.used(1);
        }
        self.last_dc = dc;
        let Some(pieces) = self.rows.get_mut(row) else { return };
        if let Some(tokens) = pieces.room::<MOST_A_BLOCK>() {
            let mut writer = Writer { tokens, count: 0 };
            writer.coefficients(block, nonzero, &mut self.frequencies.ac);
            let count = writer.count;
            pieces.used(count);
        }
    }

    /// Adds a block outside the picture, which no one sees: the cheapest there is.
    pub(super) fn add_unseen(&mut self, row: usize) {
        let mut block = Quantised { coefficients: [0; 64], fine: [0; 64], nonzero: 0 };
        // What was quantised is 16 bits wide.
        block.coefficients[0] = i16::try_from(self.last_dc).unwrap_or(0);
        self.add(row, &mut block, false);
    }
}

/// The token of a difference, which is counted.
#[inline]
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "indices are masked to the lengths of the arrays; values are masked to their bits"
)]
fn difference(difference: i32, frequencies: &mut [u32; 256]) -> u16 {
    let (bits, value) = magnitude(difference);
    frequencies[bits as usize % 256] += 1;
    (bits << DIFFERENCE_BITS | value) as u16
}

struct Writer<'a> {
    tokens: &'a mut [u16; MOST_A_BLOCK],
    count: usize,
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "indices are masked to the lengths of the arrays; values are masked to their bits"
)]
impl Writer<'_> {
    #[inline]
    fn push(&mut self, token: u32) {
        self.tokens[self.count % MOST_A_BLOCK] = token as u16;
        self.count += 1;
    }

    #[inline]
    fn coefficients(&mut self, block: &Quantised, nonzero: u64, frequencies: &mut [u32; 256]) {
        let mut left = nonzero & !1;
        let mut last = 0;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let mut zeros = at - last - 1;
            last = at;
            while zeros > 15 {
                zeros -= 16;
                frequencies[usize::from(SIXTEEN_ZEROS)] += 1;
                self.push(u32::from(SIXTEEN_ZEROS) << 8);
            }
            let coefficient = block.coefficients[usize::from(ORDER[at as usize % 64]) % 64];
            let (bits, value) = magnitude(i32::from(coefficient));
            let symbol = zeros << 4 | bits;
            frequencies[symbol as usize % 256] += 1;
            if bits <= 8 {
                self.push(symbol << 8 | value);
            } else {
                self.push(symbol << 8);
                self.push(value);
            }
        }
        let end = if last == 63 { FULL } else { END };
        frequencies[usize::from(end)] += 1;
        self.push(u32::from(end) << 8);
    }
}

/// How many bits a value has, and those bits, where negative values are one's complements.
#[inline]
#[expect(clippy::cast_sign_loss, reason = "a magnitude; bits that are masked")]
fn magnitude(value: i32) -> (u32, u32) {
    let sign = value >> 31;
    let bits = 32 - (((value ^ sign) - sign) as u32).leading_zeros();
    (bits, (value + sign) as u32 & ((1 << bits) - 1))
}

/// Where the coefficients of the zigzag order stand in a block by frequency across and then down.
#[expect(clippy::indexing_slicing, reason = "checked while it is compiled")]
pub(super) const ORDER: [u8; 64] = {
    let mut order = ZIGZAG;
    let mut at = 0;
    while at < 64 {
        order[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    order
};

/// For each four coefficients of a block and each set of them: the same set in zigzag order.
#[expect(clippy::indexing_slicing, reason = "checked while it is compiled")]
const SETS: [[u64; 16]; 16] = {
    let mut sets = [[0; 16]; 16];
    let mut at = 0;
    while at < 64 {
        let stands = ORDER[at] as usize;
        let mut set = 0;
        while set < 16 {
            if set >> (stands % 4) & 1 == 1 {
                sets[stands / 4][set] |= 1 << at;
            }
            set += 1;
        }
        at += 1;
    }
    sets
};

/// A bit for each coefficient, brought into zigzag order.
#[inline]
#[expect(clippy::indexing_slicing, reason = "indices are masked to the length of the array")]
fn in_zigzag(set: u64) -> u64 {
    let mut left = set;
    let mut zigzag = 0;
    for sets in &SETS {
        zigzag |= sets[(left & 15) as usize];
        left >>= 4;
    }
    zigzag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(zigzag: impl Fn(usize) -> i16) -> Quantised {
        let mut block = Quantised { coefficients: [0; 64], fine: [0; 64], nonzero: 0 };
        for (at, &stands) in ORDER.iter().enumerate() {
            block.coefficients[usize::from(stands)] = zigzag(at);
            block.nonzero |= u64::from(zigzag(at) != 0) << stands;
        }
        block
    }

    /// The tokens of differences and of the other coefficients.
    fn tokens(blocks: &[Quantised]) -> [Vec<u16>; 2] {
        let mut tokens = Tokens::new(1);
        for block in blocks {
            tokens.add(0, &mut Quantised { ..*block }, false);
        }
        [&tokens.differences, &tokens.rows[0]].map(|pieces| {
            let mut all = Vec::new();
            let mut reader = pieces.read();
            loop {
                let before = all.len();
                reader.take(|tokens| {
                    all.extend_from_slice(tokens);
                    tokens.len()
                });
                if all.len() == before {
                    return all;
                }
            }
        })
    }

    #[test]
    fn runs_and_values_become_tokens() {
        let one = block(|at| match at {
            0 => -5,
            1 => 3,
            4 => -1,
            38 => 2,
            _ => 0,
        });
        let expected = [vec![3 << 11 | 2], vec![0x0203, 0x2100, 0xF000, 0xF000, 0x1202, 0x0000]];
        assert_eq!(tokens(&[one]), expected);
    }

    #[test]
    fn large_values_have_tokens_of_their_own() {
        let full = block(|at| if at == 0 { 1_016 } else { -1_023 });
        let mut expected = [0x0A00, 0].repeat(63);
        expected.push(0x1000);
        assert_eq!(tokens(&[full]), [vec![10 << 11 | 0x3F8], expected]);
    }

    #[test]
    fn differences_are_to_the_last_block() {
        let flat = |dc| block(move |at| if at == 0 { dc } else { 0 });
        let found = tokens(&[flat(-1_024), flat(-1_024), flat(1_023)]);
        assert_eq!(found, [vec![11 << 11 | 0x3FF, 0, 11 << 11 | 0x7FF], vec![0, 0, 0]]);
    }

    #[test]
    fn many_blocks_fill_many_pieces() {
        let mut counted = Tokens::new(1);
        for _ in 0..1_000 {
            counted.add(0, &mut block(|at| i16::from(at != 0)), false);
        }
        assert!(counted.held_bytes() >= 1_000 * 65 * 2);
        let Frequencies { ac, .. } = &counted.frequencies;
        assert_eq!((ac[1], ac[usize::from(FULL)]), (63_000, 1_000));
        assert_eq!(counted.frequencies.written_ac()[usize::from(FULL)], 0);
        let mut reader = counted.rows.remove(0).into_read();
        for _ in 0..1_000 {
            reader.take(|tokens| {
                assert_eq!((tokens[0], tokens[62], tokens[63]), (0x0101, 0x0101, 0x1000));
                64
            });
        }
        assert_eq!(reader.held_bytes(), PIECE_BYTES);
    }
}

//! Quantised blocks as tokens: what Huffman coding needs to know of them, before its tables are known.
//!
//! A token is 16 bits. A block has one for the difference of its first coefficient to the last block's, in which the
//! number of value bits stands above them; then one for each run of zeros and the coefficient behind it: the symbol
//! (ISO 10918-1, F.1.2.2) above up to eight value bits, of which more stand in a token of their own; then an end.

use super::quantise::{Quantised, ZIGZAG};

/// The most that one block becomes: 63 coefficients of more than eight bits, the first, and the end.
const MOST_A_BLOCK: usize = 128;

/// Tokens are kept in pieces of 16 KiB: none of them is ever moved to grow, each is let go of once it is written.
const PIECE: usize = 8_192;

/// Bytes of that.
pub(super) const PIECE_BYTES: u64 = (PIECE * size_of::<u16>()) as u64;

/// Value bits of a token that holds a difference.
pub(super) const DIFFERENCE_BITS: u32 = 11;

/// The end of a block whose last coefficients are zero.
pub(super) const END: u8 = 0x00;

/// The end of a block whose last coefficient is not zero: nothing is written for it. No run has this symbol.
pub(super) const FULL: u8 = 0x10;

/// Sixteen zeros.
const SIXTEEN_ZEROS: u8 = 0xF0;

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

/// The tokens of one component, in the order of its blocks in the file.
#[derive(Debug)]
pub(super) struct Tokens {
    /// What is full, cut to its length.
    pieces: Vec<Vec<u16>>,
    piece: Vec<u16>,
    used: usize,
    last_dc: i32,
    frequencies: Frequencies,
}

impl Tokens {
    pub(super) fn new() -> Self {
        Self { pieces: Vec::new(), piece: Vec::new(), used: 0, last_dc: 0, frequencies: Frequencies::new() }
    }

    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.pieces.len() as u64 + 1) * PIECE_BYTES
    }

    /// Adds a block.
    #[inline]
    pub(super) fn add(&mut self, block: &Quantised) {
        if self.piece.len() - self.used < MOST_A_BLOCK {
            self.start_piece();
        }
        let room = self.piece.get_mut(self.used..).and_then(<[u16]>::first_chunk_mut::<MOST_A_BLOCK>);
        let Some(room) = room else { return };
        let dc = block.coefficients.first().map_or(0, |&dc| i32::from(dc));
        let mut writer = Writer { tokens: room, count: 0 };
        writer.difference(dc - self.last_dc, &mut self.frequencies.dc);
        writer.coefficients(block, &mut self.frequencies.ac);
        self.used += writer.count;
        self.last_dc = dc;
    }

    /// Adds a block outside the picture, which no one sees: the cheapest there is.
    pub(super) fn add_unseen(&mut self) {
        let mut block = Quantised { coefficients: [0; 64], nonzero: 0 };
        // What was quantised is 16 bits wide.
        block.coefficients[0] = i16::try_from(self.last_dc).unwrap_or(0);
        self.add(&block);
    }

    #[cold]
    fn start_piece(&mut self) {
        let mut full = std::mem::replace(&mut self.piece, vec![0; PIECE]);
        full.truncate(self.used);
        self.used = 0;
        if !full.is_empty() {
            self.pieces.push(full);
        }
    }

    /// What there is, and how often each symbol.
    pub(super) fn finish(mut self) -> (impl Iterator<Item = Vec<u16>>, Frequencies) {
        self.piece.truncate(self.used);
        (self.pieces.into_iter().chain(std::iter::once(self.piece)), self.frequencies)
    }
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
    fn difference(&mut self, difference: i32, frequencies: &mut [u32; 256]) {
        let (bits, value) = magnitude(difference);
        frequencies[bits as usize % 256] += 1;
        self.push(bits << DIFFERENCE_BITS | value);
    }

    #[inline]
    fn coefficients(&mut self, block: &Quantised, frequencies: &mut [u32; 256]) {
        let mut left = in_zigzag(block.nonzero) & !1;
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
const ORDER: [u8; 64] = {
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
        let mut block = Quantised { coefficients: [0; 64], nonzero: 0 };
        for (at, &stands) in ORDER.iter().enumerate() {
            block.coefficients[usize::from(stands)] = zigzag(at);
            block.nonzero |= u64::from(zigzag(at) != 0) << stands;
        }
        block
    }

    fn tokens(blocks: &[Quantised]) -> Vec<u16> {
        let mut tokens = Tokens::new();
        for block in blocks {
            tokens.add(block);
        }
        tokens.finish().0.flatten().collect()
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
        let expected = [3 << 11 | 2, 0x0203, 0x2100, 0xF000, 0xF000, 0x1202, 0x0000];
        assert_eq!(tokens(&[one]), expected);
    }

    #[test]
    fn large_values_have_tokens_of_their_own() {
        let full = block(|at| if at == 0 { 1_016 } else { -1_023 });
        let mut expected = vec![10 << 11 | 0x3F8];
        expected.extend([0x0A00, 0].repeat(63));
        expected.push(0x1000);
        assert_eq!(tokens(&[full]), expected);
    }

    #[test]
    fn differences_are_to_the_last_block() {
        let flat = |dc| block(move |at| if at == 0 { dc } else { 0 });
        let found = tokens(&[flat(-1_024), flat(-1_024), flat(1_023)]);
        assert_eq!(found, [11 << 11 | 0x3FF, 0, 0, 0, 11 << 11 | 0x7FF, 0]);
    }

    #[test]
    fn many_blocks_fill_many_pieces() {
        let mut counted = Tokens::new();
        for _ in 0..1_000 {
            counted.add(&block(|at| i16::from(at != 0)));
        }
        assert!(counted.held_bytes() >= 1_000 * 65 * 2);
        let (pieces, frequencies) = counted.finish();
        assert!(pieces.map(|piece| piece.len()).collect::<Vec<_>>().iter().all(|length| length % 65 == 0));
        assert_eq!((frequencies.ac[1], frequencies.ac[usize::from(FULL)]), (63_000, 1_000));
        assert_eq!(frequencies.written_ac()[usize::from(FULL)], 0);
    }
}

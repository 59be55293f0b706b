//! The scan: tokens of all components, block by block, as Huffman codes and value bits.

use super::huffman::Table;
use super::tokens::{DIFFERENCE_BITS, END, FULL, Frequencies, PIECE_BYTES};

/// What is written for each symbol: its code above room for its value bits, and below both, in five bits, how many
/// bits that is.
#[derive(Debug)]
pub(super) struct Codes {
    dc: [u32; 16],
    ac: [u32; 256],
}

const LENGTH_BITS: u32 = 5;

impl Codes {
    /// Those of two tables.
    pub(super) fn new(dc: &Table, ac: &Table) -> Self {
        let entry = |(code, bits): (u32, u32), value_bits: u32| {
            code << (value_bits + LENGTH_BITS) | if bits == 0 { 0 } else { bits + value_bits }
        };
        let (mut codes, all) = (Self { dc: [0; 16], ac: [0; 256] }, dc.codes());
        for ((written, code), bits) in codes.dc.iter_mut().zip(all).zip(0..) {
            *written = entry(code, bits);
        }
        for ((written, code), symbol) in codes.ac.iter_mut().zip(ac.codes()).zip(0..) {
            *written = entry(code, symbol & 15);
        }
        codes
    }

    /// How many bits all symbols take.
    pub(super) fn bits(&self, frequencies: &Frequencies) -> u64 {
        let sum = |codes: &[u32], frequencies: &[u32]| -> u64 {
            let bits = codes.iter().map(|code| u64::from(code % (1 << LENGTH_BITS)));
            bits.zip(frequencies).map(|(bits, &frequency)| bits * u64::from(frequency)).sum()
        };
        sum(&self.dc, &frequencies.dc) + sum(&self.ac, &frequencies.ac)
    }
}

/// The tokens of one component, a block at a time.
pub(super) struct Reader<P> {
    pieces: P,
    piece: Vec<u16>,
    at: usize,
}

impl<P: Iterator<Item = Vec<u16>>> Reader<P> {
    pub(super) fn new(pieces: P) -> Self {
        Self { pieces, piece: Vec::new(), at: 0 }
    }

    /// Bytes that are still held.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.pieces.size_hint().0 as u64 + 1) * PIECE_BYTES
    }

    /// Writes the next block, if there is one. Blocks do not straddle pieces.
    #[inline]
    pub(super) fn write(&mut self, codes: &Codes, bits: &mut BitWriter) {
        if self.at == self.piece.len() {
            // The piece that was read is let go of before the next.
            self.piece = self.pieces.next().unwrap_or_default();
            self.at = 0;
        }
        if let Some((&difference, tokens)) = self.piece.get(self.at..).and_then(<[u16]>::split_first) {
            let mut pending = bits.pending;
            self.at += 1 + write_block(difference, tokens, codes, &mut pending, &mut bits.bytes);
            bits.pending = pending;
        }
    }
}

/// Writes a block and answers how many of the tokens were its.
#[inline]
#[expect(clippy::indexing_slicing, reason = "indices are masked to the lengths of the arrays")]
fn write_block(
    difference: u16,
    tokens: &[u16],
    codes: &Codes,
    pending: &mut Pending,
    bytes: &mut Bytes,
) -> usize {
    let difference = u32::from(difference);
    let code = codes.dc[(difference >> DIFFERENCE_BITS) as usize % 16];
    pending.put(code, difference % (1 << DIFFERENCE_BITS), bytes);
    let mut tokens = tokens.iter().zip(1..);
    while let Some((&token, count)) = tokens.next() {
        let (symbol, mut value) = (token >> 8, u32::from(token & 0xFF));
        if symbol & 15 > 8 {
            value = tokens.next().map_or(0, |(&value, _)| u32::from(value));
        }
        pending.put(codes.ac[usize::from(symbol)], value, bytes);
        if symbol & !u16::from(FULL) == u16::from(END) {
            return count;
        }
    }
    0
}

/// Bytes of a piece of the file: nothing is moved to grow.
const PIECE: usize = 16_384;

/// Writes bits from the highest, and a zero byte behind each that is all ones (ISO 10918-1, F.1.2.3).
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Bytes,
    pending: Pending,
}

impl BitWriter {
    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.bytes.pieces.len() as u64 + 1) * PIECE as u64
    }

    /// Appends all bits to the file, filled up with ones to a whole byte.
    pub(super) fn finish(mut self, file: &mut Vec<u8>) {
        let Pending { bits, count } = self.pending;
        let filling = (8 - count % 8) % 8;
        let last = bits << filling | ((1 << filling) - 1);
        let whole = (count + filling) / 8;
        for byte in last.to_be_bytes().into_iter().skip(8 - whole as usize) {
            self.bytes.stuffed(byte);
        }
        self.bytes.finish(file);
    }
}

/// Bits that are not a whole four bytes yet: the lowest `count`. What is above them was written before.
#[derive(Debug, Default, Clone, Copy)]
struct Pending {
    bits: u64,
    count: u32,
}

impl Pending {
    /// Writes a code with its value bits: 27 at most.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "what is above was written before")]
    fn put(&mut self, code: u32, value: u32, bytes: &mut Bytes) {
        let length = code % (1 << LENGTH_BITS);
        self.bits = self.bits << length | u64::from(code >> LENGTH_BITS | value);
        self.count += length;
        if self.count >= 32 {
            self.count -= 32;
            bytes.four((self.bits >> self.count) as u32);
        }
    }
}

/// The bytes of a scan, in pieces.
#[derive(Debug, Default)]
struct Bytes {
    /// What is full, cut to its length.
    pieces: Vec<Vec<u8>>,
    piece: Vec<u8>,
    used: usize,
}

impl Bytes {
    #[inline]
    fn four(&mut self, four: u32) {
        // A byte of ones is one whose top bit is lost by adding one, or by what that carries.
        if four & 0x8080_8080 & !four.wrapping_add(0x0101_0101) == 0 {
            self.append(four.to_be_bytes());
        } else {
            self.four_stuffed(four);
        }
    }

    #[cold]
    fn four_stuffed(&mut self, four: u32) {
        four.to_be_bytes().into_iter().for_each(|byte| self.stuffed(byte));
    }

    fn stuffed(&mut self, byte: u8) {
        self.append([byte]);
        if byte == 0xFF {
            self.append([0]);
        }
    }

    #[inline]
    fn append<const N: usize>(&mut self, bytes: [u8; N]) {
        if self.piece.len() - self.used < N {
            self.start_piece();
        }
        if let Some(room) = self.piece.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            *room = bytes;
            self.used += N;
        }
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

    fn finish(mut self, file: &mut Vec<u8>) {
        self.piece.truncate(self.used);
        let length: usize = self.pieces.iter().map(Vec::len).sum();
        // Two more for the marker behind the scan.
        file.reserve_exact(length + self.piece.len() + 2);
        for piece in self.pieces.into_iter().chain([self.piece]) {
            file.extend_from_slice(&piece);
        }
    }
}

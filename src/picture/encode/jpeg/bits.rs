//! Huffman codes and value bits into the bytes of a file.

use super::huffman::Table;

/// What is written for each symbol: its code above room for its value bits, and below both, in five bits, how many
/// bits that is.
#[derive(Debug)]
pub(super) struct Codes<const N: usize>(pub(super) [u32; N]);

/// Of differences.
pub(super) type DcCodes = Codes<16>;

/// Of the other coefficients.
pub(super) type AcCodes = Codes<256>;

const LENGTH_BITS: u32 = 5;

impl<const N: usize> Codes<N> {
    /// Those of a table. The last four bits of a symbol say how many value bits it has.
    pub(super) fn new(table: &Table) -> Self {
        let mut written = [0; N];
        for ((written, (code, bits)), symbol) in written.iter_mut().zip(table.codes()).zip(0..) {
            let value_bits = symbol & 15;
            *written = code << (value_bits + LENGTH_BITS) | if bits == 0 { 0 } else { bits + value_bits };
        }
        Self(written)
    }

    /// How many bits symbols take that occur this often.
    pub(super) fn bits(&self, frequencies: &[u32; 256]) -> u64 {
        let bits = self.0.iter().map(|code| u64::from(code % (1 << LENGTH_BITS)));
        bits.zip(frequencies).map(|(bits, &frequency)| bits * u64::from(frequency)).sum()
    }
}

/// Bytes of a piece of the file: nothing is moved to grow.
const PIECE: usize = 16_384;

/// A file in the making: bits from the highest, with a zero byte behind each that is all ones (ISO 10918-1, F.1.2.3),
/// and between scans bytes as they are.
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

    /// Writes a code with its value bits.
    #[inline]
    pub(super) fn put(&mut self, code: u32, value: u32) {
        self.pending.put(code, value, &mut self.bytes);
    }

    /// Lets `write` write with what is pending at hand: in registers, that is.
    #[inline]
    pub(super) fn with<T>(&mut self, write: impl FnOnce(&mut Pending, &mut Bytes) -> T) -> T {
        let mut pending = self.pending;
        let result = write(&mut pending, &mut self.bytes);
        self.pending = pending;
        result
    }

    /// Fills up with ones to a whole byte, and appends bytes as they are.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let Pending { bits, count } = std::mem::take(&mut self.pending);
        let filling = (8 - count % 8) % 8;
        let last = bits << filling | ((1 << filling) - 1);
        let whole = (count + filling) / 8;
        for byte in last.to_be_bytes().into_iter().skip(8 - whole as usize) {
            self.bytes.stuffed(byte);
        }
        for &byte in bytes {
            self.bytes.append([byte]);
        }
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.append(&[]);
        self.bytes.finish()
    }
}

/// Bits that are not a whole four bytes yet: the lowest `count`. What is above them was written before.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pending {
    bits: u64,
    count: u32,
}

impl Pending {
    /// Writes bits that have no code: 27 at most.
    pub(super) fn put_bits(&mut self, count: u32, bits: u32, bytes: &mut Bytes) {
        self.put(count, bits, bytes);
    }

    /// Writes a code with its value bits: 27 at most.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "what is above was written before")]
    pub(super) fn put(&mut self, code: u32, value: u32, bytes: &mut Bytes) {
        let length = code % (1 << LENGTH_BITS);
        self.bits = self.bits << length | u64::from(code >> LENGTH_BITS | value);
        self.count += length;
        if self.count >= 32 {
            self.count -= 32;
            bytes.four((self.bits >> self.count) as u32);
        }
    }
}

/// The bytes of a file, in pieces.
#[derive(Debug, Default)]
pub(super) struct Bytes {
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

    fn finish(mut self) -> Vec<u8> {
        self.piece.truncate(self.used);
        let length: usize = self.pieces.iter().map(Vec::len).sum();
        let mut file = Vec::new();
        file.reserve_exact(length + self.piece.len());
        for piece in self.pieces.into_iter().chain([self.piece]) {
            file.extend_from_slice(&piece);
        }
        file
    }
}

//! Deflate streams written by hand: stored as they are, or one byte repeated a billion times.

use super::bytes::adler32;

/// zlib around stored blocks (RFC 1951, 3.2.4): any bytes, nothing compressed.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(65_535).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(bytes).to_be_bytes());
    out
}

/// zlib around `length` zeros, 258 at a time with the fixed codes (RFC 1951, 3.2.6): 13 bits each.
/// The checksum at the end is wrong; whoever gets there has inflated it all.
pub fn zeros(length: u64) -> Vec<u8> {
    let mut bits = Bits { out: vec![0x78, 0x01], held: 0, count: 0 };
    bits.push(0b1, 1); // The last block,
    bits.push(0b01, 2); // with fixed codes:
    bits.push_code(0x30, 8); // the literal 0,
    for _ in 0..length / 258 {
        bits.push_code(0b1100_0101, 8); // again, length 258,
        bits.push_code(0, 5); // from one byte back;
    }
    bits.push_code(0, 7); // the end.
    bits.push(0, 7);
    bits.out.extend([0; 4]);
    bits.out
}

struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Numbers go lowest bit first.
    fn push(&mut self, value: u32, length: u32) {
        self.held |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes go highest bit first.
    fn push_code(&mut self, code: u32, length: u32) {
        self.push(code.reverse_bits() >> (32 - length), length);
    }
}

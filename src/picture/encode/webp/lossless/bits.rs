//! Bits, the lowest first, as bytes.

/// What was written.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Those that do not fill four bytes yet, and how many they are.
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest bits of a number, at most 32; the others are zero.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.pending |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= 32 {
            let [a, b, c, d, ..] = self.pending.to_le_bytes();
            self.bytes.extend([a, b, c, d]);
            self.pending >>= 32;
            self.count -= 32;
        }
    }

    /// How many bits there are.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64 * 8 + u64::from(self.count)
    }

    /// Makes room for so many more bits at once.
    pub(super) fn reserve(&mut self, bits: u64) {
        self.bytes.reserve_exact(usize::try_from(bits / 8 + 8).unwrap_or(0));
    }

    /// The bytes, the last one filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let [a, b, c, d, ..] = self.pending.to_le_bytes();
        self.bytes.extend([a, b, c, d].into_iter().take(self.count.div_ceil(8) as usize));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lie_from_the_lowest_on() {
        let mut writer = BitWriter::default();
        for (bits, count) in [(1, 1), (0b10, 2), (0xFFFF_FFFF, 32), (0, 0), (0b101, 3)] {
            writer.put(bits, count);
        }
        assert_eq!(writer.len(), 38);
        assert_eq!(writer.finish(), [0b1111_1101, 0xFF, 0xFF, 0xFF, 0b0010_1111]);
    }
}

//! Bits from the lowest up (RFC 9649, section 3.2), through a window of 64.

/// Bits that are in the window after `ensure`.
const ENSURED_BITS: u32 = 56;

/// Reads the bits of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    window: u64,
    /// How many of the window's bits are counted. There may be more, which are those that come next.
    held: u32,
    /// Zeros that were made up after the end.
    lent: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(stream: &'a [u8]) -> Self {
        Self { rest: stream, window: 0, held: 0, lent: 0 }
    }

    /// Whether more bits were used up than there are.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.lent > self.held
    }

    /// Makes room for 56 bits.
    #[inline(always)]
    pub(super) fn ensure(&mut self) {
        let taken = (63 - self.held) / 8;
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            self.window |= u64::from_le_bytes(*word) << self.held;
            self.rest = self.rest.get(taken as usize..).unwrap_or_default();
            self.held += taken * 8;
        } else if self.held < ENSURED_BITS {
            *self = self.refilled_at_the_end(taken);
        }
    }

    /// By value: what is lent to a function must be in memory, and readers are to stay in registers.
    #[cold]
    #[inline(never)]
    fn refilled_at_the_end(mut self, taken: u32) -> Self {
        let mut word = [0; 8];
        for (to, &from) in word.iter_mut().zip(self.rest) {
            *to = from;
        }
        self.window |= u64::from_le_bytes(word) << self.held;
        let there = u32::try_from(self.rest.len()).unwrap_or(taken).min(taken);
        self.rest = self.rest.get(there as usize..).unwrap_or_default();
        self.held += taken * 8;
        self.lent = self.lent.saturating_add((taken - there) * 8);
        self
    }

    /// The bits that come next.
    #[inline(always)]
    pub(super) fn window(&self) -> u64 {
        self.window
    }

    /// Goes on by at most 56 bits since `ensure`.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.window >>= count & 63;
        self.held = self.held.wrapping_sub(count);
    }

    /// A number of at most 32 bits that were ensured.
    #[inline(always)]
    pub(super) fn quick(&mut self, count: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let number = (self.window & ((1 << count) - 1)) as u32;
        self.skip(count);
        number
    }

    /// A number of at most 32 bits.
    pub(super) fn number(&mut self, count: u32) -> u32 {
        self.ensure();
        self.quick(count)
    }

    pub(super) fn flag(&mut self) -> bool {
        self.number(1) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first_over_the_end() {
        let bytes: Vec<u8> = (1..=11).collect();
        let mut bits = Bits::new(&bytes);
        assert_eq!((bits.number(4), bits.number(4), bits.number(16)), (1, 0, 0x0302));
        for byte in 4..=11 {
            assert_eq!(bits.number(8), byte);
        }
        assert!(!bits.is_overdrawn());
        assert_eq!(bits.number(1), 0);
        assert!(bits.is_overdrawn());
    }
}

//! The boolean entropy decoder (RFC 6386, section 7) on a window of 64 bits.

/// Bits that are always in the window after `ensure`: enough for five bools, each of which moves the window
/// by seven bits at most and looks at eight.
const ENSURED_BITS: u32 = 40;

/// Reads bools, each of a given probability, from one partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bools<'a> {
    rest: &'a [u8],
    /// The next bits, from the highest.
    window: u64,
    /// How many of them are there.
    held: u32,
    /// 128 to 255.
    range: u32,
    /// Bits that were made up after the end of the partition: zeros.
    lent: u32,
}

impl<'a> Bools<'a> {
    pub(super) fn new(partition: &'a [u8]) -> Self {
        Self { rest: partition, window: 0, held: 0, range: 255, lent: 0 }
    }

    /// Whether more bits were used up than there are.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.lent > self.held
    }

    /// Makes room for five bools.
    #[inline(always)]
    pub(super) fn ensure(&mut self) {
        if self.held < ENSURED_BITS {
            self.refill();
        }
    }

    /// Bits beyond those that are counted may be in the window already; laying the same bits over them changes
    /// nothing.
    #[inline(always)]
    fn refill(&mut self) {
        let taken = (64 - self.held) / 8;
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            self.window |= u64::from_be_bytes(*word) >> self.held;
            self.rest = self.rest.get(taken as usize..).unwrap_or_default();
            self.held += taken * 8;
        } else {
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
        self.window |= u64::from_be_bytes(word) >> self.held;
        let there = u32::try_from(self.rest.len()).unwrap_or(taken).min(taken);
        self.rest = self.rest.get(there as usize..).unwrap_or_default();
        self.held += taken * 8;
        self.lent = self.lent.saturating_add((taken - there) * 8);
        self
    }

    /// One bool that is false with `probability` of 256. At most five between two calls of `ensure`.
    #[inline(always)]
    pub(super) fn quick(&mut self, probability: u8) -> bool {
        let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
        let wide = u64::from(split) << 56;
        let is_set = self.window >= wide;
        if is_set {
            self.range -= split;
            self.window -= wide;
        } else {
            self.range = split;
        }
        // Of 24 to 31 zeros in front, those above 24: the bits are told apart, so the exclusive or subtracts.
        let shift = self.range.leading_zeros() ^ 0b11000;
        self.range <<= shift;
        self.window <<= shift;
        self.held = self.held.wrapping_sub(shift);
        is_set
    }

    /// `value` with the sign that follows, without a branch: signs cannot be foretold. Some bool was read before.
    #[inline(always)]
    pub(super) fn quick_sign(&mut self, value: i32) -> i32 {
        let split = (self.range + 1) >> 1;
        let wide = u64::from(split) << 56;
        let is_set = self.window >= wide;
        let mask = u64::from(is_set).wrapping_neg();
        let range = if is_set { self.range - split } else { split };
        // Only at the very beginning is the range 255; halves of less are always one bit short.
        self.range = range << 1;
        self.window = (self.window - (wide & mask)) << 1;
        self.held = self.held.wrapping_sub(1);
        let sign = -i32::from(is_set);
        (value ^ sign) - sign
    }

    /// One bool, whatever was read before.
    #[inline]
    pub(super) fn bit(&mut self, probability: u8) -> bool {
        self.ensure();
        self.quick(probability)
    }

    /// A bool that is as likely as not.
    pub(super) fn flag(&mut self) -> bool {
        self.bit(128)
    }

    /// A number of `bits` bits, highest first.
    pub(super) fn number(&mut self, bits: u32) -> u8 {
        (0..bits).fold(0, |number: u8, _| number << 1 | u8::from(self.flag()))
    }

    /// A number with its sign behind it, where a flag says that there is one.
    pub(super) fn optional_signed(&mut self, bits: u32) -> Option<i16> {
        if !self.flag() {
            return None;
        }
        let number = i16::from(self.number(bits));
        Some(if self.flag() { -number } else { number })
    }
}

//! The boolean entropy encoder (RFC 6386, section 7): each bool narrows a range, whose bottom is the code.

/// Bits that are written at once.
const FLUSHED_BITS: u32 = 32;

/// Writes bools, each of a given probability, into one partition.
#[derive(Debug)]
pub(super) struct BoolWriter {
    bytes: Vec<u8>,
    /// The bottom of the range: what was not written yet, and eight bits more.
    bottom: u64,
    /// How many bits of it were not written, beyond those eight.
    held: u32,
    /// 128 to 255.
    range: u32,
}

impl BoolWriter {
    /// With room for so many bytes; more make it grow.
    pub(super) fn with_room(bytes: u64) -> Self {
        Self {
            bytes: Vec::with_capacity(usize::try_from(bytes).unwrap_or(0)),
            bottom: 0,
            held: 0,
            range: 255,
        }
    }

    /// Writes a bool that is false with `probability` of 256.
    #[inline(always)]
    pub(super) fn bit(&mut self, is_set: bool, probability: u8) {
        let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
        if is_set {
            self.bottom += u64::from(split);
            self.range -= split;
        } else {
            self.range = split;
        }
        let shift = self.range.leading_zeros() - 24;
        self.range <<= shift;
        self.bottom <<= shift;
        self.held += shift;
        if self.held >= FLUSHED_BITS {
            self.flush();
        }
    }

    #[inline(never)]
    fn flush(&mut self) {
        let left = self.held + 8 - FLUSHED_BITS;
        let [_, _, _, carry, bytes @ ..] = (self.bottom >> left).to_be_bytes();
        if carry != 0 {
            self.carry();
        }
        self.bytes.extend_from_slice(&bytes);
        self.bottom &= (1 << left) - 1;
        self.held -= FLUSHED_BITS;
    }

    /// Adds one to what was written. Bottoms stay below one, so that it never goes beyond the first byte.
    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return;
            }
        }
    }

    /// A bool that is as likely as not.
    pub(super) fn flag(&mut self, is_set: bool) {
        self.bit(is_set, 128);
    }

    /// The lowest `bits` bits of a number, highest first.
    pub(super) fn number(&mut self, number: u8, bits: u32) {
        (0..bits).rev().for_each(|bit| self.flag(number >> bit & 1 != 0));
    }

    /// A number with its sign behind it, after a flag that says that there is one; nothing where it is zero.
    pub(super) fn optional_signed(&mut self, number: i16, bits: u32) {
        self.flag(number != 0);
        if number != 0 {
            self.number(number.unsigned_abs().to_le_bytes()[0], bits);
            self.flag(number < 0);
        }
    }

    /// The partition.
    pub(super) fn finish(mut self) -> Vec<u8> {
        // Zeros after the end push out all that counts.
        let zeros = FLUSHED_BITS - self.held;
        self.bottom <<= zeros;
        self.held += zeros;
        self.flush();
        let [.., last] = self.bottom.to_be_bytes();
        self.bytes.push(last);
        self.bytes
    }
}

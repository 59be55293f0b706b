//! Entropy-coded bytes as bits: stuffing undone, markers never crossed (ITU-T T.81, F.2.2.5).

/// Bits that were taken out of the bytes and not yet used, kept while there is nothing more to read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    window: u64,
    count: u32,
    padding: u32,
}

/// Reads bits from a stretch of bytes. Behind its end, or behind a marker, come zeros.
///
/// It is copied around what is rarely called, so that its parts stay in registers elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, at the top. Below the first `count` of them may stand more, which are right too.
    window: u64,
    count: u32,
    /// How many of the bits at the end are zeros of ours.
    padding: u32,
}

/// What `Bits::prepare` makes sure of: a code of 16 bits and a value of as many.
const READY: u32 = 32;

impl<'a> Bits<'a> {
    /// Goes on with what was held, at the beginning of `data`.
    pub(super) fn new(data: &'a [u8], held: Held) -> Self {
        Self { data, at: 0, window: held.window, count: held.count, padding: held.padding }
    }

    /// What is to be kept while the bytes from `position` on are waited for.
    pub(super) fn held(&self) -> Held {
        Held { window: self.window, count: self.count, padding: self.padding }
    }

    /// Bytes that were taken.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Bytes that were not taken.
    pub(super) fn left(&self) -> usize {
        self.data.len() - self.at
    }

    /// Whether more bits were used than there are.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.padding > self.count
    }

    /// Makes 32 bits ready.
    #[inline]
    pub(super) fn prepare(&mut self) {
        if self.count >= READY {
            return;
        }
        if let Some(&next) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_be_bytes(next);
            if !has_ff(word) {
                self.window |= word >> self.count;
                self.at += (63 - self.count) as usize >> 3;
                // At least 56, and no bit of what was there before is lost.
                self.count |= 0x38;
                return;
            }
        }
        *self = self.prepare_slowly();
    }

    /// Byte by byte, since a byte of ones is near.
    #[cold]
    #[inline(never)]
    fn prepare_slowly(mut self) -> Self {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(&byte), _) if byte != 0xFF => {
                    self.at += 1;
                    byte
                }
                _ => {
                    self.padding = (self.padding + 8).min(128);
                    0
                }
            };
            self.window |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next `count` bits, 1 to 32, which stay.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "they are 32 bits at most")]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.window >> (64 - count)) as usize
    }

    /// Passes over `count` bits of those that are ready.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.count = self.count.wrapping_sub(count);
    }

    /// The next `count` bits, 0 to 16.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "they are 16 bits at most")]
    pub(super) fn take(&mut self, count: u32) -> i32 {
        // In two steps, since all 64 bits cannot be shifted out at once.
        let value = (self.window >> 1 >> (63 - count)) as i32;
        self.skip(count);
        value
    }

    /// The next `count` bits as a signed value (T.81, F.2.2.1).
    #[inline]
    pub(super) fn take_signed(&mut self, count: u32) -> i32 {
        let bits = self.take(count);
        extend(bits, count)
    }

    /// Lets go of what is left before a marker and passes over the marker, which must be a restart. `None` where it
    /// cannot be told before more bytes come.
    pub(super) fn restart(&mut self) -> Option<bool> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        // Bytes may stand before the marker that no code needed, and fill bytes of ones.
        let Some(marker) = rest.windows(2).position(|pair| matches!(pair, [0xFF, 1..=0xFE])) else {
            // They are not looked at again. The last may be a marker's first.
            self.at += rest.len().saturating_sub(1);
            return None;
        };
        let is_restart = matches!(rest.get(marker + 1), Some(0xD0..=0xD7));
        if is_restart {
            self.at += marker + 2;
            (self.window, self.count, self.padding) = (0, 0, 0);
        }
        Some(is_restart)
    }
}

/// `bits` of a size as a signed value: those with a leading zero are negative.
#[inline]
pub(super) fn extend(bits: i32, size: u32) -> i32 {
    let half = 1 << size >> 1;
    if bits < half { bits - (1 << size) + 1 } else { bits }
}

/// Whether any of eight bytes is 0xFF.
#[inline]
fn has_ff(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    // A byte of the complement is zero just there; the borrow of a subtraction marks it.
    let inverted = !word;
    inverted.wrapping_sub(ONES) & word & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_bytes_of_ones() {
        for at in 0..8 {
            assert!(has_ff(0xFF << (8 * at)));
            assert!(!has_ff(0xFE << (8 * at)));
            assert!(!has_ff(u64::MAX ^ 0x0101_0101_0101_0101));
        }
    }

    #[test]
    fn stuffing_is_undone_and_markers_end_the_bits() {
        let data: Vec<u8> = (1..40).flat_map(|byte| [byte, 0xFF, 0]).chain([0xFF, 0xD9]).collect();
        let mut bits = Bits::new(&data, Held::default());
        for byte in 1..40 {
            bits.prepare();
            assert_eq!(bits.take(8), byte);
            bits.prepare();
            assert_eq!(bits.take(8), 0xFF);
        }
        assert!(!bits.is_overdrawn());
        bits.prepare();
        assert_eq!((bits.take(1), bits.is_overdrawn()), (0, true));
        assert_eq!(bits.left(), 2);
    }

    #[test]
    fn values_are_extended_by_their_sign() {
        assert_eq!([0, 1].map(|bits| extend(bits, 1)), [-1, 1]);
        assert_eq!([0, 3, 4, 7].map(|bits| extend(bits, 3)), [-7, -4, 4, 7]);
        assert_eq!(extend(0, 0), 0);
    }
}

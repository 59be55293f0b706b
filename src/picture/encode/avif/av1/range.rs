//! The range coder (AV1, section 8.2), and probabilities that learn.

/// Sums of probabilities in 32,768ths, of all symbols but the last; behind them how often it was used.
pub(super) type Cdf<const N: usize> = [u16; N];

/// The whole.
const ONE: u32 = 1 << 15;

/// Bits of the window in which the range lies.
const WINDOW: u32 = 16;

/// Symbols in, bytes out.
#[derive(Debug)]
pub(super) struct RangeCoder {
    bytes: Vec<u8>,
    low: u64,
    range: u32,
    /// Bits above the window that are not bytes yet; the first of the window never counts.
    pending: i32,
}

impl RangeCoder {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), low: 0, range: ONE, pending: -1 }
    }

    /// Codes a symbol and learns from it.
    pub(super) fn symbol<const N: usize>(&mut self, symbol: usize, cdf: &mut Cdf<N>) {
        let symbol = symbol.min(N - 1);
        let below = |symbol: usize| if symbol == 0 { 0 } else { u32::from(cdf[symbol - 1]) };
        let above = if symbol == N - 1 { ONE } else { u32::from(cdf[symbol]) };
        self.interval(ONE - below(symbol), ONE - above, N - 1 - symbol);
        learn(cdf, symbol);
    }

    /// Codes one of two by the probability of the first, in 32,768ths.
    pub(super) fn either(&mut self, is_second: bool, of_first: u32) {
        if is_second {
            self.interval(ONE - of_first, 0, 0);
        } else {
            self.interval(ONE, ONE - of_first, 1);
        }
    }

    /// Codes the lowest bits of a number, the highest of them first.
    pub(super) fn literal(&mut self, bits: u32, number: u32) {
        for bit in (0..bits).rev() {
            self.either(number >> bit & 1 == 1, ONE / 2);
        }
    }

    /// Narrows the range to what is between two sums, counted from the end; so many symbols come after it.
    fn interval(&mut self, from: u32, to: u32, after: usize) {
        let after = after as u32;
        let scaled = |sum: u32, after: u32| (((self.range >> 8) * (sum >> 6)) >> 1) + 4 * after;
        let upper = if from >= ONE { self.range } else { scaled(from, after + 1) };
        let lower = scaled(to, after);
        self.low += u64::from(self.range - upper);
        let range = upper - lower;
        let shift = range.leading_zeros() - (32 - WINDOW);
        self.range = range << shift;
        self.low <<= shift;
        self.pending += shift.cast_signed();
        if self.pending >= 24 {
            self.flush();
        }
    }

    /// Makes bytes of whole eights of bits.
    fn flush(&mut self) {
        let kept = self.pending & 7;
        let at = WINDOW + kept.cast_unsigned();
        let count = self.pending >> 3;
        let ready = self.low >> at;
        self.low &= (1 << at) - 1;
        self.pending = kept;
        if ready >> (8 * count) > 0 {
            self.carry();
        }
        for byte in (0..count).rev() {
            self.bytes.push((ready >> (8 * byte)) as u8);
        }
    }

    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte > 0 {
                break;
            }
        }
    }

    /// The bytes, once the last bit that matters is followed by a one.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.low = ((self.low + 0x3FFF) & !0x3FFF) | 0x4000;
        // Down to that one, and zeros to a whole byte.
        let bits = self.pending + 2;
        let padding = -bits & 7;
        self.low <<= padding;
        self.pending = bits + padding;
        // What is left of the window stays below.
        self.low = (self.low >> 14) << WINDOW;
        self.flush();
        self.bytes
    }
}

/// Moves probabilities towards what came (section 8.2.6).
fn learn<const N: usize>(cdf: &mut Cdf<N>, symbol: usize) {
    let count = cdf[N - 1];
    let rate = 3 + u32::from(count > 15) + u32::from(count > 31) + N.ilog2().min(2);
    for (i, sum) in cdf[..N - 1].iter_mut().enumerate() {
        if i >= symbol {
            *sum += ((ONE - u32::from(*sum)) >> rate) as u16;
        } else {
            *sum -= *sum >> rate;
        }
    }
    cdf[N - 1] += u16::from(count < 32);
}

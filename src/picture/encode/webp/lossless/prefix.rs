//! Prefix codes (RFC 9649, section 3.7.2): the shortest for given counts, and how they are told.

use super::bits::BitWriter;

/// Bits of the longest code.
const LONGEST: u32 = 15;
/// Bits of the longest code for lengths of codes.
const LONGEST_OF_LENGTHS: u32 = 7;
/// Order in which the lengths of the codes for lengths come (section 3.7.2.1.2).
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// What the last length that is not zero counts as before there is one.
const FIRST_LAST: u8 = 8;

/// The code of one symbol, its first bit the lowest, and how many bits it has.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    bits: u16,
    count: u8,
}

/// A code for an alphabet.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// As they are told.
    lengths: Vec<u8>,
    /// As they are written: the only symbol of a code takes no bits.
    words: Vec<Word>,
}

impl Code {
    /// The code that takes the fewest bits, or nearly.
    pub(super) fn best(counts: &[u32]) -> Self {
        Self::of_lengths(lengths(counts, LONGEST))
    }

    fn of_lengths(lengths: Vec<u8>) -> Self {
        let mut words = vec![Word::default(); lengths.len()];
        let is_single = lengths.iter().filter(|length| **length > 0).count() < 2;
        let mut next = 0_u16;
        for length in (1..=16_u8).take_while(|_| !is_single) {
            for (word, _) in words.iter_mut().zip(&lengths).filter(|(_, own)| **own == length) {
                *word = Word { bits: next.reverse_bits() >> (16 - length), count: length };
                next = next.wrapping_add(1);
            }
            next <<= 1;
        }
        Self { lengths, words }
    }

    /// Writes a symbol.
    #[inline]
    pub(super) fn put(&self, symbol: usize, writer: &mut BitWriter) {
        let Word { bits, count } = self.words.get(symbol).copied().unwrap_or_default();
        writer.put(bits.into(), count.into());
    }

    /// Bits that so many of each symbol take.
    pub(super) fn bits(&self, counts: &[u32]) -> u64 {
        self.words.iter().zip(counts).map(|(word, count)| u64::from(word.count) * u64::from(*count)).sum()
    }

    /// Tells the code.
    pub(super) fn write(&self, writer: &mut BitWriter) {
        let used =
            || (0_u32..).zip(&self.lengths).filter(|(_, length)| **length > 0).map(|(symbol, _)| symbol);
        let mut few = used();
        match (few.next(), few.next(), few.next()) {
            (None, ..) => write_few(&[0], writer),
            (Some(only @ ..256), None, _) => write_few(&[only], writer),
            (Some(first @ ..256), Some(second @ ..256), None) => write_few(&[first, second], writer),
            _ => self.write_lengths(writer),
        }
    }

    /// Section 3.7.2.1.2.
    fn write_lengths(&self, writer: &mut BitWriter) {
        let runs = runs(&self.lengths);
        let mut counts = [0_u32; 19];
        for run in &runs {
            if let Some(count) = counts.get_mut(usize::from(run.symbol)) {
                *count += 1;
            }
        }
        let code = Self::of_lengths(lengths(&counts, LONGEST_OF_LENGTHS));
        let told = LENGTH_ORDER.map(|place| code.lengths.get(place).copied().unwrap_or_default());
        let count = told.iter().rposition(|length| *length > 0).map_or(4, |last| (last + 1).max(4));
        writer.put(0, 1);
        writer.put(u32::try_from(count - 4).unwrap_or_default(), 4);
        for length in told.iter().take(count) {
            writer.put((*length).into(), 3);
        }
        // As many lengths come as there are symbols.
        writer.put(0, 1);
        for run in &runs {
            code.put(run.symbol.into(), writer);
            writer.put(run.extra, run.extra_bits);
        }
    }
}

/// Section 3.7.2.1.1: one symbol or two below 256, in rising order.
fn write_few(symbols: &[u32], writer: &mut BitWriter) {
    writer.put(1, 1);
    writer.put(u32::from(symbols.len() == 2), 1);
    let first = symbols.first().copied().unwrap_or_default();
    writer.put(u32::from(first > 1), 1);
    writer.put(first, if first > 1 { 8 } else { 1 });
    if let Some(second) = symbols.get(1) {
        writer.put(*second, 8);
    }
}

/// Some lengths of codes in one: a length, the last one again (16), or zeros (17, 18).
struct Run {
    symbol: u8,
    extra: u32,
    extra_bits: u32,
}

fn runs(lengths: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut last = FIRST_LAST;
    for equal in lengths.chunk_by(|a, b| a == b) {
        let length = equal.first().copied().unwrap_or_default();
        let mut left = u32::try_from(equal.len()).unwrap_or_default();
        let plain = Run { symbol: length, extra: 0, extra_bits: 0 };
        if length != 0 && length != last {
            runs.push(plain);
            left -= 1;
            last = length;
        }
        while left > 0 {
            let (symbol, shortest, longest, extra_bits) = match (length, left) {
                (0, 11..) => (18, 11, 138, 7),
                (0, 3..) => (17, 3, 10, 3),
                (_, 3..) => (16, 3, 6, 2),
                _ => (length, 1, 1, 0),
            };
            let taken = left.min(longest);
            runs.push(Run { symbol, extra: taken - shortest, extra_bits });
            left -= taken;
        }
    }
    runs
}

/// The lengths of a Huffman code of at most so many bits: where it has longer ones, rare symbols are taken to be less rare
/// until it has not.
fn lengths(counts: &[u32], most: u32) -> Vec<u8> {
    let mut used: Vec<(u32, usize)> =
        counts.iter().copied().zip(0..).filter(|(count, _)| *count > 0).collect();
    let mut lengths = vec![0; counts.len()];
    let mut least = 1_u32;
    loop {
        for (count, _) in &mut used {
            *count = (*count).max(least);
        }
        // Ties by symbol, so that the same picture always makes the same file.
        used.sort_unstable();
        let depths = depths(used.iter().map(|(count, _)| u64::from(*count)));
        if depths.iter().all(|depth| *depth <= most) {
            for ((_, symbol), depth) in used.iter().zip(depths) {
                if let Some(length) = lengths.get_mut(*symbol) {
                    *length = depth.max(1).to_le_bytes()[0];
                }
            }
            return lengths;
        }
        least = least.saturating_mul(2);
    }
}

/// How deep each leaf of these rising weights is: the two lightest of all are joined until one is left. Those that were joined
/// come in rising order, too, so that two queues do.
fn depths(leaves: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut weights: Vec<u64> = leaves.collect();
    let count = weights.len();
    let mut parents = vec![0; count];
    let (mut leaf, mut joined) = (0, count);
    while weights.len() + 1 < 2 * count {
        let mut take = || {
            let of_leaf = weights.get(leaf).copied().filter(|_| leaf < count);
            let of_joined = weights.get(joined).copied();
            let is_leaf = of_leaf.is_some_and(|weight| of_joined.is_none_or(|other| weight <= other));
            let (at, weight) = if is_leaf { (leaf, of_leaf) } else { (joined, of_joined) };
            if is_leaf {
                leaf += 1;
            } else {
                joined += 1;
            }
            (at, weight.unwrap_or_default())
        };
        let pair = [take(), take()];
        for (at, _) in pair {
            if let Some(parent) = parents.get_mut(at) {
                *parent = weights.len();
            }
        }
        weights.push(pair.iter().map(|(_, weight)| weight).sum());
        parents.push(0);
    }
    // From the root, which is last, down.
    let mut depths = vec![0; weights.len()];
    for at in (0..weights.len().saturating_sub(1)).rev() {
        let above = parents.get(at).and_then(|parent| depths.get(*parent)).copied().unwrap_or_default();
        if let Some(depth) = depths.get_mut(at) {
            *depth = above + 1;
        }
    }
    depths.truncate(count);
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_as_short_as_huffmans() {
        assert_eq!(lengths(&[5, 1, 1, 0, 2], 15), [1, 3, 3, 0, 2]);
        assert_eq!(lengths(&[0, 7, 0], 15), [0, 1, 0]);
        assert_eq!(lengths(&[0, 0], 15), [0, 0]);
    }

    #[test]
    fn no_code_is_too_long_and_none_begins_another() {
        let mut fibonacci = vec![1_u32, 1];
        for at in 2..40 {
            fibonacci.push(fibonacci[at - 1] + fibonacci[at - 2]);
        }
        for most in [7, 15] {
            let lengths = lengths(&fibonacci[..if most == 7 { 19 } else { 40 }], most);
            let kraft: f64 = lengths.iter().map(|length| 0.5_f64.powi((*length).into())).sum();
            assert!(lengths.iter().all(|length| u32::from(*length) <= most && *length > 0));
            assert!((kraft - 1.0).abs() < 1e-9, "{most}: {kraft}");
        }
    }

    #[test]
    fn runs_say_what_the_lengths_are() {
        for lengths in [vec![8; 9], vec![0; 300], [vec![3], vec![0; 11], vec![3; 4], vec![0, 0]].concat()] {
            let (mut back, mut last) = (Vec::new(), FIRST_LAST);
            for run in runs(&lengths) {
                let extra = run.extra as usize;
                match run.symbol {
                    16 => back.extend(vec![last; 3 + extra]),
                    17 => back.extend(vec![0; 3 + extra]),
                    18 => back.extend(vec![0; 11 + extra]),
                    length => {
                        back.push(length);
                        last = if length > 0 { length } else { last };
                    }
                }
            }
            assert_eq!(back, lengths);
        }
    }
}

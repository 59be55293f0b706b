//! Huffman tables: the shortest for given frequencies, of codes of at most 16 bits.

/// Bits of the longest code (ISO 10918-1, C.2).
const LONGEST: usize = 16;

/// Codes for those of 256 symbols that occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// How many codes there are of 1 bit, of 2, and so on.
    pub(super) counts: [u8; LONGEST],
    /// Their symbols, by code.
    pub(super) symbols: Vec<u8>,
}

impl Table {
    /// The table with which symbols that occur this often take the fewest bits.
    ///
    /// One code more than needed is made and left away, since a code of ones only is not allowed: that of a symbol
    /// which never occurs, one of the longest.
    pub(super) fn best(frequencies: &[u32; 256]) -> Self {
        let mut leaves: Vec<(u32, Option<u8>)> = vec![(0, None)];
        let occurring = (0..=u8::MAX).zip(frequencies).filter(|(_, frequency)| **frequency > 0);
        leaves.extend(occurring.map(|(symbol, &frequency)| (frequency, Some(symbol))));
        // Ties by symbol, so that the same picture always makes the same file.
        leaves.sort_unstable();
        let weights: Vec<u64> = leaves.iter().map(|leaf| u64::from(leaf.0)).collect();
        let counts = lengths(&weights);
        Self { counts, symbols: leaves.iter().rev().filter_map(|leaf| leaf.1).collect() }
    }

    /// Every symbol's code and how many bits it has; no bits where it has none.
    pub(super) fn codes(&self) -> [(u32, u32); 256] {
        let mut codes = [(0, 0); 256];
        let mut symbols = self.symbols.iter();
        let mut code = 0;
        for (bits, count) in (1..).zip(self.counts) {
            for symbol in symbols.by_ref().take(count.into()) {
                if let Some(entry) = codes.get_mut(usize::from(*symbol)) {
                    *entry = (code, bits);
                }
                code += 1;
            }
            code <<= 1;
        }
        codes
    }
}

/// How many codes of each length there are, the first weight's (a longest) left away.
///
/// Larmore and Hirschberg's package-merge (1990): a code of length n is n coins, worth 1/2, 1/4 … 1/2ⁿ, and the
/// cheapest coins that are worth n - 1 in all are wanted. Weights must rise.
fn lengths(weights: &[u64]) -> [u8; LONGEST] {
    let mut levels: [Vec<bool>; LONGEST] = Default::default();
    let mut packages: Vec<u64> = Vec::new();
    for level in &mut levels {
        let merged = merge(weights, &packages);
        packages = merged.chunks_exact(2).map(|pair| pair.iter().map(|coin| coin.0).sum()).collect();
        *level = merged.into_iter().map(|coin| coin.1).collect();
    }

    // On every level the cheapest are taken: so many weights have at least so many bits.
    let mut at_least = [0; LONGEST];
    let mut taken = 2 * weights.len() - 2;
    for (count, level) in at_least.iter_mut().zip(levels.iter().rev()) {
        *count = level.iter().take(taken).filter(|is_leaf| **is_leaf).count();
        taken = 2 * (taken.min(level.len()) - *count);
    }
    let longer: Vec<usize> = at_least.iter().copied().skip(1).chain([0]).collect();
    let mut counts = at_least;
    counts.iter_mut().zip(longer).for_each(|(count, longer)| *count -= longer);
    if let Some(longest) = counts.iter_mut().rev().find(|count| **count > 0) {
        *longest -= 1;
    }
    // Of 256 symbols, 255 at most have as long a code: one needs to be shorter or longer than a byte.
    counts.map(|count| u8::try_from(count).unwrap_or(u8::MAX))
}

/// Weights and packages in rising order, and which of them are weights.
fn merge(weights: &[u64], packages: &[u64]) -> Vec<(u64, bool)> {
    let leaves = weights.iter().map(|&weight| (weight, true));
    let mut all: Vec<(u64, bool)> = leaves.chain(packages.iter().map(|&package| (package, false))).collect();
    all.sort_by_key(|coin| coin.0);
    all
}

#[cfg(test)]
mod tests {
    use mozjpeg_rs::{Encoder, Subsampling};

    use super::super::tests::Dice;
    use super::*;

    fn cost(lengths: &[u32; 256], frequencies: &[u32; 256]) -> u64 {
        lengths.iter().zip(frequencies).map(|(&bits, &count)| u64::from(bits) * u64::from(count)).sum()
    }

    fn lengths_of(table: &Table) -> [u32; 256] {
        table.codes().map(|code| code.1)
    }

    /// All symbols that occur have codes, no code begins another, and only a last one of ones is free.
    fn assert_sound(frequencies: &[u32; 256]) -> Table {
        let table = Table::best(frequencies);
        let lengths = lengths_of(&table);
        for (bits, count) in lengths.iter().zip(frequencies) {
            assert_eq!(*bits > 0, *count > 0);
        }
        let longest = *lengths.iter().max().unwrap();
        assert!(longest <= 16);
        let used: u32 = lengths.iter().filter(|bits| **bits > 0).map(|bits| 1 << (16 - bits)).sum();
        assert_eq!(used + (1 << (16 - longest)), 1 << 16);
        for (code, bits) in table.codes() {
            assert!(bits == 0 || code < (1 << bits) - 1);
        }
        table
    }

    #[test]
    fn rabbits_do_not_make_long_codes() {
        let mut frequencies = [0; 256];
        let (mut a, mut b) = (1, 1);
        for frequency in frequencies.iter_mut().take(45) {
            *frequency = a;
            (a, b) = (b, a + b);
        }
        let table = assert_sound(&frequencies);
        assert_eq!(lengths_of(&table).iter().max(), Some(&16));
    }

    #[test]
    fn few_or_many_symbols_have_codes() {
        for count in [1, 2, 3, 16, 162, 255, 256] {
            let mut frequencies = [0; 256];
            frequencies.iter_mut().take(count).for_each(|frequency| *frequency = 5);
            assert_sound(&frequencies);
            frequencies[0] = u32::MAX;
            assert_sound(&frequencies);
        }
        assert_eq!(Table::best(&[0; 256]), Table { counts: [0; 16], symbols: Vec::new() });
    }

    /// Huffman's own way: the two lightest become one, which costs a bit for all that is in them.
    fn least_cost(frequencies: &[u32; 256]) -> u64 {
        let mut weights: Vec<u64> =
            frequencies.iter().filter(|count| **count > 0).map(|&count| count.into()).collect();
        weights.push(0);
        let mut cost = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let merged = weights.pop().unwrap() + weights.pop().unwrap();
            cost += merged;
            weights.push(merged);
        }
        cost
    }

    #[test]
    fn there_is_no_shorter_table() {
        let mut dice = Dice(5);
        for _ in 0..50 {
            let mut frequencies = [0; 256];
            frequencies.iter_mut().take(100).for_each(|frequency| *frequency = u32::from(dice.byte()));
            let table = assert_sound(&frequencies);
            assert!(*lengths_of(&table).iter().max().unwrap() < 16);
            assert_eq!(cost(&lengths_of(&table), &frequencies), least_cost(&frequencies));
        }
    }

    /// The tables of ISO 10918-1, K.3, as another encoder writes them.
    fn standard_tables() -> Vec<Table> {
        let encoder = Encoder::fastest().subsampling(Subsampling::S444).optimize_huffman(false);
        let file = encoder.encode_rgb(&[0; 192], 8, 8).unwrap();
        let mut tables = Vec::new();
        let mut rest = &file[2..];
        while rest[1] != 0xDA {
            let (marker, length) = (rest[1], usize::from(u16::from_be_bytes([rest[2], rest[3]])));
            let mut body = &rest[4..length + 2];
            while marker == 0xC4 && !body.is_empty() {
                let counts: [u8; 16] = body[1..17].try_into().unwrap();
                let count = counts.iter().copied().map(usize::from).sum::<usize>();
                tables.push(Table { counts, symbols: body[17..17 + count].to_vec() });
                body = &body[17 + count..];
            }
            rest = &rest[length + 2..];
        }
        tables
    }

    #[test]
    fn the_standards_tables_are_never_shorter() {
        let mut dice = Dice(9);
        let tables = standard_tables();
        assert_eq!(tables.len(), 4);
        for standard in tables {
            let lengths = lengths_of(&standard);
            for _ in 0..20 {
                // As often as the standard expects, more or less.
                let frequencies = lengths.map(|bits| {
                    let expected = if bits == 0 { 0 } else { 1 << (20 - bits) };
                    expected * u32::from(dice.byte()) / 128
                });
                assert!(
                    cost(&lengths_of(&Table::best(&frequencies)), &frequencies)
                        <= cost(&lengths, &frequencies)
                );
            }
        }
    }
}

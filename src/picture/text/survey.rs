//! What a font's tables of layout come to, counted before shaping makes anything of them: a few bytes may name one part any number
//! of times. Offsets and types are those of OpenType's GSUB and GPOS, and of Apple's kern, kerx and morx.

use super::font::{u16_at, u32_at};

/// Parts of lookups, each of which has its caches; fonts of the most intricate scripts have some thousands.
const MOST_SUBTABLES: u32 = 16_384;
/// Glyphs and ranges that they are for, and sets of rules.
const MOST_COVERED: u32 = 1 << 20;
/// Rules, each of which a glyph may have to be held against.
const MOST_RULES: u32 = 1 << 16;
/// Apple's parts are few and large.
const MOST_OF_APPLE: u32 = 1_024;

/// What lookups apply by, as GSUB and GPOS number it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Types {
    context: u16,
    chain: u16,
    extension: u16,
    ligature: Option<u16>,
}

pub(super) const GSUB: Types = Types { context: 5, chain: 6, extension: 7, ligature: Some(4) };
pub(super) const GPOS: Types = Types { context: 7, chain: 8, extension: 9, ligature: None };

/// What may still be counted.
#[derive(Debug)]
pub(super) struct Survey {
    subtables: u32,
    covered: u32,
    rules: u32,
    of_apple: u32,
}

/// More than there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

impl Survey {
    pub(super) fn new() -> Self {
        Self { subtables: MOST_SUBTABLES, covered: MOST_COVERED, rules: MOST_RULES, of_apple: MOST_OF_APPLE }
    }

    /// Counts a table of lookups. What lies beyond its end is nothing, as it is to shaping.
    pub(super) fn lookups(&mut self, table: &[u8], types: Types) -> Result<(), TooMuch> {
        let Some(list) = offset(table, 8) else { return Ok(()) };
        for index in 0..count(table, list) {
            let Some(lookup) = offset(table, list + 2 + 2 * index).map(|lookup| list + lookup) else {
                continue;
            };
            let Some(kind) = u16_at(table, lookup) else { continue };
            for index in 0..count(table, lookup + 4) {
                spend(&mut self.subtables, 1)?;
                if let Some(subtable) = offset(table, lookup + 6 + 2 * index) {
                    self.subtable(table, lookup + subtable, kind, types)?;
                }
            }
        }
        Ok(())
    }

    fn subtable(&mut self, table: &[u8], at: usize, kind: u16, types: Types) -> Result<(), TooMuch> {
        let (at, kind) = if kind == types.extension {
            let far = u32_at(table, at + 4).and_then(|far| usize::try_from(far).ok());
            let (Some(kind), Some(far)) = (u16_at(table, at + 2), far) else { return Ok(()) };
            (at.saturating_add(far), kind)
        } else {
            (at, kind)
        };
        let Some(format) = u16_at(table, at) else { return Ok(()) };
        let is_rules = kind == types.context || kind == types.chain;
        let coverage = match (is_rules, format) {
            (true, 3) if kind == types.chain => at + 6 + 2 * count(table, at + 2),
            (true, 3) => at + 6,
            _ => at + 2,
        };
        if let Some(coverage) = offset(table, coverage) {
            spend(&mut self.covered, count(table, at + coverage + 2))?;
        }
        let sets = match (is_rules, format) {
            (true, 1) => at + 4,
            (true, 2) if kind == types.chain => at + 10,
            (true, 2) => at + 6,
            _ if Some(kind) == types.ligature => at + 4,
            _ => return Ok(()),
        };
        for index in 0..count(table, sets) {
            spend(&mut self.covered, 1)?;
            if let Some(set) = offset(table, sets + 2 + 2 * index) {
                spend(&mut self.rules, count(table, at + set))?;
            }
        }
        Ok(())
    }

    /// Counts Apple's tables of pairs: `kern` in either of its two shapes, or `kerx`.
    pub(super) fn pairs(&mut self, table: &[u8]) -> Result<(), TooMuch> {
        let tables = if u16_at(table, 0) == Some(0) { Some(count(table, 2)) } else { long(table, 4) };
        spend(&mut self.of_apple, tables.unwrap_or(0))
    }

    /// Counts Apple's chains of substitutions.
    pub(super) fn chains(&mut self, table: &[u8]) -> Result<(), TooMuch> {
        let (mut left, mut at) = (long(table, 4).unwrap_or(0), 8);
        while let (1.., Some(length)) = (left, long(table, at + 4)) {
            spend(&mut self.of_apple, 1)?;
            spend(&mut self.of_apple, long(table, at + 12).unwrap_or(0))?;
            (left, at) = (left - 1, at.saturating_add(length));
        }
        Ok(())
    }
}

fn spend(left: &mut u32, count: usize) -> Result<(), TooMuch> {
    *left = u32::try_from(count).ok().and_then(|count| left.checked_sub(count)).ok_or(TooMuch)?;
    Ok(())
}

/// A count of 16 bits; none beyond the end.
fn count(table: &[u8], at: usize) -> usize {
    u16_at(table, at).map_or(0, usize::from)
}

/// An offset of 16 bits, if it is one.
fn offset(table: &[u8], at: usize) -> Option<usize> {
    u16_at(table, at).filter(|offset| *offset != 0).map(usize::from)
}

fn long(table: &[u8], at: usize) -> Option<usize> {
    u32_at(table, at).and_then(|long| usize::try_from(long).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// So many names of one lookup of this type, which names one part, whose words these are, so many times.
    fn table(lookups: u16, kind: u16, subtables: u16, subtable: &[u16]) -> Vec<u8> {
        let mut bytes = words(&[1, 0, 0, 0, 10, lookups]);
        bytes.extend(words(&vec![2 + 2 * lookups; usize::from(lookups)]));
        bytes.extend(words(&[kind, 0, subtables]));
        bytes.extend(words(&vec![6 + 2 * subtables; usize::from(subtables)]));
        bytes.extend(words(subtable));
        bytes
    }

    #[test]
    fn what_is_named_often_counts_as_often() {
        let count = |table: &[u8], types| Survey::new().lookups(table, types);
        let covers = |glyphs| [1, 6, 0, 1, glyphs];
        assert_eq!(count(&table(100, 1, 163, &covers(1)), GSUB), Ok(()));
        assert_eq!(count(&table(100, 1, 164, &covers(1)), GSUB), Err(TooMuch), "parts");
        assert_eq!(count(&table(4, 1, 4, &covers(65_535)), GPOS), Ok(()));
        assert_eq!(count(&table(5, 1, 4, &covers(65_535)), GPOS), Err(TooMuch), "glyphs");
        // Rules of a context by glyphs, ligatures, and the former far away.
        let set = |rules| [1, 0, 1, 8, rules];
        for (kind, types) in [(GSUB.context, GSUB), (GSUB.chain, GSUB), (4, GSUB), (GPOS.context, GPOS)] {
            assert_eq!(count(&table(1, kind, 1, &set(65_535)), types), Ok(()), "{kind}");
            assert_eq!(count(&table(1, kind, 2, &set(65_535)), types), Err(TooMuch), "{kind}");
        }
        let far = |rules| [&[1, GPOS.chain, 0, 8][..], &set(rules)].concat();
        assert_eq!(count(&table(1, GPOS.extension, 1, &far(9)), GPOS), Ok(()));
        assert_eq!(count(&table(1, GPOS.extension, 2, &far(65_535)), GPOS), Err(TooMuch), "far rules");
    }

    #[test]
    fn apples_parts_are_counted() {
        assert_eq!(Survey::new().pairs(&words(&[0, 1_024])), Ok(()));
        assert_eq!(Survey::new().pairs(&words(&[0, 1_025])), Err(TooMuch));
        assert_eq!(Survey::new().pairs(&words(&[2, 0, 1, 0])), Err(TooMuch));
        let chain = |subtables| words(&[2, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, subtables]);
        assert_eq!(Survey::new().chains(&chain(1_023)), Ok(()));
        assert_eq!(Survey::new().chains(&chain(1_024)), Err(TooMuch));
        // Chains of no length name the same one for ever.
        let endless = words(&[2, 0, 0xFFFF, 0xFFFF, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Survey::new().chains(&endless), Err(TooMuch));
    }

    #[test]
    fn nothing_is_read_beyond_the_end() {
        let whole = table(3, GSUB.chain, 3, &[3, 1, 0, 1, 0]);
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap();
            let mut survey = Survey::new();
            let _ = (survey.lookups(cut, GSUB), survey.pairs(cut), survey.chains(cut));
        }
    }
}

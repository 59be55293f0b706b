//! How well a picture fits: BM25 over weighted fields (Robertson and Zaragoza, 2009, section 3.6), and the new a little
//! before the old.
//!
//! It is reckoned here and not by the databases: so both rank alike, and by what a tenant has, not by what all have.

use serde::{Deserialize, Serialize};

use super::text::Part;

/// For name, title, caption, tags, camera: what a word there is worth, and how many words such a field commonly has.
pub(super) const FIELDS: [(f64, f64); 5] = [(2.0, 4.0), (3.0, 5.0), (1.0, 20.0), (2.5, 6.0), (1.5, 3.0)];
/// How soon a word that comes again says nothing new.
const K1: f64 = 1.2;
/// How much longer fields count less.
const B: f64 = 0.5;
/// What a picture of today has more than one of long ago.
pub(super) const FRESHNESS: f64 = 0.25;
/// After so long half of that is left.
pub(super) const HALF_LIFE_MS: f64 = 180.0 * 86_400_000.0;

/// One thing that is looked for: any of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Term {
    /// What was written, or what may have been meant.
    #[serde(rename = "a")]
    pub any: Vec<Alternative>,
    /// How rare it is.
    #[serde(rename = "w")]
    pub weight: f64,
}

/// One way to write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Alternative {
    /// A word, or several in a row.
    #[serde(rename = "p")]
    pub part: Part,
    /// How near it is to what was written, from 0 to 1.
    #[serde(rename = "l")]
    pub likeness: f64,
}

/// How rare something is that so many of all pictures have.
pub(super) fn rarity(with: i64, all: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of pictures")]
    let (with, all) = (with as f64, all.max(with) as f64);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// How well the lines of a document fit, in millionths: whole numbers, which compare and print the same everywhere.
pub(super) fn score(lines: &str, terms: &[Term], created_ms: i64, now_ms: i64) -> i64 {
    let lines: Vec<Vec<&str>> =
        lines.split('\n').map(|line| line.split(' ').filter(|word| !word.is_empty()).collect()).collect();
    let fit: f64 = terms.iter().map(|term| term.weight * saturated(frequency(&lines, term))).sum();
    millionths(fit * (1.0 + FRESHNESS * freshness(created_ms, now_ms)))
}

fn millionths(score: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "scores are below a few hundred")]
    let whole = (score * 1e6).round() as i64;
    whole
}

fn saturated(frequency: f64) -> f64 {
    frequency * (K1 + 1.0) / (frequency + K1)
}

/// How often a term is there, by field.
fn frequency(lines: &[Vec<&str>], term: &Term) -> f64 {
    let in_line = |(line, (weight, common)): (&Vec<&str>, (f64, f64))| {
        #[expect(clippy::cast_precision_loss, reason = "words of a field")]
        let length = 1.0 - B + B * line.len() as f64 / common;
        let found: f64 = term.any.iter().map(|one| one.likeness * occurrences(line, &one.part)).sum();
        weight * found / length
    };
    lines.iter().zip(FIELDS).map(in_line).sum()
}

fn occurrences(line: &[&str], part: &Part) -> f64 {
    line.windows(part.words.len().max(1)).map(|window| likeness(window, part)).sum()
}

/// 1 where it is the same, less where only its beginning is, 0 where it is another.
fn likeness(window: &[&str], part: &Part) -> f64 {
    let Some((last, before)) = part.words.split_last() else { return 0.0 };
    let Some((found, found_before)) = window.split_last() else { return 0.0 };
    if found_before.iter().ne(before.iter()) {
        return 0.0;
    }
    if found == last {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "letters of a word")]
    let portion = last.len() as f64 / found.len().max(1) as f64;
    if part.is_prefix && found.starts_with(last.as_str()) { 0.3 + 0.5 * portion } else { 0.0 }
}

/// From 1 for what came just now towards 0.
fn freshness(created_ms: i64, now_ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an age")]
    let age_ms = now_ms.saturating_sub(created_ms).max(0) as f64;
    (-age_ms / HALF_LIFE_MS).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(word: &str, is_prefix: bool) -> Term {
        let words = word.split(' ').map(str::to_owned).collect();
        Term { any: vec![Alternative { part: Part { words, is_prefix }, likeness: 1.0 }], weight: 1.0 }
    }

    fn of(lines: &str, word: &str) -> i64 {
        score(lines, &[term(word, true)], 0, 0)
    }

    #[test]
    fn title_before_tags_before_caption() {
        let title = of("a jpg\nbeach\n\n\n", "beach");
        let tags = of("a jpg\n\n\nbeach\n", "beach");
        let caption = of("a jpg\n\nbeach\n\n", "beach");
        assert!(title > tags && tags > caption && caption > 0, "{title} {tags} {caption}");
    }

    #[test]
    fn whole_words_before_beginnings_and_short_fields_before_long_ones() {
        assert!(of("\nsun\n\n\n", "sun") > of("\nsunset\n\n\n", "sun"));
        assert!(of("\nsunset\n\n\n", "sun") > of("\nsunflowers\n\n\n", "sun"));
        assert!(of("\nsun\n\n\n", "sun") > of("\nsun over the wide and cold sea\n\n\n", "sun"));
        assert_eq!(of("\nsun\n\n\n", "moon"), 0);
    }

    #[test]
    fn phrases_are_in_a_row_and_new_is_before_old() {
        assert!(of("\nred house\n\n\n", "red house") > 0);
        assert_eq!(of("\nhouse red\n\n\n", "red house"), 0);
        let at = |created_ms| score("\nsun\n\n\n", &[term("sun", false)], created_ms, 400 * 86_400_000);
        assert!(at(399 * 86_400_000) > at(0));
        assert!(rarity(1, 100) > rarity(50, 100) && rarity(100, 100) > 0.0);
    }
}

//! A picture as the index has it: its words by field, and the facts that it can be filtered by.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _};
use sha2::{Digest as _, Sha256};

use super::colour::{self, Oklab};
use super::words::{fact, tenant_letters, words};
use crate::catalog::images::Image;

/// More words of one field are not looked at: positions in a `tsvector` end at 16,383.
const MOST_WORDS: usize = 2_000;
/// Stands between fields, so that no phrase goes from one into the next.
const GAP: &str = "\u{E001}";
/// The fact that all have.
const EVERY: (&str, &str) = ("kind", "picture");
/// When a picture was taken of which nobody knows.
pub(super) const NEVER_MS: i64 = i64::MIN / 2;

/// What the index keeps of a picture, besides what it sorts by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// Its words: name, title, caption, tags, camera.
    pub fields: [Vec<String>; 5],
    /// What it can be filtered by, sorted, each once.
    pub facts: Vec<String>,
    /// Its colours.
    pub palette: Vec<(Oklab, f64)>,
    letters: String,
}

impl Document {
    /// What is kept of a picture.
    pub(super) fn of(image: &Image) -> Self {
        let palette: Vec<_> = image
            .colours
            .palette
            .iter()
            .filter_map(|shade| Some((Oklab::parse(&shade.colour)?, shade.share)))
            .collect();
        let mut facts =
            vec![every(), fact("format", &image.format), is_duplicate(image.duplicate_of.is_some())];
        facts.extend(image.tags.iter().map(|tag| tagged(tag)));
        facts.extend(image.camera.iter().map(|camera| taken_with(camera)));
        facts.extend(folders(&image.name));
        facts.extend(palette.iter().map(|(colour, _)| colour.fact()));
        facts.sort_unstable();
        facts.dedup();
        let field = |text: &str| {
            let mut words = words(text);
            words.truncate(MOST_WORDS);
            words
        };
        let optional = |text: &Option<String>| text.as_deref().map(field).unwrap_or_default();
        let fields = [
            field(&image.name),
            optional(&image.title),
            optional(&image.caption),
            field(&image.tags.join(" ")),
            optional(&image.camera),
        ];
        Self { fields, facts, palette, letters: tenant_letters(&image.tenant) }
    }

    /// Every term: words and facts, sorted, each once.
    pub(super) fn terms(&self) -> Vec<String> {
        let mut terms: Vec<String> = self.fields.iter().flatten().chain(&self.facts).cloned().collect();
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    /// A line for each field, for those who rank.
    pub(super) fn lines(&self) -> String {
        self.fields.iter().map(|field| field.join(" ")).collect::<Vec<_>>().join("\n")
    }

    /// The words as SQLite takes them, each behind its tenant's letters.
    pub(super) fn text(&self) -> String {
        let field = |field: &Vec<String>| self.lettered(field);
        self.fields.iter().map(field).collect::<Vec<_>>().join(&format!(" {GAP} "))
    }

    /// The facts as SQLite takes them.
    pub(super) fn facts_text(&self) -> String {
        self.lettered(&self.facts)
    }

    fn lettered(&self, terms: &[String]) -> String {
        terms.iter().map(|term| format!("{}{term}", self.letters)).collect::<Vec<_>>().join(" ")
    }

    /// Both as PostgreSQL takes them: each term with where it stands.
    pub(super) fn vector(&self) -> String {
        let mut vector = String::new();
        let mut place = 1_usize;
        for field in &self.fields {
            for word in field {
                let _ = write!(vector, "'{}{word}':{place} ", self.letters);
                place += 1;
            }
            place += 1;
        }
        for fact in &self.facts {
            let _ = write!(vector, "'{}{fact}' ", self.letters);
        }
        vector
    }

    /// The words that stand beside each other, as PostgreSQL takes them.
    pub(super) fn pairs(&self) -> String {
        let mut pairs: Vec<i32> = self.fields.iter().flat_map(|field| pairs(field)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        array(&pairs)
    }

    /// The palette as a column.
    pub(super) fn colours(&self) -> String {
        colour::written(&self.palette)
    }
}

/// Words that stand beside each other, each two as a number. Two pairs may have the same.
pub(super) fn pairs(words: &[String]) -> impl Iterator<Item = i32> {
    words.windows(2).map(|pair| {
        let digest = Sha256::digest(pair.join(" "));
        digest.iter().take(4).fold(0, |number, byte| (number << 8) | i32::from(*byte))
    })
}

/// Numbers as PostgreSQL writes an array.
pub(super) fn array(numbers: &[i32]) -> String {
    format!("{{{}}}", numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(","))
}

/// In which year a picture was taken; nothing where nobody knows.
pub(super) fn year(taken_ms: i64) -> Option<String> {
    let taken = Some(taken_ms).filter(|taken| *taken != NEVER_MS)?;
    DateTime::from_timestamp_millis(taken).map(|time| time.year().to_string())
}

/// The terms of a document as its columns have them.
pub(super) fn terms_of_columns(lines: &str, facts: &str) -> Vec<String> {
    let mut terms: Vec<String> = lines
        .split(['\n', ' '])
        .chain(facts.split(' '))
        .filter(|term| !term.is_empty())
        .map(str::to_owned)
        .collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The fact that every picture has.
pub(super) fn every() -> String {
    fact(EVERY.0, EVERY.1)
}

/// The fact that a picture has a tag.
pub fn tagged(tag: &str) -> String {
    fact("tag", tag)
}

/// The fact that it was taken with a camera, however that is written.
pub fn taken_with(camera: &str) -> String {
    fact("camera", &words(camera).join(" "))
}

/// The fact that it is the duplicate of another, or that it is none.
pub fn is_duplicate(is: bool) -> String {
    fact("duplicate", if is { "yes" } else { "no" })
}

/// The fact that it is of a format.
pub fn of_format(format: &str) -> String {
    fact("format", format)
}

/// The fact that its name is this, or that it is in this folder.
pub fn below(path: &str) -> String {
    fact("below", path)
}

/// That it is in each of its folders.
fn folders(name: &str) -> impl Iterator<Item = String> {
    let ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
    ends.filter_map(|end| name.get(..end)).map(below)
}

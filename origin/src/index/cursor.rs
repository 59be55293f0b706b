//! Where an answer ended, so that the next begins there: opaque to clients, and good for the same question only.
//!
//! It is not signed. Whoever forges one may see what they may see anyway: the tenant never comes from here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rank::Term;
use super::search::{Search, SearchError};
use super::text::Part;
use super::words::words;

/// A longer one is not ours.
const LONGEST: usize = 16_384;
/// Nor is one with more to look for.
const MOST_ALTERNATIVES: usize = 512;

/// The place after a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Of which question it is.
    #[serde(rename = "q")]
    pub question: String,
    /// What the picture was sorted by.
    #[serde(rename = "k")]
    pub key: Key,
    /// And its number, where others have the same.
    #[serde(rename = "d")]
    pub doc: i64,
    /// Of a ranked answer: what must stay the same, or pages would not fit together.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub ranked: Option<Ranked>,
}

/// What pictures are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    /// A number.
    Number(i64),
    /// A name.
    Text(String),
}

/// What a ranked answer was ranked by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ranked {
    /// When it was first asked.
    #[serde(rename = "t")]
    pub now_ms: i64,
    /// What was looked for then, after corrections, with how rare it was.
    #[serde(rename = "w")]
    pub terms: Vec<Term>,
}

impl Cursor {
    /// As clients have it.
    pub(super) fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads one of a question.
    pub(super) fn read(text: &str, search: &Search) -> Result<Self, SearchError> {
        let bytes = Some(text)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let cursor: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor
            .filter(|cursor| cursor.question == question(search) && cursor.is_sane())
            .ok_or(SearchError::Cursor)
    }

    /// Whether all that is in it may go into a query: words as we fold them.
    fn is_sane(&self) -> bool {
        let alternatives = || self.ranked.iter().flat_map(|ranked| &ranked.terms).flat_map(|term| &term.any);
        // PostgreSQL's texts hold no NUL.
        let is_text = !matches!(&self.key, Key::Text(name) if name.contains('\0'));
        is_text
            && alternatives().count() <= MOST_ALTERNATIVES
            && alternatives().all(|one| is_folded(&one.part))
    }
}

fn is_folded(part: &Part) -> bool {
    !part.words.is_empty() && words(&part.words.join(" ")) == part.words
}

/// Names a question: all that decides which pictures come in which order.
pub(super) fn question(search: &Search) -> String {
    let Search { text, facts, ranges, colour, sort, .. } = search;
    let digest = Sha256::digest(format!("{text:?}{facts:?}{ranges:?}{colour:?}{sort:?}"));
    URL_SAFE_NO_PAD.encode(digest).chars().take(12).collect()
}

//! What is asked of an index, and what it answers.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::colour::ColourQuery;
use super::text::Text;
use crate::store::db::DbError;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Whose pictures.
    pub tenant: String,
    /// Words.
    pub text: Option<Text>,
    /// Facts: of each list at least one. They come from [`super::tagged`] and its like.
    pub facts: Vec<Vec<String>>,
    /// Limits of numbers.
    pub ranges: Vec<Range>,
    /// A colour that they have.
    pub colour: Option<ColourQuery>,
    /// In which order.
    pub sort: Sort,
    /// How many at once.
    pub limit: usize,
    /// Where the answer before ended.
    pub cursor: Option<String>,
    /// What to count.
    pub facets: Vec<Facet>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What can be limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranged {
    /// In pixels.
    Width,
    /// In pixels.
    Height,
    /// In bytes.
    Size,
    /// Milliseconds since 1970.
    Taken,
    /// Milliseconds since 1970.
    Created,
}

impl Ranged {
    /// Its column.
    pub fn column(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Height => "height",
            Self::Size => "size_bytes",
            Self::Taken => "taken_ms",
            Self::Created => "created_ms",
        }
    }
}

/// A limit of a number. Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Of which.
    pub of: Ranged,
    /// At least.
    pub from: Option<i64>,
    /// At most.
    pub to: Option<i64>,
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// What fits best first; without words or a colour, the newest.
    Relevance,
    /// What came in last first.
    Newest,
    /// What came in first first.
    Oldest,
    /// By name.
    Name,
    /// What was taken last first; of which nobody knows, last.
    Taken,
    /// The largest file first.
    Size,
}

impl Sort {
    /// All there are, by name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("relevance", Self::Relevance),
        ("newest", Self::Newest),
        ("oldest", Self::Oldest),
        ("name", Self::Name),
        ("taken", Self::Taken),
        ("size", Self::Size),
    ];
}

/// So many values of a facet are told.
pub(super) const MOST_VALUES: usize = 50;

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// Formats.
    Format,
    /// Tags.
    Tag,
    /// Cameras.
    Camera,
    /// Years in which they were taken.
    Year,
}

impl Facet {
    /// All there are, by name.
    pub const ALL: [(&'static str, Self); 4] =
        [("format", Self::Format), ("tag", Self::Tag), ("camera", Self::Camera), ("year", Self::Year)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Tag => "tag",
            Self::Camera => "camera",
            Self::Year => "year",
        }
    }
}

/// A value, and how many have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// How many of those that were counted have it.
    pub count: u64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The pictures' names, in order.
    pub images: Vec<String>,
    /// How many there are in all …
    pub total: u64,
    /// … or at least.
    pub total_is_exact: bool,
    /// Where to go on, if there are more.
    pub next: Option<String>,
    /// What was counted, the most frequent first.
    pub facets: BTreeMap<&'static str, Vec<FacetCount>>,
    /// Words that no picture has, and what was looked for in their stead.
    pub instead: BTreeMap<String, Vec<String>>,
}

/// A picture that looks like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Which one.
    pub image: String,
    /// In how many of 64 bits their hashes differ.
    pub distance: u32,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The cursor is none, or that of another question.
    #[error("the cursor is not one of this question")]
    Cursor,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Another engine failed.
    #[error("{0}")]
    Engine(String),
}

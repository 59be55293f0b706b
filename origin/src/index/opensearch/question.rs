//! What is asked: the body of a `_search`.
//!
//! Relevance is the cluster's own BM25 over weighted fields, with the same recency as ours. Where a colour is looked for,
//! it answers with the newest that may fit, and they are measured here, as those of the catalog's index are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::question_name;
use crate::index::MOST_RANKED;
use crate::index::document::NEVER_MS;
use crate::index::rank::{self, FRESHNESS, HALF_LIFE_MS};
use crate::index::search::{Facet, MOST_VALUES, Range, Ranged, Search, SearchError, Sort};
use crate::index::text::Part;

/// The fields, in the order of [`rank::FIELDS`], which says what a word is worth there.
const FIELDS: [&str; 5] = ["name", "title", "caption", "tags", "camera"];
/// So many words with a beginning are looked for.
const MOST_BEGINNINGS: u32 = 200;
/// What a word is worth that somebody may have meant.
const LIKENESS: f64 = 0.4;
/// Beyond so many it says "at least".
const MOST_COUNTED: usize = 10_000;
/// A longer cursor is not ours.
const LONGEST: usize = 4_096;

/// The place after a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Of which question it is.
    #[serde(rename = "q")]
    pub(super) question: String,
    /// What the picture was sorted by: a number, or a name.
    #[serde(rename = "k")]
    pub(super) key: Value,
    /// Which picture it was.
    #[serde(rename = "i")]
    pub(super) image: String,
    /// When the first page was asked for.
    #[serde(rename = "t")]
    pub(super) now_ms: i64,
}

impl Place {
    pub(super) fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    pub(super) fn read(text: &str, search: &Search) -> Result<Self, SearchError> {
        let bytes = Some(text).filter(|text| text.len() <= LONGEST);
        let bytes = bytes.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let place: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let fits = |place: &Self| {
            let is_key =
                if search.sort == Sort::Name { place.key.is_string() } else { place.key.is_number() };
            is_key && place.question == question_name(search)
        };
        place.filter(fits).ok_or(SearchError::Cursor)
    }
}

/// Whether pictures come by how well they fit, and not by something they have.
pub(super) fn is_ranked(search: &Search) -> bool {
    search.sort == Sort::Relevance && (has_words(search) || search.colour.is_some())
}

fn has_words(search: &Search) -> bool {
    search.text.as_ref().is_some_and(|text| !text.with.is_empty())
}

pub(super) fn of(search: &Search, place: Option<&Place>) -> Value {
    let now_ms = place.map_or(search.now_ms, |place| place.now_ms);
    let mut asked = json!({
        "size": search.limit + 1,
        "track_total_hits": MOST_COUNTED,
        "_source": ["image"],
        "query": weighed(search, now_ms),
        "sort": order(search.sort, is_ranked(search)),
    });
    let Some(fields) = asked.as_object_mut() else { return asked };
    if search.colour.is_some() {
        fields.insert("size".to_owned(), json!(MOST_RANKED + 1));
        fields.insert("sort".to_owned(), order(Sort::Newest, false));
        fields.insert("track_scores".to_owned(), json!(true));
        let kept = ["image", "palette", "path", "size_bytes", "taken_ms", "created_ms"];
        fields.insert("_source".to_owned(), json!(kept));
    } else if let Some(place) = place {
        fields.insert("search_after".to_owned(), json!([place.key, place.image]));
    }
    if !search.facets.is_empty() {
        fields.insert("aggs".to_owned(), facets(&search.facets));
    }
    asked
}

/// What fits; with words, the new a little before the old.
fn weighed(search: &Search, now_ms: i64) -> Value {
    let fitting = fitting(search);
    if !has_words(search) {
        return fitting;
    }
    json!({ "function_score": {
        "query": fitting,
        "functions": [
            { "weight": 1.0 },
            {
                "exp": { "created_ms": { "origin": now_ms, "scale": HALF_LIFE_MS, "decay": 0.5 } },
                "weight": FRESHNESS,
            },
        ],
        "score_mode": "sum",
        "boost_mode": "multiply",
    } })
}

fn fitting(search: &Search) -> Value {
    let mut filter = vec![json!({ "term": { "tenant": search.tenant } })];
    filter.extend(search.facts.iter().map(|facts| json!({ "terms": { "facts": facts } })));
    filter.extend(search.colour.iter().map(|colour| json!({ "terms": { "facts": colour.facts() } })));
    filter.extend(search.ranges.iter().map(range));
    let (with, without) = search.text.as_ref().map_or((&[][..], &[][..]), |text| (&text.with, &text.without));
    let must: Vec<Value> = with.iter().map(wanted).collect();
    let must_not: Vec<Value> = without.iter().map(exactly).collect();
    json!({ "bool": { "filter": filter, "must": must, "must_not": must_not } })
}

/// A part as it is written or, if it is one whole word, with a mistake or two.
fn wanted(part: &Part) -> Value {
    let [word] = part.words.as_slice() else { return exactly(part) };
    let near = json!({ "multi_match": {
        "query": word, "fields": fields(), "fuzziness": "AUTO:4,8", "boost": LIKENESS,
    } });
    json!({ "bool": { "should": [exactly(part), near], "minimum_should_match": 1 } })
}

fn exactly(part: &Part) -> Value {
    let words = part.words.join(" ");
    let mut asked = json!({ "query": words, "fields": fields(), "type": "phrase" });
    if let Some(fields) = asked.as_object_mut().filter(|_| part.is_prefix) {
        fields.insert("type".to_owned(), json!("phrase_prefix"));
        fields.insert("max_expansions".to_owned(), json!(MOST_BEGINNINGS));
    }
    json!({ "multi_match": asked })
}

/// Each field with its weight.
fn fields() -> Vec<String> {
    FIELDS.iter().zip(rank::FIELDS).map(|(name, (weight, _))| format!("{name}^{weight}")).collect()
}

fn range(Range { of, from, to }: &Range) -> Value {
    // Of which nobody knows the time is not before any.
    let from = from.or((*of == Ranged::Taken).then_some(NEVER_MS + 1));
    let mut ends = Map::new();
    ends.extend(from.map(|from| ("gte".to_owned(), json!(from))));
    ends.extend(to.map(|to| ("lte".to_owned(), json!(to))));
    json!({ "range": { of.column(): ends } })
}

fn order(sort: Sort, is_ranked: bool) -> Value {
    let (field, way) = match sort {
        Sort::Relevance if is_ranked => ("_score", "desc"),
        Sort::Relevance | Sort::Newest => ("created_ms", "desc"),
        Sort::Oldest => ("created_ms", "asc"),
        Sort::Name => ("path", "asc"),
        Sort::Taken => ("taken_ms", "desc"),
        Sort::Size => ("size_bytes", "desc"),
    };
    json!([{ field: way }, { "image": way }])
}

fn facets(asked: &[Facet]) -> Value {
    let field = |facet: Facet| match facet {
        Facet::Format => "format",
        Facet::Tag => "tag",
        Facet::Camera => "maker",
        Facet::Year => "year",
    };
    let one = |facet: &Facet| {
        (facet.name().to_owned(), json!({ "terms": { "field": field(*facet), "size": MOST_VALUES } }))
    };
    asked.iter().map(one).collect::<Map<_, _>>().into()
}

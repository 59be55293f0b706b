//! What a cluster answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Failure;
use super::question::Place;
use super::question_name;
use crate::catalog::images::Image;
use crate::index::MOST_RANKED;
use crate::index::colour::{self, ColourQuery};
use crate::index::cursor::Key;
use crate::index::looks;
use crate::index::search::{Alike, FacetCount, Found, Search, SearchError, Sort};

/// The answer to a `_search`, as far as it matters.
#[derive(Debug, Deserialize)]
struct Answer {
    hits: Hits,
    #[serde(default)]
    aggregations: BTreeMap<String, Buckets>,
}

#[derive(Debug, Deserialize)]
struct Hits {
    total: Option<Total>,
    hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: u64,
    relation: String,
}

#[derive(Debug, Deserialize)]
struct Hit {
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(rename = "_source")]
    source: Source,
    #[serde(default)]
    sort: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Source {
    image: String,
    #[serde(default)]
    palette: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    size_bytes: i64,
    #[serde(default)]
    taken_ms: i64,
    #[serde(default)]
    created_ms: i64,
    phash: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
}

/// The answer to a `_bulk` of one action.
#[derive(Debug, Deserialize)]
struct Bulk {
    items: Vec<BTreeMap<String, Item>>,
}

#[derive(Debug, Deserialize)]
struct Item {
    status: u16,
    error: Option<Value>,
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer).map_err(|error| Failure::Away(format!("its answer is not as documented: {error}")))
}

/// Whether all that was asked was done, or need not be.
pub(super) fn of_bulk(answer: &Value) -> Result<(), Failure> {
    let bulk: Bulk = read(answer)?;
    for (action, Item { status, error }) in bulk.items.into_iter().flatten() {
        let reason = || format!("{action} ended with {status}: {}", error.clone().unwrap_or_default());
        match status {
            // Done; or a newer state is there.
            200..=299 | 409 => {}
            // What is to go is gone.
            404 if action == "delete" => {}
            429 | 500..=599 => return Err(Failure::Away(reason())),
            _ => return Err(Failure::Refused(reason())),
        }
    }
    Ok(())
}

pub(super) fn of_search(
    search: &Search,
    place: Option<&Place>,
    answer: &Value,
) -> Result<Found, SearchError> {
    let answer: Answer = read(answer)?;
    let total = answer.hits.total.as_ref();
    let counted = Found {
        total: total.map_or(0, |total| total.value),
        total_is_exact: total.is_some_and(|total| total.relation == "eq"),
        facets: facets(search, &answer.aggregations),
        ..Found::default()
    };
    let now_ms = place.map_or(search.now_ms, |place| place.now_ms);
    Ok(match &search.colour {
        Some(query) => coloured(search, query, place, answer.hits.hits, counted),
        None => listed(search, answer.hits.hits, counted),
    }
    .into_found(search, now_ms))
}

/// A page: pictures, each with what it was sorted by, and whether more come.
struct Page {
    hits: Vec<(Value, String)>,
    has_more: bool,
    counted: Found,
}

impl Page {
    fn into_found(self, search: &Search, now_ms: i64) -> Found {
        let last = self.hits.last().filter(|_| self.has_more);
        let next = last.map(|(key, image)| {
            let (key, image) = (key.clone(), image.clone());
            Place { question: question_name(search), key, image, now_ms }.written()
        });
        let images = self.hits.into_iter().map(|(_, image)| image).collect();
        Found { images, next, ..self.counted }
    }
}

/// In the cluster's order.
fn listed(search: &Search, hits: Vec<Hit>, counted: Found) -> Page {
    let has_more = hits.len() > search.limit;
    let keyed = |hit: Hit| (hit.sort.first().cloned().unwrap_or_default(), hit.source.image);
    Page { hits: hits.into_iter().take(search.limit).map(keyed).collect(), has_more, counted }
}

/// Measured, sorted and cut into pages here.
fn coloured(
    search: &Search,
    query: &ColourQuery,
    place: Option<&Place>,
    mut hits: Vec<Hit>,
    counted: Found,
) -> Page {
    let is_all = hits.len() <= MOST_RANKED;
    hits.truncate(MOST_RANKED);
    let mut found: Vec<(Key, String)> = hits.into_iter().filter_map(|hit| near(search, query, hit)).collect();
    let is_ascending = matches!(search.sort, Sort::Oldest | Sort::Name);
    found.sort();
    if !is_ascending {
        found.reverse();
    }
    let total = u64::try_from(found.len()).unwrap_or(0);
    if let Some((key, image)) = place.and_then(|place| Some((key_of(&place.key)?, &place.image))) {
        let after = |one: &(Key, String)| {
            let order = (&one.0, &one.1).cmp(&(&key, image));
            if is_ascending { order.is_gt() } else { order.is_lt() }
        };
        found.retain(after);
    }
    let has_more = found.len() > search.limit;
    let written = |(key, image): (Key, String)| (json!(key), image);
    Page {
        hits: found.into_iter().take(search.limit).map(written).collect(),
        has_more,
        counted: Found { total, total_is_exact: is_all, ..counted },
    }
}

/// What a picture is sorted by, if it has the colour.
fn near(search: &Search, query: &ColourQuery, Hit { score, source, .. }: Hit) -> Option<(Key, String)> {
    let share = query.share(&colour::read(&source.palette))?;
    let has_words = search.text.as_ref().is_some_and(|text| !text.with.is_empty());
    #[expect(clippy::cast_possible_truncation, reason = "scores are below a few hundred, shares from 0 to 1")]
    let key = match search.sort {
        Sort::Relevance => {
            Key::Number((share * 1e6 * if has_words { score.unwrap_or(0.0) } else { 1.0 }) as i64)
        }
        Sort::Newest | Sort::Oldest => Key::Number(source.created_ms),
        Sort::Name => Key::Text(source.path),
        Sort::Taken => Key::Number(source.taken_ms),
        Sort::Size => Key::Number(source.size_bytes),
    };
    Some((key, source.image))
}

fn key_of(value: &Value) -> Option<Key> {
    Key::deserialize(value).ok()
}

fn facets(search: &Search, all: &BTreeMap<String, Buckets>) -> BTreeMap<&'static str, Vec<FacetCount>> {
    let count = |bucket: &Bucket| FacetCount { value: bucket.key.clone(), count: bucket.doc_count };
    let of =
        |name: &str| all.get(name).map_or(Vec::new(), |values| values.buckets.iter().map(count).collect());
    search.facets.iter().map(|facet| (facet.name(), of(facet.name()))).collect()
}

pub(super) fn of_similar(
    image: &Image,
    hash: i64,
    most: usize,
    answer: &Value,
) -> Result<Vec<Alike>, Failure> {
    let answer: Answer = read(answer)?;
    let alike = |hit: Hit| {
        let distance = looks::distance(hash, hit.source.phash?);
        let is_one = hit.source.image != image.id && distance <= looks::FARTHEST;
        is_one.then_some(Alike { image: hit.source.image, distance })
    };
    let mut alike: Vec<Alike> = answer.hits.hits.into_iter().filter_map(alike).collect();
    alike.sort_by(|one, other| (one.distance, &other.image).cmp(&(other.distance, &one.image)));
    alike.truncate(most);
    Ok(alike)
}

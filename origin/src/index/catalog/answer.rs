//! A question's answer: pictures in order, how many there are, and what was counted.

use std::collections::{BTreeMap, HashMap};

use super::hits::{After, Hit, Wanted, hits};
use super::plan::Plan;
use crate::index::MOST_RANKED;
use crate::index::colour;
use crate::index::cursor::{Cursor, Key, Ranked, question};
use crate::index::document::year;
use crate::index::rank::{Term, score};
use crate::index::search::{Facet, FacetCount, Found, MOST_VALUES, Search, SearchError, Sort};
use crate::store::db::Db;

pub(in crate::index) async fn search(db: &Db, search: &Search) -> Result<Found, SearchError> {
    let cursor = search.cursor.as_deref().map(|text| Cursor::read(text, search)).transpose()?;
    let has_words = search.text.as_ref().is_some_and(|text| !text.with.is_empty());
    let is_ranked = search.colour.is_some() || (search.sort == Sort::Relevance && has_words);
    match (is_ranked, &cursor) {
        (true, Some(Cursor { ranked: None, .. })) | (false, Some(Cursor { ranked: Some(_), .. })) => {
            Err(SearchError::Cursor)
        }
        (true, _) => ranked(db, search, cursor).await,
        (false, _) => listed(db, search, cursor).await,
    }
}

/// A question that no picture can answer.
fn is_hopeless(plan: &Plan) -> bool {
    plan.most == 0
}

/// The newest pictures that fit, the best of them first.
async fn ranked(db: &Db, search: &Search, cursor: Option<Cursor>) -> Result<Found, SearchError> {
    let ranked = cursor.as_ref().and_then(|cursor| cursor.ranked.clone());
    let plan = Plan::make(db, search, ranked.as_ref().map(|ranked| ranked.terms.as_slice())).await?;
    if is_hopeless(&plan) {
        return Ok(nothing(plan));
    }
    let now_ms = ranked.map_or(search.now_ms, |ranked| ranked.now_ms);
    // What came in since the first page would push others out of the window.
    let newest = After { key: Key::Number(0), doc: now_ms.saturating_add(1).saturating_mul(1 << 20) };
    let wanted = Wanted {
        key: search.sort,
        images: true,
        words: !plan.terms.is_empty() && search.sort == Sort::Relevance,
        colours: search.colour.is_some(),
        values: !search.facets.is_empty(),
    };
    let mut hits = hits(db, search, &plan, (Sort::Newest, Some(&newest)), wanted, MOST_RANKED + 1).await?;
    let is_all = hits.len() <= MOST_RANKED;
    hits.truncate(MOST_RANKED);
    let mut found = rank(search, &plan.terms, hits, now_ms);
    let facets = facets(&search.facets, &found.iter().map(|(_, hit)| hit));
    let total = found.len();
    if let Some(Cursor { key, doc, .. }) = &cursor {
        found.retain(|(theirs, hit)| is_after(search.sort, (theirs, hit.doc), (key, *doc)));
    }
    let more = found.len() > search.limit;
    found.truncate(search.limit);
    let next = found.last().filter(|_| more).map(|(key, hit)| {
        let ranked = Some(Ranked { now_ms, terms: plan.terms.clone() });
        Cursor { question: question(search), key: key.clone(), doc: hit.doc, ranked }.written()
    });
    Ok(Found {
        images: found.into_iter().map(|(_, hit)| hit.image).collect(),
        total: u64::try_from(total).unwrap_or(0),
        total_is_exact: is_all,
        next,
        facets,
        instead: plan.instead,
    })
}

/// Each with what it is sorted by, in order.
fn rank(search: &Search, terms: &[Term], hits: Vec<Hit>, now_ms: i64) -> Vec<(Key, Hit)> {
    let keyed = |hit: Hit| {
        let share = match &search.colour {
            Some(query) => Some(query.share(&colour::read(&hit.colours))?),
            None => None,
        };
        let key = match search.sort {
            Sort::Relevance => Key::Number(fit(&hit, terms, share, now_ms)),
            _ => hit.key.clone(),
        };
        Some((key, hit))
    };
    let mut found: Vec<(Key, Hit)> = hits.into_iter().filter_map(keyed).collect();
    found.sort_by(|(one, hit), (other, their)| {
        let order = one.cmp(other).then(hit.doc.cmp(&their.doc));
        if is_ascending(search.sort) { order } else { order.reverse() }
    });
    found
}

/// By words, by how much of the picture has the colour, or by both.
fn fit(hit: &Hit, terms: &[Term], share: Option<f64>, now_ms: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a share is from 0 to 1")]
    let millionths = share.map(|share| (share * 1e6) as i64);
    match (terms, millionths) {
        ([], share) => share.unwrap_or(0),
        (_, None) => score(&hit.words, terms, hit.created_ms(), now_ms),
        (_, Some(share)) => {
            score(&hit.words, terms, hit.created_ms(), now_ms).saturating_mul(share) / 1_000_000
        }
    }
}

fn is_ascending(sort: Sort) -> bool {
    matches!(sort, Sort::Oldest | Sort::Name)
}

fn is_after(sort: Sort, one: (&Key, i64), place: (&Key, i64)) -> bool {
    if is_ascending(sort) { one > place } else { one < place }
}

/// Pictures in an order that the database keeps: every one of them, however many.
async fn listed(db: &Db, search: &Search, cursor: Option<Cursor>) -> Result<Found, SearchError> {
    let plan = Plan::make(db, search, None).await?;
    if is_hopeless(&plan) {
        return Ok(nothing(plan));
    }
    let after = cursor.map(|Cursor { key, doc, .. }| After { key, doc });
    if after.as_ref().is_some_and(|after| matches!(after.key, Key::Text(_)) != (search.sort == Sort::Name)) {
        return Err(SearchError::Cursor);
    }
    let wanted = Wanted { key: search.sort, images: true, words: false, colours: false, values: false };
    let mut page = hits(db, search, &plan, (search.sort, after.as_ref()), wanted, search.limit + 1).await?;
    let more = page.len() > search.limit;
    page.truncate(search.limit);
    let next = page.last().filter(|_| more).map(|hit| {
        Cursor { question: question(search), key: hit.key.clone(), doc: hit.doc, ranked: None }.written()
    });
    let is_counted = plan.most_is_exact && search.facets.is_empty();
    let (total, total_is_exact, facets) = if is_counted {
        (u64::try_from(plan.most).unwrap_or(0), true, BTreeMap::new())
    } else {
        let wanted = Wanted { key: Sort::Newest, images: false, values: !search.facets.is_empty(), ..wanted };
        let mut newest = hits(db, search, &plan, (Sort::Newest, None), wanted, MOST_RANKED + 1).await?;
        let is_all = newest.len() <= MOST_RANKED;
        newest.truncate(MOST_RANKED);
        let counted = u64::try_from(newest.len()).unwrap_or(0);
        (counted, is_all, facets(&search.facets, &newest.iter()))
    };
    let images = page.into_iter().map(|hit| hit.image).collect();
    Ok(Found { images, total, total_is_exact, next, facets, instead: plan.instead })
}

fn nothing(plan: Plan) -> Found {
    Found { total_is_exact: true, instead: plan.instead, ..Found::default() }
}

/// Counts values, the most frequent first.
fn facets<'a>(
    asked: &[Facet],
    hits: &(impl Iterator<Item = &'a Hit> + Clone),
) -> BTreeMap<&'static str, Vec<FacetCount>> {
    let counted = |facet: &Facet| {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for value in hits.clone().flat_map(|hit| values_of(*facet, hit)) {
            *counts.entry(value).or_default() += 1;
        }
        let mut counts: Vec<FacetCount> =
            counts.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
        counts.sort_by(|one, other| (other.count, &one.value).cmp(&(one.count, &other.value)));
        counts.truncate(MOST_VALUES);
        (facet.name(), counts)
    };
    asked.iter().map(counted).collect()
}

fn values_of(facet: Facet, hit: &Hit) -> Vec<String> {
    match facet {
        Facet::Format => vec![hit.format.clone()],
        Facet::Tag => hit.tags.split('\n').filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        Facet::Camera => hit.camera.iter().cloned().collect(),
        Facet::Year => year(hit.taken_ms).into_iter().collect(),
    }
}

//! The query of `GET /v1/images`: each parameter at most once, none that is unknown, all checked here.
//!
//! Limits are `min_width=800` or, as people write them, `width>=800`; a time is a day, a month, a year, a moment, or a
//! span of them: `taken=2024-01-01..2024-06`.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate};
use percent_encoding::percent_decode_str;
use utoipa::IntoParams;

use crate::auth::Principal;
use crate::error::ApiError;
use crate::index::{
    ColourQuery, Facet, LONGEST_DISTANCE, Oklab, Range, Ranged, Search, Sort, Text, below, is_duplicate,
    of_format, tagged, taken_with,
};
use crate::store::objects::PICTURES;

const MOST_IMAGES: usize = 100;
const DEFAULT_IMAGES: usize = 20;
const DEFAULT_COLOUR_DISTANCE: f64 = 10.0;

/// As the document describes it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read by name")]
pub(super) struct ImageParameters {
    /// Words that are all there, in name, title, caption, tags or camera. `"in a row"`, `-without`, `begin*`; the last word
    /// counts as a beginning.
    #[param(max_length = 500)]
    q: Option<String>,
    /// A tag, or several with commas, all of which it has.
    #[param(min_length = 1, max_length = 500)]
    tag: Option<String>,
    /// A format, or several with commas, one of which it has.
    #[param(pattern = "^(jpeg|png|webp|gif|svg)(,(jpeg|png|webp|gif|svg)){0,4}$")]
    format: Option<String>,
    #[param(min_length = 1, max_length = 200)]
    camera: Option<String>,
    /// In pixels. `width>=800` means the same.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    min_width: Option<i64>,
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    max_width: Option<i64>,
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    min_height: Option<i64>,
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    max_height: Option<i64>,
    /// In bytes.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    min_size: Option<i64>,
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    max_size: Option<i64>,
    /// A day; a month, a year or a moment (RFC 3339) are taken, too, and spans as `taken=2024-01-01..2024-06`.
    #[param(value_type = Option<String>, format = Date)]
    min_taken: Option<String>,
    /// Up to its end.
    #[param(value_type = Option<String>, format = Date)]
    max_taken: Option<String>,
    #[param(value_type = Option<String>, format = Date)]
    min_created: Option<String>,
    #[param(value_type = Option<String>, format = Date)]
    max_created: Option<String>,
    /// A colour that it has, `rrggbb`.
    #[param(pattern = "^#?[0-9a-fA-F]{6}$")]
    colour: Option<String>,
    /// How far from it (in Oklab, where black and white are 100 apart); 10 unless said otherwise.
    #[param(minimum = 0, maximum = 20)]
    colour_distance: Option<f64>,
    /// Only duplicates of others, or none of them.
    duplicates: Option<bool>,
    /// `relevance` unless said otherwise; without words or a colour that is `newest`.
    #[param(pattern = "^(relevance|newest|oldest|name|taken|size)$")]
    sort: Option<String>,
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next` of the page before, with the same question.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// What to count, with commas.
    #[param(pattern = "^(format|tag|camera|year)(,(format|tag|camera|year)){0,3}$")]
    facets: Option<String>,
}

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(super) enum ImageQuery {
    /// Pictures that are found.
    Search(Box<Search>),
    /// Those that were deleted.
    Deleted {
        /// How many at once.
        limit: usize,
        /// Where the page before ended.
        cursor: Option<String>,
    },
}

impl ImageQuery {
    /// Reads a query.
    pub(super) fn parse(query: &str, who: &Principal, now_ms: i64) -> Result<Self, ApiError> {
        let mut given = Given::read(query)?;
        let limit = given.take("limit", |text| within(text, 1, MOST_IMAGES))?.unwrap_or(DEFAULT_IMAGES);
        let cursor = given.take("cursor", |text| Some(text.to_owned()))?;
        if given.take("deleted", flag)? == Some(true) {
            given.nothing_is_left("goes with limit and cursor only, where deleted=true")?;
            return Ok(Self::Deleted { limit, cursor });
        }
        let mut search = Search {
            tenant: who.tenant.clone(),
            text: given.text()?,
            facts: given.facts()?,
            ranges: given.ranges()?,
            colour: given.colour()?,
            sort: given.take("sort", |text| named(&Sort::ALL, text))?.unwrap_or(Sort::Relevance),
            limit,
            cursor,
            facets: given.take("facets", facets)?.unwrap_or_default(),
            now_ms,
        };
        given.nothing_is_left("is no parameter of this")?;
        let paths = who.paths_below(&format!("{PICTURES}/{}", who.tenant));
        search.facts.extend(paths.map(|paths| paths.iter().map(|path| below(path)).collect()));
        Ok(Self::Search(Box::new(search)))
    }
}

/// Parameters that nobody took yet.
struct Given(BTreeMap<String, String>);

impl Given {
    /// Reads a query as forms have it, where `width>=800` is `width>` and `800`.
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut all = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if all.contains_key(&name) {
                return Err(ApiError::invalid(&format!("'{}' stands there twice", shortened(&name))));
            }
            all.insert(name, value);
        }
        Ok(Self(all))
    }

    /// Takes a parameter, if it is there; one that `read` makes nothing of is a mistake.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let Some(text) = self.0.remove(name) else { return Ok(None) };
        let wrong = || ApiError::invalid(&format!("'{name}' cannot be '{}'", shortened(&text)));
        read(&text).map(Some).ok_or_else(wrong)
    }

    fn nothing_is_left(&self, why_not: &str) -> Result<(), ApiError> {
        match self.0.keys().next() {
            Some(name) => Err(ApiError::invalid(&format!("'{}' {why_not}", shortened(name)))),
            None => Ok(()),
        }
    }

    fn text(&mut self) -> Result<Option<Text>, ApiError> {
        let Some(text) = self.0.remove("q").filter(|text| !text.is_empty()) else { return Ok(None) };
        Text::parse(&text).map(Some).map_err(|error| ApiError::invalid(&error.to_string()))
    }

    fn facts(&mut self) -> Result<Vec<Vec<String>>, ApiError> {
        const FORMATS: [&str; 5] = ["jpeg", "png", "webp", "gif", "svg"];
        let tags = |text: &str| (1..=500).contains(&text.chars().count()).then(|| tags(text));
        let format = |text: &str| FORMATS.contains(&text).then(|| of_format(text));
        let formats = |text: &str| text.split(',').map(format).collect::<Option<Vec<_>>>();
        let camera = |text: &str| (1..=200).contains(&text.chars().count()).then(|| taken_with(text));
        let mut facts = self.take("tag", tags)?.unwrap_or_default();
        facts.extend(self.take("format", formats)?);
        facts.extend(self.take("camera", camera)?.map(|fact| vec![fact]));
        facts.extend(self.take("duplicates", flag)?.map(|is| vec![is_duplicate(is)]));
        Ok(facts)
    }

    fn ranges(&mut self) -> Result<Vec<Range>, ApiError> {
        const NUMBERS: [(&str, Ranged); 3] =
            [("width", Ranged::Width), ("height", Ranged::Height), ("size", Ranged::Size)];
        const TIMES: [(&str, Ranged); 2] = [("taken", Ranged::Taken), ("created", Ranged::Created)];
        let mut ranges = Vec::new();
        for (name, of) in NUMBERS {
            let exact = self.take(name, number)?;
            ranges.push(Range { of, from: exact, to: exact });
            ranges.push(Range { of, from: self.bound("min", name, '>', number)?, to: None });
            ranges.push(Range { of, from: None, to: self.bound("max", name, '<', number)? });
        }
        for (name, of) in TIMES {
            let (from, to) = self.take(name, span)?.unwrap_or((None, None));
            ranges.push(Range { of, from, to });
            ranges.push(Range {
                of,
                from: self.bound("min", name, '>', |text| Some(time(text)?.0))?,
                to: None,
            });
            ranges.push(Range {
                of,
                from: None,
                to: self.bound("max", name, '<', |text| Some(time(text)?.1))?,
            });
        }
        ranges.retain(|range| range.from.is_some() || range.to.is_some());
        Ok(ranges)
    }

    /// A limit by either of its names, but not by both.
    fn bound(
        &mut self,
        end: &str,
        name: &str,
        sign: char,
        read: impl Fn(&str) -> Option<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let (long, short) = (format!("{end}_{name}"), format!("{name}{sign}"));
        if self.0.contains_key(&long) && self.0.contains_key(&short) {
            return Err(ApiError::invalid(&format!("'{long}' and '{short}' mean the same")));
        }
        Ok(self.take(&long, &read)?.or(self.take(&short, &read)?))
    }

    fn colour(&mut self) -> Result<Option<ColourQuery>, ApiError> {
        let is_near = |distance: &f64| (0.0..=LONGEST_DISTANCE).contains(distance);
        let distance = self.take("colour_distance", |text| text.parse().ok().filter(is_near))?;
        let colour = self.take("colour", Oklab::parse)?;
        let distance = distance.unwrap_or(DEFAULT_COLOUR_DISTANCE);
        Ok(colour.map(|colour| ColourQuery { colour, distance }))
    }
}

fn decoded(text: &str) -> Result<String, ApiError> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| ApiError::invalid("the query is not UTF-8"))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

/// Each a list of its own: all must be there.
fn tags(text: &str) -> Vec<Vec<String>> {
    text.split(',').map(|tag| vec![tagged(&tag.trim().to_lowercase())]).collect()
}

fn named<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn facets(text: &str) -> Option<Vec<Facet>> {
    text.split(',').map(|name| named(&Facet::ALL, name)).collect()
}

fn flag(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn within(text: &str, least: usize, most: usize) -> Option<usize> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| (0..=9_007_199_254_740_991).contains(number))
}

/// `from..to`, of which one may be left out, or one time as a whole.
fn span(text: &str) -> Option<(Option<i64>, Option<i64>)> {
    let Some((from, to)) = text.split_once("..") else {
        return time(text).map(|(from, to)| (Some(from), Some(to)));
    };
    let end = |text: &str| if text.is_empty() { Some(None) } else { time(text).map(Some) };
    let (from, to) = (end(from)?, end(to)?);
    (from.is_some() || to.is_some()).then(|| (from.map(|(from, _)| from), to.map(|(_, to)| to)))
}

/// When a year, a month, a day or a moment begins and ends.
fn time(text: &str) -> Option<(i64, i64)> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        let ms = moment.timestamp_millis();
        return Some((ms, ms));
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let (from, to) = match text.len() {
        _ if !is_plain => return None,
        4 => day(&format!("{text}-01-01"))
            .and_then(|from| Some((from, from.checked_add_months(Months::new(12))?)))?,
        7 => day(&format!("{text}-01"))
            .and_then(|from| Some((from, from.checked_add_months(Months::new(1))?)))?,
        10 => day(text).and_then(|from| Some((from, from.checked_add_days(Days::new(1))?)))?,
        _ => return None,
    };
    let ms = |day: NaiveDate| Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
    Some((ms(from)?, ms(to)? - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scope;

    fn parsed(query: &str) -> Result<Search, String> {
        let who = Principal::new("t", "tests", [Scope::Read]);
        match ImageQuery::parse(query, &who, 0) {
            Ok(ImageQuery::Search(search)) => Ok(*search),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn limits_have_two_names() {
        let width = [Range { of: Ranged::Width, from: Some(800), to: None }];
        for query in ["width>=800", "width%3E=800", "min_width=800"] {
            assert_eq!(parsed(query).unwrap().ranges, width, "{query}");
        }
        assert_eq!(
            parsed("width=8").unwrap().ranges,
            [Range { of: Ranged::Width, from: Some(8), to: Some(8) }]
        );
        assert!(parsed("width>=800&min_width=800").is_err());
    }

    #[test]
    fn times_are_spans() {
        let day = 86_400_000;
        for (query, from, to) in [
            ("taken=1970-01-02", Some(day), Some(2 * day - 1)),
            ("taken=1970", Some(0), Some(365 * day - 1)),
            ("taken=1970-02", Some(31 * day), Some(59 * day - 1)),
            ("taken=1970-01-02..", Some(day), None),
            ("taken=..1970-01-02", None, Some(2 * day - 1)),
            ("taken%3E=1970-01-02", Some(day), None),
            ("max_taken=1970-01-02", None, Some(2 * day - 1)),
            ("taken=1970-01-01T00:00:01Z", Some(1000), Some(1000)),
        ] {
            assert_eq!(parsed(query).unwrap().ranges, [Range { of: Ranged::Taken, from, to }], "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, name) in [
            ("wide=1", "'wide'"),
            ("tag=a&tag=b", "'tag'"),
            ("limit=0", "'limit'"),
            ("limit=101", "'limit'"),
            ("sort=best", "'sort'"),
            ("format=jpg", "'format'"),
            ("facets=size", "'facets'"),
            ("min_width=-1", "'min_width'"),
            ("min_width=1e3", "'min_width'"),
            ("taken=2024-13", "'taken'"),
            ("taken=..", "'taken'"),
            ("taken=%2B2024", "'taken'"),
            ("colour=orange", "'colour'"),
            ("colour_distance=NaN", "'colour_distance'"),
            ("duplicates=maybe", "'duplicates'"),
            ("q=%FF", "UTF-8"),
        ] {
            let said = parsed(query).unwrap_err();
            assert!(said.contains(name), "{query}: {said}");
        }
    }
}

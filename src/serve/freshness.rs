//! Whether the client has it already, and whether it wants a part only (RFC 9110, sections 13 and 14).

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};

/// What tells one version of an answer from another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// Its strong entity tag, quotes included.
    pub etag: &'a str,
    /// When its source was stored.
    pub modified_seconds: u64,
}

impl Validators<'_> {
    /// Whether the client's copy is still good.
    pub(super) fn is_unchanged(&self, request: &HeaderMap) -> bool {
        if let Some(tags) = text(request, &IF_NONE_MATCH) {
            return tags.trim() == "*" || self.is_named(request);
        }
        text(request, &IF_MODIFIED_SINCE)
            .and_then(parse_date)
            .is_some_and(|seconds| self.modified_seconds <= seconds)
    }

    /// Whether the client named this very version: then it was once given it, and nothing needs to be made to know.
    pub(super) fn is_named(&self, request: &HeaderMap) -> bool {
        text(request, &IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(|tag| self.is_tag(tag)))
    }

    /// Weak comparison: a weak tag of ours is as good as a strong one to a cache that asks again.
    fn is_tag(&self, tag: &str) -> bool {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag) == self.etag
    }

    /// The part asked for of a body of `length` bytes.
    pub(super) fn range(&self, request: &HeaderMap, length: u64) -> Part {
        let Some(range) = text(request, &RANGE) else { return Part::Whole };
        if let Some(condition) = text(request, &IF_RANGE) {
            let condition = condition.trim();
            let holds = condition == self.etag || parse_date(condition) == Some(self.modified_seconds);
            if !holds {
                return Part::Whole;
            }
        }
        Part::parse(range, length)
    }
}

/// How much of a body is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it; also where the range cannot be read or there are several.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// Bytes beyond its end.
    Unsatisfiable,
}

impl Part {
    fn parse(header: &str, length: u64) -> Self {
        let Some(spec) = header.trim().strip_prefix("bytes=") else { return Self::Whole };
        let Some((first, last)) = spec.trim().split_once('-') else { return Self::Whole };
        match (first, number(first), last, number(last)) {
            (_, Some(first), "", _) if first < length => Self::Bytes(first..length),
            (_, Some(first), _, Some(last)) if last < first => Self::Whole,
            (_, Some(first), _, Some(last)) if first < length => {
                Self::Bytes(first..length.min(last.saturating_add(1)))
            }
            ("", _, _, Some(suffix)) if suffix > 0 && length > 0 => {
                Self::Bytes(length.saturating_sub(suffix)..length)
            }
            (_, Some(_), "", _) | (_, Some(_), _, Some(_)) | ("", _, _, Some(_)) => Self::Unsatisfiable,
            _ => Self::Whole,
        }
    }
}

/// Digits only; numbers too large to hold are larger than any body.
fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().unwrap_or(u64::MAX))
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn parse_date(text: &str) -> Option<u64> {
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// An HTTP date (RFC 9110, section 5.6.7).
pub(super) fn http_date(seconds: u64) -> String {
    // Years beyond 9999 cannot be written; no store sends them.
    const LATEST_SECONDS: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Validators<'static> = Validators { etag: "\"abc\"", modified_seconds: 784_111_777 };

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn knows_the_clients_copy() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        let before = "Sun, 06 Nov 1994 08:49:36 GMT";
        let cases: [(&[(http::HeaderName, &str)], bool); 9] = [
            (&[], false),
            (&[(IF_NONE_MATCH, "\"abc\"")], true),
            (&[(IF_NONE_MATCH, "\"x\", W/\"abc\"")], true),
            (&[(IF_NONE_MATCH, "*")], true),
            (&[(IF_NONE_MATCH, "abc")], false),
            (&[(IF_MODIFIED_SINCE, now)], true),
            (&[(IF_MODIFIED_SINCE, before)], false),
            (&[(IF_MODIFIED_SINCE, "yesterday")], false),
            // The tag decides where both are there.
            (&[(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, now)], false),
        ];
        for (pairs, expected) in cases {
            assert_eq!(OURS.is_unchanged(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn reads_ranges() {
        let cases = [
            ("bytes=0-4", Part::Bytes(0..5)),
            ("bytes=5-", Part::Bytes(5..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-30", Part::Bytes(0..10)),
            ("bytes=8-99999999999999999999", Part::Bytes(8..10)),
            ("bytes=10-", Part::Unsatisfiable),
            ("bytes=10-12", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=4-3", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("items=0-4", Part::Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(OURS.range(&headers(&[(RANGE, header)]), 10), expected, "{header}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_the_whole() {
        let asked = |condition| OURS.range(&headers(&[(RANGE, "bytes=0-1"), (IF_RANGE, condition)]), 10);
        assert_eq!(asked("\"abc\""), Part::Bytes(0..2));
        assert_eq!(asked("W/\"abc\""), Part::Whole);
        assert_eq!(asked("\"old\""), Part::Whole);
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Part::Bytes(0..2));
    }
}

//! The last part of the URL: which picture.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::RecipeError;
use crate::address::Address;

/// Which picture is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// An object of a configured store.
    Key {
        /// The object's key, decoded, without a leading slash.
        key: String,
        /// A query that was written after it, percent-encoded where it must be. It does not choose the object,
        /// but tells requests apart.
        query: Option<String>,
    },
    /// A picture of another host, by its whole address.
    Remote {
        /// As written, or decoded once where it was percent-encoded as a whole.
        address: Address,
    },
}

/// R2 and S3 take keys of up to 1,024 bytes.
const LONGEST_KEY: usize = 1_024;

/// What of a key is written as it is in a URL.
pub(crate) const KEY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// What of a query is written as it is: all but controls, spaces, quotes and the fragment's sign.
const QUERY: &AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');

impl Source {
    /// Reads what stands after the options, and the query that the client sent raw.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, RecipeError> {
        if is_absolute(path) {
            return Ok(Self::Remote { address: Address::parse(&with_query(path, query))? });
        }
        let decoded = decode(path)?;
        if is_absolute(&decoded) {
            return Ok(Self::Remote { address: Address::parse(&with_query(&decoded, query))? });
        }
        Self::parse_key(&decoded, query)
    }

    fn parse_key(decoded: &str, raw_query: Option<&str>) -> Result<Self, RecipeError> {
        let (key, own_query) = decoded.split_once('?').unwrap_or((decoded, ""));
        let key = key.trim_start_matches('/');
        check_key(key)?;
        Ok(Self::Key { key: key.to_owned(), query: join_queries(own_query, raw_query) })
    }

    /// What policies know it by: its key, or its whole URL.
    pub fn name(&self) -> &str {
        match self {
            Self::Key { key, .. } => key,
            Self::Remote { address } => address.as_str(),
        }
    }

    /// The one spelling of this source in a URL.
    pub fn print(&self) -> String {
        match self {
            Self::Key { key, query: None } => utf8_percent_encode(key, KEY).to_string(),
            Self::Key { key, query: Some(query) } => {
                format!("{}?{query}", utf8_percent_encode(key, KEY))
            }
            Self::Remote { address } => address.to_string(),
        }
    }

    /// A picture of `host` itself is an object of the store: frameworks write whole URLs of their own site.
    #[must_use]
    pub fn localised(self, host: &str) -> Self {
        match &self {
            Self::Remote { address } if address.authority().eq_ignore_ascii_case(host) => {
                Self::parse(address.path_and_query(), None).unwrap_or(self)
            }
            _ => self,
        }
    }
}

/// Whether this is the key of an object that may exist: no empty, `.` or `..` step, nothing unprintable.
pub(crate) fn check_key(key: &str) -> Result<(), RecipeError> {
    let refuse = |reason| Err(RecipeError::Source { reason });
    if key.is_empty() {
        return refuse("it is empty");
    }
    if key.len() > LONGEST_KEY {
        return refuse("it is longer than 1,024 bytes");
    }
    if key.chars().any(char::is_control) {
        return refuse("it holds control characters");
    }
    if key.contains('\\') {
        return refuse("it holds a backslash");
    }
    if key.split('/').any(|step| matches!(step, "" | "." | "..")) {
        return refuse("it has an empty step, '.' or '..'");
    }
    Ok(())
}

fn is_absolute(text: &str) -> bool {
    let starts =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}

fn with_query(url: &str, query: Option<&str>) -> String {
    let (url, own_query) = url.split_once('?').unwrap_or((url, ""));
    match join_queries(own_query, query) {
        None => url.to_owned(),
        Some(query) => format!("{url}?{query}"),
    }
}

/// A query out of the one that was percent-encoded with the source and the one that came after it raw.
fn join_queries(own: &str, raw: Option<&str>) -> Option<String> {
    let both = [own, raw.unwrap_or_default()];
    let queries: Vec<&str> = both.into_iter().filter(|query| !query.is_empty()).collect();
    // Encoded here and not when it is printed, so that one query has one form.
    (!queries.is_empty()).then(|| utf8_percent_encode(&queries.join("&"), QUERY).to_string())
}

fn decode(text: &str) -> Result<Cow<'_, str>, RecipeError> {
    percent_decode_str(text).decode_utf8().map_err(|_| RecipeError::Encoding { piece: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, query: Option<&str>) -> Source {
        Source::Key { key: key.to_owned(), query: query.map(str::to_owned) }
    }

    fn remote(url: &str) -> Source {
        Source::Remote { address: Address::parse(url).unwrap() }
    }

    #[test]
    fn reads_what_client_libraries_write() {
        let cases = [
            ("a/b.png", None, key("a/b.png", None)),
            ("/a/b.png", None, key("a/b.png", None)),
            ("a/b%20c.png", None, key("a/b c.png", None)),
            ("a%2Fb.png", None, key("a/b.png", None)),
            ("a.png%3Fv=2", None, key("a.png", Some("v=2"))),
            ("a.png", Some("v=2"), key("a.png", Some("v=2"))),
            ("https://o.example/a.png", Some("v=2"), remote("https://o.example/a.png?v=2")),
            ("https%3A%2F%2Fo.example%2Fa.png%3Fv%3D2", None, remote("https://o.example/a.png?v=2")),
        ];
        for (path, query, expected) in cases {
            assert_eq!(Source::parse(path, query), Ok(expected), "{path} {query:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_key() {
        for path in [
            "",
            "/",
            "a//b",
            "../a",
            "a/..",
            "a/./b",
            "a%2F..%2Fb",
            "a%00b",
            "a%5Cb",
            "%FF",
            "https://a/../b",
        ] {
            assert!(Source::parse(path, None).is_err(), "{path}");
        }
    }

    #[test]
    fn prints_what_it_parses() {
        for text in ["a/b%20c.png", "a.png?v=2", "https://o.example/a%20b.png?v=2"] {
            let (path, query) = text.split_once('?').map_or((text, None), |(p, q)| (p, Some(q)));
            let printed = Source::parse(path, query).map(|source| source.print());
            assert_eq!(printed.as_deref(), Ok(text));
        }
    }

    #[test]
    fn its_own_host_is_the_store() {
        let own = remote("https://Pictures.example/a%20b.png?v=2");
        assert_eq!(own.localised("pictures.example"), key("a b.png", Some("v=2")));
        let other = remote("https://other.example/a.png");
        assert_eq!(other.clone().localised("pictures.example"), other);
    }
}

//! Pictures behind HTTP: what to ask for, and what the head of an answer says.
//!
//! Nobody's grant, cookie or other header is passed on: what comes back is everybody's.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_MODIFIED_SINCE};
use http::header::{IF_NONE_MATCH, LAST_MODIFIED, LOCATION, USER_AGENT, VIA};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::utf8_percent_encode;

use super::SignedRequest;
use crate::address::{Address, AddressError, AddressPrefix};
use crate::geometry::Focus;
use crate::recipe::{KEY, parse_focus};

/// A GET request to be sent. Redirects are not followed by whoever sends it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// Its headers.
    pub headers: HeaderMap,
}

impl Outgoing {
    /// A signed request; a condition need not be.
    pub fn signed(signed: SignedRequest, condition: Option<(HeaderName, HeaderValue)>) -> Self {
        let read = |(name, value): (&'static str, String)| {
            let mut value = HeaderValue::from_str(&value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_static(name), value))
        };
        let mut headers: HeaderMap = signed.headers.into_iter().filter_map(read).collect();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.extend(condition);
        Self { url: signed.url, headers }
    }
}

/// Pictures below an address.
#[derive(Debug, Clone)]
pub struct Http {
    /// Below which they are.
    pub(super) prefix: AddressPrefix,
    /// Sent with every request.
    pub(super) headers: HeaderMap,
    /// Where it may send us on to, beside itself.
    pub(super) redirects: Vec<AddressPrefix>,
}

/// Where a redirect leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Redirect {
    /// Its location is missing or no address.
    #[error("it redirects to nowhere")]
    Nowhere,
    /// It leads out of what the configuration allows.
    #[error("it redirects to where neither its url nor its redirects allow")]
    Outside,
}

/// A setting of an HTTP source that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// An address is none.
    #[error("'{text}': {error}")]
    Address {
        /// As it is written.
        text: String,
        /// What is wrong.
        error: AddressError,
    },
    /// A header cannot be sent.
    #[error("'{0}' is no header that can be sent")]
    Header(String),
}

impl Http {
    /// A source at an address. What it may redirect to is given likewise.
    pub fn new(url: &str, redirects: &[String], headers: &[(String, String)]) -> Result<Self, HttpError> {
        let prefix = |text: &str| {
            AddressPrefix::parse(text).map_err(|error| HttpError::Address { text: text.to_owned(), error })
        };
        let header = |(name, value): &(String, String)| {
            let fail = || HttpError::Header(name.clone());
            // These are ours to say.
            let own = [ACCEPT_ENCODING, IF_NONE_MATCH, IF_MODIFIED_SINCE, VIA, http::header::RANGE];
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fail())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| fail())?;
            value.set_sensitive(true);
            if own.contains(&name) { Err(fail()) } else { Ok((name, value)) }
        };
        Ok(Self {
            prefix: prefix(url)?,
            redirects: redirects.iter().map(|text| prefix(text)).collect::<Result<_, _>>()?,
            headers: headers.iter().map(header).collect::<Result<_, _>>()?,
        })
    }

    /// The address of a key below it; nothing where the source stands for several hosts.
    pub fn address(&self, key: &str, query: Option<&str>) -> Option<Address> {
        let root = self.prefix.address()?.as_str().trim_end_matches('/');
        let key = utf8_percent_encode(key, KEY);
        let address = query.map_or_else(|| format!("{root}/{key}"), |query| format!("{root}/{key}?{query}"));
        Address::parse(&address).ok()
    }

    /// The request for an address, unless it is still the version that is named.
    pub fn request(
        &self,
        address: &Address,
        condition: Option<(HeaderName, HeaderValue)>,
        via: &str,
    ) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("image/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("lenslet/", env!("CARGO_PKG_VERSION"))));
        headers.extend(self.headers.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Ok(via) = HeaderValue::from_str(via) {
            headers.insert(VIA, via);
        }
        headers.extend(condition);
        Outgoing { url: address.to_string(), headers }
    }

    /// Where an answer that came from an address sends us on to.
    pub fn follow(&self, from: &Address, answer: &HeaderMap) -> Result<Address, Redirect> {
        let location = answer.get(LOCATION).and_then(|value| value.to_str().ok()).ok_or(Redirect::Nowhere)?;
        let to = from.follow(location).map_err(|_| Redirect::Nowhere)?;
        let is_allowed =
            std::iter::once(&self.prefix).chain(&self.redirects).any(|prefix| prefix.covers(&to));
        if is_allowed { Ok(to) } else { Err(Redirect::Outside) }
    }
}

/// How we sign what we send on: with the host that was asked, so that a loop is told from a chain. What others signed
/// before is of no use to a source, but for those of us who were asked before.
pub fn via(before: Option<&str>, host: &str) -> String {
    let ours = sign(host);
    let hops = hops(before.unwrap_or_default()).chain(std::iter::once(ours.as_str()));
    hops.collect::<Vec<_>>().join(", ")
}

/// Whether a request went through us before, or through too many of us.
pub fn is_loop(via_of_request: &str, host: &str) -> bool {
    let ours = sign(host);
    hops(via_of_request).any(|hop| hop.eq_ignore_ascii_case(&ours))
        || hops(via_of_request).count() >= MOST_HOPS
}

/// A loop through hosts that are ever new ends here.
const MOST_HOPS: usize = 8;

fn sign(host: &str) -> String {
    format!("1.1 {host} ({})", super::VIA)
}

/// Those of us who signed.
fn hops(via: &str) -> impl Iterator<Item = &str> {
    let comment = format!(" ({})", super::VIA);
    let is_ours = move |hop: &&str| {
        let end = hop.len().checked_sub(comment.len()).and_then(|at| hop.get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(&comment))
    };
    via.split(',').map(str::trim).filter(is_ours)
}

/// What tells one version of a file from another, by the head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Changes whenever the bytes do; nothing where the answer has nothing that does.
    pub etag: Option<String>,
    /// When it was changed, in seconds since 1970; 0 where that is not said.
    pub modified_seconds: u64,
    /// Its bytes; nothing where that is not said.
    pub size_bytes: Option<u64>,
    /// The point that `gravity=auto` keeps, if it is said.
    pub focus: Option<Focus>,
}

/// Where an answer says which point of a picture matters: as S3 names what is written beside an object.
const FOCUS: HeaderName = HeaderName::from_static("x-amz-meta-focus");

/// The mark of an entity tag that is made of the time of the last change.
const BY_TIME: &str = "t:";

impl Head {
    /// Reads the headers of an answer of 200.
    pub fn read(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let modified = text(LAST_MODIFIED).and_then(|date| httpdate::parse_http_date(date).ok());
        let modified = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified_seconds = modified.map_or(0, |since| since.as_secs());
        // A body that is coded otherwise has another length.
        let is_plain = text(CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        let length = text(CONTENT_LENGTH).filter(|_| is_plain);
        let size_bytes = length.and_then(|length| length.parse().ok());
        let by_time = || {
            (modified_seconds > 0)
                .then(|| format!("{BY_TIME}{modified_seconds}:{}", length.unwrap_or_default()))
        };
        let focus = text(FOCUS).and_then(parse_focus);
        Self { etag: text(ETAG).map(opaque).or_else(by_time), modified_seconds, size_bytes, focus }
    }
}

/// An entity tag without quotes, and without the mark of the weak ones: whoever changes a picture changes that, too.
fn opaque(etag: &str) -> String {
    let etag = etag.trim();
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"').to_owned()
}

/// The header that asks for a file only where it is another version than this.
pub fn condition(etag: &str, modified_seconds: u64) -> Option<(HeaderName, HeaderValue)> {
    if etag.starts_with(BY_TIME) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified_seconds);
        return Some((IF_MODIFIED_SINCE, HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()?));
    }
    Some((IF_NONE_MATCH, HeaderValue::from_str(&format!("\"{etag}\", W/\"{etag}\"")).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn asks_for_a_picture_and_says_who_asks() {
        let secret = [("authorization".to_owned(), "Bearer x".to_owned())];
        let http = Http::new("https://o.example/p", &[], &secret).unwrap();
        let address = http.address("a b/c?.png", Some("v=1")).unwrap();
        let asked = http.request(&address, condition("abc", 0), &via(None, "pictures.example"));
        assert_eq!(asked.url, "https://o.example/p/a%20b/c%3F.png?v=1");
        let sent = |name| asked.headers.get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap());
        assert_eq!(sent(http::header::AUTHORIZATION), "Bearer x");
        assert_eq!(sent(IF_NONE_MATCH), "\"abc\", W/\"abc\"");
        assert_eq!(sent(VIA), "1.1 pictures.example (lenslet)");
        assert!(is_loop(&format!("1.0 fred, {}", sent(VIA)), "pictures.example"));
        assert!(!is_loop(sent(VIA), "other.example"));
        assert!(!format!("{asked:?}").contains("Bearer"));
    }

    #[test]
    fn follows_no_further_than_it_is_told() {
        let http = Http::new("https://o.example/p", &["https://*.cdn.example".to_owned()], &[]).unwrap();
        let from = http.address("a.png", None).unwrap();
        let to =
            |location: &str| http.follow(&from, &headers(&[(LOCATION, location)])).map(|to| to.to_string());
        assert_eq!(to("b.png").as_deref(), Ok("https://o.example/p/b.png"));
        assert_eq!(to("https://eu.cdn.example/x").as_deref(), Ok("https://eu.cdn.example/x"));
        assert_eq!(to("/q/b.png"), Err(Redirect::Outside));
        assert_eq!(to("http://169.254.169.254/latest"), Err(Redirect::Outside));
        assert_eq!(to("gopher://o.example/p"), Err(Redirect::Nowhere));
        assert_eq!(http.follow(&from, &HeaderMap::new()), Err(Redirect::Nowhere));
    }

    #[test]
    fn knows_a_version_by_its_tag_or_its_time() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let read = |pairs: &[(HeaderName, &str)]| Head::read(&headers(pairs));
        let tagged = read(&[(ETAG, "W/\"x\""), (LAST_MODIFIED, date), (CONTENT_LENGTH, "7")]);
        assert_eq!(
            tagged,
            Head {
                etag: Some("x".to_owned()),
                modified_seconds: 784_111_777,
                size_bytes: Some(7),
                focus: None
            }
        );
        let timed = read(&[(LAST_MODIFIED, date), (CONTENT_LENGTH, "7")]);
        assert_eq!(timed.etag.as_deref(), Some("t:784111777:7"));
        let (name, value) = condition("t:784111777:7", 784_111_777).unwrap();
        assert_eq!((name, value.to_str().unwrap()), (IF_MODIFIED_SINCE, date));
        assert_eq!(read(&[]), Head { etag: None, modified_seconds: 0, size_bytes: None, focus: None });
        assert_eq!(read(&[(CONTENT_LENGTH, "7"), (CONTENT_ENCODING, "gzip")]).size_bytes, None);
    }
}

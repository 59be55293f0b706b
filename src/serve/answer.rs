//! Answers: the headers each has, and how conditions and ranges cut them down.

use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    LOCATION, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::freshness::{Part, Validators, http_date};
use super::later::Later;
use super::ports::{CachedBody, Entry};
use super::problem::Problem;
use crate::negotiate::Dependence;

/// What goes back to the client.
#[derive(Debug)]
pub struct Answer<B> {
    /// Status code.
    pub status: StatusCode,
    /// Headers, `Content-Length` among them.
    pub headers: HeaderMap,
    /// Body.
    pub body: AnswerBody<B>,
    /// What to go on with once it is on its way.
    pub later: Vec<Later>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum AnswerBody<B> {
    /// None, as for HEAD and 304.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What the cache holds, handed on as it is.
    Cached(B),
}

/// A picture, or what is known of one, before conditions and ranges are looked at.
#[derive(Debug)]
pub(super) struct Representation {
    /// Its media type.
    pub content_type: &'static str,
    /// Its strong entity tag.
    pub etag: String,
    /// When its source was stored.
    pub modified_seconds: u64,
    /// What a purge calls it.
    pub cache_tag: String,
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The hints that a server asks for (RFC 8942).
const ACCEPT_CH: HeaderName = HeaderName::from_static("accept-ch");
const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// On every answer, errors included: nothing here may run, be sniffed or be kept from another site's page. Styles are those
/// of drawings; they load nothing.
const ALWAYS: [(&str, &str); 6] = [
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "Cache-Status, Content-Length, Content-Range, ETag, Last-Modified, RateLimit, RateLimit-Policy, Retry-After, Server-Timing",
    ),
    ("timing-allow-origin", "*"),
];

/// The headers that every answer has.
pub(super) fn always() -> HeaderMap {
    ALWAYS
        .iter()
        .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// A value out of text of ours; nothing where it holds what no header may.
pub(super) fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Some(value) = value(text) {
        headers.insert(name, value);
    }
}

/// A header with these names, where there are any.
fn list(headers: &mut HeaderMap, name: HeaderName, names: &[Option<&str>]) {
    let names: Vec<&str> = names.iter().copied().flatten().collect();
    if !names.is_empty() {
        set(headers, name, &names.join(", "));
    }
}

impl Representation {
    /// The headers that are kept beside the body in the cache.
    pub(super) fn headers(&self, length: usize) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        set(&mut headers, CONTENT_LENGTH, &length.to_string());
        set(&mut headers, ETAG, &self.etag);
        set(&mut headers, LAST_MODIFIED, &http_date(self.modified_seconds));
        set(&mut headers, CACHE_TAG, &self.cache_tag);
        headers
    }

    fn validators(&self) -> Validators<'_> {
        Validators { etag: &self.etag, modified_seconds: self.modified_seconds }
    }

    /// Whether the client named this very version as its copy.
    pub(super) fn is_named(&self, request: &HeaderMap) -> bool {
        self.validators().is_named(request)
    }
}

/// How an answer may be kept by the client, and how it came about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    /// `Cache-Control`'s `max-age`.
    pub max_age_seconds: u32,
    /// The same for caches in front of us, which clients do not notice (RFC 9213).
    pub shared_seconds: u32,
    /// Whether anybody may keep it for anybody.
    pub is_for_everyone: bool,
    /// Whether another `Accept` might have got another answer.
    pub varies_by_accept: bool,
    /// The hints that might have made another.
    pub depends: Dependence,
    /// Another header that it depends on.
    pub varies_by: Option<&'static str>,
    /// `Cache-Status` (RFC 9211), without the cache's name.
    pub cache_status: &'a str,
    /// Whether there may be a newer one.
    pub is_stale: bool,
}

/// An answer that may have been replaced is not kept for long.
const STALE_SECONDS: u32 = 10;

impl Delivery<'_> {
    fn apply(&self, headers: &mut HeaderMap) {
        headers.extend(always());
        let who = if self.is_for_everyone { "public" } else { "private" };
        let most = if self.is_stale { STALE_SECONDS } else { u32::MAX };
        let seconds = self.max_age_seconds.min(most);
        set(headers, CACHE_CONTROL, &format!("{who}, max-age={seconds}"));
        if self.is_for_everyone {
            set(headers, CDN_CACHE_CONTROL, &format!("max-age={}", seconds.min(self.shared_seconds)));
        }
        set(headers, CACHE_STATUS, &format!("lenslet; {}", self.cache_status));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if self.varies_by == Some("Cookie") {
            // Browsers send cookies by themselves: another site's page must not show what they open.
            set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-site");
        }
        let accept = self.varies_by_accept.then_some("Accept");
        let [width, device, connection] = self.depends.names();
        list(headers, VARY, &[accept, width, device, connection, self.varies_by]);
        list(headers, ACCEPT_CH, &self.depends.on_demand());
    }
}

/// 304: what the client has is still good.
pub(super) fn not_modified<B>(representation: &Representation, delivery: Delivery<'_>) -> Answer<B> {
    let mut headers = representation.headers(0);
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_TYPE);
    delivery.apply(&mut headers);
    Answer { status: StatusCode::NOT_MODIFIED, headers, body: AnswerBody::Empty, later: Vec::new() }
}

/// 200, 206 or 304 out of bytes at hand.
pub(super) fn whole<B>(
    request: (&Method, &HeaderMap),
    representation: &Representation,
    delivery: Delivery<'_>,
    bytes: Vec<u8>,
) -> Result<Answer<B>, Problem> {
    if representation.validators().is_unchanged(request.1) {
        return Ok(not_modified(representation, delivery));
    }
    let length = bytes.len() as u64;
    let part = representation.validators().range(request.1, length);
    let mut headers = representation.headers(bytes.len());
    delivery.apply(&mut headers);
    let (status, bytes) = match part {
        Part::Whole => (StatusCode::OK, bytes),
        Part::Unsatisfiable => return Err(Problem::Range { length }),
        Part::Bytes(range) => {
            set(&mut headers, CONTENT_LENGTH, &(range.end - range.start).to_string());
            set(&mut headers, CONTENT_RANGE, &format!("bytes {}-{}/{length}", range.start, range.end - 1));
            (StatusCode::PARTIAL_CONTENT, cut(bytes, &range))
        }
    };
    let body = if request.0 == Method::HEAD { AnswerBody::Empty } else { AnswerBody::Bytes(bytes) };
    Ok(Answer { status, headers, body, later: Vec::new() })
}

/// 200, 206 or 304 out of the cache. A body that nobody cuts is handed on without being read.
pub(super) async fn cached<B: CachedBody>(
    request: (&Method, &HeaderMap),
    representation: &Representation,
    delivery: Delivery<'_>,
    entry: Entry<B>,
) -> Result<Option<Answer<B>>, Problem> {
    let length = entry.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let Some(length) = length else { return Ok(None) };
    if representation.validators().is_unchanged(request.1) {
        return Ok(Some(not_modified(representation, delivery)));
    }
    if representation.validators().range(request.1, length) != Part::Whole {
        let kept = entry.headers.get(CONTENT_TYPE).cloned();
        let Some(bytes) = entry.body.into_bytes().await else { return Ok(None) };
        let mut answer = whole(request, representation, delivery, bytes)?;
        if let Some(content_type) = kept {
            answer.headers.insert(CONTENT_TYPE, content_type);
        }
        return Ok(Some(answer));
    }
    let mut headers = representation.headers(0);
    for name in [CONTENT_LENGTH, CONTENT_TYPE] {
        if let Some(value) = entry.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    delivery.apply(&mut headers);
    let body = if request.0 == Method::HEAD { AnswerBody::Empty } else { AnswerBody::Cached(entry.body) };
    Ok(Some(Answer { status: StatusCode::OK, headers, body, later: Vec::new() }))
}

/// Those bytes of a body.
fn cut(mut bytes: Vec<u8>, range: &std::ops::Range<u64>) -> Vec<u8> {
    let end = usize::try_from(range.end).unwrap_or(usize::MAX);
    let start = usize::try_from(range.start).unwrap_or(usize::MAX);
    bytes.truncate(end);
    bytes.drain(..start.min(bytes.len()));
    bytes
}

/// A problem document. Nobody keeps it.
pub(super) fn problem<B>(method: &Method, problem: &Problem) -> Answer<B> {
    let document = problem.document();
    let mut headers = always();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set(&mut headers, CONTENT_LENGTH, &document.len().to_string());
    match problem {
        Problem::Range { length } => set(&mut headers, CONTENT_RANGE, &format!("bytes */{length}")),
        Problem::Busy => set(&mut headers, RETRY_AFTER, "1"),
        Problem::NoIssuerKeys => set(&mut headers, RETRY_AFTER, "30"),
        Problem::TooMany(exceeded) => {
            set(&mut headers, RETRY_AFTER, &exceeded.period.to_string());
            for (name, text) in exceeded.headers() {
                set(&mut headers, HeaderName::from_static(name), &text);
            }
        }
        Problem::Refused(refusal) => {
            if let Some(challenge) = refusal.challenge() {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
        }
        Problem::Method => set(&mut headers, ALLOW, "GET, HEAD, OPTIONS"),
        _ => {}
    }
    let body = if *method == Method::HEAD { AnswerBody::Empty } else { AnswerBody::Bytes(document) };
    Answer { status: problem.status(), headers, body, later: Vec::new() }
}

/// 302 to the source, for `onerror=redirect`.
pub(super) fn redirect<B>(location: &str) -> Answer<B> {
    let mut headers = always();
    set(&mut headers, LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answer { status: StatusCode::FOUND, headers, body: AnswerBody::Empty, later: Vec::new() }
}

/// 204: what a page of another origin may do here.
pub(super) fn preflight<B>() -> Answer<B> {
    let mut headers = always();
    set(&mut headers, ALLOW, "GET, HEAD, OPTIONS");
    set(&mut headers, HeaderName::from_static("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    let asked = "Accept, Authorization, If-Modified-Since, If-None-Match, If-Range, Range";
    set(&mut headers, HeaderName::from_static("access-control-allow-headers"), asked);
    set(&mut headers, HeaderName::from_static("access-control-max-age"), "86400");
    Answer { status: StatusCode::NO_CONTENT, headers, body: AnswerBody::Empty, later: Vec::new() }
}

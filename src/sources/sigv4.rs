//! AWS Signature Version 4: what of a request is signed, and its signature.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
//!
//! Whoever makes a request puts the date, the token and what else its service wants among the headers (or, for signed
//! queries, into the query) and signs all of it. That this is done right is shown by AWS's own test suite (`tests/sigv4.rs`),
//! so none of the crates is used, of which each brings a second SHA-256: `aws-sigv4` 1.6 adds 65 KB of gzipped wasm, and
//! `rusty-s3` 0.11, which signs queries only, 159 KB. Absent: bodies signed in pieces, and Version 4A, which signs by ECDSA.

use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::Credentials;

/// The name of the algorithm.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The hash of a body of no bytes.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What of a query is written as it is: the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// And of a path.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Where and when a signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Such as `us-east-1`.
    pub region: &'a str,
    /// Such as `s3`.
    pub service: &'a str,
    /// When, in seconds since 1970.
    pub now_seconds: u64,
}

impl Scope<'_> {
    /// The time as requests give it: `20150830T123600Z`.
    pub fn timestamp(&self) -> String {
        let (minutes, second) = (self.now_seconds / 60, self.now_seconds % 60);
        let (hours, minute) = (minutes / 60, minutes % 60);
        format!("{}T{:02}{minute:02}{second:02}Z", self.date(), hours % 24)
    }

    /// The scope as requests name it.
    pub fn name(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date(), self.region, self.service)
    }

    fn date(&self) -> String {
        let (year, month, day) = civil_date(self.now_seconds / 86_400);
        format!("{year:04}{month:02}{day:02}")
    }
}

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path by the rules of the service, encoded by [`encode_path`]. S3 takes a key as it is; every other service takes
    /// the path that is sent, without its dots and empty steps ([`normalise_path`]), and so encodes it twice.
    pub path: &'a str,
    /// Its query, decoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Those of its headers that are signed, `host` at least.
    pub headers: &'a [(&'a str, &'a str)],
    /// The hash of its body, in hexadecimal.
    pub body_sha256: &'a str,
}

/// A signature and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The names of the signed headers.
    pub signed_headers: String,
    /// The request in its one spelling.
    pub canonical_request: String,
    /// What the key is applied to.
    pub string_to_sign: String,
    /// The signature, in hexadecimal.
    pub signature: String,
}

impl Signed {
    /// The header `Authorization`.
    pub fn authorization(&self, credentials: &Credentials, scope: &Scope<'_>) -> String {
        let (key, scope) = (credentials.access_key_id(), scope.name());
        let Self { signed_headers, signature, .. } = self;
        format!("{ALGORITHM} Credential={key}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
    }
}

/// Signs a request.
pub fn sign(request: &Request<'_>, credentials: &Credentials, scope: &Scope<'_>) -> Signed {
    let headers = canonical_headers(request.headers);
    let signed_headers = signed_headers(&headers);
    let canonical_request = canonical_request(request, &headers, &signed_headers);
    let hash = Sha256::digest(&canonical_request);
    let string_to_sign = format!("{ALGORITHM}\n{}\n{}\n{hash:x}", scope.timestamp(), scope.name());
    let signature = hex(&hmac(&signing_key(credentials, scope), &string_to_sign));
    Signed { signed_headers, canonical_request, string_to_sign, signature }
}

/// Percent-encodes all of a path but unreserved characters and slashes.
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Takes the steps `.`, `..` and empty ones out of a path (RFC 3986, section 5.2.4). Not for S3, whose keys may have them.
pub fn normalise_path(path: &str) -> String {
    let mut steps = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let ends_in_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let slash = if ends_in_folder && !steps.is_empty() { "/" } else { "" };
    format!("/{}{slash}", steps.join("/"))
}

/// Names in small letters, each once and in order; values with their white space made single spaces.
fn canonical_headers(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match all.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => all.push((name, value)),
        }
    }
    all.sort_unstable();
    all
}

fn signed_headers(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

fn canonical_request(request: &Request<'_>, headers: &[(String, String)], signed_headers: &str) -> String {
    let Request { method, path, query, body_sha256, .. } = request;
    let query = canonical_query(query);
    let headers = joined(headers, ":", "\n");
    format!("{method}\n{path}\n{query}\n{headers}\n\n{signed_headers}\n{body_sha256}")
}

fn canonical_query(query: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, UNRESERVED).to_string();
    let mut pairs: Vec<_> = query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    // By name and then by value: in pairs already joined, '=' would take part in the order.
    pairs.sort_unstable();
    joined(&pairs, "=", "&")
}

fn joined(pairs: &[(String, String)], sign: &str, separator: &str) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}{sign}{value}")).collect();
    pairs.join(separator)
}

/// The key of one day, region and service.
fn signing_key(credentials: &Credentials, scope: &Scope<'_>) -> [u8; 32] {
    let secret = format!("AWS4{}", credentials.secret_access_key());
    let day = hmac(secret.as_bytes(), &scope.date());
    let region = hmac(&day, scope.region);
    let service = hmac(&region, scope.service);
    hmac(&service, "aws4_request")
}

fn hmac(key: &[u8], message: &str) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    // Keys of all lengths are taken, so nothing is lost by the default.
    mac.map(|mac| mac.chain_update(message).finalize().into_bytes().into()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Year, month and day of a day that is counted from 1970-01-01, in years that begin with March:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_BEFORE_1970: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days_since_1970 + DAYS_BEFORE_1970;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for days in (0..100_000).chain([2_932_895, 2_932_896]) {
            let now_seconds = days * 86_400 + days % 86_400;
            let theirs = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now_seconds));
            let ours = Scope { region: "", service: "", now_seconds }.timestamp();
            // Sun, 30 Aug 2015 12:36:00 GMT
            let month = MONTHS.iter().position(|month| *month == &theirs[8..11]).unwrap() + 1;
            let time = theirs[17..25].replace(':', "");
            assert_eq!(ours, format!("{}{month:02}{}T{time}Z", &theirs[12..16], &theirs[5..7]), "{theirs}");
        }
        assert!(!Scope { region: "", service: "", now_seconds: u64::MAX }.timestamp().is_empty());
    }

    #[test]
    fn paths_are_normalised_like_urls() {
        for (path, normal) in [
            ("/", "/"),
            ("", "/"),
            ("//a//", "/a/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/../../a", "/a"),
            ("/./a/./b", "/a/b"),
            ("/..a/b..", "/..a/b.."),
        ] {
            assert_eq!(normalise_path(path), normal, "{path}");
        }
    }

    #[test]
    fn headers_are_joined_by_name_and_their_white_space_made_one() {
        let headers = [("X-B", " b  c\n\t d "), ("x-a", "2"), ("Host", "h"), ("X-A", "\"1   2\"")];
        let headers = canonical_headers(&headers);
        assert_eq!(joined(&headers, ":", "\n"), "host:h\nx-a:2,\"1 2\"\nx-b:b c d");
        assert_eq!(signed_headers(&headers), "host;x-a;x-b");
    }

    #[test]
    fn queries_are_ordered_by_name_and_then_by_value() {
        let query = [("a-", "1"), ("a", "2"), ("a", "1"), ("ä/", "+ "), ("Z", "")];
        assert_eq!(canonical_query(&query), "%C3%A4%2F=%2B%20&Z=&a=1&a=2&a-=1");
    }

    #[test]
    fn a_secret_of_any_length_signs_by_all_of_it() {
        let scope = Scope { region: "r", service: "s", now_seconds: 0 };
        let request =
            Request { method: "GET", path: "/", query: &[], headers: &[], body_sha256: EMPTY_SHA256 };
        let signature = |secret: String| {
            let json = format!(r#"{{"access_key_id":"a","secret_access_key":"{secret}"}}"#);
            sign(&request, &Credentials::parse(&json).unwrap(), &scope).signature
        };
        let mut all: Vec<String> = (1..200).map(|length| signature("s".repeat(length))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 199);
    }
}

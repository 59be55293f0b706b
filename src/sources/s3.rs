//! A bucket of a store that speaks S3, and the signed request for an object of it.
//!
//! Signed by headers: what travels in URLs ends up in logs. Absent: sending it, and everything but objects as a whole.

use http::Method;
use serde::Deserialize;

use super::Credentials;
use super::sigv4::{EMPTY_SHA256, Request, Scope, encode_path, sign};
use crate::address::{Address, AddressError};
use crate::recipe::check_key;

/// Where the bucket's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// In the path: `https://host/bucket/key`.
    #[default]
    Path,
    /// In the host: `https://bucket.host/key`.
    Virtual,
}

/// A bucket, or the part of it whose keys begin with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3 {
    /// With the bucket's name in it, if the style is that.
    endpoint: Address,
    /// Before the key: the bucket's name if it stands there, and the prefix.
    folder: String,
    /// How much of it is the prefix.
    prefix: String,
    region: String,
}

/// A bucket that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum S3Error {
    /// Its store is nowhere.
    #[error("the endpoint cannot be used: {0}")]
    Endpoint(#[from] AddressError),
    /// Its store has a path.
    #[error(
        "the endpoint is a host and perhaps a port, and nothing else; the bucket has a member of its own"
    )]
    Path,
    /// Requests that anybody on the way reads and repeats.
    #[error("an endpoint with 'http://' is for this machine only; others take 'https://'")]
    Insecure,
    /// No name of a bucket.
    #[error(
        "the bucket's name must have 3 to 63 characters of a-z, 0-9, '-' and '.', begin and end with a letter or \
         digit, have no two dots in a row and be no IPv4 address"
    )]
    Bucket,
    /// No name of a region.
    #[error(
        "the region must have 1 to 64 characters of A-Z, a-z, 0-9, '-' and '_', such as us-east-1 or auto"
    )]
    Region,
    /// No beginning of keys.
    #[error("the prefix must be empty, or end with a slash and have no empty step, '.', '..' or backslash")]
    Prefix,
    /// No host of that name can be reached.
    #[error(
        "style 'virtual' takes an endpoint with a name, and a bucket without a dot, which no certificate covers"
    )]
    Virtual,
}

/// A request that a store takes as ours for a few minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// Where to, in the spelling that URL parsers leave as it is.
    pub url: String,
    /// What must be sent with it; `host` is sent anyway. Others, such as `range`, may be added and are not signed.
    pub headers: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for SignedRequest {
    /// The headers would let others in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

impl S3 {
    /// A bucket by its endpoint, which names no bucket, its name, region, style, and the prefix of its keys.
    pub fn new(
        endpoint: &str,
        bucket: &str,
        region: &str,
        style: Style,
        prefix: &str,
    ) -> Result<Self, S3Error> {
        let endpoint = Address::parse(endpoint)?;
        if endpoint.path_and_query() != "/" {
            return Err(S3Error::Path);
        }
        if !endpoint.is_safe() {
            return Err(S3Error::Insecure);
        }
        if !is_bucket(bucket) {
            return Err(S3Error::Bucket);
        }
        if !is_region(region) {
            return Err(S3Error::Region);
        }
        if !is_prefix(prefix) {
            return Err(S3Error::Prefix);
        }
        let (endpoint, folder) = match style {
            Style::Path => (endpoint, format!("/{bucket}/{prefix}")),
            Style::Virtual if bucket.contains('.') => return Err(S3Error::Virtual),
            Style::Virtual => (endpoint.below(bucket).ok_or(S3Error::Virtual)?, format!("/{prefix}")),
        };
        Ok(Self { endpoint, folder, prefix: prefix.to_owned(), region: region.to_owned() })
    }

    /// The request for an object; nothing where no object has such a key, because it and the prefix are too long.
    pub fn request(
        &self,
        method: &Method,
        key: &str,
        credentials: &Credentials,
        now_seconds: u64,
    ) -> Option<SignedRequest> {
        check_key(&format!("{}{key}", self.prefix)).ok()?;
        let path = encode_path(&format!("{}{key}", self.folder));
        let scope = Scope { region: &self.region, service: "s3", now_seconds };
        let mut headers =
            vec![("x-amz-content-sha256", EMPTY_SHA256.to_owned()), ("x-amz-date", scope.timestamp())];
        headers.extend(credentials.session_token().map(|token| ("x-amz-security-token", token.to_owned())));
        let authorization = self.authorization(method, &path, &headers, credentials, &scope);
        headers.push(("authorization", authorization));
        let root = self.endpoint.as_str().trim_end_matches('/');
        Some(SignedRequest { url: format!("{root}{path}"), headers })
    }

    fn authorization(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&'static str, String)],
        credentials: &Credentials,
        scope: &Scope<'_>,
    ) -> String {
        let host = self.endpoint.authority();
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = headers.chain([("host", host)]).collect();
        let method = method.as_str();
        let request = Request { method, path, query: &[], headers: &headers, body_sha256: EMPTY_SHA256 };
        sign(&request, credentials, scope).authorization(credentials, scope)
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(name: &str) -> bool {
    let is_end = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_plain = |b: u8| is_end(b) || b == b'-' || b == b'.';
    (3..=63).contains(&name.len())
        && name.bytes().all(is_plain)
        && name.bytes().next().is_some_and(is_end)
        && name.bytes().next_back().is_some_and(is_end)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// It stands in headers, between slashes.
fn is_region(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_prefix(prefix: &str) -> bool {
    prefix.is_empty() || prefix.strip_suffix('/').is_some_and(|folder| check_key(folder).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://s3.example";

    fn request(bucket: &S3, key: &str, session_token: &str) -> Option<SignedRequest> {
        let json = format!(r#"{{"access_key_id":"AKIA","secret_access_key":"hunter2"{session_token}}}"#);
        bucket.request(&Method::GET, key, &Credentials::parse(&json).unwrap(), 1_700_000_000)
    }

    #[test]
    fn urls_follow_style_and_prefix() {
        for (endpoint, style, prefix, url) in [
            (ENDPOINT, Style::Path, "", "https://s3.example/pictures/a%20b.png"),
            (ENDPOINT, Style::Path, "2024/x y/", "https://s3.example/pictures/2024/x%20y/a%20b.png"),
            (ENDPOINT, Style::Virtual, "", "https://pictures.s3.example/a%20b.png"),
            (
                "https://s3.example:9000",
                Style::Virtual,
                "é/",
                "https://pictures.s3.example:9000/%C3%A9/a%20b.png",
            ),
            ("http://[::1]:80", Style::Path, "", "http://[::1]/pictures/a%20b.png"),
        ] {
            let bucket = S3::new(endpoint, "pictures", "auto", style, prefix).unwrap();
            assert_eq!(request(&bucket, "a b.png", "").map(|request| request.url).as_deref(), Some(url));
        }
    }

    #[test]
    fn styles_have_names_and_a_default() {
        let style = |json: &str| serde_json::from_str::<Style>(json).ok();
        assert_eq!((style(r#""path""#), style(r#""virtual""#)), (Some(Style::Path), Some(Style::Virtual)));
        assert_eq!((style(r#""Path""#), Style::default()), (None, Style::Path));
    }

    #[test]
    fn all_that_stores_look_at_is_signed() {
        let bucket = S3::new(ENDPOINT, "pictures", "auto", Style::Path, "").unwrap();
        let signed_by = |token: &str| {
            let headers = request(&bucket, "a", token).unwrap().headers;
            let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
            (names.join(";"), headers.last().unwrap().1.clone())
        };
        let (names, authorization) = signed_by("");
        assert_eq!(names, "x-amz-content-sha256;x-amz-date;authorization");
        assert!(
            authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date, "),
            "{authorization}"
        );
        let (names, authorization) = signed_by(r#","session_token":"t""#);
        assert_eq!(names, "x-amz-content-sha256;x-amz-date;x-amz-security-token;authorization");
        assert!(authorization.contains("x-amz-date;x-amz-security-token, "), "{authorization}");
    }

    #[test]
    fn each_part_makes_another_signature() {
        let signature = |region: &str, style: Style, prefix: &str, key: &str| {
            let bucket = S3::new(ENDPOINT, "pictures", region, style, prefix).unwrap();
            request(&bucket, key, "")
                .unwrap()
                .headers
                .last()
                .unwrap()
                .1
                .rsplit_once('=')
                .unwrap()
                .1
                .to_owned()
        };
        let mut all = vec![
            signature("auto", Style::Path, "", "a"),
            signature("us-east-1", Style::Path, "", "a"),
            signature("auto", Style::Virtual, "", "a"),
            signature("auto", Style::Path, "b/", "a"),
            signature("auto", Style::Path, "", "b"),
        ];
        // The same object is asked for in the same way.
        assert_eq!(signature("auto", Style::Path, "", "b/a"), all[3]);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn refuses_what_is_no_bucket() {
        use S3Error::{Bucket, Endpoint, Insecure, Path, Prefix, Region, Virtual};
        const PATH: Style = Style::Path;
        let [long, longer] = [64, 65].map(|length| "a".repeat(length));
        let local = "http://127.0.0.1:9000";
        for (endpoint, bucket, region, style, prefix, error) in [
            ("http://s3.example", "abc", "auto", PATH, "", Insecure),
            ("http://localhost.example", "abc", "auto", PATH, "", Insecure),
            ("s3.example", "abc", "auto", PATH, "", Endpoint(AddressError::Scheme)),
            ("https://u:p@s3.example", "abc", "auto", PATH, "", Endpoint(AddressError::Host)),
            ("https://s3.example/bucket", "abc", "auto", PATH, "", Path),
            (ENDPOINT, "ab", "auto", PATH, "", Bucket),
            (ENDPOINT, long.as_str(), "auto", PATH, "", Bucket),
            (ENDPOINT, "Abc", "auto", PATH, "", Bucket),
            (ENDPOINT, "a_c", "auto", PATH, "", Bucket),
            (ENDPOINT, "a/c", "auto", PATH, "", Bucket),
            (ENDPOINT, "abc-", "auto", PATH, "", Bucket),
            (ENDPOINT, ".abc", "auto", PATH, "", Bucket),
            (ENDPOINT, "a..c", "auto", PATH, "", Bucket),
            (ENDPOINT, "192.0.2.7", "auto", PATH, "", Bucket),
            (ENDPOINT, "abc", "", PATH, "", Region),
            (ENDPOINT, "abc", "eu/s3", PATH, "", Region),
            (ENDPOINT, "abc", longer.as_str(), PATH, "", Region),
            (ENDPOINT, "abc", "auto", PATH, "/", Prefix),
            (ENDPOINT, "abc", "auto", PATH, "a", Prefix),
            (ENDPOINT, "abc", "auto", PATH, "/a/", Prefix),
            (ENDPOINT, "abc", "auto", PATH, "a//", Prefix),
            (ENDPOINT, "abc", "auto", PATH, "../", Prefix),
            (ENDPOINT, "a.c", "auto", Style::Virtual, "", Virtual),
            (local, "abc", "auto", Style::Virtual, "", Virtual),
        ] {
            let made = S3::new(endpoint, bucket, region, style, prefix);
            assert_eq!(made, Err(error), "{endpoint} {bucket} {region} {prefix}");
        }
        assert!(S3::new(local, "0.a-9", "eu_1", PATH, "a/b/").is_ok());
        assert!(S3::new(ENDPOINT, &"a".repeat(63), &long, Style::Virtual, "").is_ok());
    }

    #[test]
    fn neither_secret_nor_signature_nor_token_is_printed() {
        let bucket = S3::new(ENDPOINT, "pictures", "auto", Style::Path, "").unwrap();
        let shown = format!("{:?}", request(&bucket, "a.png", r#","session_token":"token9""#).unwrap());
        assert!(shown.contains("https://s3.example/pictures/a.png"), "{shown}");
        assert!(!["hunter2", "token9", "Signature="].iter().any(|part| shown.contains(part)), "{shown}");
    }
}

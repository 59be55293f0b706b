//! Signed URLs: an HMAC over the path and query exactly as they are sent.
//!
//! `…?<source query>&any=<set>&exp=<seconds>&kid=<name>&sig=<base64url>`, in this order and at the end; `any` and `exp`
//! may be missing. The message is `lenslet-url-1`, a line feed, and then all of it up to `&sig=`. Nothing is reordered or
//! decoded before it is checked, so no other spelling of a signed URL is signed.
//!
//! With `any=width.320.640.1280` the signature is that of the URL with `width=*`, and any of these widths may stand there.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::key::{Algorithm, is_plain_name};
use super::key_set::KeySet;
use super::signing::SigningKey;
use super::{decode, encode};
use crate::recipe::PREFIXES;

/// Keeps these signatures apart from all others that the key might make.
const CONTEXT: &str = "lenslet-url-1\n";

/// The parameters that are ours, wherever they stand. A source's own may be sent percent-encoded with the source.
const OURS: [&str; 5] = ["any", "exp", "kid", "sig", "token"];

/// What of a URL is written as it is. Browsers and proxies change none of these, and send the others percent-encoded.
const SAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'%')
    .remove(b'?');

/// Why a signed URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The parts of a signature are incomplete, repeated, out of order, or not what they should be.
    #[error("'any', 'exp', 'kid' and 'sig' must end the query, in this order and once each")]
    Malformed,
    /// No such key, or not its signature.
    #[error("the signature is not valid")]
    Refused,
    /// It was valid until then.
    #[error("the signature has expired")]
    Expired,
}

/// The parts of a signature as they stand in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail<'a> {
    any: Option<&'a str>,
    exp: Option<u64>,
    kid: &'a str,
    sig: &'a str,
}

impl<'a> Tail<'a> {
    /// The key it names.
    pub(super) fn kid(&self) -> &'a str {
        self.kid
    }

    /// Reads the last parameters of a query; answers them and what comes before.
    pub(super) fn split(query: &'a str) -> Result<(&'a str, Self), SignatureError> {
        let mut rest = query;
        let mut last = |name: &str| {
            let (before, pair) = rest.rsplit_once('&').unwrap_or(("", rest));
            let value = pair.strip_prefix(name)?.strip_prefix('=')?;
            rest = before;
            Some(value)
        };
        let (sig, kid) = (last("sig"), last("kid"));
        let (exp, any) = (last("exp"), last("any"));
        let (Some(sig), Some(kid)) = (sig, kid) else { return Err(SignatureError::Malformed) };
        let exp = exp.map(|text| seconds(text).ok_or(SignatureError::Malformed)).transpose()?;
        Ok((rest, Self { any, exp, kid, sig }))
    }
}

/// A URL whose signature is valid now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedUrl<'a> {
    /// The key that signed it.
    pub kid: &'a str,
    /// When it stops being valid, in seconds since 1970.
    pub expires: Option<u64>,
    /// What of the query is the source's.
    pub source_query: Option<&'a str>,
}

/// Checks the signature of a request's path and query.
pub fn verify_url<'a>(
    keys: &KeySet,
    path: &str,
    query: &'a str,
    now_seconds: u64,
) -> Result<SignedUrl<'a>, SignatureError> {
    let (source_query, tail) = Tail::split(query)?;
    let signed_path = match tail.any {
        None => Cow::Borrowed(path),
        Some(any) => Cow::Owned(generalised(path, any).ok_or(SignatureError::Malformed)?),
    };
    let (signed_query, _) = query.rsplit_once("&sig=").ok_or(SignatureError::Malformed)?;
    let signature = decode(tail.sig).ok_or(SignatureError::Refused)?;
    let message = message(&signed_path, signed_query);
    keys.signer(Algorithm::Hs256, Some(tail.kid), message.as_bytes(), &signature)
        // A key without a name signs for nobody: policies list keys by their names.
        .filter(|key| key.kid() == Some(tail.kid))
        .ok_or(SignatureError::Refused)?;
    if tail.exp.is_some_and(|expires| expires <= now_seconds) {
        return Err(SignatureError::Expired);
    }
    let source_query = Some(source_query).filter(|query| !query.is_empty());
    Ok(SignedUrl { kid: tail.kid, expires: tail.exp, source_query })
}

/// Signs a path and query, which are [normalised](normalise) first. For a set, the path has `name=*` and `any` is that
/// name with its values, `name.value.value`.
pub fn sign_url(
    key: &SigningKey,
    path_and_query: &str,
    expires: Option<u64>,
    any: Option<&str>,
) -> Result<String, SignatureError> {
    if key.algorithm() != Algorithm::Hs256 || !is_plain_name(key.kid()) {
        return Err(SignatureError::Refused);
    }
    let mut url = normalise(path_and_query);
    // What looks like a part of the signature would become one, or be refused later.
    if url.split_once('?').is_some_and(|(_, query)| own_parameter(query).is_some()) {
        return Err(SignatureError::Malformed);
    }
    url.push(if url.contains('?') { '&' } else { '?' });
    if let Some(any) = any {
        let path = url.split_once('?').map_or("", |(path, _)| path);
        let (name, values) = any.split_once('.').ok_or(SignatureError::Malformed)?;
        let first = values.split('.').next().unwrap_or_default();
        if !values.split('.').all(|value| is_one_of(value, values)) {
            return Err(SignatureError::Malformed);
        }
        // What the edge will find where one of the set stands must be what was signed.
        let one = path.replace(&format!("{name}=*"), &format!("{name}={first}"));
        if generalised(&one, any).as_deref() != Some(path) || !any.bytes().all(|b| b == b'.' || is_plain(b)) {
            return Err(SignatureError::Malformed);
        }
        url.extend(["any=", any, "&"]);
    }
    if let Some(expires) = expires {
        url.extend(["exp=", &expires.to_string(), "&"]);
    }
    url.extend(["kid=", key.kid()]);
    let (path, query) = url.split_once('?').ok_or(SignatureError::Malformed)?;
    let signature = key.sign(message(path, query).as_bytes());
    url.extend(["&sig=", &encode(&signature)]);
    Ok(url)
}

/// A path and query as browsers send them: whatever they would encode is encoded, the rest stays.
pub fn normalise(path_and_query: &str) -> String {
    let (before_fragment, _) = path_and_query.split_once('#').unwrap_or((path_and_query, ""));
    utf8_percent_encode(before_fragment, SAFE).to_string()
}

/// The first parameter of a source's query that has a name of ours.
pub fn own_parameter(query: &str) -> Option<&str> {
    query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair)).find(|name| OURS.contains(name))
}

fn message(path: &str, signed_query: &str) -> String {
    [CONTEXT, path, "?", signed_query].concat()
}

/// The path with `name=*` where one of the set's values stands.
fn generalised(path: &str, any: &str) -> Option<String> {
    let (name, values) = any.split_once('.')?;
    let prefix = PREFIXES.into_iter().find(|prefix| path.starts_with(prefix))?;
    let (options, source) = path.strip_prefix(prefix)?.split_once('/')?;
    let mut found = 0;
    let pairs: Vec<Cow<'_, str>> = options
        .split(',')
        .map(|pair| match pair.split_once('=') {
            Some((named, value)) if named == name => {
                // A value outside of the set makes the path one that was never signed.
                found += if is_one_of(value, values) { 1 } else { 2 };
                Cow::Owned(format!("{name}=*"))
            }
            _ => Cow::Borrowed(pair),
        })
        .collect();
    (found == 1).then(|| format!("{prefix}{}/{source}", pairs.join(",")))
}

fn is_one_of(value: &str, values: &str) -> bool {
    !value.is_empty() && value.bytes().all(is_plain) && values.split('.').any(|one| one == value)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Whole seconds in their only spelling.
fn seconds(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"a","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA"},
        {"kty":"oct","kid":"b","k":"xJ3kWZ0s4y8M1nQ7rT5vB2dF6hL9pK0aYcEgUiOmRSw"}]}"#;

    fn signed(url: &str, expires: Option<u64>, any: Option<&str>) -> String {
        sign_url(&SigningKey::parse(KEYS.as_bytes()).unwrap(), url, expires, any).unwrap()
    }

    fn verified(url: &str, now: u64) -> Result<SignedUrl<'_>, SignatureError> {
        let (path, query) = url.split_once('?').unwrap();
        verify_url(&KeySet::parse(KEYS.as_bytes()).unwrap(), path, query, now)
    }

    #[test]
    fn what_was_signed_is_valid_until_it_expires() {
        let url = signed("/image/width=800/a b.png?v=2", Some(100), None);
        assert!(url.starts_with("/image/width=800/a%20b.png?v=2&exp=100&kid=a&sig="), "{url}");
        let expected = SignedUrl { kid: "a", expires: Some(100), source_query: Some("v=2") };
        assert_eq!(verified(&url, 99), Ok(expected));
        assert_eq!(verified(&url, 100), Err(SignatureError::Expired));
        assert_eq!(verified(&signed("/image/width=800/a.png", None, None), u64::MAX).unwrap().expires, None);
    }

    #[test]
    fn no_other_url_has_the_signature() {
        let url = signed("/image/width=800/a.png?v=2", Some(100), None);
        for (from, to) in [
            ("width=800", "width=801"),
            ("width=800", "w=800"),
            ("/image/", "/cdn-cgi/image/"),
            ("a.png", "%61.png"),
            ("v=2", "v=3"),
            ("?v=2&", "?"),
            ("exp=100", "exp=101"),
            ("exp=100", "exp=0100"),
            ("exp=100&", ""),
            ("kid=a", "kid=b"),
            ("kid=a", "kid=c"),
            ("exp=100&kid=a", "kid=a&exp=100"),
            ("exp=100", "exp=100&exp=100"),
            ("kid=a", "any=width.800&kid=a"),
        ] {
            assert!(verified(&url.replace(from, to), 1).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn a_set_covers_its_members_only() {
        let url = signed("/image/width=*,format=auto/a.png", Some(100), Some("width.320.640"));
        for (width, is_valid) in
            [("320", true), ("640", true), ("641", false), ("*", false), ("320.640", false)]
        {
            let one = url.replace("width=*", &format!("width={width}"));
            assert_eq!(verified(&one, 1).is_ok(), is_valid, "{width}");
        }
        let one = url.replace("width=*", "width=320");
        assert!(verified(&one.replace("any=width.320.640", "any=width.320.640.800"), 1).is_err());
        assert!(verified(&one.replace("width=320", "width=320,width=640"), 1).is_err());
        let key = SigningKey::parse(KEYS.as_bytes()).unwrap();
        for (path, any) in [
            ("/image/width=5/a.png", "width.5"),
            ("/image/width=*/a", "width"),
            ("/image/width=*/a", "width."),
            ("/image/width=*/a", "width.5.6&exp=9"),
            ("/image/width=*/width=*", "width.5"),
            ("/a", "width.1"),
        ] {
            assert_eq!(sign_url(&key, path, None, Some(any)), Err(SignatureError::Malformed), "{path} {any}");
        }
    }

    #[test]
    fn signs_nothing_that_reads_as_a_part_of_the_signature() {
        let key = SigningKey::parse(KEYS.as_bytes()).unwrap();
        for query in ["any=width.320", "exp=9999999999", "v=2&kid=b", "sig=x", "token=x", "exp"] {
            let url = format!("/image/width=*/a.png?{query}");
            assert_eq!(sign_url(&key, &url, None, None), Err(SignatureError::Malformed), "{query}");
        }
        let any = Some("width.320&exp=9999999999");
        assert_eq!(sign_url(&key, "/image/width=*/a.png", None, any), Err(SignatureError::Malformed));
    }

    #[test]
    fn a_key_without_a_name_signs_no_urls() {
        let nameless = r#"{"kty":"oct","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA"}"#;
        let url = signed("/image/width=800/a.png", None, None);
        let (path, query) = url.split_once('?').unwrap();
        let keys = KeySet::parse(nameless.as_bytes()).unwrap();
        assert_eq!(verify_url(&keys, path, query, 1), Err(SignatureError::Refused));
    }

    #[test]
    fn a_key_that_no_url_can_name_signs_none() {
        let keys = KEYS.replace(r#""kid":"a""#, r#""kid":"a&exp=9""#);
        let key = SigningKey::parse(keys.as_bytes()).unwrap();
        assert_eq!(sign_url(&key, "/a.png", None, None), Err(SignatureError::Refused));
        let set = KeySet::parse(keys.as_bytes()).unwrap();
        assert!(set.check_all(Algorithm::Hs256).is_err());
    }
}

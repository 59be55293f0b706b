//! Presigned URLs, by AWS Signature Version 4 in the query: each is good for one method, key and set of headers, for some
//! time. `object_store` signs such, too, but not the length of what may be sent.
//!
//! A bucket that speaks S3 takes them itself. Of a folder, this service takes them at `/objects/<key>`, signed by a secret
//! of the folder's own, so that clients have one protocol whatever the store is.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lenslet::sources::Credentials;
use lenslet::sources::sigv4::{ALGORITHM, Request, Scope, encode_path, sign};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::objects::Presigned;

/// The name of the folder's key.
const KEY_ID: &str = "lenslet";
/// What is signed instead of the hash of a body that nobody has seen yet.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// S3 takes no longer ones.
const LONGEST_SECONDS: u64 = 604_800;

/// Signs URLs, and knows its own again.
#[derive(Debug)]
pub struct UrlSigner {
    credentials: Credentials,
    region: String,
    /// Scheme, host and port.
    origin: String,
    /// What stands before keys, without a slash at its end.
    folder: String,
}

/// A request to be signed.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// `PUT` and so on.
    pub method: &'a str,
    /// The object.
    pub key: &'a str,
    /// What its query says besides: the part.
    pub query: &'a [(&'a str, &'a str)],
    /// The headers that must come with it, in small letters.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Why a URL is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not signed, or not so that we could tell.
    #[error("the URL's {name} is missing or cannot be read")]
    Parameter {
        /// Which part of its query.
        name: &'static str,
    },
    /// Another key signed it.
    #[error("the URL was signed by somebody else")]
    Foreign,
    /// Its time is over, or has not come.
    #[error("the URL has expired; ask for the upload to get a fresh one")]
    Expired,
    /// A header that was signed is not there.
    #[error("the header {name} must be sent as it was signed")]
    Header {
        /// Which.
        name: String,
    },
    /// Method, key, query or a header is another one.
    #[error(
        "the signature does not fit: method, key, query and the headers {headers} must be as they were signed"
    )]
    Mismatch {
        /// Those that were signed.
        headers: String,
    },
}

impl UrlSigner {
    /// The signer of a folder, whose secret is kept there.
    pub fn open(folder: &Path, public_url: &str) -> std::io::Result<Self> {
        let path = folder.join(".url-secret");
        let secret = match std::fs::read_to_string(&path) {
            Ok(secret) if secret.len() >= 43 => secret,
            Ok(_) => return Err(std::io::Error::other(format!("{} holds no secret", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => new_secret(&path)?,
            Err(error) => return Err(error),
        };
        let json = serde_json::json!({ "access_key_id": KEY_ID, "secret_access_key": secret });
        let credentials = Credentials::parse(&json.to_string()).map_err(std::io::Error::other)?;
        Ok(Self::new(credentials, "folder", &format!("{public_url}/objects")))
    }

    /// The signer of a bucket, by the bucket's address.
    pub fn new(credentials: Credentials, region: &str, address: &str) -> Self {
        let host = address.find("://").map_or(0, |at| at + 3);
        let end = address.get(host..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| host + at);
        let (origin, folder) = address.split_at(end);
        let (origin, folder) = (origin.to_owned(), folder.trim_end_matches('/').to_owned());
        Self { credentials, region: region.to_owned(), origin, folder }
    }

    /// A URL for one request.
    pub fn sign(&self, what: &ToSign<'_>, now_seconds: u64, seconds: u64) -> Presigned {
        let scope = self.scope(now_seconds);
        let signed_headers = signed_headers(what.headers);
        let credential = format!("{}/{}", self.credentials.access_key_id(), scope.name());
        let expires = seconds.to_string();
        let timestamp = scope.timestamp();
        let mut query = what.query.to_vec();
        query.extend([
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &timestamp),
            ("X-Amz-Expires", &expires),
            ("X-Amz-SignedHeaders", &signed_headers),
        ]);
        query.extend(self.credentials.session_token().map(|token| ("X-Amz-Security-Token", token)));
        let signature = self.signature(what.method, what.key, &query, what.headers, &scope);
        query.push(("X-Amz-Signature", &signature));
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let url = format!("{}{}/{}?{}", self.origin, self.folder, encode_path(what.key), query.join("&"));
        let headers = what.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Presigned { url, headers: headers.collect() }
    }

    /// Whether a request is one that was signed here and is still good. Answers its query without what signs it.
    pub fn verify(
        &self,
        method: &str,
        key: &str,
        raw_query: &str,
        header: impl Fn(&str) -> Option<String>,
        now_seconds: u64,
    ) -> Result<BTreeMap<String, String>, UrlError> {
        let mut query = read_query(raw_query).ok_or(UrlError::Parameter { name: "query" })?;
        let signature =
            query.remove("X-Amz-Signature").ok_or(UrlError::Parameter { name: "X-Amz-Signature" })?;
        let part = |name: &'static str| query.get(name).cloned().ok_or(UrlError::Parameter { name });
        if part("X-Amz-Algorithm")? != ALGORITHM {
            return Err(UrlError::Parameter { name: "X-Amz-Algorithm" });
        }
        let signed_at = read_time(&part("X-Amz-Date")?).ok_or(UrlError::Parameter { name: "X-Amz-Date" })?;
        let seconds = part("X-Amz-Expires")?.parse().ok().filter(|seconds| *seconds <= LONGEST_SECONDS);
        let seconds = seconds.ok_or(UrlError::Parameter { name: "X-Amz-Expires" })?;
        let scope = self.scope(signed_at);
        if part("X-Amz-Credential")? != format!("{}/{}", self.credentials.access_key_id(), scope.name()) {
            return Err(UrlError::Foreign);
        }
        let names = part("X-Amz-SignedHeaders")?;
        let headers = names.split(';').filter(|name| *name != "host").map(|name| match header(name) {
            Some(value) => Ok((name, value)),
            None => Err(UrlError::Header { name: name.to_owned() }),
        });
        let headers: Vec<(&str, String)> = headers.collect::<Result<_, _>>()?;
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pairs: Vec<(&str, &str)> =
            query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let ours = self.signature(method, key, &pairs, &headers, &scope);
        if !is_same(ours.as_bytes(), signature.as_bytes()) {
            return Err(UrlError::Mismatch { headers: names });
        }
        // Last: of what we did not sign, not even the time means anything.
        if now_seconds >= signed_at.saturating_add(seconds) {
            return Err(UrlError::Expired);
        }
        query.retain(|name, _| !name.starts_with("X-Amz-"));
        Ok(query)
    }

    fn signature(
        &self,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        scope: &Scope<'_>,
    ) -> String {
        // The name that clients know: behind a proxy, that of the request is another.
        let host = self.origin.split_once("://").map_or("", |(_, host)| host);
        let mut headers = headers.to_vec();
        headers.push(("host", host));
        let path = format!("{}/{}", self.folder, encode_path(key));
        let request = Request { method, path: &path, query, headers: &headers, body_sha256: UNSIGNED };
        sign(&request, &self.credentials, scope).signature
    }

    fn scope(&self, now_seconds: u64) -> Scope<'_> {
        Scope { region: &self.region, service: "s3", now_seconds }
    }
}

fn signed_headers(headers: &[(&str, &str)]) -> String {
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).chain(["host"]).collect();
    names.sort_unstable();
    names.join(";")
}

/// 32 random bytes, for this process's user alone.
fn new_secret(path: &Path) -> std::io::Result<String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(std::io::Error::other)?;
    let secret = URL_SAFE_NO_PAD.encode(bits);
    // Written aside and linked, so that of two processes that start at once both have the same, whole one.
    let aside = path.with_extension(std::process::id().to_string());
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    match linked {
        Ok(()) => Ok(secret),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => std::fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

fn encode(text: &str) -> String {
    const UNRESERVED: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Each name once, or the query is none of ours.
fn read_query(raw: &str) -> Option<BTreeMap<String, String>> {
    let mut query = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        if query.insert(decode(name)?, decode(value)?).is_some() {
            return None;
        }
    }
    Some(query)
}

/// `20150830T123600Z`, as [`Scope::timestamp`] writes it.
fn read_time(text: &str) -> Option<u64> {
    let time = chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
    u64::try_from(time.and_utc().timestamp()).ok()
}

/// Takes the same time wherever they differ.
fn is_same(ours: &[u8], theirs: &[u8]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> UrlSigner {
        let json = format!(r#"{{"access_key_id":"lenslet","secret_access_key":"{secret}"}}"#);
        UrlSigner::new(Credentials::parse(&json).unwrap(), "folder", "http://o.example:1/objects")
    }

    const NOW: u64 = 1_767_225_600;
    const HEADERS: &[(&str, &str)] = &[("content-length", "5"), ("content-type", "image/png")];

    fn header(name: &str) -> Option<String> {
        HEADERS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn knows_its_own_urls_and_no_others() {
        let ours = signer("a");
        let what =
            ToSign { method: "PUT", key: "uploads/a b~ü", query: &[("partNumber", "1")], headers: HEADERS };
        let url = ours.sign(&what, NOW, 60).url;
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, "http://o.example:1/objects/uploads/a%20b~%C3%BC");
        let verify = |signer: &UrlSigner, method, key, query: &str, now| {
            signer.verify(method, key, query, header, now)
        };
        let rest = verify(&ours, "PUT", what.key, query, NOW + 59).unwrap();
        assert_eq!(rest.into_iter().collect::<Vec<_>>(), [("partNumber".to_owned(), "1".to_owned())]);
        let mismatch = UrlError::Mismatch { headers: "content-length;content-type;host".to_owned() };
        for (what, outcome, expected) in [
            ("expired", verify(&ours, "PUT", what.key, query, NOW + 60), UrlError::Expired),
            ("method", verify(&ours, "GET", what.key, query, NOW), mismatch.clone()),
            ("key", verify(&ours, "PUT", "uploads/b", query, NOW), mismatch.clone()),
            ("signer", verify(&signer("b"), "PUT", what.key, query, NOW), mismatch.clone()),
            (
                "longer",
                verify(&ours, "PUT", what.key, &query.replace("Expires=60", "Expires=61"), NOW),
                mismatch.clone(),
            ),
            (
                "part",
                verify(&ours, "PUT", what.key, &query.replace("Number=1", "Number=2"), NOW),
                mismatch.clone(),
            ),
            (
                "name",
                verify(&ours, "PUT", what.key, &query.replace("=lenslet", "=other"), NOW),
                UrlError::Foreign,
            ),
            (
                "unsigned",
                verify(&ours, "PUT", what.key, "", NOW),
                UrlError::Parameter { name: "X-Amz-Signature" },
            ),
            (
                "twice",
                verify(&ours, "PUT", what.key, &format!("{query}&partNumber=1"), NOW),
                UrlError::Parameter { name: "query" },
            ),
        ] {
            assert_eq!(outcome, Err(expected), "{what}");
        }
        let other = ours.verify("PUT", what.key, query, |_| Some("6".to_owned()), NOW);
        assert_eq!(other, Err(mismatch));
        let none = ours.verify("PUT", what.key, query, |_| None, NOW);
        assert_eq!(none, Err(UrlError::Header { name: "content-length".to_owned() }));
    }
}

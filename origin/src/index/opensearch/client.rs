//! How a cluster is spoken to.

use std::time::Duration;

use lenslet::address::Address;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::Ready;
use crate::config::OpenSearchConfig;
use crate::index::search::SearchError;
use crate::work::JobError;

/// Who has not answered by then is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of ours is longer.
const LONGEST_ANSWER: usize = 16 << 20;
/// So much of what a cluster says is told on.
const MOST_QUOTED: usize = 300;

/// A cluster, and the index there that is ours.
#[derive(Debug)]
pub struct OpenSearch {
    client: Client,
    url: String,
    index: String,
    authorization: Option<HeaderValue>,
    pub(super) ready: Ready,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// Another time there may be one.
    #[error("OpenSearch: {0}")]
    Away(String),
    /// To this there never will be one.
    #[error("OpenSearch: {0}")]
    Refused(String),
}

impl Failure {
    /// Something that is not the cluster's fault.
    pub(super) fn of(error: &impl ToString) -> Self {
        Self::Refused(error.to_string())
    }

    fn new(status: StatusCode, reason: String) -> Self {
        let is_away = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        // Whoever sets the password right need not write all pictures anew.
        let is_locked = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if is_away || is_locked { Self::Away(reason) } else { Self::Refused(reason) }
    }
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(_) => Self::Later(failure.to_string()),
            Failure::Refused(_) => Self::Hopeless(failure.to_string()),
        }
    }
}

impl From<Failure> for SearchError {
    fn from(failure: Failure) -> Self {
        Self::Engine(failure.to_string())
    }
}

impl OpenSearch {
    /// Speaks to nobody yet.
    pub fn new(config: &OpenSearchConfig) -> Result<Self, reqwest::Error> {
        let client =
            Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        let authorization = config.authorization.as_ref().and_then(|secret| {
            let mut value = HeaderValue::from_str(&secret.0).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let (url, index) = (config.url.clone(), config.index.clone());
        Ok(Self { client, url, index, authorization, ready: Ready::default() })
    }

    pub(super) fn index(&self) -> &str {
        &self.index
    }

    pub(super) async fn put(&self, path: &str, body: String) -> Result<(), Failure> {
        self.send(Method::PUT, path, "application/json", body).await.map(drop)
    }

    pub(super) async fn post(
        &self,
        path: &str,
        media_type: &'static str,
        body: String,
    ) -> Result<Value, Failure> {
        self.send(Method::POST, path, media_type, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        media_type: &'static str,
        body: String,
    ) -> Result<Value, Failure> {
        let away = |error: reqwest::Error| Failure::Away(error.without_url().to_string());
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.header(CONTENT_TYPE, media_type).body(body);
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let mut response = request.send().await.map_err(away)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(away)? {
            if bytes.len() + piece.len() > LONGEST_ANSWER {
                return Err(Failure::Refused("its answer is too long".to_owned()));
            }
            bytes.extend_from_slice(&piece);
        }
        if !status.is_success() {
            let said: String = String::from_utf8_lossy(&bytes).chars().take(MOST_QUOTED).collect();
            return Err(Failure::new(status, format!("{}: {said}", status.as_u16())));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Away(format!("its answer is no JSON: {error}")))
    }
}

/// The address of a cluster, the path of an index, and who asks: `https://user:password@host:9200/lenslet`.
pub(crate) fn parse(url: &str) -> Result<OpenSearchConfig, String> {
    let (scheme, rest) = url.split_once("://").ok_or("has no https:// before its host")?;
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let (host, index) =
        rest.split_once('/').ok_or("ends in no name of an index, as in https://host:9200/lenslet")?;
    let index = index.trim_end_matches('/');
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if index.is_empty() || index.len() > 200 || index.starts_with(['-', '_']) || !index.bytes().all(is_name) {
        return Err("has no plain name of an index (a-z, 0-9, '-', '_') behind its host".to_owned());
    }
    let address =
        Address::parse(&format!("{scheme}://{host}")).map_err(|error| format!("is no address: {error}"))?;
    let authorization = user.map(basic).transpose()?;
    let url = address.as_str().trim_end_matches('/').to_owned();
    Ok(OpenSearchConfig { url, index: index.to_owned(), authorization })
}

/// RFC 7617.
fn basic(user: &str) -> Result<crate::config::Secret, String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let plain = percent_encoding::percent_decode_str(user).decode_utf8();
    let plain = plain.ok().filter(|plain| plain.contains(':')).ok_or("has no user:password before its @")?;
    Ok(crate::config::Secret(format!("Basic {}", STANDARD.encode(plain.as_bytes()))))
}

//! What speaks to webhooks and to the edge.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook as Signer,
};

use super::guard::{Guard, Lookup, SystemLookup};
use crate::config::Secret;

/// A receiver should write the event down and answer; what it does about it is another matter.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// The edge waits for its isolates to notice a purge.
const EDGE_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why it cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct SenderError(#[from] reqwest::Error);

/// Sends. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Sender {
    guard: Guard,
    webhooks: Client,
    edge: Client,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It arrived.
    Arrived,
    /// Whoever is there wants no more, ever: 410.
    Unwanted,
    /// It did not.
    Failed {
        /// Why.
        reason: String,
        /// What the answer's Retry-After said.
        retry_after: Option<HeaderValue>,
    },
}

/// An event as it is sent.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    pub(super) timestamp_seconds: i64,
    pub(super) body: String,
    pub(super) secrets: &'a [&'a Secret],
}

impl Sender {
    /// One that asks the system for addresses.
    pub fn new(allow_loopback: bool) -> Result<Self, SenderError> {
        Self::with(Arc::new(SystemLookup), allow_loopback, WEBHOOK_TIMEOUT)
    }

    /// One that asks somebody else for them, and waits so long for a webhook's answer.
    pub fn with(
        lookup: Arc<dyn Lookup>,
        allow_loopback: bool,
        timeout: Duration,
    ) -> Result<Self, SenderError> {
        let guard = Guard::new(lookup, allow_loopback);
        let webhooks = client(timeout).dns_resolver(guard.clone()).https_only(!allow_loopback).build()?;
        Ok(Self { guard, webhooks, edge: client(EDGE_TIMEOUT).build()? })
    }

    /// Who says where webhooks may be.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// For what the settings name.
    pub(super) fn edge(&self) -> &Client {
        &self.edge
    }

    /// Sends an event. Of the answer only the head is read.
    pub(super) async fn send(&self, url: &str, message: Message<'_>) -> Outcome {
        let failed = |reason: String| Outcome::Failed { reason, retry_after: None };
        let url = match self.guard.check(url) {
            Ok(url) => url,
            Err(refused) => return failed(refused.to_string()),
        };
        let Some(signature) = sign(&message) else {
            return failed("its secret cannot sign".to_owned());
        };
        let request = self
            .webhooks
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, message.id)
            .header(HEADER_WEBHOOK_TIMESTAMP, message.timestamp_seconds)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(message.body);
        match request.send().await {
            Ok(response) => judge(&response),
            Err(error) => failed(says(&error)),
        }
    }
}

/// Without redirects and proxies: by either, a connection would end where nobody looked.
fn client(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .pool_max_idle_per_host(2)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("Lenslet/", env!("CARGO_PKG_VERSION")))
}

/// A signature by each secret, as the specification has it for the time of a rotation.
fn sign(message: &Message<'_>) -> Option<String> {
    let sign_by = |secret: &&Secret| {
        let signer = Signer::new(&secret.0).ok()?;
        signer.sign(message.id, message.timestamp_seconds, message.body.as_bytes()).ok()
    };
    let signatures: Option<Vec<String>> = message.secrets.iter().map(sign_by).collect();
    signatures.filter(|all| !all.is_empty()).map(|all| all.join(" "))
}

fn judge(response: &Response) -> Outcome {
    let status = response.status();
    if status.is_success() {
        return Outcome::Arrived;
    }
    if status == StatusCode::GONE {
        return Outcome::Unwanted;
    }
    let is_busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
    let retry_after = is_busy.then(|| response.headers().get(RETRY_AFTER).cloned()).flatten();
    Outcome::Failed { reason: format!("it answered {}", status.as_u16()), retry_after }
}

/// An error and all of its causes, without the URL: its path may be a secret.
pub(super) fn says(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if causes.is_empty() { "it could not be asked".to_owned() } else { causes.join(": ") }
}

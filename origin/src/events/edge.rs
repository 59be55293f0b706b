//! Telling the edge what to forget, and what to make before anybody asks.
//!
//! By the queue that the edge reads, where there is one: it waits while the edge is away, and takes both. Else by a
//! signed request, which can only purge. A deployment without either waits for what the edge remembers to grow old.

use lenslet::grant::sign_url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sender::says;
use crate::catalog::jobs::Job;
use crate::config::{EdgeConfig, EdgeQueue};
use crate::state::AppState;
use crate::work::JobError;

/// What a job of this kind says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    purge: Option<Purge>,
    warm: Option<Warm>,
}

/// Pictures as URLs call them: `pictures/<tenant>/<name>`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purge {
    source: Vec<String>,
}

/// A picture to be made in advance, as the edge reads it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Warm {
    source: String,
    presets: Vec<String>,
}

/// The edge takes no requests that are good for longer than an hour; this one is used at once.
const GOOD_SECONDS: u64 = 300;
/// So many pictures go into one request: its address must not grow too long.
const MOST_SOURCES: usize = 8;

/// What of a value is written as it is.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Tells the edge. Purging twice does no harm, nor does warming up.
pub(crate) async fn tell_edge(state: &AppState, job: &Job) -> Result<(), JobError> {
    let change: Change =
        serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Hopeless(error.to_string()))?;
    let sources = change.purge.map(|purge| purge.source).unwrap_or_default();
    if let Some(queue) = &state.config.edge_queue {
        if !sources.is_empty() {
            push(state, queue, &json!({ "kind": "purge", "sources": sources })).await?;
        }
        if let Some(warm) = change.warm.filter(|warm| !warm.presets.is_empty()) {
            let Warm { source, presets } = warm;
            push(state, queue, &json!({ "kind": "warm", "source": source, "presets": presets })).await?;
        }
    } else if let Some(edge) = &state.config.edge {
        for some in sources.chunks(MOST_SOURCES) {
            purge(state, edge, some).await?;
        }
    }
    Ok(())
}

/// Puts a message into the queue.
async fn push(state: &AppState, queue: &EdgeQueue, message: &Value) -> Result<(), JobError> {
    let mut authorization = HeaderValue::from_str(&queue.authorization.0)
        .map_err(|_| JobError::Hopeless("EDGE_QUEUE_TOKEN is no header".to_owned()))?;
    authorization.set_sensitive(true);
    let body = json!({ "body": message, "content_type": "json" });
    let request = state.sender.edge().post(&queue.url).header(AUTHORIZATION, authorization);
    let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
    succeed(request, "the edge's queue").await
}

/// Asks the edge itself to purge.
async fn purge(state: &AppState, edge: &EdgeConfig, sources: &[String]) -> Result<(), JobError> {
    let query: Vec<String> =
        sources.iter().map(|source| format!("source={}", utf8_percent_encode(source, VALUE))).collect();
    let path = format!("/__lenslet/purge?{}", query.join("&"));
    let now_seconds = u64::try_from(state.clock.now_ms() / 1000).unwrap_or(0);
    let signed = sign_url(&edge.admin_key, &path, Some(now_seconds + GOOD_SECONDS), None)
        .map_err(|error| JobError::Hopeless(format!("EDGE_ADMIN_KEYS cannot sign: {error}")))?;
    succeed(state.sender.edge().post(format!("{}{signed}", edge.url)), "the edge").await
}

async fn succeed(request: RequestBuilder, whom: &str) -> Result<(), JobError> {
    match request.send().await.map(|response| response.status()) {
        Ok(status) if status.is_success() => Ok(()),
        // Nobody can send what is too long for everybody.
        Ok(status @ StatusCode::PAYLOAD_TOO_LARGE) => {
            Err(JobError::Hopeless(format!("{whom} answered {}", status.as_u16())))
        }
        Ok(status) => Err(JobError::Later(format!("{whom} answered {}", status.as_u16()))),
        Err(error) => Err(JobError::Later(format!("{whom}: {}", says(&error)))),
    }
}

//! Answers in the data centre's cache, by the Cache API.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use worker::{Context, Response, ResponseBody};

use crate::serve::ports::{Cache, CachedBody, Entry};

/// What of a kept answer's headers does not follow from the request; to read all of them takes longer than the rest of a hit.
const READ_BACK: [HeaderName; 2] = [CONTENT_LENGTH, CONTENT_TYPE];

/// The default cache of this data centre.
pub(super) struct EdgeCache<'a>(&'a Context);

impl<'a> EdgeCache<'a> {
    /// The cache, and the context that keeps the request alive until everything is put.
    pub(super) fn new(context: &'a Context) -> Self {
        Self(context)
    }
}

impl CachedBody for Response {
    async fn into_bytes(mut self) -> Option<Vec<u8>> {
        self.bytes().await.ok()
    }
}

impl Cache for EdgeCache<'_> {
    type Body = Response;

    async fn get(&self, key: &str) -> Option<Entry<Response>> {
        let response = worker::Cache::default().get(key, false).await.ok()??;
        let mut headers = HeaderMap::new();
        for name in READ_BACK {
            let value = response.headers().get(name.as_str()).ok()?;
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        Some(Entry { headers, body: response })
    }

    fn put(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        let key = key.to_owned();
        match response(&headers, body, seconds) {
            Ok(response) => self.0.wait_until(async move {
                if let Err(error) = worker::Cache::default().put(key.as_str(), response).await {
                    worker::console_warn!("the cache did not take {key}: {error}");
                }
            }),
            Err(error) => worker::console_warn!("{key} cannot be cached: {error}"),
        }
    }
}

/// An answer as the Cache API wants it; the body moves out of linear memory here.
fn response(headers: &HeaderMap, body: &[u8], seconds: u32) -> worker::Result<Response> {
    let kept = worker::Headers::new();
    for (name, value) in headers {
        kept.set(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    kept.set("cache-control", &format!("public, max-age={seconds}"))?;
    let response = Response::from_body(ResponseBody::Body(body.to_vec()))?;
    Ok(Response::from(web_sys::Response::from(response.with_headers(kept))))
}

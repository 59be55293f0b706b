//! Answers in the data centre's cache, by the Cache API, and before it in the isolate's memory.

use std::cell::RefCell;
use std::rc::Rc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use web_sys::Response;
use worker::Context;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::response::{Body, response};
use crate::serve::ports::{Cache, CachedBody, Entry};
use crate::serve::{Recent, is_variant};

// Not `worker`'s own: its responses are built anew each time that they change hands.
#[wasm_bindgen]
extern "C" {
    type DefaultCache;

    #[wasm_bindgen(thread_local_v2, js_namespace = caches, js_name = default)]
    static DEFAULT: DefaultCache;

    #[wasm_bindgen(method, js_name = match)]
    fn find(this: &DefaultCache, key: &str) -> Promise;

    #[wasm_bindgen(method, catch)]
    fn put(this: &DefaultCache, key: &str, response: &Response) -> Result<Promise, JsValue>;
}

/// What of a kept answer's headers does not follow from the request.
const READ_BACK: [HeaderName; 2] = [CONTENT_LENGTH, CONTENT_TYPE];

/// The default cache of this data centre.
pub(super) struct EdgeCache(Rc<Context>);

impl EdgeCache {
    /// The cache, and the context that keeps the request alive until everything is put.
    pub(super) fn new(context: &Rc<Context>) -> Self {
        Self(Rc::clone(context))
    }

    /// Waits for a put that has begun, after the answer.
    fn finish(&self, key: &str, put: Result<Promise, JsValue>) {
        let key = key.to_owned();
        self.0.wait_until(async move { complain(&key, settle(put).await) });
    }
}

/// Begins to put a response.
fn begin(key: &str, response: Result<Response, JsValue>) -> Result<Promise, JsValue> {
    response.and_then(|response| DEFAULT.with(|cache| cache.put(key, &response)))
}

async fn settle(put: Result<Promise, JsValue>) -> Result<(), JsValue> {
    JsFuture::from(put?).await.map(|_| ())
}

fn complain(key: &str, done: Result<(), JsValue>) {
    if let Err(error) = done {
        worker::console_warn!("the cache did not take {key}: {error:?}");
    }
}

fn lifetime(seconds: u32) -> String {
    format!("public, max-age={seconds}")
}

/// What small variants may take of the 128 MB that an isolate has for everything. They lie outside of linear memory, which
/// is for pictures that are being made; only their names and headers are in it.
const MOST_BYTES: u32 = 8 << 20;

/// Larger bodies are better handed on while they come.
const LARGEST_BYTES: u32 = 64 << 10;

thread_local! {
    /// Small variants that were asked for lately: whoever asks again need not ask the data centre's cache.
    static HOT: RefCell<Recent<Hot>> = const { RefCell::new(Recent::new(MOST_BYTES)) };
}

/// A body in JavaScript's memory, and the headers that are read back.
#[derive(Clone)]
struct Hot {
    headers: HeaderMap,
    bytes: Uint8Array,
}

/// Whether a body is kept at hand: a small one that can never go stale.
fn is_kept(key: &str, size_bytes: u32) -> bool {
    is_variant(key) && size_bytes <= LARGEST_BYTES
}

fn keep(key: &str, headers: &HeaderMap, bytes: &Uint8Array) {
    let size_bytes = bytes.length();
    if is_kept(key, size_bytes) {
        let names = READ_BACK.iter();
        let headers = names.filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect();
        HOT.with_borrow_mut(|hot| hot.put(key, Hot { headers, bytes: bytes.clone() }, size_bytes));
    }
}

/// A body that is kept.
pub(super) enum Kept {
    /// It comes from the data centre's cache.
    Cache(Response),
    /// It is here.
    Memory(Uint8Array),
}

impl CachedBody for Kept {
    async fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Cache(response) => gather(&response).await.map(|bytes| bytes.to_vec()),
            Self::Memory(bytes) => Some(bytes.to_vec()),
        }
    }
}

/// The whole body of a response, in JavaScript's memory.
async fn gather(response: &Response) -> Option<Uint8Array> {
    let gathered = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&gathered.unchecked_into::<ArrayBuffer>()))
}

impl Cache for EdgeCache {
    type Body = Kept;

    async fn get(&self, key: &str) -> Option<Entry<Kept>> {
        if let Some(Hot { headers, bytes }) = HOT.with_borrow_mut(|hot| hot.get(key)) {
            return Some(Entry { headers, body: Kept::Memory(bytes) });
        }
        let found = JsFuture::from(DEFAULT.with(|cache| cache.find(key))).await.ok()?;
        let response: Response = found.dyn_into().ok()?;
        let headers = read_back(&response)?;
        if !length(&headers).is_some_and(|length| is_kept(key, length)) {
            return Some(Entry { headers, body: Kept::Cache(response) });
        }
        let bytes = gather(&response).await?;
        keep(key, &headers, &bytes);
        Some(Entry { headers, body: Kept::Memory(bytes) })
    }

    fn put(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        let bytes = Uint8Array::from(body);
        let lifetime = [("cache-control", &*lifetime(seconds))];
        let put = begin(key, response(200, &headers, &lifetime, &Body::Array(&bytes)));
        keep(key, &headers, &bytes);
        self.finish(key, put);
    }

    async fn write(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        let lifetime = [("cache-control", &*lifetime(seconds))];
        let put = begin(key, response(200, &headers, &lifetime, &Body::Bytes(body)));
        complain(key, settle(put).await);
    }

    async fn adopt(&self, key: &str, entry: Entry<Kept>, seconds: u32) -> Option<Entry<Kept>> {
        let Entry { headers, body } = entry;
        let lifetime = lifetime(seconds);
        let lifetime = [("cache-control", &*lifetime)];
        let body = match body {
            Kept::Cache(found) if length(&headers).is_some_and(|length| is_kept(key, length)) => {
                let bytes = gather(&found).await?;
                keep(key, &headers, &bytes);
                self.finish(key, begin(key, response(200, &headers, &lifetime, &Body::Array(&bytes))));
                Kept::Memory(bytes)
            }
            Kept::Cache(found) => {
                let copy = found.clone().ok()?;
                let put = begin(key, response(200, &headers, &lifetime, &Body::Stream(copy.body())));
                self.finish(key, put);
                Kept::Cache(found)
            }
            body @ Kept::Memory(_) => body,
        };
        Some(Entry { headers, body })
    }
}

fn length(headers: &HeaderMap) -> Option<u32> {
    headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok())
}

fn read_back(response: &Response) -> Option<HeaderMap> {
    let kept = response.headers();
    let mut headers = HeaderMap::new();
    for name in READ_BACK {
        if let Some(value) =
            kept.get(name.as_str()).ok()?.and_then(|value| HeaderValue::from_str(&value).ok())
        {
            headers.insert(name, value);
        }
    }
    Some(headers)
}

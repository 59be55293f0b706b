//! What `serve` needs of the world, out of Cloudflare's services.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use js_sys::futures::JsFuture;
use js_sys::{Array, Date, Function, Math, Object, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Context, Delay, Env};

use super::bytes::Bytes;
use super::cache::{EdgeCache, Kept};
use super::describe;
use super::r2::{self, PutOptions};
use super::{fetch, response};
use crate::serve::ports::{Bell, Entry, Fetched, StoreError, Version, World};
use crate::serve::{Isolate, Purge, Record};
use crate::sources::Outgoing;

/// The world of one request, or of what goes on after it.
pub(super) struct Edge {
    cache: EdgeCache,
    isolate: Rc<Isolate>,
    env: Env,
    context: Rc<Context>,
}

impl Edge {
    /// The world as this request finds it.
    pub(super) fn new(env: &Env, context: &Rc<Context>, isolate: Rc<Isolate>) -> Self {
        Self { cache: EdgeCache::new(context), isolate, env: env.clone(), context: Rc::clone(context) }
    }
}

impl World for Edge {
    type Blob = Bytes;
    type Cache = EdgeCache;

    async fn head(&self, binding: &str, key: &str) -> Result<Option<Version>, StoreError> {
        r2::bucket(&self.env, binding)?.version(key).await
    }

    async fn get(&self, binding: &str, key: &str) -> Result<Option<(Version, Bytes)>, StoreError> {
        let found = r2::bucket(&self.env, binding)?.object(key).await?;
        Ok(found.map(|object| (object.version(), object.bytes())))
    }

    async fn fetch(&self, request: &Outgoing) -> Result<Fetched<Bytes>, StoreError> {
        fetch::send(request).await.map_err(|error| StoreError(describe(&error)))
    }

    fn cache(&self) -> &EdgeCache {
        &self.cache
    }

    async fn stored(&self, binding: &str, key: &str) -> Result<Option<Entry<Kept>>, StoreError> {
        let Some(object) = r2::bucket(&self.env, binding)?.object(key).await? else { return Ok(None) };
        let Some(content_type) = object.content_type().and_then(|kind| HeaderValue::from_str(&kind).ok())
        else {
            return Err(StoreError(format!("{key} has no media type")));
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(object.version().size_bytes));
        let body = response::Body::Stream(object.stream());
        let response = response::response(200, &headers, &[], &body);
        let response = response.map_err(|error| StoreError(describe(&error)))?;
        Ok(Some(Entry { headers, body: Kept::Cache(response) }))
    }

    fn store(
        &self,
        binding: &str,
        key: &str,
        headers: HeaderMap,
        body: &[u8],
        about: &[(&'static str, String)],
    ) {
        let bucket = r2::bucket(&self.env, binding);
        let (key, body, about) = (key.to_owned(), Uint8Array::from(body), about.to_vec());
        self.context.wait_until(async move {
            let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let options =
                PutOptions { etag: None, content_type: content_type.unwrap_or_default(), about: &about };
            let put = match bucket {
                Ok(bucket) => bucket.put_if(&key, &body, &options).await,
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                worker::console_error!("the bucket of the variants did not take {key}: {error}");
            }
        });
    }

    async fn replace(
        &self,
        binding: &str,
        key: &str,
        body: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<bool, StoreError> {
        let options = PutOptions { etag, content_type: "application/json", about: &[] };
        r2::bucket(&self.env, binding)?.put_if(key, &Uint8Array::from(body.as_slice()), &options).await
    }

    async fn purge_platform(&self, purge: &Purge) -> Result<(), String> {
        purge_platform(&self.context, purge).await.map_err(|error| describe(&error))
    }

    fn isolate(&self) -> &Isolate {
        &self.isolate
    }

    fn now_ms(&self) -> f64 {
        Date::now()
    }

    fn random(&self) -> f64 {
        Math::random()
    }

    fn log(&self, record: &Record<'_>) {
        log(record);
    }

    async fn fetch_keys(&self, url: &str) -> Result<Vec<u8>, String> {
        fetch::document(url).await.map_err(|error| describe(&error))
    }

    async fn wait(&self, milliseconds: u32) {
        Delay::from(Duration::from_millis(milliseconds.into())).await;
    }

    fn stay(&self) -> Bell {
        let (bell, rung) = bell();
        self.context.wait_until(async move {
            let _ = JsFuture::from(rung).await;
        });
        bell
    }

    async fn count(&self, binding: &str, key: &str) -> Result<bool, String> {
        count(&self.env, binding, key).await.map_err(|error| describe(&error))
    }
}

/// A promise, and what keeps it.
fn bell() -> (Bell, Promise) {
    let keep = AssertUnwindSafe(RefCell::new(None::<Function>));
    let promise = Promise::new(&mut |resolve, _| drop(keep.replace(Some(resolve))));
    let ring = move || {
        if let Some(resolve) = keep.take() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    };
    (Box::new(ring), promise)
}

/// Writes a line where its kind belongs.
pub(super) fn log(record: &Record<'_>) {
    if record.is_error() {
        worker::console_error!("{record}");
    } else {
        worker::console_log!("{record}");
    }
}

/// Asks a rate-limiting binding.
async fn count(env: &Env, binding: &str, key: &str) -> Result<bool, JsValue> {
    let limiter = Reflect::get(env, &binding.into())?;
    let limit: Function = Reflect::get(&limiter, &"limit".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = JsFuture::from(limit.call1(&limiter, &options)?.dyn_into::<Promise>()?).await?;
    Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
}

/// Purges Workers Caching, where it is switched on: by the tags of what is named, or all of it where that is not enough.
async fn purge_platform(context: &Context, purge: &Purge) -> Result<(), JsValue> {
    let cache = Reflect::get(context.as_ref(), &"cache".into())?;
    if !cache.is_object() {
        return Ok(());
    }
    let options = Object::new();
    match purge.cache_tags() {
        Some(tags) => {
            let tags: Array = tags.iter().map(JsValue::from).collect();
            Reflect::set(&options, &"tags".into(), &tags)?;
        }
        None => {
            Reflect::set(&options, &"purgeEverything".into(), &JsValue::TRUE)?;
        }
    }
    let method: Function = Reflect::get(&cache, &"purge".into())?.dyn_into()?;
    JsFuture::from(method.call1(&cache, &options)?.dyn_into::<Promise>()?).await?;
    Ok(())
}

//! What `serve` needs of the world, out of Cloudflare's services.

use std::rc::Rc;
use std::time::Duration;

use js_sys::futures::JsFuture;
use js_sys::{Date, Function, Object, Promise, Reflect, Uint8Array};
use web_sys::ReadableStreamDefaultReader;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Delay, Env};

use super::cache::EdgeCache;
use super::r2::Bucket;
use crate::serve::ports::{LARGEST_KEYS_BYTES, World};
use crate::serve::{Isolate, Record};

/// The world of one request.
pub(super) struct Edge<'a> {
    pub(super) store: Bucket<'a>,
    pub(super) cache: EdgeCache<'a>,
    pub(super) isolate: Rc<Isolate>,
    pub(super) env: &'a Env,
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str, init: &Object) -> Promise;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn timeout(milliseconds: u32) -> JsValue;
}

/// An issuer that takes longer is down.
const PATIENCE_MS: u32 = 5_000;

impl<'a> World for Edge<'a> {
    type Store = Bucket<'a>;
    type Cache = EdgeCache<'a>;

    fn store(&self) -> &Bucket<'a> {
        &self.store
    }

    fn cache(&self) -> &EdgeCache<'a> {
        &self.cache
    }

    fn isolate(&self) -> &Isolate {
        &self.isolate
    }

    fn now_ms(&self) -> f64 {
        Date::now()
    }

    fn log(&self, record: &Record<'_>) {
        log(record);
    }

    async fn fetch_keys(&self, url: &str) -> Result<Vec<u8>, String> {
        read_document(url).await.map_err(|error| describe(&error))
    }

    async fn wait(&self, milliseconds: u32) {
        Delay::from(Duration::from_millis(milliseconds.into())).await;
    }

    async fn count(&self, binding: &str, key: &str) -> Result<bool, String> {
        count(self.env, binding, key).await.map_err(|error| describe(&error))
    }
}

/// Writes a line where its kind belongs.
pub(super) fn log(record: &Record<'_>) {
    if record.is_error() {
        worker::console_error!("{record}");
    } else {
        worker::console_log!("{record}");
    }
}

async fn read_document(url: &str) -> Result<Vec<u8>, JsValue> {
    let init = Object::new();
    Reflect::set(&init, &"redirect".into(), &"manual".into())?;
    Reflect::set(&init, &"signal".into(), &timeout(PATIENCE_MS))?;
    let response: web_sys::Response = JsFuture::from(fetch(url, &init)).await?.dyn_into()?;
    if response.status() != 200 {
        return Err(format!("it answers {}", response.status()).into());
    }
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut document = Vec::new();
    loop {
        let part = JsFuture::from(reader.read()).await?;
        if Reflect::get(&part, &"done".into())?.is_truthy() {
            return Ok(document);
        }
        let piece: Uint8Array = Reflect::get(&part, &"value".into())?.dyn_into()?;
        if document.len() + piece.length() as usize > LARGEST_KEYS_BYTES {
            return Err(format!("it is longer than {LARGEST_KEYS_BYTES} bytes").into());
        }
        document.extend(piece.to_vec());
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

fn describe(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "it failed".to_owned())
}

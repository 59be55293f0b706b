//! Requests to other servers.

use http::{HeaderMap, HeaderName, HeaderValue};
use js_sys::futures::JsFuture;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit, RequestRedirect, Response};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::bytes::{Bytes, Call};
use crate::serve::ports::{Fetched, LARGEST_KEYS_BYTES};
use crate::sources::Outgoing;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Promise;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn timeout(milliseconds: u32) -> web_sys::AbortSignal;
}

/// An issuer that takes longer is down.
const PATIENCE_MS: u32 = 5_000;

/// What of an answer's headers is looked at.
const HEADERS: [HeaderName; 5] = [
    http::header::CONTENT_ENCODING,
    http::header::CONTENT_LENGTH,
    http::header::ETAG,
    http::header::LAST_MODIFIED,
    http::header::LOCATION,
];

/// Sends a request; it is called off when its future, or the body, is dropped.
pub(super) async fn send(request: &Outgoing) -> Result<Fetched<Bytes>, JsValue> {
    let call = Call(AbortController::new()?);
    let init = RequestInit::new();
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&call.0.signal()));
    let headers = Object::new();
    for (name, value) in &request.headers {
        Reflect::set(&headers, &name.as_str().into(), &value.to_str().unwrap_or_default().into())?;
    }
    init.set_headers(&headers);
    // What comes is kept as variants; kept in between as well, it would be old without our knowing.
    Reflect::set(&init, &"cf".into(), &uncached()?)?;
    let response: Response = JsFuture::from(fetch(&request.url, &init)).await?.dyn_into()?;
    let headers = read(&response)?;
    let length =
        headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(Fetched { status: response.status(), headers, blob: Bytes::new(response.body(), length, Some(call)) })
}

fn uncached() -> Result<JsValue, JsValue> {
    let cf = Object::new();
    Reflect::set(&cf, &"cacheTtl".into(), &JsValue::from(-1))?;
    Ok(cf.into())
}

fn read(response: &Response) -> Result<HeaderMap, JsValue> {
    let given = response.headers();
    let mut headers = HeaderMap::new();
    for name in &HEADERS {
        if let Some(value) = given.get(name.as_str())?.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// The document at an address, which must not be long.
pub(super) async fn document(url: &str) -> Result<Vec<u8>, JsValue> {
    let init = RequestInit::new();
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&timeout(PATIENCE_MS)));
    let response: Response = JsFuture::from(fetch(url, &init)).await?.dyn_into()?;
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

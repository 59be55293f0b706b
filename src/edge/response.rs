//! JavaScript's `Response`, made with as few calls as it takes: on a hit they are most of the work.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderMap;
use js_sys::{JSON, Uint8Array};
use web_sys::{Headers, ReadableStream, Response, ResponseInit};
use worker::wasm_bindgen::{JsCast, JsValue};

/// What stands behind the headers.
pub(super) enum Body<'a> {
    Empty,
    Bytes(&'a [u8]),
    Array(&'a Uint8Array),
    Stream(Option<ReadableStream>),
}

/// A response of these parts; `more` headers replace those of the same name. Bytes move out of linear memory here.
pub(super) fn response(
    status: u16,
    headers: &HeaderMap,
    more: &[(&str, &str)],
    body: &Body<'_>,
) -> Result<Response, JsValue> {
    let mut all: BTreeMap<&str, Cow<'_, str>> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), Cow::Borrowed(value.to_str().unwrap_or_default())))
        .collect();
    all.extend(more.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))));
    // Strings always serialise. All at once: to set them one by one takes a call for each.
    let all: Headers = JSON::parse(&serde_json::to_string(&all).unwrap_or_default())?.unchecked_into();
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&all);
    match body {
        Body::Empty => Response::new_with_opt_readable_stream_and_init(None, &init),
        Body::Bytes(bytes) => {
            Response::new_with_opt_js_u8_array_and_init(Some(&Uint8Array::from(*bytes)), &init)
        }
        Body::Array(bytes) => Response::new_with_opt_js_u8_array_and_init(Some(bytes), &init),
        Body::Stream(stream) => Response::new_with_opt_readable_stream_and_init(stream.as_ref(), &init),
    }
}

//! The Worker: turns Cloudflare's request, environment and services into `serve`'s, and its answer back.
//!
//! Decides nothing. The only module that knows `worker`, and only built for wasm32.

mod cache;
mod drill;
mod r2;
mod world;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use http::header::{
    ACCEPT, AUTHORIZATION, COOKIE, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    RANGE, REFERER,
};
use http::{HeaderMap, Method};
use js_sys::{JSON, Reflect, Uint8Array};
use web_sys::{Headers, ResponseInit};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Context, Env, Response, event};

use self::cache::EdgeCache;
use self::r2::Bucket;
use self::world::Edge;
use crate::grant::Client;
use crate::serve::{self, Answer, AnswerBody, Config, ConfigError, Isolate, Problem, Request};

/// The R2 binding that holds the pictures.
const BUCKET: &str = "PICTURES";

/// What of a request's headers is looked at by `serve`.
const HEADERS: [HeaderName; 8] =
    [ACCEPT, AUTHORIZATION, COOKIE, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE, RAY];

/// Cloudflare's name for the request.
const RAY: HeaderName = HeaderName::from_static("cf-ray");

thread_local! {
    /// An isolate has one environment for all its life.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };

    /// And one linear memory.
    static ISOLATE: Rc<Isolate> = Rc::new(Isolate::default());
}

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = env)]
    static ENVIRONMENT: JsValue;
}

/// Refuses to start with settings that cannot be used: Cloudflare refuses a deploy that does not start. Makes an
/// allocation that fails unwind like a panic, so that only its own request ends. `worker` logs panics.
#[event(start)]
fn start() {
    #[cfg(lenslet_unwind)]
    #[expect(clippy::panic, reason = "the alternative is to end every request of the instance")]
    std::alloc::set_alloc_error_hook(|layout| {
        panic!("out of memory: {} bytes were asked for", layout.size())
    });
    if let Err(error) = ENVIRONMENT.with(|environment| Config::read(|name| setting(environment, name))) {
        // An error that leaves WebAssembly here loses its words on the way. What scripts/build.mjs adds to the module's
        // end throws one that has them.
        let reason = format!("Lenslet cannot start. {error}");
        if Reflect::set(&js_sys::global(), &REFUSAL.into(), &reason.into()).is_err() {
            worker::console_error!("{error}");
        }
    }
}

/// Where the module's end looks for the reason not to start.
const REFUSAL: &str = "__lenslet_refusal";

/// Answers one request.
#[event(fetch)]
async fn fetch(request: worker::Request, env: Env, context: Context) -> worker::Result<Response> {
    let request = read(&request)?;
    if let Some(response) = drill::answer(&request, &env).await {
        return response;
    }
    let cache = EdgeCache::new(&context);
    let answer = match (config(&env), env.bucket(BUCKET)) {
        (Ok(config), Ok(bucket)) => {
            let isolate = ISOLATE.with(Rc::clone);
            let edge = Edge { store: Bucket::new(bucket), cache, isolate, env: &env };
            serve::answer(&request, &config, &edge).await
        }
        (Err(error), _) => serve::fail(&request, &Problem::Config(error), world::log),
        (_, Err(error)) => serve::fail(&request, &Problem::Store(error.to_string()), world::log),
    };
    write(answer, &env)
}

fn config(env: &Env) -> Result<Rc<Config>, ConfigError> {
    let read = || Config::read(|name| setting(env, name)).map(Rc::new);
    CONFIG.with(|config| config.get_or_init(read).clone())
}

/// A variable as text: strings as they are, numbers and tables of the configuration as JSON.
fn setting(env: &JsValue, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined())?;
    value.as_string().or_else(|| JSON::stringify(&value).ok().map(String::from))
}

fn read(request: &worker::Request) -> worker::Result<Request> {
    let header = |name: &str| request.headers().get(name);
    let mut headers = HeaderMap::new();
    for name in HEADERS {
        let value = header(name.as_str())?;
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    let method = Method::from_bytes(request.method().to_string().as_bytes()).unwrap_or(Method::TRACE);
    let cf = request.cf();
    let client = Client {
        address: header("cf-connecting-ip")?.and_then(|address| address.parse().ok()),
        asn: cf.and_then(worker::Cf::asn),
        country: cf.and_then(worker::Cf::country),
        referer: header(REFERER.as_str())?,
        fetch_site: header("sec-fetch-site")?,
    };
    Ok(Request { client, ..Request::new(method, &request.inner().url(), headers) })
}

fn write(answer: Answer<Response>, env: &Env) -> worker::Result<Response> {
    let mut headers: BTreeMap<&str, Cow<'_, str>> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), Cow::Borrowed(value.to_str().unwrap_or_default())))
        .collect();
    if setting(env, "REPORT_MEMORY").as_deref() == Some("on") {
        headers.insert("lenslet-linear-memory", linear_memory_bytes().to_string().into());
    }
    // All at once: to set them one by one takes a call into JavaScript for each.
    let headers: Headers = JSON::parse(&serde_json::to_string(&headers)?)?.unchecked_into();
    let init = ResponseInit::new();
    init.set_status(answer.status.as_u16());
    init.set_headers(&headers);
    let response = match answer.body {
        AnswerBody::Empty => web_sys::Response::new_with_opt_readable_stream_and_init(None, &init)?,
        AnswerBody::Bytes(bytes) => {
            let body = Uint8Array::from(bytes.as_slice());
            web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&body), &init)?
        }
        AnswerBody::Cached(cached) => {
            let cached: web_sys::Response = cached.into();
            web_sys::Response::new_with_opt_readable_stream_and_init(cached.body().as_ref(), &init)?
        }
    };
    Ok(response.into())
}

/// Linear memory never shrinks, so this is the most that was ever needed.
fn linear_memory_bytes() -> usize {
    const PAGE_BYTES: usize = 65_536;
    core::arch::wasm32::memory_size(0) * PAGE_BYTES
}

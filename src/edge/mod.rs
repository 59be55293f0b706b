//! The Worker: turns Cloudflare's request, environment and services into `serve`'s, and its answer back.
//!
//! Decides nothing. The only module that knows `worker`, and only built for wasm32.

mod bytes;
mod cache;
mod drill;
mod fetch;
mod queue;
mod r2;
mod response;
mod world;

use std::cell::OnceCell;
use std::rc::Rc;

use http::header::{
    ACCEPT, AUTHORIZATION, COOKIE, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    RANGE, REFERER, VIA,
};
use http::{HeaderMap, Method};
use js_sys::{JSON, Reflect};
use web_sys::Response;
use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, event};

use self::cache::Kept;
use self::response::Body;
use self::world::Edge;
use crate::grant::Client;
use crate::serve::{self, Answer, AnswerBody, Config, ConfigError, Event, Isolate, Problem, Record, Request};

/// What of a request's headers is always looked at by `serve`; the last is Cloudflare's name for the request.
static HEADERS: [HeaderName; 6] =
    [ACCEPT, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE, IF_RANGE, HeaderName::from_static("cf-ray")];

/// Where tokens come in. What else is looked at depends on the URL: [`serve::hint_headers`].
static GRANTS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];

const ADDRESS: HeaderName = HeaderName::from_static("cf-connecting-ip");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

thread_local! {
    /// An isolate has one environment for all its life.
    static DEPLOYMENT: OnceCell<Result<Rc<Deployment>, ConfigError>> = const { OnceCell::new() };

    /// And one linear memory.
    static ISOLATE: Rc<Isolate> = Rc::new(Isolate::default());
}

/// What the environment says.
struct Deployment {
    config: Config,
    /// Whether answers tell how much linear memory there is: for tests and measurements.
    reports_memory: bool,
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
    refuse_to_start_with_what_cannot_be_used();
}

/// What scripts/build.mjs puts around the module: before it the environment, which there is before any request, and behind
/// it the look at the reason not to start. An error that leaves WebAssembly at the start would lose its words.
const ENVIRONMENT: &str = "__lenslet_environment";
const REFUSAL: &str = "__lenslet_refusal";

fn refuse_to_start_with_what_cannot_be_used() {
    let global = js_sys::global();
    // Nothing is there where an instance that broke is replaced, nor in tests.
    let environment = Reflect::get(&global, &ENVIRONMENT.into()).ok().filter(|there| !there.is_undefined());
    let checked = environment.map(|environment| Config::read(|name| setting(&environment, name)));
    if let Some(Err(error)) = checked {
        let reason = format!("Lenslet cannot start. {error}");
        if Reflect::set(&global, &REFUSAL.into(), &reason.into()).is_err() {
            worker::console_error!("{error}");
        }
    }
}

/// Answers one request.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<Response> {
    let deployment = match deployment(&env) {
        Ok(deployment) => deployment,
        Err(error) => {
            let request = read(&request, None)?;
            return write(&serve::fail(&request, &Problem::Config(error), world::log), false);
        }
    };
    let config = &deployment.config;
    let request = read(&request, Some(config))?;
    if let Some(response) = drill::answer(&request, &env).await {
        return response;
    }
    let context = Rc::new(context);
    let edge = Edge::new(&env, &context, ISOLATE.with(Rc::clone));
    let answer = serve::answer(&request, config, &edge).await;
    let response = write(&answer, deployment.reports_memory);
    if !answer.later.is_empty() {
        let (later, deployment) = (answer.later, Rc::clone(&deployment));
        context.wait_until(async move {
            for later in &later {
                serve::carry_on(later, &deployment.config, &edge).await;
            }
        });
    }
    response
}

fn deployment(env: &Env) -> Result<Rc<Deployment>, ConfigError> {
    let read = || {
        let config = Config::read(|name| setting(env, name))?;
        // Other keys come with a new isolate, so that this is where a change of them shows.
        for (source, added) in config.keys() {
            world::log(&Record { event: Event::Keys { source, added, removed: Vec::new() }, request: None });
        }
        let reports_memory = setting(env, "REPORT_MEMORY").as_deref() == Some("on");
        Ok(Rc::new(Deployment { config, reports_memory }))
    };
    DEPLOYMENT.with(|deployment| deployment.get_or_init(read).clone())
}

/// A variable as text: strings as they are, numbers and tables of the configuration as JSON.
fn setting(env: &JsValue, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined())?;
    value.as_string().or_else(|| JSON::stringify(&value).ok().map(String::from))
}

/// A request, as far as this configuration looks at it: every look at JavaScript's takes a call.
fn read(request: &web_sys::Request, config: Option<&Config>) -> worker::Result<Request> {
    let given = request.headers();
    let header = |name: &HeaderName| given.get(name.as_str());
    let grants: &[HeaderName] = if config.is_some_and(Config::takes_tokens) { &GRANTS } else { &[] };
    let method = Method::from_bytes(request.method().as_bytes()).unwrap_or(Method::TRACE);
    let asked = Request::new(method, &request.url(), HeaderMap::new());
    let hints = config.into_iter().flat_map(|config| serve::hint_headers(config, &asked.path));
    let mut headers = HeaderMap::new();
    for name in HEADERS.iter().chain(grants).chain(hints) {
        if name == IF_RANGE && !headers.contains_key(RANGE) {
            continue;
        }
        if let Some(value) = header(name)?.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    if config.is_some_and(|config| config.sources.speak_http())
        && let Some(via) = header(&VIA)?.and_then(|via| HeaderValue::from_str(&via).ok())
    {
        headers.insert(VIA, via);
    }
    let client = match config {
        Some(config) if config.looks_at_clients() => Client {
            address: header(&ADDRESS)?.and_then(|address| address.parse().ok()),
            asn: cf(request, "asn").and_then(|asn| asn.as_f64()).and_then(whole),
            country: cf(request, "country").and_then(|country| country.as_string()),
            referer: header(&REFERER)?,
            fetch_site: header(&FETCH_SITE)?,
        },
        _ => Client::default(),
    };
    Ok(Request { headers, client, ..asked })
}

/// What Cloudflare tells of the request.
fn cf(request: &web_sys::Request, name: &str) -> Option<JsValue> {
    let cf = Reflect::get(request, &"cf".into()).ok()?;
    Reflect::get(&cf, &name.into()).ok().filter(|value| !value.is_undefined())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is looked at")]
fn whole(number: f64) -> Option<u32> {
    (0.0..=f64::from(u32::MAX)).contains(&number).then_some(number as u32)
}

fn write(answer: &Answer<Kept>, reports_memory: bool) -> worker::Result<Response> {
    let memory = if reports_memory { linear_memory_bytes().to_string() } else { String::new() };
    let more: &[(&str, &str)] = if reports_memory { &[("lenslet-linear-memory", &memory)] } else { &[] };
    let body = match &answer.body {
        AnswerBody::Empty => Body::Empty,
        AnswerBody::Bytes(bytes) => Body::Bytes(bytes),
        AnswerBody::Cached(Kept::Memory(bytes)) => Body::Array(bytes),
        AnswerBody::Cached(Kept::Cache(response)) => Body::Stream(response.body()),
    };
    Ok(response::response(answer.status.as_u16(), &answer.headers, more, &body)?)
}

/// What an error of JavaScript's says.
fn describe(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "it failed".to_owned())
}

/// Linear memory never shrinks, so this is the most that was ever needed.
fn linear_memory_bytes() -> usize {
    const PAGE_BYTES: usize = 65_536;
    core::arch::wasm32::memory_size(0) * PAGE_BYTES
}

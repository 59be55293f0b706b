//! The Worker: turns Cloudflare's request, environment and services into `serve`'s, and its answer back.
//!
//! Decides nothing. The only module that knows `worker`, and only built for wasm32.

mod cache;
mod drill;
mod r2;

use std::cell::OnceCell;
use std::rc::Rc;

use http::header::{ACCEPT, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, Method};
use js_sys::Reflect;
use worker::{Context, Date, Env, Response, ResponseBody, event};

use self::cache::EdgeCache;
use self::r2::Bucket;
use crate::serve::memory::Ledger;
use crate::serve::ports::{Clock, Log, Ports};
use crate::serve::{self, Answer, AnswerBody, Config, ConfigError, Problem, Request};

/// The R2 binding that holds the pictures.
const BUCKET: &str = "PICTURES";

/// What of a request's headers is looked at.
const HEADERS: [HeaderName; 5] = [ACCEPT, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE];

thread_local! {
    /// An isolate has one environment for all its life.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };

    /// And one linear memory.
    static MEMORY: Rc<Ledger> = Rc::new(Ledger::new());
}

/// Makes an allocation that fails unwind like a panic, so that only its own request ends. `worker` logs panics.
#[event(start)]
fn start() {
    #[cfg(lenslet_unwind)]
    #[expect(clippy::panic, reason = "the alternative is to end every request of the instance")]
    std::alloc::set_alloc_error_hook(|layout| {
        panic!("out of memory: {} bytes were asked for", layout.size())
    });
}

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
            let store = Bucket::new(bucket);
            let ports = Ports {
                store: &store,
                cache: &cache,
                clock: &Wall,
                log: &Console,
                memory: &MEMORY.with(Rc::clone),
            };
            serve::answer(&request, &config, ports).await
        }
        (Err(error), _) => serve::fail(&request, &Problem::Config(error), &Console),
        (_, Err(error)) => serve::fail(&request, &Problem::Store(error.to_string()), &Console),
    };
    write(answer, &env)
}

struct Wall;

impl Clock for Wall {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double exactly")]
    fn now_ms(&self) -> f64 {
        Date::now().as_millis() as f64
    }
}

struct Console;

impl Log for Console {
    fn error(&self, message: &str) {
        worker::console_error!("{message}");
    }
}

fn config(env: &Env) -> Result<Rc<Config>, ConfigError> {
    CONFIG.with(|config| config.get_or_init(|| read_config(env).map(Rc::new)).clone())
}

fn read_config(env: &Env) -> Result<Config, ConfigError> {
    Config::read(|name| setting(env, name))
}

/// A variable as text: strings as they are, numbers and tables of the configuration as JSON.
fn setting(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined())?;
    value.as_string().or_else(|| js_sys::JSON::stringify(&value).ok().map(String::from))
}

fn read(request: &worker::Request) -> worker::Result<Request> {
    let mut headers = HeaderMap::new();
    for name in HEADERS {
        let value = request.headers().get(name.as_str())?;
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    let method = Method::from_bytes(request.method().to_string().as_bytes()).unwrap_or(Method::TRACE);
    Ok(Request::new(method, &request.inner().url(), headers))
}

fn write(answer: Answer<Response>, env: &Env) -> worker::Result<Response> {
    let headers = worker::Headers::new();
    for (name, value) in &answer.headers {
        headers.set(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    if setting(env, "REPORT_MEMORY").as_deref() == Some("on") {
        headers.set("lenslet-linear-memory", &linear_memory_bytes().to_string())?;
    }
    let response = match answer.body {
        AnswerBody::Empty => Response::empty()?,
        AnswerBody::Bytes(bytes) => Response::from_body(ResponseBody::Body(bytes))?,
        AnswerBody::Cached(cached) => Response::from_body(cached.into_parts().1)?,
    };
    Ok(response.with_status(answer.status.as_u16()).with_headers(headers))
}

/// Linear memory never shrinks, so this is the most that was ever needed.
fn linear_memory_bytes() -> usize {
    const PAGE_BYTES: usize = 65_536;
    core::arch::wasm32::memory_size(0) * PAGE_BYTES
}

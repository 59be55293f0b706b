//! One request, given its ports: who may ask, what is asked, what is kept, and what is made anew.
//!
//! The order at the door is access, recipe, source, and only then bytes. After the door nothing is checked again.

mod answer;
mod config;
mod freshness;
mod key;
pub mod ports;
mod problem;
mod transform;

pub use answer::{Answer, AnswerBody};
pub use config::{Access, Config, ConfigError};
pub use problem::Problem;

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use self::answer::{Delivery, Representation};
use self::ports::{Blob, Cache, Clock, Log, Ports, Store};
use crate::format::Format;
use crate::picture::budget::LARGEST_FILE_BYTES;
use crate::picture::probe::ProbeError;
use crate::recipe::{OnError, Recipe, Source, TransformUrl};

/// A request, as far as it matters here.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// The host it was sent to, with the port where it is not the scheme's own.
    pub host: String,
    /// Its path, still percent-encoded.
    pub path: String,
    /// Its query, still percent-encoded, without the question mark.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
}

/// Answers a request. Never fails: what goes wrong is an answer, too.
pub async fn answer<S: Store, C: Cache, K: Clock, L: Log>(
    request: &Request,
    config: &Config,
    ports: Ports<'_, S, C, K, L>,
) -> Answer<C::Body> {
    let result = match request.method {
        Method::OPTIONS => return answer::preflight(),
        Method::GET | Method::HEAD if TransformUrl::is_transform(&request.path) => {
            answer_transform(request, config, ports).await
        }
        Method::GET | Method::HEAD => original(request, config, ports).await,
        _ => Err(Problem::Method),
    };
    result.unwrap_or_else(|problem| fail(request, &problem, ports.log))
}

/// Tells the client what it may know and the log what it must not.
pub fn fail<B>(request: &Request, problem: &Problem, log: &impl Log) -> Answer<B> {
    if problem.is_internal() {
        log.error(&format!("{} {}: {problem}", request.method, request.path));
    }
    answer::problem(&request.method, problem)
}

async fn answer_transform<S: Store, C: Cache, K: Clock, L: Log>(
    request: &Request,
    config: &Config,
    ports: Ports<'_, S, C, K, L>,
) -> Result<Answer<C::Body>, Problem> {
    if config.access == Access::Private {
        return Err(Problem::Private);
    }
    let url = TransformUrl::parse(&request.path, request.query.as_deref())?;
    let recipe = config.presets.expand(url.recipe)?;
    let source = url.source.localised(&request.host);
    let result = transform::transform(request, config, &recipe, &source, ports).await;
    match (result, fallback(&recipe, &source, config)) {
        (Err(problem), Some(location)) if problem.is_of_transform() => {
            if problem.is_internal() {
                ports.log.error(&format!("{} {}: {problem}", request.method, request.path));
            }
            Ok(answer::redirect(&location))
        }
        (result, _) => result,
    }
}

/// Where `onerror=redirect` leads, if it was asked for and sources are shown.
fn fallback(recipe: &Recipe, source: &Source, config: &Config) -> Option<String> {
    let is_asked = recipe.onerror == Some(OnError::Redirect) && config.originals == Access::Public;
    match source {
        Source::Key { .. } if is_asked => Some(format!("/{}", source.print())),
        Source::Key { .. } | Source::Remote { .. } => None,
    }
}

/// The source itself, where the deployment shows sources: pictures only, whatever their names say.
async fn original<S: Store, C: Cache, K: Clock, L: Log>(
    request: &Request,
    config: &Config,
    ports: Ports<'_, S, C, K, L>,
) -> Result<Answer<C::Body>, Problem> {
    if config.originals == Access::Private || percent_decode_str(&request.path).decode_utf8_lossy() == "/" {
        return Err(Problem::NoSuchPath);
    }
    let Source::Key { key, .. } = Source::parse(&request.path, request.query.as_deref())? else {
        return Err(Problem::NoSuchPath);
    };
    let found = ports.store.read(&key, LARGEST_FILE_BYTES).await?;
    let (version, blob) = found.ok_or_else(|| Problem::NotFound { key: key.clone() })?;
    let bytes = blob.into_bytes();
    let format = Format::sniff(&bytes).ok_or(ProbeError::NotAPicture)?;
    let representation = Representation {
        content_type: format.mime(),
        etag: format!("\"{}\"", version.etag),
        modified_seconds: version.modified_seconds,
        cache_tag: transform::cache_tag(&key),
    };
    let delivery =
        Delivery { max_age_seconds: config.max_age_seconds, varies: false, cache_status: "fwd=bypass" };
    if representation.is_unchanged(&request.headers) {
        return Ok(answer::not_modified(&representation, delivery));
    }
    answer::whole((&request.method, &request.headers), &representation, delivery, bytes)
}

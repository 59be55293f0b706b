//! One request, given its ports: who may ask, what is asked, what is kept, and what is made anew.
//!
//! The order at the door is access, recipe, source, and only then bytes. After the door nothing is checked again.

mod answer;
mod config;
mod freshness;
mod incoming;
mod key;
pub mod memory;
pub mod ports;
mod problem;
mod transform;

pub use answer::{Answer, AnswerBody};
pub use config::{Access, Config, ConfigError};
pub use problem::Problem;

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use self::answer::{Delivery, Representation};
use self::ports::{Cache, Clock, Log, Ports, Store};
use crate::format::Format;
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::probe::ProbeError;
use crate::recipe::{OnError, Recipe, Source, TransformUrl, Unbuilt};

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

impl Request {
    /// A request for an absolute URL as the runtime writes it: normalised, so that a scan finds its parts. The `url`
    /// crate would parse it all again and bring its tables of international names along.
    pub fn new(method: Method, url: &str, headers: HeaderMap) -> Self {
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) =
            rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        Self {
            method,
            host: host.to_owned(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers,
        }
    }
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
    refuse_signature(request.query.as_deref())?;
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

/// Whoever signs a URL relies on its being checked; to ignore the signature would be worse than to refuse it.
fn refuse_signature(query: Option<&str>) -> Result<(), Unbuilt> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let signed = pairs.map(|(name, _)| name).find(|name| matches!(*name, "exp" | "kid" | "sig"));
    signed.map_or(Ok(()), |option| {
        Err(Unbuilt { option: option.to_owned(), reason: "signed URLs are not checked; leave it out" })
    })
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
    let found = ports.store.read(&key, LARGEST_GATHERED_BYTES).await?;
    let (version, blob) = found.ok_or_else(|| Problem::NotFound { key: key.clone() })?;
    let _promise = ports.memory.promise(version.size_bytes).ok_or(Problem::Busy)?;
    let bytes = incoming::gather(blob, version.size_bytes).await?;
    let format = Format::sniff(&bytes).ok_or(ProbeError::NotAPicture)?;
    let representation = Representation {
        content_type: format.mime(),
        etag: format!("\"{}\"", version.etag),
        modified_seconds: version.modified_seconds,
        cache_tag: transform::cache_tag(&key),
    };
    let delivery =
        Delivery { max_age_seconds: config.max_age_seconds, varies: false, cache_status: "fwd=bypass" };
    answer::whole((&request.method, &request.headers), &representation, delivery, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_parts_of_a_url() {
        let parts = |url| {
            let request = Request::new(Method::GET, url, HeaderMap::new());
            (request.host, request.path, request.query)
        };
        let text = str::to_owned;
        let whole = parts("http://127.0.0.1:8787/image/w=1/https://o.example/a%20b.png?v=2?3#x");
        let path = text("/image/w=1/https://o.example/a%20b.png");
        assert_eq!(whole, (text("127.0.0.1:8787"), path, Some(text("v=2?3"))));
        assert_eq!(parts("https://a.example/"), (text("a.example"), text("/"), None));
        assert_eq!(parts("https://a.example?"), (text("a.example"), text("/"), Some(String::new())));
    }
}

//! One request, given its ports: who may ask, what is asked, what is kept, and what is made anew.
//!
//! The order at the door is grant, recipe, source, and only then bytes. After the door nothing is checked again.

mod admin;
mod answer;
mod breaker;
mod config;
mod door;
mod flights;
mod freshness;
mod hints;
mod incoming;
mod isolate;
mod issuers;
mod key;
mod later;
mod layers;
mod make;
pub mod memory;
mod message;
mod patience;
mod pixels;
pub mod ports;
mod problem;
mod purges;
mod rate;
mod reading;
mod recent;
mod record;
mod refusal;
mod shelf;
mod source_error;
mod telling;
mod transform;
mod versions;
mod work;

pub use answer::{Answer, AnswerBody};
pub use config::{Config, ConfigError, Freshness, VariantStore};
pub use hints::hint_headers;
pub use isolate::Isolate;
pub use issuers::{Issuer, IssuerKeys};
pub use key::is_variant;
pub use later::{Later, carry_on};
pub use message::{Message, MessageError, Warm, carry_out};
pub use problem::Problem;
pub use purges::Purge;
pub use rate::{By, Exceeded, Rate};
pub use recent::Recent;
pub use record::{About, Event, Record};
pub use refusal::{Reason, Refusal};
pub use source_error::{Fault, SourceError};
pub use work::Task;

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use self::answer::Representation;
use self::door::{Permit, Wanted};
use self::ports::{Kept, World};
use self::reading::{Asking, Opened};
use self::work::WorkFile;
use crate::format::Format;
use crate::grant::{Access, Client, Credentials};
use crate::negotiate::Dependence;
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::probe::ProbeError;
use crate::recipe::{OnError, Recipe, Source, TransformUrl};
use crate::sources::{self, is_loop};

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
    /// Who sent it.
    pub client: Client,
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
            client: Client::default(),
        }
    }

    /// What sources are told of its way.
    fn via(&self) -> String {
        sources::via(self.header(http::header::VIA), &self.host)
    }

    /// A header as text.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Answers a request. Never fails: what goes wrong is an answer, too.
pub async fn answer<W: World>(request: &Request, config: &Config, world: &W) -> Answer<Kept<W>> {
    let result = match request.method {
        _ if goes_round(request, config) => Err(Problem::Loop),
        Method::OPTIONS => return answer::preflight(),
        Method::POST if request.path == admin::PURGE_PATH => admin::purge(request, config, world).await,
        Method::GET | Method::HEAD if TransformUrl::is_transform(&request.path) => {
            answer_transform(request, config, world).await
        }
        Method::GET | Method::HEAD => original(request, config, world).await,
        _ => Err(Problem::Method),
    };
    result.unwrap_or_else(|problem| fail(request, &problem, |record| world.log(record)))
}

/// Whether one of our own sources sent this request back to us.
fn goes_round(request: &Request, config: &Config) -> bool {
    let via = request.header(http::header::VIA).filter(|_| config.sources.speak_http());
    via.is_some_and(|via| is_loop(via, &request.host))
}

/// Tells the client what it may know, and the log what it must not.
pub fn fail<B>(request: &Request, problem: &Problem, log: impl Fn(&Record<'_>)) -> Answer<B> {
    note(request, problem, log);
    answer::problem(&request.method, problem)
}

/// Whoever is turned away, and whatever fails of ours, is in the log.
fn note(request: &Request, problem: &Problem, log: impl Fn(&Record<'_>)) {
    let reason = problem.to_string();
    let refused = |kid| Event::Refused { status: problem.status().as_u16(), reason: reason.clone(), kid };
    let event = match problem {
        Problem::Refused(refusal) => refused(refusal.kid.as_deref()),
        Problem::TooMany(_) => refused(None),
        _ if problem.is_internal() => Event::Failed { reason },
        _ => return,
    };
    log(&Record { event, request: Some(About::request(request)) });
}

async fn answer_transform<W: World>(
    request: &Request,
    config: &Config,
    world: &W,
) -> Result<Answer<Kept<W>>, Problem> {
    let (credentials, query) = credentials(request)?;
    let (options, source) = TransformUrl::split(&request.path)?;
    let source = Source::parse(source, query)?.localised(&request.host);
    let permit = door::open(request, credentials, &source, Wanted::Transform, config, world).await?;
    let (recipe, depends) = permit.recipe(Recipe::parse(options)?, request)?;
    let fallback = fallback(&recipe, &source, &permit);
    let result = transform::transform(request, config, &permit, (recipe, depends), source, world).await;
    match (result, fallback) {
        (Err(problem), Some(location)) if problem.is_of_transform() => {
            note(request, &problem, |record| world.log(record));
            Ok(answer::redirect(&location))
        }
        (result, _) => result,
    }
}

/// What the URL brings to be let in with, and what of its query is the source's.
fn credentials(request: &Request) -> Result<(Credentials<'_>, Option<&str>), Problem> {
    Credentials::in_query(request.query.as_deref()).map_err(|error| Refusal::new(error).into())
}

/// Where `onerror=redirect` leads, if it was asked for and sources are shown.
fn fallback(recipe: &Recipe, source: &Source, permit: &Permit<'_>) -> Option<String> {
    let is_asked = recipe.onerror == Some(OnError::Redirect) && permit.originals() == Access::Public;
    match source {
        Source::Key { .. } if is_asked => Some(format!("/{}", source.print())),
        Source::Key { .. } | Source::Remote { .. } => None,
    }
}

/// The source itself, where the deployment shows sources: pictures only, whatever their names say.
async fn original<W: World>(
    request: &Request,
    config: &Config,
    world: &W,
) -> Result<Answer<Kept<W>>, Problem> {
    if percent_decode_str(&request.path).decode_utf8_lossy() == "/" {
        return Err(Problem::NoSuchPath);
    }
    let (credentials, query) = credentials(request)?;
    let source = Source::parse(&request.path, query)?;
    let Source::Key { key, .. } = &source else { return Err(Problem::NoSuchPath) };
    if config.policies.find(&request.host, &source).originals == Access::Private {
        return Err(Problem::NoSuchPath);
    }
    let permit = door::open(request, credentials, &source, Wanted::Original, config, world).await?;
    let file = WorkFile::new(&source, permit.tenant(), config);
    let via = request.via();
    let opened = reading::open(world, &file.places, Asking::anew(&via)).await?;
    let Opened::File(file) = opened else { return Err(Problem::NotFound { key: key.clone() }) };
    let most_bytes = if file.is_sized { file.current.version.size_bytes } else { LARGEST_GATHERED_BYTES };
    if most_bytes > LARGEST_GATHERED_BYTES {
        return Err(Problem::FileTooLarge { size_bytes: most_bytes });
    }
    let _promise = world.isolate().memory.wait_for(world, most_bytes).await?;
    let (current, pieces) = incoming::size(file).await?;
    let bytes = incoming::gather(pieces, current.version.size_bytes).await?;
    let version = current.version;
    let format = Format::sniff(&bytes).ok_or(ProbeError::NotAPicture)?;
    let representation = Representation {
        content_type: format.mime(),
        etag: format!("\"{}\"", version.etag),
        modified_seconds: version.modified_seconds,
        cache_tag: work::cache_tag(key),
    };
    let delivery = permit.delivery(false, Dependence::default(), "fwd=bypass", world.now_ms());
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

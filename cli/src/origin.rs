//! The origin as the command line asks it: one request at a time, again where that may help, and problems as sentences.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, Body, SendBody};

/// So often is asked before it is given up.
const MOST_TRIES: u32 = 9;
/// How long to wait after the first failure; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Nothing that the origin says is longer.
const LONGEST_ANSWER: u64 = 16 << 20;
/// A whole request may take so long, and a file of 100 MB on a slow line does.
const PATIENCE: Duration = Duration::from_mins(30);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

/// Which origin to ask, and as whom.
#[derive(Args)]
pub(crate) struct Address {
    /// The origin, such as `--to https://origin.example`
    #[arg(long, value_name = "URL", env = "LENSLET_TO", default_value = "http://127.0.0.1:8788")]
    to: String,
    /// A token or an API key, such as `--token "$TOKEN"`; better in `LENSLET_TOKEN`, where no list of processes has it
    #[arg(long, value_name = "TOKEN", env = "LENSLET_TOKEN", hide_env_values = true)]
    token: String,
}

/// The origin. Threads share it, and its connections.
pub(crate) struct Origin {
    url: String,
    token: String,
    agent: Agent,
}

/// A request that was not answered as it should.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Of the answer, if there was one.
    pub(crate) status: Option<u16>,
    text: String,
    retry_after: Option<Duration>,
    may_pass: bool,
}

/// What an answer said.
pub(crate) struct Answer {
    /// Its headers.
    pub(crate) headers: ureq::http::HeaderMap,
    bytes: Vec<u8>,
}

/// A place for bytes: a presigned URL, which needs no other grant.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Target {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl Origin {
    /// Reads its address; nothing is asked yet.
    pub(crate) fn new(address: &Address) -> Result<Self, String> {
        let Address { to, token } = address;
        let is_web = to.starts_with("https://") || to.starts_with("http://");
        if !is_web || to.contains(['?', '#']) {
            return Err(format!("--to {to}: write where the origin is, such as https://origin.example"));
        }
        if token.is_empty() || token.contains(|c: char| !c.is_ascii_graphic()) {
            return Err("the token is no token; see `lenslet token --help`".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider);
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            // A grant that follows a redirect is a grant for whoever redirects.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_recv_response(Some(ANSWER_PATIENCE))
            .user_agent(concat!("lenslet/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { url: to.trim_end_matches('/').to_owned(), token: token.clone(), agent })
    }

    /// Where it is, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for JSON, again and again where that may help.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        persist(|| self.ask(&Method::GET, path, &[], None)?.json())
    }

    /// Posts JSON, or nothing, likewise: the request must be one that may come twice.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        persist(|| self.ask(&Method::POST, path, headers, body)?.json())
    }

    fn ask(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().uri(format!("{}{path}", self.url)).method(method);
        let authorization = format!("Bearer {}", self.token);
        request = request.header("authorization", authorization).header("accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if *method == Method::GET {
            return self.send(request.body(()));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(body.map_or_else(String::new, Value::to_string)))
    }

    /// Puts bytes where they belong, once. Nobody there is told who we are.
    pub(crate) fn put(
        &self,
        target: &Target,
        size_bytes: u64,
        bytes: impl Read + 'static,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(Method::PUT).uri(&target.url);
        for (name, value) in &target.headers {
            // What the connection says of itself, it says itself.
            if !["host", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, value);
            }
        }
        let request = request.header("content-length", size_bytes);
        self.send(request.body(SendBody::from_owned_reader(bytes)))
    }

    fn send(&self, request: Result<Request<impl AsSendBody>, ureq::http::Error>) -> Result<Answer, Failure> {
        let request = request.map_err(|error| Failure::hopeless(&error.to_string()))?;
        let response = self.agent.run(request).map_err(|error| Failure::of_connection(&error))?;
        Answer::read(response)
    }
}

impl Answer {
    /// Its body as JSON of this shape.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| Failure::hopeless(&format!("the origin's answer cannot be understood: {error}")))
    }

    /// Reads an answer to its end, and says what is wrong with it.
    fn read(response: Response<Body>) -> Result<Self, Failure> {
        let (parts, mut body) = response.into_parts();
        let bytes = body.with_config().limit(LONGEST_ANSWER).read_to_vec();
        let bytes = bytes.map_err(|error| Failure::of_connection(&error))?;
        if parts.status.is_success() {
            return Ok(Self { headers: parts.headers, bytes });
        }
        let status = parts.status.as_u16();
        let seconds = parts.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Err(Failure {
            status: Some(status),
            text: problem(status, &bytes),
            retry_after: seconds.map(Duration::from_secs),
            may_pass: status == 408 || status == 429 || (status >= 500 && status != 501),
        })
    }
}

impl Failure {
    /// One that will be the same the next time.
    pub(crate) fn hopeless(text: &str) -> Self {
        Self { status: None, text: text.to_owned(), retry_after: None, may_pass: false }
    }

    fn of_connection(error: &ureq::Error) -> Self {
        let may_pass =
            !matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::Rustls(_));
        Self { status: None, text: error.to_string(), retry_after: None, may_pass }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&plain(&self.text))
    }
}

/// What an answer that is no success says of itself: problem+json of the origin, XML of a bucket, or nothing.
fn problem(status: u16, bytes: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(bytes).ok();
    let detail = said.as_ref().and_then(|body| body.get("detail")?.as_str());
    let text = String::from_utf8_lossy(bytes);
    let code = || text.split_once("<Code>")?.1.split_once("</Code>").map(|(code, _)| code.to_owned());
    match detail.map(str::to_owned).or_else(code) {
        Some(said) => format!("{said} ({status})"),
        None => format!("answered {status}"),
    }
}

/// Tries until it works, cannot work, or has been tried often enough.
pub(crate) fn persist<T>(mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        match attempt() {
            Err(failure) if failure.may_pass && tries < MOST_TRIES => {
                sleep(pause(tries, failure.retry_after));
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Twice as long each time, and not the same for everybody who failed at once.
fn pause(tries: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    let mut random = [0; 1];
    // Without random numbers, all wait the same.
    let _ = getrandom::fill(&mut random);
    let jittered = doubled.mul_f64(0.5 + f64::from(random[0]) / 510.0);
    asked.map_or(jittered, |asked| asked.clamp(jittered, LONGEST_PAUSE * 4))
}

/// Text that others wrote, for a terminal: without what would move its cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_in_the_words_of_whoever_has_them() {
        let of = |status, body: &str| problem(status, body.as_bytes());
        assert_eq!(
            of(403, r#"{"detail":"This needs the scope images:write."}"#),
            "This needs the scope images:write. (403)"
        );
        assert_eq!(of(400, "<?xml?><Error><Code>BadDigest</Code></Error>"), "BadDigest (400)");
        assert_eq!(of(502, "<html>"), "answered 502");
    }

    #[test]
    fn pauses_grow_and_end() {
        assert!(pause(1, None) < Duration::from_millis(201));
        assert!(pause(40, None) <= LONGEST_PAUSE);
        assert_eq!(pause(1, Some(Duration::from_secs(3))), Duration::from_secs(3));
        assert_eq!(pause(1, Some(Duration::from_secs(9_999))), LONGEST_PAUSE * 4);
    }

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\u{FFFD}[2Jb\u{FFFD}c");
    }
}

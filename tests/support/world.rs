//! A world in memory: a store, a cache that forgets in time, a clock that is told the time, a log that is read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lenslet::grant::Client;
use lenslet::picture::budget::LARGEST_TRANSFORM_BYTES;
use lenslet::serve::ports::{Blob, Cache, CachedBody, Entry, PIECE_BYTES, Store, StoreError, Version};
use lenslet::serve::{Answer, AnswerBody, Config, Isolate, Record, Request, answer, ports};

/// Runs a future that never waits for anything outside.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in memory waits"),
    }
}

/// Objects by key, and how often they were asked for.
#[derive(Debug, Default)]
pub struct Objects {
    held: RefCell<BTreeMap<String, Object>>,
    fails_with: RefCell<Option<String>>,
    pub reads: Cell<u32>,
}

type Object = (Version, Arc<[u8]>);

/// An object's bytes, and how many of them were read.
#[derive(Debug)]
pub struct Bytes(Arc<[u8]>, usize);

impl Blob for Bytes {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let piece: Vec<u8> = self.0.iter().skip(self.1).take(PIECE_BYTES as usize).copied().collect();
        self.1 += piece.len();
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Objects {
    fn find(&self, key: &str) -> Result<Option<Object>, StoreError> {
        match &*self.fails_with.borrow() {
            Some(reason) => Err(StoreError::Failed(reason.clone())),
            None => Ok(self.held.borrow().get(key).cloned()),
        }
    }
}

impl Store for Objects {
    type Blob = Bytes;

    async fn version(&self, key: &str) -> Result<Option<Version>, StoreError> {
        Ok(self.find(key)?.map(|(version, _)| version))
    }

    async fn read(&self, key: &str, most_bytes: u64) -> Result<Option<(Version, Bytes)>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        match self.find(key)? {
            Some((version, _)) if version.size_bytes > most_bytes => {
                Err(StoreError::TooLarge { size_bytes: version.size_bytes })
            }
            found => Ok(found.map(|(version, bytes)| (version, Bytes(bytes, 0)))),
        }
    }
}

/// What is kept, and until when in milliseconds.
#[derive(Debug, Default)]
pub struct Kept {
    entries: RefCell<BTreeMap<String, Until>>,
    now_ms: Cell<f64>,
}

type Until = (f64, HeaderMap, Vec<u8>);

#[derive(Debug)]
pub struct Body(Vec<u8>);

impl CachedBody for Body {
    async fn into_bytes(self) -> Option<Vec<u8>> {
        Some(self.0)
    }
}

impl Cache for Kept {
    type Body = Body;

    async fn get(&self, key: &str) -> Option<Entry<Body>> {
        let entries = self.entries.borrow();
        let (until, headers, body) = entries.get(key)?;
        (self.now_ms.get() < *until).then(|| Entry { headers: headers.clone(), body: Body(body.clone()) })
    }

    fn put(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        let until = self.now_ms.get() + f64::from(seconds) * 1000.0;
        self.entries.borrow_mut().insert(key.to_owned(), (until, headers, body.to_owned()));
    }
}

/// Everything a request meets. The clock is the cache's.
#[derive(Debug)]
pub struct World {
    pub config: Config,
    pub objects: Objects,
    pub kept: Kept,
    pub client: Client,
    /// What issuers publish, by address.
    pub published: RefCell<BTreeMap<String, String>>,
    /// How often issuers were asked.
    pub fetches: Cell<u32>,
    /// How often a key may still be counted at a binding; what is not here may always be.
    pub left: RefCell<BTreeMap<String, u32>>,
    diary: RefCell<Vec<String>>,
    isolate: Isolate,
}

impl ports::World for World {
    type Store = Objects;
    type Cache = Kept;

    fn store(&self) -> &Objects {
        &self.objects
    }

    fn cache(&self) -> &Kept {
        &self.kept
    }

    fn isolate(&self) -> &Isolate {
        &self.isolate
    }

    fn now_ms(&self) -> f64 {
        self.kept.now_ms.get()
    }

    fn log(&self, record: &Record<'_>) {
        self.diary.borrow_mut().push(record.to_string());
    }

    async fn fetch_keys(&self, url: &str) -> Result<Vec<u8>, String> {
        self.fetches.set(self.fetches.get() + 1);
        let found = self.published.borrow().get(url).map(|json| json.clone().into_bytes());
        found.ok_or_else(|| "it answers 503".to_owned())
    }

    async fn wait(&self, milliseconds: u32) {
        self.kept.now_ms.set(self.kept.now_ms.get() + f64::from(milliseconds));
    }

    async fn count(&self, binding: &str, key: &str) -> Result<bool, String> {
        let mut left = self.left.borrow_mut();
        let Some(left) = left.get_mut(&format!("{binding} {key}")) else { return Ok(true) };
        let is_within = *left > 0;
        *left = left.saturating_sub(1);
        Ok(is_within)
    }
}

/// An answer with its body read and its headers sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// When everything in the store was stored: Sun, 06 Nov 1994 08:49:37 GMT.
pub const STORED_SECONDS: u64 = 784_111_777;

/// When the world begins, in seconds since 1970.
pub const NOW_SECONDS: u32 = 1_000_000_000;

impl World {
    /// A world with these settings; one that is not named is absent.
    pub fn new(settings: &[(&str, &str)], presets: &[(&str, &str)]) -> Self {
        let presets: BTreeMap<_, _> = presets.iter().copied().collect();
        let setting = |name: &str| match name {
            "PRESETS" => Some(serde_json::to_string(&presets).unwrap()),
            _ => settings.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()),
        };
        let kept = Kept::default();
        kept.now_ms.set(f64::from(NOW_SECONDS) * 1000.0);
        Self {
            config: Config::read(setting).unwrap(),
            objects: Objects::default(),
            kept,
            client: Client::default(),
            published: RefCell::default(),
            fetches: Cell::default(),
            left: RefCell::default(),
            diary: RefCell::default(),
            isolate: Isolate::default(),
        }
    }

    /// A new isolate at the same place: it remembers nothing, and the cache is still there.
    pub fn forget(&mut self) {
        self.isolate = Isolate::default();
    }

    /// A world where everybody may have everything.
    pub fn public() -> Self {
        Self::new(&[("ACCESS", "public"), ("ORIGINALS", "public")], &[])
    }

    /// Stores an object.
    #[must_use]
    pub fn with(self, key: &str, etag: &str, bytes: &[u8]) -> Self {
        self.put(key, etag, bytes);
        self
    }

    pub fn put(&self, key: &str, etag: &str, bytes: &[u8]) {
        self.put_sized(key, etag, bytes, bytes.len() as u64);
    }

    /// Stores an object that says it is larger than it is.
    pub fn put_sized(&self, key: &str, etag: &str, bytes: &[u8], size_bytes: u64) {
        let version = Version { etag: etag.to_owned(), modified_seconds: STORED_SECONDS, size_bytes };
        self.objects.held.borrow_mut().insert(key.to_owned(), (version, bytes.into()));
    }

    pub fn delete(&self, key: &str) {
        self.objects.held.borrow_mut().remove(key);
    }

    pub fn break_store(&self, reason: &str) {
        *self.objects.fails_with.borrow_mut() = Some(reason.to_owned());
    }

    pub fn mend_store(&self) {
        *self.objects.fails_with.borrow_mut() = None;
    }

    pub fn wait_seconds(&self, seconds: u32) {
        self.kept.now_ms.set(self.kept.now_ms.get() + f64::from(seconds) * 1000.0);
    }

    /// What was logged since the last look.
    pub fn read_log(&self) -> Vec<String> {
        self.diary.take()
    }

    /// How many variants are kept; versions of sources do not count.
    pub fn kept_variants(&self) -> usize {
        self.kept.entries.borrow().keys().filter(|key| key.contains("/variant/")).count()
    }

    /// Does something while others hold all memory.
    pub fn while_full<T>(&self, act: impl FnOnce(&Self) -> T) -> T {
        let _promise = self.isolate.memory.promise(LARGEST_TRANSFORM_BYTES).unwrap();
        act(self)
    }

    pub fn get(&self, url: &str) -> Seen {
        self.ask(Method::GET, url, &[])
    }

    /// Sends a request and reads the whole answer.
    pub fn ask(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Seen {
        let (path, query) = url.split_once('?').map_or((url, None), |(p, q)| (p, Some(q.to_owned())));
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let request = Request {
            method,
            host: "pictures.example".to_owned(),
            path: path.to_owned(),
            query,
            headers: headers.collect(),
            client: self.client.clone(),
        };
        see(block_on(answer(&request, &self.config, self)))
    }
}

fn see(answer: Answer<Body>) -> Seen {
    let body = match answer.body {
        AnswerBody::Empty => Vec::new(),
        AnswerBody::Bytes(bytes) | AnswerBody::Cached(Body(bytes)) => bytes,
    };
    let header =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    Seen { status: answer.status.as_u16(), headers: answer.headers.iter().map(header).collect(), body }
}

impl Seen {
    /// A header; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// All headers but those of every answer, one per line.
    pub fn own_headers(&self) -> String {
        let mut lines = String::new();
        for (name, value) in &self.headers {
            if ALWAYS.iter().all(|(always, _)| always != name) {
                lines.extend([name, ": ", value, "\n"]);
            }
        }
        lines
    }

    /// A problem document.
    pub fn problem(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What no answer may lack.
pub const ALWAYS: [(&str, &str); 6] = [
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "Cache-Status, Content-Length, Content-Range, ETag, Last-Modified, RateLimit, RateLimit-Policy, Retry-After, Server-Timing",
    ),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("timing-allow-origin", "*"),
    ("x-content-type-options", "nosniff"),
];

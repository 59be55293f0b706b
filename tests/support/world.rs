//! A world in memory: buckets and servers, a cache that forgets in time, a clock that passes when all wait, a log that is
//! read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lenslet::grant::Client;
use lenslet::picture::budget::LARGEST_TRANSFORM_BYTES;
use lenslet::serve::ports::{Bell, Cache, CachedBody, Entry, Fetched, StoreError, Version};
use lenslet::serve::{
    Answer, AnswerBody, Config, Isolate, MessageError, Purge, Record, Request, answer, carry_on, carry_out,
    ports,
};
use lenslet::sources::Outgoing;

use super::clock::{Clock, all};
use super::servers::{Bytes, Servers, Trouble};

/// What is kept, and until when in milliseconds.
#[derive(Debug)]
pub struct Kept {
    pub entries: RefCell<BTreeMap<String, Until>>,
    clock: Rc<Clock>,
}

pub type Until = (f64, HeaderMap, Vec<u8>);

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
        (self.clock.now_ms() < *until).then(|| Entry { headers: headers.clone(), body: Body(body.clone()) })
    }

    fn put(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        let until = self.clock.now_ms() + f64::from(seconds) * 1000.0;
        self.entries.borrow_mut().insert(key.to_owned(), (until, headers, body.to_owned()));
    }

    async fn write(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32) {
        self.put(key, headers, body, seconds);
    }

    async fn adopt(&self, key: &str, entry: Entry<Body>, seconds: u32) -> Option<Entry<Body>> {
        self.put(key, entry.headers.clone(), &entry.body.0, seconds);
        Some(entry)
    }
}

/// The bucket of the pictures.
pub const PICTURES: &str = "PICTURES";

/// Everything a request meets. The clock is the cache's.
#[derive(Debug)]
pub struct World {
    pub config: Config,
    pub clock: Rc<Clock>,
    pub servers: Servers,
    pub kept: Kept,
    pub client: Client,
    /// What issuers publish, by address.
    pub published: RefCell<BTreeMap<String, String>>,
    /// How often issuers were asked.
    pub fetches: Cell<u32>,
    /// How often a key may still be counted at a binding; what is not here may always be.
    pub left: RefCell<BTreeMap<String, u32>>,
    /// Requests that go on although their clients may have gone.
    pub stays: Rc<Cell<i32>>,
    /// Objects that were put.
    pub puts: Cell<u64>,
    diary: RefCell<Vec<String>>,
    isolate: Isolate,
}

impl ports::World for World {
    type Blob = Bytes;
    type Cache = Kept;

    async fn head(&self, binding: &str, key: &str) -> Result<Option<Version>, StoreError> {
        self.servers.head(binding, key).await
    }

    async fn get(&self, binding: &str, key: &str) -> Result<Option<(Version, Bytes)>, StoreError> {
        self.servers.get(binding, key).await
    }

    async fn fetch(&self, request: &Outgoing) -> Result<Fetched<Bytes>, StoreError> {
        self.servers.fetch(request).await
    }

    fn cache(&self) -> &Kept {
        &self.kept
    }

    async fn stored(&self, binding: &str, key: &str) -> Result<Option<Entry<Body>>, StoreError> {
        let Some((version, _)) = self.servers.get(binding, key).await? else { return Ok(None) };
        let object = self.servers.object(binding, key).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(version.size_bytes));
        let content_type = object.content_type.as_deref().unwrap_or_default();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        Ok(Some(Entry { headers, body: Body(object.bytes.to_vec()) }))
    }

    fn store(
        &self,
        binding: &str,
        key: &str,
        headers: HeaderMap,
        body: &[u8],
        about: &[(&'static str, String)],
    ) {
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
        let about = about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if self.servers.object(binding, key).is_none() {
            self.servers.put(binding, key, "variant", body, content_type, about);
        }
    }

    async fn replace(
        &self,
        binding: &str,
        key: &str,
        body: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.puts.set(self.puts.get() + 1);
        Ok(self.servers.replace(binding, key, &body, etag, self.puts.get()))
    }

    async fn purge_platform(&self, _: &Purge) -> Result<(), String> {
        Ok(())
    }

    fn isolate(&self) -> &Isolate {
        &self.isolate
    }

    fn now_ms(&self) -> f64 {
        self.clock.now_ms()
    }

    fn random(&self) -> f64 {
        0.5
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
        self.clock.sleep(f64::from(milliseconds)).await;
    }

    fn stay(&self) -> Bell {
        self.stays.set(self.stays.get() + 1);
        let stays = Rc::clone(&self.stays);
        Box::new(move || stays.set(stays.get() - 1))
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
        let clock = Clock::at(f64::from(NOW_SECONDS) * 1000.0);
        let kept = Kept { entries: RefCell::default(), clock: Rc::clone(&clock) };
        Self {
            config: Config::read(setting).unwrap(),
            servers: Servers::new(&clock),
            clock,
            kept,
            stays: Rc::default(),
            puts: Cell::default(),
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
        self.servers.put(PICTURES, key, etag, bytes, None, Vec::new());
        let mut objects = self.servers.objects.borrow_mut();
        let object = objects.get_mut(&(PICTURES.to_owned(), key.to_owned())).unwrap();
        object.version.size_bytes = size_bytes;
    }

    pub fn delete(&self, key: &str) {
        self.servers.objects.borrow_mut().remove(&(PICTURES.to_owned(), key.to_owned()));
    }

    pub fn break_store(&self, reason: &str) {
        self.servers.trouble(PICTURES, Trouble::Fails(reason.to_owned()));
    }

    pub fn mend_store(&self) {
        self.servers.mend();
    }

    pub fn wait_seconds(&self, seconds: u32) {
        self.clock.advance_ms(f64::from(seconds) * 1000.0);
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

    /// Sends a request and reads the whole answer; then whatever goes on later does.
    pub fn ask(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Seen {
        let request = self.request(method, url, headers);
        self.clock.run(self.answer(&request))
    }

    /// Sends requests at once, by turns.
    pub fn ask_all(&self, urls: &[&str]) -> Vec<Seen> {
        let requests: Vec<Request> = urls.iter().map(|url| self.request(Method::GET, url, &[])).collect();
        let answer = |request| Box::pin(self.answer(request)) as Pin<Box<dyn Future<Output = Seen> + '_>>;
        self.clock.run(all(requests.iter().map(answer).collect()))
    }

    pub async fn answer(&self, request: &Request) -> Seen {
        let answer = answer(request, &self.config, self).await;
        for later in &answer.later {
            carry_on(later, &self.config, self).await;
        }
        see(answer)
    }

    /// Carries out a message of the queue.
    pub fn message(&self, json: &str) -> Result<(), MessageError> {
        self.clock.run(carry_out(json, &self.config, self))
    }

    pub fn request(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Request {
        let (path, query) = url.split_once('?').map_or((url, None), |(p, q)| (p, Some(q.to_owned())));
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        Request {
            method,
            host: "pictures.example".to_owned(),
            path: path.to_owned(),
            query,
            headers: headers.collect(),
            client: self.client.clone(),
        }
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
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("timing-allow-origin", "*"),
    ("x-content-type-options", "nosniff"),
];

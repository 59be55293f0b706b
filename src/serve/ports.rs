//! What serving a request needs of the world. The edge implements these with R2 and the Cache API, tests with maps.
//!
//! Futures are not `Send`: an isolate has one thread.

#![expect(async_fn_in_trait, reason = "every implementation is single-threaded and ours")]

use http::HeaderMap;

use super::isolate::Isolate;
use super::purges::Purge;
use super::record::Record;
use crate::geometry::Focus;
pub use crate::picture::decode::PIECE_BYTES;
use crate::sources::Outgoing;

/// Which bytes a key stands for at the moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Version {
    /// Changes whenever the bytes do.
    pub etag: String,
    /// When they were stored, in seconds since 1970.
    pub modified_seconds: u64,
    /// How many there are.
    pub size_bytes: u64,
    /// The point that `gravity=auto` keeps, where somebody wrote one beside the picture.
    #[serde(default)]
    pub focus: Option<Focus>,
}

/// A bucket or a server did not answer, or broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Bytes of a file, copied into linear memory piece by piece, of about [`PIECE_BYTES`].
pub trait Blob {
    /// The next piece, not empty; nothing once all were read.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

/// An answer of another server, redirects among them: its head, and its body as far as that has come.
#[derive(Debug)]
pub struct Fetched<B> {
    /// Its status code.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub blob: B,
}

/// Ends a stay.
pub type Bell = Box<dyn FnOnce()>;

/// A body that the cache holds.
pub trait CachedBody {
    /// All of it.
    async fn into_bytes(self) -> Option<Vec<u8>>;
}

/// Something kept.
#[derive(Debug, Clone)]
pub struct Entry<B> {
    /// Its `Content-Type` and `Content-Length`.
    pub headers: HeaderMap,
    /// Its body.
    pub body: B,
}

/// Where answers are kept. A cache may forget at any time and never fails.
pub trait Cache {
    /// The body of what it holds, not yet copied in.
    type Body: CachedBody;

    /// What is kept under a key.
    async fn get(&self, key: &str) -> Option<Entry<Self::Body>>;

    /// Keeps an answer for so long; it may be kept only after that answer is on its way.
    fn put(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32);

    /// Keeps an answer for so long, and waits until it is kept.
    async fn write(&self, key: &str, headers: HeaderMap, body: &[u8], seconds: u32);

    /// Keeps what another layer had, for so long, and gives it back.
    async fn adopt(&self, key: &str, entry: Entry<Self::Body>, seconds: u32) -> Option<Entry<Self::Body>>;
}

/// Everything that a request needs of the world, in one value.
pub trait World {
    /// A file at a source.
    type Blob: Blob;
    /// Answers.
    type Cache: Cache;

    /// The version of an object in a bucket; nothing where there is no such object.
    async fn head(&self, binding: &str, key: &str) -> Result<Option<Version>, StoreError>;

    /// An object in a bucket; nothing where there is no such object.
    async fn get(&self, binding: &str, key: &str) -> Result<Option<(Version, Self::Blob)>, StoreError>;

    /// The answer of another server. It is called off when nobody waits for it any more.
    async fn fetch(&self, request: &Outgoing) -> Result<Fetched<Self::Blob>, StoreError>;

    /// Where answers are kept in this data centre.
    fn cache(&self) -> &Self::Cache;

    /// What is stored in a bucket for every data centre, as the cache would have it.
    async fn stored(&self, binding: &str, key: &str) -> Result<Option<Entry<Kept<Self>>>, StoreError>;

    /// Stores an answer in a bucket once it is on its way, unless there is one of this key. `about` is written beside it.
    fn store(
        &self,
        binding: &str,
        key: &str,
        headers: HeaderMap,
        body: &[u8],
        about: &[(&'static str, String)],
    );

    /// Puts an object into a bucket in the place of the one with this entity tag, or where there is none; answers whether
    /// that was still so.
    async fn replace(
        &self,
        binding: &str,
        key: &str,
        body: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Purges the platform's own cache in front of the Worker, where there is one.
    async fn purge_platform(&self, purge: &Purge) -> Result<(), String>;

    /// What the requests of this isolate share.
    fn isolate(&self) -> &Isolate;

    /// Milliseconds since 1970. At the edge the clock moves during input and output alone.
    fn now_ms(&self) -> f64;

    /// A number from 0 up to 1 that nobody can tell before.
    fn random(&self) -> f64;

    /// Writes one line of the log.
    fn log(&self, record: &Record<'_>);

    /// The document at an issuer's address, of at most [`LARGEST_KEYS_BYTES`]; nobody is followed elsewhere.
    async fn fetch_keys(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Waits for about so many milliseconds, while others go on.
    async fn wait(&self, milliseconds: u32);

    /// Lets this request go on although its client went away, until the bell rings.
    fn stay(&self) -> Bell;

    /// Counts one more of a key at a rate limit; answers whether that is still within it.
    async fn count(&self, binding: &str, key: &str) -> Result<bool, String>;
}

/// Dozens of keys take less.
pub const LARGEST_KEYS_BYTES: usize = 65_536;

/// What [`World::cache`] holds.
pub type Kept<W> = <<W as World>::Cache as Cache>::Body;

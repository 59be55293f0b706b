//! What serving a request needs of the world. The edge implements these with R2 and the Cache API, tests with maps.
//!
//! Futures are not `Send`: an isolate has one thread.

#![expect(async_fn_in_trait, reason = "every implementation is single-threaded and ours")]

use http::HeaderMap;

use super::isolate::Isolate;
use super::record::Record;
pub use crate::picture::decode::PIECE_BYTES;

/// Which bytes a key stands for at the moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Version {
    /// Changes whenever the bytes do.
    pub etag: String,
    /// When they were stored, in seconds since 1970.
    pub modified_seconds: u64,
    /// How many there are.
    pub size_bytes: u64,
}

/// Why a store has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store failed or answered nonsense.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The object is larger than the caller reads.
    #[error("the object has {size_bytes} bytes")]
    TooLarge {
        /// Its size.
        size_bytes: u64,
    },
}

/// Bytes of a file, copied into linear memory piece by piece, of about [`PIECE_BYTES`].
pub trait Blob {
    /// The next piece, not empty; nothing once all were read. Files that must be small enough to lie in memory whole
    /// are there already: nobody waits for their pieces.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Where the sources are.
pub trait Store {
    /// What it reads.
    type Blob: Blob;

    /// The version of a key; nothing where there is no such object.
    async fn version(&self, key: &str) -> Result<Option<Version>, StoreError>;

    /// The bytes of a key and the version they are of; nothing where there is no such object.
    async fn read(&self, key: &str, most_bytes: u64) -> Result<Option<(Version, Self::Blob)>, StoreError>;
}

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
}

/// Everything that a request needs of the world, in one value.
pub trait World {
    /// Sources.
    type Store: Store;
    /// Answers.
    type Cache: Cache;

    /// Where the sources are.
    fn store(&self) -> &Self::Store;

    /// Where answers are kept.
    fn cache(&self) -> &Self::Cache;

    /// What the requests of this isolate share.
    fn isolate(&self) -> &Isolate;

    /// Milliseconds since 1970. At the edge the clock moves during input and output alone.
    fn now_ms(&self) -> f64;

    /// Writes one line of the log.
    fn log(&self, record: &Record<'_>);

    /// The document at an issuer's address, of at most [`LARGEST_KEYS_BYTES`]; nobody is followed elsewhere.
    async fn fetch_keys(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Waits for about so many milliseconds, while others go on.
    async fn wait(&self, milliseconds: u32);

    /// Counts one more of a key at a rate limit; answers whether that is still within it.
    async fn count(&self, binding: &str, key: &str) -> Result<bool, String>;
}

/// Dozens of keys take less.
pub const LARGEST_KEYS_BYTES: usize = 65_536;

/// What [`World::cache`] holds.
pub type Kept<W> = <<W as World>::Cache as Cache>::Body;

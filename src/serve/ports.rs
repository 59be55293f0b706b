//! What serving a request needs of the world. The edge implements these with R2 and the Cache API, tests with maps.
//!
//! Futures are not `Send`: an isolate has one thread.

#![expect(async_fn_in_trait, reason = "every implementation is single-threaded and ours")]

use http::HeaderMap;

use super::memory::Ledger;
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
    /// Its headers.
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

/// The time, for `Server-Timing` only. At the edge it moves during input and output alone.
pub trait Clock {
    /// Milliseconds since some fixed point.
    fn now_ms(&self) -> f64;
}

/// Where things are told that the client must not hear.
pub trait Log {
    /// A failure that is ours or the store's.
    fn error(&self, message: &str);
}

/// The world, in one value.
#[derive(Debug)]
pub struct Ports<'a, S, C, K, L> {
    /// Sources.
    pub store: &'a S,
    /// Answers.
    pub cache: &'a C,
    /// Time.
    pub clock: &'a K,
    /// Log.
    pub log: &'a L,
    /// Memory that all requests share.
    pub memory: &'a Ledger,
}

impl<S, C, K, L> Clone for Ports<'_, S, C, K, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, C, K, L> Copy for Ports<'_, S, C, K, L> {}

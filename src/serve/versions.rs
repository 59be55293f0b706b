//! Which version of a source is current: remembered for a while, so that a hit asks nobody.
//!
//! In the isolate first, then in the data centre's cache, then by the store. What was learned is good until the same
//! moment everywhere.

use std::cell::RefCell;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::key::version_cache_key;
use super::ports::{Cache, CachedBody, Store, StoreError, Version, World};
use super::recent::Recent;

/// Versions that the isolate remembers.
#[derive(Debug)]
pub(super) struct Versions(RefCell<Recent<Remembered>>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    version: Version,
    until_ms: f64,
}

impl Default for Versions {
    fn default() -> Self {
        /// About a thousand, whose keys may be long.
        const MOST_BYTES: u32 = 2 << 20;
        Self(RefCell::new(Recent::new(MOST_BYTES)))
    }
}

impl Versions {
    fn get(&self, key: &str, now_ms: f64) -> Option<Version> {
        let known = self.0.borrow_mut().get(key)?;
        (now_ms < known.until_ms).then_some(known.version)
    }

    fn put(&self, key: &str, remembered: Remembered) {
        let bytes = u32::try_from(remembered.version.etag.len()).unwrap_or(u32::MAX);
        self.0.borrow_mut().put(key, remembered, bytes);
    }
}

/// The version of a key as far as anybody remembers, or else as the store says; nothing where it has none.
pub(super) async fn current<W: World>(
    world: &W,
    key: &str,
    fresh_seconds: u32,
) -> Result<Option<Version>, StoreError> {
    let now_ms = world.now_ms();
    if let Some(version) = world.isolate().versions.get(key, now_ms) {
        return Ok(Some(version));
    }
    if let Some(remembered) = in_cache(world, key).await.filter(|known| now_ms < known.until_ms) {
        world.isolate().versions.put(key, remembered.clone());
        return Ok(Some(remembered.version));
    }
    let version = world.store().version(key).await?;
    if let Some(version) = &version {
        remember(world, key, version, fresh_seconds);
    }
    Ok(version)
}

/// Remembers what the store said just now.
pub(super) fn remember<W: World>(world: &W, key: &str, version: &Version, fresh_seconds: u32) {
    if fresh_seconds == 0 {
        return;
    }
    let until_ms = world.now_ms() + f64::from(fresh_seconds) * 1000.0;
    let remembered = Remembered { version: version.clone(), until_ms };
    if let Ok(body) = serde_json::to_vec(&remembered) {
        world.cache().put(&version_cache_key(key), HeaderMap::new(), &body, fresh_seconds);
    }
    world.isolate().versions.put(key, remembered);
}

async fn in_cache<W: World>(world: &W, key: &str) -> Option<Remembered> {
    let entry = world.cache().get(&version_cache_key(key)).await?;
    serde_json::from_slice(&entry.body.into_bytes().await?).ok()
}

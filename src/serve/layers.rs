//! Where variants are kept: in the data centre's cache, and behind it, if there is one, in a bucket for all of them.

use http::HeaderMap;

use super::config::Config;
use super::key::VariantKey;
use super::ports::{Cache, Entry, Kept, StoreError, World};
use super::record::{Event, Record};

/// Variants are named by all that they follow from, so they never go stale; a year is for ever.
const VARIANT_SECONDS: u32 = 31_536_000;

/// A place where variants are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The cache of this data centre, and what the isolate remembers of it.
    Cache,
    /// The bucket.
    Store,
}

/// A variant, and where it was. What the bucket had is in the cache from then on.
pub(super) async fn find<W: World>(
    world: &W,
    config: &Config,
    variant: &VariantKey,
) -> Option<(Entry<Kept<W>>, Layer)> {
    let key = variant.cache_key();
    if let Some(entry) = world.cache().get(&key).await {
        return Some((entry, Layer::Cache));
    }
    let store = config.variant_store.as_ref()?;
    match world.stored(&store.binding, &format!("{}{}", store.prefix, variant.store_key())).await {
        Ok(found) => Some((world.cache().adopt(&key, found?, VARIANT_SECONDS).await?, Layer::Store)),
        // A picture can be made without it.
        Err(StoreError(reason)) => {
            let reason = format!("the bucket of the variants fails: {reason}");
            world.log(&Record { event: Event::Failed { reason }, request: None });
            None
        }
    }
}

/// Keeps a variant in all layers. `about` is written beside it in the bucket.
pub(super) fn keep<W: World>(
    world: &W,
    config: &Config,
    variant: &VariantKey,
    headers: HeaderMap,
    bytes: &[u8],
    about: &[(&'static str, String)],
) {
    if let Some(store) = &config.variant_store {
        let key = format!("{}{}", store.prefix, variant.store_key());
        world.store(&store.binding, &key, headers.clone(), bytes, about);
    }
    world.cache().put(&variant.cache_key(), headers, bytes, VARIANT_SECONDS);
}

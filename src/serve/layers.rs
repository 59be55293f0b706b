//! Where variants are kept: in the data centre's cache, and behind it, if there is one, in a bucket for all of them.

use http::HeaderMap;

use super::config::{Config, VariantStore};
use super::key::VariantKey;
use super::patience::within;
use super::ports::{Cache, Entry, Kept, StoreError, World};
use super::record::{Event, Record};
use super::source_error::Fault;

/// Variants are named by all that they follow from, so they never go stale; a year is for ever.
const VARIANT_SECONDS: u32 = 31_536_000;

/// What the log and its circuit breaker know the bucket by: no source can have this name.
const STORE: &str = "the bucket of the variants";
/// Whoever asks for a picture does not wait for it any longer: making one takes less.
const PATIENCE_MS: u32 = 1_000;

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
    // A picture can be made without it.
    let found = ask_store(world, from_store(world, store, variant)).await.ok()??;
    Some((found, Layer::Store))
}

/// What the bucket answers in time. As a source it is left alone for a while when it fails; the log says why.
pub(super) async fn ask_store<W: World, T>(
    world: &W,
    question: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Fault> {
    let breakers = &world.isolate().breakers;
    breakers.admit(STORE, world.now_ms())?;
    let answer = match within(world, PATIENCE_MS, question).await {
        Some(answer) => answer.map_err(|StoreError(reason)| Fault::Failed(reason)),
        None => Err(Fault::TimedOut { milliseconds: PATIENCE_MS }),
    };
    match &answer {
        Ok(_) => breakers.succeeded(STORE),
        Err(fault) => {
            breakers.failed(STORE, fault, world.now_ms());
            let reason = format!("{STORE} {fault}");
            world.log(&Record { event: Event::Failed { reason }, request: None });
        }
    }
    answer
}

async fn from_store<W: World>(
    world: &W,
    store: &VariantStore,
    variant: &VariantKey,
) -> Result<Option<Entry<Kept<W>>>, StoreError> {
    match world.stored(&store.binding, &format!("{}{}", store.prefix, variant.store_key())).await? {
        Some(entry) => Ok(world.cache().adopt(&variant.cache_key(), entry, VARIANT_SECONDS).await),
        None => Ok(None),
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

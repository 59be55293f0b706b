//! Which version of a picture is current: remembered for a while, so that a hit asks nobody.
//!
//! In the isolate first, then in the data centre's cache. What was learned counts from the moment it was asked for,
//! everywhere. That somebody has no such picture is remembered as well, for a shorter time.

use std::cell::RefCell;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::config::Freshness;
use super::key::version_cache_key;
use super::ports::{Cache, CachedBody, Version, World};
use super::recent::Recent;

/// A version, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Current {
    /// The name of its place.
    pub place: String,
    /// The version.
    pub version: Version,
}

/// What is known of a picture's version.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// It is this one, as far as it matters.
    Fresh {
        /// The version.
        current: Current,
        /// So old is the knowledge beyond its time; nothing where it is within.
        over_ms: Option<f64>,
        /// Whether it should be asked for anew before long.
        is_due: bool,
    },
    /// It was this one; good enough only while nobody can tell.
    Stale {
        /// The version.
        current: Current,
        /// So old is the knowledge beyond its time.
        over_ms: f64,
    },
    /// There was none a moment ago.
    Missing,
    /// Nothing.
    Unknown,
}

/// Versions that the isolate remembers.
#[derive(Debug)]
pub(super) struct Versions(RefCell<Recent<Remembered>>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    /// Nothing where there was no such picture.
    current: Option<Current>,
    learned_ms: f64,
    /// The last one that was read to its end, as long as this one was not.
    #[serde(default)]
    before: Option<(Current, f64)>,
}

impl Default for Versions {
    fn default() -> Self {
        /// About a thousand, whose names may be long.
        const MOST_BYTES: u32 = 2 << 20;
        Self(RefCell::new(Recent::new(MOST_BYTES)))
    }
}

impl Versions {
    fn get(&self, name: &str) -> Option<Remembered> {
        self.0.borrow_mut().get(name)
    }

    fn put(&self, name: &str, remembered: Remembered) {
        let current = remembered.current.as_ref();
        let bytes = current.map_or(0, |current| current.version.etag.len() + current.place.len());
        self.0.borrow_mut().put(name, remembered, u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

impl Remembered {
    /// The last version that was read to its end, for one who knows of another now.
    fn before(self, now: &Current) -> Option<(Current, f64)> {
        let Self { current, learned_ms, before } = self;
        let replaced = current.filter(|current| before.is_none() && current != now);
        before.or(replaced.map(|current| (current, learned_ms)))
    }

    /// What this is worth now. Nothing that was learned before a purge counts.
    fn weigh(self, freshness: &Freshness, purged_ms: f64, now_ms: f64) -> Known {
        let Self { current, learned_ms, .. } = self;
        let seconds = |seconds: u32| f64::from(seconds) * 1000.0;
        let age_ms = now_ms - learned_ms;
        if learned_ms <= purged_ms {
            return Known::Unknown;
        }
        let Some(current) = current else {
            return if age_ms < seconds(freshness.missing_seconds) { Known::Missing } else { Known::Unknown };
        };
        let fresh_ms = seconds(freshness.fresh_seconds);
        let over_ms = age_ms - fresh_ms;
        if over_ms < 0.0 {
            // Asked for anew in the second half of its time, it need never be waited for.
            return Known::Fresh { current, over_ms: None, is_due: age_ms * 2.0 >= fresh_ms };
        }
        if over_ms < seconds(freshness.revalidate_seconds) {
            return Known::Fresh { current, over_ms: Some(over_ms), is_due: true };
        }
        if over_ms < seconds(freshness.stale_seconds) {
            Known::Stale { current, over_ms }
        } else {
            Known::Unknown
        }
    }
}

/// What is known of a picture by the name of its places. `purged_ms` is when it was purged last.
pub(super) async fn known<W: World>(world: &W, name: &str, freshness: &Freshness, purged_ms: f64) -> Known {
    let now_ms = world.now_ms();
    let weigh = |remembered: Remembered| remembered.weigh(freshness, purged_ms, now_ms);
    let here = world.isolate().versions.get(name).map_or(Known::Unknown, weigh);
    if matches!(here, Known::Fresh { is_due: false, .. } | Known::Missing) {
        return here;
    }
    // Another isolate may have learned more since.
    let Some(there) = in_cache(world, name).await else { return here };
    let known = weigh(there.clone());
    if matches!(known, Known::Unknown) {
        return here;
    }
    world.isolate().versions.put(name, there);
    known
}

/// Remembers what its places said of a picture when they were asked at a moment.
pub(super) fn remember<W: World>(
    world: &W,
    name: &str,
    current: Option<&Current>,
    asked_ms: f64,
    freshness: &Freshness,
) {
    let versions = &world.isolate().versions;
    let before = current.and_then(|current| versions.get(name)?.before(current));
    put(world, name, Remembered { current: current.cloned(), learned_ms: asked_ms, before }, freshness);
}

/// The version of a picture that was remembered last was read to its end.
pub(super) fn confirm<W: World>(world: &W, name: &str, freshness: &Freshness) {
    if let Some(remembered) = world.isolate().versions.get(name)
        && remembered.before.is_some()
    {
        put(world, name, Remembered { before: None, ..remembered }, freshness);
    }
}

/// The version that was read to its end before the one that is known now, if that never was: what was made of it has to do
/// while its source is away. And how old it is beyond its time.
pub(super) fn before<W: World>(
    world: &W,
    name: &str,
    freshness: &Freshness,
    purged_ms: f64,
) -> Option<(Current, f64)> {
    let (current, learned_ms) = world.isolate().versions.get(name)?.before?;
    let seconds = |seconds: u32| f64::from(seconds) * 1000.0;
    let over_ms = world.now_ms() - learned_ms - seconds(freshness.fresh_seconds);
    // It was replaced, so its time is over however soon that was.
    let counts = learned_ms > purged_ms && over_ms < seconds(freshness.stale_seconds);
    counts.then_some((current, over_ms.max(1.0)))
}

fn put<W: World>(world: &W, name: &str, remembered: Remembered, freshness: &Freshness) {
    let seconds = match remembered.current {
        None => freshness.missing_seconds,
        Some(_) => {
            freshness.fresh_seconds.saturating_add(freshness.stale_seconds.max(freshness.revalidate_seconds))
        }
    };
    if seconds > 0
        && let Ok(body) = serde_json::to_vec(&remembered)
    {
        world.cache().put(&version_cache_key(name), HeaderMap::new(), &body, seconds);
    }
    world.isolate().versions.put(name, remembered);
}

async fn in_cache<W: World>(world: &W, name: &str) -> Option<Remembered> {
    let entry = world.cache().get(&version_cache_key(name)).await?;
    serde_json::from_slice(&entry.body.into_bytes().await?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESHNESS: Freshness =
        Freshness { fresh_seconds: 60, revalidate_seconds: 10, stale_seconds: 100, missing_seconds: 5 };

    fn at(seconds: u32, purged_seconds: u32, is_there: bool) -> Known {
        let version = Version { etag: "1".to_owned(), modified_seconds: 0, size_bytes: 0, focus: None };
        let current = is_there.then(|| Current { place: "a".to_owned(), version });
        let remembered = Remembered { current, learned_ms: 1_000_000.0, before: None };
        let ms = |seconds: u32| 1_000_000.0 + f64::from(seconds) * 1000.0;
        let purged_ms = if purged_seconds == 0 { 0.0 } else { ms(purged_seconds) };
        remembered.weigh(&FRESHNESS, purged_ms, ms(seconds))
    }

    #[test]
    fn knowledge_ages() {
        let over = |known| match known {
            Known::Fresh { over_ms, is_due, .. } => format!("fresh {over_ms:?} {is_due}"),
            Known::Stale { over_ms, .. } => format!("stale {over_ms}"),
            other => format!("{other:?}"),
        };
        for (seconds, expected) in [
            (0, "fresh None false"),
            (29, "fresh None false"),
            (30, "fresh None true"),
            (59, "fresh None true"),
            (60, "fresh Some(0.0) true"),
            (69, "fresh Some(9000.0) true"),
            (70, "stale 10000"),
            (159, "stale 99000"),
            (160, "Unknown"),
        ] {
            assert_eq!(over(at(seconds, 0, true)), expected, "{seconds}");
        }
        assert_eq!((at(4, 0, false), at(5, 0, false)), (Known::Missing, Known::Unknown));
    }

    #[test]
    fn nothing_from_before_a_purge_counts() {
        assert_eq!(at(10, 3, true), Known::Unknown);
        assert_eq!(at(2, 1, false), Known::Unknown);
    }
}

//! The keys of those who give out tokens: from the configuration, or from the address that the issuer publishes them at.
//!
//! Published keys are kept by the isolate and in the data centre's cache. They are fetched anew when they are old, and
//! when a token names a key that is not among them; while the issuer is down the old ones stay good for a day.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::key::keys_cache_key;
use super::ports::{Cache, CachedBody, World};
use super::record::{Event, Record};
use crate::grant::KeySet;

/// Somebody who gives out tokens.
#[derive(Debug)]
pub struct Issuer {
    /// `iss` of its tokens.
    pub name: String,
    /// What their `aud` must have in it.
    pub audience: String,
    /// Where its keys are.
    pub keys: IssuerKeys,
}

/// Where the keys of an issuer are.
#[derive(Debug)]
pub enum IssuerKeys {
    /// Here.
    Fixed(Rc<KeySet>),
    /// At this address, as a JWK Set.
    Url(String),
}

/// Keys are fetched anew after so long.
const FRESH_MS: f64 = 300_000.0;
/// And are good for so long while they cannot be fetched.
const STALE_SECONDS: u32 = 86_400;
/// An issuer that did not answer is left alone for so long.
const PATIENCE_MS: f64 = 30_000.0;
/// Whoever names unknown keys makes us ask no more often than this.
const UNKNOWN_MS: f64 = 1_000.0;
/// Nobody asks longer than this. Meanwhile whoever needs the answer waits for it, looking after it so often.
const ASKING_MS: f64 = 6_000.0;
const LOOK_MS: u32 = 20;
/// Whoever asks for longer than this may have been called off, and another one asks, too.
const SLOW_MS: f64 = 1_000.0;

/// Keys of issuers, by their addresses.
#[derive(Debug, Default)]
pub(super) struct KeyRings(RefCell<BTreeMap<String, Ring>>);

#[derive(Debug, Clone, Default)]
struct Ring {
    keys: Option<Rc<KeySet>>,
    fetched_ms: f64,
    asked_ms: f64,
    answered_ms: f64,
}

/// What to do about keys at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Ask,
    Wait,
    Take,
}

impl Ring {
    fn is_usable(&self, now_ms: f64) -> bool {
        self.keys.is_some() && now_ms < self.fetched_ms + f64::from(STALE_SECONDS) * 1000.0
    }

    /// What somebody does who looks for a key of this name.
    fn next(&self, kid: Option<&str>, now_ms: f64) -> Next {
        let is_asking = self.asked_ms > self.answered_ms && now_ms < self.asked_ms + ASKING_MS;
        let is_unknown = kid.is_some_and(|kid| !self.keys.as_ref().is_some_and(|keys| keys.has(kid)));
        if is_unknown || !self.is_usable(now_ms) {
            let last_ms = if is_asking { self.asked_ms + SLOW_MS } else { self.answered_ms + UNKNOWN_MS };
            return match (now_ms >= last_ms, is_asking) {
                (true, _) => Next::Ask,
                (false, true) => Next::Wait,
                (false, false) => Next::Take,
            };
        }
        let is_old = now_ms >= self.fetched_ms + FRESH_MS;
        let is_due = is_old && !is_asking && now_ms >= self.answered_ms + PATIENCE_MS;
        if is_due { Next::Ask } else { Next::Take }
    }
}

/// As the cache holds it.
#[derive(Serialize, Deserialize)]
struct Cached {
    fetched_ms: f64,
    jwks: String,
}

/// The keys that a token of this issuer may be signed with, among them that of this name if there is one; nothing where the
/// issuer does not answer and no keys are left.
pub(super) async fn keys<W: World>(world: &W, issuer: &Issuer, kid: Option<&str>) -> Option<Rc<KeySet>> {
    let url = match &issuer.keys {
        IssuerKeys::Fixed(keys) => return Some(Rc::clone(keys)),
        IssuerKeys::Url(url) => url,
    };
    let rings = &world.isolate().key_rings;
    if rings.get(url).keys.is_none()
        && let Some(cached) = in_cache(world, url).await
    {
        rings.take_over(url, &cached);
    }
    loop {
        let now_ms = world.now_ms();
        match rings.get(url).next(kid, now_ms) {
            Next::Ask => {
                rings.with(url, |ring| ring.asked_ms = now_ms);
                let answer = world.fetch_keys(url).await;
                learn(world, url, answer);
                break;
            }
            Next::Wait => world.wait(LOOK_MS).await,
            Next::Take => break,
        }
    }
    let ring = rings.get(url);
    if ring.is_usable(world.now_ms()) { ring.keys } else { None }
}

/// Takes the issuer's answer over, or says why it cannot be.
fn learn<W: World>(world: &W, url: &str, answer: Result<Vec<u8>, String>) {
    let now_ms = world.now_ms();
    let rings = &world.isolate().key_rings;
    rings.with(url, |ring| ring.answered_ms = now_ms.max(ring.asked_ms));
    let keys = answer.and_then(|json| {
        let keys = KeySet::parse_foreign(&json).map_err(|error| error.to_string())?;
        Ok((keys, json))
    });
    let (keys, json) = match keys {
        Ok(found) => found,
        Err(reason) => {
            let reason = format!("the keys at {url} cannot be had: {reason}");
            return world.log(&Record { event: Event::Failed { reason }, request: None });
        }
    };
    let before = rings.get(url).keys;
    say_changes(world, url, before.as_deref(), &keys);
    rings.with(url, |ring| (ring.keys, ring.fetched_ms) = (Some(Rc::new(keys)), now_ms));
    let jwks = String::from_utf8(json).unwrap_or_default();
    if let Ok(body) = serde_json::to_vec(&Cached { fetched_ms: now_ms, jwks }) {
        world.cache().put(&keys_cache_key(url), HeaderMap::new(), &body, STALE_SECONDS);
    }
}

fn say_changes<W: World>(world: &W, source: &str, before: Option<&KeySet>, after: &KeySet) {
    let missing = |from: Option<&KeySet>, of: Option<&KeySet>| -> Vec<String> {
        let is_missing = |kid: &&str| !of.is_some_and(|keys| keys.has(kid));
        from.into_iter().flat_map(KeySet::kids).filter(is_missing).map(str::to_owned).collect()
    };
    let (added, removed) = (missing(Some(after), before), missing(before, Some(after)));
    if !(added.is_empty() && removed.is_empty()) {
        world.log(&Record { event: Event::Keys { source, added, removed }, request: None });
    }
}

async fn in_cache<W: World>(world: &W, url: &str) -> Option<Cached> {
    let entry = world.cache().get(&keys_cache_key(url)).await?;
    serde_json::from_slice(&entry.body.into_bytes().await?).ok()
}

impl KeyRings {
    fn get(&self, url: &str) -> Ring {
        self.0.borrow().get(url).cloned().unwrap_or_default()
    }

    fn with(&self, url: &str, change: impl FnOnce(&mut Ring)) {
        change(self.0.borrow_mut().entry(url.to_owned()).or_default());
    }

    fn take_over(&self, url: &str, cached: &Cached) {
        let Ok(keys) = KeySet::parse_foreign(cached.jwks.as_bytes()) else { return };
        self.with(url, |ring| {
            // Somebody may have fetched newer ones while the cache was read.
            if ring.fetched_ms < cached.fetched_ms {
                (ring.keys, ring.fetched_ms) = (Some(Rc::new(keys)), cached.fetched_ms);
            }
        });
    }
}

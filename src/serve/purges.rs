//! Purges: what was purged when. Variants are named by it, so that none from before is ever found again.
//!
//! The table of them lies in the data centre's cache, where every isolate looks again each second, and in the bucket of the
//! variants, where every data centre looks again every ten. Purging ends when this data centre is known to have noticed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::config::{Config, VariantStore};
use super::key::PURGES_CACHE_KEY;
use super::layers::ask_store;
use super::patience::within;
use super::ports::{Blob, Cache, CachedBody, StoreError, World};
use super::record::{Event, Record};
use super::work::{cache_tag, plain_tag, tenant_tag};

/// What is purged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Purge {
    /// Pictures, by the names that clients call them by, with all of their variants.
    pub sources: Vec<String>,
    /// All pictures below these paths.
    pub prefixes: Vec<String>,
    /// All pictures that a policy gives one of these tags.
    pub tags: Vec<String>,
    /// All pictures of these tenants.
    pub tenants: Vec<String>,
    /// All pictures.
    pub everything: bool,
}

/// When what was purged last, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Purges {
    everything_ms: f64,
    rules: BTreeMap<String, f64>,
}

/// Every rule is looked up by several names for each request, and carried by each data centre.
const MOST_RULES: usize = 2_000;

/// An isolate looks into the cache again after so long, …
const LOOK_MS: f64 = 1_000.0;
/// … and a data centre into the bucket.
const LOOK_AFAR_MS: f64 = 10_000.0;
/// The table is needed for as long as variants from before could be found.
const KEPT_SECONDS: u32 = 31_536_000;
/// Purging is worth waiting for, but not for ever.
const WRITE_MS: u32 = 10_000;
/// Others may purge at the same moment, but not so many.
const MOST_TRIES: usize = 8;

impl Purge {
    /// Whether it is about nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What answers have in their `Cache-Tag` of all that it names; nothing where tags do not say it.
    pub fn cache_tags(&self) -> Option<Vec<String>> {
        let sources = self.sources.iter().map(|name| cache_tag(name.trim_start_matches('/')));
        let tenants = self.tenants.iter().map(|tenant| tenant_tag(tenant));
        let tags = self.tags.iter().map(|tag| plain_tag(tag));
        let is_said = self.prefixes.is_empty() && !self.everything;
        is_said.then(|| sources.chain(tenants).chain(tags).collect())
    }

    fn rules(&self) -> impl Iterator<Item = String> {
        let named =
            |kind, names: &[String]| -> Vec<String> { names.iter().map(|name| rule(kind, name)).collect() };
        let prefixes: Vec<String> =
            self.prefixes.iter().map(|path| path.trim_matches('/').to_owned()).collect();
        let sources: Vec<String> =
            self.sources.iter().map(|name| name.trim_start_matches('/').to_owned()).collect();
        [
            named("source", &sources),
            named("path", &prefixes),
            named("tag", &self.tags),
            named("tenant", &self.tenants),
        ]
        .into_iter()
        .flatten()
    }
}

fn rule(kind: &str, name: &str) -> String {
    format!("{kind} {name}")
}

impl Purges {
    /// When any of this was purged last.
    pub(super) fn last_ms<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        tenant: Option<&str>,
        tags: &[String],
    ) -> f64 {
        if self.rules.is_empty() {
            return self.everything_ms;
        }
        let at = |kind: &str, name: &str| self.rules.get(&rule(kind, name)).copied().unwrap_or(0.0);
        let mut last_ms = self.everything_ms;
        for name in names {
            last_ms = last_ms.max(at("source", name)).max(at("path", name));
            let ends = name.match_indices('/').map(|(end, _)| end);
            last_ms =
                ends.filter_map(|end| name.get(..end)).fold(last_ms, |last, path| last.max(at("path", path)));
        }
        last_ms = tenant.map_or(last_ms, |tenant| last_ms.max(at("tenant", tenant)));
        tags.iter().fold(last_ms, |last, tag| last.max(at("tag", tag)))
    }

    /// Whether all of a purge is in it.
    fn has(&self, purge: &Purge, purged_ms: f64) -> bool {
        let is_known = |rule: String| self.rules.get(&rule).is_some_and(|known| *known >= purged_ms);
        self.everything_ms >= purged_ms || (!purge.everything && purge.rules().all(is_known))
    }

    fn add(&mut self, purge: &Purge, now_ms: f64) {
        if purge.everything {
            *self = Self { everything_ms: now_ms, rules: BTreeMap::new() };
        }
        self.rules.extend(purge.rules().map(|rule| (rule, now_ms)));
        self.shorten();
    }

    /// What either knows.
    fn merge(&mut self, other: &Self) {
        self.everything_ms = self.everything_ms.max(other.everything_ms);
        for (rule, ms) in &other.rules {
            let known = self.rules.entry(rule.clone()).or_insert(*ms);
            *known = known.max(*ms);
        }
        let everything_ms = self.everything_ms;
        self.rules.retain(|_, ms| *ms > everything_ms);
        self.shorten();
    }

    /// Too many rules become one, which purges more than was asked: everything from before the younger half of them.
    fn shorten(&mut self) {
        if self.rules.len() <= MOST_RULES {
            return;
        }
        let mut times: Vec<f64> = self.rules.values().copied().collect();
        times.sort_by(f64::total_cmp);
        self.everything_ms = times.get(times.len() / 2).copied().unwrap_or(self.everything_ms);
        let everything_ms = self.everything_ms;
        self.rules.retain(|_, ms| *ms > everything_ms);
    }
}

/// What an isolate knows of purges.
#[derive(Debug, Default)]
pub(super) struct PurgeBook {
    purges: RefCell<Rc<Purges>>,
    looked_ms: Cell<f64>,
}

/// As the cache holds it.
#[derive(Serialize, Deserialize)]
struct Cached {
    purges: Purges,
    /// When somebody of this data centre looked into the bucket last.
    looked_afar_ms: f64,
}

impl PurgeBook {
    fn learn(&self, purges: &Purges) {
        let mut known = self.purges.borrow_mut();
        Rc::make_mut(&mut known).merge(purges);
    }
}

/// All purges that are known here, and whether it is time to look further.
pub(super) async fn current<W: World>(world: &W, config: &Config) -> (Rc<Purges>, bool) {
    let book = &world.isolate().purges;
    let now_ms = world.now_ms();
    let mut is_due = false;
    if now_ms >= book.looked_ms.get() + LOOK_MS {
        match in_cache(world).await {
            Some(cached) => {
                book.learn(&cached.purges);
                is_due = now_ms >= cached.looked_afar_ms + LOOK_AFAR_MS;
            }
            // Nobody of this data centre knows: whoever is the first has to wait.
            None => look_afar(world, config).await,
        }
        // Not before: until then, whoever comes has to look, too.
        book.looked_ms.set(now_ms.max(book.looked_ms.get()));
    }
    let purges = Rc::clone(&book.purges.borrow());
    (purges, is_due && config.variant_store.is_some())
}

/// Looks into the bucket, and lets this data centre know.
pub(super) async fn look_afar<W: World>(world: &W, config: &Config) {
    let mut purges = Purges::default();
    if let Some(store) = &config.variant_store {
        match ask_store(world, read(world, store)).await {
            Ok((known, _)) => purges = known,
            // The log has it.
            Err(_) => return,
        }
    }
    add_and_tell(world, &purges).await;
}

/// Purges in this isolate, and lets the others know; answers when that was.
pub(super) async fn purge<W: World>(world: &W, config: &Config, purge: &Purge) -> Result<f64, StoreError> {
    let now_ms = world.now_ms();
    let mut purges = Purges::default();
    purges.add(purge, now_ms);
    if let Some(store) = &config.variant_store {
        let written = within(world, WRITE_MS, write(world, store, &mut purges)).await;
        let late = || StoreError(format!("the bucket of the variants took longer than {WRITE_MS} ms"));
        written.unwrap_or_else(|| Err(late()))?;
    }
    world.purge_platform(purge).await.unwrap_or_else(|reason| complain(world, &reason));
    add_and_tell(world, &purges).await;
    Ok(now_ms)
}

/// Waits until every isolate of this data centre has noticed a purge of that moment.
pub(super) async fn settle<W: World>(world: &W, purge: &Purge, purged_ms: f64) {
    for _ in 0..MOST_TRIES {
        // By then all of them have looked again.
        world.wait(LOOK_AFTER_MS).await;
        // Two who tell the cache at once may not both be heard.
        match in_cache(world).await {
            Some(cached) if !cached.purges.has(purge, purged_ms) => add_and_tell(world, &cached.purges).await,
            _ => return,
        }
    }
}

/// Lets this data centre know of purges, beside those that it knows of.
async fn add_and_tell<W: World>(world: &W, purges: &Purges) {
    let book = &world.isolate().purges;
    book.learn(purges);
    if let Some(cached) = in_cache(world).await {
        book.learn(&cached.purges);
    }
    tell(world).await;
}

/// [`LOOK_MS`], and a little for clocks.
const LOOK_AFTER_MS: u32 = 1_100;

/// Adds to the table in the bucket, with what others added meanwhile.
async fn write<W: World>(world: &W, store: &VariantStore, purges: &mut Purges) -> Result<(), StoreError> {
    for _ in 0..MOST_TRIES {
        let (known, etag) = read(world, store).await?;
        purges.merge(&known);
        let body = serde_json::to_vec(purges).map_err(|error| StoreError(error.to_string()))?;
        if world.replace(&store.binding, &key(store), body, etag.as_deref()).await? {
            return Ok(());
        }
    }
    Err(StoreError("others purge all the time; try again".to_owned()))
}

async fn read<W: World>(world: &W, store: &VariantStore) -> Result<(Purges, Option<String>), StoreError> {
    let Some((version, mut blob)) = world.get(&store.binding, &key(store)).await? else {
        return Ok((Purges::default(), None));
    };
    let mut body = Vec::new();
    while let Some(piece) = blob.next().await? {
        body.extend(piece);
    }
    let purges = serde_json::from_slice(&body)
        .map_err(|error| StoreError(format!("the table of purges cannot be read: {error}")))?;
    Ok((purges, Some(version.etag)))
}

fn key(store: &VariantStore) -> String {
    format!("{}purges.json", store.prefix)
}

async fn tell<W: World>(world: &W) {
    let purges = (**world.isolate().purges.purges.borrow()).clone();
    let cached = Cached { purges, looked_afar_ms: world.now_ms() };
    if let Ok(body) = serde_json::to_vec(&cached) {
        world.cache().write(PURGES_CACHE_KEY, HeaderMap::new(), &body, KEPT_SECONDS).await;
    }
}

async fn in_cache<W: World>(world: &W) -> Option<Cached> {
    let entry = world.cache().get(PURGES_CACHE_KEY).await?;
    serde_json::from_slice(&entry.body.into_bytes().await?).ok()
}

fn complain<W: World>(world: &W, reason: &str) {
    let reason = format!("the platform's own cache was not purged: {reason}");
    world.log(&Record { event: Event::Failed { reason }, request: None });
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "times are compared and never computed with")]
mod tests {
    use super::*;

    fn last(purges: &Purges, name: &str, tenant: Option<&str>, tags: &[&str]) -> f64 {
        let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        purges.last_ms([name].into_iter(), tenant, &tags)
    }

    fn purge(json: &str) -> Purge {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn finds_what_was_purged_by_every_name() {
        let mut purges = Purges::default();
        assert_eq!(last(&purges, "a/b.png", None, &[]), 0.0);
        purges.add(&purge(r#"{"sources":["/a/b.png"]}"#), 1.0);
        purges.add(&purge(r#"{"prefixes":["/shop/"]}"#), 2.0);
        purges.add(&purge(r#"{"tenants":["acme"],"tags":["sale"]}"#), 3.0);
        for (name, tenant, tags, expected) in [
            ("a/b.png", None, &[][..], 1.0),
            ("a/c.png", None, &[], 0.0),
            ("shop/x/y.png", None, &[], 2.0),
            ("shop", None, &[], 2.0),
            ("shopping/a.png", None, &[], 0.0),
            ("a/b.png", Some("acme"), &[], 3.0),
            ("a/b.png", Some("other"), &["sale"], 3.0),
        ] {
            assert_eq!(last(&purges, name, tenant, tags), expected, "{name} {tenant:?} {tags:?}");
        }
        purges.add(&purge(r#"{"everything":true}"#), 4.0);
        assert_eq!((last(&purges, "z", None, &[]), purges.rules.len()), (4.0, 0));
        assert!(purge("{}").is_empty() && !purge(r#"{"everything":true}"#).is_empty());
    }

    #[test]
    fn two_tables_become_one_that_knows_all() {
        let (mut a, mut b) = (Purges::default(), Purges::default());
        a.add(&purge(r#"{"sources":["x","y"]}"#), 5.0);
        b.add(&purge(r#"{"sources":["y"],"tags":["t"]}"#), 6.0);
        b.add(&purge(r#"{"everything":true}"#), 5.5);
        b.add(&purge(r#"{"sources":["z"]}"#), 7.0);
        a.merge(&b);
        let times = ["x", "y", "z"].map(|name| last(&a, name, None, &[]));
        assert_eq!(times, [5.5, 5.5, 7.0]);
    }

    #[test]
    fn too_many_rules_purge_too_much_rather_than_too_little() {
        let mut purges = Purges::default();
        for number in 0..3_000 {
            purges.add(&Purge { sources: vec![number.to_string()], ..Purge::default() }, f64::from(number));
        }
        assert!(purges.rules.len() <= MOST_RULES);
        for number in 0..3_000 {
            assert!(last(&purges, &number.to_string(), None, &[]) >= f64::from(number));
        }
    }
}

//! Making a variant: finding out which versions are current, having it rendered, keeping it.
//!
//! While a source is away, what was made of the last known version answers in its place.

use std::rc::Rc;

use super::answer::Representation;
use super::config::Config;
use super::flights::Landed;
use super::key::VariantKey;
use super::layers::{self, Layer};
use super::pixels::{self, Asked, Rendered};
use super::ports::World;
use super::problem::Problem;
use super::rate::{self, Meter};
use super::reading::{self, Asking, File, Opened};
use super::source_error::{Fault, SourceError};
use super::versions::{self, Current, Known};
use super::work::{Part, Task, Work, WorkFile};
use crate::negotiate::Target;

/// What making a variant comes to, for all who wait for it.
pub(super) type Outcome = Result<Rc<Made>, Problem>;

/// A variant that is to be had.
#[derive(Debug)]
pub(super) struct Made {
    pub variant: VariantKey,
    /// Of which it is made.
    pub versions: Vec<Current>,
    /// Its media type and bytes where it was made just now; else it is where it is kept.
    pub fresh: Option<(&'static str, Vec<u8>)>,
    /// Where it was found, if it was.
    pub layer: Option<Layer>,
    /// Why it is not of the current version.
    pub staleness: Option<Staleness>,
    /// Whether it does only until a better one is made.
    pub is_meanwhile: bool,
    /// How long the sources were waited for.
    pub waited_ms: f64,
}

/// A source is away, and what was made of its last known version has to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Staleness {
    /// So old is what is known beyond its time.
    pub over_ms: f64,
    /// What the source answered, if it did.
    pub status: Option<u16>,
}

/// The urgency of what nobody waits for.
pub(super) const IN_TIME: &str = " in time";

/// While there is something to show, nobody waits longer than this for what is newer.
const PATIENCE_MS: u32 = 1_000;

/// A second try has all of its source's time again, and both must end while the request lives.
const RETRY_WITHIN_MS: f64 = 3_000.0;

/// The making of a variant.
pub(super) struct Making<'a, W> {
    pub world: &'a W,
    pub config: &'a Config,
    pub work: &'a Work<'a>,
    /// Whether what is slow is made all the same: nobody waits for it.
    pub is_patient: bool,
    /// Whom it counts for, if for anybody, when something has to be made.
    pub meter: Option<&'a Meter<'a>>,
}

impl<'a, W: World> Making<'a, W> {
    /// What is known of each file.
    pub(super) async fn known(&self) -> Vec<Known> {
        let mut known = Vec::with_capacity(self.work.files.len());
        for file in &self.work.files {
            let (freshness, purged_ms) = (&self.config.freshness, self.work.purged_ms);
            known.push(versions::known(self.world, &file.places_name, freshness, purged_ms).await);
        }
        known
    }

    /// Makes the variant, or finds that it is there; or waits for another request that is at it. Nothing where others take
    /// too long. Work of different `urgency` is not waited for.
    pub(super) async fn join(&self, urgency: &str) -> Option<Landed<Outcome>> {
        let flights = &self.world.isolate().flights;
        // Its own limit concerns the leader alone.
        let is_own = |outcome: &Outcome| matches!(outcome, Err(Problem::TooMany(_)));
        let name = format!("{}{urgency}", self.work.flight());
        flights.join(self.world, &name, is_own, async || self.run().await).await
    }

    /// Whether somebody is at it.
    pub(super) fn is_under_way(&self, urgency: &str) -> bool {
        let name = format!("{}{urgency}", self.work.flight());
        self.world.isolate().flights.has(&name, self.world.now_ms())
    }

    async fn run(&self) -> Outcome {
        let began_ms = self.world.now_ms();
        let known = self.known().await;
        let mut outcome = self.attempt(&known).await;
        if let Err(Problem::Source(error)) = &outcome
            && broke_off(error)
            && self.world.now_ms() < began_ms + RETRY_WITHIN_MS
        {
            reading::pause(self.world).await;
            outcome = self.attempt(&known).await;
        }
        match outcome {
            Err(Problem::Source(error)) => self.stale(&known, &error).await.ok_or(Problem::Source(error)),
            outcome => outcome,
        }
    }

    async fn attempt(&self, known: &[Known]) -> Outcome {
        let began_ms = self.world.now_ms();
        let mut files = Vec::with_capacity(known.len());
        for (file, known) in self.work.files.iter().zip(known) {
            files.push(match known {
                Known::Fresh { current, .. } => (current.clone(), None),
                known => self.ask(file, known).await?,
            });
        }
        let versions: Vec<Current> = files.iter().map(|(current, _)| current.clone()).collect();
        let waited_ms = self.world.now_ms() - began_ms;
        if let Some(made) = self.find(&versions).await {
            return Ok(Rc::new(Made { waited_ms, ..made }));
        }
        rate::count(self.world, self.meter).await?;
        let mut opened = Vec::with_capacity(files.len());
        for (file, (current, already)) in self.work.files.iter().zip(files) {
            opened.push(match already.or_else(|| self.on_the_shelf(file, current)) {
                Some(opened) => opened,
                None => self.open_anew(file).await?,
            });
        }
        self.make(opened, began_ms).await
    }

    /// The kept variant of these versions: the best, or what does meanwhile for whoever would wait.
    async fn find(&self, versions: &[Current]) -> Option<Made> {
        for target in std::iter::once(self.work.task.target).chain(self.meanwhile()) {
            let variant = self.work.variant(target, versions);
            if let Some((_, layer)) = layers::find(self.world, self.config, &variant).await {
                return Some(Made {
                    variant,
                    versions: versions.to_vec(),
                    fresh: None,
                    layer: Some(layer),
                    staleness: None,
                    is_meanwhile: target != self.work.task.target,
                    waited_ms: 0.0,
                });
            }
        }
        None
    }

    /// What answers in the place of what is slow to make.
    fn meanwhile(&self) -> Option<Target> {
        let Task { target, recipe, .. } = self.work.task;
        target.meanwhile(recipe).filter(|_| !self.is_patient)
    }

    /// The current version of a file whose version is not known well enough, and perhaps the file with it.
    async fn ask(
        &self,
        file: &WorkFile<'a>,
        known: &Known,
    ) -> Result<(Current, Option<File<'a, W>>), Problem> {
        let stale = match known {
            Known::Stale { current, .. } => Some(current),
            Known::Fresh { .. } | Known::Missing | Known::Unknown => None,
        };
        let patience_ms = if stale.is_some() { PATIENCE_MS } else { u32::MAX };
        let asking = Asking { known: stale, patience_ms, ..Asking::anew(&self.work.task.via) };
        let asked_ms = self.world.now_ms();
        match (reading::open(self.world, &file.places, asking).await?, stale) {
            (Opened::File(opened), _) => {
                self.remember(file, Some(&opened.current), asked_ms);
                Ok((opened.current.clone(), Some(opened)))
            }
            (Opened::Same, Some(current)) => {
                self.remember(file, Some(current), asked_ms);
                Ok((current.clone(), None))
            }
            (Opened::Same | Opened::Missing, _) => {
                self.remember(file, None, asked_ms);
                // Whoever guesses names has to be counted, too.
                rate::count(self.world, self.meter).await?;
                Err(file.missing())
            }
        }
    }

    fn remember(&self, file: &WorkFile<'_>, current: Option<&Current>, asked_ms: f64) {
        versions::remember(self.world, &file.places_name, current, asked_ms, &self.config.freshness);
    }

    /// A mark or a font that was read before.
    fn on_the_shelf(&self, file: &WorkFile<'a>, current: Current) -> Option<File<'a, W>> {
        let bytes = (file.part != Part::Source)
            .then(|| self.world.isolate().shelf.file(&current, self.work.purged_ms))??;
        Some(File::kept(current, bytes))
    }

    /// A file of which only the version is known. It may be another one by now.
    async fn open_anew(&self, file: &WorkFile<'a>) -> Result<File<'a, W>, Problem> {
        let asked_ms = self.world.now_ms();
        let asking = Asking::anew(&self.work.task.via);
        match reading::open(self.world, &file.places, asking).await? {
            Opened::File(opened) => {
                self.remember(file, Some(&opened.current), asked_ms);
                Ok(opened)
            }
            Opened::Same | Opened::Missing => {
                self.remember(file, None, asked_ms);
                Err(file.missing())
            }
        }
    }

    async fn make(&self, files: Vec<File<'a, W>>, began_ms: f64) -> Outcome {
        let asked = Asked {
            recipe: &self.work.task.recipe,
            target: self.work.task.target,
            instead_of_slow: self.meanwhile(),
            private_metadata: self.work.task.keeps_private_metadata(),
            settings: self.work.settings,
            purged_ms: self.work.purged_ms,
        };
        let waited_ms = self.world.now_ms() - began_ms;
        let Rendered { target, content_type, bytes, versions } =
            pixels::render(self.world, asked, files).await?;
        for file in &self.work.files {
            versions::confirm(self.world, &file.places_name, &self.config.freshness);
        }
        let variant = self.work.variant(target, &versions);
        let representation = self.representation(&variant, &versions, content_type);
        let headers = representation.headers(bytes.len());
        layers::keep(self.world, self.config, &variant, headers, &bytes, &self.about(target, &versions));
        let fresh = Some((content_type, bytes));
        let is_meanwhile = target != self.work.task.target;
        Ok(Rc::new(Made { variant, versions, fresh, layer: None, staleness: None, is_meanwhile, waited_ms }))
    }

    /// What was made of the last known versions, while a source is away, or of those before, while it gives half of them.
    async fn stale(&self, known: &[Known], error: &SourceError) -> Option<Rc<Made>> {
        let last: Vec<(Current, f64)> = known.iter().map(last).collect::<Option<_>>()?;
        let before = |(file, last): (&WorkFile<'_>, &(Current, f64))| {
            let (freshness, purged_ms) = (&self.config.freshness, self.work.purged_ms);
            let before = versions::before(self.world, &file.places_name, freshness, purged_ms);
            before.unwrap_or_else(|| last.clone())
        };
        let before: Vec<_> = self.work.files.iter().zip(&last).map(before).collect();
        match self.stale_of(&last, error).await {
            None if before != last => self.stale_of(&before, error).await,
            found => found,
        }
    }

    async fn stale_of(&self, files: &[(Current, f64)], error: &SourceError) -> Option<Rc<Made>> {
        let versions: Vec<Current> = files.iter().map(|(current, _)| current.clone()).collect();
        let oldest_ms = files.iter().map(|(_, over_ms)| *over_ms).fold(0.0, f64::max);
        let staleness = Some(Staleness { over_ms: oldest_ms, status: error.status() });
        Some(Rc::new(Made { staleness, ..self.find(&versions).await? }))
    }

    /// What an answer says of itself.
    pub(super) fn representation(
        &self,
        variant: &VariantKey,
        versions: &[Current],
        content_type: &'static str,
    ) -> Representation {
        let modified = versions.iter().map(|current| current.version.modified_seconds);
        Representation {
            content_type,
            etag: variant.etag(),
            modified_seconds: modified.max().unwrap_or(0),
            cache_tag: self.work.cache_tags(),
        }
    }

    /// What is written beside a variant in the bucket, for those who look into it.
    fn about(&self, target: Target, versions: &[Current]) -> Vec<(&'static str, String)> {
        let task = self.work.task;
        let files = versions.iter().map(|current| format!("{}@{}", current.place, current.version.etag));
        vec![
            ("recipe", task.recipe.print()),
            ("target", target.name().to_owned()),
            ("tenant", task.tenant.clone().unwrap_or_default()),
            ("sources", files.collect::<Vec<_>>().join(" ")),
        ]
    }
}

/// The last known version, and how old the knowledge is beyond its time.
fn last(known: &Known) -> Option<(Current, f64)> {
    match known {
        Known::Fresh { current, over_ms, .. } => Some((current.clone(), over_ms.unwrap_or(0.0))),
        Known::Stale { current, over_ms } => Some((current.clone(), *over_ms)),
        Known::Missing | Known::Unknown => None,
    }
}

/// Whether a source broke off while its bytes came in; whoever does not answer at all was asked twice already.
fn broke_off(error: &SourceError) -> bool {
    matches!(error, SourceError::Away { fault: Fault::Length { .. } | Fault::BrokeOff(_), .. })
}

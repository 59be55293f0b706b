//! What is to be made, whoever asks for it: a recipe, a target, and the files it takes.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::Config;
use super::key::VariantKey;
use super::problem::Problem;
use super::purges::Purges;
use super::versions::Current;
use crate::geometry::Focus;
use crate::negotiate::Target;
use crate::plan::Settings;
use crate::recipe::{Gravity, Metadata, Recipe, Source};
use crate::sources::Place;

/// A task as it is carried from one request to what goes on after it, or comes by a queue.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose pictures they are.
    pub(super) tenant: Option<String>,
    /// `Via`, for sources that speak HTTP: which of our hosts were asked.
    pub(super) via: String,
    /// What is asked for, within all limits.
    pub(super) recipe: Recipe,
    /// Of which picture.
    pub(super) source: Source,
    /// What it becomes.
    pub(super) target: Target,
    /// What the policy calls its pictures besides.
    pub(super) tags: Vec<String>,
    /// Whether the policy lets private metadata leave.
    pub(super) private_metadata: bool,
}

impl Task {
    /// What of a recipe counts for a target: what is drawn over a picture is not told of, and need not be there.
    pub(super) fn recipe_for(recipe: Recipe, target: Target) -> Recipe {
        match target {
            Target::Told(_) => Recipe { layers: BTreeMap::new(), ..recipe },
            _ => recipe,
        }
    }

    /// Whether private metadata leaves: it was asked for, and it may.
    pub(super) fn keeps_private_metadata(&self) -> bool {
        self.private_metadata && self.recipe.metadata == Some(Metadata::Keep)
    }
}

/// A task with the places of its files.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub task: &'a Task,
    /// The source, then the marks in drawing order, then the fonts.
    pub files: Vec<WorkFile<'a>>,
    /// When any of it was purged last.
    pub purged_ms: f64,
    /// What the deployment decides of all plans.
    pub settings: Settings,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The picture itself.
    Source,
    /// A picture drawn over it.
    Mark,
    /// What a text is written with.
    Font,
}

/// One of the files.
#[derive(Debug)]
pub(super) struct WorkFile<'a> {
    /// What it is for.
    pub part: Part,
    /// What clients call it.
    pub name: String,
    /// Where it may be.
    pub places: Vec<Place<'a>>,
    /// The one name of its places.
    pub places_name: String,
}

impl<'a> WorkFile<'a> {
    /// A file that is asked for by name.
    pub(super) fn new(source: &Source, tenant: Option<&str>, config: &'a Config) -> Self {
        let places = config.sources.find(source, tenant);
        let places_name = places.iter().map(Place::name).collect::<Vec<_>>().join("|");
        Self { part: Part::Source, name: source.name().to_owned(), places, places_name }
    }

    /// One that the picture is made with, by its key.
    fn of_part(part: Part, key: &str, tenant: Option<&str>, config: &'a Config) -> Self {
        let source = Source::Key { key: key.to_owned(), query: None };
        Self { part, ..Self::new(&source, tenant, config) }
    }

    /// That nobody has it.
    pub(super) fn missing(&self) -> Problem {
        let lacks = |part| Problem::Lacks { part, key: self.name.clone() };
        match self.part {
            Part::Source => Problem::NotFound { key: self.name.clone() },
            Part::Mark => lacks("mark"),
            Part::Font => lacks("font"),
        }
    }
}

impl<'a> Work<'a> {
    /// Finds the places of a task's files.
    pub(super) fn new(task: &'a Task, config: &'a Config, purges: &Purges) -> Self {
        let tenant = task.tenant.as_deref();
        let marks = task.recipe.marks().map(|(key, _)| WorkFile::of_part(Part::Mark, key, tenant, config));
        let font = |name: &str| {
            // A name that there is no more is not found either.
            let key = config.fonts.get(name).map_or(name, String::as_str);
            WorkFile::of_part(Part::Font, key, tenant, config)
        };
        let fonts = task.recipe.fonts().into_iter().map(font);
        let source = WorkFile::new(&task.source, tenant, config);
        let files: Vec<WorkFile<'_>> = std::iter::once(source).chain(marks).chain(fonts).collect();
        let names = files.iter().map(|file| file.name.as_str());
        let purged_ms = purges.last_ms(names, tenant, &task.tags);
        Self { task, files, purged_ms, settings: config.plans }
    }

    /// The name of the variant for a target that is made of these versions.
    pub(super) fn variant(&self, target: Target, versions: &[Current]) -> VariantKey {
        let etag = |current: &Current| current.version.etag.clone();
        let mut etags: Vec<String> = versions.iter().map(etag).collect();
        let focus = versions.first().and_then(|source| source.version.focus);
        if let (Some(Focus { x, y }), Some(Gravity::Auto), Some(etag)) =
            (focus, self.task.recipe.gravity, etags.first_mut())
        {
            // The same bytes are cut otherwise.
            *etag = format!("{etag} with its focus at {x} {y}");
        }
        let places = versions.iter().map(|current| current.place.as_str());
        let files: Vec<(&str, &str)> = places.zip(etags.iter().map(String::as_str)).collect();
        self.name(target, &files)
    }

    /// The name of the work itself, whatever versions it will meet.
    pub(super) fn flight(&self) -> String {
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|file| (file.places_name.as_str(), "")).collect();
        self.name(self.task.target, &files).cache_key()
    }

    fn name(&self, target: Target, files: &[(&str, &str)]) -> VariantKey {
        let Task { tenant, recipe, .. } = self.task;
        let mut key = VariantKey::new(tenant.as_deref(), recipe, target, self.purged_ms, files);
        if self.task.keeps_private_metadata() {
            key = key.with_private_metadata();
        }
        if let Some(settings) = self.settings.name() {
            key = key.under(&settings);
        }
        key
    }

    /// What purges call the answer.
    pub(super) fn cache_tags(&self) -> String {
        let sources = self.files.iter().map(|file| cache_tag(&file.name));
        let tenant = self.task.tenant.iter().map(|tenant| tenant_tag(tenant));
        let tags = self.task.tags.iter().map(|tag| plain_tag(tag));
        sources.chain(tenant).chain(tags).collect::<Vec<_>>().join(",")
    }
}

/// What a purge of a source calls its variants.
pub(super) fn cache_tag(name: &str) -> String {
    format!("src-{}", escape(name))
}

/// What a purge of a tenant calls its variants.
pub(super) fn tenant_tag(tenant: &str) -> String {
    format!("tenant-{}", escape(tenant))
}

/// What a purge of a policy's tag calls its variants.
pub(super) fn plain_tag(tag: &str) -> String {
    format!("tag-{}", escape(tag))
}

/// Commas part tags and spaces may not stand in them; the rest may stay readable.
fn escape(text: &str) -> String {
    const TAG: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');
    utf8_percent_encode(text, TAG).to_string()
}

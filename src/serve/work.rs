//! What is to be made, whoever asks for it: a recipe, a target, and the files it takes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::Config;
use super::key::VariantKey;
use super::purges::Purges;
use super::versions::Current;
use crate::negotiate::Target;
use crate::recipe::{Metadata, Recipe, Source};
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
    /// Whether private metadata leaves: it was asked for, and it may.
    pub(super) fn keeps_private_metadata(&self) -> bool {
        self.private_metadata && self.recipe.metadata == Some(Metadata::Keep)
    }
}

/// A task with the places of its files.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub task: &'a Task,
    /// The source, and then the marks in drawing order.
    pub files: Vec<WorkFile<'a>>,
    /// When any of it was purged last.
    pub purged_ms: f64,
}

/// One of the files.
#[derive(Debug)]
pub(super) struct WorkFile<'a> {
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
        Self { name: source.name().to_owned(), places, places_name }
    }
}

impl<'a> Work<'a> {
    /// Finds the places of a task's files.
    pub(super) fn new(task: &'a Task, config: &'a Config, purges: &Purges) -> Self {
        let tenant = task.tenant.as_deref();
        let mark = |key: &str| Source::Key { key: key.to_owned(), query: None };
        let marks = task.recipe.marks().map(|(key, _)| WorkFile::new(&mark(key), tenant, config));
        let files: Vec<WorkFile<'_>> =
            std::iter::once(WorkFile::new(&task.source, tenant, config)).chain(marks).collect();
        let names = files.iter().map(|file| file.name.as_str());
        let purged_ms = purges.last_ms(names, tenant, &task.tags);
        Self { task, files, purged_ms }
    }

    /// The name of the variant for a target that is made of these versions.
    pub(super) fn variant(&self, target: Target, versions: &[Current]) -> VariantKey {
        let files: Vec<(&str, &str)> =
            versions.iter().map(|current| (current.place.as_str(), current.version.etag.as_str())).collect();
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

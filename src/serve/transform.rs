//! One transform: the cached variant where there is one, a new one where there is none.

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Request;
use super::answer::{self, Answer, Delivery, Representation};
use super::config::Config;
use super::incoming::{self, Incoming};
use super::key::{VariantKey, version_cache_key};
use super::ports::{Cache, CachedBody, Clock, Log, Ports, Store, Version};
use super::problem::Problem;
use crate::negotiate::{Accept, Target};
use crate::picture::budget::{LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES};
use crate::picture::probe::Header;
use crate::plan::{Mark, Plan};
use crate::recipe::{Recipe, Source};
use crate::render::Rendering;

/// Variants are named by the versions of their sources, so they never go stale; a year is for ever.
const VARIANT_SECONDS: u32 = 31_536_000;

/// Answers a transform whose recipe has been read and may be asked for.
pub(super) async fn transform<S: Store, C: Cache, K: Clock, L: Log>(
    request: &Request,
    config: &Config,
    recipe: &Recipe,
    source: &Source,
    ports: Ports<'_, S, C, K, L>,
) -> Result<Answer<C::Body>, Problem> {
    if let Some(unbuilt) = recipe.unbuilt() {
        return Err(unbuilt.into());
    }
    let Source::Key { key, .. } = source else { return Err(Problem::ForeignSource) };
    let accept = request.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    let job = Job {
        request,
        config,
        recipe,
        target: Target::choose(recipe, Accept::parse(accept.unwrap_or_default())),
        files: file_keys(key, recipe),
        ports,
    };
    job.run().await
}

/// What a purge of a source calls its variants.
pub(super) fn cache_tag(key: &str) -> String {
    /// Commas part tags and spaces may not stand in them; the rest may stay readable.
    const TAG: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');
    format!("src-{}", utf8_percent_encode(key, TAG))
}

/// The source's key, and then those of the marks in drawing order.
fn file_keys<'a>(source: &'a str, recipe: &'a Recipe) -> Vec<&'a str> {
    std::iter::once(source).chain(recipe.marks().map(|(key, _)| key)).collect()
}

struct Job<'a, S, C, K, L> {
    request: &'a Request,
    config: &'a Config,
    recipe: &'a Recipe,
    target: Target,
    files: Vec<&'a str>,
    ports: Ports<'a, S, C, K, L>,
}

impl<S: Store, C: Cache, K: Clock, L: Log> Job<'_, S, C, K, L> {
    async fn run(&self) -> Result<Answer<C::Body>, Problem> {
        let began = self.ports.clock.now_ms();
        let versions = self.known_versions().await?;
        let variant = self.variant(&versions);
        let representation = self.representation(&variant, &versions, self.target_mime());
        if representation.is_named(&self.request.headers) {
            return Ok(answer::not_modified(&representation, self.delivery("hit")));
        }
        if let Some(entry) = self.ports.cache.get(&variant.cache_key()).await {
            let (request, delivery) = (self.request_parts(), self.delivery("hit"));
            if let Some(mut answer) = answer::cached(request, &representation, delivery, entry).await? {
                time(&mut answer, "cache", self.ports.clock.now_ms() - began);
                return Ok(answer);
            }
        }
        self.make(began, &versions).await
    }

    /// Reads the files, makes the variant, and keeps it under the versions that were read.
    async fn make(&self, began: f64, known: &[Version]) -> Result<Answer<C::Body>, Problem> {
        let (versions, blobs) = self.read_files().await?;
        // A file that was replaced is known by its new version from now on, or every request would make it again.
        let read_and_known = versions.iter().zip(known);
        for (&key, (version, known)) in self.files.iter().zip(read_and_known) {
            if version != known {
                self.remember_version(key, version);
            }
        }
        let read = self.ports.clock.now_ms();
        let (content_type, bytes) = self.carry_out(&versions, blobs).await?;
        let variant = self.variant(&versions);
        let representation = self.representation(&variant, &versions, content_type);
        let headers = representation.headers(bytes.len());
        self.ports.cache.put(&variant.cache_key(), headers, &bytes, VARIANT_SECONDS);
        let delivery = self.delivery("fwd=uri-miss; stored");
        let mut answer = answer::whole(self.request_parts(), &representation, delivery, bytes)?;
        time(&mut answer, "source", read - began);
        Ok(answer)
    }

    /// Header, marks, budget, plan, pixels.
    async fn carry_out(
        &self,
        versions: &[Version],
        blobs: Vec<S::Blob>,
    ) -> Result<(&'static str, Vec<u8>), Problem> {
        // What comes in before there is a plan must have its room, too.
        let arriving = versions.iter().map(|version| incoming::held_bytes(version.size_bytes)).sum();
        let arriving = self.ports.memory.promise(arriving).ok_or(Problem::Busy)?;
        let mut files = versions.iter().map(|version| version.size_bytes).zip(blobs);
        let (file_bytes, blob) =
            files.next().ok_or_else(|| Problem::Defect("no source was read".to_owned()))?;
        let mut mark_files = Vec::with_capacity(files.len());
        for (file_bytes, blob) in files {
            mark_files.push(incoming::gather_file(blob, file_bytes).await?);
        }
        let source = Incoming::open(blob, file_bytes).await?;
        let marks: Vec<Mark<'_>> =
            self.recipe.marks().zip(&mark_files).map(|((_, layer), file)| file.as_mark(layer)).collect();
        let plan = Plan::new(self.recipe, &source.header, file_bytes, &marks, self.target)?;
        let Some(encoding) = plan.encoding else {
            return Ok(("application/json", facts(&source.header, file_bytes, &plan)?));
        };
        let peak_bytes = plan.peak_bytes(&source.header, file_bytes, &marks);
        // The plan's figure has the files in it.
        drop(arriving);
        let promise = self.ports.memory.promise(peak_bytes).ok_or(Problem::Busy)?;
        let mut rendering = Rendering::new(&source.header, file_bytes, &mark_files, &plan)?;
        source.feed(&mut rendering).await?;
        let bytes = rendering.finish()?;
        drop(promise);
        Ok((encoding.format.mime(), bytes))
    }

    /// The version of every file, remembered for a while so that a hit need not ask the store.
    async fn known_versions(&self) -> Result<Vec<Version>, Problem> {
        let mut versions = Vec::with_capacity(self.files.len());
        for &key in &self.files {
            let version = match self.remembered_version(key).await {
                Some(version) => version,
                None => self.asked_version(key).await?,
            };
            versions.push(version);
        }
        Ok(versions)
    }

    async fn remembered_version(&self, key: &str) -> Option<Version> {
        let entry = self.ports.cache.get(&version_cache_key(key)).await?;
        serde_json::from_slice(&entry.body.into_bytes().await?).ok()
    }

    async fn asked_version(&self, key: &str) -> Result<Version, Problem> {
        let version = self.ports.store.version(key).await?;
        let version = version.ok_or_else(|| Problem::NotFound { key: key.to_owned() })?;
        self.remember_version(key, &version);
        Ok(version)
    }

    fn remember_version(&self, key: &str, version: &Version) {
        if self.config.fresh_seconds == 0 {
            return;
        }
        if let Ok(body) = serde_json::to_vec(version) {
            let (name, headers) = (version_cache_key(key), http::HeaderMap::new());
            self.ports.cache.put(&name, headers, &body, self.config.fresh_seconds);
        }
    }

    /// Every file, outside of linear memory, with the version it turned out to have.
    async fn read_files(&self) -> Result<(Vec<Version>, Vec<S::Blob>), Problem> {
        let mut versions = Vec::with_capacity(self.files.len());
        let mut blobs = Vec::with_capacity(self.files.len());
        // Marks will be in memory all at once, so they share what one file may have there.
        let (mut most_bytes, mut room_bytes) = (LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES);
        for &key in &self.files {
            let found = self.ports.store.read(key, most_bytes).await?;
            let (version, blob) = found.ok_or_else(|| Problem::NotFound { key: key.to_owned() })?;
            if !versions.is_empty() {
                room_bytes = room_bytes.saturating_sub(version.size_bytes);
            }
            most_bytes = room_bytes;
            versions.push(version);
            blobs.push(blob);
        }
        Ok((versions, blobs))
    }

    fn variant(&self, versions: &[Version]) -> VariantKey {
        let files: Vec<(&str, &Version)> = self.files.iter().copied().zip(versions).collect();
        VariantKey::new(self.recipe, self.target, &files)
    }

    fn representation(
        &self,
        variant: &VariantKey,
        versions: &[Version],
        content_type: &'static str,
    ) -> Representation {
        Representation {
            content_type,
            etag: variant.etag(),
            modified_seconds: versions.iter().map(|version| version.modified_seconds).max().unwrap_or(0),
            cache_tag: self.files.iter().map(|key| cache_tag(key)).collect::<Vec<_>>().join(","),
        }
    }

    /// The media type as far as it is known without the source; what is kept beside the variant replaces it.
    fn target_mime(&self) -> &'static str {
        match self.target {
            Target::Fixed(format) => format.mime(),
            Target::Json => "application/json",
            Target::Own | Target::Still | Target::WebpOrStill => "application/octet-stream",
        }
    }

    fn delivery<'d>(&self, cache_status: &'d str) -> Delivery<'d> {
        Delivery {
            max_age_seconds: self.config.max_age_seconds,
            varies: Target::depends_on_client(self.recipe),
            cache_status,
        }
    }

    fn request_parts(&self) -> (&http::Method, &http::HeaderMap) {
        (&self.request.method, &self.request.headers)
    }
}

/// `Server-Timing`: how long was waited for the cache or the source. The clock stands still during rendering.
fn time<B>(answer: &mut Answer<B>, what: &str, waited_ms: f64) {
    if let Some(value) = answer::value(&format!("{what};dur={waited_ms:.1}")) {
        answer.headers.insert(HeaderName::from_static("server-timing"), value);
    }
}

/// What `format=json` tells.
fn facts(header: &Header, file_bytes: u64, plan: &Plan) -> Result<Vec<u8>, Problem> {
    let upright = header.upright();
    let facts = serde_json::json!({
        "width": plan.size.width,
        "height": plan.size.height,
        "original": {
            "file_size": file_bytes,
            "width": upright.width,
            "height": upright.height,
            "format": header.format.mime(),
        },
    });
    serde_json::to_vec(&facts).map_err(|error| Problem::Defect(error.to_string()))
}

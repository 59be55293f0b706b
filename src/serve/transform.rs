//! One transform: the cached variant where there is one, a new one where there is none.

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Request;
use super::answer::{self, Answer, Delivery, Representation};
use super::config::Config;
use super::door::Permit;
use super::incoming::{self, Incoming};
use super::key::VariantKey;
use super::ports::{Cache, Kept, Store, Version, World};
use super::problem::Problem;
use super::rate::{Exceeded, Rate};
use super::record::{About, Event, Record};
use super::versions;
use crate::negotiate::{Accept, Target};
use crate::picture::budget::{LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES};
use crate::picture::probe::Header;
use crate::plan::{Mark, Plan};
use crate::recipe::{Recipe, Source, Unbuilt};
use crate::render::Rendering;

/// Variants are named by the versions of their sources, so they never go stale; a year is for ever.
const VARIANT_SECONDS: u32 = 31_536_000;

/// Answers a transform that was let in.
pub(super) async fn transform<W: World>(
    request: &Request,
    config: &Config,
    permit: &Permit<'_>,
    recipe: &Recipe,
    source: &Source,
    world: &W,
) -> Result<Answer<Kept<W>>, Problem> {
    if let Some(unbuilt) = recipe.unbuilt() {
        return Err(unbuilt.into());
    }
    let Source::Key { key, .. } = source else {
        let reason = "pictures of other hosts are not fetched; use a key of the bucket";
        return Err(Unbuilt { option: "source".to_owned(), reason }.into());
    };
    let accept = request.header(http::header::ACCEPT).unwrap_or_default();
    let job = Job {
        request,
        config,
        permit,
        recipe,
        target: Target::choose(recipe, Accept::parse(accept)),
        files: file_keys(key, recipe),
        world,
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

type Blob<W> = <<W as World>::Store as Store>::Blob;

struct Job<'a, W> {
    request: &'a Request,
    config: &'a Config,
    permit: &'a Permit<'a>,
    recipe: &'a Recipe,
    target: Target,
    files: Vec<&'a str>,
    world: &'a W,
}

impl<W: World> Job<'_, W> {
    async fn run(&self) -> Result<Answer<Kept<W>>, Problem> {
        let began = self.world.now_ms();
        let versions = match self.known_versions().await {
            // Whoever guesses names has to be counted, too.
            Err(missing @ Problem::NotFound { .. }) => {
                return Err(self.count().await.err().unwrap_or(missing));
            }
            versions => versions?,
        };
        let variant = self.variant(&versions);
        let representation = self.representation(&variant, &versions, self.target_mime());
        if representation.is_named(&self.request.headers) {
            return Ok(answer::not_modified(&representation, self.delivery("hit")));
        }
        if let Some(entry) = self.world.cache().get(&variant.cache_key()).await {
            let (request, delivery) = (self.request_parts(), self.delivery("hit"));
            if let Some(mut answer) = answer::cached(request, &representation, delivery, entry).await? {
                time(&mut answer, "cache", self.world.now_ms() - began);
                return Ok(answer);
            }
        }
        self.count().await?;
        self.make(began, &versions).await
    }

    /// Counts one more picture that the cache does not have.
    async fn count(&self) -> Result<(), Problem> {
        let Some((class, rate)) =
            self.permit.rate().and_then(|class| Some((class, self.config.rates.get(class)?)))
        else {
            return Ok(());
        };
        let key = self.permit.counted_as(class, rate.by, self.request);
        match self.world.count(&rate.binding, &key).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let Rate { limit, period, .. } = *rate;
                Err(Problem::TooMany(Exceeded { class: class.to_owned(), limit, period }))
            }
            // Who cannot be counted is let through: pictures are worth more than their number.
            Err(reason) => {
                let reason = format!("the rate limit {} does not count: {reason}", rate.binding);
                let request = Some(About::request(self.request));
                self.world.log(&Record { event: Event::Failed { reason }, request });
                Ok(())
            }
        }
    }

    /// Reads the files, makes the variant, and keeps it under the versions that were read.
    async fn make(&self, began: f64, known: &[Version]) -> Result<Answer<Kept<W>>, Problem> {
        let (versions, blobs) = self.read_files().await?;
        // A file that was replaced is known by its new version from now on, or every request would make it again.
        let read_and_known = versions.iter().zip(known);
        for (&key, (version, known)) in self.files.iter().zip(read_and_known) {
            if version != known {
                versions::remember(self.world, key, version, self.config.fresh_seconds);
            }
        }
        let read = self.world.now_ms();
        let (content_type, bytes) = self.carry_out(&versions, blobs).await?;
        let variant = self.variant(&versions);
        let representation = self.representation(&variant, &versions, content_type);
        let headers = representation.headers(bytes.len());
        self.world.cache().put(&variant.cache_key(), headers, &bytes, VARIANT_SECONDS);
        let delivery = self.delivery("fwd=uri-miss; stored");
        let mut answer = answer::whole(self.request_parts(), &representation, delivery, bytes)?;
        time(&mut answer, "source", read - began);
        Ok(answer)
    }

    /// Header, marks, budget, plan, pixels.
    async fn carry_out(
        &self,
        versions: &[Version],
        blobs: Vec<Blob<W>>,
    ) -> Result<(&'static str, Vec<u8>), Problem> {
        // What comes in before there is a plan must have its room, too.
        let arriving = versions.iter().map(|version| incoming::held_bytes(version.size_bytes)).sum();
        let arriving = self.world.isolate().memory.promise(arriving).ok_or(Problem::Busy)?;
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
        let promise = self.world.isolate().memory.promise(peak_bytes).ok_or(Problem::Busy)?;
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
            let version = versions::current(self.world, key, self.config.fresh_seconds).await?;
            versions.push(version.ok_or_else(|| Problem::NotFound { key: key.to_owned() })?);
        }
        Ok(versions)
    }

    /// Every file, outside of linear memory, with the version it turned out to have.
    async fn read_files(&self) -> Result<(Vec<Version>, Vec<Blob<W>>), Problem> {
        let mut versions = Vec::with_capacity(self.files.len());
        let mut blobs = Vec::with_capacity(self.files.len());
        // Marks will be in memory all at once, so they share what one file may have there.
        let (mut most_bytes, mut room_bytes) = (LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES);
        for &key in &self.files {
            let found = self.world.store().read(key, most_bytes).await?;
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
        VariantKey::new(self.permit.tenant(), self.recipe, self.target, &files)
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
            Target::Own | Target::Still | Target::WebpOrStill | Target::AvifOrWebp | Target::AvifOrStill => {
                "application/octet-stream"
            }
        }
    }

    fn delivery<'d>(&self, cache_status: &'d str) -> Delivery<'d> {
        self.permit.delivery(Target::depends_on_client(self.recipe), cache_status, self.world.now_ms())
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

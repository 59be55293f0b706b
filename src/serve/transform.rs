//! One transform: the kept variant where there is one, a new one where there is none.

use http::HeaderName;

use super::Request;
use super::answer::{self, Answer, Delivery};
use super::config::Config;
use super::door::Permit;
use super::later::Later;
use super::layers::{self, Layer};
use super::make::{Made, Making, Staleness};
use super::ports::{Kept, World};
use super::problem::Problem;
use super::purges;
use super::rate;
use super::versions::{Current, Known};
use super::work::{Task, Work};
use crate::format::Format;
use crate::negotiate::{Accept, Dependence, Target};
use crate::recipe::{Recipe, Source};

/// Answers a transform that was let in.
pub(super) async fn transform<W: World>(
    request: &Request,
    config: &Config,
    permit: &Permit<'_>,
    (recipe, depends): (Recipe, Dependence),
    source: Source,
    world: &W,
) -> Result<Answer<Kept<W>>, Problem> {
    if let Some(unbuilt) = recipe.unbuilt() {
        return Err(unbuilt.into());
    }
    let accept = request.header(http::header::ACCEPT).unwrap_or_default();
    let target = Target::choose(&recipe, Accept::parse(accept));
    let task = Task {
        tenant: permit.tenant().map(str::to_owned),
        via: request.via(),
        target,
        recipe: Task::recipe_for(recipe, target),
        source,
        tags: permit.tags().to_vec(),
        private_metadata: permit.lets_private_metadata_leave(),
    };
    let (purges, is_due) = purges::current(world, config).await;
    let work = Work::new(&task, config, &purges);
    let meter = permit.meter(request);
    let making = Making { world, config, work: &work, is_patient: false, meter: meter.as_ref() };
    let job = Job { request, permit, depends, making };
    let mut answer = job.run().await?;
    answer.later.extend(is_due.then_some(Later::LookForPurges));
    Ok(answer)
}

struct Job<'a, W> {
    request: &'a Request,
    permit: &'a Permit<'a>,
    depends: Dependence,
    making: Making<'a, W>,
}

impl<W: World> Job<'_, W> {
    async fn run(&self) -> Result<Answer<Kept<W>>, Problem> {
        let Making { world, work, .. } = &self.making;
        let began_ms = world.now_ms();
        let known = self.making.known().await;
        if let Some(file) = missing(&known).and_then(|index| work.files.get(index)) {
            // Whoever guesses names has to be counted, too.
            rate::count(*world, self.making.meter).await?;
            return Err(file.missing());
        }
        if let Some(versions) = all_fresh(&known)
            && let Some(answer) = self.find(&known, &versions, began_ms).await?
        {
            return Ok(answer);
        }
        // What was found a moment ago may be forgotten by now, though not twice in a row.
        for _ in 0..2 {
            let landed = self.making.join("").await.ok_or(Problem::Busy)?;
            if let Some(answer) = self.deliver(&*landed.outcome?, landed.is_shared, began_ms).await? {
                return Ok(answer);
            }
        }
        Err(Problem::Busy)
    }

    /// The kept variant of these versions.
    async fn find(
        &self,
        known: &[Known],
        versions: &[Current],
        began_ms: f64,
    ) -> Result<Option<Answer<Kept<W>>>, Problem> {
        let Making { world, config, work, .. } = &self.making;
        let variant = work.variant(work.task.target, versions);
        let representation = self.making.representation(&variant, versions, self.target_mime());
        let over_ms = over_ms(known);
        let status = over_ms.map_or_else(|| "hit".to_owned(), |over_ms| hit_beyond(over_ms, "revalidating"));
        let mut delivery = self.delivery(&status);
        delivery.is_stale = over_ms.is_some();
        let mut found = None;
        if representation.is_named(&self.request.headers) {
            found = Some(answer::not_modified(&representation, delivery));
        } else if let Some((entry, layer)) = layers::find(*world, config, &variant).await {
            let status = if layer == Layer::Store { FROM_STORE } else { delivery.cache_status };
            let delivery = Delivery { cache_status: status, ..delivery };
            found = answer::cached(self.request_parts(), &representation, delivery, entry).await?;
            if let Some(answer) = &mut found {
                time(answer, "cache", world.now_ms() - began_ms);
            }
        }
        if let Some(answer) = &mut found {
            answer.later.extend(self.refreshes(known));
        }
        Ok(found)
    }

    /// What should be asked for anew once the answer is on its way.
    fn refreshes(&self, known: &[Known]) -> Option<Later> {
        let is_due = known.iter().any(|known| matches!(known, Known::Fresh { is_due: true, .. }));
        is_due.then(|| Later::Refresh(Box::new(self.making.work.task.clone())))
    }

    /// The answer that was made, or the one that is kept; nothing where it is kept no more.
    async fn deliver(
        &self,
        made: &Made,
        is_shared: bool,
        began_ms: f64,
    ) -> Result<Option<Answer<Kept<W>>>, Problem> {
        let world = self.making.world;
        let status = status_of(made, is_shared);
        let mut delivery = self.delivery(&status);
        delivery.is_stale = made.staleness.is_some() || made.is_meanwhile;
        let content_type = made.fresh.as_ref().map_or_else(|| self.target_mime(), |(mime, _)| mime);
        let representation = self.making.representation(&made.variant, &made.versions, content_type);
        let parts = self.request_parts();
        let answer = match &made.fresh {
            Some((_, bytes)) => Some(answer::whole(parts, &representation, delivery, bytes.clone())?),
            None => match layers::find(world, self.making.config, &made.variant).await {
                Some((entry, _)) => answer::cached(parts, &representation, delivery, entry).await?,
                None => None,
            },
        };
        let Some(mut answer) = answer else { return Ok(None) };
        if made.is_meanwhile {
            answer.later.push(Later::Make(Box::new(self.making.work.task.clone())));
        }
        let waited_ms = if is_shared { world.now_ms() - began_ms } else { made.waited_ms };
        time(&mut answer, "source", waited_ms);
        Ok(Some(answer))
    }

    /// The media type as far as it is known without the source; what is kept beside the variant replaces it.
    fn target_mime(&self) -> &'static str {
        match self.making.work.task.target {
            Target::Fixed(format) => format.mime(),
            Target::BaselineJpeg => Format::Jpeg.mime(),
            Target::Told(telling) => telling.mime(),
            Target::Drawing => Format::Svg.mime(),
            Target::Own | Target::Still | Target::WebpOrStill | Target::AvifOrWebp | Target::AvifOrStill => {
                "application/octet-stream"
            }
        }
    }

    fn delivery<'d>(&self, cache_status: &'d str) -> Delivery<'d> {
        let varies_by_accept = Target::depends_on_client(&self.making.work.task.recipe);
        self.permit.delivery(varies_by_accept, self.depends, cache_status, self.making.world.now_ms())
    }

    fn request_parts(&self) -> (&http::Method, &http::HeaderMap) {
        (&self.request.method, &self.request.headers)
    }
}

fn missing(known: &[Known]) -> Option<usize> {
    known.iter().position(|known| matches!(known, Known::Missing))
}

fn all_fresh(known: &[Known]) -> Option<Vec<Current>> {
    let current = |known: &Known| match known {
        Known::Fresh { current, .. } => Some(current.clone()),
        Known::Stale { .. } | Known::Missing | Known::Unknown => None,
    };
    known.iter().map(current).collect()
}

/// How far the oldest knowledge is beyond its time, if any is.
fn over_ms(known: &[Known]) -> Option<f64> {
    let over = |known: &Known| match known {
        Known::Fresh { over_ms, .. } => *over_ms,
        Known::Stale { over_ms, .. } => Some(*over_ms),
        Known::Missing | Known::Unknown => None,
    };
    known.iter().filter_map(over).reduce(f64::max)
}

/// The bucket of the variants is a cache like this one, behind it.
const FROM_STORE: &str = "fwd=uri-miss; stored, lenslet-variants; hit";

fn status_of(made: &Made, is_shared: bool) -> String {
    let collapsed = if is_shared { "; collapsed" } else { "" };
    let later = if made.is_meanwhile { "; detail=avif-later" } else { "" };
    match (made.staleness, made.layer) {
        (Some(Staleness { over_ms, status }), _) => {
            let answered = status.map_or(String::new(), |status| format!("; fwd-status={status}"));
            format!("{}{answered}", hit_beyond(over_ms, "source-away"))
        }
        (None, Some(Layer::Cache)) if made.is_meanwhile => format!("hit{later}{collapsed}"),
        (None, Some(Layer::Cache)) => format!("hit; detail=revalidated{collapsed}"),
        (None, Some(Layer::Store)) => format!("{FROM_STORE}{later}{collapsed}"),
        (None, None) => format!("fwd=uri-miss; stored{later}{collapsed}"),
    }
}

/// A stale hit is one whose time to live is below nothing (RFC 9211, section 2.4).
fn hit_beyond(over_ms: f64, detail: &str) -> String {
    format!("hit; ttl=-{:.0}; detail={detail}", (over_ms / 1000.0).ceil())
}

/// `Server-Timing`: how long was waited for the cache or the source. The clock stands still during rendering.
fn time<B>(answer: &mut Answer<B>, what: &str, waited_ms: f64) {
    if let Some(value) = answer::value(&format!("{what};dur={waited_ms:.1}")) {
        answer.headers.insert(HeaderName::from_static("server-timing"), value);
    }
}

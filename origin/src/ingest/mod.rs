//! How an upload becomes a picture of the catalog: looked at, stored, rendered, published, tidied up after.
//!
//! Whoever runs this may die at any point, and another one takes it up. What holds then:
//!
//! * Bytes wait where they were put until the picture is published or refused, and are read again.
//! * Keys follow from the upload: a new picture is called as the upload that began it, a version counts from the row that
//!   it replaces. So whatever is done twice writes the same objects, and nothing needs to be remembered of the first time.
//!   To skip what was done would trust that nobody wrote there since, as a newer upload of the name may have while this
//!   one lay among the dead letters.
//! * The picture's object is overwritten before its row is. Between the two the row tells of a file that is gone; nobody
//!   else writes either meanwhile, since jobs of one subject, the picture's name, run one after the other, and this one
//!   is not done before the row is written.
//! * A step is noted when it is done, which whoever lost the job to somebody else cannot: they go no further.
//! * Row, quota, upload, event and the jobs that follow are one transaction.
//! * What is deleted is deleted after that, by looking for what is left.

mod container;
mod metadata;
mod variants;
mod verify;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use lenslet::picture::describe::{Palette, hex};
use serde_json::{Value, json};

use self::metadata::Facts;
use self::verify::{Content, Problem, Refusal, Seen};
use crate::catalog::audit::{self, Deed};
use crate::catalog::images::{self, Colours, Image, Shade, Variant};
use crate::catalog::jobs::{self, Job, JobKind, NewJob};
use crate::catalog::uploads::{self, Method, State, Upload};
use crate::catalog::{events, tenants};
use crate::index::Index as _;
use crate::state::AppState;
use crate::store::db::Tx;
use crate::store::objects::{ObjectError, ObjectInfo, PICTURES};
use crate::telemetry::metrics::upload_ended;
use crate::work::JobError;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is a picture.
    Verified,
    /// Its object is where the edge looks.
    Stored,
    /// Its variants are there.
    Rendered,
    /// Its row is.
    Published,
    /// Or it is none.
    Rejected,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Stored => "stored",
            Self::Rendered => "rendered",
            Self::Published => "published",
            Self::Rejected => "rejected",
        }
    }
}

/// What a picture will be called, and where it will be.
#[derive(Debug, Clone)]
struct Place {
    tenant: String,
    image_id: String,
    version: i64,
    key: String,
}

/// Takes an upload in: `{"upload": id}`.
pub(crate) async fn run(state: &AppState, job: &Job) -> Result<(), JobError> {
    let Some(id) = job.payload.get("upload").and_then(Value::as_str) else {
        return Err(JobError::Hopeless("the job names no upload".to_owned()));
    };
    let Some(upload) = uploads::find(&state.db, id).await? else { return Ok(()) };
    match upload.state {
        State::Received => take_in(state, job, &upload).await,
        State::Ready | State::Rejected => tidy(state, &upload).await,
        // Its bytes are not there.
        State::Pending | State::Expired => Ok(()),
    }
}

async fn take_in(state: &AppState, job: &Job, upload: &Upload) -> Result<(), JobError> {
    let before = before(state, upload).await?;
    let seen = match verify(state, upload).await? {
        Ok(seen) => seen,
        Err(refusal) => return reject(state, job, upload, &refusal).await,
    };
    note(state, job, Step::Verified).await?;
    let place = place(state, upload).await?;
    let stored = store(state, upload, &place, &seen, before).await?;
    note(state, job, Step::Stored).await?;
    let variants = match &seen.content {
        Content::Raster { source, .. } => variants::make(state, &place, source).await?,
        Content::Drawing(_) => Vec::new(),
    };
    note(state, job, Step::Rendered).await?;
    publish(state, job, upload, &place, described(upload, &place, &seen, &stored, variants)).await?;
    match uploads::find(&state.db, &upload.id).await? {
        Some(upload) => tidy(state, &upload).await,
        None => Ok(()),
    }
}

/// Writes down that a step is done.
async fn note(state: &AppState, job: &Job, step: Step) -> Result<(), JobError> {
    let mut tx = state.db.begin().await?;
    advance(&mut tx, job, step, state.clock.now_ms()).await?;
    Ok(tx.commit().await?)
}

async fn advance(tx: &mut Tx, job: &Job, step: Step, now_ms: i64) -> Result<(), JobError> {
    if jobs::advance(tx, job, step.name(), now_ms).await? {
        return Ok(());
    }
    Err(JobError::Later("somebody else has taken it up".to_owned()))
}

/// Reads the bytes, once, and looks at them, away from those who answer requests.
async fn verify(state: &AppState, upload: &Upload) -> Result<Result<Seen, Refusal>, JobError> {
    let bytes = match state.objects.get(&upload.staging_key, state.config.max_upload_bytes).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Err(Refusal::new(Problem::Missing, "there is no such object"))),
        Err(error @ ObjectError::TooLarge { .. }) => {
            return Ok(Err(Refusal::new(Problem::TooLarge, error.to_string())));
        }
        Err(error) => return Err(error.into()),
    };
    let upload = upload.clone();
    let looked = tokio::task::spawn_blocking(move || verify::look(bytes.into(), &upload)).await;
    looked.map_err(|error| JobError::Later(format!("looking at it ended: {error}")))
}

/// Where it goes: in the place of the picture of that name, or anew.
async fn place(state: &AppState, upload: &Upload) -> Result<Place, JobError> {
    let mut tx = state.db.begin().await?;
    let old = images::find_named(&mut tx, &upload.tenant, &upload.name).await?;
    Ok(Place {
        tenant: upload.tenant.clone(),
        key: format!("{PICTURES}/{}/{}", upload.tenant, upload.name),
        version: old.as_ref().map_or(1, |old| old.version + 1),
        image_id: old.map_or_else(|| upload.id.clone(), |old| old.id),
    })
}

/// What an object is before it is looked at, where others may write to it.
async fn before(state: &AppState, upload: &Upload) -> Result<Option<ObjectInfo>, ObjectError> {
    match upload.method {
        Method::Bucket => state.objects.head(&upload.staging_key).await,
        Method::Put | Method::Multipart => Ok(None),
    }
}

/// Puts the object where the edge looks; what was found there must still be what was looked at.
async fn store(
    state: &AppState,
    upload: &Upload,
    place: &Place,
    seen: &Seen,
    before: Option<ObjectInfo>,
) -> Result<ObjectInfo, JobError> {
    let changed = || JobError::Later("the object was changed meanwhile".to_owned());
    if before.is_some() && state.objects.head(&upload.staging_key).await? != before {
        return Err(changed());
    }
    match &seen.content {
        Content::Drawing(clean) => {
            let clean = Bytes::copy_from_slice(clean);
            state.objects.put(&place.key, clean, seen.media_type).await?;
        }
        Content::Raster { .. } if upload.staging_key != place.key => {
            state.objects.copy(&upload.staging_key, &place.key).await?;
        }
        Content::Raster { .. } => return before.ok_or_else(changed),
    }
    let stored = state.objects.head(&place.key).await?;
    stored.filter(|stored| stored.size_bytes == seen.size_bytes).ok_or_else(changed)
}

/// The row, as far as it follows from the file and the upload.
fn described(
    upload: &Upload,
    place: &Place,
    seen: &Seen,
    stored: &ObjectInfo,
    variants: Vec<Variant>,
) -> Image {
    let (description, facts) = match &seen.content {
        Content::Raster { description, facts, .. } => (Some(&**description), Facts::clone(facts)),
        Content::Drawing(_) => (None, Facts::default()),
    };
    let tags = if upload.tags.is_empty() { facts.tags } else { upload.tags.clone() };
    Image {
        id: place.image_id.clone(),
        tenant: place.tenant.clone(),
        name: upload.name.clone(),
        version: place.version,
        object_key: place.key.clone(),
        etag: stored.etag.clone(),
        size_bytes: i64::try_from(seen.size_bytes).unwrap_or(i64::MAX),
        sha256: seen.sha256.clone(),
        format: seen.format.to_owned(),
        media_type: seen.media_type.to_owned(),
        width: seen.size.width.into(),
        height: seen.size.height.into(),
        title: upload.title.clone().or(facts.title),
        caption: upload.caption.clone().or(facts.caption),
        tags,
        taken_ms: facts.taken_ms,
        camera: facts.camera,
        lens: facts.lens,
        metadata: Value::Object(facts.public),
        private: Value::Object(facts.private),
        colours: description.and_then(|it| it.palette.as_ref()).map(colours).unwrap_or_default(),
        thumbhash: description.map(|it| BASE64_STANDARD.encode(&it.thumbhash)),
        phash: description.and_then(|it| it.perceptual_hash).map(u64::cast_signed),
        duplicate_of: None,
        variants,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

fn colours(palette: &Palette) -> Colours {
    let thousandths = |share: f32| (f64::from(share) * 1_000.0).round() / 1_000.0;
    let shades = palette.swatches.iter();
    Colours {
        average: hex(palette.average),
        dominant: palette.dominant().map(hex).unwrap_or_default(),
        palette: shades.map(|it| Shade { colour: hex(it.colour), share: thousandths(it.share) }).collect(),
    }
}

/// Makes it known, all at once: row, quota, upload, event, and who is to be told.
async fn publish(
    state: &AppState,
    job: &Job,
    upload: &Upload,
    place: &Place,
    mut image: Image,
) -> Result<(), JobError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    advance(&mut tx, job, Step::Published, now_ms).await?;
    if !uploads::ready(&mut tx, &upload.id, &image.id, image.version, now_ms).await? {
        // Another job of the same upload was faster.
        return Ok(());
    }
    let old = images::find_named(&mut tx, &image.tenant, &image.name).await?;
    if old.as_ref().map_or(1, |old| old.version + 1) != place.version {
        return Err(JobError::Later("the picture was changed meanwhile".to_owned()));
    }
    (image.created_ms, image.updated_ms) = (old.as_ref().map_or(now_ms, |old| old.created_ms), now_ms);
    image.duplicate_of = images::find_twin(&mut tx, &image).await?;
    images::put(&mut tx, &image).await?;
    let bytes = image.size_bytes - old.as_ref().map_or(0, |old| old.size_bytes);
    tenants::add(&mut tx, &image.tenant, bytes, i64::from(old.is_none())).await?;
    tell(&mut tx, state, upload, &image, now_ms).await?;
    state.index.put(&mut tx, &image).await?;
    tx.commit().await?;
    upload_ended("ready");
    state.work.notify_one();
    Ok(())
}

/// Event, audit, and the jobs that follow.
async fn tell(
    tx: &mut Tx,
    state: &AppState,
    upload: &Upload,
    image: &Image,
    now_ms: i64,
) -> Result<(), JobError> {
    let tenant = image.tenant.as_str();
    let (event, action) = match image.version {
        1 => ("image.created", "image.create"),
        _ => ("image.replaced", "image.replace"),
    };
    let data = json!({
        "id": image.id, "name": image.name, "version": image.version, "media_type": image.media_type,
        "width": image.width, "height": image.height, "sha256": image.sha256, "key": image.object_key,
    });
    events::emit(tx, tenant, event, &data, now_ms).await?;
    let detail = json!({ "upload": upload.id, "version": image.version, "sha256": image.sha256 });
    let (actor, subject) = (upload.created_by.as_str(), image.id.as_str());
    audit::add(tx, Deed { tenant, actor, action, subject, detail, request_id: None }, now_ms).await?;
    let (index, edge) = (format!("index/{}", image.id), format!("edge/{}", image.object_key));
    let presets: &[String] = if image.variants.is_empty() { &[] } else { &state.config.variants };
    let to_edge = json!({
        "purge": { "source": [image.object_key] },
        "warm": { "source": image.object_key, "presets": presets },
    });
    for (kind, subject, payload) in
        [(JobKind::Index, &index, json!({ "image": image.id })), (JobKind::Edge, &edge, to_edge)]
    {
        jobs::add(tx, &NewJob { tenant, kind, subject, payload, run_at_ms: now_ms }).await?;
    }
    Ok(())
}

/// Writes down why it is not taken. That is a good end: to try again would change nothing.
async fn reject(state: &AppState, job: &Job, upload: &Upload, refusal: &Refusal) -> Result<(), JobError> {
    let now_ms = state.clock.now_ms();
    let (problem, detail) = (refusal.problem.name(), refusal.detail.as_str());
    let tenant = upload.tenant.as_str();
    let mut tx = state.db.begin().await?;
    advance(&mut tx, job, Step::Rejected, now_ms).await?;
    if uploads::rejected(&mut tx, &upload.id, problem, detail, now_ms).await? {
        let data = json!({ "id": upload.id, "name": upload.name, "problem": problem, "detail": detail });
        events::emit(&mut tx, tenant, "upload.rejected", &data, now_ms).await?;
        let deed = Deed {
            tenant,
            actor: "lenslet",
            action: "upload.reject",
            subject: &upload.id,
            detail: json!({ "problem": problem, "detail": detail }),
            request_id: None,
        };
        audit::add(&mut tx, deed, now_ms).await?;
    }
    tx.commit().await?;
    upload_ended("rejected");
    state.work.notify_one();
    remove_staged(state, upload).await
}

/// Deletes what an upload that came to its end leaves behind.
async fn tidy(state: &AppState, upload: &Upload) -> Result<(), JobError> {
    remove_staged(state, upload).await?;
    if let (Some(image_id), Some(version @ 2..)) = (&upload.image_id, upload.image_version) {
        variants::remove_older(state, &upload.tenant, image_id, version).await?;
    }
    Ok(())
}

/// What was found in the bucket is where it belongs to, or somebody else's.
async fn remove_staged(state: &AppState, upload: &Upload) -> Result<(), JobError> {
    if upload.method != Method::Bucket {
        state.objects.delete(&upload.staging_key).await?;
    }
    Ok(())
}

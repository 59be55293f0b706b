//! Brings bucket and catalog together where they came apart: whoever wrote to both may have died between the two, and the
//! bucket has other writers. Whatever it does may be done twice, and by two processes at once.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::sync::watch;

use crate::catalog::audit::{self, Deed};
use crate::catalog::jobs::{self, JobKind, NewJob};
use crate::catalog::keys::{self, Known};
use crate::catalog::uploads::{self, Method, State, Upload};
use crate::catalog::{events, names, new_id};
use crate::error::ApiError;
use crate::events::sweep;
use crate::intake::{self, OURSELVES};
use crate::removal;
use crate::state::AppState;
use crate::store::db::Tx;
use crate::store::objects::{DELETED, ObjectInfo, PICTURES, UPLOADS, VARIANTS};
use crate::store::parts::PARTS;
use crate::telemetry::metrics::upload_ended;

/// Younger objects may belong to somebody who has not written so yet.
const GRACE_MS: i64 = 3_600_000;
/// So many rows or objects are looked at at once.
const PAGE: usize = 200;
const PAGE_ROWS: i64 = 200;

/// What was put right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Uploads whose bytes did not come in time.
    pub expired: u64,
    /// Uploads that nobody looked at.
    pub resumed: u64,
    /// Objects that were in the bucket and not in the catalog, or not as the catalog has them.
    pub found: u64,
    /// Pictures whose objects are gone.
    pub lost: u64,
    /// Objects that belonged to nothing.
    pub removed: u64,
    /// Pictures that were deleted long enough ago to be gone for good.
    pub purged: u64,
    /// Events that are too old to be asked for.
    pub forgotten: u64,
}

/// Reconciles again and again, as often as the settings say, until `stop`.
pub async fn keep_up(state: AppState, mut stop: watch::Receiver<bool>) {
    let pause = Duration::from_secs(u64::from(state.config.reconcile_seconds));
    while !pause.is_zero() && !*stop.borrow() {
        let outcome = tokio::select! {
            outcome = reconcile(&state) => outcome,
            _ = stop.changed() => return,
        };
        match outcome {
            Ok(report) if report != Report::default() => tracing::info!(?report, "reconciled"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "bucket and catalog were not reconciled"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Reconciles once.
pub async fn reconcile(state: &AppState) -> Result<Report, ApiError> {
    let mut report = Report::default();
    expire(state, &mut report).await?;
    resume(state, &mut report).await?;
    clear_staging(state, &mut report).await?;
    state.objects.clear_half_written().await?;
    compare_pictures(state, &mut report).await?;
    clear_variants(state, &mut report).await?;
    clear_deleted(state, &mut report).await?;
    report.purged = removal::purge(state).await.map_err(|error| ApiError::internal(&error))?.into();
    report.forgotten = sweep(state).await?;
    Ok(report)
}

async fn expire(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    loop {
        let overdue = uploads::overdue(&state.db, state.clock.now_ms(), PAGE_ROWS).await?;
        if overdue.is_empty() {
            return Ok(());
        }
        for upload in &overdue {
            let was_pending =
                intake::expire(state, upload, OURSELVES, "Its bytes did not come in time.").await?;
            if was_pending {
                upload_ended("expired");
                report.expired += 1;
            }
        }
    }
}

async fn resume(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    loop {
        let forgotten = uploads::forgotten(&state.db, PAGE_ROWS).await?;
        if forgotten.is_empty() {
            return Ok(());
        }
        for upload in &forgotten {
            let mut tx = state.db.begin().await?;
            uploads::enqueue(&mut tx, upload, state.clock.now_ms()).await?;
            tx.commit().await?;
            report.resumed += 1;
        }
        state.work.notify_one();
    }
}

/// Removes what waits for nobody.
async fn clear_staging(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    for folder in [UPLOADS, PARTS] {
        let mut objects = state.objects.list(folder);
        while let Some(object) = objects.next().await {
            let object = object?;
            let is_needed = match object.key.split('/').nth(1) {
                Some(multipart_id) if folder == PARTS => {
                    uploads::needs_parts(&state.db, multipart_id).await?
                }
                _ => uploads::needs(&state.db, &object.key).await?,
            };
            // What no upload knows may be somebody else's, who is about to do something with it.
            if !is_needed.unwrap_or(!is_old(state, &object)) {
                state.objects.delete(&object.key).await?;
                report.removed += 1;
            }
        }
    }
    Ok(())
}

fn is_old(state: &AppState, object: &ObjectInfo) -> bool {
    state.clock.now_ms().saturating_sub(object.modified_ms) >= GRACE_MS
}

/// Goes through the pictures of the bucket page by page, beside those of the catalog.
async fn compare_pictures(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    let mut pages = state.objects.list(PICTURES).chunks(PAGE);
    let mut last = String::new();
    while let Some(page) = pages.next().await {
        let page: Vec<ObjectInfo> = page.into_iter().collect::<Result<_, _>>()?;
        let keys: Vec<&str> = page.iter().map(|object| object.key.as_str()).collect();
        let known = keys::at(&state.db, &keys).await?;
        for object in &page {
            let is_known = known.get(&object.key).is_some_and(|known| is_same(known, object));
            if !is_known {
                look(state, &object.key, report).await?;
            }
        }
        // A bucket lists in the order of keys: what lies between two of them is not there.
        if let (true, Some(until)) = (state.objects.is_bucket(), keys.last()) {
            look_for(state, &last, Some(until), Some(&keys), report).await?;
            last = (*until).to_owned();
        }
    }
    look_for(state, &last, None, None, report).await
}

/// Looks for the objects of pictures between two keys, but for those that were just listed.
async fn look_for(
    state: &AppState,
    after: &str,
    until: Option<&str>,
    listed: Option<&[&str]>,
    report: &mut Report,
) -> Result<(), ApiError> {
    let mut after = after.to_owned();
    loop {
        let page = keys::after(&state.db, &after, until, PAGE_ROWS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.key);
        for known in &page {
            let was_listed = listed.is_some_and(|listed| listed.contains(&known.key.as_str()));
            if !was_listed && state.objects.head(&known.key).await?.is_none() {
                report.lost += u64::from(lose(state, known).await?);
            }
        }
    }
}

fn is_same(known: &Known, object: &ObjectInfo) -> bool {
    known.etag == object.etag && u64::try_from(known.size_bytes) == Ok(object.size_bytes)
}

/// Looks at one key, and puts right what is not as the catalog has it. Keys that can be no picture's are left alone.
pub(crate) async fn look(state: &AppState, key: &str, report: &mut Report) -> Result<(), ApiError> {
    let Some((tenant, name)) = names::of_object_key(key) else { return Ok(()) };
    if keys::is_busy(&state.db, &uploads::subject(tenant, name)).await? {
        return Ok(());
    }
    // First the row, then the object, then the row again: what changed meanwhile is for the next time.
    let known = keys::at(&state.db, &[key]).await?.remove(key);
    match (state.objects.head(key).await?, &known) {
        (None, None) => {}
        (None, Some(known)) => report.lost += u64::from(lose(state, known).await?),
        (Some(object), Some(known)) if is_same(known, &object) => {}
        (Some(object), _) => {
            if known.is_none() && finish_deletion(state, &object).await? {
                report.removed += 1;
            } else {
                report.found += u64::from(take_in(state, tenant, name, &object, known.as_ref()).await?);
            }
        }
    }
    Ok(())
}

/// Makes an upload of an object that was found; answers whether it is one.
async fn take_in(
    state: &AppState,
    tenant: &str,
    name: &str,
    object: &ObjectInfo,
    known: Option<&Known>,
) -> Result<bool, ApiError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let has_changed = keys::at_within(&mut tx, &object.key).await?.as_ref() != known;
    if has_changed
        || keys::is_busy_within(&mut tx, &uploads::subject(tenant, name)).await?
        || uploads::was_seen(&mut tx, &object.key, &object.etag).await?
    {
        return Ok(false);
    }
    let upload = found(tenant, name, object, now_ms);
    uploads::add(&mut tx, &upload).await?;
    uploads::enqueue(&mut tx, &upload, now_ms).await?;
    let about = json!({ "name": name, "size_bytes": object.size_bytes });
    note(&mut tx, tenant, "upload.find", &upload.id, about, now_ms).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(true)
}

fn found(tenant: &str, name: &str, object: &ObjectInfo, now_ms: i64) -> Upload {
    Upload {
        id: new_id(),
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        size_bytes: i64::try_from(object.size_bytes).unwrap_or(i64::MAX),
        media_type: "application/octet-stream".to_owned(),
        sha256: None,
        title: None,
        caption: None,
        tags: Vec::new(),
        method: Method::Bucket,
        state: State::Received,
        staging_key: object.key.clone(),
        etag: Some(object.etag.clone()),
        multipart_id: None,
        part_bytes: None,
        idempotency_key: None,
        request_sha256: None,
        problem: None,
        detail: None,
        image_id: None,
        image_version: None,
        created_by: OURSELVES.to_owned(),
        created_ms: now_ms,
        updated_ms: now_ms,
        expires_ms: now_ms,
    }
}

/// An object that was to be taken away with its picture, by somebody who died before: not one that came again.
async fn finish_deletion(state: &AppState, object: &ObjectInfo) -> Result<bool, ApiError> {
    let deleted = keys::deleted_from(&state.db, &object.key, &object.etag).await?;
    let Some(deleted) = deleted.filter(|it| it.deleted_ms.is_some_and(|at| object.modified_ms <= at)) else {
        return Ok(false);
    };
    let aside = format!("{DELETED}/{}/{}", deleted.tenant, deleted.image_id);
    if state.objects.head(&aside).await?.is_none() {
        state.objects.copy(&object.key, &aside).await?;
    }
    state.objects.delete(&object.key).await?;
    Ok(true)
}

/// Marks a picture as deleted whose object is gone; answers whether it still was as it is known here.
async fn lose(state: &AppState, known: &Known) -> Result<bool, ApiError> {
    let now_ms = state.clock.now_ms();
    let Known { tenant, name, image_id, key, version, .. } = known;
    let mut tx = state.db.begin().await?;
    if keys::is_busy_within(&mut tx, &uploads::subject(tenant, name)).await?
        || !keys::lost(&mut tx, known, now_ms).await?
    {
        return Ok(false);
    }
    let about = json!({ "id": image_id, "name": name, "version": version, "key": key });
    note(&mut tx, tenant, "image.lose", image_id, about.clone(), now_ms).await?;
    events::emit(&mut tx, tenant, "image.deleted", &about, now_ms).await?;
    for (kind, subject, payload) in [
        (JobKind::Index, format!("index/{image_id}"), json!({ "image": image_id })),
        (JobKind::Edge, format!("edge/{key}"), json!({ "purge": { "source": [key] } })),
    ] {
        jobs::add(&mut tx, &NewJob { tenant, kind, subject: &subject, payload, run_at_ms: now_ms }).await?;
    }
    tx.commit().await?;
    state.work.notify_one();
    Ok(true)
}

async fn note(
    tx: &mut Tx,
    tenant: &str,
    action: &str,
    subject: &str,
    detail: serde_json::Value,
    now_ms: i64,
) -> Result<(), ApiError> {
    let deed = Deed { tenant, actor: OURSELVES, action, subject, detail, request_id: None };
    Ok(audit::add(tx, deed, now_ms).await?)
}

/// Whether an object is of use to its picture.
enum Use {
    Needed,
    /// It may be written just now, before its picture is.
    NotYet,
    Over,
}

/// `renditions/<tenant>/<image>/<version>/…` of no picture, or of a file that was replaced.
async fn clear_variants(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    let of = |known: Option<&Known>, object: &ObjectInfo| {
        let version = object.key.split('/').nth(3).and_then(|version| version.parse::<i64>().ok());
        match known.zip(version) {
            Some((known, version)) if version == known.version => Use::Needed,
            Some((known, version)) if version < known.version => Use::Over,
            _ => Use::NotYet,
        }
    };
    clear(state, VARIANTS, of, report).await
}

/// `deleted/<tenant>/<image>` of no picture, or of one that was restored.
async fn clear_deleted(state: &AppState, report: &mut Report) -> Result<(), ApiError> {
    let of = |known: Option<&Known>, _: &ObjectInfo| match known {
        Some(Known { deleted_ms: Some(_), .. }) => Use::Needed,
        _ => Use::NotYet,
    };
    clear(state, DELETED, of, report).await
}

async fn clear(
    state: &AppState,
    folder: &str,
    of: impl Fn(Option<&Known>, &ObjectInfo) -> Use,
    report: &mut Report,
) -> Result<(), ApiError> {
    let mut pages = state.objects.list(folder).chunks(PAGE);
    while let Some(page) = pages.next().await {
        let page: Vec<ObjectInfo> = page.into_iter().collect::<Result<_, _>>()?;
        let ids: Vec<&str> = page.iter().filter_map(|object| object.key.split('/').nth(2)).collect();
        let known = keys::named(&state.db, &ids).await?;
        for object in &page {
            let owner = object.key.split('/').nth(2).and_then(|id| known.get(id));
            let is_over = match of(owner, object) {
                Use::Needed => false,
                Use::NotYet => is_old(state, object),
                Use::Over => true,
            };
            if is_over {
                state.objects.delete(&object.key).await?;
                report.removed += 1;
            }
        }
    }
    Ok(())
}

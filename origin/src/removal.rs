//! Pictures that go: deleted and kept for a while, brought back, or gone for good.
//!
//! Nothing is lost and nothing comes back by itself, whenever the process dies: first the file is where it will be, then
//! the row says so, then a job deletes the file where it was, and only then the edge is told.

use futures_util::TryStreamExt as _;
use serde_json::json;

use crate::auth::Principal;
use crate::catalog::audit::{self, Deed};
use crate::catalog::images::{self, Image};
use crate::catalog::jobs::{self, Job, JobKind, NewJob};
use crate::catalog::{events, tenants, uploads};
use crate::error::ApiError;
use crate::index::Index as _;
use crate::state::AppState;
use crate::store::db::{DbError, Tx};
use crate::store::objects::{DELETED, PICTURES, VARIANTS};
use crate::values;
use crate::work::JobError;

const DAY_MS: i64 = 86_400_000;
/// So many are purged at a time.
const MOST_PURGED: i64 = 100;

/// Deletes a picture, which may be restored for a while: it is not found any more, nor served.
pub(crate) async fn delete(state: &AppState, who: &Principal, image: &Image) -> Result<(), ApiError> {
    let kept_at = format!("{DELETED}/{}/{}", image.tenant, image.id);
    if !state.objects.copy(&image.object_key, &kept_at).await? {
        tracing::warn!(image = image.id, "a picture is deleted whose file is gone");
    }
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let now = images::lock(&mut tx, &image.tenant, &image.id).await?;
    if now.is_none_or(|now| now.deleted_ms.is_some() || now.version != image.version) {
        return Err(ApiError::conflict("the picture was replaced or deleted meanwhile"));
    }
    let deleted =
        Image { object_key: kept_at, deleted_ms: Some(now_ms), updated_ms: now_ms, ..image.clone() };
    images::put(&mut tx, &deleted).await?;
    tell(&mut tx, who, image, "deleted", now_ms).await?;
    remove_later(&mut tx, image, now_ms).await?;
    state.index.remove(&mut tx, &image.tenant, &image.id, now_ms).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(())
}

/// Brings a deleted picture back, under its name.
pub(crate) async fn restore(state: &AppState, who: &Principal, image: &Image) -> Result<Image, ApiError> {
    let taken = || ApiError::conflict("another picture has the name now");
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let deleted = images::lock(&mut tx, &image.tenant, &image.id).await?;
    let deleted = deleted.filter(|image| image.deleted_ms.is_some());
    let deleted = deleted.ok_or_else(|| ApiError::conflict("the picture is not deleted"))?;
    if images::find_named(&mut tx, &image.tenant, &image.name).await?.is_some() {
        return Err(taken());
    }
    let object_key = format!("{PICTURES}/{}/{}", image.tenant, image.name);
    let mut restored = Image { object_key, deleted_ms: None, updated_ms: now_ms, ..deleted.clone() };
    // Before the file: whoever takes the name at the same time waits for us here, or we for them.
    images::put(&mut tx, &restored)
        .await
        .map_err(|error| if error.is_unique_violation() { taken() } else { error.into() })?;
    if !state.objects.copy(&deleted.object_key, &restored.object_key).await? {
        return Err(ApiError::conflict("the picture's file is gone"));
    }
    if let Some(object) = state.objects.head(&restored.object_key).await? {
        restored.etag = object.etag;
        images::put(&mut tx, &restored).await?;
    }
    tell(&mut tx, who, &restored, "restored", now_ms).await?;
    remove_later(&mut tx, &deleted, now_ms).await?;
    state.index.put(&mut tx, &restored).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(restored)
}

/// Audit and event.
async fn tell(tx: &mut Tx, who: &Principal, image: &Image, what: &str, now_ms: i64) -> Result<(), DbError> {
    let data = json!({
        "id": image.id, "name": image.name, "version": image.version, "media_type": image.media_type,
        "width": image.width, "height": image.height, "sha256": image.sha256, "key": image.object_key,
    });
    events::emit(tx, &image.tenant, &format!("image.{what}"), &data, now_ms).await?;
    let action = if what == "deleted" { "image.delete" } else { "image.restore" };
    let deed = Deed {
        tenant: &image.tenant,
        actor: &who.actor,
        action,
        subject: &image.id,
        detail: json!({ "name": image.name, "version": image.version }),
        request_id: None,
    };
    audit::add(tx, deed, now_ms).await
}

/// Adds the job that deletes the file where it was. It waits for what else is done to a picture of this name.
async fn remove_later(tx: &mut Tx, image: &Image, now_ms: i64) -> Result<(), DbError> {
    let subject = uploads::subject(&image.tenant, &image.name);
    let payload = json!({ "image": image.id, "key": image.object_key, "etag": image.etag });
    let job = NewJob {
        tenant: &image.tenant,
        kind: JobKind::Remove,
        subject: &subject,
        payload,
        run_at_ms: now_ms,
    };
    jobs::add(tx, &job).await
}

/// Deletes a file that is no picture's any more, and tells the edge.
pub(crate) async fn run(state: &AppState, job: &Job) -> Result<(), JobError> {
    let said = |name: &str| job.payload.get(name).and_then(serde_json::Value::as_str);
    let (Some(id), Some(key), Some(etag)) = (said("image"), said("key"), said("etag")) else {
        return Err(JobError::Hopeless("the job names no image, key and etag".to_owned()));
    };
    if is_used(state, &job.tenant, id, key).await? {
        return Ok(());
    }
    let is_picture = key.starts_with(PICTURES);
    // Somebody may have put another file there since, past us: it waits to be taken in.
    if let Some(object) = state.objects.head(key).await?
        && (object.etag == etag || !is_picture)
    {
        state.objects.delete(key).await?;
    }
    if is_picture {
        tell_edge(state, &job.tenant, key).await?;
    }
    Ok(())
}

/// Whether a file is that of a picture: of this one, or of one that has its name now.
async fn is_used(state: &AppState, tenant: &str, id: &str, key: &str) -> Result<bool, JobError> {
    let Some(image) = images::find(&state.db, tenant, id).await? else { return Ok(false) };
    let named = images::find_by_name(&state.db, tenant, &image.name).await?;
    Ok(image.object_key == key || named.is_some_and(|named| named.object_key == key))
}

async fn tell_edge(state: &AppState, tenant: &str, key: &str) -> Result<(), JobError> {
    let (subject, now_ms) = (format!("edge/{key}"), state.clock.now_ms());
    let payload = json!({ "purge": { "source": [key] } });
    let mut tx = state.db.begin().await?;
    let job = NewJob { tenant, kind: JobKind::Edge, subject: &subject, payload, run_at_ms: now_ms };
    jobs::add(&mut tx, &job).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(())
}

/// Ends pictures that were deleted so long ago that nobody may restore them: files, row and quota. Answers how many; when
/// there are many, some are left for the next time.
pub async fn purge(state: &AppState) -> Result<u32, JobError> {
    const SQL: &str = "SELECT tenant, id FROM images WHERE deleted_ms IS NOT NULL AND deleted_ms <= $1 ORDER BY deleted_ms LIMIT $2";
    let days = i64::from(state.config.keep_deleted_days);
    let until_ms = state.clock.now_ms().saturating_sub(days.saturating_mul(DAY_MS));
    let mut purged = 0;
    for row in state.db.all(SQL, values![until_ms, MOST_PURGED]).await? {
        let (tenant, id): (String, String) = (row.get("tenant")?, row.get("id")?);
        purged += u32::from(purge_one(state, &tenant, &id, until_ms).await?);
    }
    Ok(purged)
}

async fn purge_one(state: &AppState, tenant: &str, id: &str, until_ms: i64) -> Result<bool, JobError> {
    // The files first: a picture that is restored between the two has none, and stays deleted.
    state.objects.delete(&format!("{DELETED}/{tenant}/{id}")).await?;
    let variants: Vec<_> = state.objects.list(&format!("{VARIANTS}/{tenant}/{id}")).try_collect().await?;
    for variant in variants {
        state.objects.delete(&variant.key).await?;
    }
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let image = images::lock(&mut tx, tenant, id).await?;
    let is_over = |image: &Image| image.deleted_ms.is_some_and(|deleted| deleted <= until_ms);
    let Some(image) = image.filter(is_over) else { return Ok(false) };
    tx.execute("DELETE FROM images WHERE tenant = $1 AND id = $2", values![tenant, id]).await?;
    tenants::add(&mut tx, tenant, -image.size_bytes, -1).await?;
    let deed = Deed {
        tenant,
        actor: "lenslet",
        action: "image.purge",
        subject: id,
        detail: json!({ "name": image.name, "version": image.version }),
        request_id: None,
    };
    audit::add(&mut tx, deed, now_ms).await?;
    state.index.remove(&mut tx, tenant, id, now_ms).await?;
    tx.commit().await?;
    Ok(true)
}

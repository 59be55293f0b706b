//! How bytes come in: an upload is announced, its bytes are written beside the pictures, and once they are known to be
//! what was announced the upload is acknowledged, with the job that looks at them. What the picture is worth is `ingest`'s
//! business.

use axum::body::Body;
use serde_json::{Value, json};

use crate::auth::Principal;
use crate::catalog::audit::{self, Deed};
use crate::catalog::tenants::{self, Full};
use crate::catalog::uploads::{self, Method, State, Upload};
use crate::catalog::{events, names};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::db::Tx;
use crate::store::objects::PutError;
use crate::store::parts::Part;
use crate::store::receive::{Expected, Fault};

/// How long each part is, but the last. R2 wants all of the same length, S3 at least 5 MiB.
pub(crate) const PART_BYTES: i64 = 8 << 20;

/// Who does what nobody asked for.
pub(crate) const OURSELVES: &str = "lenslet";

/// Begins an upload, or finds the one that the same request began before; answers whether it is new.
pub(crate) async fn begin(state: &AppState, mut upload: Upload) -> Result<(Upload, bool), ApiError> {
    if let Some(begun) = begun(state, &upload).await? {
        return Ok((begun, false));
    }
    if let Some(why) = state.objects.obstacle(&names::object_key(&upload.tenant, &upload.name)) {
        return Err(ApiError::conflict(&format!("no picture can have this name: {why}")));
    }
    if upload.method == Method::Multipart {
        let id = state.objects.create_parts(&upload.staging_key, &upload.media_type).await?;
        upload.multipart_id = Some(id);
    }
    let outcome = write_down(state, &upload).await;
    if !matches!(outcome, Ok(None)) {
        forget_bytes(state, &upload).await?;
    }
    match outcome? {
        None => Ok((upload, true)),
        Some(begun) => Ok((begun, false)),
    }
}

/// The upload that the same request began.
async fn begun(state: &AppState, upload: &Upload) -> Result<Option<Upload>, ApiError> {
    let Some(key) = &upload.idempotency_key else { return Ok(None) };
    same_request(uploads::find_begun(&state.db, &upload.tenant, key).await?, upload)
}

/// A request that differs and has the same key is a mistake.
fn same_request(begun: Option<Upload>, upload: &Upload) -> Result<Option<Upload>, ApiError> {
    match begun {
        Some(begun) if begun.request_sha256 != upload.request_sha256 => {
            Err(ApiError::unprocessable("another request had this Idempotency-Key"))
        }
        begun => Ok(begun),
    }
}

/// Writes it down if there is room; answers the one that was there first.
async fn write_down(state: &AppState, upload: &Upload) -> Result<Option<Upload>, ApiError> {
    let mut tx = state.db.begin().await?;
    // It also makes equal requests of one tenant wait for each other.
    let room = tenants::check_room(&mut tx, &state.config, &upload.tenant, upload.size_bytes).await?;
    if let Some(key) = &upload.idempotency_key {
        let begun = uploads::find_begun_within(&mut tx, &upload.tenant, key).await?;
        if let Some(begun) = same_request(begun, upload)? {
            return Ok(Some(begun));
        }
    }
    room.map_err(|full| match full {
        Full::Bytes(most) => ApiError::quota(&format!("the tenant may keep {most} bytes, uploads included")),
        Full::Images(most) => {
            ApiError::quota(&format!("the tenant may keep {most} pictures, uploads included"))
        }
    })?;
    if !uploads::add(&mut tx, upload).await? {
        return Err(ApiError::conflict("another request has this Idempotency-Key just now"));
    }
    let about = json!({ "name": upload.name, "size_bytes": upload.size_bytes });
    note(&mut tx, upload, &upload.created_by, "upload.create", about, upload.created_ms).await?;
    tx.commit().await?;
    Ok(None)
}

/// Writes a line into the audit log.
async fn note(
    tx: &mut Tx,
    upload: &Upload,
    actor: &str,
    action: &str,
    detail: Value,
    now_ms: i64,
) -> Result<(), ApiError> {
    let Upload { tenant, id, .. } = upload;
    let deed = Deed { tenant, actor, action, subject: id, detail, request_id: None };
    Ok(audit::add(tx, deed, now_ms).await?)
}

/// Refuses uploads that wait for no bytes; writes down that one came too late.
async fn check_pending(state: &AppState, upload: &Upload) -> Result<(), ApiError> {
    if upload.state == State::Pending && state.clock.now_ms() >= upload.expires_ms {
        expire(state, upload, OURSELVES, "Its bytes did not come in time.").await?;
        return Err(ApiError::conflict("the upload has expired; begin another one"));
    }
    match upload.state {
        State::Pending => Ok(()),
        State::Expired => Err(ApiError::conflict("the upload has expired; begin another one")),
        State::Rejected => {
            Err(ApiError::unprocessable(upload.detail.as_deref().unwrap_or("it was rejected")))
        }
        State::Received | State::Ready => Err(ApiError::conflict("the upload has its bytes already")),
    }
}

/// Acknowledges an upload whose bytes are in the bucket, after a look at their length and hash. Done twice, it answers the
/// same.
pub(crate) async fn complete(
    state: &AppState,
    who: &Principal,
    upload: Upload,
    sent: Option<&[Part]>,
) -> Result<Upload, ApiError> {
    if matches!(upload.state, State::Received | State::Ready) {
        return Ok(upload);
    }
    check_pending(state, &upload).await?;
    let size_bytes = match state.objects.head(&upload.staging_key).await? {
        Some(found) => found.size_bytes,
        None => assemble(state, &upload, sent).await?,
    };
    if i64::try_from(size_bytes) != Ok(upload.size_bytes) {
        let detail = format!("It has {size_bytes} bytes; {} were announced.", upload.size_bytes);
        return Err(reject(state, &upload, "wrong-length", &detail).await?);
    }
    let Some(sha256) = state.objects.sha256(&upload.staging_key).await? else {
        return Err(ApiError::conflict("the upload's bytes are gone; send them again"));
    };
    if let Some(expected) = upload.sha256.as_ref().filter(|expected| **expected != sha256) {
        let detail = format!("Its SHA-256 is {sha256}; {expected} was announced.");
        return Err(reject(state, &upload, "wrong-checksum", &detail).await?);
    }
    acknowledge(state, who, upload).await
}

/// Makes an object of the parts; answers its length.
async fn assemble(state: &AppState, upload: &Upload, sent: Option<&[Part]>) -> Result<u64, ApiError> {
    let Some(multipart_id) = &upload.multipart_id else {
        return Err(ApiError::conflict("the upload's bytes are not there yet"));
    };
    let parts = match state.objects.parts(&upload.staging_key, multipart_id).await? {
        Some(there) => {
            let parts = all_parts(upload, &there)?;
            check_sent(&parts, sent)?;
            parts
        }
        None => return assemble_believed(state, upload, multipart_id, sent).await,
    };
    state.objects.complete_parts(&upload.staging_key, multipart_id, &parts).await?;
    Ok(parts.iter().map(|part| part.size_bytes).sum())
}

/// The parts in their order, if each is there and as long as it should be.
fn all_parts(upload: &Upload, there: &[Part]) -> Result<Vec<Part>, ApiError> {
    let part = |(number, size_bytes)| {
        let part = there.iter().find(|part| part.number == number && part.size_bytes == size_bytes);
        part.cloned().ok_or_else(|| ApiError::conflict(&format!("part {number} is not there yet")))
    };
    part_sizes(upload).map(part).collect()
}

/// The same of the parts that the client names, where the store does not tell: a mistake of theirs is the store's refusal.
async fn assemble_believed(
    state: &AppState,
    upload: &Upload,
    multipart_id: &str,
    sent: Option<&[Part]>,
) -> Result<u64, ApiError> {
    let parts = believed(upload, sent)?;
    let made = state.objects.complete_parts(&upload.staging_key, multipart_id, &parts).await;
    made.map_err(|error| {
        tracing::warn!(upload = %upload.id, %error, "the bucket does not join the parts that a client named");
        ApiError::conflict("the bucket does not have the parts that were named")
    })?;
    Ok(parts.iter().map(|part| part.size_bytes).sum())
}

/// The parts as the client knows them, where the store does not tell: what they make is looked at anyway.
fn believed(upload: &Upload, sent: Option<&[Part]>) -> Result<Vec<Part>, ApiError> {
    let sent = sent.ok_or_else(|| {
        ApiError::conflict("this bucket does not say which parts it has; name all of them as `parts`")
    })?;
    let part = |(number, size_bytes)| {
        let part = sent.iter().find(|part| part.number == number);
        let etag = part.map(|part| part.etag.trim_matches('"').to_owned());
        etag.map(|etag| Part { number, size_bytes, etag })
            .ok_or_else(|| ApiError::conflict(&format!("part {number} is not there yet")))
    };
    let parts: Vec<Part> = part_sizes(upload).map(part).collect::<Result<_, _>>()?;
    check_sent(&parts, Some(sent))?;
    Ok(parts)
}

/// Whether the parts are those that the client knows of, where it says.
fn check_sent(parts: &[Part], sent: Option<&[Part]>) -> Result<(), ApiError> {
    let Some(sent) = sent else { return Ok(()) };
    if sent.len() != parts.len() {
        return Err(ApiError::unprocessable(&format!("there are {} parts, not {}", parts.len(), sent.len())));
    }
    for part in sent {
        let is_there = parts
            .iter()
            .any(|known| known.number == part.number && known.etag == part.etag.trim_matches('"'));
        if !is_there {
            return Err(ApiError::unprocessable(&format!("part {} has another etag", part.number)));
        }
    }
    Ok(())
}

/// The numbers and lengths of an upload's parts.
pub(crate) fn part_sizes(upload: &Upload) -> impl Iterator<Item = (u32, u64)> {
    let all = u64::try_from(upload.size_bytes).unwrap_or(0);
    let each = upload.part_bytes.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
    let each = each.unwrap_or(u64::MAX);
    let starts = std::iter::successors(Some(0_u64), move |start| start.checked_add(each))
        .take_while(move |start| *start < all);
    (1..).zip(starts.map(move |start| each.min(all - start)))
}

/// The promise: from here on it is not lost.
async fn acknowledge(state: &AppState, who: &Principal, mut upload: Upload) -> Result<Upload, ApiError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    if uploads::received(&mut tx, &upload, now_ms).await? {
        note(&mut tx, &upload, &who.actor, "upload.complete", json!({ "name": upload.name }), now_ms).await?;
        tx.commit().await?;
        state.work.notify_one();
        (upload.state, upload.updated_ms) = (State::Received, now_ms);
        return Ok(upload);
    }
    drop(tx);
    let now = uploads::find(&state.db, &upload.id).await?;
    let now = now.ok_or_else(|| ApiError::not_found("there is no such upload"))?;
    check_pending(state, &now).await.or_else(|error| match now.state {
        State::Received | State::Ready => Ok(()),
        _ => Err(error),
    })?;
    Ok(now)
}

/// Writes down that the bytes are not what was announced, and removes them; answers what to say.
async fn reject(
    state: &AppState,
    upload: &Upload,
    problem: &str,
    detail: &str,
) -> Result<ApiError, ApiError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    if uploads::rejected(&mut tx, &upload.id, problem, detail, now_ms).await? {
        let about = json!({ "upload": upload.id, "name": upload.name, "problem": problem, "detail": detail });
        events::emit(&mut tx, &upload.tenant, "upload.rejected", &about, now_ms).await?;
        note(&mut tx, upload, OURSELVES, "upload.reject", about, now_ms).await?;
        tx.commit().await?;
        state.work.notify_one();
        forget_bytes(state, upload).await?;
    }
    Ok(ApiError::unprocessable(detail))
}

/// Takes an upload's bytes from the request itself, as they come, and acknowledges it.
pub(crate) async fn receive(
    state: &AppState,
    who: &Principal,
    upload: Upload,
    body: Body,
) -> Result<Upload, ApiError> {
    check_pending(state, &upload).await?;
    let expected = expected(&upload);
    let body = body.into_data_stream();
    let put = state.objects.put_stream(&upload.staging_key, &upload.media_type, &expected, body).await;
    put.map_err(refusal)?;
    if let Some(multipart_id) = &upload.multipart_id {
        state.objects.abort_parts(&upload.staging_key, multipart_id).await?;
    }
    acknowledge(state, who, upload).await
}

/// Takes what was sent to a presigned URL of our own: all of an upload, or the part of this number. Answers the etag of a
/// part.
pub(crate) async fn receive_signed(
    state: &AppState,
    upload: &Upload,
    part: Option<u32>,
    body: Body,
) -> Result<Option<String>, ApiError> {
    check_pending(state, upload).await?;
    let body = body.into_data_stream();
    let Some(number) = part else {
        let expected = expected(upload);
        let put = state.objects.put_stream(&upload.staging_key, &upload.media_type, &expected, body).await;
        put.map_err(refusal)?;
        return Ok(None);
    };
    let size = part_sizes(upload).find(|(known, _)| *known == number).map(|(_, size_bytes)| size_bytes);
    let (Some(multipart_id), Some(size_bytes)) = (&upload.multipart_id, size) else {
        return Err(ApiError::not_found("there is no such part"));
    };
    let etag = state.objects.put_part(multipart_id, number, size_bytes, body).await.map_err(refusal)?;
    Ok(Some(etag))
}

fn expected(upload: &Upload) -> Expected {
    let size_bytes = u64::try_from(upload.size_bytes).unwrap_or(0);
    Expected { size_bytes, sha256: upload.sha256.clone() }
}

fn refusal(error: PutError) -> ApiError {
    match error {
        PutError::Fault(fault @ (Fault::Length { .. } | Fault::Checksum { .. })) => {
            ApiError::unprocessable(&fault.to_string())
        }
        PutError::Fault(fault @ Fault::Broken(_)) => ApiError::invalid(&fault.to_string()),
        PutError::Store(error) => error.into(),
    }
}

/// Gives an upload up whose bytes are not there.
pub(crate) async fn abort(state: &AppState, who: &Principal, upload: &Upload) -> Result<(), ApiError> {
    match upload.state {
        State::Pending => {
            let gone = expire(state, upload, &who.actor, "It was given up.").await?;
            if gone { Ok(()) } else { Err(ApiError::conflict("the upload has its bytes already")) }
        }
        State::Rejected | State::Expired => Ok(()),
        State::Received | State::Ready => Err(ApiError::conflict("the upload has its bytes already")),
    }
}

/// Ends the wait for an upload's bytes, and removes those that are there; answers whether they were waited for.
pub(crate) async fn expire(
    state: &AppState,
    upload: &Upload,
    actor: &str,
    detail: &str,
) -> Result<bool, ApiError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let was_pending = uploads::expired(&mut tx, &upload.id, detail, now_ms).await?;
    if was_pending {
        note(&mut tx, upload, actor, "upload.expire", json!({ "name": upload.name }), now_ms).await?;
        tx.commit().await?;
        forget_bytes(state, upload).await?;
    }
    Ok(was_pending)
}

async fn forget_bytes(state: &AppState, upload: &Upload) -> Result<(), ApiError> {
    if let Some(multipart_id) = &upload.multipart_id {
        state.objects.abort_parts(&upload.staging_key, multipart_id).await?;
    }
    Ok(state.objects.delete(&upload.staging_key).await?)
}

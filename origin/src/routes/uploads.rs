//! `/v1/uploads`: announce a picture, send its bytes, say that they are there.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::new_upload::NewUpload;
use super::upload_view::{UploadList, UploadView};
use crate::auth::{Principal, Scope};
use crate::catalog::names;
use crate::catalog::uploads::{self, State as UploadState, Upload};
use crate::cursor;
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Nothing, Path, Query, whole};
use crate::intake;
use crate::state::AppState;
use crate::store::parts::Part;

/// How often somebody who waits is looked after.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show, abort))
        .routes(routes!(complete))
        .routes(routes!(content))
}

/// The parts that a client sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Complete {
    /// If given, it must name all of them.
    #[serde(default)]
    parts: Option<Vec<SentPart>>,
}

/// A part, as the store answered when it was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SentPart {
    /// From 1.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    #[serde(deserialize_with = "whole")]
    number: u32,
    /// The store's `ETag`, with its quotes or without.
    #[schema(max_length = 256, pattern = r"^[\x21-\x7e]*$")]
    etag: String,
}

impl SentPart {
    fn checked(self) -> Result<Part, ApiError> {
        let Self { number, etag } = self;
        if etag.len() > 256 || !etag.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiError::invalid(&format!("the etag of part {number} is none")));
        }
        Ok(Part { number, size_bytes: 0, etag })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wait {
    /// To be answered only when the upload was looked at, or so many seconds have passed.
    #[serde(default)]
    #[param(minimum = 0, maximum = 30)]
    wait_seconds: u64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Only those in this state.
    state: Option<UploadState>,
    /// Where the page before ended: its `next`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// Announces a picture. The answer says how to send its bytes.
///
/// The presigned requests take nothing but a body of that length, type and SHA-256. The same `Idempotency-Key` with the
/// same body answers the same upload, with 200 where the first was answered with 201.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters.")),
    request_body = NewUpload,
    responses(
        (status = 201, description = "It was begun.", body = UploadView),
        (status = 200, description = "It was begun before, by the same request.", body = UploadView),
        (status = 403, description = "Not allowed, or no room left.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No picture can have this name.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Such files are not taken.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Another request had this Idempotency-Key.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    who: Principal,
    _: Query<Nothing>,
    headers: HeaderMap,
    Json(new): Json<NewUpload>,
) -> Result<Response, ApiError> {
    who.require(Scope::Write)?;
    let key = idempotency_key(&headers)?;
    let upload = new.check(&state, &who, key)?;
    let (upload, is_new) = intake::begin(&state, upload).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/v1/uploads/{}", upload.id);
    let view = UploadView::with_urls(&state, upload).await?;
    Ok((status, [(LOCATION, location)], Json(view)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(first) = all.next() else { return Ok(None) };
    let is_visible =
        |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match (first.to_str().ok().filter(is_visible), all.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::invalid(
            "Idempotency-Key must be 1 to 255 visible ASCII characters, and be sent once",
        )),
    }
}

/// The tenant's upload, if the token is good for its name.
async fn own(state: &AppState, who: &Principal, id: &str) -> Result<Upload, ApiError> {
    let upload = uploads::find_own(&state.db, &who.tenant, id).await?;
    let upload = upload.ok_or_else(|| ApiError::not_found("there is no such upload"))?;
    if who.covers(&names::object_key(&upload.tenant, &upload.name)) {
        Ok(upload)
    } else {
        Err(ApiError::forbidden("the token is not good for pictures of this name"))
    }
}

fn require_read_or_write(who: &Principal) -> Result<(), ApiError> {
    if who.has(Scope::Write) { Ok(()) } else { who.require(Scope::Read) }
}

/// What became of an upload; to those who may write, how to send what is missing of it.
#[utoipa::path(get, path = "/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = UploadView),
    ))]
async fn show(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Json<UploadView>, ApiError> {
    require_read_or_write(&who)?;
    if wait.wait_seconds > 30 {
        return Err(ApiError::invalid("wait_seconds must be 30 at most"));
    }
    let until = Instant::now() + Duration::from_secs(wait.wait_seconds);
    let mut upload = own(&state, &who, &id).await?;
    while upload.state == UploadState::Received && Instant::now() < until {
        tokio::time::sleep_until(until.min(Instant::now() + LOOK)).await;
        upload = own(&state, &who, &id).await?;
    }
    if who.has(Scope::Write) {
        Ok(Json(UploadView::with_urls(&state, upload).await?))
    } else {
        Ok(Json(UploadView::new(upload)))
    }
}

/// The tenant's uploads, the newest first.
#[utoipa::path(get, path = "/v1/uploads", tag = "uploads",
    responses(
        (status = 200, body = UploadList),
    ))]
async fn list(
    State(state): State<AppState>,
    who: Principal,
    Query(page): Query<Page>,
) -> Result<Json<UploadList>, ApiError> {
    require_read_or_write(&who)?;
    let limit = cursor::limit(page.limit)?;
    let before = page.cursor.as_deref().map(cursor::decode_id).transpose()?;
    let one_more = limit.saturating_add(1);
    let found = uploads::list(&state.db, &who.tenant, page.state, before.as_deref(), one_more).await?;
    let (mut found, next) = cursor::page(found, limit, |upload| &upload.id)?;
    found.retain(|upload| who.covers(&names::object_key(&upload.tenant, &upload.name)));
    Ok(Json(UploadList { uploads: found.into_iter().map(UploadView::new).collect(), next }))
}

/// Gives up an upload whose bytes are not there yet.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is given up."),
        (status = 409, description = "Its bytes are there.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn abort(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    who.require(Scope::Write)?;
    let upload = own(&state, &who, &id).await?;
    intake::abort(&state, &who, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that an upload's bytes are in the bucket. From this answer on it is not lost.
///
/// Its length and SHA-256 are checked first. Sent again, it answers the same.
#[utoipa::path(post, path = "/v1/uploads/{id}/complete", tag = "uploads", params(("id" = String, Path)),
    request_body = Option<Complete>,
    responses(
        (status = 202, description = "It will be looked at.", body = UploadView),
        (status = 409, description = "Bytes are missing, or it has expired.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is not what was announced.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn complete(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    body: Option<Json<Complete>>,
) -> Result<(StatusCode, Json<UploadView>), ApiError> {
    who.require(Scope::Write)?;
    let upload = own(&state, &who, &id).await?;
    let sent = body.and_then(|Json(complete)| complete.parts);
    let sent = sent.map(|parts| parts.into_iter().map(SentPart::checked).collect::<Result<Vec<_>, _>>());
    let sent = sent.transpose()?;
    let upload = intake::complete(&state, &who, upload, sent.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Json(UploadView::new(upload))))
}

/// Sends an upload's bytes through this service, for clients to whom a second request is too much. Ends as `complete` does.
///
/// Where the body is not what was announced nothing is stored, and it may be sent again.
#[utoipa::path(put, path = "/v1/uploads/{id}/content", tag = "uploads", params(("id" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "It will be looked at.", body = UploadView),
        (status = 400, description = "The body broke off.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its bytes are not waited for.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another type than announced.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is not what was announced.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn content(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<UploadView>), ApiError> {
    who.require(Scope::Write)?;
    let upload = own(&state, &who, &id).await?;
    check_announced(&headers, &upload)?;
    let upload = intake::receive(&state, &who, upload, body).await?;
    Ok((StatusCode::ACCEPTED, Json(UploadView::new(upload))))
}

/// What the headers tell before a byte is read.
fn check_announced(headers: &HeaderMap, upload: &Upload) -> Result<(), ApiError> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(length) = header(CONTENT_LENGTH).filter(|length| *length != upload.size_bytes.to_string()) {
        let detail = format!("the body has {length} bytes; {} were announced", upload.size_bytes);
        return Err(ApiError::unprocessable(&detail));
    }
    let essence = header(CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim());
    let is_fine = |essence: &str| {
        essence.eq_ignore_ascii_case(&upload.media_type) || essence == "application/octet-stream"
    };
    match essence {
        Some(other) if !is_fine(other) => {
            let detail = format!("the body is {other}; {} was announced", upload.media_type);
            Err(ApiError::unsupported_media_type(&detail))
        }
        _ => Ok(()),
    }
}

/// Headers by their names, as the views have them.
pub(super) type Headers = BTreeMap<String, String>;

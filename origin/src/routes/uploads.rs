//! `/v1/uploads`: announce a picture, send its bytes, say that they are there.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::uploads::{self, Method, State as UploadState, Upload};
use crate::catalog::{names, new_id};
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Path, Query, whole};
use crate::intake;
use crate::routes::tags::{self, Tag};
use crate::routes::upload_view::{UploadList, UploadView};
use crate::state::AppState;
use crate::store::objects::{Part, UPLOADS};

/// What is larger comes in parts, unless the client wants otherwise.
const MULTIPART_FROM_BYTES: u64 = 16 << 20;
/// What pictures may be, as HTTP names it.
const MEDIA_TYPES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/svg+xml"];
/// How often somebody who waits is looked after.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show, abort))
        .routes(routes!(complete))
        .routes(routes!(content))
}

/// A picture that is to be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUpload {
    /// Its path within the tenant's pictures, which the edge serves below `pictures/<tenant>/`: no empty step, `.`, `..`,
    /// backslash, question mark or control character.
    #[schema(
        max_length = 512,
        pattern = r"^[^/?\\\x00-\x1f\x7f-\x9f]+(/[^/?\\\x00-\x1f\x7f-\x9f]+)*$",
        example = "2026/harbour.jpg"
    )]
    name: String,
    /// How long the file is.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 2_481_513)]
    #[serde(deserialize_with = "whole")]
    size_bytes: u64,
    /// What it is: `image/jpeg`, `image/png`, `image/webp`, `image/gif` or `image/svg+xml`.
    #[schema(pattern = r"^image/(jpeg|png|webp|gif|svg\+xml)$", example = "image/jpeg")]
    media_type: String,
    /// The SHA-256 of the file, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-fA-F]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    sha256: String,
    /// A short name for people.
    #[serde(default)]
    #[schema(max_length = 200, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    title: Option<String>,
    /// What is to be seen.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    caption: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    #[schema(value_type = Vec<Tag>, max_items = 50)]
    tags: Vec<String>,
    /// How it will come.
    #[serde(default)]
    method: Wanted,
}

/// How the bytes will come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    /// In parts if it is large.
    #[default]
    Auto,
    /// By one presigned `PUT`, or through this service.
    Put,
    /// By presigned parts.
    Multipart,
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
    /// The store's `ETag`.
    etag: String,
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
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
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
        (status = 400, description = "The request cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed, or no room left.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No picture can have this name.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Such files are not taken.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Another request had this Idempotency-Key.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create(
    State(state): State<AppState>,
    who: Principal,
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

impl NewUpload {
    /// Parses once: what comes out of this can be written down.
    fn check(
        mut self,
        state: &AppState,
        who: &Principal,
        idempotency_key: Option<String>,
    ) -> Result<Upload, ApiError> {
        names::check(&self.name)
            .map_err(|why| ApiError::invalid(&format!("the name cannot be used: {why}")))?;
        if !who.covers(&names::object_key(&who.tenant, &self.name)) {
            return Err(ApiError::forbidden("the token is not good for pictures of this name"));
        }
        self.check_file(state.config.max_upload_bytes)?;
        // As when a picture is changed: an empty text is none.
        self.title.take_if(|title| title.is_empty());
        self.caption.take_if(|caption| caption.is_empty());
        check_text("title", self.title.as_deref(), 200)?;
        check_text("caption", self.caption.as_deref(), 2000)?;
        self.tags = tags::checked(&self.tags)?;
        self.sha256.make_ascii_lowercase();
        let is_multipart = match self.method {
            Wanted::Auto => self.size_bytes > MULTIPART_FROM_BYTES,
            Wanted::Put => false,
            Wanted::Multipart => true,
        };
        // Of ours, not of the client's spelling: order and white space say nothing.
        let request = serde_json::to_vec(&self).map_err(|error| ApiError::internal(&error))?;
        let (id, now_ms) = (new_id(), state.clock.now_ms());
        Ok(Upload {
            tenant: who.tenant.clone(),
            name: self.name,
            size_bytes: i64::try_from(self.size_bytes).unwrap_or(i64::MAX),
            media_type: self.media_type,
            sha256: Some(self.sha256),
            title: self.title,
            caption: self.caption,
            tags: self.tags,
            method: if is_multipart { Method::Multipart } else { Method::Put },
            state: UploadState::Pending,
            staging_key: format!("{UPLOADS}/{id}"),
            id,
            etag: None,
            multipart_id: None,
            part_bytes: is_multipart.then_some(intake::PART_BYTES),
            request_sha256: idempotency_key.is_some().then(|| format!("{:x}", Sha256::digest(request))),
            idempotency_key,
            problem: None,
            detail: None,
            image_id: None,
            image_version: None,
            created_by: who.actor.clone(),
            created_ms: now_ms,
            updated_ms: now_ms,
            expires_ms: now_ms.saturating_add(i64::from(state.config.upload_seconds) * 1000),
        })
    }

    fn check_file(&self, most_bytes: u64) -> Result<(), ApiError> {
        if self.size_bytes == 0 {
            return Err(ApiError::invalid("size_bytes must be 1 at least"));
        }
        if self.size_bytes > most_bytes {
            return Err(ApiError::too_large(&format!("a picture may have {most_bytes} bytes")));
        }
        if !MEDIA_TYPES.contains(&self.media_type.as_str()) {
            let known = MEDIA_TYPES.join(", ");
            return Err(ApiError::unsupported_media_type(&format!("media_type must be one of {known}")));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ApiError::invalid("sha256 must be 64 hexadecimal digits"));
        }
        Ok(())
    }
}

fn check_text(name: &str, text: Option<&str>, most: usize) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    let is_text = !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t'));
    if is_text && text.chars().count() <= most {
        Ok(())
    } else {
        let detail = format!("the {name} may have {most} characters, and no control characters");
        Err(ApiError::invalid(&detail))
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
        (status = 400, description = "The request cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such upload.", body = Problem, content_type = "application/problem+json"),
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
        (status = 400, description = "The request cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list(
    State(state): State<AppState>,
    who: Principal,
    Query(page): Query<Page>,
) -> Result<Json<UploadList>, ApiError> {
    require_read_or_write(&who)?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(ApiError::invalid("limit must be 1 to 200"));
    }
    let before = page.cursor.as_deref().map(read_cursor).transpose()?;
    let mut found =
        uploads::list(&state.db, &who.tenant, page.state, before.as_deref(), limit.saturating_add(1)).await?;
    let is_more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        found.pop();
    }
    let next = found.last().filter(|_| is_more).map(|last| URL_SAFE_NO_PAD.encode(&last.id));
    found.retain(|upload| who.covers(&names::object_key(&upload.tenant, &upload.name)));
    Ok(Json(UploadList { uploads: found.into_iter().map(UploadView::new).collect(), next }))
}

fn read_cursor(cursor: &str) -> Result<String, ApiError> {
    let id = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let id = id.filter(|id| uuid::Uuid::try_parse(id).is_ok());
    id.ok_or_else(|| ApiError::invalid("the cursor is none that was given out here"))
}

/// Gives up an upload whose bytes are not there yet.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is given up."),
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such upload.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its bytes are there.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn abort(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
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
        (status = 400, description = "The request cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such upload.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Bytes are missing, or it has expired.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is not what was announced.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn complete(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    body: Option<Json<Complete>>,
) -> Result<(StatusCode, Json<UploadView>), ApiError> {
    who.require(Scope::Write)?;
    let upload = own(&state, &who, &id).await?;
    let sent = body.and_then(|Json(complete)| complete.parts);
    let part = |part: SentPart| Part { number: part.number, size_bytes: 0, etag: part.etag };
    let sent: Option<Vec<Part>> = sent.map(|parts| parts.into_iter().map(part).collect());
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
        (status = 401, description = "Nobody known asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such upload.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its bytes are not waited for.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another type than announced.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is not what was announced.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn content(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
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

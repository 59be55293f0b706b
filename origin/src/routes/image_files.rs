//! `/v1/images/{id}/original` and `/v1/images/{id}/variants/{preset}`: the files of a picture.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::images::{header, live, names};
use crate::auth::{Principal, Scope};
use crate::error::ApiError;
use crate::extract::{Nothing, Path, Query};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(variant)).routes(routes!(original))
}

/// A picture as a preset renders it.
#[utoipa::path(get, path = "/v1/images/{id}/variants/{preset}", tag = "images",
    params(("id" = String, Path), ("preset" = String, Path)),
    responses(
        (status = 200, description = "The file.", content_type = "image/*", body = Vec<u8>),
        (status = 304, description = "It is as it was."),
    ))]
async fn variant(
    State(state): State<AppState>,
    who: Principal,
    Path((id, preset)): Path<(String, String)>,
    _: Query<Nothing>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Scope::Read)?;
    require_sources(&who)?;
    let image = live(&state, &who, &id).await?;
    let variant = image.variants.iter().find(|variant| variant.preset == preset);
    let variant = variant.ok_or_else(|| ApiError::not_found("the picture has no such variant"))?;
    let tag = format!("\"{}-{}-{preset}\"", image.id, image.version);
    file(&state, &variant.object_key, &variant.media_type, &tag, &headers, "inline").await
}

/// The file as it came, to be kept and not to be shown: it was looked at, but not made anew.
#[utoipa::path(get, path = "/v1/images/{id}/original", tag = "images", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The file.", content_type = "image/*", body = Vec<u8>),
        (status = 304, description = "It is as it was."),
    ))]
async fn original(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Scope::Read)?;
    require_sources(&who)?;
    let image = live(&state, &who, &id).await?;
    let tag = format!("\"{}\"", image.sha256);
    file(&state, &image.object_key, &image.media_type, &tag, &headers, "attachment").await
}

/// A token that forces a mark on pictures, or limits their size, must not get them without.
fn require_sources(who: &Principal) -> Result<(), ApiError> {
    if who.may_have_sources() {
        return Ok(());
    }
    Err(ApiError::forbidden("the token is good for pictures as the edge renders them, not for files"))
}

/// An object of the bucket, as it comes.
async fn file(
    state: &AppState,
    key: &str,
    media_type: &str,
    tag: &str,
    headers: &HeaderMap,
    disposition: &'static str,
) -> Result<Response, ApiError> {
    let named = [(ETAG, header(tag)), (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    if names(headers, &IF_NONE_MATCH, tag) {
        return Ok((StatusCode::NOT_MODIFIED, named).into_response());
    }
    let found = state.objects.read(key, None).await?;
    let (about, bytes) = found.ok_or_else(|| ApiError::not_found("the file is gone"))?;
    let what = [
        (CONTENT_TYPE, header(media_type)),
        (CONTENT_LENGTH, about.size_bytes.into()),
        (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((named, what, Body::from_stream(bytes)).into_response())
}

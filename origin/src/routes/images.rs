//! `/v1/images`: finding pictures, and what is known of each.
#![expect(unused_qualifications, reason = "utoipa's macro names what it is given in full")]

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::image_query::{ImageParameters, ImageQuery};
use super::image_view::{ImageList, ImageView, SimilarList, SimilarView, etag};
use super::tags::{self, Tag};
use super::texts;
use crate::auth::{Principal, Scope};
use crate::catalog::audit::{self, Deed};
use crate::catalog::images::Image;
use crate::catalog::{events, images};
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Nothing, Path, Query};
use crate::index::{Index as _, SearchError};
use crate::removal;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(by_name))
        .routes(routes!(get, change, delete))
        .routes(routes!(restore))
        .routes(routes!(similar))
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cursor => Self::invalid(&error.to_string()),
            SearchError::Db(error) => error.into(),
            SearchError::Engine(_) => {
                tracing::error!(%error, "the index failed");
                Self::unavailable("pictures cannot be searched now; all else works")
            }
        }
    }
}

/// Finds pictures.
///
/// At most the newest 500 that fit are ranked by relevance, and counted. Limits may be written as `width>=800`,
/// `taken<=2024-06` (in URLs `%3E=`), a year, a month or a span as `taken=2023`, `created=2024-01-01..2024-06`. With
/// `deleted=true` and the scope `images:write`, and nothing else but `limit` and `cursor`, it lists what was deleted and may
/// be restored.
#[utoipa::path(get, path = "/v1/images", tag = "images", params(ImageParameters),
    responses(
        (status = 200, body = ImageList),
    ))]
async fn list(
    State(state): State<AppState>,
    who: Principal,
    RawQuery(query): RawQuery,
) -> Result<Json<ImageList>, ApiError> {
    who.require(Scope::Read)?;
    match ImageQuery::parse(&query.unwrap_or_default(), &who, state.clock.now_ms())? {
        ImageQuery::Deleted { limit, cursor } => list_deleted(&state, &who, limit, cursor).await,
        ImageQuery::Search(search) => {
            let found = state.index.search(&state.db, &search).await?;
            let images = images::find_many(&state.db, &who.tenant, &found.images).await?;
            let is_seen = |image: &Image| image.deleted_ms.is_none() && who.covers(&image.object_key);
            Ok(Json(ImageList {
                images: images.into_iter().filter(is_seen).map(|image| ImageView::of(image, &who)).collect(),
                total: found.total,
                total_is_exact: found.total_is_exact,
                next: found.next,
                facets: found.facets,
                instead: found.instead,
            }))
        }
    }
}

/// What was deleted and may be restored, the last deleted first.
async fn list_deleted(
    state: &AppState,
    who: &Principal,
    limit: usize,
    cursor: Option<String>,
) -> Result<Json<ImageList>, ApiError> {
    who.require(Scope::Write)?;
    if !is_for_all(who) {
        return Err(ApiError::forbidden("a token that is limited to paths cannot list what was deleted"));
    }
    let after = cursor.map(|cursor| read_place(&cursor)).transpose()?;
    let mut found = images::deleted(&state.db, &who.tenant, after.as_ref(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|image| URL_SAFE_NO_PAD.encode(json!([image.deleted_ms, image.id]).to_string()));
    let total = images::count_deleted(&state.db, &who.tenant).await?;
    let images = found.into_iter().map(|image| ImageView::of(image, who)).collect();
    Ok(Json(ImageList {
        images,
        total,
        total_is_exact: true,
        next,
        facets: BTreeMap::default(),
        instead: BTreeMap::default(),
    }))
}

fn is_for_all(who: &Principal) -> bool {
    who.paths_below(&format!("{}/{}", crate::store::objects::PICTURES, who.tenant)).is_none()
}

/// When a picture was deleted, and which.
fn read_place(cursor: &str) -> Result<(i64, String), ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place: Option<(i64, String)> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    place
        .filter(|(_, id)| is_id(id))
        .ok_or_else(|| ApiError::invalid("the cursor is not one of this question"))
}

fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ByName {
    /// Its path within the tenant's pictures.
    #[param(min_length = 1)]
    name: String,
}

/// The picture that has a name now.
#[utoipa::path(get, path = "/v1/images/by-name", tag = "images", params(ByName),
    responses(
        (status = 200, body = ImageView, headers(("ETag" = String, description = "Names what is known of it."))),
        (status = 304, description = "It is as it was."),
        (status = 404, description = "No picture has this name.", body = Problem, content_type = "application/problem+json"),
    ))]
async fn by_name(
    State(state): State<AppState>,
    who: Principal,
    Query(ByName { name }): Query<ByName>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Scope::Read)?;
    let image = images::find_by_name(&state.db, &who.tenant, &name).await?;
    Ok(shown(image.filter(|image| is_seen_by(&who, image)).ok_or_else(none)?, &who, &headers))
}

/// What is known of a picture. One that was deleted is there for those who may restore it.
#[utoipa::path(get, path = "/v1/images/{id}", tag = "images", params(("id" = String, Path)),
    responses(
        (status = 200, body = ImageView, headers(("ETag" = String, description = "Names what is known of it."))),
        (status = 304, description = "It is as it was."),
    ))]
async fn get(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Scope::Read)?;
    let image = own(&state, &who, &id).await?;
    if image.deleted_ms.is_some() && !who.has(Scope::Write) {
        return Err(none());
    }
    Ok(shown(image, &who, &headers))
}

fn none() -> ApiError {
    ApiError::not_found("there is no such picture")
}

/// A tenant's picture, if the token is good for it.
async fn own(state: &AppState, who: &Principal, id: &str) -> Result<Image, ApiError> {
    let image = if is_id(id) { images::find(&state.db, &who.tenant, id).await? } else { None };
    image.filter(|image| is_seen_by(who, image)).ok_or_else(none)
}

/// One that is not deleted.
pub(super) async fn live(state: &AppState, who: &Principal, id: &str) -> Result<Image, ApiError> {
    let image = own(state, who, id).await?;
    if image.deleted_ms.is_some() { Err(none()) } else { Ok(image) }
}

/// By the name that it had, for one that was deleted.
fn is_seen_by(who: &Principal, image: &Image) -> bool {
    who.covers(&format!("{}/{}/{}", crate::store::objects::PICTURES, image.tenant, image.name))
}

fn shown(image: Image, who: &Principal, headers: &HeaderMap) -> Response {
    let tag = etag(&image);
    let named = [(ETAG, header(&tag)), (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    if names(headers, &IF_NONE_MATCH, &tag) {
        return (StatusCode::NOT_MODIFIED, named).into_response();
    }
    (named, Json(ImageView::of(image, who))).into_response()
}

/// Our own tags and keys are ASCII; whatever is not, is no header.
pub(super) fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whether a conditional header names this tag, or any.
pub(super) fn names(headers: &HeaderMap, name: &axum::http::HeaderName, tag: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let strong = |one: &str| one.trim().trim_start_matches("W/").to_owned();
    values.flat_map(|value| value.split(',')).map(strong).any(|one| one == "*" || one == tag)
}

/// What may be changed. What is not named stays; `null` takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    title: Field,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000, pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$")]
    caption: Field,
    /// They are kept in small letters, sorted, each once.
    #[schema(value_type = Vec<Tag>, required = false, max_items = 50)]
    #[serde(default, deserialize_with = "given_list")]
    tags: Option<Vec<String>>,
}

/// A text that may be changed: `null` is not the same as nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
enum Field {
    /// Nothing was said of it.
    #[default]
    Kept,
    /// It goes.
    Gone,
    /// It becomes this.
    New(String),
}

impl From<Option<String>> for Field {
    fn from(given: Option<String>) -> Self {
        given.filter(|text| !text.is_empty()).map_or(Self::Gone, Self::New)
    }
}

impl Field {
    /// What it then is, of at most so many characters.
    fn of(self, name: &str, old: Option<String>, longest: usize) -> Result<Option<String>, ApiError> {
        match self {
            Self::Kept => Ok(old),
            Self::Gone => Ok(None),
            Self::New(text) => texts::checked(name, text, longest).map(Some),
        }
    }
}

fn given_list<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(value).map(Some)
}

impl Change {
    /// The picture as it then is.
    fn of(self, image: &Image, now_ms: i64) -> Result<Image, ApiError> {
        let mut changed = Image { updated_ms: now_ms, ..image.clone() };
        changed.title = self.title.of("title", changed.title, texts::LONGEST_TITLE)?;
        changed.caption = self.caption.of("caption", changed.caption, texts::LONGEST_CAPTION)?;
        if let Some(tags) = self.tags {
            changed.tags = tags::checked(&tags)?;
        }
        Ok(changed)
    }
}

/// Refuses where `If-Match` names something else than the picture as it is.
fn check_match(headers: &HeaderMap, image: &Image) -> Result<(), ApiError> {
    if !headers.contains_key(IF_MATCH) || names(headers, &IF_MATCH, &etag(image)) {
        return Ok(());
    }
    Err(ApiError::precondition_failed("the picture is not what If-Match names any more"))
}

/// Changes title, caption and tags. With `If-Match`, only where nobody else changed anything since.
#[utoipa::path(patch, path = "/v1/images/{id}", tag = "images", params(("id" = String, Path)),
    request_body = Change,
    responses(
        (status = 200, body = ImageView, headers(("ETag" = String, description = "Names what is known of it."))),
        (status = 412, body = Problem, content_type = "application/problem+json"),
    ))]
async fn change(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Response, ApiError> {
    who.require(Scope::Write)?;
    live(&state, &who, &id).await?;
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let image = images::lock(&mut tx, &who.tenant, &id).await?;
    let image = image.filter(|image| image.deleted_ms.is_none()).ok_or_else(none)?;
    check_match(&headers, &image)?;
    let changed = change.of(&image, now_ms)?;
    images::put(&mut tx, &changed).await?;
    let data = json!({
        "id": changed.id, "name": changed.name, "version": changed.version,
        "title": changed.title, "caption": changed.caption, "tags": changed.tags,
    });
    events::emit(&mut tx, &who.tenant, "image.updated", &data, now_ms).await?;
    let deed = Deed {
        tenant: &who.tenant,
        actor: &who.actor,
        action: "image.update",
        subject: &changed.id,
        detail: data,
        request_id: None,
    };
    audit::add(&mut tx, deed, now_ms).await?;
    state.index.put(&mut tx, &changed).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(shown(changed, &who, &HeaderMap::new()))
}

/// Deletes a picture. For as many days as the service keeps such, it can be restored.
#[utoipa::path(delete, path = "/v1/images/{id}", tag = "images", params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is not found any more, and the edge is told."),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 412, body = Problem, content_type = "application/problem+json"),
    ))]
async fn delete(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    who.require(Scope::Write)?;
    let image = live(&state, &who, &id).await?;
    check_match(&headers, &image)?;
    removal::delete(&state, &who, &image).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a deleted picture back.
#[utoipa::path(post, path = "/v1/images/{id}/restore", tag = "images", params(("id" = String, Path)),
    responses(
        (status = 200, body = ImageView, headers(("ETag" = String, description = "Names what is known of it."))),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not deleted, or another has its name."),
    ))]
async fn restore(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, ApiError> {
    who.require(Scope::Write)?;
    let image = own(&state, &who, &id).await?;
    let restored = removal::restore(&state, &who, &image).await?;
    Ok(shown(restored, &who, &HeaderMap::new()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HowMany {
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Pictures that look like one, the most alike first.
#[utoipa::path(get, path = "/v1/images/{id}/similar", tag = "images", params(("id" = String, Path), HowMany),
    responses(
        (status = 200, body = SimilarList),
    ))]
async fn similar(
    State(state): State<AppState>,
    who: Principal,
    Path(id): Path<String>,
    Query(HowMany { limit }): Query<HowMany>,
) -> Result<Json<SimilarList>, ApiError> {
    who.require(Scope::Read)?;
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("'limit' is from 1 to 100"));
    }
    let image = live(&state, &who, &id).await?;
    let alike = state.index.similar(&state.db, &image, usize::try_from(limit).unwrap_or(20)).await?;
    let ids: Vec<String> = alike.iter().map(|alike| alike.image.clone()).collect();
    let images = images::find_many(&state.db, &who.tenant, &ids).await?;
    let distance = |id: &str| alike.iter().find(|alike| alike.image == id).map_or(0, |alike| alike.distance);
    let images = images.into_iter().filter(|image| image.deleted_ms.is_none() && is_seen_by(&who, image));
    let images =
        images.map(|image| SimilarView { distance: distance(&image.id), image: ImageView::of(image, &who) });
    Ok(Json(SimilarList { images: images.collect() }))
}

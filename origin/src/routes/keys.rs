//! `/v1/keys`: the keys of machines. A secret is shown once, when it is made; what may be asked later is all but that.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::api_keys::{self, ApiKey};
use crate::catalog::audit::{self, Deed};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{Json, Nothing, Path, Query, whole_or_none};
use crate::machine::{self, KeyWish};
use crate::state::AppState;

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// What people will call it.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$")]
    name: String,
    /// What its bearer may do; nothing that its maker may not.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// How long it is valid; without end where nothing is said.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    #[serde(default, deserialize_with = "whole_or_none")]
    expires_seconds: Option<u32>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
struct MadeKey {
    /// What its bearer sends as `Authorization: Bearer …`. It is not shown again.
    secret: String,
    /// The rest of it.
    key: ApiKey,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeysQuery {
    /// `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How many: 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct KeysPage {
    /// The newest first, those that were revoked included.
    keys: Vec<ApiKey>,
    /// The cursor of the next page; nothing on the last.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(revoke))
}

/// Makes a key, and shows its secret this once. Needs `admin`.
#[utoipa::path(post, path = "/v1/keys", tag = "access", request_body = NewKey, responses(
    (status = 201, description = "It is made.", body = MadeKey),
))]
async fn create(
    State(state): State<AppState>,
    principal: Principal,
    _: Query<Nothing>,
    Json(wanted): Json<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), ApiError> {
    principal.require(Scope::Admin)?;
    if principal.is_limited() {
        return Err(ApiError::forbidden("a token that is limited to some pictures makes no keys"));
    }
    for scope in &wanted.scopes {
        principal.require(*scope)?;
    }
    let wish = KeyWish {
        tenant: &principal.tenant,
        name: &wanted.name,
        scopes: &wanted.scopes,
        expires_seconds: wanted.expires_seconds,
        actor: &principal.actor,
        request_id: principal.request_id.as_deref(),
    };
    let (secret, key) = machine::make_key(&state.db, &wish, state.clock.now_ms()).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { secret, key })))
}

/// The tenant's keys, without their secrets, the newest first. Needs `admin`.
#[utoipa::path(get, path = "/v1/keys", tag = "access", params(KeysQuery), responses(
    (status = 200, body = KeysPage),
))]
async fn list(
    State(state): State<AppState>,
    principal: Principal,
    Query(query): Query<KeysQuery>,
) -> Result<Json<KeysPage>, ApiError> {
    principal.require(Scope::Admin)?;
    let limit = cursor::limit(query.limit)?;
    let before = query.cursor.as_deref().map(cursor::decode_id).transpose()?;
    let keys = api_keys::list(&state.db, &principal.tenant, before.as_deref(), limit + 1).await?;
    let (keys, next) = cursor::page(keys, limit, |key| &key.id)?;
    Ok(Json(KeysPage { keys, next }))
}

/// Revokes a key, from now on. Tokens that it was given are valid until they expire. Needs `admin`.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "access",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked, now or before.")))]
async fn revoke(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    principal.require(Scope::Admin)?;
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let was_valid = api_keys::revoke(&mut tx, &principal.tenant, &id, now_ms).await?;
    if was_valid.ok_or_else(|| ApiError::not_found("there is no such key"))? {
        let deed = Deed {
            tenant: &principal.tenant,
            actor: &principal.actor,
            action: "key.revoke",
            subject: &id,
            detail: json!({}),
            request_id: principal.request_id.as_deref(),
        };
        audit::add(&mut tx, deed, now_ms).await?;
        tx.commit().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

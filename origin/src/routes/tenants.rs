//! `/v1/tenant`: what a tenant may keep, and keeps; and for operators, what each may.

use axum::extract::State;
use lenslet::grant::is_plain_name;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Principal;
use crate::catalog::audit::{self, Deed};
use crate::catalog::{limits, tenants};
use crate::error::ApiError;
use crate::extract::{Json, Nothing, Path, Query, whole_or_none};
use crate::state::AppState;

/// Beyond this, JSON's readers do not agree what a number is.
const MOST: i64 = 9_007_199_254_740_991;

/// What a tenant may keep, and keeps.
#[derive(Serialize, ToSchema)]
struct TenantView {
    /// Its name.
    name: String,
    /// All its files may be so long.
    max_bytes: i64,
    /// It may have so many pictures.
    max_images: i64,
    /// All its files are so long, those that may still be restored included.
    used_bytes: i64,
    /// It has so many pictures.
    used_images: i64,
}

/// What a tenant may keep: nothing for what the service's settings say.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantLimits {
    /// All its files.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    #[serde(default, deserialize_with = "whole_or_none")]
    max_bytes: Option<i64>,
    /// Its pictures.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    #[serde(default, deserialize_with = "whole_or_none")]
    max_images: Option<i64>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(own)).routes(routes!(set_limits))
}

/// What the tenant may keep, and keeps. Needs `images:read` or `admin`.
#[utoipa::path(get, path = "/v1/tenant", tag = "administration", responses((status = 200, body = TenantView)))]
async fn own(
    State(state): State<AppState>,
    principal: Principal,
    _: Query<Nothing>,
) -> Result<Json<TenantView>, ApiError> {
    principal.require_reader()?;
    view(&state, &principal.tenant).await
}

/// Says what a tenant may keep. Needs `admin` of the operators' tenant.
#[utoipa::path(put, path = "/v1/tenants/{name}/limits", tag = "administration",
    params(("name" = String, Path, description = "The tenant", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    request_body = TenantLimits,
    responses((status = 200, body = TenantView)))]
async fn set_limits(
    State(state): State<AppState>,
    principal: Principal,
    Path(name): Path<String>,
    _: Query<Nothing>,
    Json(wanted): Json<TenantLimits>,
) -> Result<Json<TenantView>, ApiError> {
    principal.require_operator(&state.config)?;
    if !is_plain_name(&name) {
        return Err(ApiError::not_found("no tenant can have that name"));
    }
    if [wanted.max_bytes, wanted.max_images].iter().flatten().any(|limit| !(0..=MOST).contains(limit)) {
        return Err(ApiError::invalid(&format!("a limit is from 0 to {MOST}")));
    }
    let mut tx = state.db.begin().await?;
    limits::set(&mut tx, &name, wanted.max_bytes, wanted.max_images).await?;
    let deed = Deed {
        tenant: &principal.tenant,
        actor: &principal.actor,
        action: "tenant.limits",
        subject: &name,
        detail: json!(wanted),
        request_id: principal.request_id.as_deref(),
    };
    audit::add(&mut tx, deed, state.clock.now_ms()).await?;
    tx.commit().await?;
    view(&state, &name).await
}

async fn view(state: &AppState, name: &str) -> Result<Json<TenantView>, ApiError> {
    let tenant = tenants::find(&state.db, &state.config, name).await?;
    Ok(Json(TenantView {
        name: name.to_owned(),
        max_bytes: tenant.max_bytes,
        max_images: tenant.max_images,
        used_bytes: tenant.used_bytes,
        used_images: tenant.used_images,
    }))
}

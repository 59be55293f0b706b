//! `/v1/audit`: who did what. Lines are read here and written by whoever does something; nobody changes them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::audit::{self, Filter, Line};
use crate::cursor;
use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Only what this one did: `token:<sub>`, `key:<id>`.
    actor: Option<String>,
    /// Only this: `upload.create`, `image.delete`, `key.revoke` …
    action: Option<String>,
    /// Only what was done to this: the id of an image, an upload, a key …
    subject: Option<String>,
    /// `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How many lines: 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct AuditPage {
    /// The newest first.
    lines: Vec<Line>,
    /// The cursor of the next page; nothing on the last.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Who did what, the newest first. Needs `admin`.
#[utoipa::path(get, path = "/v1/audit", tag = "administration", params(AuditQuery), responses(
    (status = 200, body = AuditPage),
))]
async fn read(
    State(state): State<AppState>,
    principal: Principal,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    principal.require(Scope::Admin)?;
    let limit = cursor::limit(query.limit)?;
    let before = query.cursor.as_deref().map(cursor::decode_id).transpose()?;
    let filter = Filter {
        actor: query.actor.as_deref(),
        action: query.action.as_deref(),
        subject: query.subject.as_deref(),
        before: before.as_deref(),
    };
    let lines = audit::list(&state.db, &principal.tenant, filter, limit + 1).await?;
    let (lines, next) = cursor::page(lines, limit, |line| &line.id)?;
    Ok(Json(AuditPage { lines, next }))
}

//! `/v1/jobs`: the queue, and above all the list of what was given up (dead letters), to be tried again or thrown away.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::audit::{self, Deed};
use crate::catalog::jobs::JobKind;
use crate::catalog::queue::{self, JobView};
use crate::cursor;
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Nothing, Path, Query};
use crate::state::AppState;
use crate::store::db::Tx;

/// How a job stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum JobState {
    /// It waits.
    Queued,
    /// Somebody has it in hand.
    Running,
    /// It was given up.
    Dead,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobsQuery {
    /// Only those that stand so.
    #[param(inline)]
    state: Option<JobState>,
    /// Only those that do this.
    #[param(inline)]
    kind: Option<JobKind>,
    /// `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How many: 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct JobsPage {
    /// The oldest first.
    jobs: Vec<JobView>,
    /// The cursor of the next page; nothing on the last.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry)).routes(routes!(discard))
}

/// The tenant's jobs, the oldest first; those that are done are not kept. Needs `admin`.
#[utoipa::path(get, path = "/v1/jobs", tag = "administration", params(JobsQuery), responses(
    (status = 200, body = JobsPage),
))]
async fn list(
    State(state): State<AppState>,
    principal: Principal,
    Query(query): Query<JobsQuery>,
) -> Result<Json<JobsPage>, ApiError> {
    principal.require(Scope::Admin)?;
    let limit = cursor::limit(query.limit)?;
    let after = query.cursor.as_deref().map(cursor::decode_id).transpose()?;
    let wanted = query.state.map(|state| match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Dead => "dead",
    });
    let kind = query.kind.map(JobKind::name);
    let jobs = queue::list(&state.db, &principal.tenant, wanted, kind, after.as_deref(), limit + 1).await?;
    let (jobs, next) = cursor::page(jobs, limit, |job| &job.id)?;
    Ok(Json(JobsPage { jobs, next }))
}

/// Has a job that was given up tried again, as often as a new one. Needs `admin`.
#[utoipa::path(post, path = "/v1/jobs/{id}/retry", tag = "administration",
    params(("id" = String, Path, description = "The job")),
    responses(
        (status = 202, description = "It is queued again.", body = JobView),
        (status = 409, description = "It was not given up.", body = Problem,
            content_type = "application/problem+json"),
    ))]
async fn retry(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    principal.require(Scope::Admin)?;
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    let was_dead = queue::revive(&mut tx, &principal.tenant, &id, now_ms).await?;
    let job = found(&mut tx, &principal, &id).await?;
    if !was_dead {
        return Err(ApiError::conflict(&format!("the job is {}, not dead", job.state)));
    }
    audit::add(&mut tx, deed(&principal, "job.retry", &job), now_ms).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Throws away a job that was given up. Needs `admin`.
#[utoipa::path(delete, path = "/v1/jobs/{id}", tag = "administration",
    params(("id" = String, Path, description = "The job")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It was not given up.", body = Problem,
            content_type = "application/problem+json"),
    ))]
async fn discard(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    principal.require(Scope::Admin)?;
    let mut tx = state.db.begin().await?;
    let job = found(&mut tx, &principal, &id).await?;
    if !queue::discard(&mut tx, &principal.tenant, &id).await? {
        return Err(ApiError::conflict(&format!("the job is {}, not dead", job.state)));
    }
    audit::add(&mut tx, deed(&principal, "job.discard", &job), state.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(tx: &mut Tx, principal: &Principal, id: &str) -> Result<JobView, ApiError> {
    let job = queue::find(tx, &principal.tenant, id).await?;
    job.ok_or_else(|| ApiError::not_found("there is no such job"))
}

fn deed<'a>(principal: &'a Principal, action: &'a str, job: &'a JobView) -> Deed<'a> {
    Deed {
        tenant: &principal.tenant,
        actor: &principal.actor,
        action,
        subject: &job.id,
        detail: json!({ "kind": job.kind, "subject": job.subject, "error": job.error }),
        request_id: principal.request_id.as_deref(),
    }
}

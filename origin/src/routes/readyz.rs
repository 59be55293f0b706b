//! `/readyz`: may requests be sent here? Only where the database and the bucket answer.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Problem};
use crate::extract::Json;
use crate::state::AppState;

/// A store that takes longer is as good as none.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Serialize, ToSchema)]
struct Readiness {
    status: &'static str,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(readiness))
}

/// Whether the database and the bucket answer.
#[utoipa::path(get, path = "/readyz", tag = "service", responses(
    (status = 200, body = Readiness),
    (status = 503, description = "One of them does not: the detail says which.", body = Problem,
        content_type = "application/problem+json"),
))]
async fn readiness(State(state): State<AppState>) -> Result<impl IntoResponse, ApiError> {
    let database = in_time(state.db.first("SELECT 1 AS one", &[]));
    // There is no such object: that the bucket says so is the answer.
    let bucket = in_time(state.objects.head("readyz"));
    match tokio::join!(database, bucket) {
        (true, true) => Ok(Json(Readiness { status: "ready" })),
        (false, true) => Err(ApiError::unavailable("the database does not answer")),
        (true, false) => Err(ApiError::unavailable("the bucket does not answer")),
        (false, false) => Err(ApiError::unavailable("neither the database nor the bucket answers")),
    }
}

/// Whether a store answered, and in time. Why it did not stands in the log.
async fn in_time<T, E: std::fmt::Display>(question: impl Future<Output = Result<T, E>>) -> bool {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            false
        }
        Err(_) => {
            tracing::warn!("not ready: a store is late");
            false
        }
    }
}

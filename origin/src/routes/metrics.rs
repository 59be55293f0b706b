//! `/metrics`: figures, for Prometheus.
//!
//! They tell how much everybody uploads, and stand on the port that clients reach, so they are for the operators' API
//! keys and tokens unless `METRICS` is `public` (behind a proxy that keeps the path to itself).

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Principal;
use crate::error::{ApiError, Problem};
use crate::state::AppState;
use crate::telemetry;

/// The text format, version 0.0.4.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(figures))
}

/// Figures of requests, jobs, uploads and memory.
#[utoipa::path(get, path = "/metrics", tag = "service", security((), ("bearer" = [])), responses(
    (status = 200, description = "Prometheus's text format", body = String, content_type = "text/plain"),
    (status = 401, description = "It is private.", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "It is for operators.", body = Problem, content_type = "application/problem+json"),
))]
async fn figures(State(state): State<AppState>, request: Request) -> Result<impl IntoResponse, ApiError> {
    if !state.config.metrics_are_public {
        let principal = Principal::from_request_parts(&mut request.into_parts().0, &state).await?;
        principal.require_operator(&state.config)?;
    }
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], telemetry::metrics::render(&state).await?))
}

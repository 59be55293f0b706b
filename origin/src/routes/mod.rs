//! The routes, one file per resource. Each has a `routes()` that brings its part of the OpenAPI document.

mod events;
mod healthz;
mod webhooks;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// What the document says besides its paths.
#[derive(OpenApi)]
#[openapi(info(
    title = "Lenslet origin",
    description = "Uploads, ingest, index and search beside Lenslet's edge."
))]
struct Document;

/// Every route, and the document of all.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(healthz::routes())
        .merge(webhooks::routes())
        .merge(events::routes())
}

//! The routes, one file per resource. Each has a `routes()` that brings its part of the OpenAPI document.

#![expect(unused_qualifications, reason = "what utoipa makes of `params` is found at our types")]

mod audit;
mod document;
mod events;
mod healthz;
mod image_files;
mod image_query;
mod image_view;
mod images;
mod jobs;
mod keys;
mod metrics;
mod new_upload;
mod object_events;
mod objects;
mod readyz;
mod tags;
mod tenants;
mod texts;
mod tokens;
mod upload_view;
mod uploads;
mod webhooks;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::error::Problem;
use crate::state::AppState;

/// What the document says besides its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lenslet origin",
        description = "Uploads, ingest, index and search beside Lenslet's edge. Whoever asks sends a token (JWT) or an \
            API key as `Authorization: Bearer …`; all they see and do is their tenant's. Errors are problem+json \
            (RFC 9457). Times are milliseconds since 1970 (UTC)."
    ),
    components(schemas(Problem)),
    tags(
        (name = "uploads", description = "Bringing pictures in."),
        (name = "images", description = "Finding them, and what the catalog says of them."),
        (name = "webhooks", description = "Who is told of what happens."),
        (name = "access", description = "Keys of machines, and tokens for everybody else."),
        (name = "administration", description = "The queue, the audit log, quotas."),
        (name = "service", description = "The process itself.")
    )
)]
struct Document;

/// Every route, and the document of all.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(keys::routes())
        .merge(tokens::routes())
        .merge(jobs::routes())
        .merge(audit::routes())
        .merge(tenants::routes())
        .merge(healthz::routes())
        .merge(readyz::routes())
        .merge(metrics::routes())
        .merge(document::routes())
        .merge(object_events::routes())
        .merge(objects::routes())
        .merge(uploads::routes())
        .merge(images::routes())
        .merge(image_files::routes())
        .merge(webhooks::routes())
        .merge(events::routes())
}

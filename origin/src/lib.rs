//! Lenslet's origin: the native service beside the edge, for ingest, indexing and search.
//!
//! [`app`] is the whole service as a value. It opens no socket and reads no environment: `main` does,
//! and tests call it as it is.

pub mod config;
pub mod error;
mod routes;

use axum::Router;

use crate::error::ApiError;

/// What the routes share. Nothing yet: the stores will live here.
#[derive(Clone, Debug, Default)]
pub struct AppState {}

/// The service: every route and, for all other paths and methods, a problem.
pub fn app(state: AppState) -> Router {
    Router::new()
        .merge(routes::healthz::routes())
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(state)
}

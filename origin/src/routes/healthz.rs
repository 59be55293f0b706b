//! `/healthz`: is the process up and answering? It asks nothing of the stores, so that a slow disk
//! does not make a supervisor restart a healthy process.

use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::AppState;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(health))
}

async fn health() -> impl IntoResponse {
    let health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    ([(CACHE_CONTROL, "no-store")], Json(health))
}

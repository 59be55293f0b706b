//! Lenslet's origin: the native service beside the edge, for uploads, ingest, index and search.
//!
//! [`app`] is the whole service as a value. It opens no socket and reads no environment: `main` does, and tests call it
//! as it is. In reading order:
//!
//! * [`config`] is what a deployment decides, [`state`] the parts that it makes of it.
//! * [`auth`] is who asks, and what they may do.
//! * [`store`] is what outlives the process: the database and the bucket. [`catalog`] has the tables, as values.
//! * [`extract`] reads requests, [`cursor`] pages of lists, [`error`] is how it says no.
//! * [`telemetry`] is what people see of it; [`serve`] is its socket.
//! * [`index`] is how pictures are found.
//! * [`work`] does what is queued there, [`queue`] says when; [`events`] tells webhooks and the edge.

pub mod auth;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod cursor;
pub mod error;
pub mod events;
pub mod extract;
mod frame;
pub mod index;
mod ingest;
mod intake;
pub mod machine;
pub mod queue;
pub mod reconcile;
pub mod removal;
mod routes;
pub mod serve;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod work;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::ApiError;
use crate::state::AppState;

/// The service: every route and, for all other paths and methods, a problem.
pub fn app(state: AppState) -> Router {
    let (router, _document) = routes::all().split_for_parts();
    router
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        // From the inside out.
        .layer(DefaultBodyLimit::max(frame::MOST_BODY_BYTES))
        .layer(from_fn(frame::in_time))
        .layer(CatchPanicLayer::custom(frame::panicked))
        .layer(from_fn(frame::secured))
        .layer(from_fn(telemetry::observe))
        .with_state(state)
}

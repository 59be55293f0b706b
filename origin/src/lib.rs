//! Lenslet's origin: the native service beside the edge, for uploads, ingest, index and search.
//!
//! [`app`] is the whole service as a value. It opens no socket and reads no environment: `main` does, and tests call it
//! as it is. In reading order:
//!
//! * [`config`] is what a deployment decides, [`state`] the parts that it makes of it.
//! * [`auth`] is who asks, and what they may do.
//! * [`store`] is what outlives the process: the database and the bucket. [`catalog`] has the tables, as values.
//! * [`work`] does what is queued there, [`queue`] says when; [`events`] tells webhooks and the edge.
//! * [`error`] is how it says no.

pub mod auth;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod error;
pub mod events;
mod index;
mod ingest;
pub mod queue;
mod routes;
pub mod state;
pub mod store;
pub mod work;

use axum::Router;

use crate::error::ApiError;
use crate::state::AppState;

/// The service: every route and, for all other paths and methods, a problem.
pub fn app(state: AppState) -> Router {
    let (router, _document) = routes::all().split_for_parts();
    router
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(state)
}

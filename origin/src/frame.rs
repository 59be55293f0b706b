//! What goes around every route: how long a request may take, what becomes of a panic, which headers every answer has.

use std::any::Any;
use std::time::Duration;

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// The longest body of a route that reads it as a whole. Those that stream one have a limit of their own.
pub(crate) const MOST_BODY_BYTES: usize = 256 * 1024;
/// How long an answer may take to begin. Long polls must answer before that.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same of a request that brings a file.
const PATIENCE_FOR_FILES: Duration = Duration::from_secs(60 * 60);

/// Headers of every answer that does not say otherwise itself.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Gives up on a request that takes too long.
pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let brings_a_file = request.method() == Method::PUT && request.uri().path().starts_with("/v1/uploads/");
    let patience = if brings_a_file { PATIENCE_FOR_FILES } else { PATIENCE };
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Late.into_response(),
    }
}

/// Adds the headers that every answer has.
pub(crate) async fn secured(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// A panic is a defect of ours, and ends this request only.
#[expect(clippy::needless_pass_by_value, reason = "as the layer calls it")]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text");
    ApiError::internal(&format_args!("a panic: {text}")).into_response()
}

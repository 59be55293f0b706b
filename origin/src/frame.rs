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
const PATIENCE_FOR_FILES: Duration = Duration::from_hours(1);

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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::panicked;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_says_nothing_of_it() {
        async fn broken() -> &'static str {
            panic!("a secret")
        }
        let router: Router = Router::new().route("/", get(broken)).layer(CatchPanicLayer::custom(panicked));
        let answer = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}

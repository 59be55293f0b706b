//! The service as a value: requests go straight into `app`, no socket between.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use lenslet_origin::{AppState, app};
use serde_json::{Value, json};
use tower::ServiceExt;

// Always so in this file; said again so that clippy sees a test, where `unwrap` may be.
#[cfg(test)]
async fn ask(method: Method, path: &str) -> (StatusCode, String, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = app(AppState::default()).oneshot(request).await.unwrap();
    let status = response.status();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, content_type, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn healthz_says_ok() {
    let (status, content_type, body) = ask(Method::GET, "/healthz").await;
    assert_eq!((status, content_type.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(body, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let (status, content_type, body) = ask(Method::GET, "/nowhere").await;
    assert_eq!((status, content_type.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"));
    assert_eq!(body["type"], "urn:lenslet:problem:not-found");
    assert_eq!(body["status"], 404);
}

#[tokio::test]
async fn a_wrong_method_is_a_problem() {
    let (status, content_type, body) = ask(Method::DELETE, "/healthz").await;
    assert_eq!((status, content_type.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
    assert_eq!(body["type"], "urn:lenslet:problem:method-not-allowed");
}

//! The service's frame: what every route has in common.

mod support;

use axum::http::{Method, StatusCode};
use serde_json::json;
use support::Service;

#[tokio::test]
async fn healthz_says_ok() {
    let service = Service::start().await;
    let answer = service.ask(Method::GET, "/healthz", "", None).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    assert_eq!(answer.json(), json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let service = Service::start().await;
    for (method, path, status, kind) in [
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND, "not-found"),
        (Method::DELETE, "/healthz", StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
    ] {
        let answer = service.ask(method, path, "", None).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, kind), "{path}");
        assert_eq!(answer.json()["status"], status.as_u16());
    }
}

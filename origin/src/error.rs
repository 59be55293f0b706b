//! How the origin says no: the one place where an error meets HTTP.
//!
//! Every error body is problem+json (RFC 9457). Its `type` is stable and meant for programs, its
//! `title` for people. What went wrong inside is logged here and never shown.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

/// Every way in which a request to the origin can fail.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ApiError {
    /// No route has this path.
    #[error("There is nothing at this path.")]
    NotFound,
    /// The path exists, the method on it does not; axum adds the `Allow` header.
    #[error("This path does not take this method.")]
    MethodNotAllowed,
}

impl ApiError {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::NotFound => "urn:lenslet:problem:not-found",
            Self::MethodNotAllowed => "urn:lenslet:problem:method-not-allowed",
        }
    }
}

/// The body of an error, RFC 9457 §3.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: String,
    status: u16,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = Problem { r#type: self.kind(), title: self.to_string(), status: status.as_u16() };
        let mut response = (status, Json(problem)).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}

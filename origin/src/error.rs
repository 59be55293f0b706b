//! How the origin says no: the one place where an error meets HTTP.
//!
//! Every error body is problem+json (RFC 9457). Its `type` is stable and meant for programs, its `title` and `detail`
//! for people. What went wrong inside is logged here and never shown.

use std::fmt::Display;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::db::DbError;
use crate::store::objects::ObjectError;

/// Every way in which a request to the origin can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The request cannot be understood: which part of it, and why.
    #[error("{detail}")]
    Invalid {
        /// What is wrong.
        detail: String,
    },
    /// Nobody known asks.
    #[error("{detail}")]
    Unauthenticated {
        /// What was wrong with the credential.
        detail: String,
    },
    /// Whoever asks may not.
    #[error("{detail}")]
    Forbidden {
        /// What they would need.
        detail: String,
    },
    /// No route has this path, or there is no such thing.
    #[error("{detail}")]
    NotFound {
        /// What there is not.
        detail: String,
    },
    /// The path exists, the method on it does not; axum adds the `Allow` header.
    #[error("This path does not take this method.")]
    MethodNotAllowed,
    /// It cannot be done as things are.
    #[error("{detail}")]
    Conflict {
        /// How they are.
        detail: String,
    },
    /// It is not any more what the request says it is.
    #[error("{detail}")]
    PreconditionFailed {
        /// How it differs.
        detail: String,
    },
    /// More than may be sent.
    #[error("{detail}")]
    TooLarge {
        /// What may be.
        detail: String,
    },
    /// A body of another type than is taken.
    #[error("{detail}")]
    UnsupportedMediaType {
        /// What is taken.
        detail: String,
    },
    /// What was sent is not what was said to be.
    #[error("{detail}")]
    Unprocessable {
        /// How it differs.
        detail: String,
    },
    /// The tenant has as much as it may.
    #[error("{detail}")]
    Quota {
        /// How much that is.
        detail: String,
    },
    /// It took too long.
    #[error("The request took too long.")]
    Late,
    /// A defect of ours, or a store that failed: logged, not shown.
    #[error("Something failed inside. The log has the cause.")]
    Internal,
    /// It is known and not built.
    #[error("{detail}")]
    NotBuilt {
        /// What.
        detail: String,
    },
    /// Not now.
    #[error("{detail}")]
    Unavailable {
        /// What is missing.
        detail: String,
    },
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $variant:ident),* $(,)?) => {
        $($(#[$doc])* pub fn $name(detail: &str) -> Self { Self::$variant { detail: sentence(detail) } })*
    };
}

impl ApiError {
    constructors! {
        /// 400
        invalid => Invalid,
        /// 401
        unauthenticated => Unauthenticated,
        /// 403
        forbidden => Forbidden,
        /// 404
        not_found => NotFound,
        /// 409
        conflict => Conflict,
        /// 412
        precondition_failed => PreconditionFailed,
        /// 413
        too_large => TooLarge,
        /// 415
        unsupported_media_type => UnsupportedMediaType,
        /// 422
        unprocessable => Unprocessable,
        /// 403, of another type
        quota => Quota,
        /// 501
        not_built => NotBuilt,
        /// 503
        unavailable => Unavailable,
    }

    /// 500, whose cause goes to the log.
    pub fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "a request failed inside");
        Self::Internal
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.row().0
    }

    /// Status, the end of its type, title.
    fn row(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid", "The request cannot be understood."),
            Self::Unauthenticated { .. } => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "Nobody known asks.")
            }
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "This may not be done."),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found", "There is no such thing."),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path does not take this method.")
            }
            Self::Conflict { .. } => (StatusCode::CONFLICT, "conflict", "It cannot be done as things are."),
            Self::PreconditionFailed { .. } => {
                (StatusCode::PRECONDITION_FAILED, "precondition-failed", "It was changed meanwhile.")
            }
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "It is too large."),
            Self::UnsupportedMediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Such bodies are not taken.")
            }
            Self::Unprocessable { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "It is not what it was said to be.")
            }
            Self::Quota { .. } => (StatusCode::FORBIDDEN, "quota", "The tenant has as much as it may."),
            Self::Late => (StatusCode::REQUEST_TIMEOUT, "late", "The request took too long."),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something failed inside."),
            Self::NotBuilt { .. } => {
                (StatusCode::NOT_IMPLEMENTED, "not-built", "This is known and not built.")
            }
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now."),
        }
    }
}

/// With a capital and a full stop, as bodies have it.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if text.ends_with(['.', '…', '?', '!']) { "" } else { "." };
    first.into_iter().flatten().chain(letters).chain(end.chars()).collect()
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::internal(&error)
    }
}

impl From<ObjectError> for ApiError {
    fn from(error: ObjectError) -> Self {
        Self::internal(&error)
    }
}

/// The body of an error, RFC 9457 section 3.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:lenslet:problem:` and the kind of problem.
    pub r#type: String,
    /// What kind that is.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.row();
        let problem = Problem {
            r#type: format!("urn:lenslet:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

//! `/openapi.json`, the OpenAPI 3.1 document of every route, and `/docs`, a page that shows it to people.
//!
//! What all routes have in common is written here once and not in each: the credential, and the problems that any
//! request can end in.

use std::sync::OnceLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The page, its style and script within.
const PAGE: &str = include_str!("../docs.html");

/// How long clients may keep the page and the document: a new version of the service may change both.
const FRESH: &str = "public, max-age=60";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(openapi)).routes(routes!(docs))
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")
))]
async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, FRESH)], document())
}

/// A page that shows this document.
#[utoipa::path(get, path = "/docs", tag = "service", responses(
    (status = 200, description = "The page", body = String, content_type = "text/html")
))]
async fn docs() -> impl IntoResponse {
    static POLICY: OnceLock<String> = OnceLock::new();
    let policy = POLICY.get_or_init(policy);
    ([(CONTENT_SECURITY_POLICY, policy.as_str()), (CACHE_CONTROL, FRESH)], Html(PAGE))
}

/// Allows the page's own script and style, by their hashes, and to ask this service.
fn policy() -> String {
    let hash = |tag: &str| {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let text = PAGE.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
        STANDARD.encode(Sha256::digest(text.map_or("", |(text, _)| text)))
    };
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
}

/// The document, as JSON. The same for as long as the process runs.
fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = super::all().into_openapi();
        complete(&mut document);
        document.to_json().unwrap_or_else(|error| {
            tracing::error!(%error, "the document cannot be written");
            "{}".to_owned()
        })
    })
}

/// Problems that several routes have: their status, their name in the document, when.
const PROBLEMS: [(&str, &str, &str); 8] = [
    ("400", "Invalid", "The request cannot be understood."),
    ("401", "Unauthenticated", "There is no credential, or it is not valid."),
    ("403", "Forbidden", "The credential is not good for this."),
    ("404", "NotFound", "There is no such thing, or it is another tenant's."),
    ("408", "Late", "The request took too long."),
    ("413", "TooLarge", "The body is too long."),
    ("415", "UnsupportedMediaType", "Such bodies are not taken."),
    ("500", "Internal", "Something failed inside."),
];

/// Adds what all routes have in common.
fn complete(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token (JWT) or an API key (`lsk_…`)."))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    for (_, name, description) in PROBLEMS {
        components.responses.insert(name.to_owned(), RefOr::T(problem(description)));
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            // The names of our functions are each file's own; these must be the document's.
            operation.operation_id = Some(operation_id(method, path));
            complete_operation(path, operation);
        }
    }
}

fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, head, .. } = item;
    let all =
        [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch), ("head", head)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// `post_jobs_id_retry` of `POST /v1/jobs/{id}/retry`.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn complete_operation(path: &str, operation: &mut Operation) {
    let is_guarded = path.starts_with("/v1/");
    if is_guarded && operation.security.is_none() {
        operation.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    }
    let has_body = operation.request_body.is_some();
    for (status, name, _) in PROBLEMS {
        let is_possible = match status {
            "400" | "401" | "403" => is_guarded,
            "404" => path.contains('{'),
            "413" | "415" => has_body,
            _ => true,
        };
        if is_possible {
            let shared = || RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_owned()).or_insert_with(shared);
        }
    }
}

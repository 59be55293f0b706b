//! `/v1/tokens`: short-lived tokens for those to whom a machine would not give its key, such as a page in a browser;
//! and the keys that they are verified with, here and at the edge.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use lenslet::grant::sign_token;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::audit::{self, Deed};
use crate::catalog::new_id;
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Nothing, Query, whole_or_none};
use crate::state::AppState;
use crate::store::objects::PICTURES;

/// Where nobody says otherwise.
const USUAL_SECONDS: u32 = 900;
/// Nobody can take a token back, so none is good for long.
const MOST_SECONDS: u32 = 3600;
const MOST_PATHS: usize = 32;
const LONGEST_PATH: usize = 512;
const LONGEST_SUBJECT: usize = 64;

/// A token that is wanted.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What its bearer may do; nothing that the key may not.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// How long it is valid: 900 where nothing is said.
    #[schema(minimum = 1, maximum = 3600)]
    #[serde(default, deserialize_with = "whole_or_none")]
    seconds: Option<u32>,
    /// Folders, and names, that it is good for; all of the tenant's where nothing is said.
    #[schema(min_items = 1, max_items = 32)]
    paths: Option<Vec<String>>,
    /// For whom it is, as the audit log will have it.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._@-]+$")]
    subject: Option<String>,
}

/// A token, as RFC 6749 section 5.1 has it.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    /// What its bearer sends.
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// For so many seconds.
    expires_in: u32,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(jwks))
}

/// Gives the bearer of an API key a token with some of its scopes.
#[utoipa::path(post, path = "/v1/tokens", tag = "access", request_body = NewToken, responses(
    (status = 201, description = "It is made.", body = MadeToken),
    (status = 501, description = "This service has no keys that sign.", body = Problem,
        content_type = "application/problem+json"),
))]
async fn create(
    State(state): State<AppState>,
    principal: Principal,
    _: Query<Nothing>,
    Json(wanted): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    if !principal.is_machine() {
        // Otherwise a token could live for ever.
        return Err(ApiError::forbidden("tokens are given to API keys, not to tokens"));
    }
    check(&wanted)?;
    for scope in &wanted.scopes {
        principal.require(*scope)?;
    }
    let signing = state.config.signing.as_ref();
    let signing = signing
        .ok_or_else(|| ApiError::not_built("this service has no SIGNING_KEYS and gives out no tokens"))?;
    let seconds = wanted.seconds.unwrap_or(USUAL_SECONDS);
    let id = new_id();
    let claims = claims(&state, &principal, &wanted, &id, seconds);
    record(&state, &principal, &wanted, &id).await?;
    let access_token = sign_token(&signing.key, &claims);
    Ok((StatusCode::CREATED, Json(MadeToken { access_token, token_type: "Bearer", expires_in: seconds })))
}

fn check(wanted: &NewToken) -> Result<(), ApiError> {
    let paths = wanted.paths.as_deref();
    let is_path = |path: &String| path.chars().count() <= LONGEST_PATH && !path.chars().any(char::is_control);
    let is_subject = |text: &str| {
        (1..=LONGEST_SUBJECT).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte))
    };
    if wanted.scopes.is_empty() {
        return Err(ApiError::invalid("scopes names nothing"));
    }
    if wanted.seconds.is_some_and(|seconds| !(1..=MOST_SECONDS).contains(&seconds)) {
        return Err(ApiError::invalid(&format!("seconds is from 1 to {MOST_SECONDS}")));
    }
    if paths.is_some_and(|paths| !(1..=MOST_PATHS).contains(&paths.len()) || !paths.iter().all(is_path)) {
        return Err(ApiError::invalid(&format!(
            "paths is from 1 to {MOST_PATHS} folders of at most {LONGEST_PATH} characters"
        )));
    }
    if wanted.subject.as_deref().is_some_and(|subject| !is_subject(subject)) {
        return Err(ApiError::invalid("subject is letters, digits, '.', '_', '@' and '-', at most 64"));
    }
    Ok(())
}

/// The claims. Its paths are always below the tenant's: the edge may not look at tenants.
fn claims(state: &AppState, principal: &Principal, wanted: &NewToken, id: &str, seconds: u32) -> Value {
    let own = format!("{PICTURES}/{}", principal.tenant);
    let below = |path: &String| format!("{own}/{}", path.trim_matches('/')).trim_end_matches('/').to_owned();
    let paths: Vec<String> =
        wanted.paths.as_ref().map_or_else(|| vec![own.clone()], |paths| paths.iter().map(below).collect());
    let now_seconds = state.clock.now_ms() / 1000;
    let subject = wanted.subject.as_ref().map_or_else(String::new, |subject| format!("/{subject}"));
    let scopes: Vec<&str> = wanted.scopes.iter().map(|scope| scope.name()).collect();
    let mut claims = json!({
        "iss": state.config.public_url,
        "sub": format!("{}{subject}", principal.actor),
        "iat": now_seconds,
        "exp": now_seconds + i64::from(seconds),
        "jti": id,
        "scope": scopes.join(" "),
        "lenslet": { "tenant": principal.tenant, "paths": paths },
    });
    if let (Some(audience), Some(claims)) = (&state.config.signed_audience, claims.as_object_mut()) {
        claims.insert("aud".to_owned(), json!(audience));
    }
    claims
}

async fn record(
    state: &AppState,
    principal: &Principal,
    wanted: &NewToken,
    id: &str,
) -> Result<(), ApiError> {
    let mut tx = state.db.begin().await?;
    let deed = Deed {
        tenant: &principal.tenant,
        actor: &principal.actor,
        action: "token.create",
        subject: id,
        detail: json!(wanted),
        request_id: principal.request_id.as_deref(),
    };
    audit::add(&mut tx, deed, state.clock.now_ms()).await?;
    Ok(tx.commit().await?)
}

/// The keys that tokens of this service are verified with; none where it gives out none.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "access", responses(
    (status = 200, description = "A JWK Set (RFC 7517)", body = Object),
))]
async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    let published = state
        .config
        .signing
        .as_ref()
        .map_or_else(|| json!({ "keys": [] }), |signing| signing.published.clone());
    ([(CACHE_CONTROL, "public, max-age=300")], Json(published))
}

//! `/v1/webhooks`: who is told of what happens to a tenant's pictures.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::events::time;
use crate::auth::{Principal, Scope};
use crate::catalog::audit::{self, Deed};
use crate::catalog::events::{self, EventKind};
use crate::catalog::new_id;
use crate::catalog::webhooks::{self, MOST, OLD_SECRET_MS, Webhook};
use crate::config::Secret;
use crate::error::{ApiError, Problem};
use crate::events::enqueue;
use crate::extract::{Json, Nothing, Path, Query};
use crate::state::AppState;
use crate::store::db::Tx;

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// Where events are sent by POST: https, on the public internet, at port 443 or from 1024 on.
    #[schema(max_length = 2048, example = "https://example.com/lenslet")]
    url: String,
    /// What it is told of; all there is, where the list is empty or absent.
    #[serde(default)]
    #[schema(value_type = Vec<EventKind>)]
    kinds: BTreeSet<EventKind>,
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChange {
    /// Where events are sent from now on.
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// What it is told of from now on.
    #[schema(value_type = Option<Vec<EventKind>>)]
    kinds: Option<BTreeSet<EventKind>>,
    /// Whether it is told at all. Made active again, it gets what happens from then on.
    active: Option<bool>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookView {
    /// Its name.
    id: String,
    /// Where events are sent.
    url: String,
    /// What it is told of; empty for all.
    kinds: Vec<EventKind>,
    /// Whether it is told.
    active: bool,
    /// Why not.
    disabled_reason: Option<String>,
    /// How many attempts failed in a row.
    failures: i64,
    /// Since when nothing has arrived.
    failing_since: Option<String>,
    /// When it was made.
    created: String,
    /// When somebody changed it.
    updated: String,
}

/// A webhook, with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What signs what it is sent, by the Standard Webhooks specification.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
}

/// All webhooks of a tenant.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookList {
    /// The oldest first.
    webhooks: Vec<WebhookView>,
}

/// An event that is on its way.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    /// Its name, as in the header `webhook-id`.
    event: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(read, change, remove))
        .routes(routes!(rotate))
        .routes(routes!(test))
}

/// Add a webhook. A tenant has 16 at most.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = NewWebhook, responses(
    (status = 201, body = WebhookWithSecret, headers(("Location" = String))),
    (status = 409, description = "There are 16 already.", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(state): State<AppState>,
    principal: Principal,
    _: Query<Nothing>,
    Json(new): Json<NewWebhook>,
) -> Result<impl IntoResponse, ApiError> {
    principal.require(Scope::Admin)?;
    let now_ms = state.clock.now_ms();
    let webhook = Webhook {
        id: new_id(),
        tenant: principal.tenant.clone(),
        url: checked(&state, &new.url)?,
        secret: new_secret()?,
        old_secret: None,
        kinds: new.kinds.into_iter().collect(),
        disabled: None,
        failures: 0,
        failing_since_ms: None,
        given_up: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
    };
    let mut tx = state.db.begin().await?;
    if webhooks::list_to_add(&mut tx, &principal.tenant).await?.len() >= MOST {
        return Err(ApiError::conflict(&format!("the tenant has {MOST} webhooks, which is all it may")));
    }
    webhooks::put(&mut tx, &webhook).await?;
    note(&mut tx, &principal, "webhook.create", &webhook, now_ms).await?;
    tx.commit().await?;
    let location = format!("/v1/webhooks/{}", webhook.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], no_store(shown(webhook))))
}

/// All webhooks.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", responses(
    (status = 200, body = WebhookList),
))]
async fn list(
    State(state): State<AppState>,
    principal: Principal,
    _: Query<Nothing>,
) -> Result<Json<WebhookList>, ApiError> {
    principal.require(Scope::Admin)?;
    let all = webhooks::list(&state.db, &principal.tenant).await?;
    Ok(Json(WebhookList { webhooks: all.into_iter().map(view).collect() }))
}

/// A webhook.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = WebhookView),
))]
async fn read(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<WebhookView>, ApiError> {
    principal.require(Scope::Admin)?;
    let found = webhooks::find(&state.db, &principal.tenant, &id).await?;
    found.map(|webhook| Json(view(webhook))).ok_or_else(absent)
}

/// Change a webhook.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookChange, responses(
    (status = 200, body = WebhookView),
))]
async fn change(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Json(change): Json<WebhookChange>,
) -> Result<Json<WebhookView>, ApiError> {
    principal.require(Scope::Admin)?;
    let url = change.url.map(|url| checked(&state, &url)).transpose()?;
    let mut tx = state.db.begin().await?;
    let found = webhooks::find_to_change(&mut tx, &principal.tenant, &id).await?;
    let mut webhook = found.ok_or_else(absent)?;
    webhook.url = url.unwrap_or(webhook.url);
    webhook.kinds = change.kinds.map_or(webhook.kinds, |kinds| kinds.into_iter().collect());
    webhook.disabled = match change.active {
        Some(true) => None,
        Some(false) => webhook.disabled.or_else(|| Some(format!("switched off by {}", principal.actor))),
        None => webhook.disabled,
    };
    let webhook = put(&state, tx, &principal, "webhook.update", webhook).await?;
    Ok(Json(view(webhook)))
}

/// Remove a webhook.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 204, description = "It is gone."),
))]
async fn remove(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    principal.require(Scope::Admin)?;
    let mut tx = state.db.begin().await?;
    let webhook = webhooks::find_to_change(&mut tx, &principal.tenant, &id).await?.ok_or_else(absent)?;
    webhooks::remove(&mut tx, &principal.tenant, &id).await?;
    note(&mut tx, &principal, "webhook.delete", &webhook, state.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook a new secret. For a day both sign, so that its receiver can change over.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = WebhookWithSecret),
))]
async fn rotate(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<impl IntoResponse, ApiError> {
    principal.require(Scope::Admin)?;
    let mut tx = state.db.begin().await?;
    let found = webhooks::find_to_change(&mut tx, &principal.tenant, &id).await?;
    let mut webhook = found.ok_or_else(absent)?;
    let until_ms = state.clock.now_ms().saturating_add(OLD_SECRET_MS);
    webhook.old_secret = Some((std::mem::replace(&mut webhook.secret, new_secret()?), until_ms));
    let webhook = put(&state, tx, &principal, "webhook.rotate", webhook).await?;
    Ok(no_store(shown(webhook)))
}

/// Send a webhook an event of the kind `webhook.test`, whatever kinds it wants.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 202, body = Sent),
    (status = 409, description = "It is not active.", body = Problem, content_type = "application/problem+json"),
))]
async fn test(
    State(state): State<AppState>,
    principal: Principal,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<impl IntoResponse, ApiError> {
    principal.require(Scope::Admin)?;
    let now_ms = state.clock.now_ms();
    let tenant = &principal.tenant;
    let mut tx = state.db.begin().await?;
    let webhook = webhooks::find_to_change(&mut tx, tenant, &id).await?.ok_or_else(absent)?;
    if webhook.disabled.is_some() {
        return Err(ApiError::conflict("the webhook is not active"));
    }
    let data = json!({ "webhook": webhook.id });
    let event = events::record(&mut tx, tenant, events::TEST, &data, now_ms).await?;
    enqueue(&mut tx, tenant, &webhook.id, &event, now_ms).await?;
    note(&mut tx, &principal, "webhook.test", &webhook, now_ms).await?;
    tx.commit().await?;
    state.post.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Sent { event })))
}

/// Writes a changed webhook, and who changed it.
async fn put(
    state: &AppState,
    mut tx: Tx,
    principal: &Principal,
    action: &str,
    webhook: Webhook,
) -> Result<Webhook, ApiError> {
    let now_ms = state.clock.now_ms();
    let webhook = Webhook { failures: 0, failing_since_ms: None, updated_ms: now_ms, ..webhook };
    webhooks::put(&mut tx, &webhook).await?;
    note(&mut tx, principal, action, &webhook, now_ms).await?;
    tx.commit().await?;
    Ok(webhook)
}

async fn note(
    tx: &mut Tx,
    principal: &Principal,
    action: &str,
    webhook: &Webhook,
    now_ms: i64,
) -> Result<(), ApiError> {
    let (tenant, actor) = (principal.tenant.as_str(), principal.actor.as_str());
    let deed =
        Deed { tenant, actor, action, subject: &webhook.id, detail: detail(webhook), request_id: None };
    Ok(audit::add(tx, deed, now_ms).await?)
}

/// What the audit log says of a webhook: its host, since the rest of a URL may be a secret.
fn detail(webhook: &Webhook) -> Value {
    let host = reqwest::Url::parse(&webhook.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    json!({ "host": host, "kinds": webhook.kinds, "active": webhook.disabled.is_none() })
}

/// A URL in its one spelling, if a webhook may be there.
fn checked(state: &AppState, url: &str) -> Result<String, ApiError> {
    let url = state.sender.guard().check(url).map_err(|refused| ApiError::invalid(&refused.to_string()))?;
    Ok(url.to_string())
}

/// 32 random bytes, as the specification writes them.
fn new_secret() -> Result<Secret, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(&error))?;
    Ok(Secret(format!("whsec_{}", STANDARD.encode(bytes))))
}

fn absent() -> ApiError {
    ApiError::not_found("there is no such webhook")
}

fn no_store<T: Serialize>(body: T) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}

fn shown(webhook: Webhook) -> WebhookWithSecret {
    let secret = webhook.secret.0.clone();
    WebhookWithSecret { webhook: view(webhook), secret }
}

fn view(webhook: Webhook) -> WebhookView {
    let Webhook { id, url, kinds, disabled, failures, failing_since_ms, created_ms, updated_ms, .. } =
        webhook;
    WebhookView {
        id,
        url,
        kinds,
        active: disabled.is_none(),
        disabled_reason: disabled,
        failures,
        failing_since: failing_since_ms.map(time),
        created: time(created_ms),
        updated: time(updated_ms),
    }
}

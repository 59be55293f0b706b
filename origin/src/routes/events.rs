//! `/v1/events`: what happened to a tenant's pictures in the last 30 days, for those whose webhook was away.

use axum::extract::State;
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{Principal, Scope};
use crate::catalog::events::{self, Event};
use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::state::AppState;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Part {
    /// The `next` of the part before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct EventView {
    /// Its name, as in the header `webhook-id`.
    id: String,
    /// What happened.
    #[schema(example = "image.created")]
    r#type: String,
    /// When.
    timestamp: String,
    /// To what.
    data: Value,
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
struct EventList {
    /// The newest first.
    events: Vec<EventView>,
    /// The `cursor` of the next part; absent where this is the last one.
    next: Option<String>,
}

/// How many, where nobody says.
const USUAL: u32 = 50;
const MOST: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What happened, the newest first.
#[utoipa::path(get, path = "/v1/events", tag = "webhooks", responses(
    (status = 200, body = EventList),
))]
async fn list(
    State(state): State<AppState>,
    principal: Principal,
    Query(part): Query<Part>,
) -> Result<Json<EventList>, ApiError> {
    principal.require(Scope::Admin)?;
    let limit = part.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::invalid("limit must be from 1 to 100"));
    }
    let before = part.cursor.as_deref().map(cursor).transpose()?;
    // One more tells whether there is another part.
    let mut found = events::list(&state.db, &principal.tenant, before.as_deref(), limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|event| event.id.clone());
    Ok(Json(EventList { events: found.into_iter().map(view).collect(), next }))
}

/// A cursor is the name of the last event that was seen, in its one spelling.
fn cursor(text: &str) -> Result<String, ApiError> {
    let id = Uuid::try_parse(text).map_err(|_| ApiError::invalid("the cursor is none of this list"))?;
    Ok(id.to_string())
}

fn view(event: Event) -> EventView {
    let Event { id, kind, data, created_ms, .. } = event;
    EventView { id, r#type: kind, timestamp: time(created_ms), data }
}

/// A time as RFC 3339 has it.
pub(super) fn time(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

//! `POST /v1/events/objects`: the bucket says what changed in it, so that nobody waits for the reconciler.
//!
//! What it says is not believed, only looked after: it names keys, and each is compared with the catalog.

use axum::extract::State;
use axum::http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Principal, Scope};
use crate::catalog::names;
use crate::error::ApiError;
use crate::extract::{Json, JsonOrArray};
use crate::reconcile::{self, Report};
use crate::state::AppState;

/// So many changes are taken at once.
const MOST: usize = 100;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(take))
}

/// What a bucket says: a message, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum ObjectEvents {
    /// One.
    One(Message),
    /// Several.
    Several(Vec<Message>),
}

/// A message of S3 and those who speak like it, which has `Records`, or of R2, which has an `object`.
#[derive(Debug, Deserialize, ToSchema)]
struct Message {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    #[serde(rename = "Records")]
    records: Option<Vec<S3Record>>,
    /// <https://developers.cloudflare.com/r2/buckets/event-notifications/>
    object: Option<Changed>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct S3Record {
    s3: S3Entity,
}

#[derive(Debug, Deserialize, ToSchema)]
struct S3Entity {
    object: Changed,
}

/// The object that changed.
#[derive(Debug, Deserialize, ToSchema)]
struct Changed {
    /// Its key; that of S3 is percent-encoded, with `+` for spaces.
    key: String,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    /// So many keys may be pictures', and were looked at.
    looked_at: usize,
    /// So many may not.
    ignored: usize,
}

/// Looks at objects that changed. Needs `admin`.
#[utoipa::path(post, path = "/v1/events/objects", tag = "administration", request_body = ObjectEvents,
    responses(
        (status = 202, description = "They were compared with the catalog.", body = Taken),
    ))]
async fn take(
    State(state): State<AppState>,
    who: Principal,
    JsonOrArray(message): JsonOrArray<ObjectEvents>,
) -> Result<(StatusCode, Json<Taken>), ApiError> {
    who.require(Scope::Admin)?;
    let keys = message.keys()?;
    if keys.len() > MOST {
        return Err(ApiError::invalid(&format!("a message may have {MOST} changes")));
    }
    let (pictures, others): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|key| names::of_object_key(key).is_some());
    let mut report = Report::default();
    for key in &pictures {
        reconcile::look(&state, key, &mut report).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(Taken { looked_at: pictures.len(), ignored: others.len() })))
}

impl ObjectEvents {
    fn keys(self) -> Result<Vec<String>, ApiError> {
        let messages = match self {
            Self::One(message) => vec![message],
            Self::Several(messages) => messages,
        };
        let keys: Result<Vec<_>, _> = messages.into_iter().map(Message::keys).collect();
        Ok(keys?.into_iter().flatten().collect())
    }
}

impl Message {
    fn keys(self) -> Result<Vec<String>, ApiError> {
        if self.records.is_none() && self.object.is_none() {
            return Err(ApiError::invalid("a message has neither Records nor an object"));
        }
        let records = self.records.into_iter().flatten().map(|record| decoded(&record.s3.object.key));
        records.chain(self.object.map(|object| Ok(object.key))).collect()
    }
}

fn decoded(key: &str) -> Result<String, ApiError> {
    let spaced = key.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8();
    key.map(std::borrow::Cow::into_owned).map_err(|_| ApiError::invalid("a key is not UTF-8"))
}

//! What happened, written down in the transaction in which it happened, with the job that tells others.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::jobs::{self, JobKind, NewJob};
use super::new_id;
use crate::store::db::{Db, DbError, Row, Tx};
use crate::values;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum EventKind {
    /// A picture came in.
    #[serde(rename = "image.created")]
    ImageCreated,
    /// Another file took a picture's place.
    #[serde(rename = "image.replaced")]
    ImageReplaced,
    /// What is known of a picture was changed.
    #[serde(rename = "image.updated")]
    ImageUpdated,
    /// A picture was deleted.
    #[serde(rename = "image.deleted")]
    ImageDeleted,
    /// A deleted picture is back.
    #[serde(rename = "image.restored")]
    ImageRestored,
    /// An upload was looked at and not taken in.
    #[serde(rename = "upload.rejected")]
    UploadRejected,
}

impl EventKind {
    /// Its name, as in `type` of what webhooks get.
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageCreated => "image.created",
            Self::ImageReplaced => "image.replaced",
            Self::ImageUpdated => "image.updated",
            Self::ImageDeleted => "image.deleted",
            Self::ImageRestored => "image.restored",
            Self::UploadRejected => "upload.rejected",
        }
    }
}

/// The event by which a webhook is tried.
pub const TEST: &str = "webhook.test";

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name, which every attempt to tell of it bears.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What happened.
    pub kind: String,
    /// To what.
    pub data: Value,
    /// When.
    pub created_ms: i64,
}

/// Writes down that something happened: the name of an [`EventKind`]. `data` is what webhooks send.
pub async fn emit(tx: &mut Tx, tenant: &str, kind: &str, data: &Value, now_ms: i64) -> Result<(), DbError> {
    let id = record(tx, tenant, kind, data, now_ms).await?;
    let subject = format!("event/{id}");
    let payload = json!({ "event": id });
    jobs::add(tx, &NewJob { tenant, kind: JobKind::Announce, subject: &subject, payload, run_at_ms: now_ms })
        .await
}

/// Writes down that something happened, and tells nobody; answers its name.
pub async fn record(
    tx: &mut Tx,
    tenant: &str,
    kind: &str,
    data: &Value,
    now_ms: i64,
) -> Result<String, DbError> {
    const SQL: &str = "INSERT INTO events (id, tenant, kind, data, created_ms) VALUES ($1, $2, $3, $4, $5)";
    let id = new_id();
    tx.execute(SQL, values![&id, tenant, kind, data.to_string(), now_ms]).await?;
    Ok(id)
}

/// An event of a tenant.
pub async fn find(db: &Db, tenant: &str, id: &str) -> Result<Option<Event>, DbError> {
    const SQL: &str = "SELECT id, tenant, kind, data, created_ms FROM events WHERE tenant = $1 AND id = $2";
    db.first(SQL, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// A tenant's events, the newest first: those before the one of this name, where there is one.
pub async fn list(db: &Db, tenant: &str, before: Option<&str>, most: u32) -> Result<Vec<Event>, DbError> {
    const SQL: &str = "SELECT id, tenant, kind, data, created_ms FROM events
        WHERE tenant = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = db.all(SQL, values![tenant, before.unwrap_or_default(), most]).await?;
    rows.iter().map(read).collect()
}

/// Removes what happened before then; answers how many.
pub async fn forget(db: &Db, before_ms: i64) -> Result<u64, DbError> {
    db.execute("DELETE FROM events WHERE created_ms < $1", values![before_ms]).await
}

fn read(row: &Row) -> Result<Event, DbError> {
    Ok(Event {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        kind: row.get("kind")?,
        data: serde_json::from_str(&row.get::<String>("data")?).unwrap_or(Value::Null),
        created_ms: row.get("created_ms")?,
    })
}

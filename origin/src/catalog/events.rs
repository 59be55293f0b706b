//! What happened, written down in the transaction in which it happened, with the job that tells others.

use serde_json::{Value, json};

use super::jobs::{self, JobKind, NewJob};
use super::new_id;
use crate::store::db::{DbError, Tx};
use crate::values;

/// Writes down that something happened: `image.created`, `image.replaced`, `image.deleted`, `image.restored`,
/// `image.updated`, `upload.rejected`. `data` is what webhooks send.
pub async fn emit(tx: &mut Tx, tenant: &str, kind: &str, data: &Value, now_ms: i64) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO events (id, tenant, kind, data, created_ms) VALUES ($1, $2, $3, $4, $5)";
    let id = new_id();
    tx.execute(SQL, values![&id, tenant, kind, data.to_string(), now_ms]).await?;
    let subject = format!("event/{id}");
    let payload = json!({ "event": id });
    jobs::add(tx, &NewJob { tenant, kind: JobKind::Announce, subject: &subject, payload, run_at_ms: now_ms })
        .await
}

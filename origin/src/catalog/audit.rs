//! The audit log: who did what, in the transaction in which they did it.

use serde_json::Value;

use super::new_id;
use crate::store::db::{DbError, Tx};
use crate::values;

/// Something that somebody did.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    /// Whose pictures it was about.
    pub tenant: &'a str,
    /// Who: `token:<sub>`, `key:<id>`, or `lenslet` for what the service does by itself.
    pub actor: &'a str,
    /// What: `upload.create`, `image.delete` …
    pub action: &'a str,
    /// To what: the id of an image, an upload, a key …
    pub subject: &'a str,
    /// More of it.
    pub detail: Value,
    /// The request it came with.
    pub request_id: Option<&'a str>,
}

/// Adds a line.
pub async fn add(tx: &mut Tx, deed: Deed<'_>, now_ms: i64) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO audit (id, tenant, actor, action, subject, detail, request_id, at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Deed { tenant, actor, action, subject, detail, request_id } = deed;
    tx.execute(
        SQL,
        values![new_id(), tenant, actor, action, subject, detail.to_string(), request_id, now_ms],
    )
    .await?;
    Ok(())
}

//! The audit log: who did what, in the transaction in which they did it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::new_id;
use crate::store::db::{Db, DbError, Row, Tx};
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

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub struct Line {
    /// Its name.
    pub id: String,
    /// Who: `token:<sub>`, `key:<id>`, or `lenslet`.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More of it.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The request it came with.
    pub request_id: Option<String>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of this actor.
    pub actor: Option<&'a str>,
    /// Of this action.
    pub action: Option<&'a str>,
    /// About this subject.
    pub subject: Option<&'a str>,
    /// Older than this line.
    pub before: Option<&'a str>,
}

/// A tenant's lines, the newest first.
pub async fn list(db: &Db, tenant: &str, filter: Filter<'_>, most: u32) -> Result<Vec<Line>, DbError> {
    const SQL: &str = "SELECT id, actor, action, subject, detail, request_id, at_ms FROM audit
        WHERE tenant = $1 AND actor = COALESCE($2, actor) AND action = COALESCE($3, action)
          AND subject = COALESCE($4, subject) AND id < COALESCE($5, 'z') ORDER BY id DESC LIMIT $6";
    let Filter { actor, action, subject, before } = filter;
    let rows = db.all(SQL, values![tenant, actor, action, subject, before, most]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Line, DbError> {
    Ok(Line {
        id: row.get("id")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        detail: serde_json::from_str(&row.get::<String>("detail")?).unwrap_or(Value::Null),
        request_id: row.get("request_id")?,
        at_ms: row.get("at_ms")?,
    })
}

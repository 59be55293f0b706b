//! Webhooks: who wants to be told of what happens, and how that went lately.

use super::events::EventKind;
use crate::config::Secret;
use crate::store::db::{Db, DbError, Kind, Row, Tx};
use crate::values;

/// So many a tenant may have.
pub const MOST: usize = 16;
/// So long the secret before a rotation goes on signing, beside the new one.
pub const OLD_SECRET_MS: i64 = 24 * 3_600_000;
/// After so many attempts that failed in a row a webhook is left alone for a while, …
const FAILURES_BEFORE_REST: i64 = 5;
/// … for half as long as it has been failing, but at least and at most so long.
const SHORTEST_REST_MS: i64 = 5_000;
const LONGEST_REST_MS: i64 = 10 * 60_000;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Where events are sent.
    pub url: String,
    /// What signs them: `whsec_…`. It is kept as it is, since it signs.
    pub secret: Secret,
    /// What signed them before, and until when it still does.
    pub old_secret: Option<(Secret, i64)>,
    /// What it wants to hear of; empty for all.
    pub kinds: Vec<EventKind>,
    /// Why it gets nothing; absent while it is active.
    pub disabled: Option<String>,
    /// How many attempts failed in a row.
    pub failures: i64,
    /// Since when nothing has arrived.
    pub failing_since_ms: Option<i64>,
    /// How many events were given up in a row.
    pub given_up: i64,
    /// When it was made.
    pub created_ms: i64,
    /// When it was changed by somebody.
    pub updated_ms: i64,
}

impl Webhook {
    /// Whether it is to be told of events of that kind.
    pub fn wants(&self, kind: &str) -> bool {
        self.disabled.is_none() && (self.kinds.is_empty() || self.kinds.iter().any(|own| own.name() == kind))
    }
}

const COLUMNS: &str = "id, tenant, url, secret, old_secret, old_secret_until_ms, kinds, disabled, failures, failing_since_ms, \
    given_up, created_ms, updated_ms";

fn read(row: &Row) -> Result<Webhook, DbError> {
    let old_secret: Option<String> = row.get("old_secret")?;
    let old_secret_until: Option<i64> = row.get("old_secret_until_ms")?;
    Ok(Webhook {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        url: row.get("url")?,
        secret: Secret(row.get("secret")?),
        old_secret: old_secret.map(Secret).zip(old_secret_until),
        kinds: serde_json::from_str(&row.get::<String>("kinds")?).unwrap_or_default(),
        disabled: row.get("disabled")?,
        failures: row.get("failures")?,
        failing_since_ms: row.get("failing_since_ms")?,
        given_up: row.get("given_up")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

/// All of a tenant, the oldest first.
pub async fn list(db: &Db, tenant: &str) -> Result<Vec<Webhook>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE tenant = $1 ORDER BY id");
    db.all(&sql, values![tenant]).await?.iter().map(read).collect()
}

/// All of a tenant, within a transaction that may add one: nobody else does meanwhile.
pub async fn list_to_add(tx: &mut Tx, tenant: &str) -> Result<Vec<Webhook>, DbError> {
    if tx.kind() == Kind::Postgres {
        // SQLite has one writer anyway.
        tx.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks ' || $1))", values![tenant]).await?;
    }
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE tenant = $1 ORDER BY id");
    tx.all(&sql, values![tenant]).await?.iter().map(read).collect()
}

/// A tenant's webhook.
pub async fn find(db: &Db, tenant: &str, id: &str) -> Result<Option<Webhook>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE tenant = $1 AND id = $2");
    db.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// The same, which nobody else changes before the transaction ends.
pub async fn find_to_change(tx: &mut Tx, tenant: &str, id: &str) -> Result<Option<Webhook>, DbError> {
    let lock = if tx.kind() == Kind::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE tenant = $1 AND id = $2 {lock}");
    tx.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// Writes a webhook: a new row, or what somebody may change of the old one. How it fared begins anew.
pub async fn put(tx: &mut Tx, webhook: &Webhook) -> Result<(), DbError> {
    let sql = "INSERT INTO webhooks
          (id, tenant, url, secret, old_secret, old_secret_until_ms, kinds, disabled, created_ms, updated_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET url = excluded.url, secret = excluded.secret, old_secret = excluded.old_secret,
          old_secret_until_ms = excluded.old_secret_until_ms, kinds = excluded.kinds, disabled = excluded.disabled,
          failures = 0, failing_since_ms = NULL, rests_until_ms = NULL, given_up = 0, updated_ms = excluded.updated_ms";
    let w = webhook;
    let (old_secret, until) = match &w.old_secret {
        Some((Secret(secret), until)) => (Some(secret.clone()), Some(*until)),
        None => (None, None),
    };
    // A list of names is always JSON.
    let kinds = serde_json::to_string(&w.kinds).unwrap_or_default();
    let disabled = w.disabled.clone();
    tx.execute(
        sql,
        values![
            &w.id,
            &w.tenant,
            &w.url,
            &w.secret.0,
            old_secret,
            until,
            kinds,
            disabled,
            w.created_ms,
            w.updated_ms
        ],
    )
    .await?;
    Ok(())
}

/// Removes a webhook; answers whether there was one. What was on its way there finds that out.
pub async fn remove(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let sql = "DELETE FROM webhooks WHERE tenant = $1 AND id = $2";
    Ok(tx.execute(sql, values![tenant, id]).await? == 1)
}

/// An event arrived: whatever was wrong is over.
pub async fn arrived(db: &Db, webhook: &Webhook) -> Result<(), DbError> {
    const SQL: &str =
        "UPDATE webhooks SET failures = 0, failing_since_ms = NULL, rests_until_ms = NULL, given_up = 0
        WHERE id = $1 AND (failures > 0 OR given_up > 0)";
    db.execute(SQL, values![&webhook.id]).await?;
    Ok(())
}

/// An attempt failed. Somebody who is away is left alone for longer and longer.
pub async fn failed(db: &Db, webhook: &Webhook, now_ms: i64) -> Result<(), DbError> {
    const SQL: &str = "UPDATE webhooks SET failures = failures + 1,
        failing_since_ms = COALESCE(failing_since_ms, $2), rests_until_ms = COALESCE($3, rests_until_ms) WHERE id = $1";
    let failing_ms = now_ms.saturating_sub(webhook.failing_since_ms.unwrap_or(now_ms));
    let rest_ms = (failing_ms / 2).clamp(SHORTEST_REST_MS, LONGEST_REST_MS);
    let rests_until = (webhook.failures + 1 >= FAILURES_BEFORE_REST).then(|| now_ms.saturating_add(rest_ms));
    db.execute(SQL, values![&webhook.id, now_ms, rests_until]).await?;
    Ok(())
}

/// An event was given up; answers how many in a row that makes.
pub async fn gave_up(tx: &mut Tx, webhook: &Webhook) -> Result<i64, DbError> {
    const SQL: &str = "UPDATE webhooks SET given_up = given_up + 1 WHERE id = $1 RETURNING given_up";
    let row = tx.first(SQL, values![&webhook.id]).await?;
    row.map_or(Ok(0), |row| row.get("given_up"))
}

/// Sends it nothing any more, until somebody says otherwise.
pub async fn disable(tx: &mut Tx, webhook: &Webhook, reason: &str, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE webhooks SET disabled = $2, rests_until_ms = NULL, updated_ms = $3
        WHERE id = $1 AND disabled IS NULL";
    Ok(tx.execute(SQL, values![&webhook.id, reason, now_ms]).await? == 1)
}

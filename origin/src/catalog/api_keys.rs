//! Keys of machines: what is kept of each.

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{NewApiKey, Scope, hash_secret};
use crate::store::db::{Db, DbError, Row, Tx};
use crate::values;

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id, which stands in the secret as well.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub created_by: String,
    /// When, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it stops being valid.
    pub expires_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_ms: Option<i64>,
}

/// Adds one.
pub async fn add(tx: &mut Tx, tenant: &str, key: &ApiKey, new: &NewApiKey) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO api_keys (id, tenant, name, secret_sha256, scopes, created_by, created_ms, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    // A list of names is always JSON.
    let scopes = serde_json::to_string(&key.scopes).unwrap_or_default();
    let hash = hash_secret(&new.secret);
    let ApiKey { id, name, created_by, created_ms, expires_ms, .. } = key;
    tx.execute(SQL, values![id, tenant, name, hash, scopes, created_by, *created_ms, *expires_ms]).await?;
    Ok(())
}

/// A tenant's keys, the newest first, from before an id on.
pub async fn list(db: &Db, tenant: &str, before: Option<&str>, most: u32) -> Result<Vec<ApiKey>, DbError> {
    const SQL: &str = "SELECT id, name, scopes, created_by, created_ms, expires_ms, revoked_ms FROM api_keys
        WHERE tenant = $1 AND id < COALESCE($2, 'z') ORDER BY id DESC LIMIT $3";
    db.all(SQL, values![tenant, before, most]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.get("id")?,
        name: row.get("name")?,
        scopes: serde_json::from_str(&row.get::<String>("scopes")?).unwrap_or_default(),
        created_by: row.get("created_by")?,
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
        revoked_ms: row.get("revoked_ms")?,
    })
}

/// Revokes a tenant's key; nothing where there is none, and whether it was valid until then.
pub async fn revoke(tx: &mut Tx, tenant: &str, id: &str, now_ms: i64) -> Result<Option<bool>, DbError> {
    const FIND: &str = "SELECT revoked_ms FROM api_keys WHERE tenant = $1 AND id = $2";
    const SQL: &str =
        "UPDATE api_keys SET revoked_ms = $3 WHERE tenant = $1 AND id = $2 AND revoked_ms IS NULL";
    if tx.first(FIND, values![tenant, id]).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(tx.execute(SQL, values![tenant, id, now_ms]).await? == 1))
}

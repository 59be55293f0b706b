//! Which objects of the bucket the catalog knows, for the reconciler: it reads keys by the hundred, of all tenants.

use std::collections::HashMap;

use crate::store::db::{Db, DbError, Kind, Row, Tx, Value};
use crate::values;

/// A picture, as far as its object goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The picture.
    pub image_id: String,
    /// Whose it is.
    pub tenant: String,
    /// What it is called.
    pub name: String,
    /// Which file of that name.
    pub version: i64,
    /// Where it is.
    pub key: String,
    /// Names its bytes, as the bucket does.
    pub etag: String,
    /// How long it is.
    pub size_bytes: i64,
    /// When it was deleted.
    pub deleted_ms: Option<i64>,
}

const COLUMNS: &str = "id, tenant, name, version, object_key, etag, size_bytes, deleted_ms";

fn read(row: &Row) -> Result<Known, DbError> {
    Ok(Known {
        image_id: row.get("id")?,
        tenant: row.get("tenant")?,
        name: row.get("name")?,
        version: row.get("version")?,
        key: row.get("object_key")?,
        etag: row.get("etag")?,
        size_bytes: row.get("size_bytes")?,
        deleted_ms: row.get("deleted_ms")?,
    })
}

/// The column of keys, ordered by their bytes, as their index is.
fn key_column(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "object_key",
        Kind::Postgres => "object_key COLLATE \"C\"",
    }
}

/// `$1, $2, …`
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    places.join(", ")
}

/// The pictures that are at these keys.
pub async fn at(db: &Db, keys: &[&str]) -> Result<HashMap<String, Known>, DbError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let (column, places) = (key_column(db.kind()), places(keys.len()));
    let sql = format!("SELECT {COLUMNS} FROM images WHERE deleted_ms IS NULL AND {column} IN ({places})");
    let keys: Vec<Value> = keys.iter().map(|key| Value::from(*key)).collect();
    let rows = db.all(&sql, &keys).await?;
    rows.iter().map(|row| read(row).map(|known| (known.key.clone(), known))).collect()
}

/// The picture that is at a key, within a transaction.
pub async fn at_within(tx: &mut Tx, key: &str) -> Result<Option<Known>, DbError> {
    let column = key_column(tx.kind());
    let sql = format!("SELECT {COLUMNS} FROM images WHERE deleted_ms IS NULL AND {column} = $1");
    tx.first(&sql, values![key]).await?.as_ref().map(read).transpose()
}

/// The picture that was deleted from a key, and had these bytes.
pub async fn deleted_from(db: &Db, key: &str, etag: &str) -> Result<Option<Known>, DbError> {
    let column = key_column(db.kind());
    let sql = format!(
        "SELECT {COLUMNS} FROM images WHERE deleted_ms IS NOT NULL AND {column} = $1 AND etag = $2
        ORDER BY deleted_ms DESC LIMIT 1"
    );
    db.first(&sql, values![key, etag]).await?.as_ref().map(read).transpose()
}

/// Some pictures whose keys come after one, in order, as far as another, where one is named.
pub async fn after(db: &Db, after: &str, until: Option<&str>, limit: i64) -> Result<Vec<Known>, DbError> {
    let column = key_column(db.kind());
    let end = if until.is_some() { format!("AND {column} <= $3") } else { String::new() };
    let sql = format!(
        "SELECT {COLUMNS} FROM images WHERE deleted_ms IS NULL AND {column} > $1 {end} ORDER BY {column} LIMIT $2"
    );
    let mut values = values![after, limit].to_vec();
    values.extend(until.map(Value::from));
    db.all(&sql, &values).await?.iter().map(read).collect()
}

/// Those of these pictures that there are, deleted or not.
pub async fn named(db: &Db, ids: &[&str]) -> Result<HashMap<String, Known>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT {COLUMNS} FROM images WHERE id IN ({})", places(ids.len()));
    let ids: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = db.all(&sql, &ids).await?;
    rows.iter().map(|row| read(row).map(|known| (known.image_id.clone(), known))).collect()
}

/// Writes down that a picture's object is gone; answers whether it was still as it is known here.
pub async fn lost(tx: &mut Tx, known: &Known, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE images SET deleted_ms = $4, updated_ms = $4
        WHERE id = $1 AND version = $2 AND etag = $3 AND deleted_ms IS NULL";
    Ok(tx.execute(SQL, values![&known.image_id, known.version, &known.etag, now_ms]).await? == 1)
}

const BUSY: &str = "SELECT 1 AS one FROM jobs WHERE subject = $1 AND state <> 'dead'";

/// Whether somebody is about to change what is at a name.
pub async fn is_busy(db: &Db, subject: &str) -> Result<bool, DbError> {
    Ok(db.first(BUSY, values![subject]).await?.is_some())
}

/// The same, within a transaction.
pub async fn is_busy_within(tx: &mut Tx, subject: &str) -> Result<bool, DbError> {
    Ok(tx.first(BUSY, values![subject]).await?.is_some())
}

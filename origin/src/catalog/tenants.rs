//! Tenants: what each may keep, and how much it keeps.

use crate::config::Config;
use crate::store::db::{Db, DbError, Row, Tx};
use crate::values;

/// What a tenant may keep, and what it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    /// All its files may be so long.
    pub max_bytes: i64,
    /// It may have so many pictures.
    pub max_images: i64,
    /// All its files are so long: of pictures that are there or may still be restored.
    pub used_bytes: i64,
    /// It has so many pictures.
    pub used_images: i64,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Too many bytes: so many may be kept.
    Bytes(i64),
    /// Too many pictures: so many may be kept.
    Images(i64),
}

/// What a tenant keeps changes by this, in the transaction that makes or removes the picture. From then on, until the
/// transaction ends, nobody else changes or checks it.
pub async fn add(tx: &mut Tx, tenant: &str, bytes_delta: i64, images_delta: i64) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO tenants (name, used_bytes, used_images)
        VALUES ($1, CASE WHEN $2 > 0 THEN $2 ELSE 0 END, CASE WHEN $3 > 0 THEN $3 ELSE 0 END)
        ON CONFLICT (name) DO UPDATE SET
          used_bytes = CASE WHEN tenants.used_bytes + $2 > 0 THEN tenants.used_bytes + $2 ELSE 0 END,
          used_images = CASE WHEN tenants.used_images + $3 > 0 THEN tenants.used_images + $3 ELSE 0 END";
    tx.execute(SQL, values![tenant, bytes_delta, images_delta]).await?;
    Ok(())
}

const FIND: &str = "SELECT max_bytes, max_images, used_bytes, used_images FROM tenants WHERE name = $1";

/// A tenant; one that nobody wrote down has nothing yet.
pub async fn find(db: &Db, config: &Config, tenant: &str) -> Result<Tenant, DbError> {
    read(config, db.first(FIND, values![tenant]).await?.as_ref())
}

fn read(config: &Config, row: Option<&Row>) -> Result<Tenant, DbError> {
    let limit = |column: &str, default: u64| -> Result<i64, DbError> {
        let own = row.map(|row| row.get::<Option<i64>>(column)).transpose()?.flatten();
        Ok(own.unwrap_or_else(|| i64::try_from(default).unwrap_or(i64::MAX)))
    };
    let used = |column: &str| row.map_or(Ok(0), |row| row.get::<i64>(column));
    Ok(Tenant {
        max_bytes: limit("max_bytes", config.quota_bytes)?,
        max_images: limit("max_images", config.quota_images)?,
        used_bytes: used("used_bytes")?,
        used_images: used("used_images")?,
    })
}

/// Whether there is room for one more picture of that length, counting what is on its way. Whoever asks holds the
/// tenant's row until their transaction ends, so that two cannot take the same room.
pub async fn check_room(
    tx: &mut Tx,
    config: &Config,
    tenant: &str,
    size_bytes: i64,
) -> Result<Result<(), Full>, DbError> {
    // PostgreSQL's sum of BIGINT is a NUMERIC.
    const COMING: &str = "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS bytes, COUNT(*) AS images
        FROM uploads WHERE tenant = $1 AND state IN ('pending', 'received')";
    add(tx, tenant, 0, 0).await?;
    let kept = read(config, tx.first(FIND, values![tenant]).await?.as_ref())?;
    let coming = tx.first(COMING, values![tenant]).await?;
    let coming = |column: &str| coming.as_ref().map_or(Ok(0), |row| row.get::<i64>(column));
    let bytes = kept.used_bytes.saturating_add(coming("bytes")?).saturating_add(size_bytes);
    let images = kept.used_images.saturating_add(coming("images")?).saturating_add(1);
    Ok(match () {
        () if bytes > kept.max_bytes => Err(Full::Bytes(kept.max_bytes)),
        () if images > kept.max_images => Err(Full::Images(kept.max_images)),
        () => Ok(()),
    })
}

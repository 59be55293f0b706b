//! What operators say that a tenant may have.

use crate::store::db::{DbError, Tx};
use crate::values;

/// Sets a tenant's limits; nothing for those of the configuration.
pub async fn set(
    tx: &mut Tx,
    tenant: &str,
    max_bytes: Option<i64>,
    max_images: Option<i64>,
) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO tenants (name, max_bytes, max_images) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET max_bytes = excluded.max_bytes, max_images = excluded.max_images";
    tx.execute(SQL, values![tenant, max_bytes, max_images]).await?;
    Ok(())
}

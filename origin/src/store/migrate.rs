//! Brings the tables up to date: each script once, in order, each in a transaction with the row that says so.

use super::db::{Db, DbError, Kind};
use crate::values;

/// A script: its name, which stands in the database once it has run, and its text for each kind.
struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! common {
    ($name:literal) => {
        Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/common/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/common/", $name, ".sql")),
        }
    };
}

macro_rules! different {
    ($name:literal) => {
        Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// In the order in which they run. One that was released is never changed: another one changes what it did.
const MIGRATIONS: &[Migration] = &[
    common!("0001_catalog"),
    different!("0002_audit"),
    different!("0003_index"),
    different!("0004_object_keys"),
];

/// Runs what has not run yet.
pub(super) async fn up(db: &Db) -> Result<(), DbError> {
    const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)";
    /// Any number that nobody else locks by: two processes that start at once take turns.
    const LOCK: &str = "SELECT pg_advisory_xact_lock(7304813)";
    let mut tx = db.begin().await?;
    if tx.kind() == Kind::Postgres {
        tx.execute(LOCK, &[]).await?;
    }
    tx.execute(TABLE, &[]).await?;
    for migration in MIGRATIONS {
        if tx.first("SELECT name FROM migrations WHERE name = $1", values![migration.name]).await?.is_some() {
            continue;
        }
        let script = match tx.kind() {
            Kind::Sqlite => migration.sqlite,
            Kind::Postgres => migration.postgres,
        };
        tx.script(script).await?;
        tx.execute("INSERT INTO migrations (name) VALUES ($1)", values![migration.name]).await?;
        tracing::info!(migration = migration.name, "the database was brought up to date");
    }
    tx.commit().await
}

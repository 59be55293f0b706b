//! The queue as people see it: how long it is, what was given up, and what becomes of that.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::db::{Db, DbError, Row, Tx};
use crate::values;

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Jobs that wait.
    pub queued: i64,
    /// Jobs in somebody's hands.
    pub running: i64,
    /// Jobs that were given up.
    pub dead: i64,
    /// For how long the oldest of those that are due has waited, in milliseconds.
    pub oldest_due_ms: i64,
}

/// How much there is to do, of all tenants.
pub async fn load(db: &Db, now_ms: i64) -> Result<Load, DbError> {
    const COUNT: &str = "SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state";
    const OLDEST: &str =
        "SELECT MIN(run_at_ms) AS oldest FROM jobs WHERE state = 'queued' AND run_at_ms <= $1";
    let mut load = Load::default();
    for row in db.all(COUNT, &[]).await? {
        let jobs = row.get("jobs")?;
        match row.get::<String>("state")?.as_str() {
            "queued" => load.queued = jobs,
            "running" => load.running = jobs,
            _ => load.dead = jobs,
        }
    }
    let oldest = db.first(OLDEST, values![now_ms]).await?;
    let oldest = oldest.map(|row| row.get::<Option<i64>>("oldest")).transpose()?.flatten();
    load.oldest_due_ms = oldest.map_or(0, |oldest| now_ms.saturating_sub(oldest));
    Ok(load)
}

/// A job, for whoever looks after the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobView {
    /// Its name.
    pub id: String,
    /// What is to be done: `ingest`, `announce`, `deliver`, `edge`, `index`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// `queued`, `running` or `dead`.
    pub state: String,
    /// The last step that was done.
    pub step: Option<String>,
    /// How often it was begun.
    pub attempts: i64,
    /// Why it was not done, the last time.
    pub error: Option<String>,
    /// When it is next due, in milliseconds since 1970.
    pub run_at_ms: i64,
    /// When it was added.
    pub created_ms: i64,
    /// When anything of this changed.
    pub updated_ms: i64,
}

const COLUMNS: &str = "id, kind, subject, state, step, attempts, error, run_at_ms, created_ms, updated_ms";

fn read(row: &Row) -> Result<JobView, DbError> {
    Ok(JobView {
        id: row.get("id")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        state: row.get("state")?,
        step: row.get("step")?,
        attempts: row.get("attempts")?,
        error: row.get("error")?,
        run_at_ms: row.get("run_at_ms")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

/// A tenant's jobs, the oldest first, from after an id on.
pub async fn list(
    db: &Db,
    tenant: &str,
    state: Option<&str>,
    kind: Option<&str>,
    after: Option<&str>,
    most: u32,
) -> Result<Vec<JobView>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE tenant = $1 AND state = COALESCE($2, state)
          AND kind = COALESCE($3, kind) AND id > COALESCE($4, '') ORDER BY id LIMIT $5"
    );
    let rows = db.all(&sql, values![tenant, state, kind, after, most]).await?;
    rows.iter().map(read).collect()
}

/// A tenant's job.
pub async fn find(tx: &mut Tx, tenant: &str, id: &str) -> Result<Option<JobView>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE tenant = $1 AND id = $2");
    tx.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// Has a job that was given up tried again, as often as a new one; answers whether it was one.
pub async fn revive(tx: &mut Tx, tenant: &str, id: &str, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET state = 'queued', attempts = 0, run_at_ms = $3, updated_ms = $3
        WHERE tenant = $1 AND id = $2 AND state = 'dead'";
    Ok(tx.execute(SQL, values![tenant, id, now_ms]).await? == 1)
}

/// Throws away a job that was given up; answers whether it was one.
pub async fn discard(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    const SQL: &str = "DELETE FROM jobs WHERE tenant = $1 AND id = $2 AND state = 'dead'";
    Ok(tx.execute(SQL, values![tenant, id]).await? == 1)
}

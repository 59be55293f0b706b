//! The queue: work that must be done, whoever dies meanwhile.
//!
//! Jobs are rows of the catalog, added in the transaction that makes them necessary: what was promised to a client is
//! there, or the promise was not made. A worker claims a job for a while (its lease) and says so again while it runs; if
//! it dies, another one finds the lease over. So a job may run twice, and every step of one must bear that.
//!
//! Of the queues made for this, apalis 1.0 cannot add a job in our transaction, has no back-off between attempts, and
//! counts one against jobs that it fetched and never began.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::new_id;
use crate::store::db::{Db, DbError, Kind, Row, Tx};
use crate::values;

/// What a job is about. Each kind has its own code and its own payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Look at an upload and take it in: `{"upload": id}`.
    Ingest,
    /// Tell webhooks and edge of an event: `{"event": id}`.
    Announce,
    /// Send an event to a webhook: `{"event": id, "webhook": id}`.
    Deliver,
    /// Tell the edge of a change: `{"purge": {…}}`.
    Edge,
    /// Put a picture into the index anew, or take it out: `{"image": id}`.
    Index,
    /// Delete an object that is no picture's any more: `{"image": id, "key": its key, "etag": of its bytes}`.
    Remove,
}

impl JobKind {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Announce, Self::Deliver, Self::Edge, Self::Index, Self::Remove];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Announce => "announce",
            Self::Deliver => "deliver",
            Self::Edge => "edge",
            Self::Index => "index",
            Self::Remove => "remove",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who claims: what may take long at somebody else's end must not keep hands from what is ours to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crew {
    /// Takes every kind, one after the other. For tests.
    All,
    /// Takes all but deliveries.
    House,
    /// Takes deliveries, of each webhook no more than [`MOST_DELIVERIES`] at a time.
    Post,
}

/// So many events are on their way to one webhook at once.
pub const MOST_DELIVERIES: u32 = 2;

impl Crew {
    /// What of SQL says which jobs it takes. The subject of a delivery is `webhook/<id>/<event>`: its first 44 letters
    /// name the webhook.
    fn condition(self) -> String {
        const AT_REST: &str = "AND NOT (kind = 'deliver' AND substr(subject, 9, 36) IN (
              SELECT id FROM webhooks WHERE rests_until_ms > $1))";
        match self {
            Self::All => AT_REST.to_owned(),
            Self::House => "AND kind <> 'deliver'".to_owned(),
            Self::Post => format!(
                "AND kind = 'deliver' {AT_REST}
            AND substr(subject, 1, 44) NOT IN (
              SELECT substr(subject, 1, 44) FROM jobs AS busy
              WHERE state = 'running' AND kind = 'deliver' AND lease_until_ms > $1
              GROUP BY substr(subject, 1, 44) HAVING COUNT(*) >= {MOST_DELIVERIES})"
            ),
        }
    }
}

/// A job to be added.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Whose it is.
    pub tenant: &'a str,
    /// What is to be done.
    pub kind: JobKind,
    /// Of jobs with the same subject one runs at a time, in the order in which they came.
    pub subject: &'a str,
    /// What the kind's code needs to know.
    pub payload: Value,
    /// Not before then.
    pub run_at_ms: i64,
}

/// A job that somebody claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What is to be done.
    pub kind: JobKind,
    /// What it is about.
    pub subject: String,
    /// What its code needs to know.
    pub payload: Value,
    /// The last step that was done.
    pub step: Option<String>,
    /// How often it was begun, this time included.
    pub attempts: i64,
    /// Who runs it.
    pub worker: String,
}

/// Adds a job. Once the transaction is committed, whoever waits on `AppState::work` should be told.
pub async fn add(tx: &mut Tx, job: &NewJob<'_>) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO jobs (id, tenant, kind, subject, payload, state, run_at_ms, created_ms, updated_ms)
        VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6, $6)";
    let NewJob { tenant, kind, subject, payload, run_at_ms } = job;
    tx.execute(SQL, values![new_id(), *tenant, kind.name(), *subject, payload.to_string(), *run_at_ms])
        .await?;
    Ok(())
}

/// Whether a job `due` may be begun at `$1`: it is queued, or its worker was not heard of; its crew may take it; and no
/// older job of its subject is not done: an overwritten picture must not overtake the one after it.
fn is_due(crew: Crew) -> String {
    format!(
        "((state = 'queued' AND run_at_ms <= $1) OR (state = 'running' AND lease_until_ms <= $1))
            {}
            AND NOT EXISTS (
              SELECT 1 FROM jobs AS older
              WHERE older.subject = due.subject AND older.id < due.id AND older.state <> 'dead')",
        crew.condition()
    )
}

/// What those who claim deliveries on PostgreSQL hold, one after the other: of two at once neither would count the other's,
/// and a webhook would have more than [`MOST_DELIVERIES`]. SQLite has one writer.
const POST_LOCK: i64 = 0x006C_656E_736C_6574;

/// Claims a job that is due: the one of this name, or the one that has been due for longest, if any is.
pub async fn claim(
    db: &Db,
    worker: &str,
    crew: Crew,
    job: Option<&str>,
    now_ms: i64,
    lease_ms: i64,
) -> Result<Option<Job>, DbError> {
    let lock = match db.kind() {
        Kind::Sqlite => "",
        Kind::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let is_due = is_due(crew);
    let is_it = if job.is_some() { "due.id = $4" } else { "$4 = ''" };
    let sql = format!(
        "UPDATE jobs SET state = 'running', worker = $3, lease_until_ms = $2, attempts = attempts + 1, updated_ms = $1
        WHERE id = (
          SELECT id FROM jobs AS due WHERE {is_it} AND {is_due} ORDER BY run_at_ms, id LIMIT 1 {lock})
        RETURNING id, tenant, kind, subject, payload, step, attempts, worker"
    );
    let until_ms = now_ms.saturating_add(lease_ms);
    let mut tx = db.begin().await?;
    if crew == Crew::Post && db.kind() == Kind::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock($1)", values![POST_LOCK]).await?;
    }
    let row = tx.first(&sql, values![now_ms, until_ms, worker, job.unwrap_or_default()]).await?;
    let job = row.as_ref().map(read).transpose()?.flatten();
    tx.commit().await?;
    Ok(job)
}

/// A job that may be begun: what tells it from the same one at another time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Due {
    /// Its name.
    pub id: String,
    /// How often it was begun.
    pub attempts: i64,
    /// When it was to be begun.
    pub run_at_ms: i64,
}

/// The jobs that a crew might begin, those due for longest first.
pub async fn due(db: &Db, crew: Crew, now_ms: i64, most: u32) -> Result<Vec<Due>, DbError> {
    let sql = format!(
        "SELECT id, attempts, run_at_ms FROM jobs AS due WHERE {} ORDER BY run_at_ms, id LIMIT $2",
        is_due(crew)
    );
    let read = |row: &Row| {
        Ok(Due { id: row.get("id")?, attempts: row.get("attempts")?, run_at_ms: row.get("run_at_ms")? })
    };
    db.all(&sql, values![now_ms, most]).await?.iter().map(read).collect()
}

/// Whether a job waits for its time, for another job or for hands.
pub async fn is_waiting(db: &Db, id: &str) -> Result<bool, DbError> {
    let sql = "SELECT id FROM jobs WHERE id = $1 AND state = 'queued'";
    Ok(db.first(sql, values![id]).await?.is_some())
}

fn read(row: &Row) -> Result<Option<Job>, DbError> {
    let Some(kind) = JobKind::named(&row.get::<String>("kind")?) else { return Ok(None) };
    Ok(Some(Job {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        kind,
        subject: row.get("subject")?,
        payload: serde_json::from_str(&row.get::<String>("payload")?).unwrap_or(Value::Null),
        step: row.get("step")?,
        attempts: row.get("attempts")?,
        worker: row.get("worker")?,
    }))
}

/// Says that a worker is still at it; answers whether the job is still its own.
pub async fn renew(db: &Db, job: &Job, now_ms: i64, lease_ms: i64) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE jobs SET lease_until_ms = $3, updated_ms = $4
        WHERE id = $1 AND worker = $2 AND state = 'running'";
    let until = now_ms.saturating_add(lease_ms);
    Ok(db.execute(SQL, values![&job.id, &job.worker, until, now_ms]).await? == 1)
}

/// Writes down that a step is done, with what it changed; answers whether the job is still this worker's.
pub async fn advance(tx: &mut Tx, job: &Job, step: &str, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str =
        "UPDATE jobs SET step = $3, updated_ms = $4 WHERE id = $1 AND worker = $2 AND state = 'running'";
    Ok(tx.execute(SQL, values![&job.id, &job.worker, step, now_ms]).await? == 1)
}

/// Ends a job that is done; answers whether it was still this worker's.
pub async fn finish(tx: &mut Tx, job: &Job) -> Result<bool, DbError> {
    const SQL: &str = "DELETE FROM jobs WHERE id = $1 AND worker = $2 AND state = 'running'";
    Ok(tx.execute(SQL, values![&job.id, &job.worker]).await? == 1)
}

/// Puts a job back, to be tried again from then on.
pub async fn retry_later(
    db: &Db,
    job: &Job,
    error: &str,
    run_at_ms: i64,
    now_ms: i64,
) -> Result<(), DbError> {
    const SQL: &str = "UPDATE jobs SET state = 'queued', worker = NULL, lease_until_ms = NULL, error = $3,
        run_at_ms = $4, updated_ms = $5 WHERE id = $1 AND worker = $2 AND state = 'running'";
    db.execute(SQL, values![&job.id, &job.worker, error, run_at_ms, now_ms]).await?;
    Ok(())
}

/// Gives a job up, until somebody asks for it again: it stands in the list of dead letters.
pub async fn bury(db: &Db, job: &Job, error: &str, now_ms: i64) -> Result<(), DbError> {
    const SQL: &str =
        "UPDATE jobs SET state = 'dead', worker = NULL, lease_until_ms = NULL, error = $3, updated_ms = $4
        WHERE id = $1 AND worker = $2 AND state = 'running'";
    db.execute(SQL, values![&job.id, &job.worker, error, now_ms]).await?;
    Ok(())
}

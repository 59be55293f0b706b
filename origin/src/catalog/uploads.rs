//! Uploads: what somebody said they would send, and what became of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::jobs::{self, JobKind, NewJob};
use crate::store::db::{Db, DbError, Row, Tx};
use crate::values;

/// How the bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By one presigned `PUT`, or through this service.
    Put,
    /// By presigned parts.
    Multipart,
    /// Another way: they were found in the bucket.
    Bucket,
}

impl Method {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Put, Self::Multipart, Self::Bucket];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Multipart => "multipart",
            Self::Bucket => "bucket",
        }
    }
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its bytes are waited for.
    Pending,
    /// They are there, and will be looked at.
    Received,
    /// They are a picture of the catalog.
    Ready,
    /// They were not what was announced, or are none that is taken.
    Rejected,
    /// They did not come in time.
    Expired,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Received, Self::Ready, Self::Rejected, Self::Expired];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Received => "received",
            Self::Ready => "ready",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What the picture will be called.
    pub name: String,
    /// How long it is.
    pub size_bytes: i64,
    /// What it is said to be.
    pub media_type: String,
    /// In hexadecimal; nothing for what was found in the bucket.
    pub sha256: Option<String>,
    /// A short name for people.
    pub title: Option<String>,
    /// What is to be seen.
    pub caption: Option<String>,
    /// In small letters, sorted, each once.
    pub tags: Vec<String>,
    /// How it comes.
    pub method: Method,
    /// What became of it.
    pub state: State,
    /// Where its bytes wait; for what was found in the bucket, where they are.
    pub staging_key: String,
    /// Of what was found in the bucket.
    pub etag: Option<String>,
    /// The store's name for the parts.
    pub multipart_id: Option<String>,
    /// How long each part is, but the last.
    pub part_bytes: Option<i64>,
    /// What the client calls the request.
    pub idempotency_key: Option<String>,
    /// Of that request.
    pub request_sha256: Option<String>,
    /// Why it was rejected, for programs.
    pub problem: Option<String>,
    /// And for people.
    pub detail: Option<String>,
    /// The picture that it became.
    pub image_id: Option<String>,
    /// And which version of that.
    pub image_version: Option<i64>,
    /// Who began it.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
    /// When anything of this changed.
    pub updated_ms: i64,
    /// From then on its bytes are not waited for.
    pub expires_ms: i64,
}

const COLUMNS: &str = "id, tenant, name, size_bytes, media_type, sha256, title, caption, tags, method, state, staging_key, \
    etag, multipart_id, part_bytes, idempotency_key, request_sha256, problem, detail, image_id, image_version, \
    created_by, created_ms, updated_ms, expires_ms";

fn read(row: &Row) -> Result<Upload, DbError> {
    let method: String = row.get("method")?;
    let state: String = row.get("state")?;
    Ok(Upload {
        id: row.get("id")?,
        tenant: row.get("tenant")?,
        name: row.get("name")?,
        size_bytes: row.get("size_bytes")?,
        media_type: row.get("media_type")?,
        sha256: row.get("sha256")?,
        title: row.get("title")?,
        caption: row.get("caption")?,
        tags: serde_json::from_str(&row.get::<String>("tags")?).unwrap_or_default(),
        // Nobody else writes these columns.
        method: Method::ALL.into_iter().find(|known| known.name() == method).unwrap_or(Method::Put),
        state: State::ALL.into_iter().find(|known| known.name() == state).unwrap_or(State::Expired),
        staging_key: row.get("staging_key")?,
        etag: row.get("etag")?,
        multipart_id: row.get("multipart_id")?,
        part_bytes: row.get("part_bytes")?,
        idempotency_key: row.get("idempotency_key")?,
        request_sha256: row.get("request_sha256")?,
        problem: row.get("problem")?,
        detail: row.get("detail")?,
        image_id: row.get("image_id")?,
        image_version: row.get("image_version")?,
        created_by: row.get("created_by")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
        expires_ms: row.get("expires_ms")?,
    })
}

/// Writes an upload down; answers whether there was none with its idempotency key.
pub async fn add(tx: &mut Tx, upload: &Upload) -> Result<bool, DbError> {
    let sql = format!(
        "INSERT INTO uploads ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
        $17, $18, $19, $20, $21, $22, $23, $24, $25) ON CONFLICT DO NOTHING"
    );
    let u = upload;
    let added = tx
        .execute(
            &sql,
            values![
                &u.id,
                &u.tenant,
                &u.name,
                u.size_bytes,
                &u.media_type,
                u.sha256.clone(),
                u.title.clone(),
                u.caption.clone(),
                // A list of strings is always JSON.
                serde_json::to_string(&u.tags).unwrap_or_default(),
                u.method.name(),
                u.state.name(),
                &u.staging_key,
                u.etag.clone(),
                u.multipart_id.clone(),
                u.part_bytes,
                u.idempotency_key.clone(),
                u.request_sha256.clone(),
                u.problem.clone(),
                u.detail.clone(),
                u.image_id.clone(),
                u.image_version,
                &u.created_by,
                u.created_ms,
                u.updated_ms,
                u.expires_ms,
            ],
        )
        .await?;
    Ok(added == 1)
}

/// An upload, whosever it is: for those who work on it.
pub async fn find(db: &Db, id: &str) -> Result<Option<Upload>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE id = $1");
    db.first(&sql, values![id]).await?.as_ref().map(read).transpose()
}

/// A tenant's upload.
pub async fn find_own(db: &Db, tenant: &str, id: &str) -> Result<Option<Upload>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE tenant = $1 AND id = $2");
    db.first(&sql, values![tenant, id]).await?.as_ref().map(read).transpose()
}

/// The upload that a request of this idempotency key began.
pub async fn find_begun(db: &Db, tenant: &str, idempotency_key: &str) -> Result<Option<Upload>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE tenant = $1 AND idempotency_key = $2");
    db.first(&sql, values![tenant, idempotency_key]).await?.as_ref().map(read).transpose()
}

/// The same, within a transaction.
pub async fn find_begun_within(
    tx: &mut Tx,
    tenant: &str,
    idempotency_key: &str,
) -> Result<Option<Upload>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM uploads WHERE tenant = $1 AND idempotency_key = $2");
    tx.first(&sql, values![tenant, idempotency_key]).await?.as_ref().map(read).transpose()
}

/// A tenant's uploads, the newest first, after the one called `before`.
pub async fn list(
    db: &Db,
    tenant: &str,
    state: Option<State>,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Upload>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM uploads WHERE tenant = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR id < $3)
        ORDER BY id DESC LIMIT $4"
    );
    let (state, before) = (state.map_or("", State::name), before.unwrap_or(""));
    db.all(&sql, values![tenant, state, before, i64::from(limit)]).await?.iter().map(read).collect()
}

/// Writes down that its bytes are there, with the job that looks at them; answers whether they were waited for.
pub async fn received(tx: &mut Tx, upload: &Upload, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str =
        "UPDATE uploads SET state = 'received', updated_ms = $2 WHERE id = $1 AND state = 'pending'";
    if tx.execute(SQL, values![&upload.id, now_ms]).await? == 0 {
        return Ok(false);
    }
    enqueue(tx, upload, now_ms).await?;
    Ok(true)
}

/// Adds the job that looks at an upload.
pub async fn enqueue(tx: &mut Tx, upload: &Upload, now_ms: i64) -> Result<(), DbError> {
    let subject = subject(&upload.tenant, &upload.name);
    let payload = json!({ "upload": upload.id });
    let job = NewJob {
        tenant: &upload.tenant,
        kind: JobKind::Ingest,
        subject: &subject,
        payload,
        run_at_ms: now_ms,
    };
    jobs::add(tx, &job).await
}

/// What jobs about a picture are about.
pub fn subject(tenant: &str, name: &str) -> String {
    format!("picture/{tenant}/{name}")
}

/// Writes down that it became a picture; answers whether it was being looked at.
pub async fn ready(
    tx: &mut Tx,
    id: &str,
    image_id: &str,
    version: i64,
    now_ms: i64,
) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE uploads SET state = 'ready', image_id = $2, image_version = $3, updated_ms = $4
        WHERE id = $1 AND state = 'received'";
    Ok(tx.execute(SQL, values![id, image_id, version, now_ms]).await? == 1)
}

/// Writes down that it was refused, and why: `problem` for programs, `detail` for people. Answers whether that was still
/// open.
pub async fn rejected(
    tx: &mut Tx,
    id: &str,
    problem: &str,
    detail: &str,
    now_ms: i64,
) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE uploads SET state = 'rejected', problem = $2, detail = $3, updated_ms = $4
        WHERE id = $1 AND state IN ('pending', 'received')";
    Ok(tx.execute(SQL, values![id, problem, detail, now_ms]).await? == 1)
}

/// Writes down that its bytes are not waited for any more; answers whether they were.
pub async fn expired(tx: &mut Tx, id: &str, detail: &str, now_ms: i64) -> Result<bool, DbError> {
    const SQL: &str = "UPDATE uploads SET state = 'expired', detail = $2, updated_ms = $3
        WHERE id = $1 AND state = 'pending'";
    Ok(tx.execute(SQL, values![id, detail, now_ms]).await? == 1)
}

/// Some uploads whose bytes did not come in time.
pub async fn overdue(db: &Db, now_ms: i64, limit: i64) -> Result<Vec<Upload>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM uploads WHERE state = 'pending' AND expires_ms <= $1 ORDER BY expires_ms LIMIT $2"
    );
    db.all(&sql, values![now_ms, limit]).await?.iter().map(read).collect()
}

/// Some uploads that are there, but that no job looks at.
pub async fn forgotten(db: &Db, limit: i64) -> Result<Vec<Upload>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM uploads WHERE state = 'received' AND NOT EXISTS (
          SELECT 1 FROM jobs WHERE jobs.kind = 'ingest' AND jobs.payload = '{{\"upload\":\"' || uploads.id || '\"}}'
            AND jobs.subject = 'picture/' || uploads.tenant || '/' || uploads.name)
        ORDER BY id LIMIT $1"
    );
    db.all(&sql, values![limit]).await?.iter().map(read).collect()
}

/// Whether an upload needs what is at its place, now or soon; nothing where no upload has that place.
pub async fn needs(db: &Db, staging_key: &str) -> Result<Option<bool>, DbError> {
    const SQL: &str = "SELECT state FROM uploads WHERE staging_key = $1";
    let states = db.all(SQL, values![staging_key]).await?;
    is_needed(&states, &["pending", "received"])
}

/// Whether an upload waits for parts of that name; nothing where none has such.
pub async fn needs_parts(db: &Db, multipart_id: &str) -> Result<Option<bool>, DbError> {
    const SQL: &str = "SELECT state FROM uploads WHERE multipart_id = $1";
    let states = db.all(SQL, values![multipart_id]).await?;
    is_needed(&states, &["pending"])
}

fn is_needed(rows: &[Row], by: &[&str]) -> Result<Option<bool>, DbError> {
    let states: Vec<String> = rows.iter().map(|row| row.get("state")).collect::<Result<_, _>>()?;
    let is_one = states.iter().any(|state| by.contains(&state.as_str()));
    Ok((!states.is_empty()).then_some(is_one))
}

/// Whether an object of the bucket was seen as it is, and is being looked at or was refused.
pub async fn was_seen(tx: &mut Tx, key: &str, etag: &str) -> Result<bool, DbError> {
    const SQL: &str = "SELECT 1 AS one FROM uploads
        WHERE staging_key = $1 AND etag = $2 AND method = 'bucket' AND state IN ('received', 'rejected')";
    Ok(tx.first(SQL, values![key, etag]).await?.is_some())
}

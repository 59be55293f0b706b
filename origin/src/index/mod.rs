//! Finding pictures: by words, by what they are, by colour and by looks.
//!
//! [`Engine`] is where the index is: in the catalog's database, written in the transactions that change the catalog, or in
//! an OpenSearch cluster, written by jobs that the same transactions add.
//!
//! What a search costs is bounded: at most [`MOST_RANKED`] pictures, the newest that fit, are ranked and counted. An answer
//! says whether that was all (`total_is_exact`).

mod catalog;
mod colour;
mod cursor;
mod document;
mod looks;
mod near;
mod opensearch;
mod rank;
mod search;
mod text;
mod words;

pub use colour::{ColourQuery, LONGEST_DISTANCE, Oklab};
pub use document::{below, is_duplicate, of_format, tagged, taken_with};
pub use opensearch::OpenSearch;
pub(crate) use opensearch::parse as parse_opensearch;
pub use search::{Alike, Facet, FacetCount, Found, Range, Ranged, Search, SearchError, Sort};
pub use text::{Text, TextError};

use crate::catalog::images::{self, Image};
use crate::catalog::jobs::{self, Job, JobKind, NewJob};
use crate::state::AppState;
use crate::store::db::{Db, DbError, Tx};
use crate::work::JobError;
use serde_json::json;

/// So many pictures are ranked and counted for one search.
pub const MOST_RANKED: usize = 500;

/// What keeps pictures so that they are found.
pub trait Index {
    /// Puts a picture in, or all of it anew, with the change that `tx` makes. Best the last thing that a transaction does:
    /// from here on it holds the counts of the picture's words.
    fn put(&self, tx: &mut Tx, image: &Image) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Takes a picture out, likewise.
    fn remove(
        &self,
        tx: &mut Tx,
        tenant: &str,
        image: &str,
        now_ms: i64,
    ) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Does an index job: makes the index say what the catalog says of a picture.
    fn renew(
        &self,
        db: &Db,
        tenant: &str,
        image: &str,
        now_ms: i64,
    ) -> impl Future<Output = Result<(), JobError>> + Send;

    /// Finds pictures.
    fn search(&self, db: &Db, search: &Search) -> impl Future<Output = Result<Found, SearchError>> + Send;

    /// Finds pictures that look like one, the most alike first.
    fn similar(
        &self,
        db: &Db,
        image: &Image,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Alike>, SearchError>> + Send;
}

/// Where the index is.
#[derive(Debug)]
pub enum Engine {
    /// In the catalog's database.
    Catalog,
    /// In a cluster.
    OpenSearch(OpenSearch),
}

impl Index for Engine {
    async fn put(&self, tx: &mut Tx, image: &Image) -> Result<(), DbError> {
        match self {
            Self::Catalog => catalog::put(tx, image).await,
            Self::OpenSearch(_) => enqueue(tx, &image.tenant, &image.id, image.updated_ms).await,
        }
    }

    async fn remove(&self, tx: &mut Tx, tenant: &str, image: &str, now_ms: i64) -> Result<(), DbError> {
        match self {
            Self::Catalog => catalog::remove(tx, image).await,
            Self::OpenSearch(_) => enqueue(tx, tenant, image, now_ms).await,
        }
    }

    async fn renew(&self, db: &Db, tenant: &str, image: &str, now_ms: i64) -> Result<(), JobError> {
        match self {
            Self::OpenSearch(cluster) => cluster.renew(db, tenant, image, now_ms).await,
            Self::Catalog => {
                let mut tx = db.begin().await?;
                match images::lock(&mut tx, tenant, image).await? {
                    Some(image) if image.deleted_ms.is_none() => catalog::put(&mut tx, &image).await?,
                    _ => catalog::remove(&mut tx, image).await?,
                }
                Ok(tx.commit().await?)
            }
        }
    }

    async fn search(&self, db: &Db, search: &Search) -> Result<Found, SearchError> {
        match self {
            Self::Catalog => catalog::search(db, search).await,
            Self::OpenSearch(cluster) => cluster.search(search).await,
        }
    }

    async fn similar(&self, db: &Db, image: &Image, most: usize) -> Result<Vec<Alike>, SearchError> {
        match self {
            Self::Catalog => catalog::similar(db, image, most).await,
            Self::OpenSearch(cluster) => cluster.similar(image, most).await,
        }
    }
}

/// Adds the job that makes the index say what the catalog says of a picture.
async fn enqueue(tx: &mut Tx, tenant: &str, image: &str, now_ms: i64) -> Result<(), DbError> {
    let (subject, payload) = (format!("index/{image}"), json!({ "image": image }));
    let job = NewJob { tenant, kind: JobKind::Index, subject: &subject, payload, run_at_ms: now_ms };
    jobs::add(tx, &job).await
}

/// Adds such a job for every picture there is, for an index that begins anew; answers how many.
pub async fn renew_all(db: &Db, now_ms: i64) -> Result<u64, DbError> {
    const BATCH: i64 = 500;
    let (mut last, mut count) = (String::new(), 0);
    loop {
        let some = images::after(db, &last, BATCH).await?;
        let Some((_, id)) = some.last() else { return Ok(count) };
        last.clone_from(id);
        let mut tx = db.begin().await?;
        for (tenant, image) in &some {
            enqueue(&mut tx, tenant, image, now_ms).await?;
            count += 1;
        }
        tx.commit().await?;
    }
}

/// An index job: `{"image": id}`.
pub(crate) async fn run(state: &AppState, job: &Job) -> Result<(), JobError> {
    let image = job.payload.get("image").and_then(serde_json::Value::as_str);
    let image = image.ok_or_else(|| JobError::Hopeless("the job names no image".to_owned()))?;
    state.index.renew(&state.db, &job.tenant, image, state.clock.now_ms()).await
}

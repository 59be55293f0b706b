//! Those who do the jobs: each claims one, does it, and says how it ended.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::catalog::jobs::{self, Job, JobKind};
use crate::state::AppState;
use crate::store::db::DbError;
use crate::store::objects::ObjectError;
use crate::telemetry::metrics::job_ended;

/// So long nobody else takes a job whose worker is silent.
const LEASE_MS: i64 = 60_000;
/// How often a worker says that it is still at it.
const RENEWAL: Duration = Duration::from_secs(20);
/// How often the table is looked at where nobody says that there is work.
const LOOK: Duration = Duration::from_secs(1);
/// After so many attempts a job is given up.
const MOST_ATTEMPTS: i64 = 8;
/// How long to wait after the first failure; it doubles each time.
const FIRST_PAUSE_MS: i64 = 500;
const LONGEST_PAUSE_MS: i64 = 15 * 60_000;

/// Why a job is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another time it may be.
    #[error("{0}")]
    Later(String),
    /// It never will be.
    #[error("{0}")]
    Hopeless(String),
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<ObjectError> for JobError {
    fn from(error: ObjectError) -> Self {
        Self::Later(error.to_string())
    }
}

/// Does jobs until `stop`; then the one in hand, which others would have to begin anew.
pub async fn work(state: AppState, name: String, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let is_idle = match step(&state, &name).await {
            Ok(did) => !did,
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                true
            }
        };
        if is_idle {
            tokio::select! {
                () = state.work.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// Does all jobs that are due now, one after the other; answers how many. For tests, whose clock stands still.
pub async fn work_off(state: &AppState) -> Result<u32, DbError> {
    let mut done = 0;
    while step(state, "tests").await? {
        done += 1;
    }
    Ok(done)
}

/// Does the next job, if one is due.
async fn step(state: &AppState, worker: &str) -> Result<bool, DbError> {
    let now_ms = state.clock.now_ms();
    let Some(job) = jobs::claim(&state.db, worker, now_ms, LEASE_MS).await? else { return Ok(false) };
    let began = Instant::now();
    let outcome = tokio::select! {
        outcome = run(state, &job) => outcome,
        () = keep(state, &job) => {
            job_ended(job.kind.name(), "lost", began.elapsed());
            return Ok(true);
        }
    };
    job_ended(job.kind.name(), outcome_name(&job, &outcome), began.elapsed());
    let now_ms = state.clock.now_ms();
    match outcome {
        Ok(()) => {
            let mut tx = state.db.begin().await?;
            jobs::finish(&mut tx, &job).await?;
            tx.commit().await?;
        }
        Err(JobError::Later(reason)) if job.attempts < MOST_ATTEMPTS => {
            tracing::warn!(
                job = job.id,
                kind = job.kind.name(),
                attempt = job.attempts,
                reason,
                "a job will be tried again"
            );
            jobs::retry_later(
                &state.db,
                &job,
                &reason,
                now_ms.saturating_add(pause_ms(job.attempts)),
                now_ms,
            )
            .await?;
        }
        Err(error) => {
            tracing::error!(job = job.id, kind = job.kind.name(), %error, "a job was given up");
            jobs::bury(&state.db, &job, &error.to_string(), now_ms).await?;
        }
    }
    Ok(true)
}

/// How a job ended, for those who count.
fn outcome_name(job: &Job, outcome: &Result<(), JobError>) -> &'static str {
    match outcome {
        Ok(()) => "done",
        Err(JobError::Later(_)) if job.attempts < MOST_ATTEMPTS => "later",
        Err(_) => "dead",
    }
}

/// Renews the lease for as long as it is ours; ends when it is not.
async fn keep(state: &AppState, job: &Job) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match jobs::renew(&state.db, job, state.clock.now_ms(), LEASE_MS).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, job = job.id, "a lease was not renewed"),
        }
    }
}

fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
    FIRST_PAUSE_MS.saturating_mul(1 << doublings).min(LONGEST_PAUSE_MS)
}

/// The code of each kind.
async fn run(state: &AppState, job: &Job) -> Result<(), JobError> {
    match job.kind {
        JobKind::Ingest => crate::ingest::run(state, job).await,
        JobKind::Announce => crate::events::announce(state, job).await,
        JobKind::Deliver => crate::events::deliver(state, job).await,
        JobKind::Edge => crate::events::tell_edge(state, job).await,
        JobKind::Index => crate::index::run(state, job).await,
        JobKind::Remove => crate::removal::run(state, job).await,
    }
}

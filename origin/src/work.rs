//! Those who do the jobs: each claims one, does it, and says how it ended.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::catalog::jobs::{self, Crew, Job, JobKind};
use crate::queue::Call;
use crate::state::AppState;
use crate::store::db::DbError;
use crate::store::objects::ObjectError;
use crate::telemetry::metrics::job_ended;

/// So long nobody else takes a job whose worker is silent.
const LEASE_MS: i64 = 60_000;
/// How often a worker says that it is still at it.
const RENEWAL: Duration = Duration::from_secs(20);
/// How long a worker waits that cannot read the table.
const BREATH: Duration = Duration::from_secs(1);
/// A job whose workers died this much oftener than it may fail is not tried on another one.
const DEATHS: i64 = 8;

/// How often a job may fail, and how long it then waits: the pause doubles each time, up to the longest.
struct Patience {
    most_attempts: i64,
    first_pause_ms: i64,
    longest_pause_ms: i64,
}

fn patience(kind: JobKind) -> Patience {
    match kind {
        // What fails here mostly waits for one of our own stores.
        JobKind::Ingest | JobKind::Announce | JobKind::Edge | JobKind::Index | JobKind::Remove => {
            Patience { most_attempts: 8, first_pause_ms: 500, longest_pause_ms: 15 * 60_000 }
        }
        // Somebody else's service may be away for a night: 5 s, 10 s … 6 h, a day in all.
        JobKind::Deliver => {
            Patience { most_attempts: 16, first_pause_ms: 5_000, longest_pause_ms: 6 * 3_600_000 }
        }
    }
}

/// Whether a job that fails now has failed for the last time.
pub(crate) fn is_last_attempt(job: &Job) -> bool {
    job.attempts >= patience(job.kind).most_attempts
}

/// Why a job is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another time it may be.
    #[error("{0}")]
    Later(String),
    /// Another time it may be, but not before this pause is over.
    #[error("{reason}")]
    After {
        /// What was wrong.
        reason: String,
        /// How long to wait.
        pause_ms: i64,
    },
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

/// Does a crew's jobs until `stop`; then the one in hand, which others would have to begin anew.
pub async fn work(state: AppState, name: String, crew: Crew, mut stop: watch::Receiver<bool>) {
    // What was there before anybody listened.
    let mut call = Call::default();
    while !*stop.borrow() {
        if let Err(error) = answer(&state, &name, crew, call, &stop).await {
            tracing::error!(%error, "the queue cannot be read");
            tokio::time::sleep(BREATH).await;
        }
        call = tokio::select! {
            call = state.queue.next(crew) => call,
            _ = stop.changed() => return,
        };
    }
}

/// Does the job of a call; or, where it names none, all that are due.
async fn answer(
    state: &AppState,
    worker: &str,
    crew: Crew,
    call: Call,
    stop: &watch::Receiver<bool>,
) -> Result<(), DbError> {
    let Some(id) = call.job.clone() else {
        call.answered().await;
        while !*stop.borrow() && step(state, worker, crew).await? {}
        return Ok(());
    };
    let now_ms = state.clock.now_ms();
    match jobs::claim(&state.db, worker, crew, Some(&id), now_ms, LEASE_MS).await? {
        Some(job) => {
            call.answered().await;
            carry_out(state, &job).await
        }
        None if jobs::is_waiting(&state.db, &id).await? => {
            call.refused().await;
            Ok(())
        }
        None => {
            call.answered().await;
            Ok(())
        }
    }
}

/// Does all jobs that are due now, one after the other; answers how many. For tests, whose clock stands still.
pub async fn work_off(state: &AppState) -> Result<u32, DbError> {
    let mut done = 0;
    while step(state, "tests", Crew::All).await? {
        done += 1;
    }
    Ok(done)
}

/// Does the next job, if one is due.
async fn step(state: &AppState, worker: &str, crew: Crew) -> Result<bool, DbError> {
    let now_ms = state.clock.now_ms();
    match jobs::claim(&state.db, worker, crew, None, now_ms, LEASE_MS).await? {
        Some(job) => carry_out(state, &job).await.map(|()| true),
        None => Ok(false),
    }
}

/// Does a job that was claimed.
async fn carry_out(state: &AppState, job: &Job) -> Result<(), DbError> {
    if job.attempts > patience(job.kind).most_attempts + DEATHS {
        return bury(state, job, "its worker died each time").await;
    }
    let began = Instant::now();
    let outcome = tokio::select! {
        outcome = run(state, job) => outcome,
        () = keep(state, job) => {
            job_ended(job.kind.name(), "lost", began.elapsed());
            return Ok(());
        }
    };
    job_ended(job.kind.name(), outcome_name(job, &outcome), began.elapsed());
    settle(state, job, outcome).await
}

/// Writes down how a job ended.
async fn settle(state: &AppState, job: &Job, outcome: Result<(), JobError>) -> Result<(), DbError> {
    match outcome {
        Ok(()) => {
            let mut tx = state.db.begin().await?;
            jobs::finish(&mut tx, job).await?;
            tx.commit().await
        }
        Err(JobError::Later(reason)) if !is_last_attempt(job) => {
            retry(state, job, &reason, pause_ms(job)).await
        }
        Err(JobError::After { reason, pause_ms }) if !is_last_attempt(job) => {
            retry(state, job, &reason, pause_ms).await
        }
        Err(error) => bury(state, job, &error.to_string()).await,
    }
}

async fn retry(state: &AppState, job: &Job, reason: &str, pause_ms: i64) -> Result<(), DbError> {
    let (kind, attempt) = (job.kind.name(), job.attempts);
    tracing::warn!(job = job.id, kind, attempt, reason, "a job will be tried again");
    let now_ms = state.clock.now_ms();
    jobs::retry_later(&state.db, job, reason, now_ms.saturating_add(pause_ms), now_ms).await
}

async fn bury(state: &AppState, job: &Job, reason: &str) -> Result<(), DbError> {
    tracing::error!(job = job.id, kind = job.kind.name(), error = reason, "a job was given up");
    jobs::bury(&state.db, job, reason, state.clock.now_ms()).await
}

/// How a job ended, for those who count.
fn outcome_name(job: &Job, outcome: &Result<(), JobError>) -> &'static str {
    match outcome {
        Ok(()) => "done",
        Err(JobError::Later(_) | JobError::After { .. }) if !is_last_attempt(job) => "later",
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

/// How long a job waits that has failed so often: up to a quarter less than its kind says, so that what failed together
/// does not come back together.
fn pause_ms(job: &Job) -> i64 {
    let Patience { first_pause_ms, longest_pause_ms, .. } = patience(job.kind);
    let doublings = u32::try_from(job.attempts - 1).unwrap_or(0).min(20);
    let pause = first_pause_ms.saturating_mul(1 << doublings).min(longest_pause_ms);
    let chance = i64::from(getrandom::u32().unwrap_or(0) % 256);
    pause - pause / 4 * chance / 256
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

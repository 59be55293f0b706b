//! Figures, as Prometheus reads them. HTTP's are named and bucketed as OpenTelemetry has them.
//!
//! The recorder is the process's: several services in one (tests) count together.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;

use crate::catalog::queue::{self, Load};
use crate::state::AppState;
use crate::store::db::DbError;

const REQUEST_SECONDS: &str = "http_server_request_duration_seconds";
const REQUESTS_ACTIVE: &str = "http_server_active_requests";
const JOB_SECONDS: &str = "lenslet_job_duration_seconds";
const JOBS: &str = "lenslet_jobs";
const JOBS_OLDEST: &str = "lenslet_jobs_oldest_pending_seconds";
const UPLOADS: &str = "lenslet_uploads_total";
const MEMORY: &str = "process_resident_memory_bytes";
const BUILD: &str = "lenslet_build_info";

/// OpenTelemetry's semantic conventions for HTTP, `http.server.request.duration`.
const REQUEST_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const JOB_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

/// How often what was counted is put into its buckets where nobody asks for it: until then each is kept by itself.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count, once in a process.
pub(crate) fn install() {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &REQUEST_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full(JOB_SECONDS.to_owned()), &JOB_BUCKETS)
            })
            .map(PrometheusBuilder::build_recorder);
        let recorder = recorder.inspect_err(|error| tracing::error!(%error, "nothing is counted")).ok()?;
        let handle = recorder.handle();
        // Somebody else's recorder is theirs to read.
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        Some(handle)
    });
}

fn describe() {
    describe_histogram!(REQUEST_SECONDS, "How long requests took, until their answer began.");
    describe_gauge!(REQUESTS_ACTIVE, "Requests in flight.");
    describe_histogram!(JOB_SECONDS, "How long jobs took, by how they ended: done, later, dead, lost.");
    describe_gauge!(JOBS, "Jobs in the queue: queued, running, dead.");
    describe_gauge!(JOBS_OLDEST, "For how long the oldest job that is due has waited.");
    describe_counter!(UPLOADS, "Uploads, by what became of them.");
    describe_gauge!(MEMORY, "Resident memory.");
    describe_gauge!(BUILD, "The version that runs.");
}

/// Puts what was counted into its buckets, until told to stop.
pub async fn upkeep(mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Some(handle) = HANDLE.get().and_then(Option::as_ref) {
            handle.run_upkeep();
        }
    }
}

/// All figures, those of the queue as it is now.
pub(crate) async fn render(state: &AppState) -> Result<String, DbError> {
    let load = queue::load(&state.db, state.clock.now_ms()).await?;
    set_load(&load);
    if let Some(bytes) = resident_bytes() {
        gauge!(MEMORY).set(bytes);
    }
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default())
}

fn set_load(load: &Load) {
    for (state, count) in [("queued", load.queued), ("running", load.running), ("dead", load.dead)] {
        gauge!(JOBS, "state" => state).set(float(count));
    }
    gauge!(JOBS_OLDEST).set(float(load.oldest_due_ms) / 1000.0);
}

pub(super) fn request_began() {
    gauge!(REQUESTS_ACTIVE).increment(1.0);
}

pub(super) fn request_ended(method: &'static str, route: &str, status: u16, duration: Duration) {
    gauge!(REQUESTS_ACTIVE).decrement(1.0);
    histogram!(
        REQUEST_SECONDS,
        "http_request_method" => method,
        "http_route" => route.to_owned(),
        "http_response_status_code" => status.to_string()
    )
    .record(duration);
}

/// Counts a job that somebody had in hand.
pub(crate) fn job_ended(kind: &'static str, outcome: &'static str, duration: Duration) {
    histogram!(JOB_SECONDS, "kind" => kind, "outcome" => outcome).record(duration);
}

/// Counts an upload by what became of it: `ready`, `rejected`, `expired`.
pub fn upload_ended(outcome: &'static str) {
    counter!(UPLOADS, "outcome" => outcome).increment(1);
}

/// How much memory the process has, where the system is one that says so in `/proc`.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?;
    Some(kib.parse::<f64>().ok()? * 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn float(number: i64) -> f64 {
    number as f64
}

//! Not built yet.

use crate::catalog::jobs::Job;
use crate::state::AppState;
use crate::work::JobError;

pub(crate) async fn run(_state: &AppState, job: &Job) -> Result<(), JobError> {
    Err(JobError::Hopeless(format!("{} is not built", job.kind.name())))
}

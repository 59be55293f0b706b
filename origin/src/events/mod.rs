//! Not built yet.

use crate::catalog::jobs::Job;
use crate::state::AppState;
use crate::work::JobError;

pub(crate) async fn announce(_state: &AppState, _job: &Job) -> Result<(), JobError> {
    Ok(())
}

pub(crate) async fn deliver(_state: &AppState, _job: &Job) -> Result<(), JobError> {
    Ok(())
}

pub(crate) async fn tell_edge(_state: &AppState, _job: &Job) -> Result<(), JobError> {
    Ok(())
}

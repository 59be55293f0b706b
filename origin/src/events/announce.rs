//! From an event to a delivery for each webhook that wants it.

use serde_json::{Value, json};

use crate::catalog::jobs::{self, Job, JobKind, NewJob};
use crate::catalog::{events, webhooks};
use crate::state::AppState;
use crate::store::db::{DbError, Tx};
use crate::work::JobError;

/// The step after which all deliveries are in the queue.
const ANNOUNCED: &str = "announced";

/// Adds the deliveries of an event: all of them in one transaction, once.
pub(crate) async fn announce(state: &AppState, job: &Job) -> Result<(), JobError> {
    if job.step.as_deref() == Some(ANNOUNCED) {
        return Ok(());
    }
    let id = job.payload.get("event").and_then(Value::as_str).unwrap_or_default();
    // An event that is gone was swept away.
    let Some(event) = events::find(&state.db, &job.tenant, id).await? else { return Ok(()) };
    let all = webhooks::list(&state.db, &job.tenant).await?;
    let wanting: Vec<_> = all.into_iter().filter(|webhook| webhook.wants(&event.kind)).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    for webhook in &wanting {
        enqueue(&mut tx, &job.tenant, &webhook.id, &event.id, now_ms).await?;
    }
    if jobs::advance(&mut tx, job, ANNOUNCED, now_ms).await? {
        tx.commit().await?;
        state.post.notify_one();
    }
    Ok(())
}

/// Adds the delivery of an event to a webhook. Each has a subject of its own, so that none waits for another.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    tenant: &str,
    webhook: &str,
    event: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    let subject = format!("webhook/{webhook}/{event}");
    let payload = json!({ "event": event, "webhook": webhook });
    jobs::add(tx, &NewJob { tenant, kind: JobKind::Deliver, subject: &subject, payload, run_at_ms: now_ms })
        .await
}

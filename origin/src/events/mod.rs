//! Telling others of what happened: webhooks of tenants, and the edge.
//!
//! An event is a row, written in the transaction of what happened, with a job to announce it. Announcing adds a job for
//! each webhook that wants it; from then on each goes its own way. At least once, in no particular order: who receives
//! knows by `webhook-id` what it has seen.

mod announce;
mod deliver;
mod edge;
mod guard;
mod sender;

pub use guard::{Guard, LookingUp, Lookup, Refused, SystemLookup};
pub use sender::{Sender, SenderError};

pub(crate) use announce::{announce, enqueue};
pub(crate) use deliver::deliver;
pub(crate) use edge::tell_edge;

use crate::catalog::events;
use crate::state::AppState;
use crate::store::db::DbError;

/// So long events are kept, whoever has heard of them.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// Removes events that are too old to be of use; answers how many. To be called now and then.
pub async fn sweep(state: &AppState) -> Result<u64, DbError> {
    events::forget(&state.db, state.clock.now_ms().saturating_sub(KEPT_MS)).await
}

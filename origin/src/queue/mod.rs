//! How workers hear that there is work. What the work is, and whose, is in the catalog's table of jobs whichever way they
//! hear of it: that is the outbox, the record, and the list of dead letters. So nothing is lost with a broker.
//!
//! * [`Notices`] is for one process: whoever adds a job says so, and once a second the table is looked at.
//! * [`Nats`] is for many: a relay puts the names of due jobs into a stream of `JetStream`, and workers anywhere pull them.

mod nats;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

pub use nats::Nats;

use crate::catalog::jobs::Crew;
use crate::state::AppState;

/// How often the table is looked at where nobody says that there is work.
const LOOK: Duration = Duration::from_secs(1);

/// What a queue is doing.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Says when there is work.
pub trait Queue: Debug + Send + Sync {
    /// Resolves when there may be work for this crew.
    fn next(&self, crew: Crew) -> Doing<'_, Call>;

    /// What else must be done for workers to hear of it, until `stop`.
    fn relay<'a>(&'a self, state: &'a AppState, stop: watch::Receiver<bool>) -> Doing<'a, ()>;
}

/// A call to work.
#[derive(Debug, Default)]
pub struct Call {
    /// The job to be done; any, where there is none.
    pub job: Option<String>,
    receipt: Option<nats::Receipt>,
}

impl Call {
    /// Somebody has the job, or it is done.
    pub async fn answered(self) {
        if let Some(receipt) = self.receipt {
            receipt.accept().await;
        }
    }

    /// The job could not be taken yet.
    pub async fn refused(self) {
        if let Some(receipt) = self.receipt {
            receipt.give_back().await;
        }
    }
}

/// Notices within a process.
#[derive(Debug)]
pub struct Notices {
    /// For the house.
    pub work: Arc<Notify>,
    /// For the post.
    pub post: Arc<Notify>,
}

impl Queue for Notices {
    fn next(&self, crew: Crew) -> Doing<'_, Call> {
        let told = if crew == Crew::Post { &self.post } else { &self.work };
        Box::pin(async {
            tokio::select! {
                () = told.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            Call::default()
        })
    }

    fn relay<'a>(&'a self, _state: &'a AppState, _stop: watch::Receiver<bool>) -> Doing<'a, ()> {
        Box::pin(async {})
    }
}

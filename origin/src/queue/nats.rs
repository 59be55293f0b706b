//! NATS `JetStream` between the table of jobs and those who do them.
//!
//! Every process relays: it looks for jobs that are due and publishes their names. A message's own name is the job, its
//! attempt and its time, so that of many who publish the same the server keeps one. A worker claims the job's row, and
//! then says that it has the message; without the row the message means nothing. While the server is away, workers look at
//! the table as they do without it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, AckKind, Context, Message};
use async_nats::{ConnectOptions, Error, ServerAddr};
use futures_util::StreamExt as _;
use tokio::sync::{Mutex, Notify, watch};

use super::{Call, Doing, LOOK, Queue};
use crate::catalog::jobs::{self, Crew, Due};
use crate::state::AppState;

const STREAM: &str = "LENSLET_JOBS";
/// So long a worker waits for a message before it looks at the table all the same.
const PULL: Duration = Duration::from_secs(5);
/// A message whose worker died before it claimed the job comes again after so long.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// A job that is still due after so long is published again; the server forgets names then, too.
const AGAIN: Duration = Duration::from_mins(1);
/// A job that waits for another comes again after so long.
const PAUSE: Duration = Duration::from_secs(1);
/// So many jobs of each crew are in the stream at most, for each time that is looked.
const MOST: u32 = 500;

/// The broker.
pub struct Nats {
    stream: Context,
    consumers: Mutex<HashMap<Crew, PullConsumer>>,
    work: Arc<Notify>,
    post: Arc<Notify>,
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nats")
    }
}

/// What a worker owes the broker for a call.
#[derive(Debug)]
pub(super) struct Receipt(Message);

impl Receipt {
    pub(super) async fn accept(self) {
        // Unheard, the message comes again, and whoever gets it finds nothing to do.
        drop(self.0.ack().await);
    }

    pub(super) async fn give_back(self) {
        drop(self.0.ack_with(AckKind::Nak(Some(PAUSE))).await);
    }
}

impl Nats {
    /// A broker at `nats://…`, which need not be there yet.
    pub async fn connect(url: &str, work: Arc<Notify>, post: Arc<Notify>) -> Result<Self, Error> {
        let options = ConnectOptions::new().name("lenslet-origin").retry_on_initial_connect();
        let client = options.connect(url.parse::<ServerAddr>()?).await?;
        let stream = jetstream::new(client);
        Ok(Self { stream, consumers: Mutex::default(), work, post })
    }

    /// The stream and a crew's share of it, made where there is none.
    async fn consumer(&self, crew: Crew) -> Result<PullConsumer, Error> {
        let mut consumers = self.consumers.lock().await;
        if let Some(consumer) = consumers.get(&crew) {
            return Ok(consumer.clone());
        }
        let stream = self
            .stream
            .get_or_create_stream(Config {
                name: STREAM.to_owned(),
                subjects: vec!["lenslet.jobs.*".to_owned()],
                retention: RetentionPolicy::WorkQueue,
                storage: StorageType::File,
                duplicate_window: AGAIN,
                ..Config::default()
            })
            .await?;
        let config = pull::Config {
            durable_name: Some(name(crew).to_owned()),
            filter_subject: subject(crew),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(name(crew), config).await?;
        consumers.insert(crew, consumer.clone());
        Ok(consumer)
    }

    async fn pull(&self, crew: Crew) -> Result<Option<Call>, Error> {
        let consumer = self.consumer(crew).await?;
        let mut batch = consumer.batch().max_messages(1).expires(PULL).messages().await?;
        let Some(message) = batch.next().await.transpose()? else { return Ok(None) };
        let job = String::from_utf8(message.payload.to_vec()).ok();
        Ok(Some(Call { job, receipt: Some(Receipt(message)) }))
    }

    /// Publishes what is due and was not published lately.
    async fn publish(
        &self,
        state: &AppState,
        crew: Crew,
        published: &mut HashMap<Due, Instant>,
    ) -> Result<(), Error> {
        self.consumer(crew).await?;
        for due in jobs::due(&state.db, crew, state.clock.now_ms(), MOST).await? {
            if published.contains_key(&due) {
                continue;
            }
            let name = format!("{}:{}:{}", due.id, due.attempts, due.run_at_ms);
            let message = PublishMessage::build().message_id(name).payload(due.id.clone().into());
            self.stream.send_publish(subject(crew), message).await?.await?;
            published.insert(due, Instant::now());
        }
        Ok(())
    }

    async fn relay_until(&self, state: &AppState, mut stop: watch::Receiver<bool>) {
        let mut published = HashMap::new();
        while !*stop.borrow() {
            published.retain(|_, at: &mut Instant| at.elapsed() < AGAIN);
            for crew in [Crew::House, Crew::Post] {
                let publishing = tokio::time::timeout(PULL, self.publish(state, crew, &mut published));
                let outcome = publishing.await.unwrap_or_else(|late| Err(Box::new(late)));
                if let Err(error) = outcome {
                    tracing::warn!(%error, crew = name(crew), "jobs were not published");
                    // It may be another server by now, without our stream.
                    self.consumers.lock().await.remove(&crew);
                }
            }
            tokio::select! {
                () = self.work.notified() => {}
                () = self.post.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

impl Queue for Nats {
    fn next(&self, crew: Crew) -> Doing<'_, Call> {
        Box::pin(async move {
            match tokio::time::timeout(PULL + LOOK, self.pull(crew)).await {
                Ok(Ok(Some(call))) => call,
                Ok(Err(_)) => {
                    // The relay says what is wrong.
                    tokio::time::sleep(LOOK).await;
                    Call::default()
                }
                Ok(Ok(None)) | Err(_) => Call::default(),
            }
        })
    }

    fn relay<'a>(&'a self, state: &'a AppState, stop: watch::Receiver<bool>) -> Doing<'a, ()> {
        Box::pin(self.relay_until(state, stop))
    }
}

fn name(crew: Crew) -> &'static str {
    match crew {
        Crew::All => "all",
        Crew::House => "house",
        Crew::Post => "post",
    }
}

fn subject(crew: Crew) -> String {
    format!("lenslet.jobs.{}", name(crew))
}

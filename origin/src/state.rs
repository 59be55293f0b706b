//! What the routes and the workers share.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::{Config, IndexConfig, QueueConfig, StoreConfig};
use crate::events::{Sender, SenderError};
use crate::index::{Engine, OpenSearch};
use crate::queue::{Nats, Notices, Queue};
use crate::store::db::{Db, DbError};
use crate::store::objects::{ObjectError, Objects};
use crate::telemetry;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the database cannot be made.
    #[error("LENSLET_ORIGIN_DATABASE: {0}")]
    Folder(std::io::Error),
    /// The database cannot be opened.
    #[error("LENSLET_ORIGIN_DATABASE: {0}")]
    Db(#[from] DbError),
    /// The bucket cannot be opened.
    #[error("LENSLET_ORIGIN_STORE: {0}")]
    Objects(#[from] ObjectError),
    /// What sends webhooks cannot be made.
    #[error("{0}")]
    Sender(#[from] SenderError),
    /// What speaks to the cluster cannot be made.
    #[error("LENSLET_ORIGIN_INDEX: {0}")]
    Index(String),
    /// The broker's address is none.
    #[error("LENSLET_ORIGIN_QUEUE: {0}")]
    Queue(String),
}

/// The parts of the service. Clones share them.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The settings.
    pub config: Arc<Config>,
    /// The catalog.
    pub db: Db,
    /// The bucket.
    pub objects: Objects,
    /// The time.
    pub clock: Clock,
    /// What finds pictures.
    pub index: Arc<Engine>,
    /// Told when there is work to do, so that nobody waits for the next look at the table.
    pub work: Arc<Notify>,
    /// Told when there is something to deliver, likewise.
    pub post: Arc<Notify>,
    /// How workers hear of work.
    pub queue: Arc<dyn Queue>,
    /// What speaks to webhooks and to the edge.
    pub sender: Sender,
}

impl AppState {
    /// Opens what the settings name.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        telemetry::metrics::install();
        let db = Self::open_db(&config).await?;
        // Whoever was first has set the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let objects = match &config.store {
            StoreConfig::Folder(folder) => Objects::folder(folder, &config.public_url)?,
            StoreConfig::S3 { bucket, endpoint, region, credentials } => {
                Objects::s3(bucket, endpoint, region, credentials)?
            }
        };
        let sender = Sender::new(config.webhooks_allow_loopback)?;
        let (work, post) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let queue: Arc<dyn Queue> = match &config.queue {
            QueueConfig::Catalog => Arc::new(Notices { work: work.clone(), post: post.clone() }),
            QueueConfig::Nats(url) => {
                let nats = Nats::connect(&url.0, work.clone(), post.clone()).await;
                Arc::new(nats.map_err(|error| OpenError::Queue(error.to_string()))?)
            }
        };
        let index = match &config.index {
            IndexConfig::Catalog => Engine::Catalog,
            IndexConfig::OpenSearch(config) => Engine::OpenSearch(
                OpenSearch::new(config).map_err(|error| OpenError::Index(error.to_string()))?,
            ),
        };
        Ok(Self {
            config: Arc::new(config),
            db,
            objects,
            clock: Clock::System,
            index: Arc::new(index),
            work,
            post,
            queue,
            sender,
        })
    }

    /// Opens the catalog only.
    pub async fn open_db(config: &Config) -> Result<Db, OpenError> {
        let file = config.database.strip_prefix("sqlite:");
        if let Some(folder) = file.and_then(|path| Path::new(path).parent()) {
            std::fs::create_dir_all(folder).map_err(OpenError::Folder)?;
        }
        Ok(Db::open(&config.database).await?)
    }
}

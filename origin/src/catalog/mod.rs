//! The catalog's tables as values: one file each, with every query on it.

pub mod api_keys;
pub mod audit;
pub mod events;
pub mod images;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod names;
pub mod queue;
pub mod tenants;
pub mod uploads;
pub mod webhooks;

use uuid::Uuid;

/// A new name for a row. Names sort by the time at which they were made (UUID version 7).
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

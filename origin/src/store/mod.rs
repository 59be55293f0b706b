//! What outlives the process: the database and the bucket.

pub mod db;
mod migrate;
pub mod objects;

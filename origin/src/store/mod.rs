//! What outlives the process: the database and the bucket.

mod bucket;
pub mod db;
pub(crate) mod half_written;
mod migrate;
pub mod objects;
pub mod parts;
pub mod receive;
pub mod signed_url;

//! Where pictures are: sources by name, and which of them are asked for a key, in which order.
//!
//! Pure: what to ask is made here, and what an answer means; `serve` asks, waits and gives up, the shell speaks.

mod credentials;
mod http;
mod s3;
pub mod sigv4;
mod source;
mod table;

pub use credentials::{Credentials, CredentialsError};
pub use http::{Head, Http, HttpError, Outgoing, Redirect, condition, is_loop, via};
pub use s3::{S3, S3Error, SignedRequest, Style};
pub use source::{At, Kind, Place, Source, folder};
pub use table::{Sources, SourcesError};

/// What a source of ours is recognised by in `Via`, beside the host that the request came to.
pub const VIA: &str = "lenslet";

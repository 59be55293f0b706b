//! Where pictures come from besides the bucket that is bound to the Worker: buckets of other people's stores.
//!
//! Pure: what is asked of a store, and with which signature. Credentials and the time are arguments; whoever sends the
//! request and reads the answer belongs to `edge`.

mod credentials;
mod endpoint;
mod s3;
pub mod sigv4;

pub use credentials::{Credentials, CredentialsError};
pub use endpoint::{Endpoint, EndpointError};
pub use s3::{S3, S3Error, SignedRequest, Style};

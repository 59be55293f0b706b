//! Who asks: a token (JWT, by the keys and claims of the edge) or the key of a machine, and what they may do.

mod api_key;
mod principal;

pub use api_key::{NewApiKey, SECRET_PREFIX, hash_secret, new_secret};
pub use principal::{DEFAULT_TENANT, Principal, Scope};

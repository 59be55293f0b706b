//! Keys of machines: `lsk_<id>_<secret>`, of which the catalog keeps a hash.
//!
//! The secret is 256 random bits, so one round of SHA-256 is all that a thief of the catalog cannot undo.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Principal, Scope};
use crate::error::ApiError;
use crate::state::AppState;
use crate::values;

/// What every key begins with, for people and for those who search repositories for leaked ones.
pub const SECRET_PREFIX: &str = "lsk_";

/// A key that was just made. The only time that it is shown.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Its name in the catalog.
    pub id: String,
    /// What its bearer sends.
    pub secret: String,
}

/// Makes a key of random bits.
pub fn new_secret(id: &str) -> Result<NewApiKey, ApiError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| ApiError::internal(&error))?;
    let id = id.replace('-', "");
    let secret = format!("{SECRET_PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(bits));
    Ok(NewApiKey { id, secret })
}

/// What is kept of a key.
pub fn hash_secret(secret: &str) -> String {
    format!("{:x}", Sha256::digest(secret))
}

/// Looks a key up. The comparison is of hashes, which tells a guesser nothing.
pub(super) async fn verify(state: &AppState, secret: &str) -> Result<Principal, ApiError> {
    const SQL: &str =
        "SELECT tenant, secret_sha256, scopes, expires_ms, revoked_ms FROM api_keys WHERE id = $1";
    let refused = || ApiError::unauthenticated("the API key is not valid");
    let rest = secret.strip_prefix(SECRET_PREFIX).ok_or_else(refused)?;
    let (id, _) = rest.split_once('_').ok_or_else(refused)?;
    let row = state.db.first(SQL, values![id]).await?.ok_or_else(refused)?;
    let is_it = row.get::<String>("secret_sha256")? == hash_secret(secret);
    let is_over =
        row.get::<Option<i64>>("expires_ms")?.is_some_and(|expires| expires <= state.clock.now_ms());
    if !is_it || is_over || row.get::<Option<i64>>("revoked_ms")?.is_some() {
        return Err(refused());
    }
    let scopes: Vec<Scope> =
        serde_json::from_str(&row.get::<String>("scopes")?).map_err(|error| ApiError::internal(&error))?;
    Ok(Principal::new(&row.get::<String>("tenant")?, &format!("key:{id}"), scopes))
}

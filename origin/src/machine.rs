//! Making the key of a machine: by an admin through the API, or the first one on the command line.

use serde_json::json;

use crate::auth::{Scope, new_secret};
use crate::catalog::api_keys::{self, ApiKey};
use crate::catalog::audit::{self, Deed};
use crate::catalog::new_id;
use crate::error::ApiError;
use crate::store::db::Db;

const LONGEST_NAME: usize = 100;
/// What the document says of `expires_seconds`; 68 years.
const MOST_SECONDS: u32 = 2_147_483_647;

/// A key that somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct KeyWish<'a> {
    /// Whose it will be.
    pub tenant: &'a str,
    /// What people will call it.
    pub name: &'a str,
    /// What its bearer may do.
    pub scopes: &'a [Scope],
    /// How long it is valid.
    pub expires_seconds: Option<u32>,
    /// Who wants it.
    pub actor: &'a str,
    /// The request it came with.
    pub request_id: Option<&'a str>,
}

/// Makes a key; answers its secret, which nobody can know again, and the rest.
pub async fn make_key(db: &Db, wish: &KeyWish<'_>, now_ms: i64) -> Result<(String, ApiKey), ApiError> {
    check(wish)?;
    let new = new_secret(&new_id())?;
    let mut scopes = wish.scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    let key = ApiKey {
        id: new.id.clone(),
        name: wish.name.to_owned(),
        scopes,
        created_by: wish.actor.to_owned(),
        created_ms: now_ms,
        expires_ms: wish.expires_seconds.map(|seconds| now_ms.saturating_add(i64::from(seconds) * 1000)),
        revoked_ms: None,
    };
    let deed = Deed {
        tenant: wish.tenant,
        actor: wish.actor,
        action: "key.create",
        subject: &key.id,
        detail: json!({ "name": key.name, "scopes": key.scopes, "expires_ms": key.expires_ms }),
        request_id: wish.request_id,
    };
    let mut tx = db.begin().await?;
    api_keys::add(&mut tx, wish.tenant, &key, &new).await?;
    audit::add(&mut tx, deed, now_ms).await?;
    tx.commit().await?;
    Ok((new.secret, key))
}

fn check(wish: &KeyWish<'_>) -> Result<(), ApiError> {
    let is_name = (1..=LONGEST_NAME).contains(&wish.name.chars().count());
    if !is_name || wish.name.chars().any(char::is_control) {
        return Err(ApiError::invalid(&format!("name is from 1 to {LONGEST_NAME} characters of one line")));
    }
    if wish.scopes.is_empty() {
        return Err(ApiError::invalid("scopes names nothing"));
    }
    if wish.expires_seconds.is_some_and(|seconds| !(1..=MOST_SECONDS).contains(&seconds)) {
        return Err(ApiError::invalid(&format!("expires_seconds is from 1 to {MOST_SECONDS}")));
    }
    Ok(())
}

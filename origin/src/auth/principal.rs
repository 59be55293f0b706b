//! Somebody who was let in: for which tenant they speak, and what they may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use lenslet::grant::{Claims, is_below, is_plain_name, verify_token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api_key;
use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;
use crate::telemetry::RequestContext;

/// The tenant of those whose token names none.
pub const DEFAULT_TENANT: &str = "default";

/// The longest `sub` of a token.
const LONGEST_SUBJECT: usize = 256;

/// Something that may be allowed. Tokens list them in `scope`, separated by spaces (RFC 8693, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// To find pictures and read what the catalog says of them.
    #[serde(rename = "images:read")]
    Read,
    /// To upload, change, delete and restore them.
    #[serde(rename = "images:write")]
    Write,
    /// To read what of their metadata is private: where they were taken, serial numbers.
    #[serde(rename = "images:private")]
    Private,
    /// To look after the service: jobs, webhooks, keys, quotas, the audit log.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Private, Self::Admin];

    /// Its name in tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "images:read",
            Self::Write => "images:write",
            Self::Private => "images:private",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// For whom they speak. All they see and do is this tenant's.
    pub tenant: String,
    /// Who they are, for the audit log: `token:<sub>` or `key:<id>`.
    pub actor: String,
    /// The request that they came with, for the audit log.
    pub request_id: Option<String>,
    scopes: BTreeSet<Scope>,
    /// Beginnings of the keys they are good for, as the edge takes them.
    claims: Option<Claims>,
}

impl Principal {
    /// Somebody with these scopes and no other limits.
    pub fn new(tenant: &str, actor: &str, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes = scopes.into_iter().collect();
        Self { tenant: tenant.to_owned(), actor: actor.to_owned(), request_id: None, scopes, claims: None }
    }

    /// What a verified token makes of its bearer.
    fn of_claims(claims: Claims) -> Result<Self, ApiError> {
        let tenant = claims.tenant.clone().unwrap_or_else(|| DEFAULT_TENANT.to_owned());
        // It becomes a part of keys.
        if !is_plain_name(&tenant) {
            return Err(ApiError::unauthenticated("the token's tenant is none that can be one here"));
        }
        let subject = claims.subject.as_deref().or(claims.id.as_deref()).unwrap_or("anonymous");
        // It goes into the log and the audit.
        if subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(ApiError::unauthenticated("the token's subject is too long, or more than a line"));
        }
        let actor = format!("token:{subject}");
        let scopes = claims.scopes.iter().filter_map(|name| name.parse().ok()).collect();
        Ok(Self { tenant, actor, request_id: None, scopes, claims: Some(claims) })
    }

    /// What they may do.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// Whether they may.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Refuses whoever may not.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.has(scope) {
            Ok(())
        } else {
            Err(ApiError::forbidden(&format!("this needs the scope {scope}")))
        }
    }

    /// Refuses whoever neither reads pictures nor looks after the service.
    pub fn require_reader(&self) -> Result<(), ApiError> {
        if self.has(Scope::Admin) { Ok(()) } else { self.require(Scope::Read) }
    }

    /// Refuses whoever does not look after the whole service, all tenants.
    pub fn require_operator(&self, config: &Config) -> Result<(), ApiError> {
        self.require(Scope::Admin)?;
        if self.tenant == config.operator_tenant && !self.is_limited() {
            Ok(())
        } else {
            Err(ApiError::forbidden("this is for those who look after the whole service"))
        }
    }

    /// Whether they came with an API key.
    pub fn is_machine(&self) -> bool {
        self.claims.is_none() && self.actor.starts_with("key:")
    }

    /// Whether a token limits them to some objects or to what pictures may look like. They must not make a credential
    /// that says nothing of it.
    pub fn is_limited(&self) -> bool {
        self.claims.as_ref().is_some_and(|claims| claims.paths.is_some() || claims.is_for_transforms())
    }

    /// The names and folders below a folder of the bucket that their grant is good for; nothing where it is good for all.
    pub fn paths_below(&self, folder: &str) -> Option<Vec<String>> {
        let paths = self.claims.as_ref()?.paths.as_ref()?;
        let mut below = Vec::new();
        for path in paths.iter().map(|path| path.trim_matches('/')) {
            if is_below(folder, path) {
                return None;
            }
            let rest = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            below.extend(rest.map(str::to_owned));
        }
        Some(below)
    }

    /// Whether they may have pictures as they are, and not only as their grant wants them shown.
    pub fn may_have_sources(&self) -> bool {
        self.claims.as_ref().is_none_or(|claims| !claims.is_for_transforms())
    }

    /// Whether their grant is good for an object: tokens may be limited to paths.
    pub fn covers(&self, key: &str) -> bool {
        self.claims.as_ref().is_none_or(|claims| claims.covers(key))
    }
}

impl FromRequestParts<AppState> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION);
        let header = header.ok_or_else(|| {
            ApiError::unauthenticated("send a token or an API key as Authorization: Bearer …")
        })?;
        let bearer = header.to_str().ok().and_then(|text| {
            let (scheme, credential) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(credential)
        });
        let bearer =
            bearer.ok_or_else(|| ApiError::unauthenticated("Authorization is no Bearer credential"))?;
        let mut principal = if bearer.starts_with(api_key::SECRET_PREFIX) {
            api_key::verify(state, bearer).await?
        } else {
            Self::of_claims(verify(state, bearer)?)?
        };
        if let Some(context) = parts.extensions.get::<RequestContext>() {
            context.set_actor(&principal.actor);
            principal.request_id = Some(context.request_id().to_owned());
        }
        Ok(principal)
    }
}

/// Verifies a token by the keys of the edge, or by our own where we give out tokens.
fn verify(state: &AppState, token: &str) -> Result<Claims, ApiError> {
    let config = &state.config;
    let now_seconds = u64::try_from(state.clock.now_ms() / 1000).unwrap_or(0);
    let ours = config.signing.as_ref().map(|signing| &signing.verifying);
    let theirs = config.token_keys.as_ref();
    if ours.is_none() && theirs.is_none() {
        return Err(ApiError::unauthenticated(
            "this service takes no tokens: it has no TOKEN_KEYS and no SIGNING_KEYS",
        ));
    }
    if let Some(claims) = ours.and_then(|keys| verify_token(keys, token, now_seconds).ok()) {
        // Those we gave out ourselves name us.
        return match claims.issuer.as_deref() {
            Some(issuer) if issuer == config.public_url => Ok(claims),
            _ => Err(ApiError::unauthenticated("the token is not meant for this service")),
        };
    }
    let keys = theirs.ok_or_else(|| ApiError::unauthenticated("the token is not valid"))?;
    let claims = verify_token(keys, token, now_seconds)
        .map_err(|error| ApiError::unauthenticated(&error.to_string()))?;
    let is_issuer = config.token_issuer.is_none() || claims.issuer == config.token_issuer;
    let audience = config.token_audience.as_ref();
    let is_for_us = audience.is_none_or(|audience| claims.audience.contains(audience));
    if claims.expires.is_none() || !is_issuer || !is_for_us {
        return Err(ApiError::unauthenticated("the token is not meant for this service"));
    }
    Ok(claims)
}

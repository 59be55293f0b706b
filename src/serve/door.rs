//! The door: whether this request may be made at all, and what it may ask for. After it nothing is checked again.
//!
//! In this order: the policy of the source, the client, the source, the grant, what the grant covers.

use http::header::{AUTHORIZATION, COOKIE};

use super::Request;
use super::answer::Delivery;
use super::config::Config;
use super::issuers::{self, Issuer};
use super::ports::World;
use super::problem::Problem;
use super::rate::{By, Meter};
use super::refusal::{Reason, Refusal};
use crate::grant::{
    Access, Claims, Credentials, Limits, NotCovered, Policy, TokenError, issuer_of, verify_token, verify_url,
};
use crate::negotiate::{Dependence, settle};
use crate::recipe::{Recipe, Source};

/// What is wanted of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A transform of it.
    Transform,
    /// The source itself.
    Original,
}

/// Somebody was let in.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    config: &'a Config,
    policy: &'a Policy,
    grant: Option<Grant>,
}

#[derive(Debug)]
struct Grant {
    kid: Option<String>,
    expires: Option<u64>,
    /// What a token says; a signature says it all by what it signs.
    claims: Option<Claims>,
    /// The header that it came in.
    header: Option<&'static str>,
}

/// Lets a request in, or says why not.
pub(super) async fn open<'a, W: World>(
    request: &Request,
    credentials: Credentials<'_>,
    source: &Source,
    wanted: Wanted,
    config: &'a Config,
    world: &W,
) -> Result<Permit<'a>, Problem> {
    let policy = config.policies.find(&request.host, source);
    if !policy.admits(&request.client) {
        return Err(Refusal::new(Reason::Client).into());
    }
    if !policy.allows_source(source) || !config.reaches(source) {
        return Err(Refusal::new(Reason::Source).into());
    }
    let access = match wanted {
        Wanted::Transform => policy.access,
        Wanted::Original => policy.originals,
    };
    let credentials = match access {
        Access::Granted { token: true, .. } => {
            let (authorization, cookie) = (request.header(AUTHORIZATION), request.header(COOKIE));
            let found = credentials.or_in_headers(authorization, cookie, &config.token_cookie);
            found.map_err(Refusal::new)?
        }
        _ => credentials,
    };
    let grant = check(request, credentials, access, policy, config, world).await?;
    let permit = Permit { config, policy, grant };
    permit.covers(source)?;
    if wanted == Wanted::Original && permit.claims().is_some_and(Claims::is_for_transforms) {
        return Err(permit.refuse(NotCovered::Original).into());
    }
    Ok(permit)
}

/// Lets in what nobody asked for: the policy holds, and there is no grant.
pub(super) fn unattended<'a>(host: &str, source: &Source, config: &'a Config) -> Permit<'a> {
    Permit { config, policy: config.policies.find(host, source), grant: None }
}

/// Checks what was brought, as far as it counts here.
async fn check<W: World>(
    request: &Request,
    credentials: Credentials<'_>,
    access: Access,
    policy: &Policy,
    config: &Config,
    world: &W,
) -> Result<Option<Grant>, Problem> {
    let now_seconds = seconds(world.now_ms());
    let (takes_signatures, takes_tokens) = match access {
        Access::Private => return Err(Refusal::new(Reason::Private).into()),
        // Whoever signs a URL relies on its being checked, even where nobody has to.
        Access::Public => (matches!(credentials, Credentials::Signature { .. }), false),
        Access::Granted { signature, token } => (signature, token),
    };
    match credentials {
        Credentials::Signature { kid } if takes_signatures => {
            let refuse = |reason: Reason| Refusal { reason, kid: Some(kid.to_owned()) };
            Ok(Some(check_signature(request, policy, config, now_seconds).map_err(refuse)?))
        }
        Credentials::Token { token, header } if takes_tokens => {
            check_token(token, header, policy, config, world).await.map(Some)
        }
        _ if access == Access::Public => Ok(None),
        _ if takes_signatures && !takes_tokens && config.url_keys.is_none() => {
            Err(Refusal::new(Reason::NoKeys).into())
        }
        _ => Err(Refusal::new(Reason::NoGrant { signature: takes_signatures, token: takes_tokens }).into()),
    }
}

fn check_signature(
    request: &Request,
    policy: &Policy,
    config: &Config,
    now_seconds: u64,
) -> Result<Grant, Reason> {
    let keys = config.url_keys.as_ref().ok_or(Reason::NoKeys)?;
    let query = request.query.as_deref().unwrap_or_default();
    let signed = verify_url(keys, &request.path, query, now_seconds)?;
    if policy.keys.as_ref().is_some_and(|keys| !keys.iter().any(|key| key == signed.kid)) {
        return Err(Reason::Key);
    }
    if let Some(longest_seconds) = policy.longest_seconds {
        let is_short = signed.expires.is_some_and(|expires| expires - now_seconds <= longest_seconds);
        if !is_short {
            return Err(Reason::Lifetime { longest_seconds });
        }
    }
    let kid = Some(signed.kid.to_owned());
    Ok(Grant { kid, expires: signed.expires, claims: None, header: None })
}

async fn check_token<W: World>(
    token: &str,
    header: Option<&'static str>,
    policy: &Policy,
    config: &Config,
    world: &W,
) -> Result<Grant, Problem> {
    let (kid, name) = issuer_of(token);
    let refuse = |reason: Reason| Refusal { reason, kid: kid.clone() };
    // A token of somebody unknown is checked like any other, so that it takes as long to be refused.
    let named = config.issuers.iter().find(|issuer| Some(&issuer.name) == name.as_ref());
    let issuer = named.or(config.issuers.first()).ok_or_else(|| refuse(TokenError::NotForUs.into()))?;
    let keys = issuers::keys(world, issuer, kid.as_deref()).await.ok_or(Problem::NoIssuerKeys)?;
    let claims = verify_token(&keys, token, seconds(world.now_ms())).map_err(|error| refuse(error.into()))?;
    accept(&claims, issuer, config).map_err(|error| refuse(error.into()))?;
    if let Some(keys) = &policy.keys
        && !kid.as_ref().is_some_and(|kid| keys.contains(kid))
    {
        return Err(refuse(Reason::Key).into());
    }
    if claims.rate.as_ref().is_some_and(|rate| !config.rates.contains_key(rate)) {
        return Err(refuse(Reason::RateClass).into());
    }
    Ok(Grant { kid, expires: claims.expires, claims: Some(claims), header })
}

/// Whether a token is meant for us, and still stands.
fn accept(claims: &Claims, issuer: &Issuer, config: &Config) -> Result<(), TokenError> {
    let is_theirs = claims.issuer.as_ref() == Some(&issuer.name);
    let is_for_us = claims.audience.contains(&issuer.audience);
    if !is_theirs || !is_for_us || claims.expires.is_none() {
        return Err(TokenError::NotForUs);
    }
    let is_revoked = claims.id.as_ref().is_some_and(|id| config.revoked.contains(id));
    if is_revoked { Err(TokenError::Revoked) } else { Ok(()) }
}

impl Permit<'_> {
    /// Refuses a source that the grant does not cover.
    fn covers(&self, source: &Source) -> Result<(), Refusal> {
        let Some(claims) = self.claims() else { return Ok(()) };
        if self.policy.tenant.is_some() && self.policy.tenant != claims.tenant {
            return Err(self.refuse(NotCovered::Tenant));
        }
        if claims.covers(source.name()) { Ok(()) } else { Err(self.refuse(NotCovered::Source)) }
    }

    fn claims(&self) -> Option<&Claims> {
        self.grant.as_ref()?.claims.as_ref()
    }

    fn refuse(&self, reason: impl Into<Reason>) -> Refusal {
        Refusal { reason: reason.into(), kid: self.grant.as_ref().and_then(|grant| grant.kid.clone()) }
    }

    /// The recipe that is carried out for the one that was typed: within the limits, with presets written out and forced
    /// ones added, what it leaves to the client settled, and its sides on their steps. Beside it, the hints that count.
    pub(super) fn recipe(&self, typed: Recipe, request: &Request) -> Result<(Recipe, Dependence), Problem> {
        let claims = self.claims();
        let limits = &self.policy.limits;
        let theirs = claims.map_or_else(Limits::default, |claims| claims.limits.closed());
        for limits in [limits, &theirs] {
            limits.check_typed(&typed).map_err(|error| self.refuse(error))?;
        }
        for (key, _) in typed.marks() {
            self.covers_mark(key, &request.host)?;
        }
        let presets = &self.config.presets;
        let mut recipe = presets.expand(typed)?;
        recipe.check_fonts(&self.config.fonts)?;
        // The policy's last, so that it wins.
        let forced = [claims.and_then(|claims| claims.mark.as_ref()), self.policy.preset.as_ref()];
        for name in forced.into_iter().flatten() {
            recipe = presets.force(name, recipe)?;
        }
        for limits in [limits, &theirs] {
            limits.check_format(&recipe).map_err(|error| self.refuse(error))?;
        }
        let sides = limits.sides_with(&theirs);
        let widest = sides.widest(&recipe);
        let (recipe, depends) = settle(recipe, widest, |name| request.header(name));
        Ok((sides.bound(recipe).map_err(|error| self.refuse(error))?, depends))
    }

    /// A mark of the URL is a picture like the source: it must be one that the same grant would be good for.
    fn covers_mark(&self, key: &str, host: &str) -> Result<(), Refusal> {
        let source = Source::Key { key: key.to_owned(), query: None };
        let policy = self.config.policies.find(host, &source);
        let is_open = policy.access == Access::Public && policy.is_for_everyone();
        if !is_open && !std::ptr::eq(policy, self.policy) {
            return Err(self.refuse(NotCovered::Source));
        }
        if !policy.allows_source(&source) {
            return Err(self.refuse(Reason::Source));
        }
        if is_open { Ok(()) } else { self.covers(&source) }
    }

    /// Whose pictures these are.
    pub(super) fn tenant(&self) -> Option<&str> {
        let claimed = self.claims().and_then(|claims| claims.tenant.as_deref());
        claimed.or(self.policy.tenant.as_deref())
    }

    /// What the policy calls its pictures besides.
    pub(super) fn tags(&self) -> &[String] {
        &self.policy.tags
    }

    /// Whether the metadata of its pictures may leave as a whole, for whoever asks.
    pub(super) fn lets_private_metadata_leave(&self) -> bool {
        self.policy.private_metadata
    }

    /// Whom a request counts for, where there is a limit.
    pub(super) fn meter<'r>(&'r self, request: &'r Request) -> Option<Meter<'r>> {
        let class = self.rate()?;
        let rate = self.config.rates.get(class)?;
        let who = match rate.by {
            By::Client => None,
            By::Grant => self.holder().map(|holder| format!("grant:{holder}")),
            By::Tenant => self.tenant().map(|tenant| format!("tenant:{tenant}")),
        };
        let who = who.unwrap_or_else(|| format!("client:{}", request.client.class()));
        Some(Meter { class, rate, key: format!("{class}:{who}"), request })
    }

    /// Who holds the grant: a name that stays the same from request to request.
    fn holder(&self) -> Option<&str> {
        let of_token = self.claims().and_then(|claims| claims.id.as_ref().or(claims.subject.as_ref()));
        of_token.or(self.grant.as_ref()?.kid.as_ref()).map(String::as_str)
    }

    /// The class of its rate limit.
    fn rate(&self) -> Option<&str> {
        let claimed = self.claims().and_then(|claims| claims.rate.as_deref());
        claimed.or(self.policy.rate.as_deref())
    }

    /// Who may have the sources themselves.
    pub(super) fn originals(&self) -> Access {
        self.policy.originals
    }

    /// How an answer may be kept: by everybody only where everybody may ask, and never for longer than the grant lasts.
    pub(super) fn delivery<'d>(
        &self,
        varies_by_accept: bool,
        depends: Dependence,
        cache_status: &'d str,
        now_ms: f64,
    ) -> Delivery<'d> {
        let most = self.policy.max_age_seconds;
        let expires = self.grant.as_ref().and_then(|grant| grant.expires);
        let left = expires.map(|expires| expires.saturating_sub(seconds(now_ms)));
        Delivery {
            max_age_seconds: left
                .map_or(most, |left| u32::try_from(left).map_or(most, |left| left.min(most))),
            shared_seconds: self.config.freshness.fresh_seconds,
            is_for_everyone: self.grant.is_none() && self.policy.is_for_everyone(),
            varies_by_accept,
            depends,
            varies_by: self.grant.as_ref().and_then(|grant| grant.header),
            cache_status,
            is_stale: false,
        }
    }
}

/// Whole seconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
pub(super) fn seconds(now_ms: f64) -> u64 {
    (now_ms / 1000.0) as u64
}

//! Why somebody is turned away at the door: told to them by its class only, and to the log in full.

use http::StatusCode;

use crate::grant::{CredentialsError, NotCovered, SignatureError, TokenError};

/// Somebody is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The key that the grant named; nothing where there was no grant.
    pub kid: Option<String>,
}

/// Why somebody is turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The policy lets nobody in.
    #[error("this part of the deployment is private")]
    Private,
    /// URLs must be signed, and there is no key that could have.
    #[error("URLs must be signed here, and no URL_KEYS are set yet")]
    NoKeys,
    /// Purges must be signed, and there is no key that could have.
    #[error("purges must be signed, and no ADMIN_KEYS are set")]
    NoAdminKeys,
    /// Nothing was brought.
    #[error("nothing was brought that counts here")]
    NoGrant {
        /// Whether a signature would do.
        signature: bool,
        /// Whether a token would do.
        token: bool,
    },
    /// What was brought is none.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The signature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The token is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The key is none of those that the policy takes.
    #[error("the policy does not take grants of this key")]
    Key,
    /// The signature is good for longer than the policy lets it be.
    #[error("signatures must expire within {longest_seconds} seconds here")]
    Lifetime {
        /// The longest.
        longest_seconds: u64,
    },
    /// The grant, or the policy, does not cover what is asked for.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
    /// The client is none of those that may ask.
    #[error("the policy does not take requests from this client or page")]
    Client,
    /// The source is none of those that may be asked for.
    #[error("the policy does not allow this source")]
    Source,
    /// The grant names a class of rate limits that does not exist.
    #[error("the token's rate class is not set up")]
    RateClass,
}

/// What the client is told.
pub(super) struct Told {
    pub status: StatusCode,
    pub kind: &'static str,
    pub title: &'static str,
    pub detail: String,
}

impl Refusal {
    /// A refusal without a grant.
    pub(super) fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), kid: None }
    }

    /// The class of the reason: unknown and wrong look the same.
    pub(super) fn told(&self) -> Told {
        let told =
            |status, kind, title, detail: &str| Told { status, kind, title, detail: detail.to_owned() };
        match &self.reason {
            Reason::Private => told(
                StatusCode::FORBIDDEN,
                "private",
                "This is private",
                "This part of the deployment is private; its owner opens it by ACCESS or a policy.",
            ),
            Reason::NoKeys => told(
                StatusCode::FORBIDDEN,
                "private",
                "This is private",
                "URLs must be signed here, and no URL_KEYS are set yet: `lenslet key new` makes them.",
            ),
            Reason::NoAdminKeys => told(
                StatusCode::FORBIDDEN,
                "private",
                "This is private",
                "Purges must be signed, and no ADMIN_KEYS are set: `lenslet key new` makes them.",
            ),
            Reason::NoGrant { signature, token } => told(
                StatusCode::UNAUTHORIZED,
                "no-grant",
                "A grant is needed",
                match (signature, token) {
                    (true, true) => "The URL must be signed, or a token sent with it.",
                    (false, true) => "A token must be sent.",
                    (_, false) => "The URL must be signed.",
                },
            ),
            Reason::Signature(SignatureError::Expired) => told(
                StatusCode::FORBIDDEN,
                "grant-expired",
                "The grant has expired",
                "The URL's signature was valid and has expired; ask for a new one.",
            ),
            Reason::Token(TokenError::Expired) => told(
                StatusCode::UNAUTHORIZED,
                "grant-expired",
                "The grant has expired",
                "The token was valid and has expired; get a new one.",
            ),
            Reason::Token(TokenError::Early) => told(
                StatusCode::UNAUTHORIZED,
                "grant-early",
                "The grant is not valid yet",
                "The token will be valid later.",
            ),
            Reason::Token(_) => told(
                StatusCode::UNAUTHORIZED,
                "grant-refused",
                "The grant is not valid",
                "The token is not valid here.",
            ),
            Reason::Signature(_) | Reason::Credentials(_) | Reason::Key => told(
                StatusCode::FORBIDDEN,
                "grant-refused",
                "The grant is not valid",
                "The grant that came with the request is not valid here.",
            ),
            Reason::Lifetime { .. } | Reason::NotCovered(_) | Reason::RateClass => Told {
                status: StatusCode::FORBIDDEN,
                kind: "not-covered",
                title: "The grant does not cover this",
                detail: self.reason.to_string(),
            },
            Reason::Client => told(
                StatusCode::FORBIDDEN,
                "client-refused",
                "Not from here",
                "Pictures of this part are not given to this client or page.",
            ),
            Reason::Source => told(
                StatusCode::FORBIDDEN,
                "source-not-allowed",
                "The source is not allowed",
                "Pictures of this source are not allowed here.",
            ),
        }
    }

    /// `WWW-Authenticate` (RFC 9110, section 11.6.1), which every 401 has.
    pub(super) fn challenge(&self) -> Option<&'static str> {
        match self.reason {
            Reason::NoGrant { token: true, .. } => Some("Bearer realm=\"lenslet\""),
            Reason::NoGrant { token: false, .. } => Some("Signed-URL realm=\"lenslet\""),
            Reason::Token(_) => Some("Bearer realm=\"lenslet\", error=\"invalid_token\""),
            _ => None,
        }
    }

    /// The option this is about, where it is about one.
    pub(super) fn option(&self) -> Option<&str> {
        match &self.reason {
            Reason::NotCovered(not_covered) => not_covered.option(),
            _ => None,
        }
    }
}

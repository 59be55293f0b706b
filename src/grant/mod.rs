//! Who may ask: signed URLs, tokens (JWT), and the policies that say where which of them is needed.
//!
//! Pure: keys, credentials, the request's traits and the time are arguments. Fetching keys, counting requests and
//! writing the log belong to `serve`.

mod claims;
mod client;
mod credentials;
mod key;
mod key_set;
mod limits;
mod policy;
mod signature;
mod signing;
mod token;
mod weak;

pub use claims::Claims;
pub use client::{Client, ClientError};
pub use credentials::{Credentials, CredentialsError};
pub use key::{Algorithm, Key, KeyError, KeyFault, is_plain_name};
pub use key_set::KeySet;
pub use limits::{Limits, NotCovered};
pub use policy::{Access, Context, Defaults, Policies, Policy, PolicyError, is_below, step_path};
pub use signature::{SignatureError, SignedUrl, normalise, own_parameter, sign_url, verify_url};
pub use signing::{SigningKey, new_jwk, public_jwk};
pub use token::{TokenError, issuer_of, sign_token, verify_payload, verify_token};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};

/// base64url without padding (RFC 4648, section 5).
fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A member that is there, whatever it is: `null` is no other way to leave it out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(member: D) -> Result<Option<T>, D::Error> {
    T::deserialize(member).map(Some)
}

/// Decodes base64url without padding. Every other spelling of the same bytes is refused.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

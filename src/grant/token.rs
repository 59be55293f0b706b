//! Tokens: JWS in its compact form (RFC 7515) with claims in it (RFC 7519).
//!
//! The signature comes first: of a token whose signature is not valid nothing is read but its header, and the issuer
//! it names where there are several. Keys come from the set alone; a token cannot bring its own.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::claims::Claims;
use super::key::Algorithm;
use super::key_set::KeySet;
use super::signing::SigningKey;
use super::{decode, encode, present};

/// Longer tokens are not looked at.
const LONGEST_TOKEN: usize = 8_192;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than any that was meant.
    #[error("the token is longer than {LONGEST_TOKEN} bytes")]
    TooLong,
    /// Not three parts of base64url with a header in the first.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for what is not done here: `crit`, or keys of its own.
    #[error("the token's header asks for what is not done here")]
    Header,
    /// No such key, or not its signature.
    #[error("the token is not valid")]
    Refused,
    /// Signed, but its claims are not what they should be.
    #[error("the token's claims cannot be read")]
    Claims,
    /// It was valid until then.
    #[error("the token has expired")]
    Expired,
    /// It will be valid from then.
    #[error("the token is not valid yet")]
    Early,
    /// Somebody else's: another issuer or audience, or no expiry where one is needed.
    #[error("the token is not meant for this service")]
    NotForUs,
    /// Its `jti` is on the list.
    #[error("the token was revoked")]
    Revoked,
}

/// The header of a token. What may stand there and must not be obeyed is only noticed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header {
    alg: String,
    #[serde(deserialize_with = "present")]
    kid: Option<String>,
    #[serde(deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    jku: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    jwk: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    x5u: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    x5c: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    b64: Option<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    zip: Option<IgnoredAny>,
}

/// Checks a token's signature and times; answers what it claims. Whether its issuer and audience are the right ones is
/// the caller's question.
pub fn verify_token(keys: &KeySet, token: &str, now_seconds: u64) -> Result<Claims, TokenError> {
    let claims = Claims::parse(&verify_payload(keys, token)?).ok_or(TokenError::Claims)?;
    if claims.expires.is_some_and(|expires| expires <= now_seconds) {
        return Err(TokenError::Expired);
    }
    if claims.not_before.is_some_and(|begins| begins > now_seconds) {
        return Err(TokenError::Early);
    }
    Ok(claims)
}

/// Checks a token's signature; answers what was signed, whatever that is.
pub fn verify_payload(keys: &KeySet, token: &str) -> Result<Vec<u8>, TokenError> {
    if token.len() > LONGEST_TOKEN {
        return Err(TokenError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    let header = read_header(header)?;
    let payload = decode(payload).ok_or(TokenError::Malformed)?;
    let signature = decode(signature).ok_or(TokenError::Malformed)?;
    let algorithm = Algorithm::parse(&header.alg).ok_or(TokenError::Refused)?;
    let signer = keys.signer(algorithm, header.kid.as_deref(), message.as_bytes(), &signature);
    signer.map(|_| payload).ok_or(TokenError::Refused)
}

fn read_header(text: &str) -> Result<Header, TokenError> {
    let json = decode(text).ok_or(TokenError::Malformed)?;
    // Not a struct's other form, an array of its fields.
    if json.first() != Some(&b'{') {
        return Err(TokenError::Malformed);
    }
    let header: Header = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
    let Header { crit, jku, jwk, x5u, x5c, b64, zip, .. } = &header;
    if [crit, jku, jwk, x5u, x5c, b64, zip].into_iter().any(Option::is_some) {
        return Err(TokenError::Header);
    }
    Ok(header)
}

/// The `kid` and `iss` that a token says it has. Not checked in any way: good for finding the keys to check it with.
pub fn issuer_of(token: &str) -> (Option<String>, Option<String>) {
    #[derive(Deserialize)]
    struct Issued {
        iss: Option<String>,
    }
    let mut parts = token.split('.');
    if token.len() > LONGEST_TOKEN {
        return (None, None);
    }
    let kid = parts.next().and_then(|header| read_header(header).ok()?.kid);
    let issuer =
        parts.next().and_then(decode).and_then(|json| serde_json::from_slice::<Issued>(&json).ok()?.iss);
    (kid, issuer)
}

/// Signs claims, given as JSON.
pub fn sign_token(key: &SigningKey, claims: &serde_json::Value) -> String {
    let header = serde_json::json!({ "alg": key.algorithm().name(), "typ": "JWT", "kid": key.kid() });
    let message = [encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes())].join(".");
    let signature = encode(&key.sign(message.as_bytes()));
    [message, signature].join(".")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sha2::Digest as _;

    use super::super::signing::{new_jwk, public_jwk};
    use super::*;

    fn key(algorithm: Algorithm, seed: u8, kid: &str) -> Value {
        let random: [u8; 32] = sha2::Sha256::digest([seed]).into();
        new_jwk(algorithm, &random, Some(kid)).unwrap()
    }

    fn set(keys: &[&Value]) -> KeySet {
        let public: Vec<Value> =
            keys.iter().map(|&key| public_jwk(key).unwrap_or_else(|| key.clone())).collect();
        KeySet::parse(json!({ "keys": public }).to_string().as_bytes()).unwrap()
    }

    fn sign(key: &Value, claims: &Value) -> String {
        sign_token(&SigningKey::parse(key.to_string().as_bytes()).unwrap(), claims)
    }

    /// A token with this header, signed by a key whatever it says.
    fn with_header(key: &Value, header: &Value) -> String {
        let message = [encode(header.to_string().as_bytes()), encode(b"{\"exp\":100}")].join(".");
        let signature = SigningKey::parse(key.to_string().as_bytes()).unwrap().sign(message.as_bytes());
        [message, encode(&signature)].join(".")
    }

    #[test]
    fn every_algorithm_verifies_what_it_signed() {
        for algorithm in Algorithm::ALL {
            let key = key(algorithm, 1, "a");
            let token =
                sign(&key, &json!({ "iss": "i", "aud": ["x", "y"], "exp": 100, "nbf": 50, "other": [1] }));
            let claims = verify_token(&set(&[&key]), &token, 99).unwrap();
            assert_eq!((claims.issuer.as_deref(), claims.expires), (Some("i"), Some(100)), "{algorithm:?}");
            assert_eq!(claims.audience, ["x", "y"]);
            assert_eq!(verify_token(&set(&[&key]), &token, 100), Err(TokenError::Expired));
            assert_eq!(verify_token(&set(&[&key]), &token, 49), Err(TokenError::Early));
            let other = self::key(algorithm, 2, "a");
            assert_eq!(verify_token(&set(&[&other]), &token, 99), Err(TokenError::Refused));
            let unknown = self::key(algorithm, 1, "b");
            assert_eq!(verify_token(&set(&[&unknown]), &token, 99), Err(TokenError::Refused));
        }
    }

    #[test]
    fn the_algorithm_is_the_keys_and_not_the_tokens() {
        let (secret, pair) = (key(Algorithm::Hs256, 1, "a"), key(Algorithm::EdDsa, 1, "a"));
        for alg in ["none", "None", "HS256", "HS384", "ES256", "eddsa", ""] {
            let token = with_header(&pair, &json!({ "alg": alg, "kid": "a" }));
            assert_eq!(verify_token(&set(&[&pair]), &token, 1), Err(TokenError::Refused), "{alg}");
        }
        // A public key is no secret: the well-known confusion of the two.
        let token = with_header(&secret, &json!({ "alg": "EdDSA", "kid": "a" }));
        assert_eq!(verify_token(&set(&[&secret, &pair]), &token, 1), Err(TokenError::Refused));
    }

    #[test]
    fn a_token_brings_no_keys_and_no_extensions() {
        let pair = key(Algorithm::EdDsa, 1, "a");
        for member in ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"] {
            let token = with_header(&pair, &json!({ "alg": "EdDSA", "kid": "a", member: ["exp"] }));
            assert_eq!(verify_token(&set(&[&pair]), &token, 1), Err(TokenError::Header), "{member}");
            let token = with_header(&pair, &json!({ "alg": "EdDSA", "kid": "a", member: null }));
            assert_eq!(verify_token(&set(&[&pair]), &token, 1), Err(TokenError::Header), "{member}: null");
        }
        let plain = with_header(&pair, &json!({ "alg": "EdDSA", "kid": "a", "x5t": "unknown" }));
        assert!(verify_token(&set(&[&pair]), &plain, 1).is_ok());
    }

    #[test]
    fn claims_that_we_do_not_know_are_no_limits_that_we_pass_over() {
        let pair = key(Algorithm::EdDsa, 1, "a");
        let verify = |claims: Value| verify_token(&set(&[&pair]), &sign(&pair, &claims), 1);
        assert!(verify(json!({ "lenslet": { "paths": ["a/"], "max_width": 5 } })).is_ok());
        for claims in [
            json!({ "lenslet": { "max_with": 5 } }),
            json!({ "lenslet": { "max_width": 0 } }),
            json!({ "lenslet": { "max_width": -1 } }),
            json!({ "lenslet": { "tenant": "" } }),
            json!({ "exp": "100" }),
            json!({ "exp": -1 }),
            json!({ "exp": null }),
            json!({ "lenslet": null }),
            json!({ "lenslet": [["a/"]] }),
            json!({ "lenslet": { "paths": null } }),
            json!({ "aud": 5 }),
            json!([1]),
            json!("text"),
        ] {
            assert_eq!(verify(claims.clone()), Err(TokenError::Claims), "{claims}");
        }
    }

    #[test]
    fn long_tokens_are_not_looked_at() {
        let long = "a".repeat(LONGEST_TOKEN + 1);
        assert_eq!(verify_token(&set(&[&key(Algorithm::EdDsa, 1, "a")]), &long, 1), Err(TokenError::TooLong));
        assert_eq!(issuer_of(&long), (None, None));
    }
}

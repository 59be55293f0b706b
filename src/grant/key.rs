//! Keys as JSON Web Keys (RFC 7517): what each is for is fixed when it is read, not when a token asks.

use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::{Ed25519, Es256, Hs256, Hs256Key};
use jwt_compact::jwk::JsonWebKey;
use serde_json::{Map, Value};

use super::weak;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256: `HS256`.
    Hs256,
    /// Ed25519: `EdDSA`.
    EdDsa,
    /// ECDSA on P-256 with SHA-256: `ES256`.
    Es256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::EdDsa, Self::Es256];

    /// Its name in a token's header and a key's `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    fn of(jwk: &JsonWebKey<'_>) -> Option<Self> {
        match jwk {
            JsonWebKey::Symmetric { .. } => Some(Self::Hs256),
            JsonWebKey::KeyPair { curve, .. } if curve == "Ed25519" => Some(Self::EdDsa),
            JsonWebKey::EllipticCurve { curve, .. } if curve == "P-256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// Keys that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not JSON, or not of this shape.
    #[error("it is no JWK Set: {{\"keys\": [ … ]}} is expected")]
    NotAKeySet,
    /// A set without a key.
    #[error("there is no key in it")]
    Empty,
    /// More keys than anybody needs.
    #[error("it has {count} keys; at most {MOST_KEYS} are read")]
    TooMany {
        /// Keys given.
        count: usize,
    },
    /// One key cannot be used.
    #[error("key {name}: {fault}")]
    Key {
        /// Its `kid`, or its place in the set.
        name: String,
        /// What is wrong.
        fault: KeyFault,
    },
}

/// What is wrong with a key. Never says what the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Parts are missing or damaged.
    #[error("it is no complete JWK")]
    Malformed,
    /// Another type or algorithm.
    #[error("its algorithm is none of HS256, EdDSA (Ed25519) and ES256 (P-256)")]
    Algorithm,
    /// `use` or `key_ops` reserve it for something else.
    #[error("its 'use' or 'key_ops' do not allow it to verify signatures")]
    Use,
    /// Another key has the same `kid` and algorithm.
    #[error("another key of the set has its 'kid'")]
    Repeated,
    /// No `kid` where one is needed.
    #[error("it needs a 'kid' of 1 to 64 characters of A-Z, a-z, 0-9, -, _")]
    Nameless,
    /// An HMAC key of fewer than 256 bits.
    #[error("it has {bits} bits; at least 256 are needed. `lenslet key new` makes one")]
    Short {
        /// Its length.
        bits: usize,
    },
    /// A key that can be guessed.
    #[error("{0}. `lenslet key new` makes one that nobody can guess")]
    Weak(&'static str),
    /// A private key where only its public part belongs.
    #[error("it is a private key; give the public part that `lenslet key jwks` prints")]
    Private,
}

/// A set of more keys would cost more to search than it is worth.
pub(super) const MOST_KEYS: usize = 64;

/// And a longer secret would add nothing: HMAC hashes it first.
const MOST_SECRET_BYTES: usize = 512;

/// An HMAC key may be no shorter than its hash (RFC 7518, section 3.2).
const LEAST_SECRET_BYTES: usize = 32;

enum Material {
    Hs256(Hs256Key),
    EdDsa(Box<<Ed25519 as jwt_compact::Algorithm>::VerifyingKey>),
    Es256(Box<<Es256 as jwt_compact::Algorithm>::VerifyingKey>),
}

/// A key that verifies, by one algorithm only.
pub struct Key {
    kid: Option<String>,
    is_private: bool,
    material: Material,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl Key {
    pub(super) fn read(json: &Map<String, Value>) -> Result<Self, KeyFault> {
        check_purpose(json)?;
        let jwk = read_jwk(json)?;
        let algorithm = read_algorithm(json, &jwk)?;
        let material = match algorithm {
            Algorithm::Hs256 => {
                let key = Hs256Key::try_from(&jwk).map_err(|_| KeyFault::Malformed)?;
                let bytes = AsRef::<[u8]>::as_ref(&key).len();
                if bytes < LEAST_SECRET_BYTES {
                    return Err(KeyFault::Short { bits: bytes * 8 });
                }
                if bytes > MOST_SECRET_BYTES {
                    return Err(KeyFault::Malformed);
                }
                Material::Hs256(key)
            }
            Algorithm::EdDsa => {
                let key = <Ed25519 as jwt_compact::Algorithm>::VerifyingKey::try_from(&jwk);
                Material::EdDsa(Box::new(key.map_err(|_| KeyFault::Malformed)?))
            }
            Algorithm::Es256 => {
                let key = <Es256 as jwt_compact::Algorithm>::VerifyingKey::try_from(&jwk);
                Material::Es256(Box::new(key.map_err(|_| KeyFault::Malformed)?))
            }
        };
        let is_private = algorithm != Algorithm::Hs256 && jwk.is_signing_key();
        Ok(Self { kid: read_kid(json)?, is_private, material })
    }

    /// Its name.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it verifies by.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Hs256(_) => Algorithm::Hs256,
            Material::EdDsa(_) => Algorithm::EdDsa,
            Material::Es256(_) => Algorithm::Es256,
        }
    }

    /// Whether this is its signature of that message. Secrets are compared in constant time.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        fn check<A: jwt_compact::Algorithm>(
            algorithm: &A,
            key: &A::VerifyingKey,
            message: &[u8],
            signature: &[u8],
        ) -> bool {
            // Slices of another length must not reach `try_from_slice`.
            let fits = A::Signature::LENGTH.is_some_and(|length| length.get() == signature.len());
            let signature = if fits { A::Signature::try_from_slice(signature).ok() } else { None };
            signature.is_some_and(|signature| algorithm.verify_signature(&signature, key, message))
        }
        match &self.material {
            Material::Hs256(key) => check(&Hs256, key, message, signature),
            Material::EdDsa(key) => check(&Ed25519, key, message, signature),
            Material::Es256(key) => check(&Es256, key, message, signature),
        }
    }

    /// Why nobody should rely on this key, if anything is wrong with it.
    pub(super) fn fault_in_use(&self) -> Option<KeyFault> {
        let weakness = match &self.material {
            Material::Hs256(key) => weak::secret(key.as_ref()),
            Material::EdDsa(key) if key.is_weak() => Some("it is a point of small order"),
            Material::EdDsa(key) => weak::public(key.as_bytes()),
            Material::Es256(key) => {
                let point = key.to_encoded_point(false);
                weak::public(point.x().map_or(&[], |x| x.as_ref()))
            }
        };
        weakness.map(KeyFault::Weak).or(self.is_private.then_some(KeyFault::Private))
    }
}

pub(super) fn fault(index: usize, kid: Option<&str>, fault: KeyFault) -> KeyError {
    let name = kid.map_or_else(|| format!("{}", index + 1), |kid| format!("'{}'", kid.escape_debug()));
    KeyError::Key { name, fault }
}

/// Whether a key's name may stand in a URL as it is.
pub fn is_plain_name(kid: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=64).contains(&kid.len()) && kid.bytes().all(is_plain)
}

fn check_purpose(json: &Map<String, Value>) -> Result<(), KeyFault> {
    let is_for_signatures = json.get("use").is_none_or(|purpose| purpose == "sig");
    let verifies = json.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|list| list.iter().any(|operation| operation == "verify"))
    });
    if is_for_signatures && verifies { Ok(()) } else { Err(KeyFault::Use) }
}

pub(super) fn read_jwk(json: &Map<String, Value>) -> Result<JsonWebKey<'static>, KeyFault> {
    match json.get("kty").and_then(Value::as_str) {
        Some("oct" | "OKP" | "EC") => {}
        Some(_) => return Err(KeyFault::Algorithm),
        None => return Err(KeyFault::Malformed),
    }
    // Curves that we do not know may lack parts of the JWK that we expect.
    let curve = json.get("crv").and_then(Value::as_str);
    if !matches!(curve, None | Some("Ed25519" | "P-256")) {
        return Err(KeyFault::Algorithm);
    }
    serde_json::from_value(Value::Object(json.clone())).map_err(|_| KeyFault::Malformed)
}

fn read_algorithm(json: &Map<String, Value>, jwk: &JsonWebKey<'_>) -> Result<Algorithm, KeyFault> {
    let natural = Algorithm::of(jwk).ok_or(KeyFault::Algorithm)?;
    let said = json.get("alg").is_none_or(|name| name == natural.name());
    if said { Ok(natural) } else { Err(KeyFault::Algorithm) }
}

fn read_kid(json: &Map<String, Value>) -> Result<Option<String>, KeyFault> {
    /// Longer than any thumbprint.
    const LONGEST_KID: usize = 256;
    match json.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if (1..=LONGEST_KID).contains(&kid.len()) => Ok(Some(kid.clone())),
        Some(_) => Err(KeyFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::key_set::KeySet;
    use super::*;

    const GOOD: &str = r#""kty":"oct","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA""#;

    fn fault_of(members: &str) -> Option<KeyFault> {
        let set = KeySet::parse(format!(r#"{{"keys":[{{{members}}}]}}"#).as_bytes());
        match set.and_then(|set| set.check_for_use()) {
            Err(KeyError::Key { fault, .. }) => Some(fault),
            Err(error) => panic!("{error}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn a_key_is_for_what_it_says() {
        for (more, fault) in [
            ("", None),
            (r#","use":"sig","key_ops":["sign","verify"],"alg":"HS256""#, None),
            (r#","use":"enc""#, Some(KeyFault::Use)),
            (r#","key_ops":["sign"]"#, Some(KeyFault::Use)),
            (r#","key_ops":"verify""#, Some(KeyFault::Use)),
            (r#","alg":"HS384""#, Some(KeyFault::Algorithm)),
            (r#","alg":"EdDSA""#, Some(KeyFault::Algorithm)),
            (r#","kid":5"#, Some(KeyFault::Malformed)),
        ] {
            assert_eq!(fault_of(&format!("{GOOD}{more}")), fault, "{more}");
        }
    }

    #[test]
    fn weak_short_foreign_and_private_keys_are_refused() {
        let x = r#""x":"d_Yi_q7k5Q4qCnQhkOCKXX8vKB-bTrZGJxY1pX2R9nY""#;
        for (members, fault) in [
            (r#""kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#, "bits"),
            (r#""kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#, "pattern"),
            (r#""kty":"oct","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg""#, "published"),
            (r#""kty":"RSA","n":"AQAB","e":"AQAB""#, "none of"),
            (
                r#""kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
                "small order",
            ),
            (r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#, "published"),
            (&format!(r#""kty":"OKP","crv":"X25519",{x}"#), "none of"),
            (r#""kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB""#, "no complete"),
            (r#""kty":"oct""#, "no complete"),
            (r#""alg":"HS256""#, "no complete"),
        ] {
            let said = fault_of(members).map(|fault| fault.to_string()).unwrap_or_default();
            assert!(said.contains(fault), "{members}: {said}");
        }
    }

    #[test]
    fn no_message_says_what_a_key_is() {
        let key = KeySet::parse(format!("{{{GOOD}}}").as_bytes()).unwrap();
        assert!(!format!("{key:?}").contains("c2uj"));
    }
}

//! Keys that sign. Not for the edge, which only verifies: for the command line, the origin and tests.

use jwt_compact::Algorithm as _;
use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::{Ed25519, Es256, Hs256, Hs256Key, SecretBytes, SigningKey as _};
use jwt_compact::jwk::JsonWebKey;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::encode;
use super::key::{Algorithm, Key, KeyError, KeyFault, fault, read_jwk};

enum Secret {
    Hs256(Hs256Key),
    EdDsa(Box<<Ed25519 as jwt_compact::Algorithm>::SigningKey>),
    Es256(Box<<Es256 as jwt_compact::Algorithm>::SigningKey>),
}

/// A key that signs.
pub struct SigningKey {
    kid: String,
    secret: Secret,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The first key of a JWK Set: the one that signs, while those behind it still verify.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let json: Value = serde_json::from_slice(json).map_err(|_| KeyError::NotAKeySet)?;
        let first = match json.get("keys") {
            Some(Value::Array(keys)) => keys.first().ok_or(KeyError::Empty)?,
            None if json.get("kty").is_some() => &json,
            _ => return Err(KeyError::NotAKeySet),
        };
        let kid = first.get("kid").and_then(Value::as_str);
        first
            .as_object()
            .ok_or(KeyFault::Malformed)
            .and_then(Self::read)
            .map_err(|reason| fault(0, kid, reason))
    }

    fn read(json: &Map<String, Value>) -> Result<Self, KeyFault> {
        let jwk = read_jwk(json)?;
        let public = Key::read(json)?;
        if let Some(fault @ KeyFault::Weak(_)) = public.fault_in_use() {
            return Err(fault);
        }
        let secret = match public.algorithm() {
            Algorithm::Hs256 => Secret::Hs256(Hs256Key::try_from(&jwk).map_err(|_| KeyFault::Malformed)?),
            Algorithm::EdDsa => {
                let key = <Ed25519 as jwt_compact::Algorithm>::SigningKey::try_from(&jwk);
                Secret::EdDsa(Box::new(key.map_err(|_| KeyFault::Malformed)?))
            }
            Algorithm::Es256 => {
                let key = <Es256 as jwt_compact::Algorithm>::SigningKey::try_from(&jwk);
                Secret::Es256(Box::new(key.map_err(|_| KeyFault::Malformed)?))
            }
        };
        Ok(Self { kid: public.kid().map(str::to_owned).ok_or(KeyFault::Nameless)?, secret })
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.secret {
            Secret::Hs256(_) => Algorithm::Hs256,
            Secret::EdDsa(_) => Algorithm::EdDsa,
            Secret::Es256(_) => Algorithm::Es256,
        }
    }

    /// Its signature of a message. The same message always gets the same one.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Hs256(key) => Hs256.sign(key, message).as_bytes().into_owned(),
            Secret::EdDsa(key) => Ed25519.sign(key, message).as_bytes().into_owned(),
            Secret::Es256(key) => Es256.sign(key, message).as_bytes().into_owned(),
        }
    }
}

/// A new private key as a JWK, out of 32 random bytes. Its name is the beginning of its thumbprint (RFC 7638) where none
/// is given. Nothing where the bytes are no key, which happens once in 2³² times, on P-256.
pub fn new_jwk(algorithm: Algorithm, random: &[u8; 32], kid: Option<&str>) -> Option<Value> {
    let write = |jwk: &JsonWebKey<'_>| write_jwk(jwk, algorithm, kid);
    match algorithm {
        Algorithm::Hs256 => write(&JsonWebKey::Symmetric { secret: SecretBytes::owned(random.to_vec()) }),
        Algorithm::EdDsa => {
            let key = <Ed25519 as jwt_compact::Algorithm>::SigningKey::from_slice(random).ok()?;
            let public = key.to_verifying_key();
            let JsonWebKey::KeyPair { curve, x, .. } = JsonWebKey::from(&public) else { return None };
            write(&JsonWebKey::KeyPair { curve, x, secret: Some(SecretBytes::owned(random.to_vec())) })
        }
        Algorithm::Es256 => {
            let key = <Es256 as jwt_compact::Algorithm>::SigningKey::from_slice(random).ok()?;
            write(&JsonWebKey::from(&key))
        }
    }
}

fn write_jwk(jwk: &JsonWebKey<'_>, algorithm: Algorithm, kid: Option<&str>) -> Option<Value> {
    let mut json = serde_json::to_value(jwk).ok()?;
    let members = json.as_object_mut()?;
    let thumbprint = encode(&jwk.thumbprint::<Sha256>());
    members.insert("kid".to_owned(), json!(kid.or(thumbprint.get(..12))?));
    members.insert("alg".to_owned(), json!(algorithm.name()));
    members.insert("use".to_owned(), json!("sig"));
    Some(json)
}

/// The part of a JWK that everybody may know; nothing where it has no such part.
pub fn public_jwk(jwk: &Value) -> Option<Value> {
    let mut members = jwk.as_object()?.clone();
    if !matches!(members.get("kty")?.as_str()?, "OKP" | "EC") {
        return None;
    }
    members.remove("d");
    members.remove("key_ops");
    Some(Value::Object(members))
}

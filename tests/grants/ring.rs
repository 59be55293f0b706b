//! Keys of all algorithms, the sets to verify with, and what an attacker computes without them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lenslet::grant::{Algorithm, KeySet, SigningKey, new_jwk, public_jwk};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::bytes::Dice;

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

pub(super) fn random(dice: &mut Dice, length: usize) -> Vec<u8> {
    (0..length).map(|_| dice.byte()).collect()
}

/// A private key as a JWK.
pub(super) fn jwk(algorithm: Algorithm, seed: u64, kid: &str) -> Value {
    let bytes: [u8; 32] = Sha256::digest(seed.to_le_bytes()).into();
    new_jwk(algorithm, &bytes, Some(kid)).unwrap()
}

/// The part of it to verify with.
pub(super) fn verifying(jwk: &Value) -> Value {
    public_jwk(jwk).unwrap_or_else(|| jwk.clone())
}

pub(super) fn key_set<'a>(jwks: impl IntoIterator<Item = &'a Value>) -> KeySet {
    let keys: Vec<Value> = jwks.into_iter().map(verifying).collect();
    let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    set.check_for_use().unwrap();
    set
}

pub(super) fn signing(jwk: &Value) -> SigningKey {
    SigningKey::parse(jwk.to_string().as_bytes()).unwrap()
}

/// A token with exactly this header and these claims.
pub(super) fn token(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

/// HMAC-SHA-256 (RFC 2104) by any secret, which `SigningKey` would refuse.
pub(super) fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    if secret.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        block[..secret.len()].copy_from_slice(secret);
    }
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5C)).chain_update(inner).finalize().to_vec()
}

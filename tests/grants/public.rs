//! What everybody knows of a pair of keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ring::decode;
use super::signatures::unhex;

/// Its public part in every form that a library might have it in.
pub(super) fn public_forms(jwk: &Value) -> Vec<Vec<u8>> {
    let member = |name: &str| jwk[name].as_str().map(str::to_owned).unwrap_or_default();
    let (x, y) = (decode(&member("x")), decode(&member("y")));
    // SubjectPublicKeyInfo (RFC 5480, section 2; RFC 8410, section 4) before the key itself.
    let head = if y.is_empty() {
        unhex("302a300506032b6570032100")
    } else {
        unhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
    };
    let der = [&head, &*x, &y].concat();
    let body = STANDARD.encode(&der);
    let (first, second) = body.split_at(body.len().min(64));
    let lines = if second.is_empty() { first.to_owned() } else { format!("{first}\n{second}") };
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----");
    let compressed = [&[2 + y.last().copied().unwrap_or_default() % 2], &*x].concat();
    let required = if y.is_empty() {
        json!({ "crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"] })
    } else {
        json!({ "crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"], "y": jwk["y"] })
    };
    let texts = [
        format!("{pem}\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', ""),
        pem,
        body,
        jwk.to_string(),
        serde_json::to_string_pretty(jwk).unwrap(),
        required.to_string(),
        member("x"),
        member("y"),
        member("kid"),
    ];
    let bytes = [[&*x, &y].concat(), [&[4], &*x, &y].concat(), compressed, der, x, y];
    texts.into_iter().map(String::into_bytes).chain(bytes).collect()
}

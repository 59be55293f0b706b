//! The examples of the IETF's JOSE cookbook (RFC 7520), of RFC 7797 and RFC 8037 come out as they are labelled.

use std::path::Path;

use lenslet::grant::{Algorithm, KeyError, KeyFault, KeySet, TokenError, verify_payload};
use serde_json::Value;

use super::edits::bit_flips;
use super::ring::{decode, encode};
use crate::support::corpus::{files, folder, name, read};

const COOKBOOK: &str = "ietf-jose-cookbook";

fn examples(folder: &Path) -> Vec<(String, Value)> {
    let paths = files(folder).into_iter().filter(|path| path.extension().is_some_and(|of| of == "json"));
    paths.map(|path| (name(&path), serde_json::from_slice(&read(&path)).unwrap())).collect()
}

/// One signature of an example, written in the compact form, and the key that made it.
struct Signed {
    key: Value,
    alg: String,
    kid: Option<String>,
    compact: String,
}

/// The `at`th of what is a list in examples of several signatures, and the thing itself in the others.
fn nth(value: &Value, at: usize) -> &Value {
    value.as_array().map_or(value, |list| &list[at])
}

/// Every form that an example is given in. Detached content is put back.
fn signatures(example: &Value) -> Vec<Signed> {
    let (input, output) = (&example["input"], &example["output"]);
    let is_encoded = example["signing"]["protected"]["b64"] != false;
    let payload = input["payload"].as_str().unwrap();
    let payload = if is_encoded { encode(payload) } else { payload.to_owned() };
    let mut parts: Vec<(usize, &Value)> = Vec::new();
    parts.extend(output["json"]["signatures"].as_array().unwrap().iter().enumerate());
    parts.extend(output.get("json_flat").map(|flat| (0, flat)));
    let written = parts.into_iter().map(|(at, part)| {
        let text = |member: &str| part[member].as_str().unwrap_or_default();
        let compact = [text("protected"), &payload, text("signature")].join(".");
        (at, part["header"]["kid"].as_str().map(str::to_owned), compact)
    });
    let compact = output["compact"].as_str().map(|compact| {
        let detached = compact.replace("..", &format!(".{payload}."));
        (0, None, detached)
    });
    let signed = |(at, kid, compact)| {
        let alg = nth(&input["alg"], at).as_str().unwrap().to_owned();
        Signed { key: nth(&input["key"], at).clone(), alg, kid, compact }
    };
    written.chain(compact).map(signed).collect()
}

/// The set, or why there is none.
fn keys(jwk: &Value) -> Result<KeySet, KeyFault> {
    KeySet::parse(jwk.to_string().as_bytes()).map_err(|error| match error {
        KeyError::Key { fault, .. } => fault,
        other => panic!("{other}"),
    })
}

#[test]
fn published_signatures_come_out_as_labelled() {
    let Some(root) = folder(COOKBOOK) else { return };
    let mut examples = examples(&root.join("jws"));
    examples
        .extend(self::examples(&root.join("curve25519")).into_iter().filter(|(name, _)| name == "jws.json"));
    assert_eq!(examples.len(), 9);
    let (mut verified, mut refused, mut flipped) = (0, 0, 0);
    for (name, example) in &examples {
        let expected = example["input"]["payload"].as_str().unwrap();
        for Signed { key, alg, kid, compact } in signatures(example) {
            let Some(algorithm) = Algorithm::parse(&alg) else {
                assert!(matches!(alg.as_str(), "RS256" | "PS384" | "ES512"), "{name}: {alg}");
                assert_eq!(keys(&key).unwrap_err(), KeyFault::Algorithm, "{name}");
                refused += 1;
                continue;
            };
            let keys = keys(&key).unwrap();
            assert!(keys.check_for_use().is_err(), "{name}: a published key may be used");
            let (message, signature) = compact.rsplit_once('.').unwrap();
            let signature = decode(signature);
            let signer = keys.signer(algorithm, kid.as_deref(), message.as_bytes(), &signature);
            assert!(signer.is_some(), "{name}: {compact}");
            // Where nothing of the header is protected there is no compact form: the algorithm would be anybody's word.
            let is_compact = !compact.starts_with('.');
            let result = verify_payload(&keys, &compact);
            let payload =
                if is_compact { Ok(expected.as_bytes().to_vec()) } else { Err(TokenError::Malformed) };
            assert_eq!(result, payload, "{name}: {compact}");
            verified += 1;
            for changed in bit_flips(&compact) {
                assert!(verify_payload(&keys, &changed).is_err(), "{name}: {changed}");
                flipped += 1;
            }
        }
    }
    println!("{verified} verified, {refused} refused for their keys, {flipped} of one flipped bit refused");
    assert_eq!((verified, refused), (14, 11));
}

#[test]
fn published_signatures_with_extensions_are_refused() {
    let Some(root) = folder(COOKBOOK) else { return };
    let examples = examples(&root.join("rfc7797"));
    assert_eq!(examples.len(), 2);
    for (name, example) in &examples {
        for Signed { key, compact, .. } in signatures(example) {
            let keys = keys(&key).unwrap();
            assert!(keys.check_for_use().is_err(), "{name}: a published key may be used");
            assert_eq!(verify_payload(&keys, &compact), Err(TokenError::Header), "{name}: {compact}");
        }
    }
}

#[test]
fn published_keys_are_read_for_what_they_are() {
    let Some(root) = folder(COOKBOOK) else { return };
    let expected = [
        ("3_1.ec_public_key.json", Err(KeyFault::Algorithm)),
        ("3_2.ec_private_key.json", Err(KeyFault::Algorithm)),
        ("3_3.rsa_public_key.json", Err(KeyFault::Algorithm)),
        ("3_4.rsa_private_key.json", Err(KeyFault::Algorithm)),
        ("3_5.symmetric_key_mac_computation.json", Ok(())),
        ("3_6.symmetric_key_encryption.json", Err(KeyFault::Use)),
    ];
    let read = examples(&root.join("jwk"));
    let results: Vec<_> = read.iter().map(|(name, key)| (name.as_str(), keys(key).map(drop))).collect();
    assert_eq!(results, expected);
    for (name, key) in &read {
        assert!(keys(key).is_err() || keys(key).unwrap().check_for_use().is_err(), "{name}");
    }
}

//! Ways in that were thought of, one by one.

use lenslet::grant::{Algorithm, KeySet, TokenError, verify_token};
use serde_json::json;

use super::ring::{encode, hmac, jwk, key_set};

#[test]
fn what_unknown_names_are_checked_with_signs_nothing() {
    // The key that `KeySet` checks unknown names with, for the time it takes, is public.
    let decoy = [0; 32];
    for keys in [key_set([&jwk(Algorithm::Hs256, 1, "a")]), key_set([&jwk(Algorithm::EdDsa, 1, "a")])] {
        for header in [json!({ "alg": "HS256", "kid": "unknown" }), json!({ "alg": "HS256" })] {
            let message = [encode(header.to_string()), encode("{}")].join(".");
            let signature = hmac(&decoy, message.as_bytes());
            let kid = header["kid"].as_str();
            assert!(keys.signer(Algorithm::Hs256, kid, message.as_bytes(), &signature).is_none());
            let token = [message, encode(signature)].join(".");
            assert_eq!(verify_token(&keys, &token, 1), Err(TokenError::Refused));
        }
    }
}

#[test]
fn published_pairs_that_unknown_names_are_checked_with_sign_nothing() {
    // RFC 8037, appendix A.4: a valid signature by the pair of the decoy.
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIb\
                 QR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = super::ring::decode(signature);
    let pair = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let own = KeySet::parse(pair.as_bytes()).unwrap();
    assert!(own.signer(Algorithm::EdDsa, None, message.as_bytes(), &signature).is_some());
    for keys in [key_set([&jwk(Algorithm::EdDsa, 1, "a")]), key_set([&jwk(Algorithm::Hs256, 1, "a")])] {
        for kid in [None, Some("unknown")] {
            assert!(keys.signer(Algorithm::EdDsa, kid, message.as_bytes(), &signature).is_none());
        }
    }
}

#[test]
fn points_of_small_order_are_no_keys() {
    for point in super::signatures::SMALL_ORDER {
        let x = encode(super::signatures::unhex(point));
        let set = KeySet::parse(json!({ "kty": "OKP", "crv": "Ed25519", "x": x }).to_string().as_bytes());
        assert!(set.is_err() || set.unwrap().check_for_use().is_err(), "{point}");
    }
}

//! The vectors that every signer of ours shares: URLs and tokens are signed to the same bytes, verified and refused.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod tests {
    use lenslet::grant::{
        KeySet, SignatureError, SigningKey, TokenError, public_jwk, sign_token, sign_url, verify_token,
        verify_url,
    };
    use serde_json::{Value, json};

    fn vectors(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn urls() -> Value {
        vectors(include_str!("vectors/signed-urls.json"))
    }

    fn tokens() -> Value {
        vectors(include_str!("vectors/tokens.json"))
    }

    fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
        let list = vectors[name].as_array().unwrap();
        assert!(list.len() >= 10 || name == "valid", "{name} has only {} vectors", list.len());
        list
    }

    fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
        vector[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {vector}"))
    }

    fn set(keys: &Value) -> KeySet {
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        set.check_for_use().unwrap();
        set
    }

    fn signing(keys: &Value) -> SigningKey {
        SigningKey::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    /// `{"width": ["320", "640"]}` as it stands in a URL.
    fn any(vector: &Value) -> Option<String> {
        let (name, values) = vector.get("any")?.as_object()?.iter().next()?;
        let values: Vec<&str> = values.as_array()?.iter().filter_map(Value::as_str).collect();
        Some([&[name.as_str()], &values[..]].concat().join("."))
    }

    fn sign(keys: &Value, vector: &Value) -> Result<String, SignatureError> {
        let expires = vector.get("expires").and_then(Value::as_u64);
        sign_url(&signing(keys), text(vector, "url"), expires, any(vector).as_deref())
    }

    #[test]
    fn urls_are_signed_to_the_byte() {
        let vectors = urls();
        let set = set(&vectors["keys"]);
        for vector in list(&vectors, "signed") {
            let signed = sign(&vectors["keys"], vector).unwrap();
            assert_eq!(signed, text(vector, "signed"), "{}", vector["name"]);
            let (path, query) = signed.split_once('?').unwrap();
            let is_template = vector.get("any").is_some();
            assert_eq!(verify_url(&set, path, query, 0).is_ok(), !is_template, "{}", vector["name"]);
        }
        for vector in list(&vectors, "not_signed") {
            assert!(sign(&vectors["keys"], vector).is_err(), "{}", vector["name"]);
        }
    }

    #[test]
    fn signed_urls_are_valid_or_refused_as_it_is_written() {
        let vectors = urls();
        let set = set(&vectors["keys"]);
        let verified = |vector: &Value| {
            let (path, query) = text(vector, "url").split_once('?').unwrap();
            let signed = verify_url(&set, path, query, vector["now"].as_u64().unwrap())?;
            Ok(json!([signed.kid, signed.expires, signed.source_query]))
        };
        for vector in list(&vectors, "valid") {
            let expected = json!([vector["kid"], vector["expires"], vector["source_query"]]);
            assert_eq!(verified(vector), Ok(expected), "{}", vector["name"]);
        }
        for vector in list(&vectors, "refused") {
            let reason = match text(vector, "reason") {
                "expired" => SignatureError::Expired,
                "malformed" => SignatureError::Malformed,
                _ => SignatureError::Refused,
            };
            assert_eq!(verified(vector), Err(reason), "{}", vector["name"]);
        }
    }

    /// The keys to verify with, of an algorithm.
    fn public(vectors: &Value, vector: &Value) -> KeySet {
        let keys = vectors["keys"][text(vector, "algorithm")].as_array().unwrap();
        set(&keys.iter().map(|key| public_jwk(key).unwrap_or_else(|| key.clone())).collect())
    }

    #[test]
    fn tokens_are_signed_to_the_byte_or_verified() {
        let vectors = tokens();
        for vector in list(&vectors, "signed") {
            let (token, algorithm) = (text(vector, "token"), text(vector, "algorithm"));
            let own = sign_token(&signing(&vectors["keys"][algorithm]), &vector["claims"]);
            assert!(algorithm == "ES256" || own == token, "{}: {own}", vector["name"]);
            for token in [token, &own] {
                let claims = verify_token(&public(&vectors, vector), token, 1_800_000_000).unwrap();
                assert_eq!(json!(claims.expires), vector["claims"]["exp"], "{}", vector["name"]);
                assert_eq!(json!(claims.subject), vector["claims"]["sub"], "{}", vector["name"]);
            }
        }
    }

    #[test]
    fn tokens_are_refused_for_the_reason_that_is_written() {
        let vectors = tokens();
        for vector in list(&vectors, "refused") {
            let reason = match text(vector, "reason") {
                "expired" => TokenError::Expired,
                "early" => TokenError::Early,
                "malformed" => TokenError::Malformed,
                "header" => TokenError::Header,
                "claims" => TokenError::Claims,
                _ => TokenError::Refused,
            };
            let now = vector["now"].as_u64().unwrap();
            let verified = verify_token(&public(&vectors, vector), text(vector, "token"), now);
            assert_eq!(verified, Err(reason), "{}", vector["name"]);
        }
    }
}

//! Changed tokens.

use lenslet::grant::{Algorithm, KeySet, SigningKey, sign_token, verify_token};
use serde_json::{Value, json};

use super::NOW;
use super::edits::{bit_flips, insertions, other_base64, percent_encodings, random_edit, truncations};
use super::public::public_forms;
use super::ring::{decode, encode, hmac, jwk, key_set, signing, token, verifying};
use super::shapes::{ALGORITHMS, CHANGED_CLAIMS, NAMES, broken_claims, broken_headers, claims};
use super::signatures::derived;
use super::tally::Tally;
use crate::support::bytes::Dice;

struct Forger {
    jwks: Vec<Value>,
    signers: Vec<SigningKey>,
    keys: KeySet,
    /// Tokens that are valid, and the place of the key of each.
    valid: Vec<(usize, String)>,
    dice: Dice,
}

pub(super) fn forge(tally: &mut Tally) {
    let mut forger = Forger::new();
    for (_, token) in &forger.valid {
        tally.valid(token, |token| forger.accepts(token));
    }
    forger.change_blindly(tally);
    forger.exchange_segments(tally);
    forger.spell_otherwise(tally);
    forger.change_algorithms(tally);
    forger.sign_with_public_keys(tally);
    forger.write_headers(tally);
    forger.write_claims(tally);
    forger.derive_signatures(tally);
    forger.sign_with_other_keys(tally);
    forger.come_at_other_times(tally);
}

impl Forger {
    fn new() -> Self {
        // Names may be shared by keys of different algorithms, and one begins as another does.
        let names = [("a", "b"), ("a", "e"), ("b", "ab")];
        let mut jwks = Vec::new();
        for (algorithm, (first, second)) in Algorithm::ALL.into_iter().zip(names) {
            jwks.extend([jwk(algorithm, 1, first), jwk(algorithm, 2, second)]);
        }
        let signers: Vec<SigningKey> = jwks.iter().map(signing).collect();
        let mut valid = Vec::new();
        for (index, key) in signers.iter().enumerate() {
            for claims in claims() {
                valid.push((index, sign_token(key, &claims)));
                let plain = json!({ "alg": key.algorithm().name() }).to_string();
                valid.push((index, token(key, &plain, &claims.to_string())));
                let more =
                    json!({ "x5t": "k", "cty": "JWT", "alg": key.algorithm().name(), "kid": key.kid() });
                valid.push((index, token(key, &more.to_string(), format!(" {claims} ").trim_start())));
            }
        }
        Self { keys: key_set(&jwks), jwks, signers, valid, dice: Dice::new(0x70CE) }
    }

    fn accepts(&self, token: &str) -> bool {
        verify_token(&self.keys, token, NOW).is_ok()
    }

    /// A few valid tokens of every key.
    fn some(&self, of_each_key: usize) -> Vec<(usize, String)> {
        let of = |key| self.valid.iter().filter(move |(index, _)| *index == key);
        (0..self.signers.len()).flat_map(|key| of(key).step_by(7).take(of_each_key).cloned()).collect()
    }

    /// A token of this key with this header and good claims.
    fn with_header(&self, key: usize, header: &str) -> String {
        token(&self.signers[key], header, r#"{"exp":1700000100}"#)
    }

    fn change_blindly(&mut self, tally: &mut Tally) {
        for (_, token) in self.some(4) {
            for changed in bit_flips(&token) {
                tally.changed("tokens: one bit flipped", changed, |token| self.accepts(token));
            }
        }
        for (_, token) in self.some(6) {
            for changed in truncations(&token) {
                tally.changed("tokens: cut off", changed, |token| self.accepts(token));
            }
        }
        for (_, token) in &self.valid {
            for _ in 0..150 {
                let changed = random_edit(token, &mut self.dice);
                tally.changed("tokens: bytes changed, put in, taken out", changed, |token| {
                    self.accepts(token)
                });
            }
        }
    }

    fn exchange_segments(&self, tally: &mut Tally) {
        let tokens: Vec<Vec<String>> =
            self.some(4).iter().map(|(_, token)| token.split('.').map(str::to_owned).collect()).collect();
        for one in &tokens {
            for other in &tokens {
                for at in 0..3 {
                    let mut parts = one.clone();
                    parts[at].clone_from(&other[at]);
                    let changed = parts.join(".");
                    tally.changed("tokens: segments of others", changed, |token| self.accepts(token));
                }
            }
            let [header, claims, signature] = [0, 1, 2].map(|at| one[at].as_str());
            for parts in [
                vec![header],
                vec![header, claims],
                vec![header, claims, ""],
                vec![header, "", signature],
                vec!["", claims, signature],
                vec!["", "", ""],
                vec!["", header, claims, signature],
                vec![header, claims, signature, ""],
                vec![header, claims, signature, signature],
                vec![header, header, claims, signature],
                vec![header, claims, claims, signature],
                vec![claims, header, signature],
                vec![signature, claims, header],
                vec![header, signature, claims],
                vec![header, "", "", "", signature],
                vec![header, claims, "", signature],
            ] {
                tally.changed("tokens: segments moved", parts.join("."), |token| self.accepts(token));
            }
        }
    }

    fn spell_otherwise(&self, tally: &mut Tally) {
        for (_, token) in self.some(3) {
            let parts: Vec<&str> = token.split('.').collect();
            let mut spellings = Vec::new();
            for at in 0..3 {
                for spelling in other_base64(parts[at]) {
                    let mut parts = parts.clone();
                    parts[at] = &spelling;
                    spellings.push(parts.join("."));
                }
            }
            for space in ["\n", " ", "="] {
                spellings.extend(insertions(&token, space));
            }
            spellings.extend(percent_encodings(&token));
            let json = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
            let list = json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] });
            spellings.extend([
                json.to_string(),
                list.to_string(),
                format!("\"{token}\""),
                format!("Bearer {token}"),
            ]);
            spellings.extend([token.to_uppercase(), token.to_lowercase(), token.replace('.', "%2E")]);
            // The same JSON, written in another way.
            for at in 0..2 {
                let json: Value = serde_json::from_slice(&decode(parts[at])).unwrap();
                let pretty = encode(serde_json::to_string_pretty(&json).unwrap());
                let mut parts = parts.clone();
                parts[at] = &pretty;
                spellings.push(parts.join("."));
            }
            for changed in spellings {
                tally.changed("tokens: other spellings", changed, |token| self.accepts(token));
            }
        }
    }

    fn change_algorithms(&self, tally: &mut Tally) {
        let nones = (0..16).map(|bits| {
            let letter =
                |(at, c): (usize, char)| if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c };
            "none".chars().enumerate().map(letter).collect::<String>()
        });
        let names: Vec<String> = nones.chain(ALGORITHMS.map(str::to_owned)).collect();
        for (key, signer) in self.signers.iter().enumerate() {
            for name in &names {
                for kid in [Some(signer.kid()), Some("a"), Some("b"), Some("ab"), None] {
                    let mut header = json!({ "alg": name, "typ": "JWT" });
                    if let Some(kid) = kid {
                        header["kid"] = json!(kid);
                    }
                    let signed = self.with_header(key, &header.to_string());
                    let (message, _) = signed.rsplit_once('.').unwrap();
                    let other_signature = self.valid[key].1.rsplit_once('.').unwrap().1;
                    let is_its_own = *name == signer.algorithm().name();
                    let mut changed = vec![format!("{message}."), message.to_owned()];
                    changed.push(format!("{message}.{other_signature}"));
                    changed.extend((!is_its_own).then_some(signed));
                    for token in changed {
                        tally.changed("tokens: other algorithms", token, |token| self.accepts(token));
                    }
                }
            }
        }
    }

    /// The well-known confusion: an HMAC whose secret is what everybody knows of a pair.
    fn sign_with_public_keys(&self, tally: &mut Tally) {
        let all = json!({ "keys": self.jwks.iter().map(verifying).collect::<Vec<_>>() });
        for (pair, signer) in self.signers.iter().enumerate() {
            if signer.algorithm() == Algorithm::Hs256 {
                continue;
            }
            let mut secrets = public_forms(&verifying(&self.jwks[pair]));
            secrets.extend([all.to_string().into_bytes(), serde_json::to_vec_pretty(&all).unwrap()]);
            secrets.extend([Vec::new(), vec![0; 32], b"secret".to_vec(), signer.kid().as_bytes().to_vec()]);
            for secret in secrets {
                for alg in ["HS256", "EdDSA", "ES256", "HS384", "none"] {
                    for kid in ["a", "b", "e", "ab", "unknown"] {
                        for claims in ["{}", r#"{"exp":1700000100,"lenslet":{"tenant":"other"}}"#] {
                            let header = json!({ "alg": alg, "kid": kid }).to_string();
                            let message = [encode(header), encode(claims)].join(".");
                            let signature = encode(hmac(&secret, message.as_bytes()));
                            let changed = [message, signature].join(".");
                            tally.changed("tokens: a public key as the secret", changed, |token| {
                                self.accepts(token)
                            });
                        }
                    }
                }
            }
        }
    }

    /// Headers that a key did sign, and that must not be obeyed or understood all the same.
    fn write_headers(&self, tally: &mut Tally) {
        let attacker = jwk(Algorithm::EdDsa, 99, "a");
        let values = [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(""),
            json!([]),
            json!({}),
            json!(["exp"]),
            json!(["b64"]),
            json!("https://evil.example/keys.json"),
            json!("file:///dev/null"),
            json!({ "a": { "b": [{ "c": null }] } }),
            verifying(&attacker),
            json!({ "keys": [verifying(&attacker)] }),
            json!(["MIIBszCCAVmgAwIBAgIUAAAA"]),
            json!("DEF"),
        ];
        for (key, signer) in self.signers.iter().enumerate() {
            let (alg, kid) = (signer.algorithm().name(), signer.kid());
            for member in ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"] {
                for value in &values {
                    let mut header = json!({ "alg": alg, "kid": kid });
                    header[member] = value.clone();
                    let changed = self.with_header(key, &header.to_string());
                    tally.changed("tokens: headers that ask for more", changed, |token| self.accepts(token));
                    // And with the key that it brings.
                    let changed = token(&signing(&attacker), &header.to_string(), r#"{"exp":1700000100}"#);
                    tally.changed("tokens: headers that bring keys", changed, |token| self.accepts(token));
                }
            }
            for name in NAMES {
                let header = json!({ "alg": alg, "kid": name }).to_string();
                let changed = self.with_header(key, &header);
                tally.changed("tokens: odd names of keys", changed, |token| self.accepts(token));
                let prefixed = json!({ "alg": alg, "kid": format!("{kid}{name}") }).to_string();
                let changed = self.with_header(key, &prefixed);
                let is_another = !name.is_empty() && !self.keys.has(&format!("{kid}{name}"));
                if is_another {
                    tally.changed("tokens: odd names of keys", changed, |token| self.accepts(token));
                }
            }
            for value in values.iter().filter(|value| !value.is_string()) {
                for header in [json!({ "alg": alg, "kid": value }), json!({ "alg": value, "kid": kid })] {
                    let changed = self.with_header(key, &header.to_string());
                    tally.changed("tokens: headers of other types", changed, |token| self.accepts(token));
                }
            }
            for header in broken_headers(alg, kid) {
                let changed = self.with_header(key, &header);
                tally.changed("tokens: headers that are none", changed, |token| self.accepts(token));
            }
        }
    }

    fn write_claims(&self, tally: &mut Tally) {
        for signer in &self.signers {
            let header = json!({ "alg": signer.algorithm().name(), "kid": signer.kid() }).to_string();
            for claims in broken_claims() {
                let changed = token(signer, &header, &claims);
                tally.changed("tokens: claims that are none", changed, |token| self.accepts(token));
            }
        }
        for (_, token) in self.some(6) {
            let parts: Vec<&str> = token.split('.').collect();
            let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
            for (path, value) in CHANGED_CLAIMS {
                let mut claims = claims.clone();
                let value: Value = serde_json::from_str(value).unwrap();
                match path.split_once('.') {
                    Some((outer, inner)) => claims[outer][inner] = value,
                    None => claims[path] = value,
                }
                let changed = [parts[0], &encode(claims.to_string()), parts[2]].join(".");
                tally.changed("tokens: other claims, same signature", changed, |token| self.accepts(token));
            }
            for member in claims.as_object().unwrap().keys() {
                let mut claims = claims.clone();
                claims.as_object_mut().unwrap().remove(member);
                let changed = [parts[0], &encode(claims.to_string()), parts[2]].join(".");
                tally.changed("tokens: other claims, same signature", changed, |token| self.accepts(token));
            }
        }
    }

    fn derive_signatures(&mut self, tally: &mut Tally) {
        for (key, token) in self.some(3) {
            let (message, signature) = token.rsplit_once('.').unwrap();
            let algorithm = self.signers[key].algorithm();
            for signature in derived(algorithm, &decode(signature), &mut self.dice) {
                let changed = [message, &encode(signature)].join(".");
                tally.changed("tokens: signatures that follow from others", changed, |token| {
                    self.accepts(token)
                });
            }
        }
    }

    fn sign_with_other_keys(&self, tally: &mut Tally) {
        for algorithm in Algorithm::ALL {
            for seed in [100, 101] {
                let attacker = signing(&jwk(algorithm, seed, "a"));
                for signer in self.signers.iter().chain([&attacker]) {
                    for kid in ["a", "b", "e", "ab", "c"] {
                        for claims in claims() {
                            let of_attacker = json!({ "alg": algorithm.name(), "kid": kid });
                            let changed = token(&attacker, &of_attacker.to_string(), &claims.to_string());
                            tally.changed("tokens: keys of others", changed, |token| self.accepts(token));
                            let is_own = signer.kid() == kid || std::ptr::eq(signer, &raw const attacker);
                            if !is_own {
                                let other_name = json!({ "alg": signer.algorithm().name(), "kid": kid });
                                let changed = token(signer, &other_name.to_string(), &claims.to_string());
                                tally.changed("tokens: names of other keys", changed, |token| {
                                    self.accepts(token)
                                });
                            }
                        }
                    }
                }
            }
        }
    }

    fn come_at_other_times(&self, tally: &mut Tally) {
        for signer in &self.signers {
            for (exp, nbf) in [(100, 50), (1_700_000_000, 1), (u64::MAX, u64::MAX - 1), (1, 0)] {
                let token = sign_token(signer, &json!({ "exp": exp, "nbf": nbf }));
                let at = |seconds: u64| format!("{token} at {seconds}");
                let accepts = |text: &str| {
                    let (token, now) = text.split_once(" at ").unwrap();
                    verify_token(&self.keys, token, now.parse().unwrap()).is_ok()
                };
                tally.valid(&at(exp - 1), accepts);
                tally.valid(&at(nbf), accepts);
                for late in [0, 1, 2, 59, 60, 61, 299, 300, 301, 3_600, u64::MAX] {
                    tally.changed("tokens: expired", at(exp.saturating_add(late)), accepts);
                }
                for early in [1, 2, 60, 300, u64::MAX] {
                    if nbf > 0 {
                        tally.changed("tokens: not valid yet", at(nbf.saturating_sub(early)), accepts);
                    }
                }
            }
        }
    }
}

//! Sets of keys: what is in them by name, and which of them made a signature.

use serde_json::Value;

use super::key::{Algorithm, Key, KeyError, KeyFault, MOST_KEYS, fault, is_plain_name};

/// Keys to verify with.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    decoys: Vec<Key>,
}

impl KeySet {
    /// Reads a JWK Set, or a single JWK, in which every key can be used.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let (keys, mut faults) = Self::read(json)?;
        match faults.pop() {
            Some(error) => Err(error),
            None => Self::of(keys),
        }
    }

    /// Reads the set that somebody else publishes, who may have keys in it for other purposes: those are left out.
    pub fn parse_foreign(json: &[u8]) -> Result<Self, KeyError> {
        // A secret that is published is none.
        let is_public = |key: &Key| key.algorithm() != Algorithm::Hs256 && key.fault_in_use().is_none();
        Self::of(Self::read(json)?.0.into_iter().filter(is_public).collect())
    }

    fn of(keys: Vec<Key>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self { keys, decoys: decoys() })
    }

    fn read(json: &[u8]) -> Result<(Vec<Key>, Vec<KeyError>), KeyError> {
        let json: Value = serde_json::from_slice(json).map_err(|_| KeyError::NotAKeySet)?;
        let list = match json.get("keys") {
            Some(Value::Array(list)) => list.clone(),
            None if json.get("kty").is_some() => vec![json],
            _ => return Err(KeyError::NotAKeySet),
        };
        if list.len() > MOST_KEYS {
            return Err(KeyError::TooMany { count: list.len() });
        }
        let (mut keys, mut faults): (Vec<Key>, _) = (Vec::new(), Vec::new());
        for (index, json) in list.iter().enumerate() {
            let key = json.as_object().ok_or(KeyFault::Malformed).and_then(Key::read);
            let is_known = |key: &Key| {
                keys.iter().any(|other| other.kid() == key.kid() && other.algorithm() == key.algorithm())
            };
            match key {
                Ok(key) if is_known(&key) => faults.push(fault(index, key.kid(), KeyFault::Repeated)),
                Ok(key) => keys.push(key),
                Err(reason) => faults.push(fault(index, json.get("kid").and_then(Value::as_str), reason)),
            }
        }
        Ok((keys, faults))
    }

    /// Refuses keys that nobody should rely on: published and guessable ones, and private ones of a pair.
    pub fn check_for_use(&self) -> Result<(), KeyError> {
        let mut faults = self
            .keys
            .iter()
            .enumerate()
            .filter_map(|(index, key)| Some(fault(index, key.kid(), key.fault_in_use()?)));
        faults.next().map_or(Ok(()), Err)
    }

    /// Refuses a set in which a key has no name that may stand in a URL, or another algorithm.
    pub fn check_all(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        let wrong = self.keys.iter().enumerate().find_map(|(index, key)| match key.kid() {
            _ if key.algorithm() != algorithm => Some(fault(index, key.kid(), KeyFault::Algorithm)),
            Some(kid) if is_plain_name(kid) => None,
            kid => Some(fault(index, kid, KeyFault::Nameless)),
        });
        wrong.map_or(Ok(()), Err)
    }

    /// The names of its keys.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(Key::kid)
    }

    /// Whether a key has this name.
    pub fn has(&self, kid: &str) -> bool {
        self.kids().any(|known| known == kid)
    }

    /// The key that made a signature; nothing where none did. Takes as long where no key has that name as where one has
    /// it and the signature is wrong.
    pub fn signer(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Option<&Key> {
        /// Keys without names are tried one after the other, but not all day.
        const MOST_TRIED: usize = 4;
        let may_be = |key: &&Key| {
            let is_named = kid.is_none() || key.kid().is_none() || key.kid() == kid;
            key.algorithm() == algorithm && is_named
        };
        let mut candidates = self.keys.iter().filter(may_be).take(MOST_TRIED).peekable();
        if candidates.peek().is_none() {
            let decoy = self.decoys.iter().find(|key| key.algorithm() == algorithm)?;
            // Its answer is thrown away: the time it takes is what it is for.
            std::hint::black_box(decoy.verifies(message, signature));
            return None;
        }
        candidates.find(|key| key.verifies(message, signature))
    }
}

/// A key of each algorithm, which signs nothing: what an unknown name is checked with.
fn decoys() -> Vec<Key> {
    const SETS: [&str; 3] = [
        r#"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    ];
    let read = |json: &str| Key::read(serde_json::from_str::<Value>(json).ok()?.as_object()?).ok();
    SETS.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#""kty":"oct","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA""#;

    #[test]
    fn sets_are_sets() {
        let parse = |json: &str| KeySet::parse(json.as_bytes()).map(|_| ());
        assert_eq!(parse("{}"), Err(KeyError::NotAKeySet));
        assert_eq!(parse("not json"), Err(KeyError::NotAKeySet));
        assert_eq!(parse(r#"{"keys":[]}"#), Err(KeyError::Empty));
        let named = format!(r#"{{{GOOD},"kid":"a"}}"#);
        assert_eq!(parse(&named), Ok(()));
        let twice = parse(&format!(r#"{{"keys":[{named},{named}]}}"#)).unwrap_err().to_string();
        assert_eq!(twice, "key 'a': another key of the set has its 'kid'");
        let pair =
            r#"{"kty":"OKP","crv":"Ed25519","x":"0KjXgkuVqsNFMwzqwBzoanYjZTuIa2Xqe7nTMV0F5xI","kid":"p"}"#;
        let foreign =
            format!(r#"{{"keys":[{{"kty":"RSA","kid":"r"}},{named},{pair},{{"kty":"oct","k":"AAAA"}}]}}"#);
        assert!(parse(&foreign).is_err());
        assert_eq!(KeySet::parse_foreign(foreign.as_bytes()).unwrap().kids().collect::<Vec<_>>(), ["p"]);
    }
}

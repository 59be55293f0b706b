//! Who we are to a store. Nothing here is ever printed but the name of the key.

use serde::Deserialize;

/// What a store gave us to sign with.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Credentials that cannot be used. Never says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Not JSON, or not of this shape. What a JSON parser says of it might quote the secret.
    #[error(
        "it is no JSON object of access_key_id, secret_access_key and, where there is one, session_token"
    )]
    Malformed,
    /// A member that no store gives out.
    #[error("{member} {reason}")]
    Member {
        /// Which.
        member: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Credentials {
    /// Reads `{"access_key_id": …, "secret_access_key": …, "session_token": …}`, of which the last may be missing.
    pub fn parse(json: &str) -> Result<Self, CredentialsError> {
        let credentials: Self = serde_json::from_str(json).map_err(|_| CredentialsError::Malformed)?;
        check_printable("access_key_id", &credentials.access_key_id)?;
        check_name(&credentials.access_key_id)?;
        check_secret(&credentials.secret_access_key)?;
        credentials.session_token().map_or(Ok(()), |token| check_printable("session_token", token))?;
        Ok(credentials)
    }

    /// The name of the key, which is no secret.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The key itself.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// What temporary credentials have to show besides.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// What goes into a header as it is: visible ASCII.
fn check_printable(member: &'static str, text: &str) -> Result<(), CredentialsError> {
    match text {
        "" => refuse(member, "is empty"),
        text if !text.bytes().all(|b| b.is_ascii_graphic()) => {
            refuse(member, "holds more than visible ASCII characters")
        }
        _ => Ok(()),
    }
}

/// In its header, a slash or a comma would end it.
fn check_name(text: &str) -> Result<(), CredentialsError> {
    if text.contains(['/', ',']) { refuse("access_key_id", "holds a slash or a comma") } else { Ok(()) }
}

/// A secret may be any text, but not one with the line feed of the file that it was pasted from.
fn check_secret(text: &str) -> Result<(), CredentialsError> {
    match text {
        "" => refuse("secret_access_key", "is empty"),
        text if text.trim() != text => refuse("secret_access_key", "begins or ends with white space"),
        text if text.chars().any(char::is_control) => refuse("secret_access_key", "holds control characters"),
        _ => Ok(()),
    }
}

fn refuse(member: &'static str, reason: &'static str) -> Result<(), CredentialsError> {
    Err(CredentialsError::Member { member, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_with_and_without_a_token() {
        let fixed = Credentials::parse(r#"{"access_key_id":"AKIA","secret_access_key":"s/e+c"}"#).unwrap();
        assert_eq!(
            (fixed.access_key_id(), fixed.secret_access_key(), fixed.session_token()),
            ("AKIA", "s/e+c", None)
        );
        let json = r#"{"access_key_id":"ASIA","secret_access_key":"s","session_token":"t/=="}"#;
        assert_eq!(Credentials::parse(json).unwrap().session_token(), Some("t/=="));
    }

    #[test]
    fn refuses_what_no_store_gives_out() {
        for json in [
            "",
            "secret",
            r#""hunter2""#,
            "[]",
            "{}",
            r#"{"access_key_id":"a"}"#,
            r#"{"secret_access_key":"hunter2"}"#,
            r#"{"access_key_id":"a","secret_access_key":1234567}"#,
            r#"{"access_key_id":"a","secret_access_key":"hunter2","region":"r"}"#,
            r#"{"access_key_id":"a","secret_access_key":"hunter2","secret_access_key":"b"}"#,
            r#"{"access_key_id":"","secret_access_key":"hunter2"}"#,
            r#"{"access_key_id":"a b","secret_access_key":"hunter2"}"#,
            r#"{"access_key_id":"a/b","secret_access_key":"hunter2"}"#,
            r#"{"access_key_id":"ä","secret_access_key":"hunter2"}"#,
            r#"{"access_key_id":"a","secret_access_key":""}"#,
            r#"{"access_key_id":"a","secret_access_key":"hunter2\n"}"#,
            r#"{"access_key_id":"a","secret_access_key":"hun\u0000ter2"}"#,
            r#"{"access_key_id":"a","secret_access_key":"hunter2","session_token":""}"#,
            r#"{"access_key_id":"a","secret_access_key":"hunter2","session_token":"t\r\nx: y"}"#,
        ] {
            let error = Credentials::parse(json).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(!said.contains("hunter2") && !said.contains("1234567"), "{json}: {said}");
        }
    }

    #[test]
    fn is_not_printed() {
        let json = r#"{"access_key_id":"name","secret_access_key":"hunter2","session_token":"token9"}"#;
        let shown = format!("{:#?}", Credentials::parse(json).unwrap());
        assert!(shown.contains("name"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("token9"), "{shown}");
    }
}

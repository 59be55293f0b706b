//! AWS's test suite for signers, by headers and by query: every stage to the byte.

use std::path::{Path, PathBuf};

use lenslet::sources::Credentials;
use lenslet::sources::sigv4::{
    ALGORITHM, EMPTY_SHA256, Request, Scope, Signed, encode_path, normalise_path, sign,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::corpus::{files, folder, name, read};

/// As the suite has them: one folder for each request.
const CASES: usize = 38;

/// 2015-08-30T12:36:00Z, at which all of them are signed.
const NOW: u64 = 1_440_938_160;

#[test]
fn the_suite_signs_by_headers() {
    all_cases(|case| {
        let signed = case.signed_by_headers();
        case.assert_stages("header", &signed);
        let authorization = signed.authorization(&case.credentials, &case.scope());
        let line = format!("\nAuthorization:{authorization}\n");
        assert!(case.text("header-signed-request.txt").contains(&line), "{}: {line}", case.name);
    });
}

#[test]
fn the_suite_signs_by_query() {
    all_cases(|case| {
        let (signed, target) = case.signed_by_query();
        case.assert_stages("query", &signed);
        let line = format!("{} {target} HTTP/1.1\n", case.method);
        assert!(case.text("query-signed-request.txt").starts_with(&line), "{}: {line}", case.name);
    });
}

fn all_cases(check: impl Fn(&Case)) {
    let Some(folder) = folder("aws-sigv4/tests/aws-signing-test-suite/v4") else { return };
    let requests = files(&folder).into_iter().filter(|path| name(path) == "request.txt");
    let cases = requests.map(|path| check(&Case::read(path.parent().unwrap()))).count();
    assert_eq!(cases, CASES);
}

/// One request of the suite.
struct Case {
    name: String,
    folder: PathBuf,
    context: Value,
    credentials: Credentials,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let text = |file: &str| String::from_utf8(read(&folder.join(file))).unwrap();
        let context: Value = serde_json::from_str(&text("context.json")).unwrap();
        assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
        let request = text("request.txt");
        let (head, body) = request.split_once("\n\n").unwrap_or((&request, ""));
        let (line, headers) = head.split_once('\n').unwrap();
        let (method, target) = line.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
        Self {
            name: name(folder),
            folder: folder.to_owned(),
            credentials: credentials(&context["credentials"]),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: read_headers(headers),
            body: body.to_owned(),
            context,
        }
    }

    fn text(&self, file: &str) -> String {
        String::from_utf8(read(&self.folder.join(file))).unwrap()
    }

    fn says(&self, member: &str) -> bool {
        self.context.get(member).is_some_and(|value| value == true)
    }

    fn scope(&self) -> Scope<'_> {
        let text = |member: &str| self.context[member].as_str().unwrap();
        Scope { region: text("region"), service: text("service"), now_seconds: NOW }
    }

    fn token(&self) -> Option<&str> {
        self.context["credentials"].get("token").and_then(Value::as_str)
    }

    /// The path by the rules of the case, and the query, decoded.
    fn path_and_query(&self) -> (String, Vec<(String, String)>) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let path = if self.says("normalize") { normalise_path(path) } else { path.to_owned() };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        (encode_path(&path), pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    fn body_sha256(&self) -> String {
        if self.says("sign_body") {
            format!("{:x}", Sha256::digest(&self.body))
        } else {
            EMPTY_SHA256.to_owned()
        }
    }

    fn sign(&self, query: &[(String, String)], headers: &[(String, String)]) -> Signed {
        let (path, _) = self.path_and_query();
        let (query, headers) = (borrowed(query), borrowed(headers));
        let (method, body_sha256) = (self.method.as_str(), self.body_sha256());
        let request =
            Request { method, path: &path, query: &query, headers: &headers, body_sha256: &body_sha256 };
        sign(&request, &self.credentials, &self.scope())
    }

    fn signed_by_headers(&self) -> Signed {
        let mut headers = self.headers.clone();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("X-Amz-Date", &self.scope().timestamp());
        if self.says("sign_body") {
            add("x-amz-content-sha256", &self.body_sha256());
        }
        if let Some(token) = self.token().filter(|_| !self.says("omit_session_token")) {
            add("X-Amz-Security-Token", token);
        }
        self.sign(&self.path_and_query().1, &headers)
    }

    /// Also the target with the signature in it.
    fn signed_by_query(&self) -> (Signed, String) {
        let signed_headers = self.sign(&[], &self.headers).signed_headers;
        let scope = self.scope();
        let credential = format!("{}/{}", self.credentials.access_key_id(), scope.name());
        let mut added = vec![
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", credential),
            ("X-Amz-Date", scope.timestamp()),
            ("X-Amz-SignedHeaders", signed_headers),
            ("X-Amz-Expires", self.context["expiration_in_seconds"].to_string()),
        ];
        let token = self.token().map(|token| ("X-Amz-Security-Token", token.to_owned()));
        added.extend(token.clone().filter(|_| !self.says("omit_session_token")));
        let mut query = self.path_and_query().1;
        query.extend(added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let signed = self.sign(&query, &self.headers);
        // A token that is not signed is sent all the same.
        added.extend(token.filter(|_| self.says("omit_session_token")));
        added.push(("X-Amz-Signature", signed.signature.clone()));
        let added: Vec<_> = added.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mark = if self.target.contains('?') { '&' } else { '?' };
        (signed, format!("{}{mark}{}", self.target, added.join("&")))
    }

    fn assert_stages(&self, kind: &str, signed: &Signed) {
        let expected = |stage: &str| self.text(&format!("{kind}-{stage}.txt"));
        assert_eq!(signed.canonical_request, expected("canonical-request"), "{}", self.name);
        assert_eq!(signed.string_to_sign, expected("string-to-sign"), "{}", self.name);
        assert_eq!(signed.signature, expected("signature"), "{}", self.name);
    }
}

/// The suite's credentials have another name for the token, which is not signed by itself.
fn credentials(context: &Value) -> Credentials {
    let member = |name: &str| context[name].as_str().unwrap();
    let ours = json!({
        "access_key_id": member("access_key_id"),
        "secret_access_key": member("secret_access_key"),
    });
    Credentials::parse(&ours.to_string()).unwrap()
}

/// Lines that begin with white space go on with the value before.
fn read_headers(text: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match headers.last_mut() {
            Some((_, value)) if line.starts_with([' ', '\t']) => *value = format!("{value}\n{line}"),
            _ => {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    headers
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn encode(text: &str) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, UNRESERVED).to_string()
}

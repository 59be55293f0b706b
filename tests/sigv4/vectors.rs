//! Requests for objects, byte for byte as another signer makes them.

use http::Method;
use lenslet::sources::sigv4::EMPTY_SHA256;
use lenslet::sources::{Credentials, S3, Style};
use serde_json::Value;

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {vector}"))
}

fn bucket(vector: &Value) -> S3 {
    let style: Style = serde_json::from_value(vector["style"].clone()).unwrap();
    let [endpoint, bucket, region, prefix] =
        ["endpoint", "bucket", "region", "prefix"].map(|member| text(vector, member));
    S3::new(endpoint, bucket, region, style, prefix).unwrap()
}

#[test]
fn requests_are_those_of_another_signer() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/s3-requests.json")).unwrap();
    let now_seconds = vectors["now_seconds"].as_u64().unwrap();
    let mut count = 0;
    for vector in vectors["buckets"].as_array().unwrap() {
        let bucket = bucket(vector);
        for vector in vector["requests"].as_array().unwrap() {
            let members = &vectors["credentials"][text(vector, "credentials")];
            let credentials = Credentials::parse(&members.to_string()).unwrap();
            let method = Method::from_bytes(text(vector, "method").as_bytes()).unwrap();
            let key = text(vector, "key");
            let request = bucket.request(&method, key, &credentials, now_seconds).unwrap();
            assert_eq!(request.url, text(vector, "url"));
            let mut headers =
                vec![("x-amz-content-sha256", EMPTY_SHA256), ("x-amz-date", "20231114T221320Z")];
            if members.get("session_token").is_some() {
                headers.push(("x-amz-security-token", text(members, "session_token")));
            }
            headers.push(("authorization", text(vector, "authorization")));
            let ours: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(ours, headers, "{key}");
            count += 1;
        }
    }
    assert_eq!(count, 42);
}

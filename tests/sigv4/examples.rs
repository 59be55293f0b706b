//! The examples of AWS's documentation of S3, with its example credentials:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html> and, of the last one,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.

use lenslet::sources::Credentials;
use lenslet::sources::sigv4::{EMPTY_SHA256, Request, Scope, encode_path, sign};

const HOST: (&str, &str) = ("Host", "examplebucket.s3.amazonaws.com");
const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");
const EMPTY: (&str, &str) = ("x-amz-content-sha256", EMPTY_SHA256);

/// The body of the second example is `Welcome to Amazon S3.`
const WELCOME_SHA256: &str = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";

fn assert_signed(
    method: &str,
    key: &str,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
    body_sha256: &str,
    signature: &str,
) {
    let json = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}"#;
    let credentials = Credentials::parse(json).unwrap();
    let scope = Scope { region: "us-east-1", service: "s3", now_seconds: 1_369_353_600 };
    assert_eq!(scope.timestamp(), DATE.1);
    let path = encode_path(&format!("/{key}"));
    let signed = sign(&Request { method, path: &path, query, headers, body_sha256 }, &credentials, &scope);
    assert_eq!(signed.signature, signature, "{method} {key}: {}", signed.canonical_request);
}

#[test]
fn get_object_is_signed_as_published() {
    let headers = [HOST, ("Range", "bytes=0-9"), EMPTY, DATE];
    let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    assert_signed("GET", "test.txt", &[], &headers, EMPTY_SHA256, signature);
}

#[test]
fn put_object_is_signed_as_published() {
    let headers = [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        HOST,
        DATE,
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", WELCOME_SHA256),
    ];
    let signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    assert_signed("PUT", "test$file.text", &[], &headers, WELCOME_SHA256, signature);
}

#[test]
fn queries_of_buckets_are_signed_as_published() {
    let headers = [HOST, DATE, EMPTY];
    let lifecycle = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
    assert_signed("GET", "", &[("lifecycle", "")], &headers, EMPTY_SHA256, lifecycle);
    let list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    assert_signed("GET", "", &[("max-keys", "2"), ("prefix", "J")], &headers, EMPTY_SHA256, list);
}

#[test]
fn a_signed_query_is_signed_as_published() {
    let query = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"),
        ("X-Amz-Date", DATE.1),
        ("X-Amz-Expires", "86400"),
        ("X-Amz-SignedHeaders", "host"),
    ];
    let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    assert_signed("GET", "test.txt", &query, &[HOST], "UNSIGNED-PAYLOAD", signature);
}

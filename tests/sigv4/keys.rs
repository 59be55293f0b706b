//! Whatever a key is: the URL says it and nothing else, and no URL parser changes what was signed.

use http::Method;
use lenslet::sources::{Credentials, S3, Style};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use url::Url;

const ENDPOINT: &str = "https://s3.example:9000";

fn bucket(style: Style, prefix: &str) -> S3 {
    S3::new(ENDPOINT, "pictures", "auto", style, prefix).unwrap()
}

fn url(bucket: &S3, key: &str) -> Option<String> {
    let credentials = Credentials::parse(r#"{"access_key_id":"a","secret_access_key":"b"}"#).unwrap();
    bucket.request(&Method::GET, key, &credentials, 0).map(|request| request.url)
}

/// That the URL is `folder` and the key, for the URL parser of browsers and the Worker, too.
fn assert_says(url: &str, folder: &str, key: &str) {
    assert_eq!(Url::parse(url).unwrap().as_str(), url, "a URL parser changes it");
    let path = url.strip_prefix(folder).unwrap();
    assert_eq!(percent_decode_str(path).decode_utf8().unwrap(), key);
    let is_kept = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/%".contains(&b);
    assert!(path.bytes().all(is_kept), "{path}");
}

fn assert_comes_through(key: &str) {
    let by_path = url(&bucket(Style::Path, ""), key).unwrap();
    assert_says(&by_path, "https://s3.example:9000/pictures/", key);
    let by_host = url(&bucket(Style::Virtual, ""), key).unwrap();
    assert_says(&by_host, "https://pictures.s3.example:9000/", key);
    if key.len() < 1_000 {
        let prefixed = url(&bucket(Style::Path, "ä +/%2e/"), key).unwrap();
        assert_says(&prefixed, "https://s3.example:9000/pictures/%C3%A4%20%2B/%252e/", key);
    }
}

#[test]
fn hard_keys_come_through() {
    for key in [
        "a b",
        " a ",
        "a+b",
        "100%",
        "a%2Fb",
        "%2e%2e/a",
        "%252e",
        "a%00b",
        "~",
        "'()*!",
        "!$&'()*+,;=:@",
        "?a=b",
        "#a",
        "a?b#c",
        "[1]",
        "{1}",
        "^|`\"<>",
        "é",
        "e\u{301}",
        "日本/🦀",
        "..a",
        "a..",
        "...",
        ".a/..b/...c",
        "C:/a",
        "http:/a",
        "\u{feff}a",
        "a\u{2028}",
        "\u{202e}a",
    ] {
        assert_comes_through(key);
    }
}

#[test]
fn keys_outside_of_the_bucket_and_too_long_ones_have_no_request() {
    let bucket = bucket(Style::Path, "2024/");
    for key in ["", ".", "..", "../2023/a", "a/../../b", "/a", "a//b", "a/", "a\\b", "a\nb", "a\u{85}b"] {
        assert_eq!(url(&bucket, key), None, "{key:?}");
    }
    // 1,024 bytes with the prefix.
    assert!(url(&bucket, &"a".repeat(1_019)).is_some());
    assert_eq!(url(&bucket, &"a".repeat(1_020)), None);
    assert!(url(&bucket, &"ä".repeat(509)).is_some());
    assert_eq!(url(&bucket, &"ä".repeat(510)), None);
}

/// Keys of any characters, and of those that URLs treat in a way of their own.
fn keys() -> impl Strategy<Value = String> {
    let step = prop_oneof![r"[^\p{Cc}\\/]{1,20}", r"[%.+ ~'()*!?#&=:;@,$2eEfF\[\]]{1,12}"];
    let steps = prop::collection::vec(step, 1..5);
    steps
        .prop_map(|steps| steps.join("/"))
        .prop_filter("a step of dots", |key| key.split('/').all(|step| !matches!(step, "." | "..")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_key_comes_through(key in keys()) {
        assert_comes_through(&key);
    }

    #[test]
    fn no_url_parser_changes_an_endpoint(
        scheme in "https?",
        host in r"([a-z0-9xX-]{1,9}\.){0,3}[a-zA-Z0-9-]{1,9}|\[::1\]|127\.[0-9.]{1,9}|localhost",
        port in "(:[0-9]{0,6})?",
    ) {
        let Ok(bucket) = S3::new(&format!("{scheme}://{host}{port}"), "abc", "auto", Style::Path, "") else {
            return Ok(());
        };
        let url = url(&bucket, "key").unwrap();
        // Names that claim to be Punycode may be refused there; none becomes another.
        prop_assert!(Url::parse(&url).map_or_else(|_| host.contains("xn--"), |parsed| parsed.as_str() == url), "{}", url);
    }
}

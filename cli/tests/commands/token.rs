//! `lenslet token`: what it prints verifies with the published keys and says what was asked for.

use lenslet::grant::{Claims, KeySet, Limits, TokenError, verify_token};

use super::support::Folder;

const TO: [&str; 6] = ["--keys", "k.json", "--issuer", "https://shop.example", "--audience", "pictures"];

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Makes keys and answers those to verify with.
fn new_keys(folder: &Folder, algorithm: &str) -> KeySet {
    folder.ok(&["key", "new", "--for", "tokens", "--algorithm", algorithm, "--out", "k.json"]);
    let public = match algorithm {
        "HS256" => folder.read("k.json"),
        _ => folder.run(&["key", "jwks", "k.json"]).out,
    };
    KeySet::parse(public.as_bytes()).unwrap()
}

#[test]
fn every_algorithm_is_valid_for_an_hour() {
    for algorithm in ["EdDSA", "ES256", "HS256"] {
        let folder = Folder::new(&format!("token-{algorithm}"));
        let keys = new_keys(&folder, algorithm);
        let token = folder.ok(&[&["token"], &TO[..]].concat());
        let claims = verify_token(&keys, &token, now()).unwrap();
        assert_eq!(claims.issuer.as_deref(), Some("https://shop.example"));
        assert_eq!(claims.audience, ["pictures"]);
        assert!((now() + 3_590..=now() + 3_600).contains(&claims.expires.unwrap()));
        assert_eq!(verify_token(&keys, &token, now() + 3_601), Err(TokenError::Expired));
        let again = verify_token(&keys, &folder.ok(&[&["token"], &TO[..]].concat()), now()).unwrap();
        assert_ne!(claims.id, again.id, "each has a name of its own");
        assert_eq!(claims.id.map(|id| id.len()), Some(32));
    }
}

#[test]
fn it_says_what_was_asked_for() {
    let folder = Folder::new("claims");
    let keys = new_keys(&folder, "EdDSA");
    let begins = (now() + 60).to_string();
    let more = [
        &["--expires", "1d", "--not-before", &begins, "--subject", "u", "--id", "j"][..],
        &["--path", "products/", "--path", "public/", "--tenant", "acme", "--preset", "thumb"],
        &["--max-width", "1280", "--max-height", "800", "--format", "auto", "--format", "own"],
        &["--mark", "stamp", "--rate", "guests", "--scope", "images:read", "--scope", "images:write"],
    ];
    let token = folder.ok(&[&["token"], &TO[..], &more.concat()].concat());
    assert_eq!(verify_token(&keys, &token, now()), Err(TokenError::Early));
    let claims = verify_token(&keys, &token, now() + 61).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let list = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let expected = Claims {
        issuer: text("https://shop.example"),
        subject: text("u"),
        audience: vec!["pictures".to_owned()],
        expires: claims.expires,
        not_before: begins.parse().ok(),
        id: text("j"),
        scopes: vec!["images:read".to_owned(), "images:write".to_owned()],
        paths: list(&["products/", "public/"]),
        tenant: text("acme"),
        mark: text("stamp"),
        rate: text("guests"),
        limits: Limits {
            presets: list(&["thumb"]),
            formats: list(&["auto", "own"]),
            max_width: Some(1280),
            max_height: Some(800),
            ..Limits::default()
        },
    };
    assert_eq!(claims, expected);
}

#[test]
fn tokens_that_could_never_be_used_are_not_made() {
    let folder = Folder::new("unusable-tokens");
    new_keys(&folder, "EdDSA");
    let late = folder.fails(&[&["token"], &TO[..], &["--not-before", "99999999999"]].concat());
    assert!(late.contains("never be valid"), "{late}");
    let empty = folder.fails(&[&["token"], &TO[..], &["--tenant", ""]].concat());
    assert!(empty.contains("claims"), "{empty}");
    let long = "x".repeat(9_000);
    let long = folder.fails(&[&["token"], &TO[..], &["--subject", &long]].concat());
    assert!(long.contains("longer than 8192 bytes"), "{long}");
    for wrong in [["--format", "wepb"], ["--max-width", "0"], ["--expires", "1w"], ["--scope", "a b"]] {
        assert_eq!(folder.run(&[&["token"], &TO[..], &wrong].concat()).code, 2, "{wrong:?}");
    }
}

//! `lenslet key`: files that are private, kept, and rotated without a gap.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lenslet::grant::{Algorithm, KeySet, SignatureError, verify_url};
use serde_json::Value;

use super::support::Folder;

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777
}

fn kids(json: &Value) -> Vec<&str> {
    json["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

fn check(keys: &KeySet, url: &str) -> Result<(), SignatureError> {
    let (path, query) = url.split_once('?').unwrap();
    verify_url(keys, path, query, 0).map(|_| ())
}

#[test]
fn a_new_file_is_its_owners_and_is_never_overwritten() {
    let folder = Folder::new("new");
    folder.ok(&["key", "new", "--for", "urls", "--out", "k.json"]);
    assert_eq!(mode(&folder, "k.json"), 0o600);
    let before = folder.read("k.json");
    let said = folder.fails(&["key", "new", "--for", "urls", "--out", "k.json"]);
    assert!(said.contains("k.json is already there") && said.contains("key rotate k.json"), "{said}");
    assert_eq!(folder.read("k.json"), before);
    folder.keys("k.json").check_all(Algorithm::Hs256).unwrap();
}

#[test]
fn keys_are_of_the_kind_that_was_asked_for_and_never_the_same() {
    let folder = Folder::new("kinds");
    for (arguments, kty, alg) in [
        (&["--for", "urls"][..], "oct", "HS256"),
        (&["--for", "urls", "--algorithm", "HS256"], "oct", "HS256"),
        (&["--for", "tokens"], "OKP", "EdDSA"),
        (&["--for", "tokens", "--algorithm", "ES256"], "EC", "ES256"),
        (&["--for", "tokens", "--algorithm", "HS256"], "oct", "HS256"),
    ] {
        let new = || {
            let said = folder.run(&[&["key", "new", "--kid", "a"], arguments].concat());
            assert_eq!((said.code, &*said.err), (0, ""));
            serde_json::from_str::<Value>(&said.out).unwrap()["keys"][0].clone()
        };
        let (first, second) = (new(), new());
        assert_eq!((&first["kty"], &first["alg"], &first["kid"]), (&kty.into(), &alg.into(), &"a".into()));
        let secret = if kty == "oct" { "k" } else { "d" };
        assert_ne!(first[secret], second[secret]);
    }
    let said = folder.fails(&["key", "new", "--for", "urls", "--algorithm", "EdDSA"]);
    assert!(said.contains("leave --algorithm out"), "{said}");
}

#[test]
fn after_a_rotation_the_new_key_signs_and_the_old_one_verifies() {
    let folder = Folder::new("rotate");
    folder.ok(&["key", "new", "--for", "urls", "--kid", "first", "--out", "k.json"]);
    let sign = || folder.ok(&["sign", "--keys", "k.json", "/a.png"]);
    let first = sign();
    let said = folder.run(&["key", "rotate", "k.json"]);
    let second = sign();
    assert_eq!(mode(&folder, "k.json"), 0o600);
    assert!(check(&folder.keys("k.json"), &first).is_ok() && check(&folder.keys("k.json"), &second).is_ok());
    let new = kids(&folder.json("k.json"))[0].to_owned();
    assert!(second.contains(&format!("kid={new}&")), "{second}");
    let event = format!(r#"{{"event":"keys","source":"k.json","added":["{new}"],"removed":[]}}"#);
    assert_eq!((said.code, &*said.out, said.err.trim()), (0, "", &*event));

    let said = folder.run(&["key", "rotate", "k.json"]);
    assert!(said.err.contains(r#""removed":["first"]"#), "{}", said.err);
    assert_eq!(check(&folder.keys("k.json"), &first), Err(SignatureError::Refused));
    assert!(check(&folder.keys("k.json"), &second).is_ok());
    assert_eq!(fs::read_dir(folder.path(".")).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_key_that_was_read_goes_at_once_and_the_others_stay() {
    let folder = Folder::new("drop");
    folder.ok(&[
        "key",
        "new",
        "--for",
        "tokens",
        "--algorithm",
        "ES256",
        "--kid",
        "-first",
        "--out",
        "k.json",
    ]);
    for _ in 0..3 {
        folder.ok(&["key", "rotate", "k.json", "--keep", "9"]);
    }
    let before = folder.json("k.json");
    let said = folder.run(&["key", "rotate", "k.json", "--drop", "-first"]);
    assert!(said.err.contains(r#""removed":["-first"]"#), "{}", said.err);
    let after = folder.json("k.json");
    assert_eq!(kids(&after)[1..], kids(&before)[..3]);
    assert_eq!(after["keys"][0]["alg"], "ES256");

    let unknown = folder.fails(&["key", "rotate", "k.json", "--drop", "nobody"]);
    assert!(unknown.contains("has no key 'nobody'; it has "), "{unknown}");
    assert_eq!(folder.json("k.json"), after);
    folder.ok(&["key", "rotate", "k.json", "--keep", "0"]);
    assert_eq!(kids(&folder.json("k.json")).len(), 1);
}

#[test]
fn two_rotations_at_once_are_refused() {
    let folder = Folder::new("twice");
    folder.ok(&["key", "new", "--for", "urls", "--out", "k.json"]);
    let before = folder.read("k.json");
    folder.write("k.json.new", "");
    let said = folder.fails(&["key", "rotate", "k.json"]);
    assert!(said.contains("k.json.new is there"), "{said}");
    assert_eq!((folder.read("k.json"), folder.read("k.json.new")), (before, String::new()));
}

#[test]
fn a_published_set_has_nothing_secret() {
    let folder = Folder::new("jwks");
    for algorithm in ["EdDSA", "ES256"] {
        folder.ok(&["key", "new", "--for", "tokens", "--algorithm", algorithm, "--out", algorithm]);
        folder.ok(&["key", "rotate", algorithm]);
        let said = folder.run(&["key", "jwks", algorithm]);
        let public: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(kids(&public), kids(&folder.json(algorithm)));
        assert!(public["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()), "{public}");
        KeySet::parse(said.out.as_bytes()).unwrap().check_for_use().unwrap();
    }
    folder.ok(&["key", "new", "--for", "urls", "--out", "oct"]);
    let said = folder.fails(&["key", "jwks", "oct"]);
    assert!(said.contains("no public part") && said.contains("wrangler secret put"), "{said}");
}

#[test]
fn files_without_usable_keys_are_named() {
    let folder = Folder::new("unusable");
    folder.write("text", "not json");
    folder.write("short", r#"{"keys":[{"kty":"oct","kid":"a","k":"c2hvcnQ"}]}"#);
    folder.ok(&["key", "new", "--for", "tokens", "--out", "private"]);
    folder.write("public", &folder.run(&["key", "jwks", "private"]).out);
    for (file, reason) in [
        ("absent", "there is no absent; make one with `lenslet key new"),
        ("text", "text: it is no JWK Set"),
        ("short", "short: key 'a': it has 40 bits; at least 256 are needed"),
        ("public", "its private part must be there"),
    ] {
        let said = folder.fails(&["key", "rotate", file]);
        assert!(said.contains(reason), "{said}");
    }
}

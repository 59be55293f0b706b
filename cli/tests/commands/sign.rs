//! `lenslet sign`: what it prints is valid, and what the edge would refuse it does not sign.

use lenslet::grant::{SignatureError, SignedUrl, verify_url};

use super::support::Folder;

/// A folder with keys for URLs in `k.json`.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.ok(&["key", "new", "--for", "urls", "--kid", "a", "--out", "k.json"]);
    folder
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn verified<'a>(folder: &Folder, url: &'a str, now: u64) -> Result<SignedUrl<'a>, SignatureError> {
    let (path, query) = url.split_once('?').unwrap();
    verify_url(&folder.keys("k.json"), path, query, now)
}

#[test]
fn what_is_signed_verifies_until_it_expires() {
    let folder = folder("sign");
    let url = folder.ok(&["sign", "--keys", "k.json", "--expires", "15m", "/image/width=800/a b.jpg?v=2"]);
    assert!(url.starts_with("/image/width=800/a%20b.jpg?v=2&exp="), "{url}");
    let expires = verified(&folder, &url, now()).unwrap().expires.unwrap();
    assert!((now() + 890..=now() + 900).contains(&expires));
    assert_eq!(verified(&folder, &url, expires), Err(SignatureError::Expired));

    let url = folder.ok(&["sign", "--keys", "k.json", "--expires-at", "99999999999", "/a.jpg"]);
    assert_eq!(verified(&folder, &url, now()).unwrap().expires, Some(99_999_999_999));
    let said = folder.fails(&["sign", "--keys", "k.json", "--expires-at", "1", "/a.jpg"]);
    assert!(said.contains("in the past"), "{said}");
}

#[test]
fn without_an_end_it_says_so() {
    let folder = folder("endless");
    let said = folder.run(&["sign", "--keys", "k.json", "/image/format=auto/a.jpg"]);
    assert!(said.err.contains("valid until key 'a' goes"), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1);
    let timed = folder.run(&["sign", "--keys", "k.json", "--expires", "1d", "/image/format=auto/a.jpg"]);
    assert_eq!(timed.err, "");
}

#[test]
fn scheme_and_host_are_kept_and_not_signed() {
    let folder = folder("hosts");
    let path = folder.ok(&["sign", "--keys", "k.json", "/image/width=8/a.jpg?v=https://x/"]);
    for host in ["https://pictures.example", "HTTP://127.0.0.1:8787"] {
        let url =
            folder.ok(&["sign", "--keys", "k.json", &format!("{host}/image/width=8/a.jpg?v=https://x/")]);
        assert_eq!(url, format!("{host}{path}"));
    }
}

#[test]
fn a_set_is_a_template() {
    let folder = folder("set");
    let url = "/image/width=*,format=auto/a.jpg";
    let said =
        folder.run(&["sign", "--keys", "k.json", "--expires", "1h", "--any", "width=320,640,1280", url]);
    assert_eq!(said.err, "This is a template: put 320, 640 or 1280 in the place of * in width=*.\n");
    let template = said.out.trim();
    assert!(template.contains("?any=width.320.640.1280&exp="), "{template}");
    for (width, is_valid) in [("320", true), ("1280", true), ("800", false)] {
        let one = template.replace("width=*", &format!("width={width}"));
        assert_eq!(verified(&folder, &one, now()).is_ok(), is_valid, "{width}");
    }
}

#[test]
fn what_the_edge_would_refuse_is_not_signed() {
    let folder = folder("refused");
    for (arguments, reason) in [
        (&["/image/widht=800/a.jpg"][..], "widht"),
        (&["/image/width=x/a.jpg"], "width"),
        (&["/image/width=8/"], "empty"),
        (&["/image/width=8/../a.jpg"], "'..'"),
        (&["/image/width=*/a.jpg"], "width"),
        (&["/"], "empty"),
        (&["a.jpg"], "no URL that can be signed"),
        (&["//pictures.example/a.jpg"], "no URL that can be signed"),
        (&["https:///a.jpg"], "no URL that can be signed"),
        (&["host/a.jpg"], "no URL that can be signed"),
        (&["https://pictures.example"], "no URL that can be signed"),
        (&["ftp://pictures.example/a.jpg"], "no URL that can be signed"),
        (&["/a.jpg?v=2&exp=5"], "'exp', which is Lenslet's own"),
        (&["/a.jpg?kid=a&sig=b"], "'kid', which is Lenslet's own"),
        (&["--any", "width=1,2", "/image/width=8/a.jpg"], "'width=*' in the URL"),
        (&["--any", "width=1,2", "/image/width=*/width=*.jpg"], "'width=*' in the URL"),
        (&["--any", "width=1,x", "/image/width=*/a.jpg"], "width"),
        (&["--any", "width=1,2", "/a.jpg"], "an original has no options"),
    ] {
        let said = folder.fails(&[&["sign", "--keys", "k.json"], arguments].concat());
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
}

#[test]
fn keys_for_tokens_sign_no_urls() {
    let folder = Folder::new("wrong-keys");
    folder.ok(&["key", "new", "--for", "tokens", "--out", "t.json"]);
    let said = folder.fails(&["sign", "--keys", "t.json", "/a.jpg"]);
    assert!(said.contains("is for EdDSA") && said.contains("key new --for urls"), "{said}");
}

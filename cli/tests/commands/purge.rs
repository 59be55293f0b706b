//! `lenslet purge`: what it prints the edge takes.

use lenslet::grant::verify_url;

use super::support::Folder;

#[test]
fn what_is_signed_names_everything_and_expires_soon() {
    let folder = Folder::new("purge");
    folder.ok(&["key", "new", "--for", "urls", "--kid", "admin", "--out", "k.json"]);
    let purge =
        ["purge", "--keys", "k.json", "--source", "shop/a b&c.jpg", "--tag", "sale", "https://p.example/"];
    let url = folder.ok(&purge);
    let (path, query) = url.strip_prefix("https://p.example").unwrap().split_once('?').unwrap();
    assert_eq!(path, "/__lenslet/purge");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let keys = folder.keys("k.json");
    let signed = verify_url(&keys, path, query, now).unwrap();
    assert_eq!(signed.source_query, Some("source=shop/a%20b%26c.jpg&tag=sale"));
    assert!((now + 290..=now + 300).contains(&signed.expires.unwrap()));
}

#[test]
fn what_the_edge_would_refuse_is_not_signed() {
    let folder = Folder::new("no-purge");
    folder.ok(&["key", "new", "--for", "urls", "--kid", "admin", "--out", "k.json"]);
    let keys = ["purge", "--keys", "k.json"];
    for (more, reason) in [
        (&["https://p.example"][..], "it names nothing"),
        (&["--everything", "--expires", "2h", "https://p.example"], "an hour at most"),
        (&["--everything", "p.example"], "is no URL"),
    ] {
        let said = folder.fails(&[&keys[..], more].concat());
        assert!(said.contains(reason), "{more:?}: {said}");
    }
}

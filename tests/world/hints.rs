//! What the client hints at: widths, qualities, what is varied by, and who shares a variant.

use std::collections::BTreeSet;

use http::Method;
use lenslet::grant::{Algorithm, SigningKey, new_jwk, sign_url};
use lenslet::serve::hint_headers;
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::world::{NOW_SECONDS, Seen, World};

const WIDTH: &str = "Sec-CH-Width, Width, Sec-CH-Viewport-Width, Viewport-Width, Sec-CH-DPR, DPR";
const DEVICE: &str = "Sec-CH-UA-Mobile, User-Agent";
const CONNECTION: &str = "Save-Data, ECT, RTT, Downlink";

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148";

fn with_picture(world: World) -> World {
    world.with("a.png", "one", &png(&sketch(96, 8)))
}

fn world() -> World {
    with_picture(World::public())
}

/// Asks as a shell does: of the headers, only those are read that are named for the path.
fn ask(world: &World, url: &str, headers: &[(&str, &str)]) -> Seen {
    let path = url.split('?').next().unwrap_or_default();
    let hints: Vec<_> = hint_headers(&world.config, path).collect();
    let is_read =
        |name: &str| name == "accept" || name == "if-none-match" || hints.iter().any(|hint| *hint == name);
    let read: Vec<_> = headers.iter().copied().filter(|(name, _)| is_read(name)).collect();
    let seen = world.ask(Method::GET, url, &read);
    for name in seen.header("vary").split(", ").filter(|name| !name.is_empty() && *name != "Accept") {
        let name = name.to_ascii_lowercase();
        assert!(is_read(&name), "{url} varies by {name}, and nobody reads it");
    }
    seen
}

/// A picture's width and its answer, where there is one.
#[track_caller]
fn width_of(seen: &Seen) -> u32 {
    assert_eq!(seen.status, 200, "{}", String::from_utf8_lossy(&seen.body));
    pixels(&seen.body).size().width
}

const URL: &str = "/image/width=auto,wbreakpoints=16;32;64,wmobile=24,wdesktop=48,format=png/a.png";

#[test]
fn the_width_follows_the_hints() {
    let cases: [(&[(&str, &str)], u32); 12] = [
        (&[], 48),
        (&[("user-agent", PHONE)], 24),
        (&[("user-agent", PHONE), ("sec-ch-ua-mobile", "?0")], 48),
        (&[("sec-ch-ua-mobile", "?1")], 24),
        (&[("sec-ch-width", "10")], 16),
        (&[("sec-ch-width", "17"), ("sec-ch-dpr", "3")], 32),
        (&[("width", "33")], 64),
        (&[("sec-ch-width", "5000")], 64),
        (&[("sec-ch-viewport-width", "16")], 16),
        (&[("sec-ch-viewport-width", "16"), ("sec-ch-dpr", "2")], 32),
        (&[("viewport-width", "16"), ("dpr", "4")], 64),
        (&[("sec-ch-width", "x"), ("sec-ch-viewport-width", "-3"), ("sec-ch-ua-mobile", "yes")], 48),
    ];
    let world = world();
    for (headers, expected) in cases {
        assert_eq!(width_of(&ask(&world, URL, headers)), expected, "{headers:?}");
    }
    assert_eq!(world.kept_variants(), 5, "one for each width");
}

#[test]
fn a_dpr_in_the_url_takes_the_place_of_the_clients() {
    let world = world();
    let url = "/image/width=auto,wbreakpoints=16;32,dpr=2,format=png/a.png";
    let width = |headers| width_of(&ask(&world, url, headers));
    assert_eq!(width(&[("sec-ch-width", "48"), ("sec-ch-dpr", "3")]), 32, "16 CSS pixels, twice");
    assert_eq!(width(&[("sec-ch-viewport-width", "17"), ("sec-ch-dpr", "1")]), 64);
    assert_eq!(width(&[("sec-ch-width", "16")]), 32, "no ratio of the client's is taken for 1");
}

#[test]
fn whoever_gets_the_same_shares_it() {
    let world = world();
    let first = ask(&world, URL, &[("sec-ch-width", "20")]);
    assert_eq!(first.header("cache-status"), "lenslet; fwd=uri-miss; stored");
    let same: [(&str, &[(&str, &str)]); 5] = [
        (URL, &[("sec-ch-width", "32"), ("sec-ch-dpr", "1.5"), ("user-agent", PHONE)]),
        (URL, &[("viewport-width", "10"), ("dpr", "3")]),
        ("/image/width=32,format=png/a.png", &[]),
        ("/image/w=auto,f=png,wbreakpoints=32,scq=40/a.png", &[("width", "1")]),
        ("/image/width=32,format=png,wmobile=5,scq=low/a.png", &[("rtt", "20")]),
    ];
    for (url, headers) in same {
        let answer = ask(&world, url, headers);
        assert_eq!(answer.header("cache-status"), "lenslet; hit", "{url} {headers:?}");
        assert_eq!((answer.header("etag"), &answer.body), (first.header("etag"), &first.body), "{url}");
    }
    assert_eq!(world.kept_variants(), 1);
    let other = ask(&world, URL, &[("sec-ch-width", "33")]);
    assert_ne!(other.header("etag"), first.header("etag"));
}

#[test]
fn slow_connections_get_the_other_quality() {
    let world = world();
    let url = "/image/width=16,quality=80,slow-connection-quality=20,format=jpeg/a.png";
    let etag = |sign| ask(&world, url, &[sign]).header("etag").to_owned();
    let named = |quality| {
        let url = format!("/image/width=16,quality={quality},format=jpeg/a.png");
        ask(&world, &url, &[]).header("etag").to_owned()
    };
    let (slow, fast) = (named(20), named(80));
    assert_ne!(slow, fast);
    for sign in [
        ("save-data", "on"),
        ("ect", "slow-2g"),
        ("ect", "2g"),
        ("ect", "3g"),
        ("rtt", "200"),
        ("downlink", "1.5"),
    ] {
        assert_eq!(etag(sign), slow, "{sign:?}");
    }
    for sign in [("save-data", "off"), ("ect", "4g"), ("rtt", "150"), ("downlink", "5"), ("downlink", "fast")]
    {
        assert_eq!(etag(sign), fast, "{sign:?}");
    }
    assert_eq!(world.kept_variants(), 2);
}

#[test]
fn an_answer_names_the_hints_that_could_have_changed_it() {
    let width = "Sec-CH-Width, Sec-CH-Viewport-Width, Sec-CH-DPR";
    let cases = [
        ("width=16", String::new(), String::new()),
        ("width=16,wmobile=5,wbreakpoints=9", String::new(), String::new()),
        ("width=auto", format!("{WIDTH}, {DEVICE}"), width.to_owned()),
        ("width=auto,format=auto", format!("Accept, {WIDTH}, {DEVICE}"), width.to_owned()),
        ("width=auto,wmobile=9,wdesktop=9", WIDTH.to_owned(), width.to_owned()),
        ("width=auto,wmobile=9,wdesktop=9,wbreakpoints=9", String::new(), String::new()),
        ("scq=40", CONNECTION.to_owned(), "ECT, RTT, Downlink".to_owned()),
        ("q=85,scq=85", String::new(), String::new()),
        (
            "width=auto,scq=40",
            format!("{WIDTH}, {DEVICE}, {CONNECTION}"),
            format!("{width}, ECT, RTT, Downlink"),
        ),
    ];
    for (options, vary, accept_ch) in cases {
        let (world, url) = (world(), format!("/image/{options}/a.png"));
        let made = ask(&world, &url, &[]);
        let kept = ask(&world, &url, &[]);
        let unchanged = ask(&world, &url, &[("if-none-match", made.header("etag"))]);
        assert_eq!([made.status, kept.status, unchanged.status], [200, 200, 304]);
        for seen in [made, kept, unchanged] {
            assert_eq!(seen.header("vary"), vary, "{options}");
            assert_eq!(seen.header("accept-ch"), accept_ch, "{options}");
            assert_eq!(seen.header("critical-ch"), "", "that is for pages");
        }
    }
}

#[test]
fn limits_bound_what_the_hints_choose() {
    let policies = json!([{ "max_width": 40 }]).to_string();
    let world = with_picture(World::new(&[("ACCESS", "public"), ("POLICIES", &policies)], &[]));
    let width = |options: &str, headers| {
        width_of(&ask(&world, &format!("/image/{options},format=png/a.png"), headers))
    };
    let fluid = "width=auto,wbreakpoints=16;32;64";
    assert_eq!(width(fluid, &[("sec-ch-width", "30")]), 32);
    assert_eq!(width(fluid, &[("sec-ch-width", "33")]), 40, "no client is refused for its screen");
    assert_eq!(width(fluid, &[]), 40);
    assert_eq!(width(&format!("{fluid},dpr=2"), &[("sec-ch-width", "30")]), 40);
    let typed = ask(&world, "/image/width=64,format=png/a.png", &[]);
    assert_eq!(typed.status, 403, "who types it is");

    let policies = json!([{ "widths": [20, 50], "options": ["width", "format"] }]).to_string();
    let world = with_picture(World::new(&[("ACCESS", "public"), ("POLICIES", &policies)], &[]));
    let step = |headers| width_of(&ask(&world, "/image/width=auto,format=png/a.png", headers));
    assert_eq!((step(&[("sec-ch-width", "1")]), step(&[("sec-ch-width", "900")])), (50, 50));
    assert_eq!(world.kept_variants(), 1);
    let refused = ask(&world, "/image/width=auto,wbreakpoints=16/a.png", &[]);
    assert_eq!((refused.status, &refused.problem()["option"]), (403, &json!("wbreakpoints")));
}

#[test]
fn presets_may_leave_it_to_the_client() {
    let presets = [
        ("fluid", "width=auto,wbreakpoints=16;32,wmobile=16,wdesktop=32,format=png"),
        ("thrift", "scq=10,format=jpeg"),
    ];
    let policies = json!([{ "path": "thrifty", "preset": "thrift" }]).to_string();
    let settings = [("ACCESS", "public"), ("POLICIES", policies.as_str())];
    let world =
        with_picture(World::new(&settings, &presets)).with("thrifty/a.png", "two", &png(&sketch(96, 8)));
    let fluid = |headers| width_of(&ask(&world, "/image/preset=fluid/a.png", headers));
    assert_eq!((fluid(&[("sec-ch-width", "9")]), fluid(&[])), (16, 32));
    // The width that is typed wins over the preset's, and nothing is left of the choice.
    let typed = ask(&world, "/image/preset=fluid,width=20/a.png", &[("sec-ch-width", "9")]);
    assert_eq!((width_of(&typed), typed.header("vary")), (20, ""));
    let forced = |headers| ask(&world, "/image/width=16/thrifty/a.png", headers);
    assert_eq!(forced(&[]).header("vary"), CONNECTION);
    assert_ne!(forced(&[("save-data", "on")]).header("etag"), forced(&[]).header("etag"));
}

#[test]
fn a_signature_is_of_the_url_and_good_for_all_its_widths() {
    let key = new_jwk(Algorithm::Hs256, &Sha256::digest("url").into(), Some("url")).unwrap();
    let world = with_picture(World::new(&[("URL_KEYS", &key.to_string())], &[]));
    let signer = SigningKey::parse(key.to_string().as_bytes()).unwrap();
    let url = sign_url(&signer, URL, Some(u64::from(NOW_SECONDS) + 60), None).unwrap();
    for (wanted, width) in [("16", 16), ("17", 32), ("999", 64)] {
        let seen = ask(&world, &url, &[("sec-ch-width", wanted)]);
        assert_eq!((width_of(&seen), seen.header("cache-control")), (width, "private, max-age=60"));
    }
    assert_eq!(ask(&world, URL, &[]).status, 401);
}

/// A header's value: a number, a word that means something somewhere, or anything.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,6}",
        "[0-9]{1,2}\\.[0-9]{1,6}",
        prop::sample::select(vec!["?0", "?1", "on", "3g", "4g", PHONE]).prop_map(str::to_owned),
        "[ -~]{0,12}",
    ]
}

proptest! {
    #[test]
    fn whatever_is_sent_there_are_few_outcomes(
        sent in prop::collection::vec(prop::collection::vec((0..12_usize, value()), 0..6), 40),
    ) {
        let world = world();
        let url = "/image/width=auto,wbreakpoints=16;32;64,wmobile=24,wdesktop=48,q=80,scq=20,format=json/a.png";
        let names: Vec<_> = hint_headers(&world.config, url).collect();
        prop_assert_eq!(names.len(), 12);
        let mut widths = BTreeSet::new();
        for headers in &sent {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (names[*name].as_str(), value.trim())).collect();
            let seen = ask(&world, url, &headers);
            prop_assert_eq!(seen.status, 200);
            let facts: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            widths.insert(facts["width"].as_u64().unwrap());
        }
        prop_assert!(widths.is_subset(&BTreeSet::from([16, 24, 32, 48, 64])), "{:?}", widths);
        prop_assert!(world.kept_variants() <= 10);
    }
}

//! Where pictures come from: which source is asked, in which order, and with what.

use http::Method;

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::servers::Trouble;
use crate::support::world::World;

const SOURCES: &str = r#"{
    "main": {"type": "r2", "binding": "PICTURES"},
    "archive": {"type": "r2", "binding": "OLD", "prefix": "2019"},
    "store": {"type": "s3", "endpoint": "https://s3.example", "bucket": "photos", "region": "eu", "credentials": "S3_KEY"},
    "shop": {"type": "http", "url": "https://shop.example/media", "redirects": ["https://cdn.example/"],
             "headers": {"x-shop": "1"}, "secret_headers": "SHOP_HEADERS"},
    "open": {"type": "http", "url": "https://*.open.example/", "by_url": true}
}"#;

const ROUTES: &str = r#"[
    {"sources": ["main", "archive"]},
    {"path": "shop", "sources": ["shop", "main"], "strip": true},
    {"path": "store", "sources": ["store"], "strip": true}
]"#;

fn world() -> World {
    let settings = [
        ("ACCESS", "public"),
        ("ORIGINALS", "public"),
        ("SOURCES", SOURCES),
        ("ROUTES", ROUTES),
        ("S3_KEY", r#"{"access_key_id":"AKID","secret_access_key":"much-too-secret"}"#),
        ("SHOP_HEADERS", r#"{"authorization":"Bearer shop"}"#),
    ];
    World::new(&settings, &[])
}

/// A picture whose width tells which one it is, at an address.
fn page(world: &World, url: &str, width: u32) {
    let body = png(&sketch(width, 32));
    let length = body.len().to_string();
    world.servers.page(url, 200, &[("etag", &format!("\"{width}\"")), ("content-length", &length)], &body);
}

fn width(world: &World, source: &str) -> u32 {
    let answer = world.get(&format!("/image/rotate=0,format=png/{source}"));
    assert_eq!(answer.status, 200, "{source}: {}", String::from_utf8_lossy(&answer.body));
    pixels(&answer.body).size().width
}

#[test]
fn sources_are_asked_in_their_order() {
    let world = world();
    let put = |binding: &str, key: &str, width| {
        world.servers.put(binding, key, "1", &png(&sketch(width, 32)), None, Vec::new());
    };
    put("OLD", "2019/a.png", 40);
    assert_eq!(width(&world, "a.png"), 40, "the second has what the first has not");
    put("PICTURES", "b.png", 50);
    put("OLD", "2019/b.png", 60);
    assert_eq!(width(&world, "b.png"), 50);
    put("PICTURES", "shop/c.png", 70);
    page(&world, "https://shop.example/media/c.png", 80);
    assert_eq!(width(&world, "shop/c.png"), 80);
    put("PICTURES", "a.png", 90);
    world.wait_seconds(61);
    assert_eq!(width(&world, "a.png"), 90, "the first has it by now");
}

#[test]
fn a_source_that_is_away_is_not_one_without_the_picture() {
    let world = world();
    world.servers.put("OLD", "2019/a.png", "1", &png(&sketch(40, 32)), None, Vec::new());
    world.servers.trouble("PICTURES", Trouble::Fails("gone".to_owned()));
    assert_eq!(width(&world, "a.png"), 40, "the second may have it all the same");
    assert_eq!(world.get("/image/width=8/b.png").status, 502, "nobody can tell");
    world.servers.mend();
    world.wait_seconds(6);
    assert_eq!(world.get("/image/width=8/b.png").status, 404);
}

#[test]
fn a_picture_behind_http_is_asked_for_with_what_the_source_says_and_nothing_else() {
    let world = world();
    page(&world, "https://shop.example/media/a%20b.png?v=2", 40);
    let headers = [("authorization", "Bearer mine"), ("cookie", "secret=1"), ("accept", "image/webp")];
    let answer = world.ask(Method::GET, "/image/width=8/shop/a%20b.png?v=2", &headers);
    assert_eq!(answer.status, 200);
    let asked = world.servers.asked.borrow();
    let mut sent: Vec<String> =
        asked[0].headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    sent.sort();
    let version = format!("user-agent: lenslet/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        sent,
        [
            "accept-encoding: identity",
            "accept: image/*",
            "authorization: Bearer shop",
            &version,
            "via: 1.1 pictures.example (lenslet)",
            "x-shop: 1",
        ]
    );
}

#[test]
fn the_query_of_a_picture_behind_http_is_a_part_of_its_name() {
    let world = world();
    page(&world, "https://shop.example/media/a.png?v=1", 40);
    page(&world, "https://shop.example/media/a.png?v=2", 50);
    let width = |query| {
        pixels(&world.get(&format!("/image/rotate=0,format=png/shop/a.png?{query}")).body).size().width
    };
    assert_eq!((width("v=1"), width("v=2")), (40, 50));
}

#[test]
fn what_is_unchanged_is_not_sent_again() {
    let world = world();
    page(&world, "https://shop.example/media/a.png", 40);
    width(&world, "shop/a.png");
    world.wait_seconds(61);
    let answer = world.get("/image/rotate=0,format=png/shop/a.png");
    assert_eq!(answer.header("cache-status"), "lenslet; hit; detail=revalidated");
    let asked = world.servers.asked.borrow();
    assert_eq!(asked[1].headers["if-none-match"], "\"40\", W/\"40\"");
    assert_eq!(world.servers.reads.get(), 1);
}

#[test]
fn redirects_are_followed_as_far_as_they_may_be() {
    let world = world();
    let redirect = |from: &str, to: &str| world.servers.page(from, 302, &[("location", to)], b"");
    page(&world, "https://cdn.example/x/a.png", 40);
    redirect("https://shop.example/media/a.png", "https://cdn.example/x/a.png");
    assert_eq!(width(&world, "shop/a.png"), 40);
    for (name, to) in [
        ("b.png", "http://169.254.169.254/latest/meta-data"),
        ("c.png", "https://shop.example/admin/c.png"),
        ("d.png", "https://cdn.example.evil.test/d.png"),
        ("e.png", "https://shop.example/media/e.png"),
    ] {
        redirect(&format!("https://shop.example/media/{name}"), to);
        let before = world.servers.asked.borrow().len();
        assert_eq!(world.get(&format!("/image/width=8/shop/{name}")).status, 502, "{to}");
        let asked =
            world.servers.asked.borrow()[before..].iter().map(|asked| asked.url.clone()).collect::<Vec<_>>();
        assert!(asked.iter().all(|url| url.starts_with("https://shop.example/media/")), "{asked:?}");
        assert!(asked.len() <= 4, "{asked:?}");
    }
}

#[test]
fn addresses_are_read_where_a_source_allows_them() {
    let world = world();
    page(&world, "https://eu.open.example/a.png", 40);
    assert_eq!(width(&world, "https://eu.open.example/a.png"), 40);
    for other in [
        "https://open.example/a.png",
        "https://eu.open.example.evil.test/a.png",
        "http://eu.open.example/a.png",
        "https://shop.example/media/a.png",
        "https://eu.open.example:8443/a.png",
        "http://127.0.0.1/a.png",
    ] {
        let answer = world.get(&format!("/image/width=8/{other}"));
        assert_eq!(
            (answer.status, &answer.problem()["type"]),
            (403, &"urn:lenslet:problem:source-not-allowed".into())
        );
    }
    for odd in ["https://eu.open.example/a/..%2F..%2Fb.png", "https://u@eu.open.example/a.png"] {
        assert_eq!(world.get(&format!("/image/width=8/{odd}")).status, 400, "{odd}");
    }
    assert_eq!(world.servers.asked.borrow().len(), 1);
}

#[test]
fn a_request_that_comes_round_again_is_508() {
    let world = world();
    for (via, status) in [
        ("1.1 pictures.example (lenslet)", 508),
        ("2 edge, 1.1 Pictures.Example (lenslet)", 508),
        ("1.1 pictures.example (lenslet), 1.1 other.example (lenslet)", 508),
        (
            "1.1 a (lenslet), 1.1 b (lenslet), 1.1 c (lenslet), 1.1 d (lenslet), 1.1 e (lenslet), 1.1 f (lenslet), 1.1 g (lenslet), 1.1 h (lenslet)",
            508,
        ),
        ("1.1 other.example (lenslet)", 404),
        ("1.1 varnish", 404),
    ] {
        let answer = world.ask(Method::GET, "/image/width=8/a.png", &[("via", via)]);
        assert_eq!(answer.status, status, "{via}");
    }
    page(&world, "https://shop.example/media/a.png", 40);
    let via = "1.1 proxy.example (squid), 1.1 other.example (lenslet)";
    assert_eq!(world.ask(Method::GET, "/image/width=8/shop/a.png", &[("via", via)]).status, 200);
    let asked = world.servers.asked.borrow();
    let sent = &asked.last().unwrap().headers["via"];
    assert_eq!(sent, "1.1 other.example (lenslet), 1.1 pictures.example (lenslet)");
}

#[test]
fn a_store_that_refuses_us_is_502_and_the_log_says_which_credentials_it_refuses() {
    let world = world();
    world.servers.trouble("https://s3.example", Trouble::Status(403));
    let answer = world.get("/image/width=8/store/a.png");
    assert_eq!((answer.status, &answer.problem()["detail"]), (502, &"The cause was logged.".into()));
    let log = world.read_log().concat();
    assert!(log.contains("'store' refuses us with 403: look at the credentials in S3_KEY"), "{log}");
    assert!(!log.contains("much-too-secret") && !log.contains("AKID"), "{log}");
}

#[test]
fn objects_of_a_store_are_asked_for_with_a_signature() {
    let world = world();
    page(&world, "https://s3.example/photos/in%20sale/a.png", 40);
    assert_eq!(width(&world, "store/in%20sale/a.png"), 40);
    let asked = world.servers.asked.borrow();
    let authorization = asked[0].headers["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/20010909/eu/s3/aws4_request"));
}

#[test]
fn a_picture_of_unknown_length_or_version_is_read_to_its_end() {
    let world = world();
    let body = png(&sketch(40, 32));
    world.servers.page("https://shop.example/media/a.png", 200, &[], &body);
    assert_eq!(width(&world, "shop/a.png"), 40);
    let again = world.get("/image/rotate=0,format=png/shop/a.png");
    assert_eq!(again.header("cache-status"), "lenslet; hit");
    world.servers.page("https://shop.example/media/a.png", 200, &[], &png(&sketch(50, 32)));
    world.wait_seconds(61);
    assert_eq!(width(&world, "shop/a.png"), 50, "nothing tells versions apart, so each reading is a new one");
}

#[test]
fn a_point_beside_the_same_bytes_in_s3_counts_once_the_old_one_is_no_longer_fresh() {
    let world = world();
    let body = png(&sketch(48, 32));
    let length = body.len().to_string();
    let url = "https://s3.example/photos/a.png";
    let store = |modified: &str, focus: Option<&str>| {
        // Whoever writes other metadata copies the object onto itself: its entity tag stays.
        let plain = [("etag", "\"bytes\""), ("content-length", &length), ("last-modified", modified)];
        let headers: Vec<(&str, &str)> =
            plain.into_iter().chain(focus.map(|focus| ("x-amz-meta-focus", focus))).collect();
        world.servers.page(url, 200, &headers, &body);
    };
    let get = |gravity: &str| {
        world.get(&format!("/image/width=16,height=32,fit=cover,gravity={gravity},format=png/store/a.png"))
    };
    store("Sun, 06 Nov 1994 08:49:37 GMT", Some("0x0.5"));
    assert_eq!(get("auto").status, 200);
    let [left, right] = ["left", "right"].map(|side| get(side).body);
    assert!(get("auto").body == left && left != right);
    store("Sun, 06 Nov 1994 08:50:00 GMT", Some("1x0.5"));
    world.wait_seconds(61);
    assert!(get("auto").body == right);
    let reads = world.servers.reads.get();
    world.wait_seconds(61);
    assert!(get("auto").body == right);
    assert_eq!(world.servers.reads.get(), reads, "nothing changed, so nothing is sent");
    // What is no point is none.
    store("Sun, 06 Nov 1994 08:51:00 GMT", Some("left"));
    world.wait_seconds(61);
    assert_eq!(get("auto").status, 200);
}

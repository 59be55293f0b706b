//! Where variants are kept, how knowledge of versions is renewed, and what purges do.

use http::Method;
use lenslet::geometry::Size;
use lenslet::grant::{SigningKey, sign_url};
use lenslet::picture::{Channels, Picture};
use lenslet::serve::MessageError;

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::servers::Trouble;
use crate::support::world::{NOW_SECONDS, PICTURES, World};

const URL: &str = "/image/width=16,format=png/shop/a.png";

const KEY: &str =
    r#"{"kty":"oct","kid":"admin","alg":"HS256","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA"}"#;

const SETTINGS: [(&str, &str); 4] = [
    ("ACCESS", "public"),
    ("VARIANT_STORE", r#"{"binding":"VARIANTS"}"#),
    ("ADMIN_KEYS", KEY),
    ("POLICIES", r#"[{"path":"shop","access":"public","tags":["sale"],"tenant":"acme"}]"#),
];

fn world() -> World {
    let presets = [("thumb", "width=8,format=auto"), ("unbuilt", "segment=foreground")];
    World::new(&SETTINGS, &presets).with("shop/a.png", "one", &png(&sketch(48, 32)))
}

/// The keys of the bucket of the variants.
fn stored(world: &World) -> Vec<String> {
    let objects = world.servers.objects.borrow();
    objects.keys().filter(|(binding, _)| binding == "VARIANTS").map(|(_, key)| key.clone()).collect()
}

fn purge_url(query: &str, lifetime_seconds: u64) -> String {
    let key = SigningKey::parse(KEY.as_bytes()).unwrap();
    let expires = u64::from(NOW_SECONDS) + lifetime_seconds;
    sign_url(&key, &format!("/__lenslet/purge?{query}"), Some(expires), None).unwrap()
}

#[test]
fn what_one_data_centre_made_another_finds_in_the_bucket() {
    let world = world();
    let made = world.get(URL);
    let keys = stored(&world);
    assert_eq!(keys.len(), 1);
    let object = world.servers.object("VARIANTS", &keys[0]).unwrap();
    let about =
        |name: &str| object.about.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(about("recipe"), Some("width=16,format=png"));
    assert_eq!(about("sources"), Some("pictures:shop/a.png@one"));
    assert_eq!((about("tenant"), object.content_type.as_deref()), (Some("acme"), Some("image/png")));
    let mut world = world;
    world.kept.entries.borrow_mut().clear();
    world.forget();
    let reads = world.servers.reads.get();
    let found = world.get(URL);
    let status = "lenslet; fwd=uri-miss; stored, lenslet-variants; hit";
    assert_eq!((found.header("cache-status"), &found.body), (status, &made.body));
    assert_eq!(found.header("etag"), made.header("etag"));
    // The source was asked which version it has, and the picture itself was there.
    assert_eq!(world.servers.reads.get() - reads, 3, "purges, the source, the variant");
    assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit");
}

#[test]
fn a_bucket_of_variants_that_fails_stops_nothing() {
    let world = world();
    world.servers.trouble("VARIANTS", Trouble::Fails("gone".to_owned()));
    assert_eq!(world.get(URL).status, 200);
    assert!(world.read_log().concat().contains("the bucket of the variants fails: gone"));
}

#[test]
fn nor_does_one_that_never_answers() {
    let world = world();
    world.servers.trouble("VARIANTS", Trouble::Stalls);
    let began_ms = world.clock.now_ms();
    assert_eq!(world.get(URL).status, 200);
    assert!(world.clock.now_ms() - began_ms <= 3_000.0, "for purges and for the variant");
    for width in 1..=9 {
        assert_eq!(world.get(&format!("/image/width={width}/shop/a.png")).status, 200);
    }
    let began_ms = world.clock.now_ms();
    assert_eq!(world.get("/image/width=10/shop/a.png").status, 200);
    assert!(world.clock.now_ms() - began_ms < 100.0, "by now it is left alone");
}

#[test]
fn knowledge_is_renewed_before_anybody_has_to_wait_for_it() {
    let world = world();
    world.get(URL);
    let heads = || world.servers.heads.get();
    world.wait_seconds(29);
    assert_eq!((world.get(URL).header("cache-status"), heads()), ("lenslet; hit", 0));
    world.wait_seconds(2);
    assert_eq!((world.get(URL).header("cache-status"), heads()), ("lenslet; hit", 1));
    assert_eq!((world.get(URL).header("cache-status"), heads()), ("lenslet; hit", 1));
    // So that an hour of use never waits for a source.
    for _ in 0..90 {
        world.wait_seconds(40);
        assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit");
    }
}

#[test]
fn a_replaced_picture_shows_within_its_time_however_often_it_is_asked_for() {
    let world = world();
    world.get(URL);
    world.put("shop/a.png", "two", &png(&sketch(48, 96)));
    let replaced_ms = world.clock.now_ms();
    while pixels(&world.get(URL).body).size().height != 32 {
        world.clock.advance_ms(500.0);
    }
    assert!(world.clock.now_ms() - replaced_ms <= 60_000.0);
}

#[test]
fn whoever_likes_gets_old_pictures_at_once_and_new_ones_soon() {
    let settings = [&SETTINGS[..], &[("STALE_WHILE_REVALIDATE_SECONDS", "30")]].concat();
    let world = World::new(&settings, &[]).with("shop/a.png", "one", &png(&sketch(48, 32)));
    world.get(URL);
    world.put("shop/a.png", "two", &png(&sketch(48, 96)));
    world.wait_seconds(80);
    let old = world.get(URL);
    assert_eq!(old.header("cache-status"), "lenslet; hit; ttl=-20; detail=revalidating");
    assert_eq!((pixels(&old.body).size().height, old.header("cache-control")), (11, "public, max-age=10"));
    assert_eq!(pixels(&world.get(URL).body).size().height, 32);
}

#[test]
fn a_purge_takes_every_name_of_a_picture() {
    for query in [
        "source=shop%2Fa.png",
        "source=/shop/a.png",
        "prefix=shop",
        "tag=sale",
        "tenant=acme",
        "everything=true",
    ] {
        let world = world();
        let old = world.get(URL);
        // The source is as it was: nothing but the purge can make it new.
        let began_ms = world.clock.now_ms();
        let purged = world.ask(Method::POST, &purge_url(query, 300), &[]);
        assert_eq!(purged.status, 200, "{query}: {}", String::from_utf8_lossy(&purged.body));
        assert!(world.clock.now_ms() - began_ms >= 1_000.0, "every isolate has looked by then");
        let answer: serde_json::Value = serde_json::from_slice(&purged.body).unwrap();
        assert_eq!(answer["reach"], "everywhere");
        let new = world.get(URL);
        assert_eq!(new.header("cache-status"), "lenslet; fwd=uri-miss; stored", "{query}");
        assert_ne!(new.header("etag"), old.header("etag"));
        assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit");
        assert!(world.read_log().concat().contains(r#""event":"purged""#));
    }
}

#[test]
fn a_purge_leaves_everything_else_alone() {
    let other = "/image/width=16,format=png/b/a.png";
    let world = World::new(&SETTINGS[..3], &[]).with("shop/a.png", "one", &png(&sketch(48, 32))).with(
        "b/a.png",
        "one",
        &png(&sketch(48, 32)),
    );
    world.get(other);
    world.get(URL);
    for query in ["source=shop/a.png", "prefix=shop", "prefix=b/a", "tag=sale", "tenant=acme"] {
        assert_eq!(world.ask(Method::POST, &purge_url(query, 300), &[]).status, 200);
        assert_eq!(world.get(other).header("cache-status"), "lenslet; hit", "{query}");
    }
}

#[test]
fn a_purge_of_elsewhere_is_noticed_within_seconds() {
    let mut world = world();
    let old = world.get(URL);
    assert_eq!(world.ask(Method::POST, &purge_url("source=shop/a.png", 300), &[]).status, 200);
    let table = world.servers.object("VARIANTS", "variants/purges.json").unwrap();
    // Another data centre, which knew of none: its cache and its isolate are as they were before.
    world.servers.objects.borrow_mut().remove(&("VARIANTS".to_owned(), "variants/purges.json".to_owned()));
    world.kept.entries.borrow_mut().clear();
    world.forget();
    let there = world.get(URL);
    assert_eq!(there.header("etag"), old.header("etag"));
    world
        .servers
        .objects
        .borrow_mut()
        .insert(("VARIANTS".to_owned(), "variants/purges.json".to_owned()), table);
    let began_ms = world.clock.now_ms();
    while world.get(URL).header("etag") == old.header("etag") {
        world.clock.advance_ms(500.0);
    }
    assert!(world.clock.now_ms() - began_ms <= 12_000.0);
}

#[test]
fn two_who_purge_at_once_are_both_heard() {
    let world = world().with("b.png", "one", &png(&sketch(48, 32)));
    let (a, b) = (purge_url("source=shop/a.png", 300), purge_url("source=b.png", 300));
    let (a, b) = (world.request(Method::POST, &a, &[]), world.request(Method::POST, &b, &[]));
    let both: Vec<std::pin::Pin<Box<dyn Future<Output = _> + '_>>> =
        vec![Box::pin(world.answer(&a)), Box::pin(world.answer(&b))];
    let answers = world.clock.run(crate::support::clock::all(both));
    assert_eq!((answers[0].status, answers[1].status), (200, 200));
    let table = world.servers.object("VARIANTS", "variants/purges.json").unwrap();
    let table = String::from_utf8(table.bytes.to_vec()).unwrap();
    assert!(table.contains("source shop/a.png") && table.contains("source b.png"), "{table}");
}

#[test]
fn nobody_purges_without_the_key_or_for_long() {
    let world = world();
    world.get(URL);
    let signed = purge_url("source=shop/a.png", 300);
    let changed = signed.replace("a.png", "b.png");
    for (method, url, status) in [
        (Method::POST, "/__lenslet/purge?everything=true", 403),
        (Method::POST, &changed, 403),
        (Method::POST, &purge_url("source=shop/a.png", 7_200), 403),
        (Method::POST, &purge_url("sauce=shop/a.png", 300), 400),
        (Method::POST, &purge_url("everything=false", 300), 400),
        (Method::GET, &signed, 404),
        (Method::PUT, &signed, 405),
    ] {
        assert_eq!(world.ask(method, url, &[]).status, status, "{url}");
    }
    assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit");
    world.wait_seconds(301);
    assert_eq!(world.ask(Method::POST, &signed, &[]).status, 403, "it has expired");
    let without = World::public();
    assert_eq!(without.ask(Method::POST, &signed, &[]).status, 403);
}

#[test]
fn a_message_makes_presets_before_anybody_asks() {
    let world = world();
    let message = r#"{"kind":"warm","source":"shop/a.png","presets":["thumb"]}"#;
    assert_eq!(world.message(message), Ok(()));
    assert_eq!(stored(&world).len(), 3, "what clients with AVIF get, with WebP, and the others");
    let reads = world.servers.reads.get();
    for accept in ["image/avif,image/webp", "image/webp", "*/*"] {
        let answer = world.ask(Method::GET, "/image/preset=thumb/shop/a.png", &[("accept", accept)]);
        assert_eq!(answer.header("cache-status"), "lenslet; hit", "{accept}");
    }
    assert_eq!(world.servers.reads.get(), reads);
}

#[test]
fn a_message_purges() {
    let world = world();
    world.get(URL);
    assert_eq!(world.message(r#"{"kind":"purge","sources":["shop/a.png"]}"#), Ok(()));
    assert_eq!(world.get(URL).header("cache-status"), "lenslet; fwd=uri-miss; stored");
}

#[test]
fn messages_that_cannot_be_carried_out_say_whether_they_ever_can() {
    let world = world();
    let warm = |source: &str, preset: &str| {
        world.message(&format!(r#"{{"kind":"warm","source":"{source}","presets":["{preset}"]}}"#))
    };
    for hopeless in [
        world.message("nonsense"),
        world.message(r#"{"kind":"dance"}"#),
        world.message(r#"{"kind":"purge"}"#),
        warm("shop/a.png", "nope"),
        warm("shop/a.png", "unbuilt"),
        warm("../a.png", "thumb"),
    ] {
        assert!(matches!(hopeless, Err(MessageError::Hopeless(_))), "{hopeless:?}");
    }
    assert!(matches!(warm("shop/new.png", "thumb"), Err(MessageError::Later(_))));
    world.servers.trouble(PICTURES, Trouble::Fails("gone".to_owned()));
    assert!(matches!(warm("shop/a.png", "thumb"), Err(MessageError::Later(_))));
}

#[test]
fn nobody_waits_for_a_slow_avif_and_the_next_one_gets_it() {
    let settings = [("ACCESS", "public"), ("VARIANT_STORE", r#"{"binding":"VARIANTS"}"#)];
    let world = World::new(&settings, &[]).with("a.png", "one", &png(&sketch(900, 700)));
    let url = "/image/width=840,format=auto/a.png";
    let ask = |accept| world.ask(Method::GET, url, &[("accept", accept)]);
    let modern = "image/avif,image/webp,*/*";
    let first = ask(modern);
    assert_eq!((first.status, first.header("content-type")), (200, "image/webp"));
    assert_eq!(first.header("cache-status"), "lenslet; fwd=uri-miss; stored; detail=avif-later");
    assert_eq!((first.header("cache-control"), first.header("vary")), ("public, max-age=10", "Accept"));
    // Made behind the answer.
    let second = ask(modern);
    assert_eq!(
        (second.header("content-type"), second.header("cache-status")),
        ("image/avif", "lenslet; hit")
    );
    assert_ne!(second.header("etag"), first.header("etag"));
    assert_eq!(second.header("cache-control"), "public, max-age=3600");
    // What answered meanwhile is what others get.
    let other = ask("image/webp");
    assert_eq!((other.header("cache-status"), &other.body), ("lenslet; hit", &first.body));
    assert_eq!(stored(&world).len(), 2);
}

#[test]
fn what_is_there_answers_while_a_better_one_is_made() {
    let world = World::public().with("a.png", "one", &png(&sketch(48, 32)));
    let ask = |accept| world.ask(Method::GET, "/image/width=32,format=auto/a.png", &[("accept", accept)]);
    ask("image/webp");
    let meanwhile = ask("image/avif,image/webp");
    assert_eq!(meanwhile.header("cache-status"), "lenslet; hit; detail=avif-later");
    assert_eq!(ask("image/avif,image/webp").header("content-type"), "image/avif");
    // Asked for by name, it is waited for.
    let named = world.ask(Method::GET, "/image/width=480,format=avif/a.png", &[]);
    assert_eq!(
        (named.header("content-type"), named.header("cache-status")),
        ("image/avif", "lenslet; fwd=uri-miss; stored")
    );
}

#[test]
fn a_mark_is_read_once_for_many_pictures_and_anew_when_it_was_replaced() {
    let world = World::new(&[("ACCESS", "public"), ("ADMIN_KEYS", KEY)], &[])
        .with("a.png", "one", &png(&sketch(48, 32)))
        .with("b.png", "one", &png(&sketch(32, 48)))
        .with("mark.png", "one", &png(&Picture::filled(Size::new(8, 8), Channels::Rgba, [255, 0, 0, 255])));
    let url = |key: &str, width: u32| {
        format!("/image/width={width},format=png,mark=mark.png,mark.width=0.25,mark.left=0,mark.top=0/{key}")
    };
    let reads = |world: &World, url: &str| {
        let before = world.servers.reads.get();
        let seen = world.get(url);
        assert_eq!(seen.status, 200);
        (world.servers.reads.get() - before, pixels(&seen.body).samples()[..3].to_vec())
    };
    let red = vec![255, 0, 0];
    let (first, colour) = reads(&world, &url("a.png", 16));
    assert_eq!(colour, red);
    let (second, colour) = reads(&world, &url("b.png", 16));
    assert_eq!((second, colour), (first - 1, red.clone()), "all but the mark");
    // Of another size it is another frame of the same file.
    assert_eq!(reads(&world, &url("a.png", 24)), (1, red));
    // A purge does not trust the entity tag.
    world.put("mark.png", "one", &png(&Picture::filled(Size::new(8, 8), Channels::Rgba, [0, 255, 0, 255])));
    world.wait_seconds(1);
    assert_eq!(world.ask(Method::POST, &purge_url("source=mark.png", 60), &[]).status, 200);
    world.wait_seconds(2);
    assert_eq!(reads(&world, &url("a.png", 16)).1, [0, 255, 0]);
    world.put("mark.png", "two", &png(&Picture::filled(Size::new(8, 8), Channels::Rgba, [0, 0, 255, 255])));
    world.wait_seconds(120);
    assert_eq!(reads(&world, &url("a.png", 20)).1, [0, 0, 255]);
}

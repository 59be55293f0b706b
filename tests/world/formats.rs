//! Which file is made, for whom, and what is told instead of one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::probe::Header;

use crate::support::metadata::laden;
use crate::support::pictures::{file, png, sketch, sketch_with_alpha};
use crate::support::world::World;

const CHROME: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

fn world() -> World {
    World::public()
        .with("photo.jpg", "jpeg", &file(&sketch(48, 32), Format::Jpeg, 90))
        .with("opaque.png", "png", &png(&sketch(48, 32)))
        .with("alpha.png", "alpha", &png(&sketch_with_alpha(48, 32)))
        .with("a.webp", "webp", &file(&sketch_with_alpha(48, 32), Format::Webp, 90))
        .with("a.gif", "gif", &file(&sketch(48, 32), Format::Gif, 90))
}

#[test]
fn auto_follows_accept_and_says_that_it_varies() {
    let cases = [
        ("photo.jpg", CHROME, "image/avif"),
        ("alpha.png", "image/avif", "image/avif"),
        ("photo.jpg", "image/webp,image/apng,*/*;q=0.8", "image/webp"),
        ("photo.jpg", "*/*", "image/jpeg"),
        ("photo.jpg", "", "image/jpeg"),
        ("photo.jpg", "image/webp;q=0.1,image/jpeg", "image/jpeg"),
        ("opaque.png", "image/webp", "image/webp"),
        ("opaque.png", "image/*", "image/jpeg"),
        ("alpha.png", "image/*", "image/png"),
        ("a.webp", "*/*", "image/png"),
        ("a.gif", "*/*", "image/jpeg"),
        ("a.gif", CHROME, "image/avif"),
    ];
    for (source, accept, expected) in cases {
        let world = world();
        for _ in ["made", "kept"] {
            let answer = world.ask(
                Method::GET,
                &format!("/image/width=16,format=auto/{source}"),
                &[("accept", accept)],
            );
            let got = (answer.status, answer.header("content-type"), answer.header("vary"));
            assert_eq!(got, (200, expected, "Accept"), "{source} for {accept}");
            assert_eq!(Format::sniff(&answer.body).map(Format::mime), Some(expected));
        }
    }
}

#[test]
fn clients_of_one_kind_share_a_variant() {
    let world = world();
    let ask = |accept| world.ask(Method::GET, "/image/width=16,format=auto/photo.jpg", &[("accept", accept)]);
    let tags =
        [CHROME, "image/avif", "image/webp", "*/*"].map(|accept| ask(accept).header("etag").to_owned());
    let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    assert_eq!(ask("image/webp").header("cache-status"), "lenslet; hit");
    assert_eq!(ask("text/html").header("cache-status"), "lenslet; hit");
    // A format asked for by name is no matter of the client's.
    let named = world.ask(Method::GET, "/image/width=16,format=webp/photo.jpg", &[]);
    assert_eq!((named.header("content-type"), named.header("vary")), ("image/webp", ""));
}

#[test]
fn without_a_format_it_is_the_sources_own() {
    let own = [
        ("photo.jpg", "image/jpeg"),
        ("opaque.png", "image/png"),
        ("alpha.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.gif", "image/gif"),
    ];
    for (source, expected) in own {
        let answer = world().ask(Method::GET, &format!("/image/width=16/{source}"), &[("accept", CHROME)]);
        let got = (answer.status, answer.header("content-type"), answer.header("vary"));
        assert_eq!(got, (200, expected, ""), "{source}");
        assert_eq!(Format::sniff(&answer.body).map(Format::mime), Some(expected));
    }
}

#[test]
fn every_format_can_be_asked_for_by_name() {
    let formats = [
        ("webp", Format::Webp),
        ("jpeg", Format::Jpeg),
        ("baseline-jpeg", Format::Jpeg),
        ("png", Format::Png),
        ("gif", Format::Gif),
        ("avif", Format::Avif),
    ];
    for source in ["photo.jpg", "opaque.png", "alpha.png", "a.webp", "a.gif"] {
        for (name, expected) in formats {
            let answer = world().get(&format!("/image/width=16,format={name}/{source}"));
            assert_eq!(answer.status, 200, "{source} as {name}: {:?}", String::from_utf8_lossy(&answer.body));
            assert_eq!(answer.header("content-type"), expected.mime());
            assert_eq!(Format::sniff(&answer.body), Some(expected), "{source} as {name}");
        }
    }
}

/// AVIF by name is no promise: what comes instead must not be kept for clients that do not take it.
#[test]
fn avif_by_name_is_kept_apart_by_what_would_come_instead() {
    let world = World::public().with("wide.png", "wide", &png(&sketch(1_300, 20)));
    let cases = [
        ("width=1201", "image/avif,image/webp", "image/webp", "fwd=uri-miss"),
        ("width=1201", "*/*", "image/jpeg", "fwd=uri-miss"),
        ("width=1201", "image/webp", "image/webp", "hit"),
        ("width=1200", "*/*", "image/avif", "fwd=uri-miss"),
        ("width=1200", "text/html", "image/avif", "hit"),
    ];
    for (options, accept, expected, cached) in cases {
        let path = format!("/image/{options},format=avif/wide.png");
        let answer = world.ask(Method::GET, &path, &[("accept", accept)]);
        let got = (answer.status, answer.header("content-type"), answer.header("vary"));
        assert_eq!(got, (200, expected, "Accept"), "{options} for {accept}");
        assert!(answer.header("cache-status").contains(cached), "{options} for {accept}");
    }
}

/// A GIF of two frames, for ever.
fn moving() -> Vec<u8> {
    let image = b"\x21\xf9\x04\0\x05\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    let start = b"GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    [&start[..], image, image, b";"].concat()
}

#[test]
fn json_tells_of_frames() {
    let world = World::public().with("moving.gif", "moving", &moving());
    let answer = world.get("/image/format=json/moving.gif");
    let facts: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = serde_json::json!({
        "file_size": moving().len(), "width": 2, "height": 1, "format": "image/gif", "orientation": 1, "alpha": true,
        "frames": 2, "loop_count": 0, "duration_ms": 100,
    });
    assert_eq!(facts["original"], expected);
}

#[test]
fn what_moves_does_so_in_a_format_that_the_client_takes() {
    let world = World::public().with("moving.gif", "moving", &moving());
    for (options, accept, expected, cached) in [
        ("format=auto", CHROME, "image/webp", "fwd=uri-miss"),
        ("format=auto", "*/*", "image/gif", "fwd=uri-miss"),
        ("format=avif", CHROME, "image/avif", "fwd=uri-miss"),
        ("format=auto,anim=false", CHROME, "image/avif", "hit"),
    ] {
        let path = format!("/image/{options}/moving.gif");
        let answer = world.ask(Method::GET, &path, &[("accept", accept)]);
        assert_eq!((answer.status, answer.header("content-type")), (200, expected), "{options} for {accept}");
        assert!(answer.header("cache-status").contains(cached), "{options} for {accept}");
    }
}

/// What is told of a picture.
fn told(world: &World, path: &str) -> serde_json::Value {
    let answer = world.get(path);
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{path}");
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn json_tells_sizes_and_what_the_output_looks_like() {
    let facts = told(&world(), "/image/width=16,format=json/photo.jpg");
    let file_size = file(&sketch(48, 32), Format::Jpeg, 90).len();
    assert_eq!((&facts["width"], &facts["height"]), (&16.into(), &11.into()));
    let expected = serde_json::json!({
        "file_size": file_size, "width": 48, "height": 32, "format": "image/jpeg", "orientation": 1, "alpha": false,
    });
    assert_eq!(facts["original"], expected);
    let red = told(
        &world(),
        "/image/width=16,height=16,fit=cover,filter=invert,crop=0;0;4;4,format=json/opaque.png",
    );
    // The corner is red, and that is its complement.
    let cyan = serde_json::json!({
        "average": "#00ffff", "dominant": "#00ffff", "palette": [{"color": "#00ffff", "share": 1.0}],
    });
    assert_eq!(red["colors"], cyan);
    assert_eq!(red.get("perceptual_hash"), None, "there is nothing to be seen");
}

#[test]
fn json_tells_of_the_camera_and_nothing_private() {
    let laden = laden(&file(&sketch(48, 32), Format::Jpeg, 90));
    let world = World::public().with("a.jpg", "one", &laden);
    let facts = told(&world, "/image/format=json/a.jpg");
    let expected = serde_json::json!({
        "camera": "Maker", "lens": "A lens", "taken": "2026-11-21T03:00:00", "exposure_seconds": 0.008,
        "artist": "A. Author", "copyright": "(c) A. Author", "credit": "An agency",
    });
    assert_eq!(facts["original"]["metadata"], expected);
    assert_eq!(facts["original"]["orientation"], 6);
    let all = world.get("/image/metadata=keep,format=json/a.jpg");
    assert!(!String::from_utf8_lossy(&all.body).contains("SECRET"));
    let none = told(&world, "/image/metadata=none,format=json/a.jpg");
    assert_eq!(none["original"].get("metadata"), None);
}

#[test]
fn what_is_drawn_over_a_picture_is_not_told_of_and_need_not_be_there() {
    let world = world();
    let [plain, marked] = ["", ",mark=nothing.png,text=Hello"].map(|layers| {
        let answer = world.get(&format!("/image/width=40{layers},format=blurhash/photo.jpg"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain"), "{layers}");
        answer
    });
    assert_eq!((&plain.body, plain.header("etag")), (&marked.body, marked.header("etag")));
    assert_eq!(plain.body.len(), 28);
}

#[test]
fn hashes_and_tiny_pictures_are_kept_as_pictures_are() {
    let world = world();
    for (format, source) in
        [("blurhash", "alpha.png"), ("thumbhash", "a.gif"), ("lqip", "alpha.png"), ("lqip", "photo.jpg")]
    {
        let url = format!("/image/width=40,format={format}/{source}");
        let made = world.get(&url);
        assert_eq!((made.status, made.header("content-type")), (200, "text/plain"), "{url}");
        assert_eq!(made.header("cache-control"), "public, max-age=3600");
        let kept = world.get(&url);
        assert_eq!((kept.header("cache-status"), &kept.body), ("lenslet; hit", &made.body));
        let again = world.ask(Method::GET, &url, &[("if-none-match", made.header("etag"))]);
        assert_eq!(again.status, 304);
    }
    let tiny = String::from_utf8(world.get("/image/width=40,format=lqip/alpha.png").body).unwrap();
    let file = BASE64_STANDARD.decode(tiny.strip_prefix("data:image/webp;base64,").unwrap()).unwrap();
    let header = Header::read(&file).unwrap();
    assert_eq!((header.format, header.size, header.alpha), (Format::Webp, Size::new(24, 16), true));
}

#[test]
fn json_tells_sizes_also_where_looking_would_cost_too_much() {
    // A header is all that is needed for them.
    let mut huge = png(&sketch(48, 32));
    huge[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = crc32fast::hash(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    let world = World::public().with("huge.png", "one", &huge);
    let facts = told(&world, "/image/width=100,format=json/huge.png");
    assert_eq!((&facts["width"], facts.get("colors")), (&100.into(), None));
    assert_eq!(facts["original"]["width"], 30_000);
    assert_eq!(world.get("/image/width=100,format=blurhash/huge.png").status, 422);
}

#[test]
fn broken_pixels_are_an_error_and_no_colours() {
    let whole = png(&sketch(48, 32));
    let world = World::public().with("cut.png", "one", &whole[..whole.len() / 2]);
    for format in ["json", "blurhash", "lqip"] {
        assert_eq!(world.get(&format!("/image/width=10,format={format}/cut.png")).status, 422, "{format}");
    }
}

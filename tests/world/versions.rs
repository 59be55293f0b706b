//! Which bytes an answer is of: replaced sources, marks, presets, and the sources themselves.

use http::Method;
use lenslet::format::Format;
use lenslet::geometry::Focus;
use lenslet::picture::Channels;

use crate::support::lens::pixels;
use crate::support::pictures::{file, mark, paint, png, sketch};
use crate::support::world::{PICTURES, World};

const URL: &str = "/image/width=16,format=png/a.png";

fn world() -> World {
    World::public().with("a.png", "one", &png(&sketch(48, 32)))
}

#[test]
fn a_replaced_source_gives_a_new_answer_once_it_is_no_longer_fresh() {
    let world = world();
    let old = world.get(URL);
    world.put("a.png", "two", &png(&sketch(32, 48)));
    world.wait_seconds(59);
    let fresh = world.get(URL);
    assert_eq!((fresh.header("cache-status"), &fresh.body), ("lenslet; hit", &old.body));
    world.wait_seconds(2);
    let new = world.get(URL);
    assert_eq!(new.header("cache-status"), "lenslet; fwd=uri-miss; stored");
    assert_ne!(new.header("etag"), old.header("etag"));
    assert_eq!(pixels(&new.body).size().height, 24);
    // What the client has of the old one is of no use.
    let asked = world.ask(Method::GET, URL, &[("if-none-match", old.header("etag"))]);
    assert_eq!((asked.status, asked.body), (200, new.body));
}

#[test]
fn a_replaced_source_is_made_once_and_not_for_every_request() {
    let world = world();
    world.get(URL);
    world.put("a.png", "two", &png(&sketch(32, 48)));
    // Another variant is not kept yet, so the source is read, and turns out to be a new one.
    let other = "/image/width=8,format=png/a.png";
    let made = world.get(other);
    assert_eq!(made.header("cache-status"), "lenslet; fwd=uri-miss; stored");
    let again = world.get(other);
    assert_eq!((again.header("cache-status"), &again.body), ("lenslet; hit", &made.body));
}

#[test]
fn freshness_of_nought_always_asks_the_store() {
    let world = World::new(&[("ACCESS", "public"), ("FRESH_SECONDS", "0")], &[]);
    world.put("a.png", "one", &png(&sketch(48, 32)));
    let old = world.get(URL);
    world.put("a.png", "two", &png(&sketch(32, 48)));
    assert_ne!(world.get(URL).body, old.body);
}

#[test]
fn a_deleted_source_is_gone_when_it_is_no_longer_fresh() {
    let world = world();
    world.get(URL);
    world.delete("a.png");
    assert_eq!(world.get(URL).status, 200, "still fresh");
    world.wait_seconds(61);
    assert_eq!(world.get(URL).status, 404);
}

#[test]
fn a_mark_is_part_of_what_an_answer_is_made_of() {
    const MARKED: &str = "/image/mark=m%2Fl.png,mark.gravity=left,format=png/a.png";
    let world = world().with("m/l.png", "m1", &png(&mark()));
    let first = world.get(MARKED);
    assert_eq!(first.header("cache-tag"), "src-a.png,src-m/l.png");
    assert_ne!(first.body, world.get("/image/format=png,width=48/a.png").body, "it is drawn");
    assert_eq!(world.get(MARKED).header("cache-status"), "lenslet; hit");
    world.put("m/l.png", "m2", &png(&sketch(12, 8)));
    world.wait_seconds(61);
    let second = world.get(MARKED);
    assert_ne!((second.header("etag"), &second.body), (first.header("etag"), &first.body));
}

#[test]
fn a_mark_that_is_no_picture_is_refused_like_a_source() {
    let world = world().with("m.png", "m1", b"no picture").with("n.svg", "n1", b"<svg/>");
    assert_eq!(world.get("/image/mark=m.png/a.png").status, 415);
    assert_eq!(world.get("/image/mark=n.svg/a.png").status, 422);
    assert_eq!(world.kept_variants(), 0);
}

#[test]
fn a_border_is_looked_for_in_the_file_as_it_came() {
    let world = World::new(&[("ACCESS", "public")], &[]);
    let pixel = |x: u32, y: u32| [u8::try_from(x).unwrap(), u8::try_from(y).unwrap(), 200, 255];
    let framed = paint(70, 50, Channels::Rgb, |x, y| match (x, y) {
        (11..59, 6..38) => pixel(x, y),
        _ => [255; 4],
    });
    world.put("a.png", "one", &png(&framed));
    world.put("b.jpg", "one", &file(&framed, Format::Jpeg, 95));
    let trimmed = world.get("/image/trim=border,trim.border.tolerance=40,format=png/a.png");
    assert_eq!(pixels(&trimmed.body), paint(48, 32, Channels::Rgb, |x, y| pixel(x + 11, y + 6)));
    let facts = world.get("/image/trim=border,trim.border.tolerance=40,format=json/b.jpg");
    let facts: serde_json::Value = serde_json::from_slice(&facts.body).unwrap();
    assert_eq!((&facts["width"], &facts["height"]), (&48.into(), &32.into()));
}

#[test]
fn presets_are_their_options_and_what_stands_beside_them_wins() {
    let presets = [("thumb", "width=16,height=16,fit=cover,format=png"), ("odd", "segment=foreground")];
    let world = World::new(&[("ACCESS", "public")], &presets);
    world.put("a.png", "one", &png(&sketch(48, 32)));
    let written = world.get("/image/width=16,height=16,fit=cover,format=png/a.png");
    let preset = world.get("/image/preset=thumb/a.png");
    assert_eq!((preset.header("cache-status"), &preset.body), ("lenslet; hit", &written.body));
    let beside = world.get("/image/preset=thumb,height=8/a.png");
    assert_eq!(pixels(&beside.body).size(), lenslet::geometry::Size::new(16, 8));
    assert_eq!(world.get("/image/preset=odd/a.png").problem()["option"], "segment");
    assert_eq!(world.get("/image/preset=other/a.png").status, 400);
}

#[test]
fn sources_are_shown_as_they_are_and_only_pictures() {
    let original = png(&sketch(48, 32));
    let world = world().with("page.png", "html", b"<html>").with("b.jpg", "png", &original);
    let answer = world.get("/a.png?v=2");
    assert_eq!((answer.status, &answer.body), (200, &original));
    let expected = format!(
        "accept-ranges: bytes\n\
         cache-control: public, max-age=3600\n\
         cache-status: lenslet; fwd=bypass\n\
         cache-tag: src-a.png\n\
         cdn-cache-control: max-age=60\n\
         content-length: {}\n\
         content-type: image/png\n\
         etag: \"one\"\n\
         last-modified: Sun, 06 Nov 1994 08:49:37 GMT\n",
        original.len()
    );
    assert_eq!(answer.own_headers(), expected);
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(world.get("/b.jpg").header("content-type"), "image/png", "the bytes decide, not the name");
    assert_eq!(world.get("/page.png").status, 415);
    assert_eq!(world.ask(Method::GET, "/a.png", &[("if-none-match", "\"one\"")]).status, 304);
    let part = world.ask(Method::GET, "/a.png", &[("range", "bytes=0-7")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &original[..8]));
}

#[test]
fn sources_are_hidden_until_the_deployment_shows_them() {
    let world = World::new(&[("ACCESS", "public")], &[]).with("a.png", "one", &png(&sketch(48, 32)));
    assert_eq!(world.get("/a.png").problem()["type"], "urn:lenslet:problem:no-such-path");
    assert_eq!(world.get(URL).status, 200);
}

/// Writes the point that matters beside a picture, as its uploader does, and leaves its bytes as they are.
fn set_focus(world: &World, key: &str, focus: Option<Focus>) {
    let mut objects = world.servers.objects.borrow_mut();
    objects.get_mut(&(PICTURES.to_owned(), key.to_owned())).unwrap().version.focus = focus;
}

#[test]
fn a_stored_point_is_kept_and_a_new_one_shows_once_the_old_is_no_longer_fresh() {
    let world = world();
    let auto = "/image/width=16,height=32,fit=cover,gravity=auto,format=png/a.png";
    let at = |gravity: &str| world.get(&auto.replace("auto", gravity)).body;
    let (left, right) = (at("left"), at("right"));
    assert_ne!(left, right);
    let seen = world.get(auto);
    assert_eq!(seen.status, 200);
    set_focus(&world, "a.png", Some(Focus { x: 0, y: 5_000 }));
    assert_eq!(world.get(auto).header("cache-status"), "lenslet; hit", "nobody has asked yet");
    let plain = world.get(URL);
    world.wait_seconds(61);
    let first = world.get(auto);
    assert!(first.body == left, "the point of the left edge is kept");
    assert_ne!(first.header("etag"), seen.header("etag"));
    // The bytes are the same, and what does not go by the point stays as it was.
    let same = world.get(URL);
    assert_eq!((same.header("cache-status"), same.header("etag")), ("lenslet; hit", plain.header("etag")));
    set_focus(&world, "a.png", Some(Focus { x: 10_000, y: 5_000 }));
    world.wait_seconds(61);
    assert!(world.get(auto).body == right);
    set_focus(&world, "a.png", None);
    world.wait_seconds(61);
    assert!(world.get(auto).body == seen.body);
    // A point that is written in the URL is what is asked for.
    assert!(at("0x0.5") == left);
}

//! SVG: handed on as a drawing without what is dangerous, or drawn where a format of pixels is named.

use http::Method;

use lenslet::geometry::Size;

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::world::{PICTURES, World};

const LOGO: &str = "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 32\" onload=\"alert(1)\">\
    <style>.a{fill:red}</style><script>alert(2)</script><rect class=\"a\" width=\"64\" height=\"32\" onclick=\"alert(3)\"/>\
    <image href=\"https://elsewhere.test/spy.png\"/></svg>";

const PLAIN: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 32'><rect fill='red' width='64' height='32'/></svg>";

fn world() -> World {
    World::public().with("logo.svg", "one", LOGO.as_bytes()).with("plain.svg", "one", PLAIN.as_bytes()).with(
        "a.png",
        "png",
        &png(&sketch(48, 32)),
    )
}

#[test]
fn a_drawing_goes_on_as_one_without_scripts_and_what_is_loaded() {
    for (options, accept) in [
        ("width=800", "*/*"),
        ("width=800,format=auto", "image/avif,image/webp,*/*"),
        ("width=800,format=auto", "*/*"),
        ("width=80,height=80,fit=cover,gravity=auto,blur=4,format=svg", "image/webp"),
    ] {
        let world = world();
        let url = format!("/image/{options}/logo.svg");
        let made = world.ask(Method::GET, &url, &[("accept", accept)]);
        let kept = world.ask(Method::GET, &url, &[("accept", accept)]);
        assert_eq!((made.status, made.header("content-type")), (200, "image/svg+xml"), "{options}");
        assert_eq!(kept.header("cache-status"), "lenslet; hit");
        for answer in [&made, &kept] {
            assert_eq!(answer.header("content-type"), "image/svg+xml");
            let policy = answer.header("content-security-policy");
            assert_eq!(policy, "default-src 'none'; style-src 'unsafe-inline'; sandbox");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
        assert_eq!(made.body, kept.body);
        let text = String::from_utf8(made.body).unwrap();
        assert!(text.contains("<rect") && text.contains("fill:red"), "{text}");
        for gone in ["alert", "script", "onload", "onclick", "elsewhere"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
    }
}

#[test]
fn pixels_of_a_drawing_are_drawn_where_they_are_named() {
    for format in ["png", "webp", "jpeg", "baseline-jpeg", "avif", "gif"] {
        let answer = world().get(&format!("/image/width=640,fit=contain,format={format}/plain.svg"));
        assert_eq!(answer.status, 200, "{format}");
        let media_type = format!("image/{}", format.trim_start_matches("baseline-"));
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("vary").contains("Accept"), format == "avif");
    }
    let png = world().get("/image/width=640,fit=contain,format=png/plain.svg");
    let picture = pixels(&png.body);
    assert_eq!((picture.size(), &picture.samples()[..3]), (Size::new(640, 320), &[255, 0, 0][..]));
    let facts = world().get("/image/width=8,format=json/plain.svg");
    let facts: serde_json::Value = serde_json::from_slice(&facts.body).unwrap();
    assert_eq!((&facts["width"], &facts["height"]), (&8.into(), &4.into()));
    let original = &facts["original"];
    assert_eq!((&original["format"], &original["width"]), (&"image/svg+xml".into(), &64.into()));
    assert_eq!(world().get("/image/width=8,format=blurhash/plain.svg").status, 200);
    let answer = world().get("/image/width=8,format=svg/a.png");
    assert_eq!((answer.status, &answer.problem()["type"]), (400, &"urn:lenslet:problem:no-drawing".into()));
}

#[test]
fn what_is_not_drawn_is_501_and_what_takes_too_long_422() {
    let svg =
        |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 32'>{inside}</svg>");
    let laughs = (1..9).fold("<g id='a0'/>".to_owned(), |text, level| {
        let ten = format!("<use href='#a{}'/>", level - 1).repeat(10);
        format!("{text}<g id='a{level}'>{ten}</g>")
    });
    let flood = "<rect width='64' height='32'/>".repeat(2_000);
    for (what, inside, status, kind) in [
        ("text", "<text>Lenslet</text>", 501, "not-drawn"),
        ("embedded pictures", "<image href='data:image/png;base64,iVBORw0KGgo='/>", 501, "not-drawn"),
        ("filters", "<rect filter='url(#f)'/>", 501, "not-drawn"),
        ("elements", laughs.as_str(), 422, "too-much-to-draw"),
        ("pixels", flood.as_str(), 422, "too-much-to-draw"),
    ] {
        let world = world().with("it.svg", "one", svg(inside).as_bytes());
        for url in [
            "/image/width=2000,fit=contain,format=png/it.svg",
            "/image/width=2000,fit=contain,mark=it.svg,mark.width=2000/a.png",
        ] {
            let answer = world.get(url);
            let problem = answer.problem();
            let told = problem["detail"].as_str().unwrap_or_default();
            assert_eq!(
                (answer.status, &problem["type"]),
                (status, &format!("urn:lenslet:problem:{kind}").into()),
                "{what}: {told}"
            );
            assert!(told.contains(what), "{what}: {told}");
        }
        // As it is, it is nobody's burden.
        assert_eq!(world.get("/image/width=8/it.svg").status, 200, "{what}");
    }
}

#[test]
fn drawings_are_marks_and_have_marks_drawn_over_their_pixels() {
    let policies = r#"[{"path":"sold","access":"public","preset":"stamped"},{"access":"public"}]"#;
    let world = || {
        World::new(&[("POLICIES", policies)], &[("stamped", "mark=blue.svg,mark.width=64")])
            .with("sold/plain.svg", "one", PLAIN.as_bytes())
            .with("blue.svg", "one", PLAIN.replace("red", "blue").as_bytes())
            .with("a.png", "png", &png(&sketch(48, 32)))
    };
    let forced = world().get("/image/width=64,format=png/sold/plain.svg");
    assert_eq!(forced.status, 200);
    assert_eq!(pixels(&forced.body).samples()[..3], [0, 0, 255], "the mark that is forced");
    let world = world();
    for _ in 0..2 {
        let marked = world.get("/image/width=48,mark=blue.svg,mark.width=48,mark.top=0,format=png/a.png");
        assert_eq!(marked.status, 200);
        assert_eq!(pixels(&marked.body).samples()[..3], [0, 0, 255]);
    }
}

#[test]
fn nobody_gets_a_drawing_without_what_is_to_be_drawn_over_it() {
    let policies = r#"[{"path":"sold","access":"public","preset":"stamped"},{"access":"public"}]"#;
    let world = World::new(&[("POLICIES", policies)], &[("stamped", "mark=a.png,mark.width=4")])
        .with("sold/logo.svg", "one", LOGO.as_bytes())
        .with("logo.svg", "one", LOGO.as_bytes())
        .with("a.png", "png", &png(&sketch(48, 32)));
    for (url, option) in [
        ("/image/width=8/sold/logo.svg", "mark"),
        ("/image/format=svg/sold/logo.svg", "mark"),
        ("/image/width=8,mark=a.png/logo.svg", "mark"),
        ("/image/width=8,text=hi/logo.svg", "text"),
    ] {
        let answer = world.get(url);
        assert_eq!((answer.status, &answer.problem()["option"]), (501, &option.into()), "{url}");
    }
    assert_eq!(world.get("/image/width=8/logo.svg").status, 200);
}

#[test]
fn drawings_that_cannot_be_made_safe_are_refused() {
    let svg = |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>").into_bytes();
    let bomb = "<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>";
    for (name, file, status) in [
        ("entities", bomb.as_bytes().to_vec(), 422),
        ("cut off", svg("<g>")[..45].to_vec(), 422),
        ("another document", b"<html><svg/></html>".to_vec(), 422),
        ("too long", svg(&"<g/>".repeat(600_000)), 413),
        ("longer than a piece", svg(&"<g/>".repeat(50_000)), 200),
        ("a page", b"<html><body>no picture</body></html>".to_vec(), 415),
    ] {
        let world = world();
        world.put("other.svg", "1", &file);
        assert_eq!(world.get("/image/width=8/other.svg").status, status, "{name}");
    }
    // As a mark it is drawn, and there is a picture in it.
    assert_eq!(world().get("/image/width=8,mark=logo.svg/a.png").status, 501);
}

#[test]
fn a_replaced_drawing_shows_as_a_replaced_picture_does() {
    let world = world();
    let first = world.get("/image/width=8/logo.svg");
    world.servers.put(PICTURES, "logo.svg", "two", LOGO.replace("red", "blue").as_bytes(), None, Vec::new());
    world.wait_seconds(61);
    let second = world.get("/image/width=8/logo.svg");
    assert!(String::from_utf8_lossy(&second.body).contains("blue"));
    assert_ne!(first.header("etag"), second.header("etag"));
}

//! SVG: handed on as a drawing without what is dangerous, and never as pixels.

use http::Method;

use crate::support::pictures::{png, sketch};
use crate::support::world::{PICTURES, World};

const LOGO: &str = "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 32\" onload=\"alert(1)\">\
    <style>.a{fill:red}</style><script>alert(2)</script><rect class=\"a\" width=\"64\" height=\"32\" onclick=\"alert(3)\"/>\
    <image href=\"https://elsewhere.test/spy.png\"/></svg>";

fn world() -> World {
    World::public().with("logo.svg", "one", LOGO.as_bytes()).with("a.png", "png", &png(&sketch(48, 32)))
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
fn pixels_of_a_drawing_are_501_and_drawings_of_pixels_400() {
    for format in ["png", "webp", "jpeg", "avif", "gif", "json", "blurhash", "lqip"] {
        let answer = world().get(&format!("/image/width=8,format={format}/logo.svg"));
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["option"]), (501, &"format".into()), "{format}");
        assert_eq!(problem["type"], "urn:lenslet:problem:not-built");
    }
    let answer = world().get("/image/width=8,format=svg/a.png");
    assert_eq!((answer.status, &answer.problem()["type"]), (400, &"urn:lenslet:problem:no-drawing".into()));
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
    // A mark has to be of pixels.
    assert_eq!(world().get("/image/width=8,mark=logo.svg/a.png").status, 415);
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

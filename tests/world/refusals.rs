//! What is refused: with which status, what it says, and that nobody keeps it.

use http::Method;
use lenslet::format::Format;
use serde_json::json;

use crate::support::pictures::{file, png, sketch};
use crate::support::png_file;
use crate::support::world::{Seen, World};

fn world() -> World {
    let jpeg = file(&sketch(48, 32), Format::Jpeg, 90);
    let boast = |width, height| {
        let header = png_file::header(width, height, 8, 6, 1);
        [png_file::SIGNATURE, &header, &png_file::chunk(*b"IEND", b"")].concat()
    };
    let whole = png(&sketch(48, 32));
    let side = 10_000_u16.to_le_bytes();
    let gif = [b"GIF89a", &side[..], &side, &[0; 3], &[0x2C, 0, 0, 0, 0], &side, &side, &[0]].concat();
    World::public()
        .with("a.png", "one", &png(&sketch(48, 32)))
        .with("page.html", "html", b"<html><script>alert(1)</script>")
        .with("empty.png", "empty", b"")
        .with("photo.avif", "avif", b"\0\0\0\x1cftypavif\0\0\0\0")
        .with("cut.png", "cut", &png(&sketch(48, 32))[..20])
        .with("half.png", "half", &whole[..whole.len() - 40])
        .with("half.jpg", "half", &jpeg[..100])
        .with("huge.gif", "huge", &gif)
        .with("endless.png", "endless", &boast(60_000, 60_000))
        .with("tall.png", "tall", &boast(10, 13_000))
}

/// The answer is a problem of this kind, in full, and nothing of it is kept.
fn refused(world: &World, url: &str, status: u16, kind: &str) -> serde_json::Value {
    let answer = world.get(url);
    assert_eq!(answer.status, status, "{url}: {}", String::from_utf8_lossy(&answer.body));
    let problem = answer.problem();
    assert_eq!(problem["type"], format!("urn:lenslet:problem:{kind}"), "{url}");
    assert_eq!(problem["status"], status, "{url}");
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
    assert_eq!(answer.header("cache-control"), "no-store", "{url}");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!((answer.header("etag"), answer.header("cache-tag")), ("", ""), "{url}");
    assert_eq!(world.kept_variants(), 0, "{url} was kept");
    let again = world.get(url);
    assert_eq!((again.status, again.body), (status, answer.body), "{url} again");
    let head = world.ask(Method::HEAD, url, &[]);
    assert_eq!((head.status, head.body.len()), (status, 0), "HEAD {url}");
    problem
}

#[test]
fn a_wrong_recipe_is_400_and_names_the_option() {
    let cases = [
        (
            "width=0",
            json!("width"),
            "Option 'width' cannot be '0'; it takes whole pixels, 1 to 12000, or auto",
        ),
        (
            "w=12001",
            json!("width"),
            "Option 'width' cannot be '12001'; it takes whole pixels, 1 to 12000, or auto",
        ),
        ("widht=1", json!("widht"), "There is no option 'widht'"),
        ("w=1,width=2", json!("width"), "Option 'width' is given more than once"),
        (
            "quality=mid",
            json!("quality"),
            "Option 'quality' cannot be 'mid'; it takes 1 to 100, high, medium-high, medium-low or low",
        ),
        ("mark.width=1", json!("mark.width"), "Option 'mark.width' needs 'mark' beside it"),
        ("preset=none", json!("preset"), "There is no preset 'none'"),
        ("width", json!(null), "'width' is not an option; options are name=value, joined by commas"),
        ("width=%FF", json!(null), "'width=%FF' is not percent-encoded UTF-8"),
        ("", json!(null), "There are no options; write at least one, such as width=800"),
    ];
    for (options, option, detail) in cases {
        let problem = refused(&world(), &format!("/image/{options}/a.png"), 400, "recipe");
        assert_eq!((&problem["option"], &problem["detail"]), (&option, &json!(detail)), "{options}");
    }
    refused(&world(), "/image/width=1/", 400, "recipe");
    refused(&world(), "/image/width=1/a/../b.png", 400, "recipe");
}

#[test]
fn what_is_not_built_is_501_and_names_the_option() {
    for (options, option) in
        [("width=100,segment=foreground", "segment"), ("mark=a.png,mark.gravity=auto", "mark.gravity")]
    {
        let world = world();
        let problem = refused(&world, &format!("/image/{options}/a.png"), 501, "not-built");
        assert_eq!(problem["option"], option);
        assert!(world.read_log().is_empty(), "that is not our failure");
    }
}

#[test]
fn what_is_no_picture_is_415() {
    for source in ["page.html", "empty.png"] {
        refused(&world(), &format!("/image/width=1/{source}"), 415, "not-a-picture");
    }
    let problem = refused(&world(), "/image/width=1/photo.avif", 415, "unsupported");
    assert_eq!(problem["detail"], "AVIF cannot be read");
}

#[test]
fn what_is_broken_is_422() {
    for source in ["cut.png", "half.png", "half.jpg"] {
        let world = world();
        let problem = refused(&world, &format!("/image/width=16/{source}"), 422, "broken");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("broken")), "{problem}");
        assert!(world.read_log().is_empty(), "that is not our failure");
    }
}

#[test]
fn nobody_has_a_copy_of_what_cannot_be_made() {
    for condition in [("if-none-match", "*"), ("if-modified-since", "Mon, 07 Nov 2094 08:49:37 GMT")] {
        let answer = world().ask(Method::GET, "/image/width=16/half.png", &[condition]);
        assert_eq!(answer.status, 422, "{condition:?}");
    }
}

#[test]
fn what_is_over_budget_is_refused_with_the_numbers() {
    let problem = refused(&world(), "/image/width=100/huge.gif", 422, "source-too-large");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("10000×10000") && detail.contains("at most 80 MiB"), "{detail}");
    let problem = refused(&world(), "/image/width=100/endless.png", 422, "source-too-large");
    assert!(problem["detail"].as_str().unwrap().contains("more than 120000000 pixels"), "{problem}");
    let problem = refused(&world(), "/image/width=64/tall.png", 400, "output-too-large");
    assert!(problem["detail"].as_str().unwrap().contains("at most 12000 pixels"), "{problem}");
    let problem = refused(&world(), "/image/width=12000,fit=contain/a.png", 400, "output-too-large");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("12000×8000") && detail.contains("at most 80 MiB"), "{detail}");
    refused(&world(), "/image/trim.left=48/a.png", 400, "nothing-left");
}

#[test]
fn files_that_are_too_long_are_413() {
    let world = world();
    let beside = "at most 104857600 are read, 33554432 of an original or of all marks together";
    for (url, size_bytes) in [("/image/width=1/large.png", 104_857_601), ("/large.png", 33_554_433)] {
        world.put_sized("large.png", "large", b"not read", size_bytes);
        let problem = refused(&world, url, 413, "file-too-large");
        assert_eq!(problem["detail"], format!("The file has {size_bytes} bytes; {beside}"));
    }
    refused(&world, "/image/width=1,mark=large.png/a.png", 413, "file-too-large");
}

#[test]
fn a_picture_without_its_parts_is_424_and_names_what_is_missing() {
    let problem = refused(&world(), "/image/mark=marks%2Fnone.png/a.png", 424, "lacks");
    assert_eq!(
        problem["detail"],
        "There is no mark 'marks/none.png', and without it the picture is not shown"
    );
    // Nor is the source shown where the mark was to lie.
    refused(&world(), "/image/mark=none.png,onerror=redirect/a.png", 424, "lacks");
    let settings = [("ACCESS", "public"), ("FONTS", r#"{"brand":"fonts/brand.ttf"}"#)];
    let world =
        World::new(&settings, &[("stamped", "mark=none.png")]).with("a.png", "one", &png(&sketch(48, 32)));
    refused(&world, "/image/preset=stamped/a.png", 424, "lacks");
    let problem = refused(&world, "/image/text=hi,text.font=brand/a.png", 424, "lacks");
    assert_eq!(
        problem["detail"],
        "There is no font 'fonts/brand.ttf', and without it the picture is not shown"
    );
    // Another one, which does not know yet that there was none.
    let world = World::new(&settings, &[]).with("a.png", "one", &png(&sketch(48, 32)));
    let world = world.with("fonts/brand.ttf", "one", &png(&sketch(8, 8)));
    refused(&world, "/image/text=hi,text.font=brand/a.png", 424, "font");
    let problem = refused(&world, "/image/text2=hi,text2.font=brand;arial/a.png", 400, "recipe");
    assert_eq!(problem["detail"], "There is no font 'arial'; there are sans, brand");
    assert_eq!(problem["option"], "text2.font");
}

#[test]
fn what_is_missing_is_404_by_its_name() {
    let problem = refused(&world(), "/image/width=1/none.png", 404, "not-found");
    assert_eq!(problem["detail"], "There is no picture 'none.png'");
    refused(&world(), "/none.png", 404, "not-found");
    refused(&world(), "/", 404, "no-such-path");
}

#[test]
fn pictures_of_other_hosts_are_403() {
    for source in ["https://other.example/a.png", "https%3A%2F%2Fother.example%2Fa.png"] {
        refused(&world(), &format!("/image/width=1/{source}"), 403, "source-not-allowed");
    }
}

#[test]
fn a_private_deployment_says_so_before_anything_else() {
    let world = World::new(&[], &[]).with("a.png", "one", &png(&sketch(48, 32)));
    for url in [
        "/image/width=8/a.png",
        "/image/nonsense/a.png",
        "/image/width=8/none.png",
        "/image/segment=foreground,onerror=redirect/a.png",
    ] {
        refused(&world, url, 403, "private");
    }
    // Sources are not shown either, and neither is whether they are there.
    assert_eq!(
        refused(&world, "/a.png", 404, "no-such-path"),
        refused(&world, "/b.png", 404, "no-such-path")
    );
    assert_eq!(world.servers.reads.get(), 0);
}

#[test]
fn a_failing_store_is_502_and_only_the_log_hears_why() {
    let world = world();
    world.break_store("bucket secret-name: token 12345 expired");
    let problem = refused(&world, "/image/width=8/a.png", 502, "store");
    assert_eq!(problem["detail"], "The cause was logged.");
    assert!(!problem.to_string().contains("secret"));
    let log = world.read_log();
    assert_eq!(log.len(), 4, "one line for each request, and one that the source is left alone: {log:?}");
    let line: serde_json::Value = serde_json::from_str(&log[0]).unwrap();
    let expected = json!({
        "event": "failed",
        "reason": "the source 'pictures' fails: bucket secret-name: token 12345 expired",
        "method": "GET",
        "host": "pictures.example",
        "path": "/image/width=8/a.png",
    });
    assert_eq!(line, expected);
    refused(&world, "/a.png", 502, "store");
    world.mend_store();
    world.wait_seconds(2);
    assert_eq!(world.get("/image/width=8/a.png").status, 200, "the failure was not remembered");
}

#[test]
fn a_failing_store_does_not_stop_what_is_kept() {
    let world = world();
    world.get("/image/width=8/a.png");
    world.break_store("gone");
    assert_eq!(world.get("/image/width=8/a.png").header("cache-status"), "lenslet; hit");
}

fn is_redirect(answer: &Seen, location: &str) {
    assert_eq!((answer.status, answer.header("location")), (302, location));
    assert_eq!((answer.header("cache-control"), answer.body.len()), ("no-store", 0));
}

#[test]
fn failures_lead_to_the_source_where_that_is_asked_and_shown() {
    let whole = png(&sketch(48, 32));
    let world = world().with("a b.png", "cut", &whole[..whole.len() - 40]);
    is_redirect(&world.get("/image/segment=foreground,onerror=redirect/a.png"), "/a.png");
    is_redirect(&world.get("/image/width=8,onerror=redirect/a%20b.png?v=2"), "/a%20b.png?v=2");
    is_redirect(&world.get("/image/width=100,onerror=redirect/huge.gif"), "/huge.gif");
    assert_eq!(world.get("/image/width=8/a%20b.png").status, 422, "not asked for");
    world.break_store("gone");
    is_redirect(&world.get("/image/width=8,onerror=redirect/a.png"), "/a.png");
    assert_eq!(world.read_log().len(), 1, "what is ours is logged all the same");
}

#[test]
fn refusals_at_the_door_never_lead_anywhere() {
    let other = "/image/width=8,onerror=redirect/https://other.example/a.png";
    assert_eq!(world().get(other).status, 403);
    assert_eq!(world().get("/image/width=0,onerror=redirect/a.png").status, 400);
    let hidden = World::new(&[("ACCESS", "public")], &[]).with("a.png", "one", b"no picture");
    assert_eq!(hidden.get("/image/width=8,onerror=redirect/a.png").status, 415, "sources are not shown");
}

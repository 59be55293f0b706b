//! What is answered while sources are slow, broken or gone, and how soon all is well again.

use lenslet::format::Format;

use crate::support::lens::pixels;
use crate::support::pictures::{file, png, sketch};
use crate::support::servers::Trouble;
use crate::support::world::{PICTURES, Seen, World};

const URL: &str = "/image/width=16,format=png/a.png";
const OTHER: &str = "/image/width=8,format=png/a.png";

fn world() -> World {
    world_with(&[])
}

fn world_with(settings: &[(&str, &str)]) -> World {
    let settings = [&[("ACCESS", "public"), ("ORIGINALS", "public")], settings].concat();
    World::new(&settings, &[]).with("a.png", "one", &png(&sketch(48, 32)))
}

fn kind(answer: &Seen) -> String {
    let problem = answer.problem()["type"].as_str().unwrap().replace("urn:lenslet:problem:", "");
    format!("{} {problem}", answer.status)
}

/// Asks, and answers how many milliseconds that took.
fn timed(world: &World, url: &str) -> (Seen, f64) {
    let began_ms = world.clock.now_ms();
    (world.get(url), world.clock.now_ms() - began_ms)
}

#[test]
fn a_source_that_never_answers_is_504_within_its_time() {
    let sources = r#"{"p":{"type":"r2","binding":"PICTURES","first_byte_ms":2000,"total_ms":3000}}"#;
    let world = world_with(&[("SOURCES", sources)]);
    world.servers.trouble(PICTURES, Trouble::Stalls);
    let (answer, took_ms) = timed(&world, URL);
    assert_eq!(kind(&answer), "504 store-late");
    assert!((2_000.0..2_500.0).contains(&took_ms), "{took_ms} ms");
    assert_eq!(world.servers.reads.get(), 1, "who is late is not asked twice");
    world.servers.mend();
    world.servers.trouble(PICTURES, Trouble::StallsAfter(100));
    let (answer, took_ms) = timed(&world, URL);
    assert_eq!(kind(&answer), "504 store-late");
    assert!((3_000.0..3_500.0).contains(&took_ms), "{took_ms} ms");
    assert_eq!(world.kept_variants(), 0);
    assert_eq!(world.stays.get(), 0, "nobody is kept waiting");
    world.servers.mend();
    assert_eq!(world.get(URL).status, 200);
}

#[test]
fn what_breaks_off_or_ends_early_is_tried_again_and_never_kept() {
    for trouble in [Trouble::BreaksAfter(100), Trouble::EndsAfter(100)] {
        let world = world();
        world.servers.trouble(PICTURES, trouble.clone());
        let answer = world.get(URL);
        assert_eq!(kind(&answer), "502 store", "{trouble:?}");
        assert_eq!((world.servers.reads.get(), world.kept_variants()), (2, 0), "{trouble:?}");
        assert!(world.read_log().concat().contains("the source 'pictures'"));
        world.servers.mend();
        assert_eq!(world.get(URL).status, 200, "{trouble:?}");
    }
}

#[test]
fn what_breaks_off_late_is_not_tried_again() {
    for (milliseconds, reads) in [(2_000, 2), (4_000, 1)] {
        let world = world();
        world.servers.trouble(PICTURES, Trouble::BreaksLate(milliseconds));
        assert_eq!(kind(&world.get(URL)), "502 store");
        assert_eq!(world.servers.reads.get(), reads, "after {milliseconds} ms");
    }
}

#[test]
fn one_failure_is_not_noticed_by_anybody() {
    let world = world_with(&[(
        "SOURCES",
        r#"{"p":{"type":"http","url":"https://o.example/p","first_byte_ms":1000}}"#,
    )]);
    let page = png(&sketch(48, 32));
    let length = page.len().to_string();
    world.servers.page(
        "https://o.example/p/a.png",
        200,
        &[("etag", "\"1\""), ("content-length", &length)],
        &page,
    );
    for (number, trouble) in
        [Trouble::Fails("reset".to_owned()), Trouble::Status(503), Trouble::BreaksAfter(9)]
            .into_iter()
            .enumerate()
    {
        world.servers.once("https://o.example", trouble.clone());
        let answer = world.get(&format!("/image/width={}/a.png", number + 1));
        assert_eq!(answer.status, 200, "{trouble:?}");
    }
    assert_eq!(world.read_log(), Vec::<String>::new());
}

#[test]
fn while_a_source_is_away_the_last_known_picture_answers_and_says_so() {
    let world = world();
    let before = world.get(URL);
    for trouble in [Trouble::Fails("gone".to_owned()), Trouble::Stalls] {
        world.servers.trouble(PICTURES, trouble.clone());
        world.wait_seconds(100);
        let (stale, took_ms) = timed(&world, URL);
        assert_eq!((stale.status, &stale.body), (200, &before.body), "{trouble:?}");
        assert!(took_ms <= 1_200.0, "{took_ms} ms: with something to show, nobody waits for long");
        assert!(stale.header("cache-status").starts_with("lenslet; hit; ttl=-"), "{stale:?}");
        assert!(stale.header("cache-status").ends_with("; detail=source-away"), "{stale:?}");
        assert_eq!(stale.header("cache-control"), "public, max-age=10");
        // What was never made cannot be shown.
        assert!(matches!(world.get(OTHER).status, 502 | 504), "{trouble:?}");
        world.servers.mend();
        world.wait_seconds(5);
        assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit; detail=revalidated");
        assert_eq!(world.get(URL).header("cache-status"), "lenslet; hit");
    }
}

#[test]
fn a_newer_picture_that_cannot_be_read_is_covered_by_the_older_one() {
    let world = world();
    let before = world.get(URL);
    world.wait_seconds(61);
    for version in ["two", "three"] {
        world.put("a.png", version, &png(&sketch(48, 96)));
        world.servers.trouble(PICTURES, Trouble::BreaksAfter(100));
        for wait_seconds in [0, 0, 40, 10, 60] {
            world.wait_seconds(wait_seconds);
            let stale = world.get(URL);
            assert_eq!((stale.status, &stale.body), (200, &before.body), "{version}");
            let status = stale.header("cache-status").to_owned();
            assert!(status.starts_with("lenslet; hit; ttl=-") && status.ends_with("; detail=source-away"));
        }
    }
    world.servers.mend();
    world.wait_seconds(5);
    let newer = world.get(URL);
    assert_eq!((newer.status, pixels(&newer.body).size().height), (200, 32));
    // And what was shown meanwhile does not come back.
    world.put("a.png", "four", &png(&sketch(48, 32)));
    world.servers.trouble(PICTURES, Trouble::BreaksAfter(100));
    world.wait_seconds(61);
    assert_eq!([world.get(URL).body, world.get(URL).body], [newer.body.clone(), newer.body]);
}

#[test]
fn stale_pictures_are_not_shown_for_ever() {
    let world = world_with(&[("STALE_IF_ERROR_SECONDS", "300")]);
    world.get(URL);
    world.break_store("gone");
    world.wait_seconds(359);
    assert_eq!(world.get(URL).status, 200);
    world.wait_seconds(2);
    assert_eq!(world.get(URL).status, 502);
}

#[test]
fn a_deleted_picture_is_not_stale_but_gone() {
    let world = world();
    world.get(URL);
    world.delete("a.png");
    world.wait_seconds(61);
    assert_eq!(kind(&world.get(URL)), "404 not-found");
    world.break_store("gone");
    world.wait_seconds(10);
    assert_eq!(world.get(URL).status, 502, "what is known to be gone does not come back");
}

#[test]
fn nobody_is_asked_again_at_once_for_what_was_missing() {
    let world = world();
    let missing = "/image/width=8/new.png";
    assert_eq!(world.get(missing).status, 404);
    assert_eq!(world.get(missing).status, 404);
    assert_eq!(world.servers.reads.get(), 1);
    world.put("new.png", "one", &png(&sketch(48, 32)));
    world.wait_seconds(4);
    assert_eq!(world.get(missing).status, 404);
    world.wait_seconds(2);
    assert_eq!(world.get(missing).status, 200);
}

#[test]
fn a_failing_source_is_left_alone_and_found_again_within_five_seconds() {
    let world = world();
    world.break_store("gone");
    for _ in 0..3 {
        assert_eq!(world.get(URL).status, 502);
    }
    let asked = world.servers.reads.get();
    assert_eq!(asked, 5, "and then nobody asks any more");
    for _ in 0..20 {
        let (answer, took_ms) = timed(&world, URL);
        assert_eq!(answer.status, 502);
        assert!(took_ms < 200.0, "{took_ms} ms");
    }
    assert_eq!(world.servers.reads.get(), asked);
    assert!(world.read_log().concat().contains("it is left alone for a while"));
    world.servers.mend();
    let returned_ms = world.clock.now_ms();
    while world.get(URL).status != 200 {
        world.clock.advance_ms(100.0);
    }
    assert!(world.clock.now_ms() - returned_ms <= 5_000.0);
}

#[test]
fn many_who_want_the_same_cause_one_read_and_one_decode() {
    let world = world();
    world.servers.trouble(PICTURES, Trouble::Slow(10));
    let answers = world.ask_all(&[URL; 200]);
    let first = &answers[0];
    assert_eq!(first.header("cache-status"), "lenslet; fwd=uri-miss; stored");
    for answer in &answers[1..] {
        assert_eq!((answer.status, &answer.body), (200, &first.body));
        assert_eq!(answer.header("cache-status"), "lenslet; fwd=uri-miss; stored; collapsed");
    }
    assert_eq!((world.servers.reads.get(), world.servers.heads.get(), world.kept_variants()), (1, 0, 1));
    assert_eq!(world.stays.get(), 0);
}

#[test]
fn many_who_want_what_cannot_be_had_hear_so_at_once() {
    let world = world();
    world.servers.trouble(PICTURES, Trouble::Stalls);
    let began_ms = world.clock.now_ms();
    for answer in world.ask_all(&[URL; 50]) {
        assert_eq!(kind(&answer), "504 store-late");
    }
    assert!(world.clock.now_ms() - began_ms < 5_500.0);
    assert_eq!(world.servers.reads.get(), 1);
}

#[test]
fn whoever_follows_a_leader_that_vanished_takes_its_place() {
    let world = world();
    world.servers.trouble(PICTURES, Trouble::Slow(1_000));
    let request = world.request(http::Method::GET, URL, &[]);
    let answer = world.clock.run(async {
        // Its instance broke: its future is dropped half way.
        let mut leader = Box::pin(world.answer(&request));
        let mut follower = Box::pin(world.answer(&request));
        let mut turns = 0;
        std::future::poll_fn(|context| {
            turns += 1;
            assert!(leader.as_mut().poll(context).is_pending());
            if turns == 1 {
                assert!(follower.as_mut().poll(context).is_pending());
            }
            std::task::Poll::Ready(())
        })
        .await;
        drop(leader);
        follower.await
    });
    assert_eq!((answer.status, world.servers.reads.get()), (200, 2));
    assert_eq!(answer.header("cache-status"), "lenslet; fwd=uri-miss; stored");
}

#[test]
fn whoever_leaves_no_trace_is_waited_for_no_longer_than_anything_lasts() {
    let world = world();
    world.servers.trouble(PICTURES, Trouble::Slow(1_000));
    let request = world.request(http::Method::GET, URL, &[]);
    let mut leader = Box::pin(world.answer(&request));
    world.clock.run(std::future::poll_fn(|context| {
        assert!(leader.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    }));
    // Nobody polls it any more, as where the runtime ended its request.
    let (answer, took_ms) = timed(&world, URL);
    assert_eq!(answer.status, 200);
    assert!((30_000.0..32_000.0).contains(&took_ms), "{took_ms} ms");
    drop(leader);
}

#[test]
fn more_than_can_wait_are_sent_away_and_the_others_served() {
    let world = world();
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    world.put_sized("large.jpg", "one", &jpeg, 30 << 20);
    world.put("large.jpg", "one", &[&jpeg[..], &vec![0; (30 << 20) - jpeg.len()]].concat());
    let urls: Vec<String> = (1..=120).map(|width| format!("/image/width={width}/large.jpg")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    world.servers.trouble(PICTURES, Trouble::Drips(1));
    let answers = world.ask_all(&urls);
    let (served, sent_away): (Vec<&Seen>, Vec<&Seen>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert!(served.len() >= 2 && sent_away.len() >= 40, "{} served", served.len());
    for answer in sent_away {
        assert_eq!((kind(answer).as_str(), answer.header("retry-after")), ("503 busy", "1"));
    }
    assert_eq!(world.get(urls[119]).status, 200);
}

#[test]
fn a_source_is_not_late_while_its_picture_waits_for_room() {
    let sources = r#"{"quick":{"type":"r2","binding":"PICTURES","total_ms":1000},
        "slow":{"type":"r2","binding":"SLOW","total_ms":2500}}"#;
    let routes = r#"[{"sources":["quick"]},{"path":"slow","sources":["slow"]}]"#;
    let world = world_with(&[("SOURCES", sources), ("ROUTES", routes)]);
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    let long = [&jpeg[..], &vec![0; (30 << 20) - jpeg.len()]].concat();
    world.put("large.jpg", "one", &long);
    world.servers.put("SLOW", "slow/large.jpg", "one", &long, None, Vec::new());
    world.servers.trouble("SLOW", Trouble::StallsAfter(100));
    world.servers.trouble(PICTURES, Trouble::Drips(5));
    let urls = ["/image/width=8/slow/large.jpg", "/image/width=9/slow/large.jpg", "/image/width=8/large.jpg"];
    let began_ms = world.clock.now_ms();
    let statuses: Vec<_> = world.ask_all(&urls).iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [504, 504, 200]);
    assert!(world.clock.now_ms() - began_ms >= 2_500.0);
}

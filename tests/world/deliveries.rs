//! What an answer carries: headers, the cache's word, parts, conditions, methods.

use http::Method;

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::world::{ALWAYS, Seen, World};

const URL: &str = "/image/width=24,format=png/a/b%20c.png";

fn world() -> World {
    World::public().with("a/b c.png", "one", &png(&sketch(48, 32)))
}

fn get(world: &World, headers: &[(&str, &str)]) -> Seen {
    world.ask(Method::GET, URL, headers)
}

#[test]
fn a_picture_comes_with_every_header_it_needs() {
    let answer = world().get(URL);
    assert_eq!((pixels(&answer.body).size().width, answer.status), (24, 200));
    let (etag, length) = (answer.header("etag"), answer.body.len());
    assert!(etag.len() == 34 && etag.starts_with('"') && etag.ends_with('"'), "{etag} is a strong tag");
    let expected = format!(
        "accept-ranges: bytes\n\
         cache-control: public, max-age=3600\n\
         cache-status: lenslet; fwd=uri-miss; stored\n\
         cache-tag: src-a/b%20c.png\n\
         cdn-cache-control: max-age=60\n\
         content-length: {length}\n\
         content-type: image/png\n\
         etag: {etag}\n\
         last-modified: Sun, 06 Nov 1994 08:49:37 GMT\n\
         server-timing: source;dur=0.0\n"
    );
    assert_eq!(answer.own_headers(), expected);
}

#[test]
fn every_answer_carries_what_none_may_lack() {
    let world = world();
    let range = world.ask(Method::GET, URL, &[("range", "bytes=0-1")]);
    let preflight = world.ask(Method::OPTIONS, URL, &[]);
    let redirect = world.get("/image/width=24,segment=foreground,onerror=redirect/a/b%20c.png");
    let answers = [
        world.get(URL),
        range,
        preflight,
        redirect,
        world.get("/image/width=0/a.png"),
        world.get("/image/width=1/none.png"),
        world.get("/a/b%20c.png"),
        world.get("/"),
        world.ask(Method::POST, URL, &[]),
        world.ask(Method::GET, URL, &[("if-none-match", "*")]),
    ];
    for answer in answers {
        for (name, value) in ALWAYS {
            assert_eq!(answer.header(name), value, "{name} of a {}", answer.status);
        }
    }
}

#[test]
fn the_second_request_is_a_hit_with_the_same_answer() {
    let world = world();
    let (first, second) = (world.get(URL), world.get(URL));
    assert_eq!(second.header("cache-status"), "lenslet; hit");
    assert_eq!(second.header("server-timing"), "cache;dur=0.0");
    let shared = |answer: &Seen| {
        let mut headers = answer.headers.clone();
        headers.retain(|name, _| name != "cache-status" && name != "server-timing");
        (answer.status, headers, answer.body.clone())
    };
    assert_eq!(shared(&first), shared(&second));
    assert_eq!(world.servers.reads.get(), 1);
}

#[test]
fn other_spellings_hit_the_same_variant() {
    let world = world();
    let first = world.get("/image/width=24,height=24,format=png/a/b%20c.png");
    let spellings = [
        "/image/h=24,f=png,w=24/a/b%20c.png",
        "/cdn-cgi/image/width=24,height=24,format=png/a%2Fb%20c.png",
        "/image/width=024,height=24,format=png,fit=scale-down,g=center,dpr=1/a/b%20c.png",
        "/image/width=24,height=24,format=png,rotate=360,onerror=redirect,metadata=copyright/a/b%20c.png",
        "/image/width=24,height=24,format=png,gamma=1,blur=0,hue=360,anim=true/a/b%20c.png",
        "/image/width=24,height=24,format=png/a/b%20c.png?v=2",
        "/image/width=24,height=24,format=png/https://pictures.example/a/b%20c.png",
    ];
    for url in spellings {
        let answer = world.get(url);
        assert_eq!(answer.header("cache-status"), "lenslet; hit", "{url}");
        assert_eq!((answer.header("etag"), &answer.body), (first.header("etag"), &first.body), "{url}");
    }
    assert_eq!(world.kept_variants(), 1);
}

#[test]
fn head_is_get_without_the_body() {
    for is_cached in [false, true] {
        let world = world();
        if is_cached {
            world.get(URL);
        }
        let head = world.ask(Method::HEAD, URL, &[]);
        let get = world.get(URL);
        assert_eq!((head.status, head.body.as_slice()), (200, &[][..]));
        for name in ["content-length", "content-type", "etag", "last-modified", "cache-tag", "accept-ranges"]
        {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let world = world();
    let etag = world.get(URL).header("etag").to_owned();
    let weak = format!("\"other\", W/{etag}");
    let conditions = [
        ("if-none-match", etag.as_str()),
        ("if-none-match", &weak),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT"),
    ];
    for condition in conditions {
        let answer = get(&world, &[condition]);
        assert_eq!((answer.status, answer.body.as_slice()), (304, &[][..]), "{condition:?}");
        let expected = format!(
            "accept-ranges: bytes\n\
             cache-control: public, max-age=3600\n\
             cache-status: lenslet; hit\n\
             cache-tag: src-a/b%20c.png\n\
             cdn-cache-control: max-age=60\n\
             etag: {etag}\n\
             last-modified: Sun, 06 Nov 1994 08:49:37 GMT\n"
        );
        // What the client named is known before the cache is asked; a date is only compared with what there is.
        assert_eq!(answer.own_headers().replace("server-timing: cache;dur=0.0\n", ""), expected);
    }
    let others = [
        ("if-none-match", "\"other\""),
        ("if-modified-since", "Sat, 05 Nov 1994 08:49:37 GMT"),
        ("if-modified-since", "nonsense"),
    ];
    for condition in others {
        assert_eq!(get(&world, &[condition]).status, 200, "{condition:?}");
    }
}

#[test]
fn a_part_is_of_the_type_that_the_whole_is_of() {
    let world = world();
    for url in ["/image/width=24/a/b%20c.png", "/image/width=24,format=auto/a/b%20c.png"] {
        let whole = world.get(url);
        let part = world.ask(Method::GET, url, &[("range", "bytes=0-9")]);
        assert_eq!((part.status, part.header("cache-status")), (206, "lenslet; hit"));
        assert_eq!(part.header("content-type"), whole.header("content-type"));
    }
}

#[test]
fn parts_are_cut_from_new_and_from_kept_answers() {
    let whole = world().get(URL).body;
    let length = whole.len();
    let parts = [
        ("bytes=0-9".to_owned(), 0..10),
        ("bytes=10-".to_owned(), 10..length),
        ("bytes=-7".to_owned(), length - 7..length),
        (format!("bytes=5-{}", length + 5), 5..length),
    ];
    for (range, expected) in parts {
        let world = world();
        for cache_status in ["lenslet; fwd=uri-miss; stored", "lenslet; hit"] {
            let answer = get(&world, &[("range", &range)]);
            assert_eq!(answer.status, 206, "{range}");
            assert_eq!(answer.body, whole[expected.clone()], "{range}");
            let content_range = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
            assert_eq!(answer.header("content-range"), content_range);
            assert_eq!(answer.header("content-length"), answer.body.len().to_string());
            assert_eq!(answer.header("content-type"), "image/png");
            assert_eq!(answer.header("cache-status"), cache_status);
        }
    }
}

#[test]
fn parts_beyond_the_end_are_refused_with_the_length() {
    let world = world();
    let length = world.get(URL).body.len();
    let answer = get(&world, &[("range", &format!("bytes={length}-"))]);
    assert_eq!(answer.status, 416);
    assert_eq!(answer.header("content-range"), format!("bytes */{length}"));
    assert_eq!(answer.problem()["type"], "urn:lenslet:problem:range");
}

#[test]
fn parts_of_another_version_are_the_whole() {
    let world = world();
    let etag = world.get(URL).header("etag").to_owned();
    let part = |condition: &str| get(&world, &[("range", "bytes=0-9"), ("if-range", condition)]).status;
    assert_eq!((part(&etag), part("\"old\"")), (206, 200));
    assert_eq!((part("Sun, 06 Nov 1994 08:49:37 GMT"), part("Mon, 07 Nov 1994 08:49:37 GMT")), (206, 200));
}

#[test]
fn preflights_say_what_pages_may_do() {
    for path in [URL, "/", "/a.png"] {
        let answer = world().ask(Method::OPTIONS, path, &[("origin", "https://page.example")]);
        assert_eq!((answer.status, answer.body.as_slice()), (204, &[][..]));
        let expected = "access-control-allow-headers: Accept, Authorization, If-Modified-Since, If-None-Match, If-Range, Range\n\
                        access-control-allow-methods: GET, HEAD, OPTIONS\n\
                        access-control-max-age: 86400\n\
                        allow: GET, HEAD, OPTIONS\n";
        assert_eq!(answer.own_headers(), expected, "{path}");
    }
}

#[test]
fn other_methods_are_not_allowed() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        let answer = world().ask(method, URL, &[]);
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
        assert_eq!(answer.problem()["type"], "urn:lenslet:problem:method-not-allowed");
    }
}

#[test]
fn clients_keep_answers_as_long_as_the_deployment_says() {
    let world = World::new(&[("ACCESS", "public"), ("MAX_AGE_SECONDS", "7")], &[]);
    world.put("a.png", "one", &png(&sketch(48, 32)));
    assert_eq!(world.get("/image/width=8/a.png").header("cache-control"), "public, max-age=7");
}

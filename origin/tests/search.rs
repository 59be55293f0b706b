//! Finding pictures: what fits, in which order, and what bad questions get.

#![cfg(test)]

mod support;

use axum::http::{Method, StatusCode};
use lenslet_origin::catalog::images::Image;
use serde_json::Value;
use support::pictures::{palette, picture, put, titled};
use support::{Answer, Service};

const TENANT: &str = "acme";

async fn ask(service: &Service, query: &str) -> Answer {
    let token = service.token(TENANT, "images:read");
    service.ask(Method::GET, &format!("/v1/images?{query}"), &token, None).await
}

fn names(answer: &Value) -> Vec<String> {
    answer["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The names that a question finds, in order.
async fn found(service: &Service, query: &str) -> Vec<String> {
    let answer = ask(service, query).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", String::from_utf8_lossy(&answer.bytes));
    names(&answer.json())
}

async fn library() -> Service {
    let service = Service::start().await;
    let of = |name: &str, title: &str| titled(&service, TENANT, name, title);
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let day = 86_400_000;
    put(
        &service,
        &[
            Image {
                tags: tags(&["beach", "summer"]),
                taken_ms: Some(19_723 * day),
                width: 4_000,
                ..of("trips/sea.jpg", "Red house on the sea")
            },
            Image {
                tags: tags(&["summer"]),
                format: "png".to_owned(),
                ..of("trips/house.png", "House, red and old")
            },
            Image {
                caption: Some("A beach, far away".to_owned()),
                camera: Some("Canon EOS 5D".to_owned()),
                ..of("dunes.jpg", "Dunes")
            },
            Image {
                size_bytes: 5_000,
                taken_ms: Some(20_000 * day),
                ..of("cafe.jpg", "Café Größe in Zürich")
            },
            Image { duplicate_of: Some("x".to_owned()), ..of("beach.jpg", "Beach") },
            of("mountain.jpg", "Mountain railway 東京タワー"),
            titled(&service, "other", "beach.jpg", "Beach of others"),
        ],
    )
    .await;
    service
}

#[tokio::test]
async fn the_language_of_q() {
    let service = library().await;
    for (query, names) in [
        // Title before tags before caption.
        ("q=beach", vec!["beach.jpg", "trips/sea.jpg", "dunes.jpg"]),
        ("q=beach+-dunes", vec!["beach.jpg", "trips/sea.jpg"]),
        ("q=-beach+-house", vec!["mountain.jpg", "cafe.jpg"]),
        ("q=red+house", vec!["trips/house.png", "trips/sea.jpg"]),
        ("q=%22red+house%22", vec!["trips/sea.jpg"]),
        ("q=%22sea+jpg%22", vec!["trips/sea.jpg"]),
        // The last word of the name and the first of the title are not in a row.
        ("q=%22jpg+red%22", vec![]),
        ("q=mou", vec!["mountain.jpg"]),
        ("q=mou+", vec![]),
        ("q=mou*+rail", vec!["mountain.jpg"]),
        ("q=CAFE+grosse", vec![]),
        ("q=cafe+zurich", vec!["cafe.jpg"]),
        ("q=canon+5d", vec!["dunes.jpg"]),
        ("q=%E4%BA%AC%E3%82%BF", vec!["mountain.jpg"]),
        ("q=%E4%BA%AC%E6%9D%B1", vec![]),
        ("q=%F0%9F%8F%96", vec![]),
        ("q=house&tag=beach", vec!["trips/sea.jpg"]),
        ("q=nosuchwordatall", vec![]),
    ] {
        assert_eq!(found(&service, query).await, names, "{query}");
    }
}

#[tokio::test]
async fn mistyped_words_are_found() {
    let service = library().await;
    for (query, names, instead) in [
        ("q=baech+", vec!["beach.jpg", "trips/sea.jpg", "dunes.jpg"], "beach"),
        ("q=beech", vec!["beach.jpg", "trips/sea.jpg", "dunes.jpg"], "beach"),
        ("q=mountian+railway", vec!["mountain.jpg"], "mountain"),
        ("q=muontian", vec!["mountain.jpg"], "mountain"),
        ("q=zurick", vec!["cafe.jpg"], "zurich"),
    ] {
        let answer = ask(&service, query).await.json();
        assert_eq!(self::names(&answer), names, "{query}");
        let (_, meant) = answer["instead"].as_object().unwrap().iter().next().unwrap();
        assert_eq!(meant[0], instead);
    }
    // Three letters have too many neighbours, and what exists is what was meant.
    assert!(found(&service, "q=sae+").await.is_empty());
    assert!(ask(&service, "q=beach").await.json().get("instead").is_none());
}

#[tokio::test]
async fn filters_sorts_and_facets() {
    let service = library().await;
    for (query, names) in [
        ("tag=summer&sort=oldest", vec!["trips/sea.jpg", "trips/house.png"]),
        ("tag=summer,beach", vec!["trips/sea.jpg"]),
        ("format=png", vec!["trips/house.png"]),
        ("format=png,jpeg&sort=name&limit=2", vec!["beach.jpg", "cafe.jpg"]),
        ("width%3E=801", vec!["trips/sea.jpg"]),
        ("min_width=801&max_width=3999", vec![]),
        ("min_size=5000", vec!["cafe.jpg"]),
        ("taken=2024", vec!["cafe.jpg", "trips/sea.jpg"]),
        ("taken=2024-01-01..2024-01", vec!["trips/sea.jpg"]),
        ("max_taken=2024-06-01", vec!["trips/sea.jpg"]),
        ("sort=taken&limit=2", vec!["cafe.jpg", "trips/sea.jpg"]),
        ("sort=size&limit=1", vec!["cafe.jpg"]),
        ("camera=canon%20eos-5d", vec!["dunes.jpg"]),
        ("duplicates=true", vec!["beach.jpg"]),
        ("q=beach&duplicates=false", vec!["trips/sea.jpg", "dunes.jpg"]),
        ("q=beach&sort=name", vec!["beach.jpg", "dunes.jpg", "trips/sea.jpg"]),
        ("q=beach&sort=oldest&width<=800", vec!["dunes.jpg", "beach.jpg"]),
        ("created=2026", vec![]),
    ] {
        let query = query.replace('<', "%3C");
        assert_eq!(found(&service, &query).await, names, "{query}");
    }
    let answer = ask(&service, "facets=format,tag,camera,year&limit=1").await.json();
    assert_eq!((&answer["total"], &answer["total_is_exact"]), (&6.into(), &true.into()));
    assert_eq!(
        answer["facets"],
        serde_json::json!({
            "format": [{ "value": "jpeg", "count": 5 }, { "value": "png", "count": 1 }],
            "tag": [{ "value": "summer", "count": 2 }, { "value": "beach", "count": 1 }],
            "camera": [{ "value": "Canon EOS 5D", "count": 1 }],
            "year": [{ "value": "2024", "count": 2 }],
        })
    );
    let ranked = ask(&service, "q=beach&facets=tag&limit=1").await.json();
    assert_eq!((&ranked["total"], &ranked["facets"]["tag"][0]["count"]), (&3.into(), &1.into()));
}

#[tokio::test]
async fn bad_questions_are_400_and_odd_ones_find_nothing() {
    let service = library().await;
    let long = format!("q={}", "a".repeat(10_000));
    for query in [
        "nonsense=1",
        "q=a&q=b",
        "limit=0",
        "limit=x",
        "cursor=x",
        "cursor=bm9uc2Vuc2U",
        "sort=best",
        "format=bmp",
        "colour=red",
        "q=%FF",
        "min_width=99999999999999999999",
        "taken=yesterday",
        "deleted=true",
        &long,
    ] {
        let answer = ask(&service, query).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{query} {answer:?}");
        assert!(["invalid", "forbidden"].contains(&answer.problem().as_str()));
    }
    for odd in [
        "\"",
        "*",
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "a:b",
        "words:x",
        "^a",
        "a OR",
        "{x}",
        "(",
        ")",
        "'",
        "\\",
        "%",
        "_",
        "--",
        "-",
        "-*",
        "\"\"",
        "a\u{0}b",
        "🏖️",
        "<->",
        "a & b | !c",
        ":*",
        "'a':*",
        "e\u{301}",
        "ı İ ẞ ﬃ",
        "日本 \"語",
        "१२ हिन्दी",
        "\u{E000}",
        "\u{E000}abc",
        "x\u{200d}y",
        "\u{202e}abc",
        "𝔘𝔫𝔦",
        "-\"",
        "a\"b\"-c*\"",
        "null",
        "0",
        "1e9",
    ] {
        let query =
            percent_encoding::utf8_percent_encode(odd, percent_encoding::NON_ALPHANUMERIC).to_string();
        for parameter in ["q", "tag", "camera"] {
            let answer = ask(&service, &format!("{parameter}={query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{parameter}={odd:?}");
        }
    }
    let many = format!("q={}", "zqxj%20".repeat(70));
    assert_eq!(ask(&service, &many).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tenants_never_see_each_other() {
    let service = library().await;
    let token = service.token("other", "images:read");
    for query in ["q=beach", "sort=name", "q=hous", "tag=summer", "q=-house", "facets=tag", "q=baech"] {
        let answer = service.ask(Method::GET, &format!("/v1/images?{query}"), &token, None).await.json();
        for name in answer["images"].as_array().unwrap() {
            assert_eq!(name["title"], "Beach of others", "{query}");
        }
        assert!(answer["total"].as_u64().unwrap() <= 1, "{query}");
    }
    // A cursor carries a place, and no rights.
    let mine = ask(&service, "limit=1").await.json();
    let query = format!("/v1/images?limit=1&cursor={}", mine["next"].as_str().unwrap());
    let theirs = service.ask(Method::GET, &query, &token, None).await.json();
    assert!(names(&theirs).len() <= 1 && theirs["total"] == 1);
}

#[tokio::test]
async fn a_token_for_paths_finds_what_is_below_them() {
    let service = library().await;
    let of = |paths: &str| {
        let claims =
            serde_json::json!({ "scope": "images:read", "lenslet": { "tenant": TENANT, "paths": [paths] } });
        service.token_of(&claims)
    };
    for (path, query, expected) in [
        ("pictures/acme/trips", "sort=name", vec!["trips/house.png", "trips/sea.jpg"]),
        ("pictures/acme/trips", "q=beach", vec!["trips/sea.jpg"]),
        ("pictures/acme/trip", "sort=name", vec![]),
        ("pictures/acme/dunes.jpg", "", vec!["dunes.jpg"]),
        ("pictures/other", "q=beach", vec![]),
        ("pictures", "q=dunes", vec!["dunes.jpg"]),
    ] {
        let answer = service.ask(Method::GET, &format!("/v1/images?{query}"), &of(path), None).await.json();
        assert_eq!(names(&answer), expected, "{path} {query}");
        assert_eq!(answer["total"], expected.len());
    }
}

#[tokio::test]
async fn pages_fit_together_while_pictures_come_in() {
    const ALL: usize = 500;
    let service = Service::start().await;
    let all: Vec<Image> = (0..ALL)
        .map(|number| {
            let mut image =
                titled(&service, TENANT, &format!("{:03}/{number}.jpg", number % 17), "Sunny day");
            image.size_bytes = i64::try_from(number % 7).unwrap();
            image.caption = (number % 3 == 0).then(|| "sunny and dry".to_owned());
            image
        })
        .collect();
    put(&service, &all).await;
    for query in
        ["q=sunny", "sort=newest", "sort=oldest", "sort=name", "sort=size", "q=sun&sort=size", "sort=taken"]
    {
        let (mut seen, mut cursor, mut page) = (Vec::new(), String::new(), 0);
        loop {
            let answer = ask(&service, &format!("{query}&limit=83{cursor}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{query} {}", String::from_utf8_lossy(&answer.bytes));
            let answer = answer.json();
            seen.extend(names(&answer));
            // Somebody uploads in the meantime.
            page += 1;
            service.pass_seconds(1);
            let new =
                picture(&service, TENANT, &format!("new/{}-{page}.jpg", query.replace(['=', '&'], "-")));
            put(&service, &[Image { title: Some("Sunny sunny night".to_owned()), ..new }]).await;
            match answer["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut old: Vec<&String> = seen.iter().filter(|name| !name.starts_with("new/")).collect();
        let count = old.len();
        old.sort();
        old.dedup();
        let is_cut = query == "q=sunny"
            && service.now_ms.load(std::sync::atomic::Ordering::SeqCst) > support::START_MS + 60_000;
        assert_eq!(old.len(), count, "{query}: none twice");
        assert!(count == ALL || is_cut, "{query}: {count} and none missed");
        let mut every = seen.clone();
        every.sort();
        every.dedup();
        assert_eq!(every.len(), seen.len(), "{query}: none twice");
    }
    let one = ask(&service, "sort=name&limit=1").await.json();
    let other = ask(&service, &format!("sort=size&cursor={}", one["next"].as_str().unwrap())).await;
    assert_eq!(other.problem(), "invalid", "a cursor is good for its own question");
}

#[tokio::test]
async fn colours_are_found_by_how_much_there_is() {
    let service = Service::start().await;
    let of = |name: &str, shades: &[(&str, f64)]| Image {
        colours: palette(shades),
        ..titled(&service, TENANT, name, "x")
    };
    put(
        &service,
        &[
            of("little.jpg", &[("#ff8800", 0.1), ("#102030", 0.9)]),
            of("much.jpg", &[("#fd8a05", 0.7), ("#ffffff", 0.3)]),
            of("red.jpg", &[("#ff0000", 1.0)]),
            of("none.jpg", &[]),
        ],
    )
    .await;
    assert_eq!(found(&service, "colour=ff8800").await, ["much.jpg", "little.jpg"]);
    assert_eq!(found(&service, "colour=%23FF8800&colour_distance=0.1").await, ["little.jpg"]);
    assert_eq!(found(&service, "colour=ff8800&q=x&sort=name").await, ["little.jpg", "much.jpg"]);
    assert_eq!(found(&service, "colour=ff8800&limit=1").await, ["much.jpg"]);
    assert!(found(&service, "colour=00ff00").await.is_empty());
}

#[tokio::test]
async fn similar_pictures_are_the_nearest_first() {
    let service = Service::start().await;
    let hash = 0x0123_4567_89AB_CDEF_i64;
    let of =
        |name: &str, turned: i64| Image { phash: Some(hash ^ turned), ..picture(&service, TENANT, name) };
    let all = [
        of("one.jpg", 0),
        of("three.jpg", 0b111),
        of("seven.jpg", i64::MIN | 0x0001_0001_0001_0007),
        of("eight.jpg", 0xFF),
        Image { tenant: "other".to_owned(), ..of("same.jpg", 0) },
        picture(&service, TENANT, "no-hash.jpg"),
    ];
    put(&service, &all).await;
    let token = service.token(TENANT, "images:read");
    let ask = async |image: &Image| {
        service.ask(Method::GET, &format!("/v1/images/{}/similar", image.id), &token, None).await
    };
    let answer = ask(&all[0]).await.json();
    let alike: Vec<_> = answer["images"].as_array().unwrap().iter().collect();
    let names: Vec<_> = alike
        .iter()
        .map(|one| (one["image"]["name"].as_str().unwrap(), one["distance"].as_u64().unwrap()))
        .collect();
    assert_eq!(names, [("three.jpg", 3), ("seven.jpg", 7)]);
    assert_eq!(ask(&all[5]).await.json()["images"], serde_json::json!([]));
    assert_eq!(ask(&all[4]).await.problem(), "not-found");
}

#[tokio::test]
async fn what_changes_is_found_as_it_is_now() {
    let service = library().await;
    let writer = service.token(TENANT, "images:read images:write");
    let id = ask(&service, "q=dunes").await.json()["images"][0]["id"].as_str().unwrap().to_owned();
    let change = serde_json::json!({ "title": "Steppe", "tags": ["Grass", "grass "] });
    let path = format!("/v1/images/{id}");
    assert_eq!(service.ask(Method::PATCH, &path, &writer, Some(change)).await.status, StatusCode::OK);
    assert_eq!(found(&service, "q=steppe&tag=grass").await, ["dunes.jpg"]);
    // Its name still says so.
    assert_eq!(found(&service, "q=dunes").await, ["dunes.jpg"]);
    assert_eq!(service.ask(Method::DELETE, &path, &writer, None).await.status, StatusCode::NO_CONTENT);
    assert!(found(&service, "q=steppe").await.is_empty());
    assert!(found(&service, "tag=grass").await.is_empty());
    let restored = service.ask(Method::POST, &format!("{path}/restore"), &writer, None).await;
    // Nobody put a file there.
    assert_eq!((restored.status, restored.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    assert_eq!(ask(&service, "").await.json()["total"], 5);
}

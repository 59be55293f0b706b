//! What is known of a picture: shown, changed, deleted, restored, purged.

#![cfg(test)]

mod support;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use lenslet_origin::catalog::images::{self, Image};
use lenslet_origin::catalog::tenants;
use lenslet_origin::removal;
use serde_json::{Value, json};
use support::pictures::{picture, put, put_file};
use support::{Answer, Service};

const ALL: &str = "images:read images:write images:private";

async fn send(
    service: &Service,
    method: Method,
    path: &str,
    scope: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> Answer {
    let token = service.token("acme", scope);
    let mut request =
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    service.send(request.header("content-type", "application/json").body(body).unwrap()).await
}

async fn get(service: &Service, path: &str, scope: &str) -> Answer {
    send(service, Method::GET, path, scope, &[], Value::Null).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

/// One picture with its files.
async fn one() -> (Service, Image, String) {
    let service = Service::start().await;
    let mut image = picture(&service, "acme", "a/b.jpg");
    put_file(&service, &mut image).await;
    let path = format!("/v1/images/{}", image.id);
    (service, image, path)
}

async fn object(service: &Service, key: &str) -> bool {
    service.state.objects.head(key).await.unwrap().is_some()
}

#[tokio::test]
async fn a_picture_is_shown_to_those_who_may_see_it() {
    let (service, image, path) = one().await;
    let answer = get(&service, &path, "images:read").await;
    assert_eq!(answer.status, StatusCode::OK);
    let shown = answer.json();
    assert_eq!((&shown["name"], &shown["key"]), (&json!("a/b.jpg"), &json!("pictures/acme/a/b.jpg")));
    assert_eq!(shown["created"], "2026-01-01T00:00:00.000Z");
    assert!(shown.get("private").is_none());
    assert_eq!(get(&service, &path, ALL).await.json()["private"]["gps"], "secret");
    assert_eq!(get(&service, "/v1/images/by-name?name=a/b.jpg", ALL).await.json()["id"], image.id.as_str());

    let tag = text(&answer.headers, "etag");
    for (if_none_match, status) in [(tag, 304), ("\"x\", *", 304), ("\"x\"", 200)] {
        let answer =
            send(&service, Method::GET, &path, ALL, &[("if-none-match", if_none_match)], Value::Null).await;
        assert_eq!(answer.status.as_u16(), status, "{if_none_match}");
    }
    for (path, scope, status) in [
        (path.as_str(), "images:write", 403),
        ("/v1/images/none", ALL, 404),
        ("/v1/images/%00", ALL, 404),
        ("/v1/images/%F0%9F%8F%96", ALL, 404),
        ("/v1/images/by-name?name=a", ALL, 404),
        ("/v1/images/by-name", ALL, 400),
        ("/v1/images/by-name?name=a%00b", ALL, 400),
        (&format!("{path}?x=1"), ALL, 400),
        (&format!("{path}/variants/large"), ALL, 404),
        (&format!("{path}/similar?limit=0"), ALL, 400),
    ] {
        assert_eq!(get(&service, path, scope).await.status.as_u16(), status, "{path} {scope}");
    }
    for method in [Method::GET, Method::DELETE] {
        let theirs = service.token("other", ALL);
        assert_eq!(service.ask(method, &path, &theirs, None).await.problem(), "not-found");
    }
    assert_eq!(service.ask(Method::GET, &path, "", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn files_come_as_they_are_and_harmless() {
    let (service, image, path) = one().await;
    for (end, bytes, media_type, disposition) in [
        ("variants/thumbnail", "tiny", "image/webp", "inline"),
        ("original", "the file", "image/jpeg", "attachment"),
    ] {
        let path = format!("{path}/{end}");
        let answer = get(&service, &path, "images:read").await;
        assert_eq!((answer.status, answer.bytes.as_slice()), (StatusCode::OK, bytes.as_bytes()));
        let headers = &answer.headers;
        assert_eq!(
            (text(headers, "content-type"), text(headers, "content-disposition")),
            (media_type, disposition)
        );
        assert_eq!(text(headers, "x-content-type-options"), "nosniff");
        assert_eq!(text(headers, "content-security-policy"), "default-src 'none'; sandbox");
        let tag = text(headers, "etag");
        let again = send(&service, Method::GET, &path, ALL, &[("if-none-match", tag)], Value::Null).await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
    }
    // A token that forces a mark, or is for other paths.
    for (limits, status) in [
        (json!({ "tenant": "acme", "mark": "logo" }), 403),
        (json!({ "tenant": "acme", "paths": ["pictures/acme/b"] }), 404),
        (json!({ "tenant": "acme", "paths": ["pictures/acme/a"] }), 200),
    ] {
        let token = service.token_of(&json!({ "scope": ALL, "lenslet": limits }));
        let answer = service.ask(Method::GET, &format!("{path}/original"), &token, None).await;
        assert_eq!(answer.status.as_u16(), status, "{limits}");
    }
    service.state.objects.delete(&image.object_key).await.unwrap();
    assert_eq!(get(&service, &format!("{path}/original"), ALL).await.problem(), "not-found");
}

#[tokio::test]
async fn a_change_is_for_what_was_seen() {
    let (service, _, path) = one().await;
    let tag = text(&get(&service, &path, ALL).await.headers, "etag").to_owned();
    let change = json!({ "title": "New", "caption": "Words\nin two lines", "tags": ["B", "a", "b"] });
    let changed = send(&service, Method::PATCH, &path, ALL, &[("if-match", &tag)], change).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!((&changed.json()["title"], &changed.json()["tags"]), (&json!("New"), &json!(["a", "b"])));
    let late =
        send(&service, Method::PATCH, &path, ALL, &[("if-match", &tag)], json!({ "title": "Old" })).await;
    assert_eq!(
        (late.status, late.problem().as_str()),
        (StatusCode::PRECONDITION_FAILED, "precondition-failed")
    );
    let late = send(&service, Method::DELETE, &path, ALL, &[("if-match", &tag)], Value::Null).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    let rest = send(&service, Method::PATCH, &path, ALL, &[], json!({ "title": null })).await.json();
    assert_eq!((&rest["title"], &rest["caption"]), (&Value::Null, &json!("Words\nin two lines")));

    for body in [
        json!({ "name": "x" }),
        json!({ "title": 1 }),
        json!({ "title": "a\u{0}" }),
        json!({ "tags": null }),
        json!({ "tags": [""] }),
        json!({ "tags": ["a\nb"] }),
        json!({ "title": "x".repeat(501) }),
        json!([]),
        json!({ "tags": vec!["a"; 51] }),
    ] {
        assert_eq!(
            send(&service, Method::PATCH, &path, ALL, &[], body.clone()).await.problem(),
            "invalid",
            "{body}"
        );
    }
    let reader = send(&service, Method::PATCH, &path, "images:read", &[], json!({})).await;
    assert_eq!(reader.problem(), "forbidden");
    for (table, count) in
        [("audit WHERE action = 'image.update'", 2), ("events WHERE kind = 'image.updated'", 2)]
    {
        let row = service
            .state
            .db
            .first(&format!("SELECT COUNT(*) AS count FROM {table}"), &[])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<i64>("count").unwrap(), count, "{table}");
    }
}

#[tokio::test]
async fn what_is_deleted_can_come_back() {
    let (service, image, path) = one().await;
    assert_eq!(
        send(&service, Method::DELETE, &path, ALL, &[], Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(get(&service, &path, "images:read").await.problem(), "not-found");
    assert_eq!(send(&service, Method::DELETE, &path, ALL, &[], Value::Null).await.problem(), "not-found");
    assert!(get(&service, &path, ALL).await.json()["deleted"].is_string());
    lenslet_origin::work::work_off(&service.state).await.unwrap();
    assert!(!object(&service, &image.object_key).await);

    let deleted = get(&service, "/v1/images?deleted=true", ALL).await.json();
    assert_eq!((&deleted["images"][0]["id"], &deleted["total"]), (&json!(image.id), &json!(1)));
    assert_eq!(get(&service, "/v1/images?deleted=true", "images:read").await.problem(), "forbidden");
    assert_eq!(get(&service, "/v1/images?deleted=true&q=a", ALL).await.problem(), "invalid");

    let restore = format!("{path}/restore");
    let restored = send(&service, Method::POST, &restore, ALL, &[], Value::Null).await;
    assert_eq!((restored.status, &restored.json()["key"]), (StatusCode::OK, &json!(image.object_key)));
    assert_eq!(send(&service, Method::POST, &restore, ALL, &[], Value::Null).await.problem(), "conflict");
    lenslet_origin::work::work_off(&service.state).await.unwrap();
    assert!(object(&service, &image.object_key).await);
    assert!(!object(&service, &format!("deleted/acme/{}", image.id)).await);
    assert_eq!(get(&service, "/v1/images", ALL).await.json()["total"], 1);
    assert_eq!(get(&service, &format!("{path}/original"), ALL).await.bytes, b"the file");
}

#[tokio::test]
async fn a_name_that_was_taken_meanwhile_stays_so() {
    let (service, image, path) = one().await;
    send(&service, Method::DELETE, &path, ALL, &[], Value::Null).await;
    let mut other = picture(&service, "acme", "a/b.jpg");
    put_file(&service, &mut other).await;
    // The job that takes the old file away comes late, and leaves the new one alone.
    lenslet_origin::work::work_off(&service.state).await.unwrap();
    assert!(object(&service, &image.object_key).await);
    let restored = send(&service, Method::POST, &format!("{path}/restore"), ALL, &[], Value::Null).await;
    assert_eq!((restored.status, restored.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
}

#[tokio::test]
async fn after_so_many_days_it_is_gone_for_good() {
    let (service, image, path) = one().await;
    put(&service, &[picture(&service, "acme", "stays.jpg")]).await;
    send(&service, Method::DELETE, &path, ALL, &[], Value::Null).await;
    let used = async || tenants::find(&service.state.db, &service.state.config, "acme").await.unwrap();
    assert_eq!((used().await.used_bytes, used().await.used_images), (2_000, 2));
    service.pass_seconds(29 * 86_400);
    assert_eq!(removal::purge(&service.state).await.unwrap(), 0);
    service.pass_seconds(86_400);
    assert_eq!(removal::purge(&service.state).await.unwrap(), 1);
    assert_eq!((used().await.used_bytes, used().await.used_images), (1_000, 1));
    assert!(!object(&service, &format!("deleted/acme/{}", image.id)).await);
    assert!(!object(&service, &image.variants[0].object_key).await);
    assert!(images::find(&service.state.db, "acme", &image.id).await.unwrap().is_none());
    assert_eq!(get(&service, &path, ALL).await.problem(), "not-found");
}

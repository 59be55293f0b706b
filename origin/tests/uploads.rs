//! Uploads: announced, sent, acknowledged, and everything that is refused on the way.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use super::support::{Answer, Service};
    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode};
    use lenslet_origin::catalog::uploads;
    use lenslet_origin::values;
    use serde_json::{Value, json};
    use sha2::{Digest as _, Sha256};

    const BYTES: &[u8] = b"not a picture, but nobody looks at it here";

    fn hash(bytes: &[u8]) -> String {
        format!("{:x}", Sha256::digest(bytes))
    }

    fn announced(name: &str, bytes: &[u8]) -> Value {
        json!({ "name": name, "size_bytes": bytes.len(), "media_type": "image/png", "sha256": hash(bytes) })
    }

    fn with(mut base: Value, more: &Value) -> Value {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    }

    async fn writer() -> (Service, String) {
        let service = Service::start().await;
        let token = service.token("shop", "images:write images:read");
        (service, token)
    }

    async fn create(service: &Service, token: &str, body: Value) -> Answer {
        service.ask(Method::POST, "/v1/uploads", token, Some(body)).await
    }

    /// As a client does with what it was given: no token.
    async fn put(service: &Service, put: &Value, bytes: &[u8]) -> Answer {
        let url = put["url"].as_str().unwrap().strip_prefix(&service.state.config.public_url).unwrap();
        let mut request = Request::builder().method(put["method"].as_str().unwrap()).uri(url);
        for (name, value) in put["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        service.send(request.body(Body::from(bytes.to_vec())).unwrap()).await
    }

    async fn complete(service: &Service, token: &str, id: &str) -> Answer {
        service.ask(Method::POST, &format!("/v1/uploads/{id}/complete"), token, None).await
    }

    async fn show(service: &Service, token: &str, id: &str) -> Value {
        service.ask(Method::GET, &format!("/v1/uploads/{id}"), token, None).await.json()
    }

    async fn count(service: &Service, sql: &str) -> i64 {
        service.state.db.first(sql, values![]).await.unwrap().unwrap().get("count").unwrap()
    }

    async fn send_content(service: &Service, token: &str, id: &str, bytes: &[u8]) -> Answer {
        let request = Request::put(format!("/v1/uploads/{id}/content"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(bytes.to_vec()));
        service.send(request.unwrap()).await
    }

    #[tokio::test]
    async fn an_upload_is_announced_sent_and_acknowledged_once() {
        let (service, token) = writer().await;
        let more = json!({ "title": "A", "tags": ["Sea ", "boat", "sea"] });
        let answer = create(&service, &token, with(announced("a/b c~ü.png", BYTES), &more)).await;
        let upload = answer.json();
        assert_eq!((answer.status, &upload["state"]), (StatusCode::CREATED, &json!("pending")), "{upload}");
        assert_eq!(upload["tags"], json!(["boat", "sea"]));
        let id = upload["id"].as_str().unwrap();
        assert_eq!(answer.headers["location"], format!("/v1/uploads/{id}"));
        assert_eq!(complete(&service, &token, id).await.problem(), "conflict");

        assert_eq!(put(&service, &upload["put"], BYTES).await.status, StatusCode::OK);
        for _ in 0..2 {
            let answer = complete(&service, &token, id).await;
            assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::ACCEPTED, &json!("received")));
        }
        let jobs = service.state.db.all("SELECT subject, payload FROM jobs", values![]).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].get::<String>("subject").unwrap(), "picture/shop/a/b c~ü.png");
        assert_eq!(jobs[0].get::<String>("payload").unwrap(), json!({ "upload": id }).to_string());
        assert_eq!(put(&service, &upload["put"], BYTES).await.problem(), "conflict");
        assert!(uploads::forgotten(&service.state.db, 9).await.unwrap().is_empty());
        let audit =
            "SELECT COUNT(*) AS count FROM audit WHERE action IN ('upload.create', 'upload.complete')";
        assert_eq!(count(&service, audit).await, 2);
    }

    #[tokio::test]
    async fn bytes_may_come_through_the_service() {
        let (service, token) = writer().await;
        let upload = create(&service, &token, announced("a.png", BYTES)).await.json();
        let id = upload["id"].as_str().unwrap();
        for (bytes, kind) in
            [(&b"short"[..], "unprocessable"), (&[7; 42], "unprocessable"), (&[7; 99], "unprocessable")]
        {
            assert_eq!(send_content(&service, &token, id, bytes).await.problem(), kind);
            let staged = service.state.objects.head(&format!("uploads/{id}")).await.unwrap();
            assert_eq!((staged, &show(&service, &token, id).await["state"]), (None, &json!("pending")));
        }
        let request = Request::put(format!("/v1/uploads/{id}/content"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "image/gif");
        let answer = service.send(request.body(Body::from(BYTES)).unwrap()).await;
        assert_eq!(answer.problem(), "unsupported-media-type");
        let answer = send_content(&service, &token, id, BYTES).await;
        assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::ACCEPTED, &json!("received")));
        assert_eq!(send_content(&service, &token, id, BYTES).await.problem(), "conflict");
        assert_eq!(count(&service, "SELECT COUNT(*) AS count FROM jobs").await, 1);
    }

    #[tokio::test]
    async fn what_cannot_be_an_upload_is_refused() {
        let (service, token) = writer().await;
        let cases = [
            (json!({ "name": "" }), "invalid"),
            (json!({ "name": "../a" }), "invalid"),
            (json!({ "name": "a\\b" }), "invalid"),
            (json!({ "name": "/a" }), "invalid"),
            (json!({ "name": "a\u{7}" }), "invalid"),
            (json!({ "name": "a\u{0}" }), "invalid"),
            (json!({ "name": "a".repeat(513) }), "invalid"),
            (json!({ "name": 7 }), "invalid"),
            (json!({ "size_bytes": 0 }), "invalid"),
            (json!({ "size_bytes": -1 }), "invalid"),
            (json!({ "size_bytes": 1.5 }), "invalid"),
            (json!({ "size_bytes": 104_857_601 }), "too-large"),
            // Not every number beyond it is a double.
            (json!({ "size_bytes": (1_u64 << 53) - 1 }), "too-large"),
            (json!({ "size_bytes": u64::MAX }), "invalid"),
            (json!({ "media_type": "text/html" }), "unsupported-media-type"),
            (json!({ "media_type": "image/png\r\nx: y" }), "unsupported-media-type"),
            (json!({ "sha256": "00" }), "invalid"),
            (json!({ "sha256": "é".repeat(32) }), "invalid"),
            (json!({ "title": "a".repeat(501) }), "invalid"),
            (json!({ "caption": "a\u{1}" }), "invalid"),
            (json!({ "tags": [""] }), "invalid"),
            (json!({ "tags": vec!["a"; 51] }), "invalid"),
            (json!({ "method": "bucket" }), "invalid"),
            (json!({ "colour": "red" }), "invalid"),
        ];
        for (more, kind) in cases {
            let answer = create(&service, &token, with(announced("a.png", BYTES), &more)).await;
            assert_eq!(answer.problem(), kind, "{more}");
        }
        for path in
            ["?limit=0", "?limit=101", "?limit=x", "?cursor=!", "?cursor=YQ", "?state=gone", "?page=2"]
        {
            let answer = service.ask(Method::GET, &format!("/v1/uploads{path}"), &token, None).await;
            assert_eq!(answer.problem(), "invalid", "{path}");
        }
        assert_eq!(count(&service, "SELECT COUNT(*) AS count FROM uploads").await, 0);
    }

    #[tokio::test]
    async fn nobody_sees_or_changes_what_is_not_theirs() {
        let (service, token) = writer().await;
        let upload = create(&service, &token, announced("a/b.png", BYTES)).await.json();
        let id = upload["id"].as_str().unwrap();
        let other = service.token("other", "images:write images:read");
        let elsewhere = service.token_of(
        &json!({ "scope": "images:write", "lenslet": { "tenant": "shop", "paths": ["pictures/shop/z"] } }),
    );
        let reader = service.token("shop", "images:read");
        for (method, path) in [
            (Method::GET, format!("/v1/uploads/{id}")),
            (Method::DELETE, format!("/v1/uploads/{id}")),
            (Method::POST, format!("/v1/uploads/{id}/complete")),
            (Method::PUT, format!("/v1/uploads/{id}/content")),
        ] {
            let ask = |token: String| {
                let (service, method, path) = (&service, method.clone(), path.clone());
                async move { service.ask(method, &path, &token, None).await }
            };
            assert_eq!(ask(other.clone()).await.problem(), "not-found", "{method} {path}");
            assert_eq!(ask(elsewhere.clone()).await.problem(), "forbidden", "{method} {path}");
            assert_eq!(ask(String::new()).await.problem(), "unauthenticated", "{method} {path}");
            if method != Method::GET {
                assert_eq!(ask(reader.clone()).await.problem(), "forbidden", "{method} {path}");
            }
        }
        let shown = show(&service, &reader, id).await;
        assert_eq!((&shown["state"], shown.get("put")), (&json!("pending"), None), "{shown}");
        let list = service.ask(Method::GET, "/v1/uploads", &other, None).await.json();
        assert_eq!(list, json!({ "uploads": [], "next": null }));
        assert_eq!(create(&service, &elsewhere, announced("a.png", BYTES)).await.problem(), "forbidden");
        assert_eq!(create(&service, &reader, announced("a.png", BYTES)).await.problem(), "forbidden");
        assert_eq!(show(&service, &token, "nothing").await["status"], 404);
    }

    #[tokio::test]
    async fn a_hundred_equal_requests_begin_one_upload() {
        let (service, token) = writer().await;
        for method in ["put", "multipart"] {
            let body = with(announced("a.png", BYTES), &json!({ "method": method })).to_string();
            let ask = || {
                let request = Request::post("/v1/uploads")
                    .header("authorization", format!("Bearer {token}"))
                    .header("content-type", "application/json")
                    .header("idempotency-key", method);
                service.send(request.body(Body::from(body.clone())).unwrap())
            };
            let answers = futures_util::future::join_all((0..100).map(|_| ask())).await;
            let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
            let found = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
            assert_eq!((created, found), (1, 99));
            let ids: std::collections::BTreeSet<String> =
                answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
            assert_eq!(ids.len(), 1);
        }
        assert_eq!(count(&service, "SELECT COUNT(*) AS count FROM uploads").await, 2);
    }

    #[tokio::test]
    async fn an_idempotency_key_is_good_for_one_request() {
        let (service, token) = writer().await;
        let ask = |token: &str, key: &str, body: Value| {
            let request = Request::post("/v1/uploads")
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .header("idempotency-key", key);
            service.send(request.body(Body::from(body.to_string())).unwrap())
        };
        assert_eq!(ask(&token, "k", announced("a.png", BYTES)).await.status, StatusCode::CREATED);
        assert_eq!(ask(&token, "k", announced("a.png", BYTES)).await.status, StatusCode::OK);
        assert_eq!(ask(&token, "k", announced("b.png", BYTES)).await.problem(), "unprocessable");
        let other = service.token("other", "images:write");
        assert_eq!(ask(&other, "k", announced("b.png", BYTES)).await.status, StatusCode::CREATED);
        for key in ["", "a b", &"k".repeat(256)] {
            assert_eq!(ask(&token, key, announced("a.png", BYTES)).await.problem(), "invalid", "{key:?}");
        }
    }

    #[tokio::test]
    async fn parts_are_sent_in_any_order_and_again_after_a_break() {
        const PART: usize = 8 << 20;
        let (service, token) = writer().await;
        let bytes: Vec<u8> = (0..PART + 3).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let body = with(announced("large.png", &bytes), &json!({ "method": "multipart" }));
        let upload = create(&service, &token, body).await.json();
        let id = upload["id"].as_str().unwrap();
        let parts = upload["multipart"]["parts"].as_array().unwrap();
        let sizes: Vec<u64> = parts.iter().map(|part| part["size_bytes"].as_u64().unwrap()).collect();
        assert_eq!((upload.get("put"), sizes), (None, vec![PART as u64, 3]));

        let second = put(&service, &parts[1]["put"], &bytes[PART..]).await;
        assert_eq!(second.status, StatusCode::OK);
        let etag = second.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(put(&service, &parts[0]["put"], &bytes[..5]).await.problem(), "unprocessable");
        assert_eq!(complete(&service, &token, id).await.problem(), "conflict");

        // Another process goes on with it.
        let resumed = show(&service, &token, id).await;
        let parts = resumed["multipart"]["parts"].as_array().unwrap();
        assert_eq!(parts[1]["etag"].as_str().unwrap(), etag.trim_matches('"'));
        assert!(parts[1].get("put").is_none() && parts[0].get("etag").is_none());
        let first = put(&service, &parts[0]["put"], &bytes[..PART]).await;
        let path = format!("/v1/uploads/{id}/complete");
        let first_etag = first.headers["etag"].to_str().unwrap();
        let wrong = json!({ "parts": [{ "number": 1, "etag": "other" }, { "number": 2, "etag": etag }] });
        assert_eq!(service.ask(Method::POST, &path, &token, Some(wrong)).await.problem(), "unprocessable");
        let right = json!({ "parts": [{ "number": 1, "etag": first_etag }, { "number": 2, "etag": etag }] });
        let answer = service.ask(Method::POST, &path, &token, Some(right.clone())).await;
        assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::ACCEPTED, &json!("received")));
        let again = service.ask(Method::POST, &path, &token, Some(right)).await;
        assert_eq!(again.status, StatusCode::ACCEPTED);
        let staged = service.state.objects.get(&format!("uploads/{id}"), 1 << 30).await.unwrap();
        assert!(staged.unwrap() == bytes);
    }

    #[tokio::test]
    async fn what_differs_from_what_was_announced_is_rejected_and_removed() {
        let (service, token) = writer().await;
        let upload = create(&service, &token, announced("a.png", BYTES)).await.json();
        for (name, bytes, problem) in
            [("b.png", &[7; 42][..], "wrong-checksum"), ("c.png", b"short", "wrong-length")]
        {
            let upload = create(&service, &token, announced(name, BYTES)).await.json();
            let id = upload["id"].as_str().unwrap();
            let key = format!("uploads/{id}");
            // Nobody can by the URL; the bucket's owner may.
            service.state.objects.put(&key, bytes.to_vec().into(), "image/png").await.unwrap();
            for _ in 0..2 {
                assert_eq!(complete(&service, &token, id).await.problem(), "unprocessable");
            }
            let shown = show(&service, &token, id).await;
            assert_eq!((&shown["state"], &shown["problem"]["kind"]), (&json!("rejected"), &json!(problem)));
            assert_eq!(service.state.objects.head(&key).await.unwrap(), None);
            assert_eq!(put(&service, &upload["put"], BYTES).await.problem(), "unprocessable");
        }
        assert_eq!(
            count(&service, "SELECT COUNT(*) AS count FROM events WHERE kind = 'upload.rejected'").await,
            2
        );
        assert_eq!(show(&service, &token, upload["id"].as_str().unwrap()).await["state"], "pending");
    }

    #[tokio::test]
    async fn a_tenant_has_so_much_room_and_no_more() {
        let service = Service::with(&[("QUOTA_BYTES", "100"), ("QUOTA_IMAGES", "2")]).await;
        let token = service.token("shop", "images:write");
        let begin = |name: &'static str, size: u64| {
            create(&service, &token, with(announced(name, BYTES), &json!({ "size_bytes": size })))
        };
        assert_eq!(begin("a.png", 101).await.problem(), "quota");
        assert_eq!(begin("a.png", 60).await.status, StatusCode::CREATED);
        assert_eq!(begin("b.png", 41).await.problem(), "quota");
        let second = begin("b.png", 40).await.json();
        let path = format!("/v1/uploads/{}", second["id"].as_str().unwrap());
        assert_eq!(service.ask(Method::DELETE, &path, &token, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(begin("c.png", 1).await.status, StatusCode::CREATED);
        assert_eq!(begin("d.png", 1).await.problem(), "quota");
        let other = service.token("other", "images:write");
        assert_eq!(create(&service, &other, announced("a.png", BYTES)).await.status, StatusCode::CREATED);
        let more = "UPDATE tenants SET max_images = 3 WHERE name = 'shop'";
        service.state.db.execute(more, values![]).await.unwrap();
        assert_eq!(begin("d.png", 1).await.status, StatusCode::CREATED);
    }

    #[tokio::test]
    async fn uploads_are_listed_page_by_page() {
        let (service, token) = writer().await;
        for number in 0..5 {
            let answer = create(&service, &token, announced(&format!("{number}.png"), BYTES)).await;
            assert_eq!(answer.status, StatusCode::CREATED);
        }
        let (mut path, mut names) = ("/v1/uploads?limit=2&state=pending".to_owned(), Vec::new());
        loop {
            let page = service.ask(Method::GET, &path, &token, None).await.json();
            for upload in page["uploads"].as_array().unwrap() {
                names.push(upload["name"].as_str().unwrap().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => path = format!("/v1/uploads?limit=2&state=pending&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(names, ["4.png", "3.png", "2.png", "1.png", "0.png"]);
    }

    #[tokio::test]
    async fn whoever_waits_is_answered_when_it_was_looked_at() {
        let (service, token) = writer().await;
        let upload = create(&service, &token, announced("a.png", BYTES)).await.json();
        let id = upload["id"].as_str().unwrap();
        assert_eq!(send_content(&service, &token, id, BYTES).await.status, StatusCode::ACCEPTED);
        let path = format!("/v1/uploads/{id}?wait_seconds=30");
        let looked_at = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let mut tx = service.state.db.begin().await.unwrap();
            uploads::rejected(&mut tx, id, "not-a-picture", "It is none.", 7).await.unwrap();
            tx.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(service.ask(Method::GET, &path, &token, None), looked_at);
        assert_eq!(answer.json()["problem"]["kind"], "not-a-picture");
        for path in ["?wait_seconds=31", "?wait_seconds=-1", "?wait=1"] {
            let answer = service.ask(Method::GET, &format!("/v1/uploads/{id}{path}"), &token, None).await;
            assert_eq!(answer.problem(), "invalid", "{path}");
        }
    }

    #[tokio::test]
    async fn in_a_folder_a_picture_is_no_folder_of_others() {
        let (service, token) = writer().await;
        service.state.objects.put("pictures/shop/a", BYTES.into(), "image/png").await.unwrap();
        service.state.objects.put("pictures/shop/b/c", BYTES.into(), "image/png").await.unwrap();
        for (name, status) in [
            ("a", StatusCode::CREATED),
            ("a/b", StatusCode::CONFLICT),
            ("b", StatusCode::CONFLICT),
            ("b/d", StatusCode::CREATED),
        ] {
            assert_eq!(create(&service, &token, announced(name, BYTES)).await.status, status, "{name}");
        }
    }
}

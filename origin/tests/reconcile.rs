//! Bucket and catalog come apart in every way that they can, and together again.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::support::Service;
    use axum::http::{Method, StatusCode};
    use lenslet_origin::catalog::images::{self, Image};
    use lenslet_origin::catalog::uploads::{self, Upload};
    use lenslet_origin::catalog::{jobs, new_id};
    use lenslet_origin::clock::Clock;
    use lenslet_origin::reconcile::{Report, reconcile};
    use lenslet_origin::values;
    use serde_json::{Value, json};

    const BYTES: &[u8] = b"not a picture, but nobody looks at it here";

    /// As late as the files' own time, and two hours more.
    async fn service() -> Service {
        let service = Service::start().await;
        service.now_ms.store(Clock::System.now_ms() + 7_200_000, Ordering::SeqCst);
        service
    }

    async fn put(service: &Service, key: &str) -> String {
        service.state.objects.put(key, BYTES.into(), "image/png").await.unwrap();
        service.state.objects.head(key).await.unwrap().unwrap().etag
    }

    async fn is_there(service: &Service, key: &str) -> bool {
        service.state.objects.head(key).await.unwrap().is_some()
    }

    /// A picture as ingest would have written it down.
    async fn known(service: &Service, name: &str, version: i64, etag: &str) -> String {
        let image = Image {
            id: new_id(),
            tenant: "shop".to_owned(),
            name: name.to_owned(),
            version,
            object_key: format!("pictures/shop/{name}"),
            etag: etag.to_owned(),
            size_bytes: 42,
            sha256: String::new(),
            format: "png".to_owned(),
            media_type: "image/png".to_owned(),
            width: 1,
            height: 1,
            title: None,
            caption: None,
            tags: Vec::new(),
            taken_ms: None,
            camera: None,
            lens: None,
            metadata: json!({}),
            private: json!({}),
            colours: images::Colours::default(),
            thumbhash: None,
            phash: None,
            duplicate_of: None,
            variants: Vec::new(),
            created_ms: 1,
            updated_ms: 1,
            deleted_ms: None,
        };
        let mut tx = service.state.db.begin().await.unwrap();
        images::put(&mut tx, &image).await.unwrap();
        tx.commit().await.unwrap();
        image.id
    }

    async fn found(service: &Service) -> Vec<Upload> {
        let all = uploads::list(&service.state.db, "shop", None, None, 100).await.unwrap();
        all.into_iter().filter(|upload| upload.method == uploads::Method::Bucket).collect()
    }

    async fn end_jobs(service: &Service) {
        service.state.db.execute("DELETE FROM jobs", values![]).await.unwrap();
    }

    async fn begin(service: &Service, name: &str) -> String {
        let sha256 = "00".repeat(32);
        let body = json!({ "name": name, "size_bytes": 42, "media_type": "image/png", "sha256": sha256, "method": "multipart" });
        let token = service.token("shop", "images:write");
        let answer = service.ask(Method::POST, "/v1/uploads", &token, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn nothing_is_done_where_nothing_is_wrong() {
        let service = service().await;
        let etag = put(&service, "pictures/shop/a.png").await;
        let id = known(&service, "a.png", 2, &etag).await;
        let waiting = begin(&service, "b.png").await;
        for key in [format!("renditions/shop/{id}/2/small.webp"), format!("uploads/{waiting}")] {
            put(&service, &key).await;
        }
        assert_eq!(reconcile(&service.state).await.unwrap(), Report::default());
        assert!(is_there(&service, &format!("uploads/{waiting}")).await);
    }

    #[tokio::test]
    async fn overdue_uploads_end_and_their_bytes_go() {
        let service = service().await;
        let id = begin(&service, "a.png").await;
        let upload = uploads::find(&service.state.db, &id).await.unwrap().unwrap();
        let part = format!("parts/{}/1", upload.multipart_id.unwrap());
        put(&service, &part).await;
        put(&service, &format!("uploads/{id}")).await;
        assert_eq!(reconcile(&service.state).await.unwrap(), Report::default());
        service.pass_seconds(3600);
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { expired: 1, ..Report::default() });
        let upload = uploads::find(&service.state.db, &id).await.unwrap().unwrap();
        assert_eq!(upload.state, uploads::State::Expired);
        assert!(!is_there(&service, &part).await && !is_there(&service, &format!("uploads/{id}")).await);
        // Its URLs may be good for a moment yet, and a store takes what comes by them.
        for key in [part, format!("uploads/{id}")] {
            put(&service, &key).await;
        }
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { removed: 2, ..Report::default() });
    }

    #[tokio::test]
    async fn acknowledged_uploads_get_their_jobs_back() {
        let service = service().await;
        let id = begin(&service, "a.png").await;
        let upload = uploads::find(&service.state.db, &id).await.unwrap().unwrap();
        let mut tx = service.state.db.begin().await.unwrap();
        assert!(uploads::received(&mut tx, &upload, 7).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(reconcile(&service.state).await.unwrap(), Report::default());
        end_jobs(&service).await;
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { resumed: 1, ..Report::default() });
        let job =
            jobs::claim(&service.state.db, "w", jobs::Crew::All, None, i64::MAX, 1).await.unwrap().unwrap();
        assert_eq!((job.payload, job.subject.as_str()), (json!({ "upload": id }), "picture/shop/a.png"));
    }

    #[tokio::test]
    async fn what_belongs_to_nothing_goes_once_it_is_old() {
        let service = service().await;
        let etag = put(&service, "pictures/shop/a.png").await;
        let id = known(&service, "a.png", 2, &etag).await;
        let gone = [
            "uploads/nobody".to_owned(),
            "parts/nobody/1".to_owned(),
            "renditions/shop/nobody/1/small.webp".to_owned(),
            format!("renditions/shop/{id}/1/small.webp"),
            "deleted/shop/nobody".to_owned(),
            format!("deleted/shop/{id}"),
        ];
        for key in &gone {
            put(&service, key).await;
        }
        service.pass_seconds(-7200);
        // Of a file that was replaced, nobody will want anything.
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { removed: 1, ..Report::default() });
        service.pass_seconds(7200);
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { removed: 5, ..Report::default() });
        for key in &gone {
            assert!(!is_there(&service, key).await, "{key}");
        }
    }

    #[tokio::test]
    async fn what_arrived_or_changed_in_the_bucket_is_looked_at_once() {
        let service = service().await;
        known(&service, "changed.png", 1, "other").await;
        let keys = ["pictures/shop/new ü.png", "pictures/shop/changed.png"];
        for key in keys {
            put(&service, key).await;
        }
        for key in ["pictures/sh.op/a.png", "pictures/readme.txt", "other/a.png"] {
            put(&service, key).await;
        }
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { found: 2, ..Report::default() });
        let found = found(&service).await;
        assert_eq!(found.len(), 2);
        for upload in &found {
            assert!(keys.contains(&upload.staging_key.as_str()) && upload.state == uploads::State::Received);
        }
        // While somebody looks at them, and once they were refused, that is enough.
        assert_eq!(reconcile(&service.state).await.unwrap(), Report::default());
        let mut tx = service.state.db.begin().await.unwrap();
        for upload in &found {
            uploads::rejected(&mut tx, &upload.id, "not-a-picture", "It is none.", 7).await.unwrap();
        }
        tx.commit().await.unwrap();
        end_jobs(&service).await;
        assert_eq!(reconcile(&service.state).await.unwrap(), Report::default());
        // Another file of the same name is another matter.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        put(&service, keys[0]).await;
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { found: 1, ..Report::default() });
    }

    #[tokio::test]
    async fn pictures_whose_objects_are_gone_are_marked_as_deleted() {
        let service = service().await;
        let id = known(&service, "gone.png", 1, "e").await;
        let busy = known(&service, "busy.png", 1, "e").await;
        let mut tx = service.state.db.begin().await.unwrap();
        let job = jobs::NewJob {
            tenant: "shop",
            kind: jobs::JobKind::Ingest,
            subject: "picture/shop/busy.png",
            payload: Value::Null,
            run_at_ms: i64::MAX,
        };
        jobs::add(&mut tx, &job).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { lost: 1, ..Report::default() });
        let deleted = images::find(&service.state.db, "shop", &id).await.unwrap().unwrap().deleted_ms;
        assert!(deleted.is_some());
        assert_eq!(images::find(&service.state.db, "shop", &busy).await.unwrap().unwrap().deleted_ms, None);
        let events = service.state.db.all("SELECT kind FROM events", values![]).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].get::<String>("kind").unwrap(), "image.deleted");
    }

    #[tokio::test]
    async fn a_deletion_that_broke_off_is_finished() {
        let service = service().await;
        let etag = put(&service, "pictures/shop/a.png").await;
        let id = known(&service, "a.png", 1, &etag).await;
        let sql = "UPDATE images SET deleted_ms = $1";
        service.state.db.execute(sql, values![Clock::System.now_ms() + 60_000]).await.unwrap();
        assert_eq!(reconcile(&service.state).await.unwrap(), Report { removed: 1, ..Report::default() });
        assert!(!is_there(&service, "pictures/shop/a.png").await);
        assert!(is_there(&service, &format!("deleted/shop/{id}")).await);
        assert!(found(&service).await.is_empty());
    }

    #[tokio::test]
    async fn a_bucket_may_say_what_changed() {
        let service = service().await;
        let token = service.token("ops", "admin");
        for name in ["a b.png", "c.png", "d.png"] {
            put(&service, &format!("pictures/shop/{name}")).await;
        }
        let gone = known(&service, "gone.png", 1, "e").await;
        let s3 = |key: &str| {
            json!({ "Records": [{ "eventVersion": "2.1", "eventName": "ObjectCreated:Put",
            "s3": { "bucket": { "name": "b" }, "object": { "key": key, "size": 42, "eTag": "e" } } }] })
        };
        let r2 = |key: &str| {
            json!({ "account": "a", "action": "PutObject", "bucket": "b", "eventTime": "2026-01-01T00:00:00Z",
            "object": { "key": key, "size": 42, "eTag": "e" } })
        };
        for (message, looked_at, ignored) in [
            (s3("pictures/shop/a+b.png"), 1, 0),
            (r2("pictures/shop/c.png"), 1, 0),
            (json!([r2("pictures/shop/d.png"), r2("elsewhere/a.png"), r2("pictures/shop/gone.png")]), 2, 1),
            (s3("pictures/shop/nobody+knows.png"), 1, 0),
        ] {
            let answer = service.ask(Method::POST, "/v1/events/objects", &token, Some(message)).await;
            let expected = json!({ "looked_at": looked_at, "ignored": ignored });
            assert_eq!((answer.status, answer.json()), (StatusCode::ACCEPTED, expected));
        }
        let mut names: Vec<String> = found(&service).await.into_iter().map(|upload| upload.name).collect();
        names.sort();
        assert_eq!(names, ["a b.png", "c.png", "d.png"]);
        let gone = images::find(&service.state.db, "shop", &gone).await.unwrap().unwrap();
        assert!(gone.deleted_ms.is_some());

        let writer = service.token("shop", "images:write");
        let answer =
            service.ask(Method::POST, "/v1/events/objects", &writer, Some(r2("pictures/shop/a"))).await;
        assert_eq!(answer.problem(), "forbidden");
        let many = Value::Array(vec![r2("pictures/shop/a"); 101]);
        for body in [json!({}), json!({ "Records": [{}] }), s3("%ff"), many] {
            let answer = service.ask(Method::POST, "/v1/events/objects", &token, Some(body)).await;
            assert_eq!(answer.problem(), "invalid");
        }
    }
}

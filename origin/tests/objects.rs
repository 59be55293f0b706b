//! Presigned URLs of a folder, used as a client does who has nothing but them.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use super::support::{Answer, Service};
    use axum::body::Body;
    use axum::http::{HeaderName, Method, Request, StatusCode};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};
    use sha2::{Digest as _, Sha256};

    const BYTES: &[u8] = b"not a picture, but nobody looks at it here";

    fn announced(name: &str, bytes: &[u8]) -> Value {
        let sha256 = format!("{:x}", Sha256::digest(bytes));
        json!({ "name": name, "size_bytes": bytes.len(), "media_type": "image/png", "sha256": sha256 })
    }

    async fn create(service: &Service, token: &str, body: Value) -> Answer {
        service.ask(Method::POST, "/v1/uploads", token, Some(body)).await
    }

    async fn show(service: &Service, token: &str, id: &str) -> Value {
        service.ask(Method::GET, &format!("/v1/uploads/{id}"), token, None).await.json()
    }

    async fn complete(service: &Service, token: &str, id: &str) -> Answer {
        service.ask(Method::POST, &format!("/v1/uploads/{id}/complete"), token, None).await
    }

    /// The request that was given out.
    fn request(service: &Service, put: &Value, bytes: &[u8]) -> Request<Body> {
        let url = put["url"].as_str().unwrap().strip_prefix(&service.state.config.public_url).unwrap();
        let mut request = Request::put(url);
        for (name, value) in put["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(Body::from(bytes.to_vec())).unwrap()
    }

    async fn put(service: &Service, put: &Value, bytes: &[u8]) -> Answer {
        service.send(request(service, put, bytes)).await
    }

    #[tokio::test]
    async fn a_url_pins_method_key_length_type_and_checksum() {
        let service = Service::start().await;
        let token = service.token("shop", "images:write");
        let upload = create(&service, &token, announced("a.png", BYTES)).await.json();
        let other = create(&service, &token, announced("b.png", BYTES)).await.json();
        let (id, put) = (upload["id"].as_str().unwrap(), &upload["put"]);
        let checksum = STANDARD.encode(Sha256::digest(BYTES));
        let headers =
            json!({ "content-length": "42", "content-type": "image/png", "x-amz-checksum-sha256": checksum });
        assert_eq!(put["headers"], headers);

        let wrong = STANDARD.encode(Sha256::digest("other"));
        for (name, value) in [
            ("content-length", "41"),
            ("content-type", "image/gif"),
            ("x-amz-checksum-sha256", wrong.as_str()),
        ] {
            let mut changed = request(&service, put, BYTES);
            changed.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
            let answer = service.send(changed).await;
            assert_eq!(answer.problem(), "forbidden", "{name}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(&format!("The header {name} is ")), "{detail}");
            let mut missing = request(&service, put, BYTES);
            missing.headers_mut().remove(name);
            let answer = service.send(missing).await;
            assert_eq!(answer.problem(), "forbidden", "{name}");
            assert!(answer.json()["detail"].as_str().unwrap().contains(name));
        }

        let url = put["url"].as_str().unwrap().to_owned();
        let id_of_other = other["id"].as_str().unwrap();
        for (what, url) in [
            ("another key", url.replace(id, id_of_other)),
            ("a key outside", url.replace(&format!("uploads/{id}"), "pictures/shop/a.png")),
            ("a longer time", url.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601")),
            ("another signer", url.replace("=lenslet%2F", "=nobody%2F")),
            ("no signature", url.split('?').next().unwrap().to_owned()),
            ("a signature cut short", url[..url.len() - 1].to_owned()),
            ("a parameter more", format!("{url}&partNumber=1")),
            ("a parameter twice", format!("{url}&X-Amz-Expires=3600")),
            ("a part of nothing", format!("{url}&uploadId=x&partNumber=1")),
        ] {
            let answer = self::put(&service, &json!({ "url": url, "headers": put["headers"] }), BYTES).await;
            assert_eq!(answer.problem(), "forbidden", "{what}");
        }
        let mut get = request(&service, put, b"");
        *get.method_mut() = Method::GET;
        assert_eq!(service.send(get).await.problem(), "method-not-allowed");

        for bytes in [&b"short"[..], &[7; 42], &[7; 99]] {
            assert_eq!(self::put(&service, put, bytes).await.problem(), "unprocessable");
        }
        for id in [id, id_of_other] {
            assert_eq!(service.state.objects.head(&format!("uploads/{id}")).await.unwrap(), None);
        }
        let broken = request(&service, put, b"").map(|_| {
            let pieces = [Ok(&b"not a"[..]), Err(std::io::Error::other("gone"))];
            Body::from_stream(futures_util::stream::iter(pieces))
        });
        assert_eq!(service.send(broken).await.problem(), "invalid");
        assert_eq!(self::put(&service, put, BYTES).await.status, StatusCode::OK);
        // Until it is acknowledged, the same bytes may come again.
        assert_eq!(self::put(&service, put, BYTES).await.status, StatusCode::OK);
        service.pass_seconds(3600);
        assert_eq!(self::put(&service, put, BYTES).await.problem(), "forbidden");
    }

    #[tokio::test]
    async fn a_url_outlives_the_process_and_its_secret_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let service = Service::start().await;
        let token = service.token("shop", "images:write");
        let upload = create(&service, &token, announced("a.png", BYTES)).await.json();
        let lenslet_origin::config::StoreConfig::Folder(folder) = &service.state.config.store else {
            panic!()
        };
        let secret = std::fs::metadata(folder.join(".url-secret")).unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
        let mut state = service.state.clone();
        state.objects =
            lenslet_origin::store::objects::Objects::folder(folder, &service.state.config.public_url)
                .unwrap();
        let reopened = lenslet_origin::app(state);
        let answer =
            tower::ServiceExt::oneshot(reopened, request(&service, &upload["put"], BYTES)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_part_is_pinned_to_its_number_and_length() {
        let service = Service::start().await;
        let token = service.token("shop", "images:write");
        let mut body = announced("a.png", BYTES);
        body["method"] = json!("multipart");
        let upload = create(&service, &token, body).await.json();
        let part = &upload["multipart"]["parts"][0]["put"];
        let url = part["url"].as_str().unwrap();
        let other = json!({ "url": url.replace("partNumber=1", "partNumber=2"), "headers": part["headers"] });
        assert_eq!(put(&service, &other, BYTES).await.problem(), "forbidden");
        assert_eq!(put(&service, part, &[7; 99]).await.problem(), "unprocessable");
        assert_eq!(put(&service, part, &[7; 42]).await.status, StatusCode::OK);
        // Of a part nobody knows the checksum; of all of them it is looked at.
        let id = upload["id"].as_str().unwrap();
        assert_eq!(complete(&service, &token, id).await.problem(), "unprocessable");
        assert_eq!(show(&service, &token, id).await["problem"]["kind"], "wrong-checksum");
        let left =
            futures_util::TryStreamExt::try_collect::<Vec<_>>(service.state.objects.list("parts")).await;
        assert_eq!(left.unwrap(), []);
    }

    #[tokio::test]
    async fn objects_are_read_whole_or_in_part() {
        use futures_util::TryStreamExt as _;
        let service = Service::start().await;
        let key = "pictures/shop/a b~%41+ü.png";
        service.state.objects.put(key, BYTES.into(), "image/png").await.unwrap();
        for (range, expected) in [(None, BYTES), (Some(4..13), &b"a picture"[..])] {
            let (info, bytes) = service.state.objects.read(key, range).await.unwrap().unwrap();
            assert_eq!((info.key.as_str(), info.size_bytes), (key, 42));
            assert_eq!(bytes.try_collect::<Vec<_>>().await.unwrap().concat(), expected);
        }
        assert!(service.state.objects.read("pictures/none", None).await.unwrap().is_none());
        let listed: Vec<_> = service.state.objects.list("pictures/shop/").try_collect().await.unwrap();
        assert_eq!(listed.iter().map(|info| info.key.as_str()).collect::<Vec<_>>(), [key]);
    }

    #[tokio::test]
    async fn an_upload_expires_and_can_be_given_up() {
        let service = Service::start().await;
        let token = service.token("shop", "images:write");
        let late = create(&service, &token, announced("a.png", BYTES)).await.json();
        let id = late["id"].as_str().unwrap();
        assert_eq!(put(&service, &late["put"], BYTES).await.status, StatusCode::OK);
        service.pass_seconds(3600);
        let token = service.token("shop", "images:write");
        assert_eq!(complete(&service, &token, id).await.problem(), "conflict");
        assert_eq!(show(&service, &token, id).await["state"], "expired");
        assert_eq!(service.state.objects.head(&format!("uploads/{id}")).await.unwrap(), None);

        let given_up = create(&service, &token, announced("a.png", BYTES)).await.json();
        let path = format!("/v1/uploads/{}", given_up["id"].as_str().unwrap());
        for _ in 0..2 {
            let answer = service.ask(Method::DELETE, &path, &token, None).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
        }
        assert_eq!(put(&service, &given_up["put"], BYTES).await.problem(), "conflict");
        let sent = create(&service, &token, announced("a.png", BYTES)).await.json();
        let id = sent["id"].as_str().unwrap();
        assert_eq!(put(&service, &sent["put"], BYTES).await.status, StatusCode::OK);
        assert_eq!(complete(&service, &token, id).await.status, StatusCode::ACCEPTED);
        let answer = service.ask(Method::DELETE, &format!("/v1/uploads/{id}"), &token, None).await;
        assert_eq!(answer.problem(), "conflict");
    }
}

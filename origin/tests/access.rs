//! Who is let in, and what they may do: everything else is refused.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use lenslet::grant::{Algorithm, KeySet, SigningKey, new_jwk, sign_token, verify_token};
    use serde_json::{Value, json};

    use crate::support::{self, Service};

    const ADMIN: &str = "admin images:read images:write";

    /// A service that signs tokens of its own.
    async fn signing() -> Service {
        let key = new_jwk(Algorithm::EdDsa, &[9; 32], Some("ours")).unwrap().to_string();
        Service::with(&[
            ("SIGNING_KEYS", &key),
            ("PUBLIC_URL", "https://origin.example"),
            ("SIGNED_AUDIENCE", "pictures"),
        ])
        .await
    }

    /// An API key of these scopes: its id and its secret.
    async fn api_key(service: &Service, tenant: &str, scopes: &[&str]) -> (String, String) {
        let admin = service.token(tenant, "admin images:read images:write images:private");
        let body = json!({ "name": "a machine", "scopes": scopes });
        let answer = service.ask(Method::POST, "/v1/keys", &admin, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let made = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["key"]["id"]), text(&made["secret"]))
    }

    async fn status(service: &Service, method: Method, path: &str, token: &str) -> StatusCode {
        service.ask(method, path, token, None).await.status
    }

    /// Every operation of the document: its method, its path with something for each parameter, and what it says of it.
    async fn operations(service: &Service) -> Vec<(Method, String, Value)> {
        let document = service.ask(Method::GET, "/openapi.json", "", None).await.json();
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let filled: Vec<&str> =
                path.split('/').map(|step| if step.starts_with('{') { "x" } else { step }).collect();
            for (method, operation) in item.as_object().unwrap() {
                if let Ok(method) = method.to_uppercase().parse::<Method>() {
                    all.push((method, filled.join("/"), operation.clone()));
                }
            }
        }
        assert!(all.len() > 10, "{all:?}");
        all
    }

    #[tokio::test]
    async fn every_guarded_operation_refuses_strangers_and_says_so() {
        let service = Service::start().await;
        for (method, path, operation) in operations(&service).await {
            if !path.starts_with("/v1/") {
                continue;
            }
            let name = format!("{method} {path}");
            assert_eq!(operation["security"][0]["bearer"], json!([]), "{name}");
            for status in ["401", "403"] {
                assert!(operation["responses"][status].is_object(), "{name} does not document {status}");
            }
            for credential in ["", "nonsense", "lsk_", "lsk_018f_x", "a.b.c"] {
                let answer = service.ask(method.clone(), &path, credential, None).await;
                assert_eq!(
                    (answer.status, answer.problem().as_str()),
                    (StatusCode::UNAUTHORIZED, "unauthenticated"),
                    "{name} with {credential:?}"
                );
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
            }
        }
    }

    #[tokio::test]
    async fn every_administration_needs_admin() {
        let service = Service::start().await;
        let reader = service.token("default", "images:read images:write images:private");
        for (method, path) in [
            (Method::GET, "/v1/keys"),
            (Method::DELETE, "/v1/keys/x"),
            (Method::GET, "/v1/audit"),
            (Method::GET, "/v1/jobs"),
            (Method::POST, "/v1/jobs/x/retry"),
            (Method::DELETE, "/v1/jobs/x"),
            (Method::GET, "/metrics"),
        ] {
            assert_eq!(status(&service, method, path, &reader).await, StatusCode::FORBIDDEN, "{path}");
        }
        let key = json!({ "name": "k", "scopes": ["images:read"] });
        assert_eq!(
            service.ask(Method::POST, "/v1/keys", &reader, Some(key)).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            status(&service, Method::GET, "/v1/tenant", &service.token("default", "")).await,
            StatusCode::FORBIDDEN
        );
    }

    #[tokio::test]
    async fn tokens_that_are_over_foreign_or_not_meant_for_us_are_refused() {
        let service =
            Service::with(&[("TOKEN_ISSUER", "https://issuer.example"), ("TOKEN_AUDIENCE", "lenslet")]).await;
        let now = support::START_MS / 1000;
        let good =
            json!({ "iss": "https://issuer.example", "aud": ["other", "lenslet"], "scope": "images:read" });
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            service.token_of(&claims)
        };
        assert_eq!(
            status(&service, Method::GET, "/v1/tenant", &service.token_of(&good)).await,
            StatusCode::OK
        );
        let stranger = new_jwk(Algorithm::EdDsa, &[8; 32], Some("test")).unwrap().to_string();
        let stranger = SigningKey::parse(stranger.as_bytes()).unwrap();
        for (what, token) in [
            ("expired", with("exp", json!(now - 120))),
            ("not yet", with("nbf", json!(now + 120))),
            ("other issuer", with("iss", json!("https://other.example"))),
            ("other audience", with("aud", json!("other"))),
            ("no audience", with("aud", json!([]))),
            ("tenant that is a path", with("lenslet", json!({ "tenant": "a/b" }))),
            ("subject of two lines", with("sub", json!("a\u{0}b"))),
            ("tenant of nothing", with("lenslet", json!({ "tenant": "" }))),
            ("another's signature", sign_token(&stranger, &with_exp(&good, now + 60))),
        ] {
            let answer = service.ask(Method::GET, "/v1/tenant", &token, None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        }
        service.pass_seconds(3600 + 61);
        assert_eq!(
            status(&service, Method::GET, "/v1/tenant", &with("sub", json!("x"))).await,
            StatusCode::OK
        );
    }

    fn with_exp(claims: &Value, exp: i64) -> Value {
        let mut claims = claims.clone();
        claims["exp"] = json!(exp);
        claims
    }

    #[tokio::test]
    async fn a_key_works_until_it_is_revoked_or_over() {
        let service = Service::start().await;
        let admin = service.token("acme", ADMIN);
        let (id, secret) = api_key(&service, "acme", &["images:read"]).await;
        assert!(secret.starts_with("lsk_"));
        assert_eq!(status(&service, Method::GET, "/v1/tenant", &secret).await, StatusCode::OK);
        let listed = service.ask(Method::GET, "/v1/keys", &admin, None).await;
        assert_eq!(listed.json()["keys"][0]["id"], json!(id));
        let text = String::from_utf8(listed.bytes).unwrap();
        assert!(!text.contains(&secret) && !text.contains("sha256"), "{text}");

        for _ in 0..2 {
            let path = format!("/v1/keys/{id}");
            assert_eq!(status(&service, Method::DELETE, &path, &admin).await, StatusCode::NO_CONTENT);
            assert_eq!(status(&service, Method::GET, "/v1/tenant", &secret).await, StatusCode::UNAUTHORIZED);
        }
        let body = json!({ "name": "short", "scopes": ["images:read"], "expires_seconds": 60 });
        let made = service.ask(Method::POST, "/v1/keys", &admin, Some(body)).await.json();
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(status(&service, Method::GET, "/v1/tenant", secret).await, StatusCode::OK);
        service.pass_seconds(60);
        assert_eq!(status(&service, Method::GET, "/v1/tenant", secret).await, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn nobody_makes_a_credential_that_may_more_than_they() {
        let service = signing().await;
        let admin = service.token("acme", "admin images:read");
        let wider = json!({ "name": "k", "scopes": ["images:read", "images:private"] });
        let limited = service.token_of(
        &json!({ "scope": "admin images:read", "lenslet": { "tenant": "acme", "paths": ["pictures/acme/a"] } }),
    );
        let fine = json!({ "name": "k", "scopes": ["images:read"] });
        for (who, body) in [(&admin, &wider), (&limited, &fine)] {
            let answer = service.ask(Method::POST, "/v1/keys", who, Some(body.clone())).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{body}");
        }
        let (_, key) = api_key(&service, "acme", &["images:read"]).await;
        for (who, scope) in [(&key, "images:write"), (&key, "admin"), (&admin, "images:read")] {
            let answer =
                service.ask(Method::POST, "/v1/tokens", who, Some(json!({ "scopes": [scope] }))).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{scope}");
        }
    }

    #[tokio::test]
    async fn the_published_keys_verify_what_tokens_are_signed_with() {
        let service = signing().await;
        let (id, key) = api_key(&service, "acme", &["images:read", "images:write"]).await;
        let body =
            json!({ "scopes": ["images:read"], "seconds": 60, "paths": ["summer/"], "subject": "visitor" });
        let answer = service.ask(Method::POST, "/v1/tokens", &key, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(
            (&answer.json()["token_type"], &answer.json()["expires_in"]),
            (&json!("Bearer"), &json!(60))
        );
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();

        let jwks = service.ask(Method::GET, "/.well-known/jwks.json", "", None).await;
        assert_eq!(jwks.headers["cache-control"], "public, max-age=300");
        assert!(!String::from_utf8_lossy(&jwks.bytes).contains("\"d\""));
        let keys = KeySet::parse(&jwks.bytes).unwrap();
        let claims = verify_token(&keys, &token, u64::try_from(support::START_MS / 1000).unwrap()).unwrap();
        assert_eq!(claims.issuer.as_deref(), Some("https://origin.example"));
        assert_eq!(claims.audience, ["pictures"]);
        assert_eq!(claims.subject, Some(format!("key:{id}/visitor")));
        assert_eq!(claims.scopes, ["images:read"]);
        assert_eq!(claims.tenant.as_deref(), Some("acme"));
        assert!(claims.covers("pictures/acme/summer/a.jpg"));
        for other in ["pictures/acme/summery/a.jpg", "pictures/other/summer/a.jpg", "summer/a.jpg"] {
            assert!(!claims.covers(other), "{other}");
        }

        assert_eq!(status(&service, Method::GET, "/v1/tenant", &token).await, StatusCode::OK);
        service.pass_seconds(60 + 61);
        assert_eq!(status(&service, Method::GET, "/v1/tenant", &token).await, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_service_without_keys_gives_out_no_tokens() {
        let service = Service::start().await;
        let (_, key) = api_key(&service, "acme", &["images:read"]).await;
        let answer =
            service.ask(Method::POST, "/v1/tokens", &key, Some(json!({ "scopes": ["images:read"] }))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_IMPLEMENTED, "not-built"));
        let jwks = service.ask(Method::GET, "/.well-known/jwks.json", "", None).await;
        assert_eq!(jwks.json(), json!({ "keys": [] }));
    }

    #[tokio::test]
    async fn wishes_that_make_no_sense_are_refused() {
        let service = signing().await;
        let admin = service.token("acme", ADMIN);
        let (_, key) = api_key(&service, "acme", &["images:read"]).await;
        for body in [
            json!({ "scopes": [] }),
            json!({ "scopes": ["images:everything"] }),
            json!({ "scopes": ["images:read"], "seconds": 0 }),
            json!({ "scopes": ["images:read"], "seconds": 3601 }),
            json!({ "scopes": ["images:read"], "paths": [] }),
            json!({ "scopes": ["images:read"], "paths": ["a\u{0}b"] }),
            json!({ "scopes": ["images:read"], "subject": "a b" }),
            json!({ "scopes": ["images:read"], "tenant": "other" }),
        ] {
            let answer = service.ask(Method::POST, "/v1/tokens", &key, Some(body.clone())).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::BAD_REQUEST, "invalid"),
                "{body}"
            );
        }
        for body in [
            json!({ "name": "", "scopes": ["images:read"] }),
            json!({ "name": "a\nb", "scopes": ["images:read"] }),
            json!({ "name": "x".repeat(101), "scopes": ["images:read"] }),
            json!({ "name": "a", "scopes": [] }),
            json!({ "name": "a", "scopes": ["images:read"], "expires_seconds": 0 }),
            json!({ "name": "a", "scopes": ["images:read"], "secret": "mine" }),
            json!({ "name": "a" }),
            json!([]),
        ] {
            let answer = service.ask(Method::POST, "/v1/keys", &admin, Some(body.clone())).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::BAD_REQUEST, "invalid"),
                "{body}"
            );
        }
        for path in [
            "/v1/audit?cursor=x",
            "/v1/audit?cursor=",
            "/v1/audit?limit=0",
            "/v1/audit?limit=101",
            "/v1/audit?limit=1&limit=2",
            "/v1/audit?actor=%00",
            "/v1/audit?actor=%ff",
            "/v1/audit?who=me",
            "/v1/jobs?state=lost",
            "/v1/jobs?kind=",
            "/v1/keys?cursor=bnVsbA",
            "/v1/tenant?x=1",
        ] {
            let answer = service.ask(Method::GET, path, &admin, None).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::BAD_REQUEST, "invalid"),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn tenants_see_and_change_nothing_of_each_other() {
        let service = Service::start().await;
        let (id, secret) = api_key(&service, "acme", &["images:read"]).await;
        let job = dead_job(&service, "acme").await;
        let other = service.token("other", ADMIN);
        for (method, path) in [
            (Method::DELETE, format!("/v1/keys/{id}")),
            (Method::POST, format!("/v1/jobs/{job}/retry")),
            (Method::DELETE, format!("/v1/jobs/{job}")),
        ] {
            assert_eq!(status(&service, method, &path, &other).await, StatusCode::NOT_FOUND, "{path}");
        }
        for (path, list) in [("/v1/keys", "keys"), ("/v1/jobs", "jobs"), ("/v1/audit", "lines")] {
            let answer = service.ask(Method::GET, path, &other, None).await;
            assert_eq!(answer.json()[list], json!([]), "{path}");
        }
        assert_eq!(status(&service, Method::GET, "/v1/tenant", &secret).await, StatusCode::OK);
        let limits = json!({ "max_bytes": 1 });
        let answer = service.ask(Method::PUT, "/v1/tenants/acme/limits", &other, Some(limits)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(status(&service, Method::GET, "/metrics", &other).await, StatusCode::FORBIDDEN);
    }

    /// A job that was given up.
    async fn dead_job(service: &Service, tenant: &str) -> String {
        const SQL: &str = "INSERT INTO jobs (id, tenant, kind, subject, payload, state, attempts, error, run_at_ms, \
        created_ms, updated_ms) VALUES ($1, $2, 'announce', 'event/x', '{}', 'dead', 8, 'why', 1, 1, 1)";
        let id = lenslet_origin::catalog::new_id();
        service.state.db.execute(SQL, lenslet_origin::values![&id, tenant]).await.unwrap();
        id
    }

    #[tokio::test]
    async fn dead_letters_are_read_tried_again_and_thrown_away() {
        let service = Service::start().await;
        let admin = service.token("acme", ADMIN);
        let (first, second) = (dead_job(&service, "acme").await, dead_job(&service, "acme").await);
        let page = service.ask(Method::GET, "/v1/jobs?state=dead&limit=1", &admin, None).await.json();
        assert_eq!((&page["jobs"][0]["id"], &page["jobs"][0]["error"]), (&json!(first), &json!("why")));
        let next = format!("/v1/jobs?state=dead&limit=1&cursor={}", page["next"].as_str().unwrap());
        let page = service.ask(Method::GET, &next, &admin, None).await.json();
        assert_eq!((&page["jobs"][0]["id"], &page["next"]), (&json!(second), &Value::Null));

        let answer = service.ask(Method::POST, &format!("/v1/jobs/{first}/retry"), &admin, None).await;
        assert_eq!(
            (answer.status, &answer.json()["state"], &answer.json()["attempts"]),
            (StatusCode::ACCEPTED, &json!("queued"), &json!(0))
        );
        for (method, path) in
            [(Method::POST, format!("/v1/jobs/{first}/retry")), (Method::DELETE, format!("/v1/jobs/{first}"))]
        {
            let answer = service.ask(method, &path, &admin, None).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::CONFLICT, "conflict"),
                "{path}"
            );
        }
        let gone = format!("/v1/jobs/{second}");
        assert_eq!(status(&service, Method::DELETE, &gone, &admin).await, StatusCode::NO_CONTENT);
        assert_eq!(status(&service, Method::DELETE, &gone, &admin).await, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_audit_log_has_it_all_and_cannot_be_changed() {
        let service = Service::start().await;
        let admin = service.token("acme", ADMIN);
        let (id, _) = api_key(&service, "acme", &["images:read"]).await;
        service.ask(Method::DELETE, &format!("/v1/keys/{id}"), &admin, None).await;
        let page = service.ask(Method::GET, &format!("/v1/audit?subject={id}"), &admin, None).await.json();
        let lines = page["lines"].as_array().unwrap();
        let actions: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["key.revoke", "key.create"]);
        assert_eq!(lines[0]["actor"], "token:tester");
        assert!(lines[0]["request_id"].is_string(), "{page}");
        let page = service.ask(Method::GET, "/v1/audit?action=key.create&limit=1", &admin, None).await.json();
        assert_eq!((page["lines"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
        for sql in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
            assert!(service.state.db.execute(sql, &[]).await.is_err(), "{sql}");
        }
        let page = service.ask(Method::GET, "/v1/audit", &admin, None).await.json();
        assert_eq!(page["lines"].as_array().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn operators_say_what_a_tenant_may_keep() {
        let service = Service::start().await;
        let operator = service.token("default", ADMIN);
        let body = json!({ "max_bytes": 5, "max_images": null });
        let answer = service.ask(Method::PUT, "/v1/tenants/acme/limits", &operator, Some(body)).await;
        assert_eq!((answer.status, &answer.json()["max_bytes"]), (StatusCode::OK, &json!(5)), "{answer:?}");
        let own =
            service.ask(Method::GET, "/v1/tenant", &service.token("acme", "images:read"), None).await.json();
        assert_eq!(
            (&own["name"], &own["max_bytes"], &own["used_bytes"]),
            (&json!("acme"), &json!(5), &json!(0))
        );
        assert!(own["max_images"].as_i64().unwrap() > 0);
        for (path, body, status) in [
            ("/v1/tenants/a%20b/limits", json!({}), StatusCode::NOT_FOUND),
            ("/v1/tenants/a%00/limits", json!({}), StatusCode::NOT_FOUND),
            ("/v1/tenants/%ff/limits", json!({}), StatusCode::NOT_FOUND),
            ("/v1/tenants/acme/limits", json!({ "max_bytes": -1 }), StatusCode::BAD_REQUEST),
            ("/v1/tenants/acme/limits", json!({ "max_bytes": 1e300 }), StatusCode::BAD_REQUEST),
        ] {
            let answer = service.ask(Method::PUT, path, &operator, Some(body.clone())).await;
            assert_eq!(answer.status, status, "{path} {body}");
        }
    }

    /// Numbers that look random and are the same each time (splitmix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = self.0;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            usize::try_from((bits ^ (bits >> 31)) % most as u64).unwrap()
        }

        /// One to three letters replaced, put in, taken out, doubled or swapped.
        fn edit(&mut self, text: &str) -> String {
            const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/% ";
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=self.below(3) {
                let (at, other) = (self.below(bytes.len()), self.below(bytes.len()));
                let letter = ALPHABET[self.below(ALPHABET.len())];
                match self.below(5) {
                    0 => bytes[at] = letter,
                    1 => bytes.insert(at, letter),
                    2 if bytes.len() > 1 => drop(bytes.remove(at)),
                    3 => bytes.swap(at, other),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            String::from_utf8(bytes).unwrap()
        }
    }

    #[tokio::test]
    async fn of_ten_thousand_changed_tokens_and_keys_none_is_taken() {
        let service = signing().await;
        let (_, key) = api_key(&service, "acme", &["images:read"]).await;
        let body = json!({ "scopes": ["images:read"] });
        let ours = service.ask(Method::POST, "/v1/tokens", &key, Some(body)).await.json();
        let ours = ours["access_token"].as_str().unwrap().to_owned();
        let theirs = service.token("acme", "images:read");
        let mut dice = Dice(1);
        let (mut tried, mut taken) = (0, Vec::new());
        for original in [&ours, &theirs, &key] {
            assert_eq!(status(&service, Method::GET, "/v1/tenant", original).await, StatusCode::OK);
            for _ in 0..3_600 {
                let changed = dice.edit(original);
                if changed == **original {
                    continue;
                }
                let answer = service.ask(Method::GET, "/v1/tenant", &changed, None).await;
                tried += 1;
                if answer.status != StatusCode::UNAUTHORIZED {
                    taken.push((answer.status, changed));
                }
            }
        }
        assert!(tried >= 10_000, "{tried}");
        assert!(taken.is_empty(), "{taken:?}");
    }
}

//! The service's frame: what every route has in common.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream};
    use std::time::{Duration, Instant};

    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode};
    use lenslet_origin::app;
    use lenslet_origin::serve::serve;
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use crate::support::Service;

    #[tokio::test]
    async fn healthz_says_ok() {
        let service = Service::start().await;
        let answer = service.ask(Method::GET, "/healthz", "", None).await;
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (StatusCode::OK, &"application/json".parse().unwrap())
        );
        assert_eq!(answer.json(), json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
    }

    #[tokio::test]
    async fn an_unknown_path_and_a_wrong_method_are_problems() {
        let service = Service::start().await;
        for (method, path, status, kind) in [
            (Method::GET, "/nowhere", StatusCode::NOT_FOUND, "not-found"),
            (Method::DELETE, "/healthz", StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
        ] {
            let answer = service.ask(method, path, "", None).await;
            assert_eq!((answer.status, answer.problem().as_str()), (status, kind), "{path}");
            assert_eq!(answer.json()["status"], status.as_u16());
        }
    }

    #[tokio::test]
    async fn every_answer_has_the_headers_that_keep_browsers_careful() {
        let service = Service::start().await;
        for path in ["/healthz", "/nowhere", "/v1/keys", "/docs", "/openapi.json"] {
            let headers = service.ask(Method::GET, path, "", None).await.headers;
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{path}: {policy}"
            );
        }
        let headers = service.ask(Method::GET, "/v1/keys", "", None).await.headers;
        assert_eq!(headers["cache-control"], "no-store");
    }

    #[tokio::test]
    async fn readyz_says_which_store_does_not_answer() {
        let service = Service::start().await;
        let answer = service.ask(Method::GET, "/readyz", "", None).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "status": "ready" })));
        service.state.db.close().await;
        let answer = service.ask(Method::GET, "/readyz", "", None).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        );
        assert_eq!(answer.json()["detail"], "The database does not answer.");
    }

    #[tokio::test]
    async fn a_request_keeps_its_id_and_its_trace() {
        const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let service = Service::start().await;
        let answer =
            service.get_with("/healthz", &[("x-request-id", "mine-7"), ("traceparent", PARENT)]).await;
        assert_eq!(answer.headers["x-request-id"], "mine-7");
        let trace = answer.headers["traceparent"].to_str().unwrap();
        assert!(
            trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && trace.ends_with("-01"),
            "{trace}"
        );
        assert_ne!(trace, PARENT);

        let long = "x".repeat(129);
        for headers in [
            vec![],
            vec![("x-request-id", "two words"), ("traceparent", "00-nonsense")],
            vec![("x-request-id", long.as_str()), ("traceparent", PARENT), ("traceparent", PARENT)],
        ] {
            let answer = service.get_with("/healthz", &headers).await;
            let id = answer.headers["x-request-id"].to_str().unwrap();
            assert!(id.len() == 36 && id != "two words", "{id}");
            let trace = answer.headers["traceparent"].to_str().unwrap();
            assert!(trace.len() == 55 && !trace.contains("4bf92f3577b34da6"), "{trace}");
        }
    }

    #[tokio::test]
    async fn the_figures_are_those_of_operators_and_can_be_parsed() {
        let service = Service::start().await;
        service.ask(Method::GET, "/healthz", "", None).await;
        service.ask(Method::GET, "/no-such-path", "", None).await;
        assert_eq!(service.ask(Method::GET, "/metrics", "", None).await.status, StatusCode::UNAUTHORIZED);
        let operator = service.token("default", "admin");
        let answer = service.ask(Method::GET, "/metrics", &operator, None).await;
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = String::from_utf8(answer.bytes).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let name = series.split('{').next().unwrap();
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{line}");
            assert!(!series.contains('{') || series.ends_with('}'), "{line}");
        }
        for wanted in [
            "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_route=\"/healthz\",\
            http_response_status_code=\"200\",le=\"0.005\"}",
            "http_route=\"\",http_response_status_code=\"404\"",
            "lenslet_jobs{state=\"dead\"} 0",
            "lenslet_jobs_oldest_pending_seconds 0",
            "process_resident_memory_bytes",
            "lenslet_build_info",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
        assert!(!text.contains("no-such-path"));
        let public = Service::with(&[("METRICS", "public")]).await;
        assert_eq!(public.ask(Method::GET, "/metrics", "", None).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn bodies_that_are_too_long_no_json_or_nothing_of_the_kind_are_refused() {
        let service = Service::start().await;
        let admin = format!("Bearer {}", service.token("default", "admin images:read"));
        let long = format!("{{\"name\": \"{}\"", "x".repeat(300_000));
        for (media_type, body, status, kind) in [
            ("application/json", "", StatusCode::BAD_REQUEST, "invalid"),
            ("application/json", "{", StatusCode::BAD_REQUEST, "invalid"),
            ("application/json", "\u{feff}{}", StatusCode::BAD_REQUEST, "invalid"),
            (
                "application/json",
                r#"{"name":"a","name":"b","scopes":["images:read"]}"#,
                StatusCode::BAD_REQUEST,
                "invalid",
            ),
            (
                "application/json",
                r#"{"name":"\u0000","scopes":["images:read"]}"#,
                StatusCode::BAD_REQUEST,
                "invalid",
            ),
            ("application/json", &long, StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"),
        ] {
            let request = Request::post("/v1/keys").header("authorization", &admin);
            let request =
                request.header("content-type", media_type).body(Body::from(body.to_owned())).unwrap();
            let answer = service.send(request).await;
            let start: String = body.chars().take(40).collect();
            assert_eq!((answer.status, answer.problem().as_str()), (status, kind), "{start}");
            assert!(answer.json()["detail"].as_str().unwrap().len() < 300);
        }
    }

    #[tokio::test]
    async fn the_document_is_openapi_and_its_references_lead_somewhere() {
        let service = Service::start().await;
        let document = service.ask(Method::GET, "/openapi.json", "", None).await.json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let mut ids = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                assert!(operation["tags"][0].is_string() && operation["summary"].is_string(), "{path}");
                assert!(operation["responses"]["500"].is_object(), "{path}");
                let id = operation["operationId"].to_string();
                assert!(!ids.contains(&id), "{id} twice");
                ids.push(id);
            }
        }
        let parameters = document["paths"]["/v1/jobs"]["get"]["parameters"].as_array().unwrap();
        assert_eq!(parameters.len(), 4, "{parameters:?}");
    }

    fn collect_references(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(text) if name == "$ref" => into.push(text.clone()),
                        other => collect_references(other, into),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
            _ => {}
        }
    }

    /// `OpenApiRouter` brings the document of what it is given by `routes!`; its other ways to add routes bring none.
    #[test]
    fn no_route_is_added_without_its_part_of_the_document() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            // Presigned URLs are for whoever was given one, not to be made by clients.
            if path.is_dir() || path.ends_with("objects.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for way in [".route(", ".route_service(", ".nest(", ".nest_service("] {
                assert!(!text.contains(way), "{} has {way}", path.display());
            }
        }
    }

    /// A service behind a real socket that takes so many connections.
    async fn listening(service: &Service, connections: usize) -> (SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, app(service.state.clone()), connections, stopped));
        (address, stop)
    }

    /// How long `/healthz` took over a connection of its own.
    fn health(address: SocketAddr) -> Duration {
        let began = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        began.elapsed()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn heads_that_come_a_byte_at_a_time_keep_nobody_out() {
        const SLOW: usize = 300;
        let service = Service::start().await;
        let (address, _stop) = listening(&service, 1000).await;
        tokio::task::spawn_blocking(move || {
            let mut slow: Vec<TcpStream> = (0..SLOW).map(|_| TcpStream::connect(address).unwrap()).collect();
            for byte in b"GET " {
                for stream in &mut slow {
                    stream.write_all(&[*byte]).unwrap();
                }
                let took = health(address);
                assert!(took < Duration::from_secs(1), "{took:?}");
                std::thread::sleep(Duration::from_millis(500));
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_holds_all_connections_and_says_nothing_is_cut_off() {
        const MOST: usize = 32;
        let service = Service::start().await;
        let (address, _stop) = listening(&service, MOST).await;
        tokio::task::spawn_blocking(move || {
            let _silent: Vec<TcpStream> = (0..MOST).map(|_| TcpStream::connect(address).unwrap()).collect();
            let took = health(address);
            assert!(took < Duration::from_secs(30), "{took:?}");
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_sends_all_before_listening_hears_why_it_was_refused() {
        /// More than the buffers between the two can hold.
        const PIECES: usize = 32;
        let service = Service::start().await;
        let (address, _stop) = listening(&service, 10).await;
        tokio::task::spawn_blocking(move || {
            let piece = vec![7; 1 << 20];
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let length = PIECES * piece.len();
            write!(
                stream,
                "PUT /v1/uploads/x/content HTTP/1.1\r\nHost: o\r\nContent-Length: {length}\r\n\r\n"
            )
            .unwrap();
            for _ in 0..PIECES {
                stream.write_all(&piece).unwrap();
            }
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_no_http_gets_no_5xx_and_harms_nobody() {
        let service = Service::start().await;
        let (address, _stop) = listening(&service, 100).await;
        let token = service.token("default", "admin images:read");
        tokio::task::spawn_blocking(move || {
            for request in raw_requests(&token) {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                // It may be refused before all of it is written.
                let _ = stream.write_all(&request);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer);
                let answer = String::from_utf8_lossy(&answer);
                let start = String::from_utf8_lossy(&request).chars().take(60).collect::<String>();
                assert!(!answer.starts_with("HTTP/1.1 5"), "{start:?}: {answer}");
            }
            health(address);
        })
        .await
        .unwrap();
    }

    /// Requests that are wrong in one way each.
    fn raw_requests(token: &str) -> Vec<Vec<u8>> {
        let long = "x".repeat(100_000);
        let many = "X: y\r\n".repeat(500);
        let auth = format!("Host: o\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        let mut requests: Vec<Vec<u8>> = [
            String::new(),
            "\r\n\r\n".to_owned(),
            "GET".to_owned(),
            "GET / HTTP/9.9\r\n\r\n".to_owned(),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            "OPTIONS * HTTP/1.1\r\nHost: o\r\n\r\n".to_owned(),
            "CONNECT o:1 HTTP/1.1\r\nHost: o\r\n\r\n".to_owned(),
            "TRACE / HTTP/1.1\r\nHost: o\r\n\r\n".to_owned(),
            "BREW /healthz HTTP/1.1\r\nHost: o\r\n\r\n".to_owned(),
            "GET http://else.example/v1/keys HTTP/1.1\r\nHost: o\r\n\r\n".to_owned(),
            format!("GET /{long} HTTP/1.1\r\nHost: o\r\n\r\n"),
            format!("GET /healthz?{long} HTTP/1.1\r\nHost: o\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\nHost: o\r\nX: {long}\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\nHost: o\r\n{many}\r\n"),
            "GET /healthz HTTP/1.1\r\nHost: o\r\nbad header\r\n\r\n".to_owned(),
            "GET /healthz HTTP/1.1\r\nHost: o\r\nX: a\0b\r\n\r\n".to_owned(),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Content-Length: -1\r\n\r\n"),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}"),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Content-Length: 99999999999999999999\r\n\r\n"),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Content-Length: 50\r\n\r\n{{}}"),
            format!(
                "POST /v1/keys HTTP/1.1\r\n{auth}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            format!("POST /v1/keys HTTP/1.1\r\n{auth}Transfer-Encoding: gzip\r\n\r\n{{}}"),
            format!(
                "POST /v1/keys HTTP/1.1\r\n{auth}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
        ]
        .map(String::into_bytes)
        .to_vec();
        let paths = [
            "/%",
            "/%zz",
            "/%00",
            "/v1/keys/%ff",
            "/v1/keys/%2e%2e",
            "/v1/jobs//retry",
            "//",
            "/v1/../metrics",
        ];
        let queries =
            ["?", "?%", "?limit=", "?limit=1e9", "?limit=-1", "?cursor=%00", "?cursor=AAAA", "?a&a", "?=&="];
        let paths = paths.map(str::to_owned).into_iter();
        let queries = queries.into_iter().map(|query| format!("/v1/audit{query}"));
        for path in paths.chain(queries) {
            for method in ["GET", "DELETE", "POST"] {
                requests.push(format!("{method} {path} HTTP/1.1\r\n{auth}\r\n").into_bytes());
            }
        }
        requests.push(b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe\r\nX-Request-Id: \xff\r\n\r\n".to_vec());
        requests.push((0..=255).collect());
        requests
    }
}

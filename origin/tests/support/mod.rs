//! A whole service in a folder of its own, without a socket: requests go straight into `app`.
//!
//! On SQLite, or on PostgreSQL where `TEST_DATABASE_URL` names a server, in a database of its own there.

#![expect(dead_code, reason = "every test binary uses a part of it")]

pub(crate) mod pictures;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use lenslet::grant::{Algorithm, SigningKey, new_jwk, public_jwk, sign_token};
use lenslet_origin::app;
use lenslet_origin::clock::Clock;
use lenslet_origin::config::Config;
use lenslet_origin::state::AppState;
use lenslet_origin::store::db::Db;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// When every test begins: 2026-01-01T00:00:00Z.
pub(crate) const START_MS: i64 = 1_767_225_600_000;

/// A service, and what a client needs.
pub(crate) struct Service {
    /// What the routes share.
    pub(crate) state: AppState,
    /// Its time, which stands still.
    pub(crate) now_ms: Arc<AtomicI64>,
    key: SigningKey,
    folder: std::path::PathBuf,
    /// The server and the name of its database there, on PostgreSQL.
    on_server: Option<(String, String)>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Its body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The end of a problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("urn:lenslet:problem:").unwrap().to_owned()
    }
}

impl Service {
    /// A service with the defaults.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A service with other settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lenslet-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(&name);
        let on_server = std::env::var("TEST_DATABASE_URL").ok().map(|url| (url, name.replace('-', "_")));
        let database = match &on_server {
            Some((server, name)) => postgres(server, name).await,
            None => format!("sqlite:{}", folder.join("catalog.sqlite").display()),
        };
        let jwk = new_jwk(Algorithm::EdDsa, &[7; 32], Some("test")).unwrap();
        let keys = json!({ "keys": [public_jwk(&jwk).unwrap()] }).to_string();
        let store = format!("file:{}", folder.join("objects").display());
        let lookup = |setting: &str| {
            let given =
                settings.iter().find(|(name, _)| *name == setting).map(|(_, value)| (*value).to_owned());
            given.or_else(|| match setting {
                "DATABASE" => Some(database.clone()),
                "STORE" => Some(store.clone()),
                "TOKEN_KEYS" => Some(keys.clone()),
                _ => None,
            })
        };
        let mut state = AppState::open(Config::parse(lookup).unwrap()).await.unwrap();
        let now_ms = Arc::new(AtomicI64::new(START_MS));
        state.clock = Clock::Fixed(now_ms.clone());
        let key = SigningKey::parse(jwk.to_string().as_bytes()).unwrap();
        Self { state, now_ms, key, folder, on_server }
    }

    /// A token for a tenant with these scopes.
    pub(crate) fn token(&self, tenant: &str, scope: &str) -> String {
        self.token_of(&json!({ "scope": scope, "sub": "tester", "lenslet": { "tenant": tenant } }))
    }

    /// A token of these claims, good for an hour unless they say otherwise.
    pub(crate) fn token_of(&self, claims: &Value) -> String {
        let mut all = json!({ "exp": self.now_ms.load(Ordering::SeqCst) / 1000 + 3600 });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        sign_token(&self.key, &all)
    }

    /// Turns the clock.
    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Sends any request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = app(self.state.clone()).oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        Answer { status, headers, bytes }
    }

    /// Gets a path with these headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Request::get(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends JSON, or nothing, with a token.
    pub(crate) async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some((server, name)) = self.on_server.take() {
            // In a runtime of its own: the test's cannot be waited for from here.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(drop_database(&server, &name));
            });
            let _ = dropping.join();
        }
    }
}

/// Whoever is still connected to it is not asked.
async fn drop_database(server: &str, name: &str) {
    let db = Db::connect(server).await.unwrap();
    db.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), &[]).await.unwrap();
    db.close().await;
}

/// A new database on a server.
async fn postgres(server: &str, name: &str) -> String {
    let db = Db::connect(server).await.unwrap();
    db.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
    db.close().await;
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    format!("{}/{name}?{query}", base.rsplit_once('/').unwrap().0)
}

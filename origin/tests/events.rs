#![cfg(test)]
//! Events: what webhooks and the edge are told, and what happens when they do not answer as they should.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use lenslet::grant::{Algorithm, KeySet, new_jwk, verify_url};
use lenslet::serve::{Message, Warm};
use lenslet_origin::catalog::events::emit;
use lenslet_origin::catalog::jobs::{self, Crew, JobKind, NewJob};
use lenslet_origin::events::{LookingUp, Lookup, Sender, sweep};
use lenslet_origin::values;
use lenslet_origin::work::{work, work_off};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standardwebhooks::Webhook;
use support::{START_MS, Service};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a receiver got.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Got {
    fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Script = dyn Fn(usize, &str) -> Reaction + Send + Sync;

/// What a receiver does.
enum Reaction {
    Answer(u16, &'static [(&'static str, &'static str)]),
    Hang,
}

/// A receiver on this machine.
#[derive(Clone)]
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    script: Arc<Script>,
    count: Arc<AtomicUsize>,
}

impl Receiver {
    /// One that does, at the n-th request for a path, as the script says.
    async fn start(script: impl Fn(usize, &str) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (got, count) = (Arc::default(), Arc::default());
        let receiver = Self { url, got, script: Arc::new(script), count };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    async fn obedient() -> Self {
        Self::start(|_, _| Reaction::Answer(204, &[])).await
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.got().iter().map(|got| got.id().to_owned()).collect()
    }
}

async fn receive(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.to_string();
    let number = receiver.count.fetch_add(1, Ordering::SeqCst);
    receiver.got.lock().unwrap().push(Got { path: path.clone(), headers, body });
    match (receiver.script)(number, &path) {
        Reaction::Answer(status, headers) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            response
        }
        Reaction::Hang => std::future::pending().await,
    }
}

/// Names and their addresses, and who was asked for.
#[derive(Default)]
struct Names {
    known: HashMap<String, Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Lookup for Names {
    fn look_up(&self, name: String) -> LookingUp {
        self.asked.lock().unwrap().push(name.clone());
        let found = self.known.get(&name).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}

const ON: (&str, &str) = ("WEBHOOKS_ALLOW_LOOPBACK", "on");
const SHORT: Duration = Duration::from_millis(150);

/// A service whose webhooks may be here, and who does not wait for long.
async fn service() -> Service {
    let mut service = Service::with(&[ON]).await;
    service.state.sender = Sender::with(Arc::new(Names::default()), true, SHORT).unwrap();
    service
}

/// Adds a webhook; answers its name and its secret.
async fn hook(service: &Service, tenant: &str, url: &str) -> (String, String) {
    let token = service.token(tenant, "admin");
    let answer = service.ask(Method::POST, "/v1/webhooks", &token, Some(json!({ "url": url }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn seen(service: &Service, tenant: &str, id: &str) -> Value {
    let token = service.token(tenant, "admin");
    service.ask(Method::GET, &format!("/v1/webhooks/{id}"), &token, None).await.json()
}

async fn happen(service: &Service, tenant: &str, kind: &str, number: usize) {
    let mut tx = service.state.db.begin().await.unwrap();
    let now_ms = service.state.clock.now_ms();
    emit(&mut tx, tenant, kind, &json!({ "number": number }), now_ms).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many jobs there are in a state.
async fn count(service: &Service, state: &str) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM jobs WHERE state = $1";
    service.state.db.first(sql, values![state]).await.unwrap().unwrap().get("n").unwrap()
}

/// Turns the clock until nothing is queued; answers how many seconds that took.
async fn pass_until_done(service: &Service, step_seconds: i64, most_steps: u32) -> i64 {
    for step in 0..most_steps {
        work_off(&service.state).await.unwrap();
        if count(service, "queued").await == 0 {
            return i64::from(step) * step_seconds;
        }
        service.pass_seconds(step_seconds);
    }
    panic!("{} jobs are still queued", count(service, "queued").await);
}

/// Checks a signature by the specification's words, without the crate that made it.
fn is_signed_by(got: &Got, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert!((24..=64).contains(&key.len()));
    let timestamp = got.headers["webhook-timestamp"].to_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{timestamp}.", got.id()).as_bytes());
    mac.update(&got.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    got.headers["webhook-signature"].to_str().unwrap().split(' ').any(|one| one == expected)
}

#[tokio::test]
async fn three_hundred_events_arrive_at_a_receiver_that_often_fails() {
    const EVENTS: usize = 300;
    // Of twenty requests six fail and one is not answered: 30 % and 5 %, in no order that favours an event.
    let receiver = Receiver::start(|number, _| match number * 7 % 20 {
        0..6 => Reaction::Answer(if number % 2 == 0 { 500 } else { 503 }, &[]),
        6 => Reaction::Hang,
        _ => Reaction::Answer(200, &[]),
    })
    .await;
    let service = service().await;
    let (_, secret) = hook(&service, "a", &receiver.url).await;
    for number in 0..EVENTS {
        happen(&service, "a", "image.created", number).await;
    }
    let seconds = pass_until_done(&service, 5, 500).await;
    let got = receiver.got();
    let mut bodies: BTreeMap<&str, BTreeSet<&[u8]>> = BTreeMap::new();
    for got in &got {
        assert!(is_signed_by(got, &secret));
        bodies.entry(got.id()).or_default().insert(&got.body);
    }
    println!("{} requests for {EVENTS} events, all there after {seconds} s", got.len());
    assert!(got.len() > EVENTS + EVENTS / 4, "{}", got.len());
    assert_eq!((bodies.len(), count(&service, "dead").await), (EVENTS, 0));
    // The same name and the same bytes on every retry.
    assert!(bodies.values().all(|bodies| bodies.len() == 1));
    let numbers: BTreeSet<u64> =
        got.iter().map(|got| got.json()["data"]["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), EVENTS);
}

#[tokio::test]
async fn the_reference_verifies_what_is_sent_now() {
    let receiver = Receiver::obedient().await;
    let service = service().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    service.now_ms.store(i64::try_from(now).unwrap(), Ordering::SeqCst);
    let (id, secret) = hook(&service, "a", &receiver.url).await;
    let token = service.token("a", "admin");
    let answer = service.ask(Method::POST, &format!("/v1/webhooks/{id}/test"), &token, None).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    work_off(&service.state).await.unwrap();
    let got = &receiver.got()[0];
    Webhook::new(&secret).unwrap().verify(&got.body, &got.headers).unwrap();
    assert!(Webhook::new("whsec_AAAA").unwrap().verify(&got.body, &got.headers).is_err());
    assert_eq!(
        (got.id(), &got.json()["type"]),
        (answer.json()["event"].as_str().unwrap(), &json!("webhook.test"))
    );
    assert_eq!(got.headers["content-type"], "application/json");
    assert!(got.json()["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let receiver = Receiver::obedient().await;
    let service = service().await;
    let (id, old) = hook(&service, "a", &receiver.url).await;
    let token = service.token("a", "admin");
    let answer = service.ask(Method::POST, &format!("/v1/webhooks/{id}/rotate"), &token, None).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let new = answer.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    for (seconds, is_old_good) in [(0, true), (24 * 3600, false)] {
        service.pass_seconds(seconds);
        happen(&service, "a", "image.created", 1).await;
        work_off(&service.state).await.unwrap();
        let got = receiver.got().pop().unwrap();
        assert!(is_signed_by(&got, &new));
        assert_eq!(is_signed_by(&got, &old), is_old_good);
    }
}

#[tokio::test]
async fn gone_disables_and_a_redirect_is_a_failure_that_nobody_follows() {
    let elsewhere = Receiver::obedient().await;
    let to: &'static str = Box::leak(elsewhere.url.clone().into_boxed_str());
    let redirects: &'static [(&str, &str)] = Box::leak(Box::new([("location", to)]));
    let receiver = Receiver::start(move |_, path| match path {
        "/gone" => Reaction::Answer(410, &[]),
        _ => Reaction::Answer(308, redirects),
    })
    .await;
    let service = service().await;
    let (gone, _) = hook(&service, "a", &format!("{}/gone", receiver.url)).await;
    let (moved, _) = hook(&service, "b", &format!("{}/moved", receiver.url)).await;
    for tenant in ["a", "b"] {
        happen(&service, tenant, "image.created", 1).await;
    }
    work_off(&service.state).await.unwrap();
    let gone = seen(&service, "a", &gone).await;
    assert_eq!((&gone["active"], &gone["disabled_reason"]), (&json!(false), &json!("it answered 410 Gone")));
    let moved = seen(&service, "b", &moved).await;
    assert_eq!((&moved["active"], &moved["failures"]), (&json!(true), &json!(1)));
    assert_eq!((elsewhere.got().len(), receiver.got().len()), (0, 2));
    // Nothing more for whoever is gone.
    happen(&service, "a", "image.created", 2).await;
    work_off(&service.state).await.unwrap();
    assert_eq!(receiver.got().iter().filter(|got| got.path == "/gone").count(), 1);
    let sql = "SELECT COUNT(*) AS n FROM audit WHERE action = 'webhook.disable' AND actor = 'lenslet'";
    let noted: i64 = service.state.db.first(sql, &[]).await.unwrap().unwrap().get("n").unwrap();
    assert_eq!(noted, 1);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reaction::Answer(429, &[("retry-after", "600")]),
        _ => Reaction::Answer(200, &[]),
    })
    .await;
    let service = service().await;
    hook(&service, "a", &receiver.url).await;
    happen(&service, "a", "image.created", 1).await;
    for (seconds, requests) in [(0, 1), (599, 1), (1, 2)] {
        service.pass_seconds(seconds);
        work_off(&service.state).await.unwrap();
        assert_eq!(receiver.got().len(), requests, "after {seconds} s more");
    }
    assert_eq!(count(&service, "queued").await, 0);
}

#[tokio::test]
async fn who_never_answers_is_left_alone_more_and_more_and_disabled_in_the_end() {
    let receiver = Receiver::start(|_, _| Reaction::Answer(500, &[])).await;
    let service = service().await;
    let (id, _) = hook(&service, "a", &receiver.url).await;
    for number in 0..12 {
        happen(&service, "a", "image.created", number).await;
    }
    let seconds = pass_until_done(&service, 600, 600).await;
    let hook = seen(&service, "a", &id).await;
    println!("disabled after {} h and {} requests", seconds / 3600, receiver.got().len());
    assert_eq!(hook["active"], json!(false));
    assert!(hook["disabled_reason"].as_str().unwrap().starts_with("10 events in a row"), "{hook}");
    assert!((20 * 3600..48 * 3600).contains(&seconds), "{seconds}");
    assert!(receiver.got().len() < 250, "{}", receiver.got().len());
    // Ten stand in the list of dead letters; what was left for a disabled webhook is dropped.
    assert_eq!(count(&service, "dead").await, 10);
    // Somebody says that it is well again.
    let token = service.token("a", "admin");
    let path = format!("/v1/webhooks/{id}");
    let answer = service.ask(Method::PATCH, &path, &token, Some(json!({ "active": true }))).await;
    assert_eq!((&answer.json()["active"], &answer.json()["failures"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn a_receiver_that_is_back_gets_all_within_half_of_its_absence() {
    let is_away = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let away = is_away.clone();
    let receiver = Receiver::start(move |_, _| {
        Reaction::Answer(if away.load(Ordering::SeqCst) { 502 } else { 200 }, &[])
    })
    .await;
    let service = service().await;
    hook(&service, "a", &receiver.url).await;
    for number in 0..100 {
        happen(&service, "a", "image.created", number).await;
        work_off(&service.state).await.unwrap();
        service.pass_seconds(1);
    }
    is_away.store(false, Ordering::SeqCst);
    let before = receiver.got().len();
    let seconds = pass_until_done(&service, 5, 40).await;
    println!("{before} requests while away for 100 s; all 100 events there {seconds} s after");
    assert!(seconds <= 60, "{seconds}");
    let arrived: BTreeSet<String> = receiver.ids().split_off(before).into_iter().collect();
    assert_eq!((arrived.len(), count(&service, "dead").await), (100, 0));
}

#[tokio::test]
async fn a_slow_webhook_holds_up_no_other_and_no_other_work() {
    let slow = Receiver::start(|_, _| Reaction::Hang).await;
    let quick = Receiver::obedient().await;
    let mut service = Service::with(&[ON]).await;
    service.state.sender = Sender::with(Arc::new(Names::default()), true, Duration::from_secs(30)).unwrap();
    hook(&service, "a", &slow.url).await;
    hook(&service, "b", &quick.url).await;
    for number in 0..20 {
        happen(&service, "a", "image.created", number).await;
    }
    happen(&service, "b", "image.created", 0).await;
    let (stopping, stopped) = watch::channel(false);
    let crews = [Crew::House, Crew::Post, Crew::Post, Crew::Post];
    let workers: Vec<_> = crews
        .into_iter()
        .enumerate()
        .map(|(n, crew)| tokio::spawn(work(service.state.clone(), format!("w{n}"), crew, stopped.clone())))
        .collect();
    let arrives = async {
        while quick.got().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrives).await.unwrap();
    assert!(slow.got().len() <= jobs::MOST_DELIVERIES as usize, "{}", slow.got().len());
    stopping.send_replace(true);
    for worker in workers {
        worker.abort();
    }
}

#[tokio::test]
async fn tenants_hear_only_of_their_own_and_only_of_what_they_want() {
    let receiver = Receiver::obedient().await;
    let service = service().await;
    let token = service.token("a", "admin");
    let wants = json!({ "url": format!("{}/a", receiver.url), "kinds": ["image.deleted", "image.created"] });
    let made = service.ask(Method::POST, "/v1/webhooks", &token, Some(wants)).await.json();
    assert_eq!(made["kinds"], json!(["image.created", "image.deleted"]));
    hook(&service, "b", &format!("{}/b", receiver.url)).await;
    for (number, kind) in ["image.created", "image.updated", "image.deleted"].into_iter().enumerate() {
        happen(&service, "a", kind, number).await;
        happen(&service, "c", kind, number).await;
    }
    happen(&service, "b", "image.updated", 7).await;
    work_off(&service.state).await.unwrap();
    let mut got: Vec<_> = receiver
        .got()
        .iter()
        .map(|got| format!("{} {}", got.path, got.json()["type"].as_str().unwrap()))
        .collect();
    got.sort();
    assert_eq!(got, ["/a image.created", "/a image.deleted", "/b image.updated"]);

    let id = made["id"].as_str().unwrap();
    let stranger = service.token("b", "admin");
    for (method, path, body) in [
        (Method::GET, format!("/v1/webhooks/{id}"), None),
        (Method::PATCH, format!("/v1/webhooks/{id}"), Some(json!({ "active": false }))),
        (Method::DELETE, format!("/v1/webhooks/{id}"), None),
        (Method::POST, format!("/v1/webhooks/{id}/rotate"), None),
        (Method::POST, format!("/v1/webhooks/{id}/test"), None),
    ] {
        let answer = service.ask(method, &path, &stranger, body).await;
        assert_eq!(answer.problem(), "not-found", "{path}");
    }
    let listed = service.ask(Method::GET, "/v1/webhooks", &stranger, None).await.json();
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn announcing_twice_adds_each_delivery_once() {
    let service = service().await;
    hook(&service, "a", "https://example.com/").await;
    happen(&service, "a", "image.created", 1).await;
    let job = jobs::claim(&service.state.db, "dying", Crew::All, None, START_MS, 10).await.unwrap().unwrap();
    assert_eq!(job.kind, JobKind::Announce);
    // Somebody else does it while the first one, which was not heard of, still lives.
    service.now_ms.fetch_add(1_000, Ordering::SeqCst);
    let mut tx = service.state.db.begin().await.unwrap();
    assert!(jobs::advance(&mut tx, &job, "announced", START_MS).await.unwrap());
    tx.commit().await.unwrap();
    work_off(&service.state).await.unwrap();
    assert_eq!(count(&service, "queued").await, 0, "the step says that the deliveries are there already");
}

#[tokio::test]
async fn webhooks_are_made_listed_changed_and_removed() {
    let service = service().await;
    let token = service.token("a", "admin");
    let ask =
        |method, path: String, body| service.ask(method, Box::leak(path.into_boxed_str()), &token, body);
    let made = ask(Method::POST, "/v1/webhooks".into(), Some(json!({ "url": "https://EXAMPLE.com" }))).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.headers["location"], format!("/v1/webhooks/{id}"));
    assert_eq!(made.headers["cache-control"], "no-store");
    assert!(made.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/v1/webhooks/{id}");
    let read = ask(Method::GET, path.clone(), None).await.json();
    assert_eq!(read["url"], "https://example.com/");
    assert!(read.get("secret").is_none(), "a secret is shown once");
    let change = json!({ "kinds": ["upload.rejected"], "active": false });
    let changed = ask(Method::PATCH, path.clone(), Some(change)).await.json();
    assert_eq!((&changed["kinds"], &changed["active"]), (&json!(["upload.rejected"]), &json!(false)));
    assert_eq!(changed["disabled_reason"], "switched off by token:tester");
    assert_eq!(ask(Method::POST, format!("{path}/test"), None).await.problem(), "conflict");
    assert_eq!(ask(Method::DELETE, path.clone(), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(Method::DELETE, path, None).await.problem(), "not-found");
    for _ in 0..16 {
        hook(&service, "a", "https://example.com/").await;
    }
    let one_more =
        ask(Method::POST, "/v1/webhooks".into(), Some(json!({ "url": "https://example.com" }))).await;
    assert_eq!(one_more.problem(), "conflict");
    let few = service.token("a", "images:read images:write images:private");
    for path in ["/v1/webhooks", "/v1/events"] {
        assert_eq!(service.ask(Method::GET, path, &few, None).await.problem(), "forbidden");
        assert_eq!(service.ask(Method::GET, path, "", None).await.problem(), "unauthenticated");
    }
}

#[tokio::test]
async fn events_are_listed_newest_first_and_forgotten_after_thirty_days() {
    let service = service().await;
    let token = service.token("a", "admin");
    for number in 0..5 {
        happen(&service, "a", "image.created", number).await;
        happen(&service, "b", "image.created", 100 + number).await;
    }
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            service.ask(Method::GET, &format!("/v1/events?limit=2{cursor}"), &token, None).await.json();
        numbers.extend(
            page["events"].as_array().unwrap().iter().map(|event| event["data"]["number"].as_u64().unwrap()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(numbers, [4, 3, 2, 1, 0]);
    for query in ["limit=0", "limit=101", "cursor=x", "curser=x", "limit=x"] {
        let answer = service.ask(Method::GET, &format!("/v1/events?{query}"), &token, None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
    assert_eq!(sweep(&service.state).await.unwrap(), 0);
    service.pass_seconds(30 * 24 * 3600 + 1);
    assert_eq!(sweep(&service.state).await.unwrap(), 10);
    let token = service.token("a", "admin");
    let rest = service.ask(Method::GET, "/v1/events", &token, None).await.json();
    assert_eq!(rest, json!({ "events": [], "next": null }));
}

/// Addresses that a webhook must not have: imgproxy's cases and their neighbours, and every wrapping of IPv4 in IPv6.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.0.0.254",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::10.0.0.1",
    "::127.0.0.1",
    "::169.254.0.1",
    "::100.64.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "2002:a00:1::",
    "2002:6440:1::",
    "2002:808:808::",
    "2002:c0a8:1::",
    "2002:7f00:1::",
    "64:ff9b::10.0.0.1",
    "64:ff9b::172.16.0.1",
    "64:ff9b::100.64.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1:a00:0:100::",
    "64:ff9b:1:c0a8:1:100::",
    "2001::f5ff:fffe",
    "2001::f7f7:f7f7",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::5efe:a00:1",
    "2001:db8::200:5efe:c0a8:101",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:7f00:1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "3fff::1",
    "3ffe::1",
    "100::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "8000::1",
];

/// Loopback and link-local addresses in spellings that parsers of URLs understand.
const SPELLINGS: &[&str] = &[
    "127.1",
    "127.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0x0",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::1]",
    "localhost",
    "LocalHost",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "127.0.0.1.",
];

#[tokio::test]
async fn no_url_that_shows_a_private_address_becomes_a_webhook() {
    let service = Service::start().await;
    let token = service.token("a", "admin");
    let literals =
        NOT_PUBLIC.iter().map(|ip| if ip.contains(':') { format!("[{ip}]") } else { (*ip).to_owned() });
    let hosts: Vec<String> = literals.chain(SPELLINGS.iter().map(|&host| host.to_owned())).collect();
    for host in &hosts {
        let body = json!({ "url": format!("https://{host}/") });
        let answer = service.ask(Method::POST, "/v1/webhooks", &token, Some(body)).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::BAD_REQUEST, "invalid"),
            "{host}"
        );
    }
    assert!(hosts.len() >= 59, "{}", hosts.len());
    for url in
        ["http://example.com/", "https://u:p@example.com/", "ftp://example.com/", "https://example.com:25/"]
    {
        let answer = service.ask(Method::POST, "/v1/webhooks", &token, Some(json!({ "url": url }))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}");
    }
}

#[tokio::test]
async fn no_name_that_means_a_private_address_is_ever_connected_to() {
    // Whoever connects to any port of this machine by any name is found out here.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sockets = Arc::new(AtomicUsize::new(0));
    let counting = sockets.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    // Each name has a public address, too: one that is not is enough to be refused. The last two mean our listener.
    let mut known = HashMap::new();
    for (number, ip) in NOT_PUBLIC.iter().enumerate() {
        known
            .insert(format!("n{number}.example"), vec!["2606:4700::1".parse().unwrap(), ip.parse().unwrap()]);
        known.insert(format!("m{number}.example"), vec![ip.parse().unwrap()]);
    }
    let names = Arc::new(Names { known, asked: Mutex::default() });
    let mut service = Service::start().await;
    service.state.sender = Sender::with(names.clone(), false, SHORT).unwrap();
    let (id, _) = hook(&service, "a", &format!("https://n0.example:{port}/")).await;
    for (number, ip) in NOT_PUBLIC.iter().enumerate() {
        for name in [format!("n{number}.example"), format!("m{number}.example")] {
            let url = format!("https://{name}:{port}/");
            let sql = "UPDATE webhooks SET url = $1, rests_until_ms = NULL, failures = 0";
            service.state.db.execute(sql, values![&url]).await.unwrap();
            happen(&service, "a", "image.created", number).await;
            work_off(&service.state).await.unwrap();
            let sql = "SELECT error FROM jobs WHERE kind = 'deliver'";
            let row = service.state.db.first(sql, &[]).await.unwrap().unwrap();
            let error: Option<String> = row.get("error").unwrap();
            let error = error.unwrap();
            assert!(error.contains("the url's host is not on the public internet"), "{ip}: {error}");
            service.state.db.execute("DELETE FROM jobs", &[]).await.unwrap();
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(sockets.load(Ordering::SeqCst), 0);
    // One look-up each: nobody asks again between looking and connecting.
    assert_eq!(names.asked.lock().unwrap().len(), 2 * NOT_PUBLIC.len());
    assert_eq!(seen(&service, "a", &id).await["active"], json!(true));
}

#[tokio::test]
async fn the_edge_is_asked_to_purge_by_a_request_that_it_would_believe() {
    let edge = Receiver::start(|number, _| Reaction::Answer(if number == 0 { 503 } else { 200 }, &[])).await;
    let keys = new_jwk(Algorithm::Hs256, &Sha256::digest("admin").into(), Some("admin")).unwrap().to_string();
    let service = Service::with(&[("EDGE_URL", &edge.url), ("EDGE_ADMIN_KEYS", &keys)]).await;
    add_edge(
        &service,
        json!({
            "purge": { "source": ["pictures/a/summer & sea/é?.jpg", "pictures/a/b.png"] },
            "warm": { "source": "pictures/a/b.png", "presets": ["thumb"] },
        }),
    )
    .await;
    work_off(&service.state).await.unwrap();
    assert_eq!((edge.got().len(), count(&service, "queued").await), (1, 1), "a failure is tried again");
    service.pass_seconds(1);
    work_off(&service.state).await.unwrap();
    assert_eq!((edge.got().len(), count(&service, "queued").await), (2, 0));
    let set = KeySet::parse(keys.as_bytes()).unwrap();
    let got = &edge.got()[1];
    let (path, query) = got.path.split_once('?').unwrap();
    assert_eq!(path, "/__lenslet/purge");
    let now = u64::try_from(START_MS / 1000).unwrap() + 1;
    let signed = verify_url(&set, path, query, now).unwrap();
    assert!(signed.expires.unwrap() - now <= 3_600);
    assert_eq!(
        signed.source_query,
        Some("source=pictures/a/summer%20%26%20sea/%C3%A9%3F.jpg&source=pictures/a/b.png")
    );
}

#[tokio::test]
async fn the_edges_queue_gets_messages_as_the_edge_reads_them() {
    let queue = Receiver::obedient().await;
    let url = format!("{}/accounts/1/queues/2/messages", queue.url);
    let service = Service::with(&[("EDGE_QUEUE_URL", &url), ("EDGE_QUEUE_TOKEN", "t0ken")]).await;
    let change = json!({
        "purge": { "source": ["pictures/a/b.png"] },
        "warm": { "source": "pictures/a/b.png", "presets": ["thumb", "card"] },
    });
    add_edge(&service, change).await;
    add_edge(&service, json!({ "purge": { "source": ["pictures/a/c.png"] } })).await;
    work_off(&service.state).await.unwrap();
    let messages: Vec<Message> = queue
        .got()
        .iter()
        .map(|got| {
            assert_eq!(
                (got.path.as_str(), &got.headers["authorization"]),
                ("/accounts/1/queues/2/messages", &"Bearer t0ken".parse().unwrap())
            );
            assert_eq!(got.json()["content_type"], "json");
            serde_json::from_value(got.json()["body"].clone()).unwrap()
        })
        .collect();
    assert_eq!(messages.len(), 3);
    assert!(matches!(&messages[0], Message::Purge(purge) if purge.sources == ["pictures/a/b.png"]));
    assert!(matches!(&messages[1], Message::Warm(Warm { presets, .. }) if presets == &["thumb", "card"]));
    assert!(matches!(&messages[2], Message::Purge(purge) if purge.sources == ["pictures/a/c.png"]));
}

#[tokio::test]
async fn without_an_edge_nobody_is_told() {
    let service = Service::start().await;
    add_edge(&service, json!({ "purge": { "source": ["pictures/a/b.png"] } })).await;
    add_edge(&service, json!({ "purge": "nonsense" })).await;
    work_off(&service.state).await.unwrap();
    assert_eq!((count(&service, "queued").await, count(&service, "dead").await), (0, 1));
}

async fn add_edge(service: &Service, payload: Value) {
    let mut tx = service.state.db.begin().await.unwrap();
    let run_at_ms = service.state.clock.now_ms();
    let job = NewJob { tenant: "a", kind: JobKind::Edge, subject: "image/1", payload, run_at_ms };
    jobs::add(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn bodies_that_are_wrong_are_refused() {
    let service = service().await;
    let token = service.token("a", "admin");
    for body in [
        json!({}),
        json!({ "url": 1 }),
        json!({ "url": "https://example.com", "kind": [] }),
        json!({ "url": "https://example.com", "kinds": ["image.nothing"] }),
        json!([]),
    ] {
        let answer = service.ask(Method::POST, "/v1/webhooks", &token, Some(body.clone())).await;
        assert!(answer.status.is_client_error(), "{body}");
    }
}

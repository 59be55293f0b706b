//! The index in an OpenSearch cluster, against contracts: each file of `opensearch/` has the requests that are sent, as
//! they are sent, and answers as OpenSearch documents them. No cluster runs here.
//!
//! `UPDATE_CONTRACTS=1` writes the requests of the files anew; look at each change, beside OpenSearch's reference, before
//! you commit it.

#![cfg(test)]

mod support;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use lenslet_origin::catalog::images::{self, Image};
use lenslet_origin::index::{Index as _, renew_all};
use lenslet_origin::work::work_off;
use serde_json::{Value, json};
use support::pictures::{palette, picture, put};
use support::{Answer, Service};

const TENANT: &str = "acme";

/// A file of requests and answers.
struct Contract {
    path: PathBuf,
    exchanges: Vec<Value>,
    seen: Vec<Value>,
}

impl Contract {
    fn read(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/opensearch").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        Self { path, exchanges: file["exchanges"].as_array().unwrap().clone(), seen: Vec::new() }
    }

    /// Every request was sent, as it is written, and no other.
    fn check(&self) {
        let written: Vec<&Value> = self.exchanges.iter().map(|exchange| &exchange["request"]).collect();
        if std::env::var_os("UPDATE_CONTRACTS").is_some() {
            let pairs = self.seen.iter().zip(&self.exchanges);
            let exchanges: Vec<Value> = pairs
                .map(|(request, exchange)| json!({ "request": request, "answer": exchange["answer"] }))
                .collect();
            let text = serde_json::to_string_pretty(&json!({ "exchanges": exchanges })).unwrap();
            std::fs::write(&self.path, text + "\n").unwrap();
            return;
        }
        for (seen, written) in self.seen.iter().zip(&written) {
            assert_eq!(&seen, written, "{}", self.path.display());
        }
        assert_eq!(self.seen.len(), written.len(), "{}", self.path.display());
    }
}

/// What plays the cluster: it answers by the contract, request by request.
async fn start(name: &str) -> (Service, Arc<Mutex<Contract>>) {
    let contract = Arc::new(Mutex::new(Contract::read(name)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(answer).with_state(contract.clone());
    // It ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, app).await });
    let index = format!("opensearch:http://origin:secret%21@{address}/pictures");
    (Service::with(&[("INDEX", &index)]).await, contract)
}

async fn answer(
    State(contract): State<Arc<Mutex<Contract>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let mut contract = contract.lock().unwrap();
    let lines = std::str::from_utf8(&body).unwrap().lines();
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let request = json!({
        "method": method.as_str(),
        "path": uri.to_string(),
        "content-type": headers["content-type"].to_str().unwrap(),
        "authorization": headers["authorization"].to_str().unwrap(),
        "body": if body.ends_with(b"\n") { json!(lines) } else { lines[0].clone() },
    });
    let answer = contract.exchanges.get(contract.seen.len()).map(|exchange| exchange["answer"].clone());
    contract.seen.push(request);
    let answer =
        answer.unwrap_or_else(|| json!({ "status": 418, "body": "no such request is in the contract" }));
    let status = StatusCode::from_u16(u16::try_from(answer["status"].as_u64().unwrap()).unwrap()).unwrap();
    (status, [("content-type", "application/json")], answer["body"].to_string())
}

async fn ask(service: &Service, query: &str) -> Answer {
    let token = service.token(TENANT, "images:read");
    service.ask(Method::GET, &format!("/v1/images{query}"), &token, None).await
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
    let images = answer.json()["images"].as_array().unwrap().clone();
    let name = |image: &Value| image["name"].as_str().or(image["image"]["name"].as_str()).unwrap().to_owned();
    images.iter().map(name).collect()
}

/// Three pictures in the catalog, which the cluster's answers speak of.
async fn library(service: &Service) -> [Image; 3] {
    let of = |number: u8, name: &str, title: &str, colour: &str| Image {
        id: format!("00000000-0000-7000-8000-{number:012}"),
        title: Some(title.to_owned()),
        colours: palette(&[(colour, 0.8)]),
        phash: Some(0x0123_4567_89AB_CDEF ^ i64::from(number)),
        tags: vec!["sea".to_owned()],
        camera: Some("Canon EOS 5D".to_owned()),
        taken_ms: Some(1_700_000_000_000),
        ..picture(service, TENANT, name)
    };
    let all = [
        of(1, "trips/sea.jpg", "Red house on the sea", "cc2211"),
        of(2, "beach.jpg", "Café am Strand", "cc2512"),
        of(3, "dunes.jpg", "Dunes", "1122cc"),
    ];
    let mut tx = service.state.db.begin().await.unwrap();
    for image in &all {
        images::put(&mut tx, image).await.unwrap();
    }
    tx.commit().await.unwrap();
    all
}

#[tokio::test]
async fn pictures_are_put_changed_and_removed() {
    let (service, contract) = start("bulk.json").await;
    let [image, ..] = library(&service).await;
    put(&service, std::slice::from_ref(&image)).await;
    assert_eq!(work_off(&service.state).await.unwrap(), 1);
    // The template is put once. A newer state than ours is none to complain of.
    let mut tx = service.state.db.begin().await.unwrap();
    let later = Image { updated_ms: image.updated_ms + 5, title: None, ..image.clone() };
    images::put(&mut tx, &later).await.unwrap();
    service.state.index.put(&mut tx, &image).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(work_off(&service.state).await.unwrap(), 1);
    let mut tx = service.state.db.begin().await.unwrap();
    images::put(&mut tx, &Image { deleted_ms: Some(image.updated_ms + 9), ..later }).await.unwrap();
    let now_ms = service.now_ms.load(Ordering::SeqCst);
    service.state.index.remove(&mut tx, TENANT, &image.id, now_ms).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(work_off(&service.state).await.unwrap(), 1);
    contract.lock().unwrap().check();
}

#[tokio::test]
async fn a_new_index_is_filled_from_the_catalog() {
    let (service, contract) = start("reindex.json").await;
    library(&service).await;
    let now_ms = service.now_ms.load(Ordering::SeqCst);
    assert_eq!(renew_all(&service.state.db, now_ms).await.unwrap(), 3);
    assert_eq!(work_off(&service.state).await.unwrap(), 3);
    contract.lock().unwrap().check();
}

#[tokio::test]
async fn questions_are_asked_and_answers_are_read() {
    let (service, contract) = start("search.json").await;
    library(&service).await;
    let found = ask(&service, "?q=hause+%22on+the%22+-old+caf&facets=tag,year&limit=1").await;
    assert_eq!(names(&found), ["trips/sea.jpg"]);
    let found = found.json();
    assert_eq!((&found["total"], &found["total_is_exact"]), (&json!(2), &json!(true)));
    assert_eq!(found["facets"]["tag"], json!([{ "value": "sea", "count": 2 }]));
    assert_eq!(found["facets"]["year"], json!([{ "value": "2023", "count": 2 }]));
    let next = found["next"].as_str().unwrap();
    let second = format!("?q=hause+%22on+the%22+-old+caf&facets=tag,year&limit=1&cursor={next}");
    let second = ask(&service, &second).await;
    assert_eq!(names(&second), ["beach.jpg"]);
    assert!(second.json()["next"].is_null());
    let filtered = ask(&service, "?tag=sea&min_width=100&taken=2023&sort=name").await;
    assert_eq!(names(&filtered), ["beach.jpg", "dunes.jpg", "trips/sea.jpg"]);
    // A cursor of another question, and one that is none.
    for wrong in [next, "bnVsbA"] {
        assert_eq!(ask(&service, &format!("?q=sea&cursor={wrong}")).await.problem(), "invalid");
    }
    // Nothing to look for finds nothing, and asks nobody.
    assert!(names(&ask(&service, "?q=%22").await).is_empty());
    contract.lock().unwrap().check();
}

#[tokio::test]
async fn colours_are_measured_here() {
    let (service, contract) = start("colour.json").await;
    library(&service).await;
    let first = ask(&service, "?colour=cc2211&limit=1").await;
    assert_eq!(names(&first), ["trips/sea.jpg"]);
    assert_eq!(first.json()["total"], json!(2));
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let second = ask(&service, &format!("?colour=cc2211&limit=1&cursor={next}")).await;
    assert_eq!(names(&second), ["beach.jpg"]);
    assert!(second.json()["next"].is_null());
    contract.lock().unwrap().check();
}

#[tokio::test]
async fn similar_pictures_are_measured_here() {
    let (service, contract) = start("similar.json").await;
    let [image, ..] = library(&service).await;
    let found = ask(&service, &format!("/{}/similar", image.id)).await;
    assert_eq!(names(&found), ["dunes.jpg", "beach.jpg"]);
    assert_eq!(found.json()["images"][0]["distance"], json!(1));
    contract.lock().unwrap().check();
}

#[tokio::test]
async fn a_cluster_that_fails_is_tried_again_and_fails_alone() {
    let (service, contract) = start("failures.json").await;
    let [image, ..] = library(&service).await;
    put(&service, std::slice::from_ref(&image)).await;
    let admin = service.token("default", "admin");
    let dead = async || {
        let jobs = service.ask(Method::GET, "/v1/jobs?state=dead", &admin, None).await;
        jobs.json()["jobs"].as_array().map_or(0, Vec::len)
    };
    // The template cannot be put, then the cluster is full, then it takes no such document.
    for _ in 0..3 {
        assert_eq!(dead().await, 0);
        work_off(&service.state).await.unwrap();
        service.pass_seconds(3600);
    }
    let admin = service.token(TENANT, "admin");
    let jobs = service.ask(Method::GET, "/v1/jobs?state=dead", &admin, None).await.json();
    let error = jobs["jobs"][0]["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("mapper_parsing_exception"), "{jobs}");
    let failed = ask(&service, "?q=sea").await;
    assert_eq!((failed.status, failed.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert!(!String::from_utf8_lossy(&failed.bytes).contains("secret"));
    // What needs no index goes on.
    assert_eq!(ask(&service, &format!("/{}", image.id)).await.status, StatusCode::OK);
    contract.lock().unwrap().check();
}

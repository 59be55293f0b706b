//! `lenslet search`: what it asks, and what it prints of the answer.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::server::{Server, TOKEN};
use super::support::{Folder, Said};

fn server() -> Server {
    let server = Server::start();
    server.world.lock().unwrap().images = (0..5)
        .map(|index| {
            json!({ "id": index.to_string(), "name": format!("{index}.jpg"), "format": "jpeg", "width": 40, "height": 30,
                "size_bytes": 2048, "tags": ["sea", "sky"], "title": "A \u{1b}[2Jboat" })
        })
        .collect();
    server
}

fn search(server: &Server, more: &[&str]) -> Said {
    // One for each run: they go when it ends.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = Folder::new(&format!("search-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    folder.run_with(&[("LENSLET_TOKEN", TOKEN), ("LENSLET_TO", &server.url)], &[&["search"], more].concat())
}

#[test]
fn words_and_filters_are_asked_for() {
    let server = server();
    search(&server, &["--tag", "a&b", "--tag", "c", "--format", "jpeg", "--limit", "2", "two", "wörds"]);
    let asked = server.world.lock().unwrap().asked.clone();
    assert_eq!(asked, ["GET /v1/images?limit=2&tag=a%26b%2Cc&format=jpeg&q=two%20w%C3%B6rds"]);
}

#[test]
fn as_many_as_are_wanted_come_in_lines() {
    let server = server();
    let said = search(&server, &["--limit", "3"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2], "2.jpg\tjpeg 40×30\t2.00 KiB\tsea,sky\tA \u{FFFD}[2Jboat");
    assert_eq!(search(&server, &[]).out.lines().count(), 5);
}

#[test]
fn json_is_all_that_is_known() {
    let server = server();
    let said = search(&server, &["--json", "--limit", "1"]);
    let image: Value = serde_json::from_str(said.out.trim()).unwrap();
    assert_eq!(image, server.world.lock().unwrap().images[0]);
}

#[test]
fn nothing_is_no_failure_and_a_refusal_is_one() {
    let server = Server::start();
    let said = search(&server, &["nothing"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", "nothing was found\n"));
    server.world.lock().unwrap().bad_answers = [400].into();
    let said = search(&server, &["nothing"]);
    assert_eq!((said.code, said.err.as_str()), (1, "lenslet: not now (400)\n"));
}

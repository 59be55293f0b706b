//! A small origin and bucket in one, that keep to the contract of uploads and searches, and have bad days when told to.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The only token that it takes.
pub(crate) const TOKEN: &str = "a-token";
/// Larger files come in parts of so many bytes.
pub(crate) const PART_BYTES: usize = 1000;

/// What it was asked, and what it has.
#[derive(Default)]
pub(crate) struct World {
    /// Every request: method and path.
    pub(crate) asked: Vec<String>,
    /// What the next requests to put bytes are answered, 0 for a connection that breaks; then all goes well.
    pub(crate) bad_puts: VecDeque<u16>,
    /// What the next requests of the API are answered.
    pub(crate) bad_answers: VecDeque<u16>,
    /// Uploads by their id.
    pub(crate) uploads: BTreeMap<String, Kept>,
    /// What a search finds.
    pub(crate) images: Vec<Value>,
    /// Images that other bytes took the place of.
    pub(crate) replaced: Vec<String>,
    /// Names that are rejected.
    pub(crate) rejects: Vec<String>,
}

/// An upload.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) said: Value,
    pub(crate) state: &'static str,
    pub(crate) parts: BTreeMap<usize, Vec<u8>>,
    looks: u32,
}

impl Kept {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.parts.values().flatten().copied().collect()
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) world: Arc<Mutex<World>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

type Reply = (u16, Vec<(&'static str, String)>, Value);

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::default()));
        let (shared, base) = (world.clone(), url.clone());
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (world, base) = (shared.clone(), base.clone());
                std::thread::spawn(move || serve(stream, &world, &base));
            }
        });
        Self { url, world }
    }

    /// Those requests so far whose method and path begin so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.world.lock().unwrap().asked.iter().filter(|line| line.starts_with(beginning)).count()
    }
}

fn serve(stream: TcpStream, world: &Mutex<World>, base: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let Some((status, headers, body)) = reply(&request, &mut world.lock().unwrap(), base) else { return };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.extend([name, ": ", &value, "\r\n"]);
        }
        if write!(writer, "{head}\r\n{body}").is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// The answer, or none where the connection breaks.
fn reply(request: &Request, world: &mut World, base: &str) -> Option<Reply> {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    world.asked.push(format!("{} {}{query}", request.method, request.path));
    if let Some(place) = request.path.strip_prefix("/bucket/") {
        return put(request, place, world);
    }
    if let Some(status) = world.bad_answers.pop_front() {
        return Some(problem(status, "not now"));
    }
    if request.headers.get("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Some(problem(401, "the token is not valid"));
    }
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    Some(match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "uploads"]) => begin(request, world, base),
        ("GET", ["v1", "uploads", id]) => look(id, &request.query, world, base),
        ("POST", ["v1", "uploads", id, "complete"]) => complete(id, world, base),
        ("GET", ["v1", "images"]) => search(&request.query, world),
        ("GET", ["v1", "images", id]) => image(id, world),
        _ => problem(404, "there is nothing at this path"),
    })
}

fn begin(request: &Request, world: &mut World, base: &str) -> Reply {
    let key = request.headers["idempotency-key"].clone();
    let said: Value = serde_json::from_slice(&request.body).unwrap();
    if let Some((id, kept)) = world.uploads.iter().find(|(_, kept)| kept.key == key) {
        assert_eq!(kept.said, said, "one key, two meanings");
        return (200, Vec::new(), shown(id, kept, base));
    }
    let id = format!("u{}", world.uploads.len() + 1);
    let kept = Kept { key, said, state: "pending", parts: BTreeMap::new(), looks: 0 };
    let body = shown(&id, &kept, base);
    world.uploads.insert(id, kept);
    (201, Vec::new(), body)
}

fn look(id: &str, query: &str, world: &mut World, base: &str) -> Reply {
    let Some(kept) = world.uploads.get_mut(id) else { return problem(404, "there is no such upload") };
    if kept.state == "received" && query.starts_with("wait_seconds=") {
        kept.looks += 1;
        let is_bad = world.rejects.iter().any(|name| kept.said["name"] == **name);
        // Not at the first look.
        if kept.looks > 1 {
            kept.state = if is_bad { "rejected" } else { "ready" };
        }
    }
    (200, Vec::new(), shown(id, kept, base))
}

fn complete(id: &str, world: &mut World, base: &str) -> Reply {
    let Some(kept) = world.uploads.get_mut(id) else { return problem(404, "there is no such upload") };
    if kept.bytes().len() as u64 != kept.said["size_bytes"].as_u64().unwrap() {
        return problem(409, "the object is not there");
    }
    kept.state = "received";
    (202, Vec::new(), shown(id, kept, base))
}

fn put(request: &Request, place: &str, world: &mut World) -> Option<Reply> {
    match world.bad_puts.pop_front() {
        Some(0) => return None,
        Some(status) => return Some((status, Vec::new(), Value::Null)),
        None => {}
    }
    assert_eq!(request.headers.get("authorization"), None, "the bucket is not told who asks");
    assert_eq!(request.headers["x-pinned"], request.body.len().to_string());
    let (id, number) = place.split_once('/').unwrap();
    let number: usize = number.parse().unwrap();
    world.uploads.get_mut(id).unwrap().parts.insert(number, request.body.clone());
    Some((200, vec![("etag", format!("\"e{number}\""))], Value::Null))
}

fn shown(id: &str, kept: &Kept, base: &str) -> Value {
    let size = usize::try_from(kept.said["size_bytes"].as_u64().unwrap()).unwrap();
    let is_whole = size <= PART_BYTES;
    let mut body =
        json!({ "id": id, "state": kept.state, "method": if is_whole { "put" } else { "multipart" } });
    let place = |number: usize, bytes: usize| {
        json!({ "url": format!("{base}/bucket/{id}/{number}?signature=x"), "method": "PUT",
            "headers": { "x-pinned": bytes.to_string(), "Host": "elsewhere" }, "expires": 1 })
    };
    match kept.state {
        "pending" if is_whole => body["put"] = place(1, size),
        "pending" => {
            let parts = (0..size.div_ceil(PART_BYTES)).map(|index| {
                let (number, bytes) = (index + 1, PART_BYTES.min(size - index * PART_BYTES));
                let mut part = json!({ "number": number, "size_bytes": bytes });
                if kept.parts.contains_key(&number) {
                    part["etag"] = json!(format!("e{number}"));
                } else {
                    part["put"] = place(number, bytes);
                }
                part
            });
            body["multipart"] = json!({ "part_bytes": PART_BYTES, "parts": parts.collect::<Vec<Value>>() });
        }
        "ready" => body["image"] = json!({ "id": format!("i-{id}"), "version": 1 }),
        "rejected" => body["problem"] = json!({ "kind": "truncated", "detail": "The file ends early." }),
        _ => {}
    }
    body
}

fn image(id: &str, world: &World) -> Reply {
    let kept =
        id.strip_prefix("i-").and_then(|id| world.uploads.get(id)).filter(|kept| kept.state == "ready");
    kept.map_or_else(
        || problem(404, "there is no such image"),
        |kept| {
            let is_replaced = world.replaced.iter().any(|replaced| replaced == id);
            let sha256 = if is_replaced { json!("another") } else { kept.said["sha256"].clone() };
            (200, Vec::new(), json!({ "id": id, "sha256": sha256 }))
        },
    )
}

/// Two at a time, whatever the limit.
fn search(query: &str, world: &World) -> Reply {
    let from = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("cursor="))
        .map_or(0, |text| text.parse().unwrap());
    let images: Vec<&Value> = world.images.iter().skip(from).take(2).collect();
    let mut body = json!({ "images": images });
    if from + 2 < world.images.len() {
        body["next"] = json!((from + 2).to_string());
    }
    (200, Vec::new(), body)
}

fn problem(status: u16, detail: &str) -> Reply {
    (status, Vec::new(), json!({ "type": "urn:lenslet:problem:x", "status": status, "detail": detail }))
}

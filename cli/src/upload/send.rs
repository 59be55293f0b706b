//! One picture's way to the origin: said, sent, completed, waited for.
//!
//! The key that says that two requests mean the same upload follows from where it goes, what it is called and what is in
//! it. So a command that is run again is about the same uploads, and finds them as far as they were.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::files::Picture;
use super::progress::{FileBar, Progress};
use crate::origin::{Failure, Origin, Target, persist};

/// So often one may be uploaded, deleted or replaced, and uploaded again.
const MOST_ROUNDS: u32 = 64;
/// So often new URLs are asked for, where those at hand have run out.
const MOST_TURNS: u32 = 9;
/// How long the origin may keep us waiting for news.
const WAIT_SECONDS: u32 = 20;

/// Who sends, and what is the same for all.
pub(crate) struct Sender<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) progress: &'a Progress,
    pub(crate) tags: &'a [String],
    pub(crate) title: Option<&'a str>,
    pub(crate) jobs: usize,
    pub(crate) waits: bool,
}

/// What became of a picture; with the id of the image, or of the upload where there is none yet.
pub(crate) enum Outcome {
    /// It can be fetched.
    Ready(String),
    /// The origin has it, and looks at it.
    Received(String),
    /// It had come before.
    Was(String),
}

/// An upload as the origin tells of it.
#[derive(Debug, Deserialize)]
struct Upload {
    id: String,
    state: State,
    /// Where to put all of it.
    #[serde(default)]
    put: Option<Target>,
    /// Where to put its parts.
    #[serde(default)]
    multipart: Option<Multipart>,
    #[serde(default)]
    problem: Option<Problem>,
    #[serde(default)]
    image: Option<Image>,
}

#[derive(Debug, Deserialize)]
struct Multipart {
    part_bytes: u64,
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    kind: String,
    detail: String,
}

#[derive(Debug, Deserialize)]
struct Image {
    id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Pending,
    Received,
    Ready,
    Rejected,
    Expired,
}

/// A part of a file.
#[derive(Debug, Clone, Deserialize)]
struct Part {
    number: u64,
    size_bytes: u64,
    /// Of a part that is there.
    #[serde(default)]
    etag: Option<String>,
    /// Where to put one that is not.
    #[serde(default)]
    put: Option<Target>,
}

impl Sender<'_> {
    /// Sends a picture, or what is missing of it.
    pub(crate) fn send(&self, picture: &Picture, bar: &FileBar) -> Result<Outcome, Failure> {
        bar.note(picture, "reading");
        let sha256 = hash(picture)?;
        for round in 0..MOST_ROUNDS {
            let upload = self.begin(picture, &sha256, round)?;
            match upload.state {
                State::Ready if self.is_still_there(&upload, &sha256)? => {
                    return Ok(Outcome::Was(upload.into_image()));
                }
                // Another file took its place since then, or it was too late: it is a new upload.
                State::Ready | State::Expired => {}
                State::Pending if upload.is_over() => {}
                State::Pending | State::Received | State::Rejected => {
                    return self.go_on(picture, upload, bar);
                }
            }
        }
        Err(Failure::hopeless("it was uploaded and replaced too often; give it another name"))
    }

    /// Says what will come, or hears how far it is.
    fn begin(&self, picture: &Picture, sha256: &str, round: u32) -> Result<Upload, Failure> {
        let mut body = json!({
            "name": picture.name,
            "size_bytes": picture.size_bytes,
            "media_type": picture.media_type,
            "sha256": sha256,
        });
        if let Some(members) = body.as_object_mut() {
            let tags = (!self.tags.is_empty()).then(|| json!(self.tags));
            members.extend(tags.map(|tags| ("tags".to_owned(), tags)));
            members.extend(self.title.map(|title| ("title".to_owned(), json!(title))));
        }
        let key = idempotency_key(self.origin.url(), &body, round);
        self.origin.post("/v1/uploads", &[("idempotency-key", &key)], Some(&body))
    }

    /// Whether the picture of an upload is still the one of this hash. Who may not look believes it.
    fn is_still_there(&self, upload: &Upload, sha256: &str) -> Result<bool, Failure> {
        let Some(Image { id }) = &upload.image else { return Ok(true) };
        match self.origin.get::<Value>(&format!("/v1/images/{id}")) {
            Ok(image) if image.get("deleted").is_some_and(|deleted| !deleted.is_null()) => Ok(false),
            Ok(image) => Ok(image.get("sha256").and_then(Value::as_str).is_none_or(|found| found == sha256)),
            Err(failure) if matches!(failure.status, Some(404 | 410)) => Ok(false),
            Err(failure) if failure.status == Some(403) => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    fn go_on(&self, picture: &Picture, mut upload: Upload, bar: &FileBar) -> Result<Outcome, Failure> {
        let path = format!("/v1/uploads/{}", upload.id);
        if upload.state == State::Pending {
            bar.note(picture, "sending");
            let parts = self.transfer(picture, &upload, &path, bar)?;
            let body = parts.map(|parts| json!({ "parts": parts }));
            upload = self.origin.post(&format!("{path}/complete"), &[], body.as_ref())?;
        }
        bar.note(picture, "waiting");
        while self.waits && matches!(upload.state, State::Pending | State::Received) {
            upload = self.origin.get(&format!("{path}?wait_seconds={WAIT_SECONDS}"))?;
        }
        match upload.state {
            State::Ready => Ok(Outcome::Ready(upload.into_image())),
            State::Pending | State::Received => Ok(Outcome::Received(upload.id)),
            State::Rejected | State::Expired => Err(Failure::hopeless(&upload.reason())),
        }
    }

    /// Sends the bytes; of parts, answers what the bucket called each.
    fn transfer(
        &self,
        picture: &Picture,
        upload: &Upload,
        path: &str,
        bar: &FileBar,
    ) -> Result<Option<Vec<Value>>, Failure> {
        match upload.multipart {
            Some(_) => self.transfer_parts(picture, path, bar).map(Some),
            None => self.transfer_whole(picture, path, bar).map(|()| None),
        }
    }

    fn transfer_whole(&self, picture: &Picture, path: &str, bar: &FileBar) -> Result<(), Failure> {
        // Asked for again each time: a URL runs out.
        self.in_turns(path, |now| {
            let target =
                now.put.as_ref().ok_or_else(|| Failure::hopeless("the origin says no place to put it"))?;
            persist(|| self.put(picture, target, 0, picture.size_bytes, bar)).map(|_| ())
        })
    }

    /// Sends the parts that are not there, several at once.
    fn transfer_parts(&self, picture: &Picture, path: &str, bar: &FileBar) -> Result<Vec<Value>, Failure> {
        let etags = Mutex::new(Vec::<(u64, String)>::new());
        self.in_turns(path, |now| {
            let Some(Multipart { part_bytes, parts }) = &now.multipart else {
                return Err(Failure::hopeless("the origin says no places to put its parts"));
            };
            let is_sent = |part: &Part| held(&etags).iter().any(|(number, _)| *number == part.number);
            let missing: Vec<&Part> = parts.iter().filter(|part| !is_sent(part)).collect();
            self.in_parallel(&missing, |part| {
                let offset = part.number.saturating_sub(1).saturating_mul(*part_bytes);
                let etag = match (&part.etag, &part.put) {
                    (Some(etag), _) => {
                        bar.add(part.size_bytes);
                        etag.clone()
                    }
                    (None, Some(target)) => {
                        persist(|| self.put(picture, target, offset, part.size_bytes, bar))?
                    }
                    (None, None) => return Err(Failure::hopeless("the origin says no place to put a part")),
                };
                held(&etags).push((part.number, etag));
                Ok(())
            })
        })?;
        let mut etags = etags.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        etags.sort();
        Ok(etags.into_iter().map(|(number, etag)| json!({ "number": number, "etag": etag })).collect())
    }

    /// Does something with an upload as it is now, and once more with fresh URLs where those had run out.
    fn in_turns(&self, path: &str, attempt: impl Fn(&Upload) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut turn = 1;
        loop {
            let now: Upload = self.origin.get(path)?;
            match attempt(&now) {
                Err(failure) if failure.status == Some(403) && turn < MOST_TURNS => turn += 1,
                outcome => return outcome,
            }
        }
    }

    fn in_parallel<T: Sync>(
        &self,
        things: &[T],
        each: impl Fn(&T) -> Result<(), Failure> + Sync,
    ) -> Result<(), Failure> {
        let next = AtomicUsize::new(0);
        let first_failure = Mutex::new(None);
        let work = || {
            while held(&first_failure).is_none()
                && let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed))
            {
                if let Err(failure) = each(thing) {
                    held(&first_failure).get_or_insert(failure);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.min(things.len()) {
                scope.spawn(work);
            }
        });
        first_failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Puts a stretch of the file somewhere; answers what the bucket calls it.
    fn put(
        &self,
        picture: &Picture,
        target: &Target,
        offset: u64,
        size_bytes: u64,
        bar: &FileBar,
    ) -> Result<String, Failure> {
        let unreadable =
            |error: std::io::Error| Failure::hopeless(&format!("the file cannot be read: {error}"));
        let mut file = File::open(&picture.path).map_err(unreadable)?;
        file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        let answer =
            bar.counting(file.take(size_bytes), |bytes| self.origin.put(target, size_bytes, bytes))?;
        let etag = answer.headers.get("etag").and_then(|value| value.to_str().ok());
        Ok(etag.unwrap_or_default().to_owned())
    }
}

impl Upload {
    /// The id of its picture.
    fn into_image(self) -> String {
        self.image.map_or(self.id, |image| image.id)
    }

    /// Whether the origin waits no longer, though nobody has told its catalog yet.
    fn is_over(&self) -> bool {
        self.put.is_none() && self.multipart.is_none()
    }

    /// Why it is no picture.
    fn reason(&self) -> String {
        match (&self.problem, self.state) {
            (_, State::Expired) => "it came too late; run the same again".to_owned(),
            (Some(Problem { kind, detail }), _) => format!("it was rejected: {kind}: {detail}"),
            (None, _) => "it was rejected".to_owned(),
        }
    }
}

/// Whoever panicked while holding it left nothing half done.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The hash of a file, which must be as long as it was.
fn hash(picture: &Picture) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::hopeless(&format!("the file cannot be read: {error}"));
    let mut file = File::open(&picture.path).map_err(unreadable)?;
    let mut hash = Sha256::new();
    let length = std::io::copy(&mut file, &mut hash).map_err(unreadable)?;
    if length != picture.size_bytes {
        return Err(Failure::hopeless("the file is being written to"));
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// Says that two requests mean the same upload.
fn idempotency_key(origin: &str, body: &Value, round: u32) -> String {
    let hash = Sha256::digest(format!("lenslet-upload-1\n{origin}\n{body}\n{round}"));
    format!("{hash:x}").chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_from_place_name_and_hash() {
        let body = |name: &str, hash: &str| json!({ "name": name, "sha256": hash });
        let key = idempotency_key("https://o.example", &body("a", "1"), 0);
        assert_eq!(key, idempotency_key("https://o.example", &body("a", "1"), 0));
        assert_eq!(key.len(), 40);
        for other in [
            idempotency_key("https://p.example", &body("a", "1"), 0),
            idempotency_key("https://o.example", &body("b", "1"), 0),
            idempotency_key("https://o.example", &body("a", "2"), 0),
            idempotency_key("https://o.example", &body("a", "1"), 1),
        ] {
            assert_ne!(key, other);
        }
    }

    #[test]
    fn uploads_are_read_as_the_origin_writes_them() {
        let upload: Upload = serde_json::from_value(json!({
            "id": "u", "state": "pending", "method": "multipart", "new": "member", "multipart": {
                "part_bytes": 8,
                "parts": [
                    { "number": 1, "size_bytes": 8, "etag": "a" },
                    { "number": 2, "size_bytes": 3,
                        "put": { "url": "https://b.example/?x", "method": "PUT", "headers": { "a": "b" }, "expires": "" } },
                ],
            },
        }))
        .unwrap();
        let parts = upload.multipart.unwrap().parts;
        assert_eq!((parts[0].etag.as_deref(), parts[0].put.is_none()), (Some("a"), true));
        assert!(parts[1].put.is_some());
    }
}

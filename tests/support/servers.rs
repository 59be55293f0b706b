//! Buckets and web servers in memory, which fail as they are told.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use lenslet::serve::ports::{Blob, Fetched, PIECE_BYTES, StoreError, Version};
use lenslet::sources::Outgoing;

use super::clock::Clock;

/// What goes wrong with whoever is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be reached.
    Fails(String),
    /// It never answers.
    Stalls,
    /// It takes so many milliseconds.
    Slow(u32),
    /// So many milliseconds pass before each piece.
    Drips(u32),
    /// So many bytes come, and then nothing more.
    StallsAfter(usize),
    /// So many bytes come, and then an error.
    BreaksAfter(usize),
    /// So many milliseconds pass, and then an error.
    BreaksLate(u32),
    /// So many bytes come, and then the end.
    EndsAfter(usize),
    /// It answers this status.
    Status(u16),
}

/// An object: its version, media type and bytes.
#[derive(Debug, Clone)]
pub struct Object {
    pub version: Version,
    pub content_type: Option<String>,
    pub about: Vec<(String, String)>,
    pub bytes: Arc<[u8]>,
}

/// What answers at an address.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Arc<[u8]>,
}

/// Everybody whom the edge may ask.
#[derive(Debug)]
pub struct Servers {
    clock: Rc<Clock>,
    /// By binding and key.
    pub objects: RefCell<BTreeMap<(String, String), Object>>,
    /// By URL.
    pub pages: RefCell<BTreeMap<String, Page>>,
    /// By binding, or by what a URL begins with.
    pub troubles: RefCell<BTreeMap<String, Trouble>>,
    /// Whoever made trouble once is good again.
    pub once: RefCell<Option<(String, Trouble)>>,
    /// Objects and pages that were asked for with their bytes.
    pub reads: Cell<u32>,
    /// Versions that were asked for.
    pub heads: Cell<u32>,
    /// What was asked of web servers.
    pub asked: RefCell<Vec<Outgoing>>,
}

/// A file's bytes, and how many of them were read.
#[derive(Debug)]
pub struct Bytes {
    clock: Rc<Clock>,
    all: Arc<[u8]>,
    read: usize,
    trouble: Option<Trouble>,
}

impl Blob for Bytes {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(Trouble::Drips(milliseconds)) = self.trouble {
            self.clock.sleep(f64::from(milliseconds)).await;
        }
        if let Some(Trouble::BreaksLate(milliseconds)) = self.trouble {
            self.clock.sleep(f64::from(milliseconds)).await;
            return Err(StoreError("it broke off".to_owned()));
        }
        let end = match self.trouble {
            Some(Trouble::StallsAfter(end) | Trouble::BreaksAfter(end) | Trouble::EndsAfter(end)) => end,
            _ => usize::MAX,
        };
        if self.read >= end && self.trouble != Some(Trouble::EndsAfter(end)) {
            if let Some(Trouble::BreaksAfter(_)) = self.trouble {
                return Err(StoreError("it broke off".to_owned()));
            }
            self.clock.sleep(f64::from(u32::MAX)).await;
        }
        let piece = self.all.iter().take(end).skip(self.read).take(PIECE_BYTES as usize);
        let piece: Vec<u8> = piece.copied().collect();
        self.read += piece.len();
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Servers {
    pub fn new(clock: &Rc<Clock>) -> Self {
        Self {
            clock: Rc::clone(clock),
            objects: RefCell::default(),
            pages: RefCell::default(),
            troubles: RefCell::default(),
            once: RefCell::default(),
            reads: Cell::default(),
            heads: Cell::default(),
            asked: RefCell::default(),
        }
    }

    /// Makes trouble with a binding, or with all URLs that begin so.
    pub fn trouble(&self, whom: &str, trouble: Trouble) {
        self.troubles.borrow_mut().insert(whom.to_owned(), trouble);
    }

    /// Makes trouble with the next request only.
    pub fn once(&self, whom: &str, trouble: Trouble) {
        *self.once.borrow_mut() = Some((whom.to_owned(), trouble));
    }

    pub fn mend(&self) {
        self.troubles.borrow_mut().clear();
    }

    /// Answers a URL with these headers.
    pub fn page(&self, url: &str, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let page = Page { status, headers: headers.collect(), body: body.into() };
        self.pages.borrow_mut().insert(url.to_owned(), page);
    }

    /// What goes wrong now; whoever stalls or is slow does so here.
    async fn meet(&self, whom: &str) -> Result<Option<Trouble>, StoreError> {
        let is_meant = |name: &str| whom.starts_with(name);
        let once = self.once.borrow_mut().take_if(|(name, _)| is_meant(name)).map(|(_, trouble)| trouble);
        let always =
            || self.troubles.borrow().iter().find(|(name, _)| is_meant(name)).map(|(_, t)| t.clone());
        let found = once.or_else(always);
        match &found {
            Some(Trouble::Fails(reason)) => return Err(StoreError(reason.clone())),
            Some(Trouble::Stalls) => self.clock.sleep(f64::from(u32::MAX)).await,
            Some(Trouble::Slow(milliseconds)) => self.clock.sleep(f64::from(*milliseconds)).await,
            _ => {}
        }
        Ok(found)
    }

    fn bytes(&self, all: &Arc<[u8]>, trouble: Option<Trouble>) -> Bytes {
        Bytes { clock: Rc::clone(&self.clock), all: Arc::clone(all), read: 0, trouble }
    }

    pub async fn head(&self, binding: &str, key: &str) -> Result<Option<Version>, StoreError> {
        self.heads.set(self.heads.get() + 1);
        self.meet(binding).await?;
        Ok(self.object(binding, key).map(|object| object.version))
    }

    pub async fn get(&self, binding: &str, key: &str) -> Result<Option<(Version, Bytes)>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        let trouble = self.meet(binding).await?;
        let found = self.object(binding, key);
        Ok(found.map(|object| (object.version, self.bytes(&object.bytes, trouble))))
    }

    pub fn object(&self, binding: &str, key: &str) -> Option<Object> {
        self.objects.borrow().get(&(binding.to_owned(), key.to_owned())).cloned()
    }

    pub async fn fetch(&self, request: &Outgoing) -> Result<Fetched<Bytes>, StoreError> {
        self.asked.borrow_mut().push(request.clone());
        let trouble = self.meet(&request.url).await?;
        if let Some(Trouble::Status(status)) = trouble {
            return Ok(Fetched { status, headers: HeaderMap::new(), blob: self.bytes(&[].into(), None) });
        }
        let page = self.pages.borrow().get(&request.url).cloned();
        let Some(page) = page else {
            return Ok(Fetched {
                status: 404,
                headers: HeaderMap::new(),
                blob: self.bytes(&[].into(), None),
            });
        };
        let tag = page.headers.get("etag");
        let asked = request.headers.get("if-none-match");
        let is_same = tag.zip(asked).is_some_and(|(tag, asked)| {
            asked.to_str().unwrap().split(", ").any(|one| one.as_bytes() == tag.as_bytes())
        });
        if is_same {
            return Ok(Fetched { status: 304, headers: page.headers, blob: self.bytes(&[].into(), None) });
        }
        self.reads.set(self.reads.get() + 1);
        Ok(Fetched { status: page.status, headers: page.headers, blob: self.bytes(&page.body, trouble) })
    }

    /// The second of the two that `put` at once loses.
    pub fn replace(&self, binding: &str, key: &str, body: &[u8], etag: Option<&str>, put: u64) -> bool {
        let is_still_so = self.object(binding, key).map(|object| object.version.etag).as_deref() == etag;
        if is_still_so {
            self.put(binding, key, &format!("put-{put}"), body, None, Vec::new());
        }
        is_still_so
    }

    pub fn put(
        &self,
        binding: &str,
        key: &str,
        etag: &str,
        bytes: &[u8],
        content_type: Option<String>,
        about: Vec<(String, String)>,
    ) {
        let version = Version {
            etag: etag.to_owned(),
            modified_seconds: super::world::STORED_SECONDS,
            size_bytes: bytes.len() as u64,
            focus: None,
        };
        let object = Object { version, content_type, about, bytes: bytes.into() };
        self.objects.borrow_mut().insert((binding.to_owned(), key.to_owned()), object);
    }
}

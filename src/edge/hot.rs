//! Small variants that were asked for lately, in the isolate's own memory: whoever asks again need not ask the data
//! centre's cache. Outside of linear memory, which is for pictures that are being made.
//!
//! Two generations instead of a list by age: what is asked for in the older one moves to the younger one, and when that
//! is full, the older one goes.

use std::collections::HashMap;

use http::HeaderMap;
use js_sys::Uint8Array;

/// What both generations hold, at most; an isolate has 128 MB for everything.
const MOST_BYTES: u32 = 8 << 20;

/// Larger bodies are better handed on while they come.
pub(super) const LARGEST_BYTES: u32 = 64 << 10;

/// A body in JavaScript's memory, and its headers.
pub(super) type Kept = (HeaderMap, Uint8Array);

/// Variants by their keys.
#[derive(Default)]
pub(super) struct Hot {
    young: HashMap<String, Kept>,
    young_bytes: u32,
    old: HashMap<String, Kept>,
}

impl Hot {
    pub(super) fn get(&mut self, key: &str) -> Option<Kept> {
        if let Some(kept) = self.young.get(key) {
            return Some(kept.clone());
        }
        let kept = self.old.remove(key)?;
        self.put(key, kept.clone());
        Some(kept)
    }

    pub(super) fn put(&mut self, key: &str, kept: Kept) {
        let bytes = kept.1.length();
        if bytes > LARGEST_BYTES || self.young.contains_key(key) {
            return;
        }
        if self.young_bytes + bytes > MOST_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(key.to_owned(), kept);
    }
}

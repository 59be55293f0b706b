//! What a file says of itself beside its pixels: EXIF, IPTC and XMP, as one.
//!
//! All of it was written by somebody else. What is broken or too long is passed over, never an error; what tells where or
//! by whose camera a picture was taken is kept apart.

mod date;
mod exif;
mod iptc;
mod text;
mod xmp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};

use super::container::Blocks;

/// Tags of a file beyond these are passed over.
const MOST_TAGS: usize = 64;
/// Longer tags are none.
const LONGEST_TAG: usize = 64;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Facts {
    pub(super) title: Option<String>,
    pub(super) caption: Option<String>,
    /// In small letters, sorted, each once.
    pub(super) tags: Vec<String>,
    /// In milliseconds since 1970; in UTC where no offset is known.
    pub(super) taken_ms: Option<i64>,
    pub(super) camera: Option<String>,
    pub(super) lens: Option<String>,
    /// What everybody may know who may read the catalog.
    pub(super) public: Map<String, Value>,
    /// Where it was taken, serial numbers, owners.
    pub(super) private: Map<String, Value>,
}

/// Reads all there is. Of what is said twice XMP goes before IPTC, which older software wrote, and for what a camera
/// knows EXIF goes before both.
pub(super) fn read(blocks: &Blocks) -> Facts {
    let exif = blocks.exif.as_deref().map(|bytes| guarded(|| exif::read(bytes))).unwrap_or_default();
    let xmp = blocks.xmp.as_deref().map(|bytes| guarded(|| xmp::read(bytes))).unwrap_or_default();
    let iptc = guarded(|| iptc::read(&blocks.photoshop));
    let mut facts = exif.clone();
    // A camera's own title is mostly its maker's name.
    facts.title = xmp.title.clone().or(iptc.title.clone());
    facts.caption = xmp.caption.clone().or(iptc.caption.clone()).or(exif.caption);
    for other in [xmp, iptc] {
        facts.taken_ms = facts.taken_ms.or(other.taken_ms);
        facts.camera = facts.camera.or(other.camera);
        facts.lens = facts.lens.or(other.lens);
        facts.tags.extend(other.tags);
        add(&mut facts.public, other.public);
        add(&mut facts.private, other.private);
    }
    facts.tags = tags(&facts.tags);
    facts
}

/// What is there already stays.
fn add(to: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        to.entry(name).or_insert(value);
    }
}

/// As the catalog has them.
fn tags(found: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = found.iter().map(|tag| tag.trim().to_lowercase()).collect();
    tags.retain(|tag| (1..=LONGEST_TAG).contains(&tag.len()));
    tags.sort();
    tags.dedup();
    tags.truncate(MOST_TAGS);
    tags
}

/// A parser of hostile bytes that panics found nothing.
fn guarded(read: impl FnOnce() -> Facts) -> Facts {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_small_sorted_and_each_once() {
        let found = ["Sea", " boat ", "sea", "", &"x".repeat(65)].map(str::to_owned).to_vec();
        assert_eq!(tags(&found), ["boat", "sea"]);
    }

    #[test]
    fn rubbish_says_nothing() {
        let rubbish: Vec<u8> =
            (0..4_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
        for start in
            [&b""[..], b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"8BIM\x04\x04\0\0", b"<x:xmpmeta>&a;"]
        {
            let bytes = [start, &rubbish].concat();
            let blocks = Blocks { exif: Some(bytes.clone()), photoshop: bytes.clone(), xmp: Some(bytes) };
            let facts = read(&blocks);
            assert_eq!((facts.title, facts.taken_ms), (None, None));
        }
    }
}

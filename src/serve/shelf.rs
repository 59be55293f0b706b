//! What pictures are made with, kept in the isolate: files of marks and fonts, and marks as they were drawn.
//!
//! A mark is the same on thousands of pictures, and of a few sizes. Both are bounded by what all of it costs, in the
//! module's memory beside that of transforms.

use std::cell::RefCell;
use std::rc::Rc;

use super::reading::ONCE;
use super::recent::Recent;
use super::versions::Current;
use crate::picture::Picture;
use crate::plan::MarkPlan;
use crate::render;

const MOST_FILE_BYTES: u32 = 2 << 20;
const MOST_FRAME_BYTES: u32 = 4 << 20;

/// Files and frames by name.
#[derive(Debug)]
pub(super) struct Shelf {
    files: RefCell<Recent<Rc<Vec<u8>>>>,
    frames: RefCell<Recent<Rc<Picture>>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            files: RefCell::new(Recent::new(MOST_FILE_BYTES)),
            frames: RefCell::new(Recent::new(MOST_FRAME_BYTES)),
        }
    }
}

impl Shelf {
    /// The bytes of a file of this version, if they are there.
    pub(super) fn file(&self, current: &Current, purged_ms: f64) -> Option<Vec<u8>> {
        let file = self.files.borrow_mut().get(&name(current, purged_ms))?;
        Some(file.to_vec())
    }

    /// Keeps the bytes of a file of this version.
    pub(super) fn keep_file(&self, current: &Current, purged_ms: f64, bytes: &[u8]) {
        if current.version.etag.starts_with(ONCE) {
            return;
        }
        let name = name(current, purged_ms);
        let mut files = self.files.borrow_mut();
        // What is too large is not copied first.
        if files.takes(&name, length(bytes)) && files.get(&name).is_none() {
            files.put(&name, Rc::new(bytes.to_vec()), length(bytes));
        }
    }

    /// The frames of marks of these versions, in the order of their recipe.
    pub(super) fn frames_of<'a>(
        &'a self,
        marks: impl Iterator<Item = &'a Current>,
        purged_ms: f64,
    ) -> Frames<'a> {
        Frames { shelf: self, names: marks.map(|current| name(current, purged_ms)).collect() }
    }
}

/// The frames of a recipe's marks.
pub(super) struct Frames<'a> {
    shelf: &'a Shelf,
    names: Vec<String>,
}

impl Frames<'_> {
    fn name(&self, plan: &MarkPlan) -> Option<String> {
        Some(format!("{} {}", self.names.get(plan.index)?, plan.frame_name()))
    }
}

impl render::Shelf for Frames<'_> {
    fn find(&self, plan: &MarkPlan) -> Option<Rc<Picture>> {
        self.shelf.frames.borrow_mut().get(&self.name(plan)?)
    }

    fn keep(&self, plan: &MarkPlan, frame: &Rc<Picture>) {
        if let Some(name) = self.name(plan) {
            self.shelf.frames.borrow_mut().put(&name, Rc::clone(frame), length(frame.samples()));
        }
    }
}

/// What was purged is read anew, also where it has the same entity tag.
fn name(Current { place, version }: &Current, purged_ms: f64) -> String {
    format!("{place}@{} {purged_ms}", version.etag)
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

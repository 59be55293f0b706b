//! An allocator that knows how much was held at most.

#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// The system's allocator, counted. Growing is counted as a second allocation beside the first, which is what
/// it may cost in linear memory.
#[derive(Debug)]
pub struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on as it came; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), SeqCst) + layout.size();
        MOST.fetch_max(held, SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), SeqCst);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Everything is counted, whoever allocates: a test that counts holds this from its first line.
#[cfg(not(target_arch = "wasm32"))]
pub fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// There is one thread, and after a trap it would hold a lock for ever.
#[cfg(target_arch = "wasm32")]
pub fn alone() -> impl Sized {
    struct Alone;
    Alone
}

/// What `work` held at most beyond what was held before, and what it gave.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = HELD.load(SeqCst);
    MOST.store(before, SeqCst);
    let result = work();
    (MOST.load(SeqCst).saturating_sub(before) as u64, result)
}

//! What transforms hold of the linear memory that they share, and who waits for some of it.
//!
//! A transform waits for its file piece by piece, and others run meanwhile. Each is promised what it will hold before it
//! takes the first byte; whoever finds too little left waits its turn for a while, and beyond that is sent away.

use std::cell::Cell;

use super::patience::wait_for;
use super::ports::World;
use super::problem::Problem;
use crate::picture::budget::LARGEST_TRANSFORM_BYTES;

/// More than this many would wait longer than anybody looks at an empty frame.
const MOST_WAITING: u32 = 64;
/// And nobody waits longer than this.
const PATIENCE_MS: f64 = 3_000.0;

/// Bytes that transforms of this isolate have been promised.
#[derive(Debug, Default)]
pub struct Ledger {
    promised: Cell<u64>,
    waiting: Cell<u32>,
}

/// A promise, until it is dropped.
#[derive(Debug)]
pub struct Promise<'a> {
    ledger: &'a Ledger,
    bytes: u64,
}

impl Ledger {
    /// Promises so many bytes; nothing where others hold too many of them now.
    pub fn promise(&self, bytes: u64) -> Option<Promise<'_>> {
        self.take(bytes).then_some(Promise { ledger: self, bytes })
    }

    /// Promises so many bytes, as soon as others leave them.
    pub(super) async fn wait_for<W: World>(&self, world: &W, bytes: u64) -> Result<Promise<'_>, Problem> {
        let mut promise = Promise { ledger: self, bytes: 0 };
        promise.resize(world, bytes).await?;
        Ok(promise)
    }

    fn take(&self, bytes: u64) -> bool {
        let promised = self.promised.get().saturating_add(bytes);
        let fits = promised <= LARGEST_TRANSFORM_BYTES;
        if fits {
            self.promised.set(promised);
        }
        fits
    }

    fn give_back(&self, bytes: u64) {
        self.promised.set(self.promised.get().saturating_sub(bytes));
    }
}

impl Promise<'_> {
    /// How many it is of.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes it a promise of so many bytes instead, as soon as others leave them.
    pub(super) async fn resize<W: World>(&mut self, world: &W, bytes: u64) -> Result<(), Problem> {
        if self.try_resize(bytes) {
            return Ok(());
        }
        let Some(_place) = Place::take(&self.ledger.waiting).filter(|_| bytes <= LARGEST_TRANSFORM_BYTES)
        else {
            return Err(Problem::Busy);
        };
        let given_up_ms = world.now_ms() + PATIENCE_MS;
        let has_room = wait_for(world, given_up_ms, || self.try_resize(bytes)).await;
        if has_room { Ok(()) } else { Err(Problem::Busy) }
    }

    fn try_resize(&mut self, bytes: u64) -> bool {
        if let Some(less) = self.bytes.checked_sub(bytes) {
            self.bytes = bytes;
            self.ledger.give_back(less);
            return true;
        }
        let fits = self.ledger.take(bytes - self.bytes);
        if fits {
            self.bytes = bytes;
        }
        fits
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        self.ledger.give_back(self.bytes);
    }
}

/// A place among those who wait.
struct Place<'a>(&'a Cell<u32>);

impl<'a> Place<'a> {
    fn take(waiting: &'a Cell<u32>) -> Option<Self> {
        if waiting.get() >= MOST_WAITING {
            return None;
        }
        waiting.set(waiting.get() + 1);
        Some(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_end_with_those_they_were_given_to() {
        let ledger = Ledger::default();
        let most = ledger.promise(LARGEST_TRANSFORM_BYTES);
        assert!(most.is_some() && ledger.promise(1).is_none());
        drop(most);
        assert!(ledger.promise(1).is_some());
        assert!(ledger.promise(LARGEST_TRANSFORM_BYTES + 1).is_none());
    }

    #[test]
    fn a_promise_may_shrink_and_grow() {
        let ledger = Ledger::default();
        let mut promise = ledger.promise(LARGEST_TRANSFORM_BYTES).unwrap();
        assert!(promise.try_resize(10) && ledger.promised.get() == 10);
        let other = ledger.promise(LARGEST_TRANSFORM_BYTES - 10).unwrap();
        assert!(!promise.try_resize(11));
        drop(other);
        assert!(promise.try_resize(11));
        drop(promise);
        assert_eq!(ledger.promised.get(), 0);
    }
}

//! What transforms hold of the linear memory that they share.
//!
//! A transform of a file in memory does not wait for anything, so no other runs beside it. One whose file comes in
//! while it runs waits for every piece, and others may want room meanwhile.

use std::cell::Cell;

use crate::picture::budget::LARGEST_TRANSFORM_BYTES;

/// Bytes that transforms of this isolate have been promised.
#[derive(Debug, Default)]
pub struct Ledger {
    promised: Cell<u64>,
}

/// A promise, until it is dropped.
#[derive(Debug)]
pub struct Promise<'a> {
    ledger: &'a Ledger,
    bytes: u64,
}

impl Ledger {
    /// A ledger without promises.
    pub const fn new() -> Self {
        Self { promised: Cell::new(0) }
    }

    /// Promises so many bytes; nothing where others hold too many of them now.
    pub fn promise(&self, bytes: u64) -> Option<Promise<'_>> {
        let promised = self.promised.get().saturating_add(bytes);
        if promised > LARGEST_TRANSFORM_BYTES {
            return None;
        }
        self.promised.set(promised);
        Some(Promise { ledger: self, bytes })
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        self.ledger.promised.set(self.ledger.promised.get().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_end_with_those_they_were_given_to() {
        let ledger = Ledger::new();
        let most = ledger.promise(LARGEST_TRANSFORM_BYTES);
        assert!(most.is_some() && ledger.promise(1).is_none());
        drop(most);
        assert!(ledger.promise(1).is_some());
        assert!(ledger.promise(LARGEST_TRANSFORM_BYTES + 1).is_none());
    }
}

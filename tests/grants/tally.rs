//! What was tried, by kind. A change that is a valid one again, or was tried already, does not count.

use std::collections::{BTreeMap, HashSet};

#[derive(Default)]
pub(super) struct Tally {
    valid: HashSet<String>,
    tried: HashSet<String>,
    counts: BTreeMap<&'static str, usize>,
    accepted: Vec<String>,
}

impl Tally {
    /// Must be accepted.
    pub(super) fn valid(&mut self, text: &str, accepts: impl FnOnce(&str) -> bool) {
        assert!(accepts(text), "valid and refused: {text}");
        self.valid.insert(text.to_owned());
    }

    /// Must be refused.
    pub(super) fn changed(&mut self, kind: &'static str, text: String, accepts: impl FnOnce(&str) -> bool) {
        if self.valid.contains(&text) || self.tried.contains(&text) {
            return;
        }
        if accepts(&text) {
            self.accepted.push(format!("{kind}: {text}"));
        }
        *self.counts.entry(kind).or_default() += 1;
        self.tried.insert(text);
    }

    /// Tells the counts; the sum of them where none was accepted.
    pub(super) fn result(&self) -> usize {
        for (kind, count) in &self.counts {
            println!("{count:7} {kind}");
        }
        let total = self.counts.values().sum();
        let (valid, accepted) = (self.valid.len(), self.accepted.len());
        println!("{total:7} changed, {accepted} of them accepted; {valid} valid, all accepted");
        assert!(self.accepted.is_empty(), "{:#?}", &self.accepted[..accepted.min(20)]);
        total
    }
}

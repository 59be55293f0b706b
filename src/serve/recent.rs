//! What was asked for lately, within a bound on what all of it costs.
//!
//! Two generations instead of a list by age: what is asked for in the older one moves to the younger one, and when that
//! is full, the older one goes.

use std::collections::BTreeMap;

/// What an entry costs besides its key and what it says itself: its place in a map, and allocations around it. Without it
/// a client that asks for many tiny things could fill the memory with names.
const ENTRY_BYTES: u32 = 1_024;

/// Values by name. Which is forgotten when is nobody's business: a name that is not here may be asked for elsewhere.
#[derive(Debug)]
pub struct Recent<T> {
    young: BTreeMap<String, (T, u32)>,
    young_bytes: u32,
    old: BTreeMap<String, (T, u32)>,
    most_bytes: u32,
}

impl<T: Clone> Recent<T> {
    /// Holds nothing, and never more than so many bytes.
    pub const fn new(most_bytes: u32) -> Self {
        Self { young: BTreeMap::new(), young_bytes: 0, old: BTreeMap::new(), most_bytes }
    }

    /// What is known by a name.
    pub fn get(&mut self, name: &str) -> Option<T> {
        if let Some((value, _)) = self.young.get(name) {
            return Some(value.clone());
        }
        let (value, bytes) = self.old.remove(name)?;
        self.put(name, value.clone(), bytes);
        Some(value)
    }

    /// Whether a value of so many bytes would be kept.
    pub fn takes(&self, name: &str, bytes: u32) -> bool {
        cost(name, bytes) <= self.most_bytes / 2
    }

    /// Keeps a value of so many bytes, in the place of the one that had its name. One that would fill half of the room is
    /// not kept.
    pub fn put(&mut self, name: &str, value: T, bytes: u32) {
        self.old.remove(name);
        if let Some((_, bytes)) = self.young.remove(name) {
            self.young_bytes -= cost(name, bytes);
        }
        if !self.takes(name, bytes) {
            return;
        }
        let cost = cost(name, bytes);
        if self.young_bytes + cost > self.most_bytes / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += cost;
        self.young.insert(name.to_owned(), (value, bytes));
    }
}

fn cost(name: &str, bytes: u32) -> u32 {
    u32::try_from(name.len()).unwrap_or(u32::MAX).saturating_add(bytes).saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost_of_all(recent: &Recent<u32>) -> u32 {
        let all = recent.young.iter().chain(&recent.old);
        all.map(|(name, (_, bytes))| cost(name, *bytes)).sum()
    }

    #[test]
    fn never_costs_more_than_it_may() {
        let mut recent = Recent::new(100_000);
        for number in 0..10_000 {
            recent.put(&format!("{}", number % 700), number, number % 3_000);
            assert!(cost_of_all(&recent) <= 100_000);
            assert_eq!(recent.get(&format!("{}", number % 700)), Some(number));
        }
        assert!(recent.young.len() + recent.old.len() > 20);
    }

    #[test]
    fn tiny_values_are_not_for_nothing() {
        let mut recent = Recent::new(100_000);
        (0..10_000).for_each(|number| recent.put(&number.to_string(), number, 0));
        assert!(recent.young.len() + recent.old.len() < 100);
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut recent = Recent::new(100_000);
        recent.put("wanted", 7, 10);
        for number in 0..1_000 {
            recent.put(&number.to_string(), number, 10);
            assert_eq!(recent.get("wanted"), Some(7), "{number}");
        }
        assert_eq!(recent.get("0"), None);
    }

    #[test]
    fn what_is_too_large_is_not_kept_nor_what_it_replaces() {
        let mut recent = Recent::new(100_000);
        recent.put("a", 1, 10);
        recent.put("a", 2, 60_000);
        assert_eq!(recent.get("a"), None);
        recent.put("a", 3, u32::MAX);
        assert_eq!((recent.get("a"), recent.young_bytes), (None, 0));
    }
}

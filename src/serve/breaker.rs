//! Sources that fail are left alone for a while, so that nobody waits for what will not come.
//!
//! After some failures in a row the circuit is open: everyone hears of the last failure at once. Then one request is let
//! through to see, and what it meets decides for all.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::source_error::Fault;

/// So many failures in a row open the circuit, …
const MOST_FAILURES: u32 = 5;
/// … for so long.
const REST_MS: f64 = 2_000.0;
/// Whoever was let through to see has ended by then, or vanished.
const PROBE_MS: f64 = 5_000.0;

/// The circuits of all sources, by their names.
#[derive(Debug, Default)]
pub(super) struct Breakers(RefCell<BTreeMap<String, Circuit>>);

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    last: Option<Fault>,
    /// Nobody is let through before this moment.
    closed_until_ms: f64,
}

impl Breakers {
    /// Lets a request through to a source, or says what it would meet.
    pub(super) fn admit(&self, source: &str, now_ms: f64) -> Result<(), Fault> {
        let mut circuits = self.0.borrow_mut();
        let Some(circuit) = circuits.get_mut(source) else { return Ok(()) };
        match &circuit.last {
            Some(fault) if circuit.failures >= MOST_FAILURES => {
                if now_ms < circuit.closed_until_ms {
                    return Err(fault.clone());
                }
                // This one goes to see; the others wait for what it meets.
                circuit.closed_until_ms = now_ms + PROBE_MS;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A source answered, whatever it said.
    pub(super) fn succeeded(&self, source: &str) {
        self.0.borrow_mut().remove(source);
    }

    /// A source failed. Answers whether it is left alone from now on.
    pub(super) fn failed(&self, source: &str, fault: &Fault, now_ms: f64) -> bool {
        let mut circuits = self.0.borrow_mut();
        let circuit = circuits.entry(source.to_owned()).or_default();
        circuit.failures = circuit.failures.saturating_add(1);
        circuit.last = Some(fault.clone());
        circuit.closed_until_ms = now_ms + REST_MS;
        circuit.failures == MOST_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_after_some_failures_and_then_lets_one_through() {
        let breakers = Breakers::default();
        let fault = Fault::Status(503);
        for failure in 1..=MOST_FAILURES {
            assert_eq!(breakers.admit("a", 0.0), Ok(()));
            assert_eq!(breakers.failed("a", &fault, 0.0), failure == MOST_FAILURES);
        }
        assert_eq!(breakers.admit("a", 1_999.0), Err(fault.clone()));
        assert_eq!(breakers.admit("b", 1_999.0), Ok(()));
        assert_eq!(breakers.admit("a", 2_000.0), Ok(()), "one goes to see");
        assert_eq!(breakers.admit("a", 2_001.0), Err(fault.clone()), "and no other");
        assert!(!breakers.failed("a", &fault, 2_100.0));
        assert_eq!(breakers.admit("a", 4_000.0), Err(fault.clone()));
        assert_eq!(breakers.admit("a", 4_100.0), Ok(()));
        assert_eq!(breakers.admit("a", 9_100.0), Ok(()), "the one before has vanished");
        breakers.succeeded("a");
        assert_eq!(breakers.admit("a", 9_101.0), Ok(()));
        assert!(!breakers.failed("a", &fault, 9_102.0), "failures in a row are counted anew");
    }

    #[test]
    fn a_success_between_failures_counts() {
        let breakers = Breakers::default();
        for _ in 0..20 {
            breakers.failed("a", &Fault::Status(500), 0.0);
            breakers.succeeded("a");
            assert_eq!(breakers.admit("a", 0.0), Ok(()));
        }
    }
}

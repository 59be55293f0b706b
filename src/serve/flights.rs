//! Equal work in flight: whoever asks for what another request is at already waits for that one's outcome.
//!
//! The first one leads. It goes on although its client went away; should it vanish all the same, one of those who follow
//! takes its place.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::patience::wait_for;
use super::ports::{Bell, World};

/// Work by name, and what it comes to.
pub(super) struct Flights<T>(RefCell<BTreeMap<String, Rc<Flight<T>>>>);

struct Flight<T> {
    began_ms: f64,
    is_over: Cell<bool>,
    /// Nothing where the leader vanished.
    outcome: RefCell<Option<T>>,
}

/// Time-outs end all work earlier. A flight that is older has lost its leader.
const LONGEST_MS: f64 = 30_000.0;

/// The leader's seat. Whoever leaves it without an outcome leaves the flight to the others.
struct Lead<'a, T> {
    flights: &'a Flights<T>,
    name: &'a str,
    flight: Rc<Flight<T>>,
    stay: Option<Bell>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

/// What work came to, and whether another request did it.
pub(super) struct Landed<T> {
    pub outcome: T,
    pub is_shared: bool,
}

impl<T: Clone> Flights<T> {
    /// Does work, or waits for who is at it already. Outcomes that are `own` concern the leader alone, and the next one
    /// tries for itself. Nothing where the leaders take too long.
    pub(super) async fn join<W: World>(
        &self,
        world: &W,
        name: &str,
        own: impl Fn(&T) -> bool,
        work: impl AsyncFn() -> T,
    ) -> Option<Landed<T>> {
        let given_up_ms = world.now_ms() + LONGEST_MS;
        loop {
            let now_ms = world.now_ms();
            let Some(flight) = self.find(name, now_ms) else {
                let lead = self.lead(world, name, now_ms);
                let outcome = work().await;
                lead.land((!own(&outcome)).then(|| outcome.clone()));
                return Some(Landed { outcome, is_shared: false });
            };
            if now_ms >= given_up_ms {
                return None;
            }
            let lost_ms = given_up_ms.min(flight.began_ms + LONGEST_MS);
            wait_for(world, lost_ms, || flight.is_over.get()).await;
            if let Some(outcome) = flight.outcome.borrow().clone() {
                return Some(Landed { outcome, is_shared: true });
            }
        }
    }

    /// Whether somebody is at it.
    pub(super) fn has(&self, name: &str, now_ms: f64) -> bool {
        self.find(name, now_ms).is_some()
    }

    fn find(&self, name: &str, now_ms: f64) -> Option<Rc<Flight<T>>> {
        let flight = self.0.borrow().get(name).map(Rc::clone)?;
        (!flight.is_over.get() && now_ms < flight.began_ms + LONGEST_MS).then_some(flight)
    }

    fn lead<'a, W: World>(&'a self, world: &W, name: &'a str, began_ms: f64) -> Lead<'a, T> {
        let flight = Rc::new(Flight { began_ms, is_over: Cell::new(false), outcome: RefCell::new(None) });
        let mut flights = self.0.borrow_mut();
        flights.retain(|_, flight| began_ms < flight.began_ms + LONGEST_MS);
        flights.insert(name.to_owned(), Rc::clone(&flight));
        Lead { flights: self, name, flight, stay: Some(world.stay()) }
    }
}

impl<T> Lead<'_, T> {
    fn land(self, outcome: Option<T>) {
        *self.flight.outcome.borrow_mut() = outcome;
    }
}

impl<T> Drop for Lead<'_, T> {
    fn drop(&mut self) {
        self.flight.is_over.set(true);
        let mut flights = self.flights.0.borrow_mut();
        // Another one may have taken over meanwhile.
        if flights.get(self.name).is_some_and(|current| Rc::ptr_eq(current, &self.flight)) {
            flights.remove(self.name);
        }
        drop(flights);
        if let Some(bell) = self.stay.take() {
            bell();
        }
    }
}

impl<T> std::fmt::Debug for Flights<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.borrow().keys()).finish()
    }
}

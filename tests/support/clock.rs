//! Time that passes only when everybody waits for it, and futures that run by turns in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A clock, and who waits for which moment.
#[derive(Debug, Default)]
pub struct Clock {
    now_ms: Cell<f64>,
    /// When each of those who wait will be through.
    sleepers: RefCell<BTreeMap<u64, f64>>,
    next: Cell<u64>,
}

impl Clock {
    pub fn at(now_ms: f64) -> Rc<Self> {
        Rc::new(Self { now_ms: Cell::new(now_ms), ..Self::default() })
    }

    pub fn now_ms(&self) -> f64 {
        self.now_ms.get()
    }

    pub fn advance_ms(&self, milliseconds: f64) {
        self.now_ms.set(self.now_ms.get() + milliseconds);
    }

    /// Waits until so many milliseconds have passed.
    pub fn sleep(self: &Rc<Self>, milliseconds: f64) -> Sleep {
        let id = self.next.get();
        self.next.set(id + 1);
        let until_ms = self.now_ms() + milliseconds;
        self.sleepers.borrow_mut().insert(id, until_ms);
        Sleep { clock: Rc::clone(self), id, until_ms }
    }

    /// Runs a future to its end: whenever nobody can go on, time passes until the next one can.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            let next_ms = self.sleepers.borrow().values().copied().reduce(f64::min);
            let next_ms = next_ms.expect("everybody waits for what will never come");
            self.now_ms.set(next_ms.max(self.now_ms()));
            // Whoever is through may be somebody whom nobody asks any more.
            self.sleepers.borrow_mut().retain(|_, until_ms| *until_ms > self.now_ms());
        }
    }
}

/// A wait for a moment.
#[derive(Debug)]
pub struct Sleep {
    clock: Rc<Clock>,
    id: u64,
    until_ms: f64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.clock.now_ms() >= self.until_ms { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.sleepers.borrow_mut().remove(&self.id);
    }
}

/// Polls all of them by turns; what each came to, in their order.
pub async fn all<T>(futures: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Some).collect();
    let mut outputs: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if let Some(running) = future
                && let Poll::Ready(done) = running.as_mut().poll(context)
            {
                (*future, *output) = (None, Some(done));
            }
        }
        if futures.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().map(Option::unwrap).collect()
}

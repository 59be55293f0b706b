//! How long somebody waits.
//!
//! Nobody is woken by another request: a request may only touch what is its own, and under load the runtime has been seen
//! to let who is woken by another go on as that other. So each looks again by its own clock.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::ports::World;

/// What a future comes to within so many milliseconds; nothing where it takes longer. What it was doing is dropped then.
pub(super) async fn within<W: World, T>(
    world: &W,
    milliseconds: u32,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let mut patience = pin!(world.wait(milliseconds));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => patience.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// The first look again is after so many milliseconds, …
const SHORTEST_MS: u32 = 2;
/// … and every other after twice as many, up to this.
const LONGEST_MS: u32 = 16;

/// Waits until something holds, until a moment at most; answers whether it does.
pub(super) async fn wait_for<W: World>(world: &W, given_up_ms: f64, mut holds: impl FnMut() -> bool) -> bool {
    let mut pause_ms = SHORTEST_MS;
    loop {
        if holds() {
            return true;
        }
        let now_ms = world.now_ms();
        if now_ms >= given_up_ms {
            return false;
        }
        world.wait(pause_ms.min(until(given_up_ms, now_ms))).await;
        pause_ms = (pause_ms * 2).min(LONGEST_MS);
    }
}

/// Milliseconds from now until a moment, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
pub(super) fn until(moment_ms: f64, now_ms: f64) -> u32 {
    (moment_ms - now_ms).max(1.0) as u32
}

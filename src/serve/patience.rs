//! How long somebody waits.

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

/// Milliseconds from now until a moment, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
pub(super) fn until(moment_ms: f64, now_ms: f64) -> u32 {
    (moment_ms - now_ms).max(1.0) as u32
}

//! Fire drills: ways to break on purpose, so that tests can see who is hurt. Only where DRILLS is `on`.

use std::time::Duration;

use web_sys::Response;
use worker::{Delay, Env};

use crate::serve::Request;

/// The answer of a drill; nothing where the path is none or drills are off.
pub(super) async fn answer(request: &Request, env: &Env) -> Option<worker::Result<Response>> {
    let drill = request.path.strip_prefix("/__lenslet/drill/")?;
    if super::setting(env, "DRILLS").as_deref() != Some("on") {
        return None;
    }
    match drill {
        "slow" => {
            Delay::from(Duration::from_secs(1)).await;
            Some(said("slow, and alive"))
        }
        "panic" => explode(),
        "bounds" => Some(said(&reach(drill.as_bytes(), usize::MAX).to_string())),
        "memory" => Some(said(&exhaust().to_string())),
        _ => None,
    }
}

fn said(text: &str) -> worker::Result<Response> {
    Ok(Response::new_with_opt_str(Some(text))?)
}

#[expect(clippy::panic, reason = "it is the drill")]
fn explode() -> ! {
    panic!("a drill")
}

#[expect(clippy::indexing_slicing, reason = "it is the drill")]
fn reach(bytes: &[u8], index: usize) -> u8 {
    bytes[index]
}

/// Asks for more than the module may have.
fn exhaust() -> usize {
    (0..).map_while(|_: u32| Some(vec![1_u8; 8 << 20])).collect::<Vec<_>>().len()
}

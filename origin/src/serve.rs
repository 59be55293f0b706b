//! The socket: connections, how many, and how long each may take to say what it wants.
//!
//! axum's own `serve` has no limit on either. HTTP/1.1 only: what speaks to us is a proxy, a machine or a test.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// A request's head must be there by then, and the next one on the same connection likewise.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// The longest head.
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// Files that the process needs besides its connections: databases, objects, the log.
const OTHER_FILES: usize = 128;

/// Serves until told to stop, then finishes what is in flight.
pub async fn serve(listener: TcpListener, router: Router, most: usize, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(possible(most)));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let slot = slots.clone().acquire_owned().await.ok()?;
            Some((accept(&listener).await, slot))
        };
        let (stream, slot) = tokio::select! {
            Some(next) = next => next,
            () = told(&mut stop) => break,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(stream, router.clone(), stop.clone(), slot));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Until somebody says that it is to stop, or nobody is left who could.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The next connection, however often there is none to have.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                // The client's end broke off, or we have no files left: both pass.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    mut stop: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    // Answers are small: none should wait for the acknowledgement of another.
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = told(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// As many connections as were asked for, and as this process may have files.
fn possible(most: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files: Option<usize> = files.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let possible = files.map_or(most, |files| most.min(files.saturating_sub(OTHER_FILES).max(1)));
    if possible < most {
        tracing::warn!(most, possible, "fewer connections than CONNECTIONS: the limit of open files is low");
    }
    possible
}

//! The socket: connections, how many, and how long each may take to say what it wants.
//!
//! axum's own `serve` has no limit on either. HTTP/1.1 only: what speaks to us is a proxy, a machine or a test.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A request's head must be there by then, and the next one on the same connection likewise.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// The longest head.
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// After the last answer, who still sends has this long for all of it, and between two pieces.
const LINGER: Duration = Duration::from_secs(30);
const LINGER_QUIET: Duration = Duration::from_secs(2);
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
    let router = TowerToHyperService::new(router);
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(move |request| Box::pin(router.call(request))));
    let by_itself = tokio::select! {
        ended = poll_fn(|context| served.poll_without_shutdown(context)) => Some(ended),
        () = told(&mut stop) => None,
    };
    let ended = if let Some(ended) = by_itself {
        ended
    } else {
        Pin::new(&mut served).graceful_shutdown();
        poll_fn(|context| served.poll_without_shutdown(context)).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
    let stream = served.into_parts().io.into_inner();
    tokio::select! {
        () = linger(stream) => {}
        () = told(&mut stop) => {}
    }
}

/// Says that no more is to come, and reads on while the client does not listen: to close with bytes unread resets the
/// connection, which takes the answer along that says why the rest was not wanted.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unwanted = vec![0; 16 * 1024];
    let reading =
        async { while matches!(timeout(LINGER_QUIET, stream.read(&mut unwanted)).await, Ok(Ok(1..))) {} };
    let _ = timeout(LINGER, reading).await;
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

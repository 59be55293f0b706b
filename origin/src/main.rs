//! The origin's process: environment → `Config` → `app` → listen, until told to stop.

use std::error::Error;
use std::future::pending;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lenslet_origin::config::Config;
use lenslet_origin::{AppState, app};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long requests in flight may take to finish once the service was told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lenslet's origin service: ingest, indexing and search beside the edge.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Environment:
  LENSLET_ORIGIN_ADDR  where to listen [default: 127.0.0.1:8788]
  LENSLET_ORIGIN_LOG   off, error, warn, info, debug or trace [default: info]

Ctrl-C and SIGTERM end it once the requests in flight are answered."
)]
struct Arguments {}

#[tokio::main]
async fn main() -> ExitCode {
    Arguments::parse();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // To stderr and not to the log: the log may not be set up yet, or be off.
            eprintln!("lenslet-origin: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::parse(|name| std::env::var(name).ok())?;
    // Colours for people only: in a file or a collector they are noise inside the fields.
    let colours = std::io::stdout().is_terminal();
    tracing_subscriber::fmt().with_max_level(config.log).with_ansi(colours).init();
    // Before the socket: whoever sees us listening may already tell us to stop.
    let stop = stop_signal()?;

    let listener = TcpListener::bind(config.address)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.address))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    serve(listener, stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Serves until `stop`, then for as long as requests are in flight, but not beyond [`PATIENCE`].
async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, mut stopped) = watch::channel(false);
    let graceful = async move {
        stop.await;
        tracing::info!("stopping");
        stopping.send_replace(true);
    };
    let out_of_patience = async {
        if stopped.wait_for(|stopped| *stopped).await.is_err() {
            pending::<()>().await;
        }
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        ended = axum::serve(listener, app(AppState::default())).with_graceful_shutdown(graceful) => ended,
        () = out_of_patience => {
            tracing::warn!("requests in flight were cut off");
            Ok(())
        }
    }
}

/// Resolves on Ctrl-C or SIGTERM, which is what supervisors send.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    })
}

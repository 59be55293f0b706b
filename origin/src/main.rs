//! The origin's process: environment → `Config` → `app` → listen, until told to stop.

use std::error::Error;
use std::future::pending;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command};
use lenslet::grant::is_plain_name;
use lenslet_origin::app;
use lenslet_origin::auth::{DEFAULT_TENANT, Scope};
use lenslet_origin::catalog::jobs::Crew;
use lenslet_origin::catalog::new_id;
use lenslet_origin::clock::Clock;
use lenslet_origin::config::{Config, SETTINGS};
use lenslet_origin::index::renew_all;
use lenslet_origin::machine::{KeyWish, make_key};
use lenslet_origin::reconcile;
use lenslet_origin::state::AppState;
use lenslet_origin::telemetry::metrics::upkeep;
use lenslet_origin::work::work;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long requests in flight may take to finish once the service was told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// The variable that names the file of settings.
const CONFIG_FILE: &str = "LENSLET_ORIGIN_CONFIG";

#[tokio::main]
async fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    give_files_back();
    match run(&command().get_matches()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // To stderr and not to the log: the log may not be set up yet, or be off.
            eprintln!("lenslet-origin: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has every piece of memory of 128 KiB and more go back to the system when it is freed. Once a file was freed, glibc would keep
/// files for each thread that had one: a hundred uploads of 10 MB left 300 MB behind.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_files_back() {
    #[expect(unsafe_code, reason = "there is no safe way to it; it sets a number that malloc reads")]
    // SAFETY: it takes two numbers, and fails by answering 0.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10) };
}

/// The command line: a flag for every setting.
fn command() -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help(format!("a TOML file of settings [env: {CONFIG_FILE}]"));
    let flags = SETTINGS.iter().map(|setting| {
        let default = if setting.default.is_empty() {
            String::new()
        } else {
            format!(" [default: {}]", setting.default)
        };
        let help = format!("{}{default} [env: {}]", setting.says, setting.variable());
        Arg::new(setting.name).long(setting.flag()).value_name("VALUE").help(help)
    });
    Command::new("lenslet-origin")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Lenslet's origin service: uploads, ingest, index and search beside the edge.")
        .after_help("Flags go before variables, and these before the file.\nCtrl-C and SIGTERM end it once the requests in flight are answered.")
        .arg(config)
        .args(flags)
        .subcommand(key_command())
        .subcommand(Command::new("reindex").about("Has every picture put into the index anew, by the service's workers."))
}

/// `key new`: how the first admin gets in. Settings stand before it, as flags, or in the environment.
fn key_command() -> Command {
    let scopes = Scope::ALL.map(Scope::name).join(",");
    let new = Command::new("new")
        .about("Makes an API key and prints it. It is not shown again.")
        .arg(
            Arg::new("tenant")
                .long("tenant")
                .value_name("NAME")
                .default_value(DEFAULT_TENANT)
                .help("whose it is"),
        )
        .arg(
            Arg::new("scope")
                .long("scope")
                .value_name("SCOPES")
                .default_value(scopes)
                .help("what its bearer may do"),
        )
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .default_value("command line")
                .help("what to call it"),
        );
    let key = Command::new("key").about("API keys, straight in the catalog.");
    key.subcommand_required(true).arg_required_else_help(true).subcommand(new)
}

/// Makes a key in the catalog, whether or not the service runs.
async fn new_key(config: &Config, flags: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let text = |name: &str| flags.get_one::<String>(name).map_or("", String::as_str);
    let tenant = text("tenant");
    if !is_plain_name(tenant) {
        return Err(format!("--tenant: '{tenant}' is not letters, digits, '-' and '_', at most 64").into());
    }
    let scopes: Result<Vec<Scope>, String> = text("scope")
        .split(',')
        .map(|name| name.trim().parse().map_err(|()| format!("--scope: there is no scope '{name}'")))
        .collect();
    let wish = KeyWish {
        tenant,
        name: text("name"),
        scopes: &scopes?,
        expires_seconds: None,
        actor: "command line",
        request_id: None,
    };
    let db = AppState::open_db(config).await?;
    let (secret, _) = make_key(&db, &wish, Clock::System.now_ms()).await?;
    db.close().await;
    println!("{secret}");
    Ok(())
}

/// Adds the jobs of an index that begins anew.
async fn reindex(config: &Config) -> Result<(), Box<dyn Error>> {
    let db = AppState::open_db(config).await?;
    let count = renew_all(&db, Clock::System.now_ms()).await?;
    db.close().await;
    println!("{count} pictures will be put into the index anew; /v1/jobs and /metrics tell how far that is.");
    Ok(())
}

/// Flags, then the environment, then the file.
fn configure(flags: &ArgMatches) -> Result<Config, Box<dyn Error>> {
    let path = flags.get_one::<String>("config").cloned().or_else(|| std::env::var(CONFIG_FILE).ok());
    let file = path.map_or(Ok(toml::Table::new()), |path| read_file(&path))?;
    Ok(Config::parse(|name| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        let flag = flags.get_one::<String>(name).cloned();
        let written = || file.get(&name.to_ascii_lowercase()).map(as_text);
        flag.or_else(|| std::env::var(setting.variable()).ok()).or_else(written)
    })?)
}

fn read_file(path: &str) -> Result<toml::Table, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{path}: {error}"))?;
    let is_known =
        |name: &&String| SETTINGS.iter().any(|setting| setting.name.to_ascii_lowercase() == **name);
    match table.keys().find(|name| !is_known(name)) {
        Some(unknown) => Err(format!("{path}: there is no setting '{unknown}'; --help lists them").into()),
        None => Ok(table),
    }
}

/// Strings as they are; tables, lists and numbers as JSON, which is how the environment has them.
fn as_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

async fn run(flags: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let config = configure(flags)?;
    if let Some(("new", flags)) = flags.subcommand_matches("key").and_then(ArgMatches::subcommand) {
        return new_key(&config, flags).await;
    }
    if flags.subcommand_matches("reindex").is_some() {
        return reindex(&config).await;
    }
    // Colours for people only: in a file or a collector they are noise inside the fields.
    let colours = std::io::stdout().is_terminal();
    let log = tracing_subscriber::fmt().with_max_level(config.log);
    if config.log_is_json {
        log.json().flatten_event(true).with_span_list(false).init();
    } else {
        log.with_ansi(colours).init();
    }
    // Before the socket: whoever sees us listening may already tell us to stop.
    let stop = stop_signal()?;

    warn_where_tokens_are_of_no_use(&config);
    let address = config.address;
    let state = AppState::open(config).await?;
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    serve(listener, state.clone(), stop).await;
    state.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Without keys the service runs and takes no token, which is safe and looks like a defect.
fn warn_where_tokens_are_of_no_use(config: &Config) {
    if config.token_keys.is_none() && config.signing.is_none() {
        tracing::warn!(
            "no tokens are taken, since there are no TOKEN_KEYS; API keys are, and `lenslet-origin key new` makes one. For tokens: \
             `cargo run --bin lenslet -- key new --for tokens --out token-keys.json`, and start with \
             LENSLET_ORIGIN_TOKEN_KEYS=\"$(cargo run --bin lenslet -- key jwks token-keys.json)\""
        );
    }
}

/// Serves and works until `stop`, then for as long as requests and jobs are in flight, but not beyond [`PATIENCE`].
async fn serve(listener: TcpListener, state: AppState, stop: impl Future<Output = ()> + Send + 'static) {
    let (stopping, stopped) = watch::channel(false);
    let mut workers = JoinSet::new();
    for (crew, count) in [(Crew::House, state.config.workers), (Crew::Post, state.config.deliveries)] {
        for _ in 0..count {
            // Never the same as that of a process before: its jobs are not ours.
            workers.spawn(work(state.clone(), new_id(), crew, stopped.clone()));
        }
    }
    workers.spawn(reconcile::keep_up(state.clone(), stopped.clone()));
    let (relaying, until) = (state.clone(), stopped.clone());
    workers.spawn(async move { relaying.queue.relay(&relaying, until).await });
    let graceful = async move {
        stop.await;
        tracing::info!("stopping");
        stopping.send_replace(true);
    };
    workers.spawn(upkeep(stopped.clone()));
    tokio::spawn(graceful);
    let most = usize::try_from(state.config.connections).unwrap_or(usize::MAX);
    let all_ended = async {
        lenslet_origin::serve::serve(listener, app(state), most, stopped.clone()).await;
        while workers.join_next().await.is_some() {}
    };
    tokio::select! {
        () = all_ended => (),
        () = out_of_patience(stopped.clone()) => tracing::warn!("requests or jobs in flight were cut off"),
    }
}

async fn out_of_patience(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        pending::<()>().await;
    }
    tokio::time::sleep(PATIENCE).await;
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

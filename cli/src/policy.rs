//! `lenslet policy`: whether the Worker would start with this configuration, and what a setting in it is.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lenslet::serve::{Config, Rate};

use crate::Outcome;
use crate::settings::{Settings, Simple, Sources, Where};

/// Check the configuration before it is deployed, or look a setting up in it.
#[derive(Subcommand)]
pub(crate) enum Command {
    Check(Check),
    Show(Show),
}

/// Check the settings of wrangler.toml as the Worker does when it starts.
///
/// What is wrong is told with its file, line and column, and the exit code is 1.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet policy check
  lenslet policy check --env production --var ACCESS:public
  lenslet policy check --config deploy/wrangler.toml --vars secrets.vars")]
pub(crate) struct Check {
    /// The configuration, such as `--config deploy/wrangler.toml`
    #[arg(long, value_name = "FILE", default_value = "wrangler.toml")]
    config: PathBuf,
    /// Only this environment (`[env.NAME.vars]`), such as `--env production`; without it, all that there are
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Secrets as lines of NAME=value, such as `--vars secrets.vars`; by default .dev.vars beside the configuration, if it
    /// is there
    #[arg(long, value_name = "FILE")]
    vars: Option<PathBuf>,
    /// A setting that wins over those in files, such as `--var ACCESS:public`; may be repeated
    #[arg(long = "var", value_name = "NAME:VALUE", value_parser = read_var)]
    var: Vec<(String, String)>,
}

/// Print a setting as the Worker reads it when it runs here: out of wrangler.toml, or .dev.vars beside it.
///
/// What is not set is nothing on stdout, and the exit code is 1.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet policy show PRESETS
  LENSLET_ORIGIN_PRESETS=$(lenslet policy show PRESETS) cargo run -p origin")]
pub(crate) struct Show {
    /// The configuration, such as `--config deploy/wrangler.toml`
    #[arg(long, value_name = "FILE", default_value = "wrangler.toml")]
    config: PathBuf,
    /// That of this environment (`[env.NAME.vars]`), such as `--env production`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The setting, such as `PRESETS`
    name: String,
}

fn read_var(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once(':') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write a name and a value, such as ACCESS:public"),
    }
}

pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::Check(arguments) => check_all(arguments),
        Command::Show(arguments) => show(arguments),
    }
}

fn show(Show { config, env, name }: &Show) -> Outcome {
    let sources = Sources::read(config, None, &[])?;
    let settings = sources.settings(env.as_deref(), Where::Local)?;
    println!("{}", settings.value(name).ok_or_else(|| format!("{name} is not set"))?);
    Ok(())
}

fn check_all(Check { config, env, vars, var }: &Check) -> Outcome {
    let sources = Sources::read(config, vars.as_deref(), var)?;
    let environments = match env {
        Some(name) => vec![Some(name.as_str())],
        None => std::iter::once(None).chain(sources.environments().map(Some)).collect(),
    };
    let mut names = Vec::new();
    for environment in environments {
        for run in [Where::Deployed, Where::Local] {
            check(&sources.settings(environment, run)?)?;
        }
        names.push(environment.map_or("[vars]".to_owned(), |name| format!("[env.{name}.vars]")));
    }
    println!("{}: the settings are good in {}", config.display(), names.join(", "));
    Ok(())
}

fn check(settings: &Settings) -> Outcome {
    let fail = |error: String| Err(format!("{}: {error}", settings.place_of(&error)).into());
    match Config::read(|name| settings.value(name)) {
        Ok(config) => {
            let rates = config.rates.iter().find_map(|(class, rate)| unbound(class, rate, settings));
            rates.or_else(|| no_bucket(&config, settings)).map_or(Ok(()), fail)
        }
        Err(error) => fail(error.to_string()),
    }
}

/// What is wrong between a class of rate limits and its binding. The Worker cannot tell: it sees no binding's numbers.
fn unbound(class: &str, rate: &Rate, settings: &Settings) -> Option<String> {
    let Rate { binding, limit, period, .. } = rate;
    let found = settings.rate_limits.iter().find(|rate_limit| rate_limit.name == *binding);
    match found.map(|found| found.simple) {
        None => Some(format!("RATES: '{class}' counts by {binding}, and no [[ratelimits]] has that name")),
        Some(simple) if simple != (Simple { limit: *limit, period: *period }) => Some(format!(
            "RATES: '{class}' says {limit} in {period} s, and its binding {binding} {} in {} s",
            simple.limit, simple.period
        )),
        Some(_) => None,
    }
}

/// A bucket that the settings speak of and nothing binds. Without any binding at all, they are somewhere else.
fn no_bucket(config: &Config, settings: &Settings) -> Option<String> {
    let sources = config.sources.buckets().map(|(name, binding)| (format!("SOURCES.{name}"), binding));
    let variants =
        config.variant_store.iter().map(|store| ("VARIANT_STORE".to_owned(), store.binding.as_str()));
    let is_bound = |binding: &str| settings.buckets.iter().any(|bucket| bucket.binding == binding);
    let (row, binding) = sources.chain(variants).find(|(_, binding)| !is_bound(binding))?;
    (!settings.buckets.is_empty()).then(|| {
        format!("{row}: no [[r2_buckets]] has the binding {binding}; environments do not inherit them")
    })
}

//! `lenslet purge`: the signed request that makes the edge forget pictures.

use std::path::PathBuf;

use clap::Args;
use lenslet::grant::sign_url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::sign::split;
use crate::time::{duration_seconds, now_seconds};
use crate::{Outcome, key_file};

/// Sign a request that purges pictures, all of their variants included. Whoever sends it by POST purges.
///
/// It is signed by a key of `ADMIN_KEYS`, and good for an hour at most.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet purge --keys admin-keys.json --source shop/photo.jpg https://pictures.example
  curl -X POST \"$(lenslet purge --keys admin-keys.json --prefix shop --tag sale https://pictures.example)\"")]
pub(crate) struct Arguments {
    /// The file of keys, the first of which signs, such as `--keys admin-keys.json`
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// How long it is good from now on, such as `--expires 90s`, 15m or 1h
    #[arg(long, value_name = "DURATION", value_parser = duration_seconds, default_value = "5m")]
    expires: u64,
    /// A picture, as URLs call it, such as `--source shop/photo.jpg`; may be repeated, as the next three
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// All pictures below a path, such as `--prefix shop`
    #[arg(long, value_name = "PATH")]
    prefix: Vec<String>,
    /// All pictures of policies with a tag, such as `--tag sale`
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// All pictures of a tenant, such as `--tenant acme`
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// All pictures there are: `--everything`
    #[arg(long)]
    everything: bool,
    /// Where the edge is, such as `https://pictures.example`
    host: String,
}

/// The edge takes no longer ones.
const LONGEST_SECONDS: u64 = 3_600;

/// What of a value is written as it is.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let key = key_file::read_for_urls(&arguments.keys)?;
    if !(1..=LONGEST_SECONDS).contains(&arguments.expires) {
        return Err("--expires: the edge takes purges that are good for an hour at most".into());
    }
    let query = query(arguments);
    if query.is_empty() {
        return Err("it names nothing; use --source, --prefix, --tag, --tenant or --everything".into());
    }
    let root = format!("{}/", arguments.host.trim_end_matches('/'));
    let (host, _) = split(&root)?;
    let expires = now_seconds() + arguments.expires;
    let signed = sign_url(&key, &format!("/__lenslet/purge?{query}"), Some(expires), None)?;
    println!("{host}{signed}");
    Ok(())
}

fn query(arguments: &Arguments) -> String {
    let Arguments { source, prefix, tag, tenant, everything, .. } = arguments;
    let named = [("source", source), ("prefix", prefix), ("tag", tag), ("tenant", tenant)];
    let pairs = named.into_iter().flat_map(|(name, values)| {
        values.iter().map(move |value| format!("{name}={}", utf8_percent_encode(value, VALUE)))
    });
    let everything = everything.then(|| "everything=true".to_owned());
    pairs.chain(everything).collect::<Vec<_>>().join("&")
}

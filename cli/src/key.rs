//! `lenslet key`: new keys, their rotation, and the part of them that everybody may know.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use lenslet::grant::{Algorithm, KeySet, is_plain_name, new_jwk, public_jwk};
use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::key_file::{self, Replacement};

/// Make keys, rotate them, and print their public part.
#[derive(Subcommand)]
pub(crate) enum Command {
    New(New),
    Rotate(Rotate),
    Jwks(Jwks),
}

/// Make a file with one new private key out of the system's random numbers.
///
/// The file is a JWK Set. Only its owner may read it, and a file that is there already is not touched.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet key new --for urls --out url-keys.json
  lenslet key new --for tokens --algorithm ES256 --kid web-2026 --out token-keys.json")]
pub(crate) struct New {
    /// What the key will sign; for example `--for urls`
    #[arg(long = "for", value_name = "WHAT")]
    purpose: Purpose,
    /// How it will sign; HS256 for URLs, and `EdDSA` for tokens unless told otherwise, such as `--algorithm ES256`
    #[arg(long)]
    algorithm: Option<AlgorithmName>,
    /// Its name, such as `--kid web-2026`; by default the beginning of its thumbprint
    #[arg(long, value_name = "NAME", value_parser = plain_kid, allow_hyphen_values = true)]
    kid: Option<String>,
    /// The file to make, such as `--out url-keys.json`; without it the keys go to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Put a new key of the same kind in front: it signs from now on, and the ones behind it still verify.
///
/// Give the file to those who verify first, and to those who sign then, and no request is refused meanwhile.
/// What changed is told on stderr as one line of JSON.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet key rotate url-keys.json                  a new key, and the one before it
  lenslet key rotate token-keys.json --keep 2       a new key, and the two before it
  lenslet key rotate url-keys.json --drop web-2026  a new key, and all but the one that somebody may have read")]
pub(crate) struct Rotate {
    /// The file of keys, such as `url-keys.json`
    file: PathBuf,
    /// How many of the old keys stay, such as `--keep 2` [default: 1, or all with --drop]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Take this key away at once, such as `--drop web-2026`: nothing that it signed is valid any more
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    drop: Option<String>,
}

/// Print the public part of a file of token keys: for `TOKEN_KEYS`, or to publish as a JWKS URL.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet key jwks token-keys.json
  lenslet key jwks token-keys.json | npx wrangler secret put TOKEN_KEYS")]
pub(crate) struct Jwks {
    /// The file of keys, such as `token-keys.json`
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Purpose {
    Urls,
    Tokens,
}

#[derive(Clone, Copy, ValueEnum)]
enum AlgorithmName {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "HS256")]
    Hs256,
}

impl From<AlgorithmName> for Algorithm {
    fn from(name: AlgorithmName) -> Self {
        match name {
            AlgorithmName::EdDsa => Self::EdDsa,
            AlgorithmName::Es256 => Self::Es256,
            AlgorithmName::Hs256 => Self::Hs256,
        }
    }
}

fn plain_kid(text: &str) -> Result<String, &'static str> {
    if is_plain_name(text) { Ok(text.to_owned()) } else { Err("use 1 to 64 of A-Z, a-z, 0-9, - and _") }
}

/// A change of keys, for whoever keeps account of them.
#[derive(Serialize)]
struct KeyChange<'a> {
    event: &'static str,
    source: &'a Path,
    added: [&'a str; 1],
    removed: Vec<&'a str>,
}

pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::New(arguments) => new(arguments),
        Command::Rotate(arguments) => rotate(arguments),
        Command::Jwks(arguments) => jwks(&arguments.file),
    }
}

fn new(arguments: &New) -> Outcome {
    let algorithm = match (arguments.purpose, arguments.algorithm.map(Algorithm::from)) {
        (Purpose::Urls, None | Some(Algorithm::Hs256)) => Algorithm::Hs256,
        (Purpose::Urls, Some(_)) => return Err("URLs are signed by HS256; leave --algorithm out".into()),
        (Purpose::Tokens, None) => Algorithm::EdDsa,
        (Purpose::Tokens, Some(algorithm)) => algorithm,
    };
    let keys = [new_key(algorithm, arguments.kid.as_deref())?];
    match &arguments.out {
        None => print!("{}", key_file::print(&keys)),
        Some(path) => {
            key_file::create(path, &keys)?;
            tell(path, &keys, Vec::new())?;
        }
    }
    Ok(())
}

fn rotate(arguments: &Rotate) -> Outcome {
    let path = &arguments.file;
    // Before reading, so that no other change comes in between.
    let replacement = Replacement::begin(path)?;
    let (old, signing) = key_file::read(path)?;
    if let Some(kid) = &arguments.drop
        && !old.iter().any(|key| kid_of(key) == kid)
    {
        let kids: Vec<&str> = old.iter().map(kid_of).collect();
        return Err(format!("{} has no key '{kid}'; it has {}", path.display(), kids.join(", ")).into());
    }
    let mut keys = vec![new_key(signing.algorithm(), None)?];
    let kept = arguments.keep.unwrap_or(if arguments.drop.is_some() { old.len() } else { 1 });
    let staying = old.iter().filter(|key| arguments.drop.as_deref() != Some(kid_of(key))).take(kept);
    keys.extend(staying.cloned());
    let removed = old.iter().filter(|key| !keys.contains(key)).map(kid_of).collect();
    KeySet::parse(key_file::print(&keys).as_bytes())
        .map_err(|error| format!("{} would be of no use: {error}", path.display()))?;
    replacement.finish(&keys)?;
    tell(path, &keys, removed)
}

fn jwks(path: &Path) -> Outcome {
    let (keys, _) = key_file::read(path)?;
    let public: Option<Vec<Value>> = keys.iter().map(public_jwk).collect();
    let public = public.ok_or_else(|| {
        format!(
            "{} has a secret key (kty oct), which has no public part; hand the whole file to those who verify, as a secret: \
             `npx wrangler secret put URL_KEYS < {0}`, or TOKEN_KEYS where it signs tokens",
            path.display()
        )
    })?;
    print!("{}", key_file::print(&public));
    Ok(())
}

fn new_key(algorithm: Algorithm, kid: Option<&str>) -> Result<Value, Box<dyn Error>> {
    loop {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| format!("the system gives no random numbers: {error}"))?;
        // Once in 2³² times the bytes are no key.
        if let Some(key) = new_jwk(algorithm, &random, kid) {
            return Ok(key);
        }
    }
}

fn kid_of(key: &Value) -> &str {
    key.get("kid").and_then(Value::as_str).unwrap_or("(without a kid)")
}

fn tell(source: &Path, keys: &[Value], removed: Vec<&str>) -> Outcome {
    let added = [keys.first().map_or("", kid_of)];
    eprintln!("{}", serde_json::to_string(&KeyChange { event: "keys", source, added, removed })?);
    Ok(())
}

//! `lenslet token`: tokens (JWT) that say what their bearer may fetch.

use std::path::PathBuf;

use clap::Args;
use lenslet::grant::{KeySet, public_jwk, sign_token, verify_token};
use lenslet::recipe::is_format;
use serde_json::{Map, Value, json};

use crate::time::{duration_seconds, now_seconds};
use crate::{Outcome, key_file};

/// Print a token: whoever brings it may fetch what it says.
///
/// It goes into `Authorization: Bearer …`, a cookie, or `?token=…`. What is not limited here is limited by the policy
/// alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet token --keys token-keys.json --issuer https://shop.example --audience pictures
  lenslet token --keys token-keys.json --issuer https://shop.example --audience pictures \\
    --scope images:read --scope images:write
  lenslet token --keys token-keys.json --issuer https://shop.example --audience pictures --expires 15m \\
    --path products/ --preset thumb --preset hero --max-width 1280 --format auto --mark stamp --rate guests")]
pub(crate) struct Arguments {
    /// The file of keys, the first of which signs, such as `--keys token-keys.json`
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Who gives it out (`iss`), such as `--issuer https://shop.example`
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// For whom it is (`aud`), such as `--audience pictures`
    #[arg(long, value_name = "NAME")]
    audience: String,
    /// How long it is valid, such as `--expires 15m`
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration_seconds)]
    expires: u64,
    /// From when it is valid (`nbf`), in seconds since 1970, such as `--not-before 1798761600`
    #[arg(long, value_name = "UNIX_SECONDS")]
    not_before: Option<u64>,
    /// To whom it is given (`sub`), such as `--subject user-17`
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Its own name (`jti`), by which it can be revoked, such as `--id order-4711`; random by default
    #[arg(long, value_name = "JTI")]
    id: Option<String>,
    /// Where the pictures lie that it is good for, such as `--path products/`; may be repeated
    #[arg(long = "path", value_name = "PREFIX")]
    paths: Vec<String>,
    /// What it allows at the origin, such as `--scope images:write`; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope_name)]
    scopes: Vec<String>,
    /// Whose pictures it is good for, such as `--tenant acme`
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// A preset that may be asked for, and then no options beside it, such as `--preset thumb`; may be repeated
    #[arg(long = "preset", value_name = "NAME")]
    presets: Vec<String>,
    /// The widest picture in device pixels, such as `--max-width 1280`
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    max_width: Option<u32>,
    /// The highest picture in device pixels, such as `--max-height 1280`
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    max_height: Option<u32>,
    /// A value that `format` may have, such as `--format auto`; `own` is that of the source; may be repeated
    #[arg(long = "format", value_name = "FORMAT", value_parser = format_name)]
    formats: Vec<String>,
    /// A preset that is forced upon every picture, such as `--mark stamp`
    #[arg(long, value_name = "PRESET")]
    mark: Option<String>,
    /// The class of its rate limit, such as `--rate guests`
    #[arg(long, value_name = "CLASS")]
    rate: Option<String>,
}

/// In tokens, spaces separate them.
fn scope_name(text: &str) -> Result<String, &'static str> {
    let is_one = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\');
    if is_one { Ok(text.to_owned()) } else { Err("write one scope, such as images:write") }
}

fn format_name(text: &str) -> Result<String, String> {
    if text == "own" || is_format(text) {
        return Ok(text.to_owned());
    }
    Err(format!("`format` does not take '{text}'; write auto, own, or a format such as webp"))
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let (keys, key) = key_file::read(&arguments.keys)?;
    let now = now_seconds();
    let expires = now + arguments.expires;
    if arguments.not_before.is_some_and(|begins| begins >= expires) {
        return Err(
            "--not-before is behind the end; the token would never be valid. Give --expires more time".into(),
        );
    }
    let id = arguments.id.clone().map_or_else(random_id, Ok)?;
    let scope = (!arguments.scopes.is_empty()).then(|| arguments.scopes.join(" "));
    let claims = Value::Object(present([
        ("iss", json!(arguments.issuer)),
        ("aud", json!(arguments.audience)),
        ("sub", json!(arguments.subject)),
        ("iat", json!(now)),
        ("nbf", json!(arguments.not_before)),
        ("exp", json!(expires)),
        ("jti", json!(id)),
        ("scope", json!(scope)),
        ("lenslet", Value::Object(limits(arguments))),
    ]));
    let token = sign_token(&key, &claims);
    let public = keys.first().and_then(public_jwk).or_else(|| keys.first().cloned());
    let set = KeySet::parse(json!({ "keys": [public] }).to_string().as_bytes())?;
    verify_token(&set, &token, now.max(arguments.not_before.unwrap_or(0)))
        .map_err(|error| format!("{error}; write shorter or other claims"))?;
    println!("{token}");
    Ok(())
}

fn limits(arguments: &Arguments) -> Map<String, Value> {
    let Arguments { paths, tenant, presets, max_width, max_height, formats, mark, rate, .. } = arguments;
    present([
        ("paths", some(paths)),
        ("tenant", json!(tenant)),
        ("presets", some(presets)),
        ("max_width", json!(max_width)),
        ("max_height", json!(max_height)),
        ("formats", some(formats)),
        ("mark", json!(mark)),
        ("rate", json!(rate)),
    ])
}

/// A list that says something; an empty one would allow nothing.
fn some(list: &[String]) -> Value {
    if list.is_empty() { Value::Null } else { json!(list) }
}

fn present<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let is_said = |value: &Value| !value.is_null() && value.as_object().is_none_or(|table| !table.is_empty());
    let said = members.into_iter().filter(|(_, value)| is_said(value));
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn random_id() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

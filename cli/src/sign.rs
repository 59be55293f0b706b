//! `lenslet sign`: URLs that nobody can change.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use lenslet::grant::{normalise, own_parameter, sign_url};
use lenslet::recipe::{Source, TransformUrl};

use crate::time::{duration_seconds, now_seconds};
use crate::{Outcome, key_file};

/// Sign a URL: whoever has it may fetch that picture as it is asked for there, and no other.
///
/// What is signed is the path and the query. Scheme and host stay as they are and are not signed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet sign --keys url-keys.json --expires 24h 'https://pictures.example/image/width=800/photo.jpg'
  lenslet sign --keys url-keys.json --expires 30d /photo.jpg
  lenslet sign --keys url-keys.json --any width=320,640,1280 '/image/width=*,format=auto/photo.jpg'")]
pub(crate) struct Arguments {
    /// The file of keys, the first of which signs, such as `--keys url-keys.json`
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// How long it is valid from now on, such as `--expires 90s`, 15m, 24h or 30d
    #[arg(long, value_name = "DURATION", value_parser = duration_seconds, conflicts_with = "expires_at")]
    expires: Option<u64>,
    /// Until when it is valid, in seconds since 1970, such as `--expires-at 1798761600`
    #[arg(long, value_name = "UNIX_SECONDS")]
    expires_at: Option<u64>,
    /// One signature for several values of an option, which is `*` in the URL: `--any width=320,640,1280`
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = read_set)]
    any: Option<Set>,
    /// A whole URL, or a path with its query, such as `/image/width=800/photo.jpg`
    url: String,
}

/// An option and the values that it may have.
#[derive(Clone)]
struct Set {
    name: String,
    values: Vec<String>,
}

impl Set {
    /// As it stands in a URL.
    fn print(&self) -> String {
        format!("{}.{}", self.name, self.values.join("."))
    }
}

fn read_set(text: &str) -> Result<Set, String> {
    let is_plain = |value: &str| {
        !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let (name, values) = text.split_once('=').unwrap_or((text, ""));
    let values: Vec<String> = values.split(',').map(str::to_owned).collect();
    if !is_plain(name) || !values.iter().all(|value| is_plain(value)) {
        return Err(
            "write a name and values of A-Z, a-z, 0-9, - and _, such as width=320,640,1280".to_owned()
        );
    }
    Ok(Set { name: name.to_owned(), values })
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let key = key_file::read_for_urls(&arguments.keys)?;
    let now = now_seconds();
    let expires = arguments.expires.map(|seconds| now + seconds).or(arguments.expires_at);
    if expires.is_some_and(|expires| expires <= now) {
        return Err("--expires-at is in the past; the URL would never be valid".into());
    }
    let (host, path_and_query) = split(&arguments.url)?;
    check(path_and_query, arguments.any.as_ref())?;
    let any = arguments.any.as_ref().map(Set::print);
    let signed = sign_url(&key, path_and_query, expires, any.as_deref())?;
    println!("{host}{signed}");
    if let Some(Set { name, values }) = &arguments.any {
        eprintln!("This is a template: put {} in the place of * in {name}=*.", one_of(values));
    }
    if expires.is_none() {
        eprintln!("It is valid until key '{}' goes; --expires 24h would set an end.", key.kid());
    }
    Ok(())
}

/// Scheme and host, which may be missing, and the rest.
pub(crate) fn split(url: &str) -> Result<(&str, &str), Box<dyn Error>> {
    let is_scheme =
        |scheme: &&str| url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    let host_at =
        ["http://", "https://"].iter().find(|scheme| is_scheme(scheme)).map_or(0, |scheme| scheme.len());
    let path_at = url.get(host_at..).and_then(|rest| rest.find(['/', '?', '#'])).map(|at| host_at + at);
    // A host where there is a scheme, and none where there is none.
    let path_at = path_at.filter(|path_at| (*path_at > host_at) == (host_at > 0));
    let parts = path_at.and_then(|at| url.split_at_checked(at));
    let parts = parts.filter(|(_, path)| path.starts_with('/') && !path.starts_with("//"));
    parts.ok_or_else(|| {
        format!("'{url}' is no URL that can be signed; write https://host/path, or a path such as /image/width=800/photo.jpg")
            .into()
    })
}

/// Refuses what the edge would not understand, with any of the values in the place of `*`.
fn check(path_and_query: &str, any: Option<&Set>) -> Outcome {
    let normal = normalise(path_and_query);
    let (path, query) = normal.split_once('?').map_or((&*normal, None), |(path, query)| (path, Some(query)));
    if let Some(name) = query.and_then(own_parameter) {
        return Err(format!(
            "the query has '{name}', which is Lenslet's own; sign the URL without it, or write a source's own query \
             percent-encoded with the source (photo.jpg%3F{name}=…)"
        )
        .into());
    }
    if !TransformUrl::is_transform(path) {
        if any.is_some() {
            return Err("--any is for transforms (/image/…); an original has no options".into());
        }
        Source::parse(path.trim_start_matches('/'), query)?;
        return Ok(());
    }
    let Some(Set { name, values }) = any else {
        TransformUrl::parse(path, query)?;
        return Ok(());
    };
    let place = format!("{name}=*");
    if path.matches(&place).count() != 1 {
        return Err(format!("--any {name}=… needs '{place}' in the URL, once and among its options").into());
    }
    for value in values {
        TransformUrl::parse(&path.replace(&place, &format!("{name}={value}")), query)?;
    }
    Ok(())
}

fn one_of(values: &[String]) -> String {
    match values {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => values.concat(),
    }
}

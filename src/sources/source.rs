//! A source: where it is, how it is spoken to, how long it may take, and what a key is called there.
//!
//! Read and checked from a row of SOURCES and the secret that the row names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::http::{Http, HttpError};
use super::{Credentials, S3, Style};
use crate::address::Address;
use crate::grant::{is_plain_name, step_path};
use crate::recipe::check_key;

/// Somewhere pictures are.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the log, routes and variants know it by.
    pub name: String,
    /// How it is spoken to.
    pub kind: Kind,
    /// The setting with its secrets.
    pub credentials: Option<String>,
    /// Whether that is not set, so that nothing can be read. The other sources can be.
    pub is_locked: bool,
    /// The longest wait for the head of an answer.
    pub first_byte_ms: u32,
    /// The longest wait for all of an answer, a second try included.
    pub total_ms: u32,
}

/// How a source is spoken to.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An R2 bucket, by its binding.
    R2 {
        /// The binding.
        binding: String,
        /// What stands before every key.
        prefix: String,
    },
    /// A bucket of a store that speaks S3.
    S3 {
        /// The bucket.
        s3: S3,
        /// What requests are signed with; nothing as long as the source lacks them.
        credentials: Option<Credentials>,
    },
    /// A server of HTTP.
    Http {
        /// The server.
        http: Http,
        /// Whether transforms may name its pictures by their whole addresses.
        by_url: bool,
    },
}

/// A picture at a source.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The source.
    pub source: &'a Source,
    /// What it is there.
    pub at: At,
}

/// What a picture is to its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// An object.
    Key(String),
    /// What is behind an address.
    Address(Address),
}

impl Place<'_> {
    /// The one name of what is there: that of the source, and the picture's at the source.
    pub fn name(&self) -> String {
        let at = match &self.at {
            At::Key(key) => key,
            At::Address(address) => address.as_str(),
        };
        format!("{}:{at}", self.source.name)
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum WrittenKind {
    R2 {
        binding: String,
        #[serde(default)]
        prefix: String,
    },
    S3 {
        endpoint: String,
        bucket: String,
        region: String,
        #[serde(default)]
        style: Style,
        #[serde(default)]
        prefix: String,
        credentials: String,
    },
    Http {
        url: String,
        #[serde(default)]
        redirects: Vec<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        secret_headers: Option<String>,
        #[serde(default)]
        by_url: bool,
    },
}

/// An answer that has not begun after so long will not come in time for a page.
const FIRST_BYTE_MS: u32 = 5_000;
/// The largest file that is read takes as long at 50 Mbit/s.
const TOTAL_MS: u32 = 15_000;
/// After its client has gone, a request may live on for 30 seconds; by then everything must have ended, waits for memory
/// included.
const LONGEST_MS: u32 = 20_000;

impl Source {
    pub(super) fn read(
        name: &str,
        mut row: Value,
        secret: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        if !is_plain_name(name) {
            return Err("names are 1 to 64 characters of A-Z, a-z, 0-9, - and _".to_owned());
        }
        let mut milliseconds =
            |member: &str, usual: u32| match row.as_object_mut().and_then(|row| row.remove(member)) {
                None => Ok(usual),
                Some(value) => {
                    let given = value.as_u64().and_then(|given| u32::try_from(given).ok());
                    let fits = given.filter(|given| (1..=LONGEST_MS).contains(given));
                    fits.ok_or_else(|| format!("{member}: it must be whole milliseconds, 1 to {LONGEST_MS}"))
                }
            };
        let first_byte_ms = milliseconds("first_byte_ms", FIRST_BYTE_MS)?;
        let total_ms = milliseconds("total_ms", TOTAL_MS)?;
        let written: WrittenKind = serde_json::from_value(row).map_err(|error| error.to_string())?;
        let credentials = written.credentials().map(str::to_owned);
        let secret = credentials.as_deref().and_then(secret);
        let is_locked = credentials.is_some() && secret.is_none();
        let kind = Kind::read(written, secret.as_deref())?;
        let first_byte_ms = first_byte_ms.min(total_ms);
        Ok(Self { name: name.to_owned(), kind, credentials, is_locked, first_byte_ms, total_ms })
    }

    /// Whether it is asked for keys, and not for whole addresses alone.
    pub(super) fn has_keys(&self) -> bool {
        match &self.kind {
            Kind::R2 { .. } | Kind::S3 { .. } => true,
            Kind::Http { http, .. } => http.prefix.address().is_some(),
        }
    }

    pub(super) fn place(&self, key: &str, query: Option<&str>) -> Option<Place<'_>> {
        let at = match &self.kind {
            Kind::R2 { prefix, .. } => {
                let key = format!("{prefix}{key}");
                check_key(&key).ok()?;
                At::Key(key)
            }
            Kind::S3 { .. } => At::Key(key.to_owned()),
            Kind::Http { http, .. } => At::Address(http.address(key, query)?),
        };
        Some(Place { source: self, at })
    }
}

impl WrittenKind {
    /// The setting that it names for its secrets.
    fn credentials(&self) -> Option<&str> {
        match self {
            Self::R2 { .. } => None,
            Self::S3 { credentials, .. } => Some(credentials),
            Self::Http { secret_headers, .. } => secret_headers.as_deref(),
        }
    }
}

impl Kind {
    /// Reads a kind with what its secret says, where that is set.
    fn read(written: WrittenKind, secret: Option<&str>) -> Result<Self, String> {
        match written {
            WrittenKind::R2 { binding, prefix } => Ok(Self::R2 { binding, prefix: folder(&prefix) }),
            WrittenKind::S3 { endpoint, bucket, region, style, prefix, credentials: name } => {
                let s3 = S3::new(&endpoint, &bucket, &region, style, &folder(&prefix));
                let credentials = secret.map(Credentials::parse).transpose();
                let credentials = credentials.map_err(|error| format!("credentials: {name}: {error}"))?;
                Ok(Self::S3 { s3: s3.map_err(|error| error.to_string())?, credentials })
            }
            WrittenKind::Http { url, redirects, headers, secret_headers, by_url } => {
                let read = |json| serde_json::from_str::<BTreeMap<String, String>>(json);
                let name = secret_headers.unwrap_or_default();
                let secrets = secret.map(read).transpose();
                // What is wrong with a secret is not told: that would show a part of it.
                let secrets =
                    secrets.map_err(|_| format!("secret_headers: {name} must be a table of headers"))?;
                let headers: Vec<_> = headers.into_iter().chain(secrets.into_iter().flatten()).collect();
                let http =
                    Http::new(&url, &redirects, &headers).map_err(|error: HttpError| error.to_string())?;
                Ok(Self::Http { http, by_url })
            }
        }
    }
}

/// A prefix of keys: whole steps, with a slash behind them where there are any.
pub fn folder(prefix: &str) -> String {
    let path = step_path(prefix);
    if path.is_empty() { path } else { format!("{path}/") }
}

//! The origin's settings, parsed once at the start: defaults, then a file, then the environment, then flags.
//!
//! One table ([`SETTINGS`]) names them all. A setting `STORE` is `store` in the file, `LENSLET_ORIGIN_STORE` in the
//! environment, and `--store` on the command line. Where values come from is the caller's business.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use lenslet::address::Address;
use lenslet::grant::{KeyError, KeySet, SigningKey, is_plain_name, public_jwk};
use lenslet::recipe::Presets;
use lenslet::sources::Credentials;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::level_filters::LevelFilter;

use crate::index::parse_opensearch;

/// Every setting: its name, what it is for, and its default.
pub const SETTINGS: &[Setting] = &[
    Setting::new("ADDR", "where to listen", "127.0.0.1:8788"),
    Setting::new("PUBLIC_URL", "how clients reach this service", "http://<ADDR>"),
    Setting::new("LOG", "off, error, warn, info, debug or trace", "info"),
    Setting::new("LOG_FORMAT", "json, or text for people", "json"),
    Setting::new("DATABASE", "sqlite:<file> or postgres://…", "sqlite:lenslet/catalog.sqlite"),
    Setting::new("STORE", "file:<folder> or s3:<bucket>", "file:lenslet/objects"),
    Setting::new("S3_ENDPOINT", "the address of the bucket's service, with s3:", ""),
    Setting::new("S3_REGION", "its region", "auto"),
    Setting::new(
        "S3_CREDENTIALS",
        "JSON of access_key_id, secret_access_key and, if there is one, session_token",
        "",
    ),
    Setting::new("TOKEN_KEYS", "the JWK Set that tokens are verified by, as the edge's", ""),
    Setting::new("TOKEN_ISSUER", "the `iss` that tokens must have, where it is set", ""),
    Setting::new("TOKEN_AUDIENCE", "the `aud` that tokens must have, where it is set", ""),
    Setting::new(
        "SIGNING_KEYS",
        "private JWKs, the first of which signs the tokens that this service gives out",
        "",
    ),
    Setting::new("SIGNED_AUDIENCE", "the `aud` that those tokens have, where it is set", ""),
    Setting::new(
        "METRICS",
        "who may read /metrics: private (admins of OPERATOR_TENANT) or public",
        "private",
    ),
    Setting::new("OPERATOR_TENANT", "the tenant whose admins look after the whole service", "default"),
    Setting::new("CONNECTIONS", "how many connections are open at once", "4096"),
    Setting::new("PRESETS", "presets as at the edge: a table of names and options", "{}"),
    Setting::new("LINEAR_LIGHT", "on resamples variants in linear light, as at the edge", "off"),
    Setting::new("VARIANTS", "the presets that every picture is rendered with, in order", "[]"),
    Setting::new("MAX_UPLOAD_BYTES", "the largest upload", "104857600"),
    Setting::new("QUOTA_BYTES", "what a tenant may keep, unless its row says otherwise", "107374182400"),
    Setting::new("QUOTA_IMAGES", "how many pictures, likewise", "1000000"),
    Setting::new("UPLOAD_SECONDS", "how long a presigned URL is good for", "3600"),
    Setting::new("KEEP_DELETED_DAYS", "how long a deleted picture may be restored", "30"),
    Setting::new("WORKERS", "how many jobs run at once", "2"),
    Setting::new("QUEUE", "how workers hear of jobs: catalog, or nats://… for many processes", "catalog"),
    Setting::new(
        "INDEX",
        "where pictures are found: catalog, or opensearch:https://<user>:<password>@<host>/<index>",
        "catalog",
    ),
    Setting::new("DELIVERIES", "how many events are sent to webhooks at once, beside that", "8"),
    Setting::new(
        "WEBHOOKS_ALLOW_LOOPBACK",
        "on lets webhooks be on this machine, by http too; for development",
        "off",
    ),
    Setting::new("RECONCILE_SECONDS", "how often bucket and catalog are compared; 0 for never", "300"),
    Setting::new("EDGE_URL", "the edge, which is told to purge what was replaced or deleted", ""),
    Setting::new("EDGE_ADMIN_KEYS", "the key that signs that: a JWK Set, as the edge's ADMIN_KEYS", ""),
    Setting::new(
        "EDGE_QUEUE_URL",
        "the queue that the edge reads, as Cloudflare's API has it: https://…/queues/<id>/messages",
        "",
    ),
    Setting::new("EDGE_QUEUE_TOKEN", "the API token that may write to it", ""),
];

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub says: &'static str,
    /// What it is where nobody says otherwise.
    pub default: &'static str,
}

impl Setting {
    const fn new(name: &'static str, says: &'static str, default: &'static str) -> Self {
        Self { name, says, default }
    }

    /// The environment's variable.
    pub fn variable(&self) -> String {
        format!("LENSLET_ORIGIN_{}", self.name)
    }

    /// The command line's flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', "-")
    }
}

/// Everything that can be set. A value that exists is valid.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Config {
    /// Where to listen. Loopback unless said otherwise; port 0 takes any free one.
    pub address: SocketAddr,
    /// How clients reach this service, without a slash at the end.
    pub public_url: String,
    /// The least severe level that is logged.
    pub log: LevelFilter,
    /// Whether the log is JSON.
    pub log_is_json: bool,
    /// The URL of the database.
    pub database: String,
    /// Where objects are.
    pub store: StoreConfig,
    /// What tokens are verified by; nobody may do anything until there is a key.
    pub token_keys: Option<KeySet>,
    /// The `iss` that they must have.
    pub token_issuer: Option<String>,
    /// The `aud` that they must have.
    pub token_audience: Option<String>,
    /// What signs the tokens that we give out, if we do.
    pub signing: Option<Signing>,
    /// The `aud` that those have.
    pub signed_audience: Option<String>,
    /// Whether everybody may read the figures.
    pub metrics_are_public: bool,
    /// The tenant whose admins look after the whole service.
    pub operator_tenant: String,
    /// How many connections are open at once.
    pub connections: u32,
    /// Named recipes.
    pub presets: Presets,
    /// Whether variants are resampled in linear light.
    pub linear_light: bool,
    /// Those that every picture is rendered with.
    pub variants: Vec<String>,
    /// The largest upload.
    pub max_upload_bytes: u64,
    /// What a tenant may keep.
    pub quota_bytes: u64,
    /// How many pictures.
    pub quota_images: u64,
    /// How long a presigned URL is good for.
    pub upload_seconds: u32,
    /// How long a deleted picture may be restored.
    pub keep_deleted_days: u32,
    /// How many jobs run at once.
    pub workers: u32,
    /// How workers hear of jobs.
    pub queue: QueueConfig,
    /// Where pictures are found.
    pub index: IndexConfig,
    /// How many events are sent to webhooks at once.
    pub deliveries: u32,
    /// Whether webhooks may be on this machine.
    pub webhooks_allow_loopback: bool,
    /// How often bucket and catalog are compared; 0 for never.
    pub reconcile_seconds: u32,
    /// The edge that is told of changes.
    pub edge: Option<EdgeConfig>,
    /// The queue by which it is told, where it reads one.
    pub edge_queue: Option<EdgeQueue>,
}

/// Where objects are.
#[derive(Debug)]
pub enum StoreConfig {
    /// A folder.
    Folder(PathBuf),
    /// A bucket that speaks S3.
    S3 {
        /// Its name.
        bucket: String,
        /// Where its service is, without a slash at the end.
        endpoint: String,
        /// Its region.
        region: String,
        /// Who we are there.
        credentials: Credentials,
    },
}

/// Keys that sign tokens.
#[derive(Debug)]
pub struct Signing {
    /// The one that signs.
    pub key: SigningKey,
    /// The public part of all, a JWK Set.
    pub published: Value,
    /// The same, to verify with.
    pub verifying: KeySet,
}

/// The edge, and how to speak to it.
#[derive(Debug)]
pub struct EdgeConfig {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// What signs requests to purge.
    pub admin_key: SigningKey,
}

/// How workers hear of jobs.
#[derive(Debug)]
pub enum QueueConfig {
    /// Within the process, and by looking at the table.
    Catalog,
    /// Through NATS at this address, which may hold a password.
    Nats(Secret),
}

/// Where pictures are found.
#[derive(Debug)]
pub enum IndexConfig {
    /// In the catalog's database.
    Catalog,
    /// In a cluster.
    OpenSearch(OpenSearchConfig),
}

/// An OpenSearch cluster.
#[derive(Debug)]
pub struct OpenSearchConfig {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// The name of the index there.
    pub index: String,
    /// The `Authorization` header, where one is wanted.
    pub authorization: Option<Secret>,
}

/// A queue of Cloudflare's, written to by its HTTP API.
#[derive(Debug)]
pub struct EdgeQueue {
    /// Where messages are posted.
    pub url: String,
    /// The `Authorization` header.
    pub authorization: Secret,
}

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A setting whose value cannot be used. Never quotes what may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("LENSLET_ORIGIN_{name}{said} {reason}")]
pub struct ConfigError {
    name: &'static str,
    said: String,
    reason: String,
}

impl Config {
    /// Reads the settings by name; those that are absent or empty have their defaults.
    pub fn parse(setting: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let setting = |name: &'static str| {
            let default = SETTINGS.iter().find(|setting| setting.name == name).map_or("", |row| row.default);
            setting(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let address: SocketAddr =
            read("ADDR", &setting("ADDR"), "is not an address with a port, such as 127.0.0.1:8788")?;
        let public_url = match setting("PUBLIC_URL").as_str() {
            "http://<ADDR>" => format!("http://{address}"),
            url => web_address("PUBLIC_URL", url)?,
        };
        let presets: BTreeMap<String, String> =
            json("PRESETS", &setting("PRESETS"), "a table of names and options")?;
        let presets = Presets::parse(presets.iter().map(|(name, options)| (name.as_str(), options.as_str())))
            .map_err(|error| wrong("PRESETS", "", &error.to_string()))?;
        let variants: Vec<String> = json("VARIANTS", &setting("VARIANTS"), "a list of names of presets")?;
        if let Some(unknown) = variants.iter().find(|name| !presets.has(name)) {
            return Err(wrong("VARIANTS", "", &format!("names '{unknown}', which PRESETS does not have")));
        }
        Ok(Self {
            address,
            public_url,
            log: read("LOG", &setting("LOG"), "is not one of off, error, warn, info, debug, trace")?,
            log_is_json: match setting("LOG_FORMAT").as_str() {
                "json" => true,
                "text" => false,
                other => return Err(wrong("LOG_FORMAT", other, "is neither json nor text")),
            },
            database: database(setting("DATABASE"))?,
            store: store(&setting("STORE"), &setting)?,
            token_keys: key_set("TOKEN_KEYS", &setting("TOKEN_KEYS"))?,
            token_issuer: Some(setting("TOKEN_ISSUER")).filter(|text| !text.is_empty()),
            token_audience: Some(setting("TOKEN_AUDIENCE")).filter(|text| !text.is_empty()),
            signing: signing("SIGNING_KEYS", &setting("SIGNING_KEYS"))?,
            signed_audience: Some(setting("SIGNED_AUDIENCE")).filter(|text| !text.is_empty()),
            metrics_are_public: match setting("METRICS").as_str() {
                "private" => false,
                "public" => true,
                other => return Err(wrong("METRICS", other, "is neither private nor public")),
            },
            operator_tenant: Some(setting("OPERATOR_TENANT"))
                .filter(|name| is_plain_name(name))
                .ok_or_else(|| wrong("OPERATOR_TENANT", "", "is no name of a tenant"))?,
            connections: small("CONNECTIONS", &setting("CONNECTIONS"), 1..=100_000)?,
            presets,
            linear_light: switch("LINEAR_LIGHT", &setting("LINEAR_LIGHT"))?,
            variants,
            max_upload_bytes: count("MAX_UPLOAD_BYTES", &setting("MAX_UPLOAD_BYTES"), 1..=104_857_600)?,
            quota_bytes: count("QUOTA_BYTES", &setting("QUOTA_BYTES"), 0..=i64::MAX.unsigned_abs())?,
            quota_images: count("QUOTA_IMAGES", &setting("QUOTA_IMAGES"), 0..=i64::MAX.unsigned_abs())?,
            // S3 takes no longer ones than a week.
            upload_seconds: small("UPLOAD_SECONDS", &setting("UPLOAD_SECONDS"), 1..=604_800)?,
            keep_deleted_days: small("KEEP_DELETED_DAYS", &setting("KEEP_DELETED_DAYS"), 0..=36_500)?,
            workers: small("WORKERS", &setting("WORKERS"), 0..=64)?,
            queue: queue(setting("QUEUE"))?,
            index: index(&setting("INDEX"))?,
            deliveries: small("DELIVERIES", &setting("DELIVERIES"), 0..=64)?,
            webhooks_allow_loopback: switch("WEBHOOKS_ALLOW_LOOPBACK", &setting("WEBHOOKS_ALLOW_LOOPBACK"))?,
            reconcile_seconds: small("RECONCILE_SECONDS", &setting("RECONCILE_SECONDS"), 0..=86_400)?,
            edge: edge(&setting("EDGE_URL"), &setting("EDGE_ADMIN_KEYS"))?,
            edge_queue: edge_queue(&setting("EDGE_QUEUE_URL"), &setting("EDGE_QUEUE_TOKEN"))?,
        })
    }
}

fn wrong(name: &'static str, value: &str, reason: &str) -> ConfigError {
    let said = if value.is_empty() { ":".to_owned() } else { format!("={value:?}") };
    ConfigError { name, said, reason: reason.to_owned() }
}

fn read<T: FromStr>(name: &'static str, value: &str, reason: &str) -> Result<T, ConfigError> {
    value.parse().map_err(|_| wrong(name, value, reason))
}

fn count(name: &'static str, value: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, ConfigError> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    let reason = format!("is no whole number from {} to {}", range.start(), range.end());
    number.ok_or_else(|| wrong(name, value, &reason))
}

fn small(name: &'static str, value: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, ConfigError> {
    let range = u64::from(*range.start())..=u64::from(*range.end());
    count(name, value, range).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// Of what may hold secrets, the value is not shown.
fn json<T: DeserializeOwned>(name: &'static str, value: &str, shape: &str) -> Result<T, ConfigError> {
    serde_json::from_str(value)
        .map_err(|error| wrong(name, "", &format!("must be {shape}, as JSON: {error}")))
}

fn web_address(name: &'static str, value: &str) -> Result<String, ConfigError> {
    let address =
        Address::parse(value).map_err(|error| wrong(name, value, &format!("is no address: {error}")))?;
    Ok(address.as_str().trim_end_matches('/').to_owned())
}

fn switch(name: &'static str, value: &str) -> Result<bool, ConfigError> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(wrong(name, other, "is neither on nor off")),
    }
}

fn database(url: String) -> Result<String, ConfigError> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    // Not shown: it may hold a password.
    if known { Ok(url) } else { Err(wrong("DATABASE", "", "begins with none of sqlite:, postgres://")) }
}

fn index(value: &str) -> Result<IndexConfig, ConfigError> {
    if value == "catalog" {
        return Ok(IndexConfig::Catalog);
    }
    // Not shown: it may hold a password.
    let url = value.strip_prefix("opensearch:");
    let url = url.ok_or_else(|| wrong("INDEX", "", "is neither catalog nor opensearch:https://…"))?;
    parse_opensearch(url).map(IndexConfig::OpenSearch).map_err(|reason| wrong("INDEX", "", &reason))
}

fn store(value: &str, setting: &impl Fn(&'static str) -> String) -> Result<StoreConfig, ConfigError> {
    match value.split_once(':') {
        Some(("file", folder)) if !folder.is_empty() => Ok(StoreConfig::Folder(PathBuf::from(folder))),
        Some(("s3", bucket)) if !bucket.is_empty() => Ok(StoreConfig::S3 {
            bucket: bucket.to_owned(),
            endpoint: web_address("S3_ENDPOINT", &setting("S3_ENDPOINT"))?,
            region: setting("S3_REGION"),
            credentials: Credentials::parse(&setting("S3_CREDENTIALS"))
                .map_err(|error| wrong("S3_CREDENTIALS", "", &error.to_string()))?,
        }),
        _ => Err(wrong("STORE", value, "is neither file:<folder> nor s3:<bucket>")),
    }
}

fn key_set(name: &'static str, value: &str) -> Result<Option<KeySet>, ConfigError> {
    if value.is_empty() {
        return Ok(None);
    }
    let set = KeySet::parse(value.as_bytes()).and_then(|set| set.check_for_use().map(|()| set));
    set.map(Some).map_err(|error| wrong(name, "", &error.to_string()))
}

/// The first key signs; what is published of them verifies.
fn signing(name: &'static str, value: &str) -> Result<Option<Signing>, ConfigError> {
    if value.is_empty() {
        return Ok(None);
    }
    let fail = |error: KeyError| wrong(name, "", &error.to_string());
    let key = SigningKey::parse(value.as_bytes()).map_err(fail)?;
    let all: Value = json(name, value, "a JWK Set")?;
    let keys = all.get("keys").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![all]);
    let public: Option<Vec<Value>> = keys.iter().map(public_jwk).collect();
    let public =
        public.ok_or_else(|| wrong(name, "", "holds a key that cannot be published; use EdDSA or ES256"))?;
    let published = serde_json::json!({ "keys": public });
    let verifying = KeySet::parse(published.to_string().as_bytes()).map_err(fail)?;
    Ok(Some(Signing { key, published, verifying }))
}

fn edge(url: &str, keys: &str) -> Result<Option<EdgeConfig>, ConfigError> {
    if url.is_empty() {
        return Ok(None);
    }
    let url = web_address("EDGE_URL", url)?;
    let admin_key = SigningKey::parse(keys.as_bytes())
        .map_err(|error| wrong("EDGE_ADMIN_KEYS", "", &format!("signs for EDGE_URL, and {error}")))?;
    Ok(Some(EdgeConfig { url, admin_key }))
}

fn queue(value: String) -> Result<QueueConfig, ConfigError> {
    match value.split_once("://") {
        None if value == "catalog" => Ok(QueueConfig::Catalog),
        Some(("nats" | "tls", _)) => Ok(QueueConfig::Nats(Secret(value))),
        // Not shown: it may hold a password.
        _ => Err(wrong("QUEUE", "", "is neither catalog nor nats://…")),
    }
}

fn edge_queue(url: &str, token: &str) -> Result<Option<EdgeQueue>, ConfigError> {
    if url.is_empty() {
        return Ok(None);
    }
    let address = Address::parse(url)
        .map_err(|error| wrong("EDGE_QUEUE_URL", url, &format!("is no address: {error}")))?;
    if !address.is_safe() {
        return Err(wrong("EDGE_QUEUE_URL", url, "is not https, and a token goes there"));
    }
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("EDGE_QUEUE_TOKEN", "", "is what EDGE_QUEUE_URL is asked with, and is no token"));
    }
    let authorization = Secret(format!("Bearer {token}"));
    Ok(Some(EdgeQueue { url: address.as_str().to_owned(), authorization }))
}

#[cfg(test)]
mod tests {
    use super::{Config, SETTINGS};

    fn parse(settings: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| {
            settings.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
        };
        Config::parse(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_valid_and_empty_means_absent() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8788");
        assert!(!config.metrics_are_public && config.signing.is_none());
        assert_eq!(config.operator_tenant, "default");
        let empty: Vec<(&str, &str)> = SETTINGS.iter().map(|setting| (setting.name, "")).collect();
        assert_eq!(parse(&empty).unwrap().database, config.database);
    }

    #[test]
    fn an_error_names_its_variable() {
        for (name, value) in [
            ("ADDR", "nowhere"),
            ("PUBLIC_URL", "ftp://x"),
            ("LOG", "loud"),
            ("LOG_FORMAT", "xml"),
            ("DATABASE", "mysql://x"),
            ("STORE", "memory"),
            ("STORE", "s3:bucket"),
            ("TOKEN_KEYS", "{"),
            ("SIGNING_KEYS", "{}"),
            ("METRICS", "yes"),
            ("OPERATOR_TENANT", "a/b"),
            ("CONNECTIONS", "0"),
            ("CONNECTIONS", "many"),
            ("PRESETS", "[]"),
            ("VARIANTS", r#"["thumb"]"#),
            ("MAX_UPLOAD_BYTES", "0"),
            ("MAX_UPLOAD_BYTES", "104857601"),
            ("QUOTA_BYTES", "-1"),
            ("UPLOAD_SECONDS", "604801"),
            ("WORKERS", "65"),
            ("EDGE_URL", "edge"),
            ("INDEX", "elsewhere"),
            ("INDEX", "opensearch:https://host:9200"),
            ("INDEX", "opensearch:https://host:9200/Pictures"),
            ("INDEX", "opensearch:https://user@host:9200/pictures"),
        ] {
            let error = parse(&[(name, value)]).err().unwrap_or_default();
            let is_named = error.contains("LENSLET_ORIGIN_");
            assert!(is_named, "{name}={value}: {error:?}");
            // S3 has several settings: the one that is missing is named.
            assert!(error.contains(name) || value == "s3:bucket", "{name}={value}: {error}");
        }
    }

    #[test]
    fn an_error_does_not_quote_what_may_be_a_secret() {
        const SECRET: &str = "hunter2";
        for name in ["DATABASE", "INDEX", "S3_CREDENTIALS", "TOKEN_KEYS", "SIGNING_KEYS", "EDGE_ADMIN_KEYS"] {
            for value in [
                SECRET.to_owned(),
                format!("{{\"{SECRET}\":1}}"),
                format!("mysql://u:{SECRET}@h"),
                format!("opensearch:https://u:{SECRET}@h"),
            ] {
                let given = [("EDGE_URL", "https://edge.example"), ("STORE", "s3:b"), (name, value.as_str())];
                let given = [&given[..], &[("S3_ENDPOINT", "https://s3.example")]].concat();
                let error = parse(&given).err().unwrap_or_default();
                assert!(!error.contains(SECRET), "{error}");
            }
        }
    }

    #[test]
    fn every_setting_has_a_name_of_its_own() {
        let mut names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SETTINGS.len());
        assert!(SETTINGS.iter().all(|setting| !setting.flag().contains('_')));
    }
}

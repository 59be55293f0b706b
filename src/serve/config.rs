//! What a deployment decides: who may ask and how often, keys, presets, and how long answers keep.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::issuers::{Issuer, IssuerKeys};
use super::rate::Rate;
use crate::grant::{
    Access, Algorithm, Context, Defaults, KeyError, KeySet, Policies, PolicyError, is_plain_name,
};
use crate::plan::Settings;
use crate::recipe::{
    EMBEDDED_FONT, LONGEST_SIDE, Name, PresetError, Presets, RecipeError, Source, Value as _, check_key,
};
use crate::sources::{Sources, SourcesError, folder};

/// The deployment's decisions, checked.
#[derive(Debug)]
pub struct Config {
    /// Who may ask for what.
    pub policies: Policies,
    /// Named recipes.
    pub presets: Presets,
    /// The keys of fonts by the names that texts ask for them with.
    pub fonts: BTreeMap<String, String>,
    /// The keys that sign URLs; nothing until there are some.
    pub url_keys: Option<KeySet>,
    /// Those who give out tokens.
    pub issuers: Vec<Issuer>,
    /// `jti` of tokens that are no longer good.
    pub revoked: BTreeSet<String>,
    /// The cookie that a token may come in.
    pub token_cookie: String,
    /// Classes of rate limits.
    pub rates: BTreeMap<String, Rate>,
    /// Where pictures are.
    pub sources: Sources,
    /// How long what is known of pictures counts.
    pub freshness: Freshness,
    /// Where variants are stored for all data centres, if anywhere.
    pub variant_store: Option<VariantStore>,
    /// What is decided of all pictures that are made.
    pub plans: Settings,
    /// The keys that sign requests to purge; nobody may until there are some.
    pub admin_keys: Option<KeySet>,
}

/// How long what is known of a picture's version counts.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// So long a replaced picture may still be served.
    pub fresh_seconds: u32,
    /// For so much longer it is served while it is asked for anew, …
    pub revalidate_seconds: u32,
    /// … and for so much longer while its source is away.
    pub stale_seconds: u32,
    /// So long nobody asks again for what was missing.
    pub missing_seconds: u32,
}

/// A bucket of variants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantStore {
    /// Its binding.
    pub binding: String,
    /// What stands before every key: a folder, as the prefixes of sources.
    #[serde(default = "variants", deserialize_with = "read_folder")]
    pub prefix: String,
}

fn variants() -> String {
    folder("variants")
}

fn read_folder<'de, D: Deserializer<'de>>(member: D) -> Result<String, D::Error> {
    String::deserialize(member).map(|prefix| folder(&prefix))
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The setting has a value it cannot have.
    #[error("{name} cannot be '{value}'; it takes {range}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it takes.
        range: &'static str,
    },
    /// The setting is no table of the kind it should be.
    #[error("{name} must be {shape}: {error}")]
    Table {
        /// The setting.
        name: &'static str,
        /// What it should be.
        shape: &'static str,
        /// What is wrong with it.
        error: String,
    },
    /// A preset cannot be used.
    #[error("PRESETS: {0}")]
    Presets(#[from] PresetError),
    /// A font cannot be used.
    #[error("FONTS: '{name}' {reason}")]
    Font {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A preset writes with a font that there is not.
    #[error("PRESETS: {0}")]
    FontOfPreset(RecipeError),
    /// A policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A key cannot be used.
    #[error("{name}: {error}")]
    Keys {
        /// The setting.
        name: &'static str,
        /// What is wrong.
        error: KeyError,
    },
    /// An issuer cannot be used.
    #[error("ISSUERS[{index}]: {reason}")]
    Issuer {
        /// Its place, from 0.
        index: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The sources cannot be used.
    #[error(transparent)]
    Sources(#[from] SourcesError),
    /// Tokens are wanted, and nobody gives them out.
    #[error("{name} takes tokens, but ISSUERS names nobody who gives them out")]
    NoIssuers {
        /// The setting.
        name: &'static str,
    },
}

/// A year: longer means nothing to caches.
const LONGEST_SECONDS: u32 = 31_536_000;

impl Config {
    /// Reads the settings by name; those that are absent have their defaults. Tables are given as JSON.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let setting = |name: &str| setting(name).filter(|value| !value.is_empty());
        let presets: BTreeMap<String, String> =
            table("PRESETS", "a table of names and options", setting("PRESETS"))?;
        let presets =
            Presets::parse(presets.iter().map(|(name, options)| (name.as_str(), options.as_str())))?;
        let fonts = fonts(setting("FONTS"))?;
        presets
            .recipes()
            .try_for_each(|preset| preset.check_fonts(&fonts))
            .map_err(ConfigError::FontOfPreset)?;
        let rates: BTreeMap<String, Rate> =
            table("RATES", "a table of names, each with binding, limit and period", setting("RATES"))?;
        if let Some(name) = rates.keys().find(|name| !is_plain_name(name)) {
            // It stands in headers, in quotes.
            let range = "names of 1 to 64 characters of A-Z, a-z, 0-9, - and _";
            return Err(ConfigError::OutOfRange { name: "RATES", value: name.clone(), range });
        }
        let sources = Sources::parse(setting("SOURCES").as_deref(), setting("ROUTES").as_deref(), setting)?;
        let issuers = issuers(setting("ISSUERS"), setting("TOKEN_KEYS"))?;
        let defaults = Defaults {
            access: access("ACCESS", setting("ACCESS"), Access::SIGNED, &issuers)?,
            originals: access("ORIGINALS", setting("ORIGINALS"), Access::Private, &issuers)?,
            max_age_seconds: seconds("MAX_AGE_SECONDS", setting("MAX_AGE_SECONDS"), 3_600)?,
        };
        let policies: Vec<Value> = table("POLICIES", "a list of policies", setting("POLICIES"))?;
        let names: Vec<&str> = rates.keys().map(String::as_str).collect();
        let context = Context { presets: &presets, rates: &names, has_issuers: !issuers.is_empty() };
        let revoked: Vec<String> = table("REVOKED_TOKENS", "a list of jti", setting("REVOKED_TOKENS"))?;
        Ok(Self {
            policies: Policies::parse(&policies, defaults, context)?,
            sources,
            freshness: freshness(setting)?,
            variant_store: table(
                "VARIANT_STORE",
                "a table with binding and perhaps prefix",
                setting("VARIANT_STORE"),
            )?,
            plans: plans(setting)?,
            admin_keys: signing_keys("ADMIN_KEYS", setting("ADMIN_KEYS"))?,
            url_keys: signing_keys("URL_KEYS", setting("URL_KEYS"))?,
            issuers,
            revoked: revoked.into_iter().collect(),
            token_cookie: setting("TOKEN_COOKIE").unwrap_or_else(|| "lenslet".to_owned()),
            presets,
            fonts,
            rates,
        })
    }
}

impl Config {
    /// The keys that the settings bring, for the log: each setting with the names of its keys.
    pub fn keys(&self) -> Vec<(&'static str, Vec<String>)> {
        let fixed = self.issuers.iter().find_map(|issuer| match &issuer.keys {
            IssuerKeys::Fixed(keys) => Some(&**keys),
            IssuerKeys::Url(_) => None,
        });
        let sets = [
            ("URL_KEYS", self.url_keys.as_ref()),
            ("ADMIN_KEYS", self.admin_keys.as_ref()),
            ("TOKEN_KEYS", fixed),
        ];
        let names = |keys: &KeySet| keys.kids().map(str::to_owned).collect();
        sets.into_iter().filter_map(|(setting, keys)| Some((setting, names(keys?)))).collect()
    }

    /// Whether a picture of this name can be anywhere. Of keys, a source alone can tell.
    pub fn reaches(&self, source: &Source) -> bool {
        match source {
            Source::Key { .. } => true,
            Source::Remote { address } => self.sources.allow(address),
        }
    }

    /// Whether a token can be good anywhere.
    pub fn takes_tokens(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// Whether it matters anywhere who asks, beside the grant.
    pub fn looks_at_clients(&self) -> bool {
        !self.rates.is_empty() || self.policies.look_at_clients()
    }
}

fn access(
    name: &'static str,
    value: Option<String>,
    default: Access,
    issuers: &[Issuer],
) -> Result<Access, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    match Access::parse(&value) {
        Some(access) if access.takes_tokens() && issuers.is_empty() => Err(ConfigError::NoIssuers { name }),
        Some(access) => Ok(access),
        None => Err(ConfigError::OutOfRange { name, value, range: Access::RANGE }),
    }
}

fn table<T: DeserializeOwned + Default>(
    name: &'static str,
    shape: &'static str,
    json: Option<String>,
) -> Result<T, ConfigError> {
    let read = |json: String| {
        serde_json::from_str(&json).map_err(|error| ConfigError::Table {
            name,
            shape,
            error: error.to_string(),
        })
    };
    json.map_or_else(|| Ok(T::default()), read)
}

/// Fonts by name; the one that is always there cannot be another.
fn fonts(json: Option<String>) -> Result<BTreeMap<String, String>, ConfigError> {
    let fonts: BTreeMap<String, String> = table("FONTS", "a table of names and keys", json)?;
    for (name, key) in &fonts {
        let fail = |reason: String| Err(ConfigError::Font { name: name.clone(), reason });
        if Name::parse(name).is_none() || name == EMBEDDED_FONT {
            return fail(format!("is no name for a font: use a-z, 0-9, - and _, and not {EMBEDDED_FONT}"));
        }
        if let Err(error) = check_key(key) {
            return fail(format!("has no key: {error}"));
        }
    }
    Ok(fonts)
}

/// Keys that may be relied on.
fn keys(name: &'static str, json: &str) -> Result<KeySet, ConfigError> {
    let keys = KeySet::parse(json.as_bytes()).and_then(|keys| keys.check_for_use().map(|()| keys));
    keys.map_err(|error| ConfigError::Keys { name, error })
}

fn freshness(setting: impl Fn(&str) -> Option<String>) -> Result<Freshness, ConfigError> {
    let read = |name, default| seconds(name, setting(name), default);
    Ok(Freshness {
        fresh_seconds: read("FRESH_SECONDS", 60)?,
        revalidate_seconds: read("STALE_WHILE_REVALIDATE_SECONDS", 0)?,
        stale_seconds: read("STALE_IF_ERROR_SECONDS", 86_400)?,
        missing_seconds: read("MISSING_SECONDS", 5)?,
    })
}

fn plans(setting: impl Fn(&str) -> Option<String>) -> Result<Settings, ConfigError> {
    let usual = Settings::default();
    Ok(Settings {
        linear_light: switch("LINEAR_LIGHT", setting("LINEAR_LIGHT").as_deref())?,
        longest_avif_side: match setting("LONGEST_AVIF_SIDE") {
            None => usual.longest_avif_side,
            Some(value) => {
                let side = value.parse().ok().filter(|side| (1..=LONGEST_SIDE).contains(side));
                let range = "whole pixels, 1 to 12000";
                side.ok_or(ConfigError::OutOfRange { name: "LONGEST_AVIF_SIDE", value, range })?
            }
        },
    })
}

fn switch(name: &'static str, value: Option<&str>) -> Result<bool, ConfigError> {
    match value {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(other) => Err(ConfigError::OutOfRange { name, value: other.to_owned(), range: "on or off" }),
    }
}

/// Keys that sign URLs.
fn signing_keys(name: &'static str, json: Option<String>) -> Result<Option<KeySet>, ConfigError> {
    let Some(json) = json else { return Ok(None) };
    let keys = keys(name, &json)?;
    keys.check_all(Algorithm::Hs256).map_err(|error| ConfigError::Keys { name, error })?;
    Ok(Some(keys))
}

/// An issuer as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: String,
    audience: String,
    jwks_url: Option<String>,
}

fn issuers(json: Option<String>, token_keys: Option<String>) -> Result<Vec<Issuer>, ConfigError> {
    let shape = "a list of issuers, each with issuer, audience and perhaps jwks_url";
    let written: Vec<Written> = table("ISSUERS", shape, json)?;
    let own_keys = token_keys.map(|json| keys("TOKEN_KEYS", &json)).transpose()?.map(Rc::new);
    let read = |(index, written): (usize, Written)| {
        let fail = |reason| ConfigError::Issuer { index, reason };
        if written.issuer.is_empty() || written.audience.is_empty() {
            return Err(fail("issuer and audience must say something"));
        }
        let keys = match (written.jwks_url, &own_keys) {
            (Some(url), _) if is_safe(&url) => IssuerKeys::Url(url),
            (Some(_), _) => return Err(fail("jwks_url must begin with https://")),
            (None, Some(keys)) => IssuerKeys::Fixed(Rc::clone(keys)),
            (None, None) => return Err(fail("it has no jwks_url, and TOKEN_KEYS is not set")),
        };
        Ok(Issuer { name: written.issuer, audience: written.audience, keys })
    };
    written.into_iter().enumerate().map(read).collect()
}

/// Whether nobody on the way can change what comes from there.
fn is_safe(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || local.iter().any(|start| url.starts_with(start))
}

fn seconds(name: &'static str, value: Option<String>, default: u32) -> Result<u32, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    let parsed = value.parse().ok().filter(|seconds| *seconds <= LONGEST_SECONDS);
    parsed.ok_or(ConfigError::OutOfRange { name, value, range: "whole seconds, 0 to 31536000" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|asked| {
            let found = settings.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const KEY: &str = r#"{"kty":"oct","kid":"a","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA"}"#;

    #[test]
    fn urls_must_be_signed_until_said_otherwise() {
        let config = read(&[]).unwrap();
        let source = Source::parse("a.png", None).unwrap();
        let policy = config.policies.find("a.example", &source);
        assert_eq!((policy.access, policy.originals), (Access::SIGNED, Access::Private));
        assert!(config.url_keys.is_none());
    }

    #[test]
    fn variants_are_in_a_folder_however_it_is_written() {
        for (written, prefix) in [
            (r#"{"binding":"V"}"#, "variants/"),
            (r#"{"binding":"V","prefix":"a/b"}"#, "a/b/"),
            (r#"{"binding":"V","prefix":"/a/b/"}"#, "a/b/"),
            (r#"{"binding":"V","prefix":""}"#, ""),
        ] {
            let config = read(&[("VARIANT_STORE", written)]).unwrap();
            assert_eq!(config.variant_store.unwrap().prefix, prefix, "{written}");
        }
    }

    #[test]
    fn names_the_setting_that_is_wrong() {
        let issuer = r#"[{"issuer":"i","audience":"a"}]"#;
        for (settings, wrong) in [
            (&[("ACCESS", "Public")][..], "ACCESS cannot be 'Public'"),
            (&[("ACCESS", "token")], "ACCESS takes tokens, but ISSUERS"),
            (&[("FRESH_SECONDS", "-1")], "FRESH_SECONDS"),
            (&[("LINEAR_LIGHT", "yes")], "LINEAR_LIGHT cannot be 'yes'; it takes on or off"),
            (&[("LONGEST_AVIF_SIDE", "0")], "LONGEST_AVIF_SIDE cannot be '0'"),
            (&[("PRESETS", r#"{"thumb":"width=x"}"#)], "PRESETS: preset 'thumb'"),
            (&[("PRESETS", r#"["width=x"]"#)], "PRESETS must be a table"),
            (&[("FONTS", r#"{"sans":"a.ttf"}"#)], "FONTS: 'sans' is no name for a font"),
            (&[("FONTS", r#"{"a":"../a.ttf"}"#)], "FONTS: 'a' has no key"),
            (
                &[("PRESETS", r#"{"a":"text=x,text.font=b"}"#)],
                "PRESETS: there is no font 'b'; there are sans",
            ),
            (&[("POLICIES", "{}")], "POLICIES must be a list"),
            (&[("POLICIES", r#"[{"acess":"public"}]"#)], "POLICIES[0]: unknown field `acess`"),
            (&[("STALE_IF_ERROR_SECONDS", "x")], "STALE_IF_ERROR_SECONDS cannot be 'x'"),
            (&[("SOURCES", r#"{"a":{"type":"r3"}}"#)], "SOURCES.a: unknown variant `r3`"),
            (&[("ROUTES", r#"[{"sources":["b"]}]"#)], "ROUTES[0]: SOURCES has no 'b'"),
            (&[("VARIANT_STORE", r#"{"bucket":"b"}"#)], "VARIANT_STORE must be a table"),
            (&[("ADMIN_KEYS", "secret")], "ADMIN_KEYS: it is no JWK Set"),
            (&[("RATES", r#"{"slow":{"limit":5}}"#)], "RATES must be a table"),
            (&[("RATES", r#"{"a b":{"binding":"A","limit":5,"period":10}}"#)], "RATES cannot be 'a b'"),
            (&[("URL_KEYS", "secret")], "URL_KEYS: it is no JWK Set"),
            (
                &[("URL_KEYS", r#"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#)],
                "URL_KEYS: key 'a': it has 48 bits",
            ),
            (
                &[("URL_KEYS", r#"{"kty":"oct","k":"c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA"}"#)],
                "a 'kid'",
            ),
            (&[("ISSUERS", issuer)], "ISSUERS[0]: it has no jwks_url, and TOKEN_KEYS is not set"),
            (
                &[("ISSUERS", r#"[{"issuer":"i","audience":"a","jwks_url":"http://i/"}]"#)],
                "must begin with https",
            ),
        ] {
            let error = read(settings).unwrap_err().to_string();
            assert!(error.contains(wrong), "{settings:?}: {error}");
        }
        let config =
            read(&[("ISSUERS", issuer), ("TOKEN_KEYS", KEY), ("ACCESS", "token"), ("URL_KEYS", KEY)]);
        let names = |setting| (setting, vec!["a".to_owned()]);
        assert_eq!(config.unwrap().keys(), [names("URL_KEYS"), names("TOKEN_KEYS")]);
    }

    #[test]
    fn no_message_shows_a_secret() {
        let error = read(&[("URL_KEYS", r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#)]).unwrap_err();
        assert!(!error.to_string().contains("c2Vj"), "{error}");
    }
}

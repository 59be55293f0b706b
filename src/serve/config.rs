//! What a deployment decides: who may ask, presets, and how long answers keep.

use std::collections::BTreeMap;

use crate::recipe::{PresetError, Presets};

/// Whether a part of the service may be used by everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Nobody, until somebody says otherwise.
    #[default]
    Private,
    /// Everybody.
    Public,
}

/// The deployment's decisions, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Who may ask for transforms.
    pub access: Access,
    /// Who may have the sources themselves.
    pub originals: Access,
    /// Named recipes.
    pub presets: Presets,
    /// How long a client keeps an answer without asking again.
    pub max_age_seconds: u32,
    /// How long a replaced source may still be served.
    pub fresh_seconds: u32,
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
    /// PRESETS is no table of texts.
    #[error("PRESETS must be a table of names and options: {0}")]
    PresetTable(String),
    /// A preset cannot be used.
    #[error("PRESETS: {0}")]
    Presets(#[from] PresetError),
}

/// A year: longer means nothing to caches.
const LONGEST_SECONDS: u32 = 31_536_000;

impl Config {
    /// Reads the settings by name; those that are absent have their defaults. Tables are given as JSON.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            access: access("ACCESS", setting("ACCESS").as_deref())?,
            originals: access("ORIGINALS", setting("ORIGINALS").as_deref())?,
            presets: presets(setting("PRESETS").as_deref())?,
            max_age_seconds: seconds("MAX_AGE_SECONDS", setting("MAX_AGE_SECONDS"), 3_600)?,
            fresh_seconds: seconds("FRESH_SECONDS", setting("FRESH_SECONDS"), 60)?,
        })
    }
}

fn access(name: &'static str, value: Option<&str>) -> Result<Access, ConfigError> {
    match value {
        None | Some("private") => Ok(Access::Private),
        Some("public") => Ok(Access::Public),
        Some(other) => {
            Err(ConfigError::OutOfRange { name, value: other.to_owned(), range: "private or public" })
        }
    }
}

fn presets(json: Option<&str>) -> Result<Presets, ConfigError> {
    let table: BTreeMap<String, String> = serde_json::from_str(json.unwrap_or("{}"))
        .map_err(|error| ConfigError::PresetTable(error.to_string()))?;
    Ok(Presets::parse(table.iter().map(|(name, options)| (name.as_str(), options.as_str())))?)
}

fn seconds(name: &'static str, value: Option<String>, default: u32) -> Result<u32, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    let parsed = value.parse().ok().filter(|seconds| *seconds <= LONGEST_SECONDS);
    parsed.ok_or(ConfigError::OutOfRange { name, value, range: "whole seconds, 0 to 31536000" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_private_until_said_otherwise() {
        let config = Config::read(|_| None).unwrap();
        assert_eq!((config.access, config.originals), (Access::Private, Access::Private));
    }

    #[test]
    fn names_the_setting_that_is_wrong() {
        let wrong = |name: &'static str, value: &str| {
            let value = value.to_owned();
            Config::read(move |asked| (asked == name).then(|| value.clone())).unwrap_err().to_string()
        };
        assert!(wrong("ACCESS", "Public").starts_with("ACCESS cannot be 'Public'"));
        assert!(wrong("FRESH_SECONDS", "-1").starts_with("FRESH_SECONDS"));
        assert!(wrong("PRESETS", r#"{"thumb":"width=x"}"#).starts_with("PRESETS: preset 'thumb'"));
        assert!(wrong("PRESETS", r#"["width=x"]"#).starts_with("PRESETS must be a table"));
    }
}

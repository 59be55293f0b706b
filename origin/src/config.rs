//! The origin's settings, parsed once at the start. Where they come from is the caller's business:
//! `main` passes the environment, tests a table.

use std::fmt::Display;
use std::net::{AddrParseError, SocketAddr};
use std::str::FromStr;

use thiserror::Error;
use tracing::level_filters::{LevelFilter, ParseLevelFilterError};

/// The variable that says where to listen.
pub const ADDRESS: &str = "LENSLET_ORIGIN_ADDR";
/// The variable that says how much to log.
pub const LOG: &str = "LENSLET_ORIGIN_LOG";

/// Everything that can be set. A value that exists is valid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Where to listen. Loopback unless said otherwise; port 0 takes any free one.
    pub address: SocketAddr,
    /// The least severe level that is logged.
    pub log: LevelFilter,
}

/// A variable whose value cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// [`ADDRESS`] is not an address with a port.
    #[error("{ADDRESS}={value:?} is not an address with a port, such as 127.0.0.1:8788")]
    Address {
        /// What was given.
        value: String,
        /// Why it is none.
        source: AddrParseError,
    },
    /// [`LOG`] is not a level.
    #[error("{LOG}={value:?} is not one of off, error, warn, info, debug, trace")]
    Log {
        /// What was given.
        value: String,
        /// Why it is none.
        source: ParseLevelFilterError,
    },
}

impl Config {
    /// Parses the settings out of `lookup`, which gives a variable's value where it is set.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let or_default = |name, default: &dyn Display| lookup(name).unwrap_or_else(|| default.to_string());
        let address = or_default(ADDRESS, &"127.0.0.1:8788");
        let log = or_default(LOG, &LevelFilter::INFO);
        Ok(Self {
            address: SocketAddr::from_str(&address)
                .map_err(|source| ConfigError::Address { value: address, source })?,
            log: LevelFilter::from_str(&log).map_err(|source| ConfigError::Log { value: log, source })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Config::parse(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn listens_on_loopback_by_default() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8788");
        assert_eq!(config.log, LevelFilter::INFO);
    }

    #[test]
    fn takes_what_is_set() {
        let config = parse(&[(ADDRESS, "[::1]:0"), (LOG, "debug")]).unwrap();
        assert_eq!(config.address.to_string(), "[::1]:0");
        assert_eq!(config.log, LevelFilter::DEBUG);
    }

    #[test]
    fn an_error_names_the_variable_and_its_value() {
        for (name, value) in [(ADDRESS, "localhost"), (ADDRESS, ""), (LOG, "loud")] {
            let error = parse(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name}={value:?}")), "{error}");
        }
    }
}

//! Lines of the log: JSON, one object each, with the same names for the same things. No secret is ever in one, nor a
//! query, since grants travel there.

use serde::Serialize;

use super::Request;
use super::purges::Purge;

/// One line.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// What happened.
    #[serde(flatten)]
    pub event: Event<'a>,
    /// To which request, where it was one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub request: Option<About<'a>>,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// Somebody was turned away.
    Refused {
        /// With which status.
        status: u16,
        /// Why, more closely than the client was told.
        reason: String,
        /// The key that the grant named.
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    },
    /// Something of ours or of the store's failed.
    Failed {
        /// How.
        reason: String,
    },
    /// Somebody purged.
    Purged {
        /// What.
        purge: &'a Purge,
    },
    /// The keys of a source are others than before.
    Keys {
        /// Where they come from.
        source: &'a str,
        /// The names of those that are new.
        added: Vec<String>,
        /// The names of those that are gone.
        removed: Vec<String>,
    },
}

/// A request, as far as the log may know it.
#[derive(Debug, Serialize)]
pub struct About<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ray: Option<&'a str>,
}

impl<'a> About<'a> {
    /// What the log may know of a request.
    pub fn request(request: &'a Request) -> Self {
        /// The rest of a longer path is not worth its place.
        const LONGEST_PATH: usize = 512;
        let end = request.path.char_indices().nth(LONGEST_PATH).map_or(request.path.len(), |(at, _)| at);
        Self {
            method: request.method.as_str(),
            host: &request.host,
            path: request.path.get(..end).unwrap_or_default(),
            ray: ["cf-ray", "x-request-id"].iter().find_map(|&name| request.header(name)),
        }
    }
}

impl Record<'_> {
    /// Whether somebody should look into it.
    pub fn is_error(&self) -> bool {
        matches!(self.event, Event::Failed { .. })
    }
}

impl std::fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Strings and numbers always serialise.
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

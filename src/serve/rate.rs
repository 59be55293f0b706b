//! How many pictures somebody may have made anew: classes of rate limits. What the cache answers is not counted.

use serde::Deserialize;

/// A class of rate limits. The numbers are those of the binding in `wrangler.toml`, which counts; here they are told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The rate-limiting binding.
    pub binding: String,
    /// So many misses …
    pub limit: u32,
    /// … in so many seconds, …
    pub period: u32,
    /// … for each of these.
    #[serde(default)]
    pub by: By,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Those of an address, or of the /64 it is in.
    #[default]
    Client,
    /// Those with the same token, or with signatures of the same key.
    Grant,
    /// Those of a tenant.
    Tenant,
}

/// A limit that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// The class.
    pub class: String,
    /// So many …
    pub limit: u32,
    /// … in so many seconds.
    pub period: u32,
}

impl Exceeded {
    /// `RateLimit-Policy` and `RateLimit`, as the draft of the HTTP working group has them.
    pub(super) fn headers(&self) -> [(&'static str, String); 2] {
        let Self { class, limit, period } = self;
        [
            ("ratelimit-policy", format!("\"{class}\";q={limit};w={period}")),
            ("ratelimit", format!("\"{class}\";r=0;t={period}")),
        ]
    }
}

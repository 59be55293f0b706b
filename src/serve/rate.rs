//! How many pictures somebody may have made anew: classes of rate limits. What the cache answers is not counted.

use serde::Deserialize;

use super::Request;
use super::ports::World;
use super::problem::Problem;
use super::record::{About, Event, Record};

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

/// Whom a request counts for.
pub(super) struct Meter<'a> {
    /// The class of the limit.
    pub class: &'a str,
    /// The limit.
    pub rate: &'a Rate,
    /// Who it is.
    pub key: String,
    /// The request.
    pub request: &'a Request,
}

/// Counts one more picture that is made anew.
pub(super) async fn count<W: World>(world: &W, meter: Option<&Meter<'_>>) -> Result<(), Problem> {
    let Some(Meter { class, rate, key, request }) = meter else { return Ok(()) };
    match world.count(&rate.binding, key).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let Rate { limit, period, .. } = **rate;
            Err(Problem::TooMany(Exceeded { class: (*class).to_owned(), limit, period }))
        }
        // Who cannot be counted is let through: pictures are worth more than their number.
        Err(reason) => {
            let reason = format!("the rate limit {} does not count: {reason}", rate.binding);
            world.log(&Record { event: Event::Failed { reason }, request: Some(About::request(request)) });
            Ok(())
        }
    }
}

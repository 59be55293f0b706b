//! Purging by request: `POST /__lenslet/purge?source=…&exp=…&kid=…&sig=…`, signed with one of `ADMIN_KEYS` the way picture
//! URLs are, and not for longer than an hour.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{self, Answer, AnswerBody};
use super::config::Config;
use super::door::seconds;
use super::ports::World;
use super::problem::Problem;
use super::purges::{self, Purge};
use super::refusal::{Reason, Refusal};
use super::{Request, record};
use crate::grant::verify_url;

/// Where purges are asked for.
pub(super) const PURGE_PATH: &str = "/__lenslet/purge";

/// A request to purge that is still good tomorrow could be used again tomorrow.
const LONGEST_SECONDS: u64 = 3_600;

/// Purges, if the request is signed.
pub(super) async fn purge<W: World, B>(
    request: &Request,
    config: &Config,
    world: &W,
) -> Result<Answer<B>, Problem> {
    let query = verify(request, config, seconds(world.now_ms()))?;
    let purge = read(query)?;
    let purged_ms =
        purges::purge(world, config, &purge).await.map_err(|error| Problem::Purge(error.to_string()))?;
    world.log(&record::Record {
        event: record::Event::Purged { purge: &purge },
        request: Some(record::About::request(request)),
    });
    purges::settle(world, &purge, purged_ms).await;
    let reach = if config.variant_store.is_some() { "everywhere" } else { "data-centre" };
    let document = serde_json::json!({ "purged": purge, "reach": reach });
    let body = serde_json::to_vec(&document).map_err(|error| Problem::Defect(error.to_string()))?;
    let mut headers = answer::always();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(answer::value(&body.len().to_string()).map(|length| (CONTENT_LENGTH, length)));
    Ok(Answer { status: StatusCode::OK, headers, body: AnswerBody::Bytes(body), later: Vec::new() })
}

/// Checks the signature; answers what of the query says what to purge.
fn verify<'a>(request: &'a Request, config: &Config, now_seconds: u64) -> Result<&'a str, Problem> {
    let refuse = |reason: Reason| Problem::from(Refusal::new(reason));
    let keys = config.admin_keys.as_ref().ok_or_else(|| refuse(Reason::NoAdminKeys))?;
    let query = request.query.as_deref().unwrap_or_default();
    let signed = verify_url(keys, &request.path, query, now_seconds).map_err(|error| refuse(error.into()))?;
    let is_short = signed.expires.is_some_and(|expires| expires - now_seconds <= LONGEST_SECONDS);
    if !is_short {
        return Err(refuse(Reason::Lifetime { longest_seconds: LONGEST_SECONDS }));
    }
    Ok(signed.source_query.unwrap_or_default())
}

fn read(query: &str) -> Result<Purge, Problem> {
    let wrong = |text: &str| Problem::PurgeQuery(format!("'{text}' is none of these"));
    let mut purge = Purge::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| wrong(pair))?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| wrong(pair))?.into_owned();
        match name {
            "everything" if value == "true" => purge.everything = true,
            "source" if !value.is_empty() => purge.sources.push(value),
            "prefix" if !value.is_empty() => purge.prefixes.push(value),
            "tag" if !value.is_empty() => purge.tags.push(value),
            "tenant" if !value.is_empty() => purge.tenants.push(value),
            _ => return Err(wrong(pair)),
        }
    }
    if purge.is_empty() { Err(Problem::PurgeQuery("it names nothing".to_owned())) } else { Ok(purge) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_to_be_purged() {
        let purge = read("source=a%20b.png&source=c%26d.png&prefix=shop/&tag=sale&tenant=acme").unwrap();
        assert_eq!(purge.sources, ["a b.png", "c&d.png"]);
        assert_eq!((purge.prefixes.len(), purge.tags.len(), purge.tenants.len()), (1, 1, 1));
        assert!(read("everything=true").unwrap().everything);
        for query in ["", "everything", "everything=1", "sources=a", "source=", "source=%FF"] {
            assert!(read(query).is_err(), "{query}");
        }
    }
}

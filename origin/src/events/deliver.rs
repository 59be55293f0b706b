//! Sending an event to a webhook, by the Standard Webhooks specification.
//!
//! 2xx is an arrival. 410 ends it for good. All else, redirects included, is a failure: another attempt follows, for
//! about a day, and then the delivery is a dead letter.

use chrono::{DateTime, SecondsFormat};
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};

use super::sender::{Message, Outcome};
use crate::catalog::audit::{self, Deed};
use crate::catalog::events::{self, Event};
use crate::catalog::jobs::Job;
use crate::catalog::webhooks::{self, Webhook};
use crate::state::AppState;
use crate::work::{JobError, is_last_attempt};

/// A body is smaller than 20 kB, as the specification asks.
const LONGEST_BODY: usize = 19_000;
/// Whose data would be as long without its longest members, is told only that something happened.
const MOST_OMITTED: usize = 8;
/// What was not delivered after so long will not be, however few attempts its webhook's rests left it.
const OLDEST_MS: i64 = 36 * 3_600_000;
/// After so many events in a row that were given up, a webhook is disabled.
const MOST_GIVEN_UP: i64 = 10;
/// Bounds of what a Retry-After can ask for.
const SHORTEST_RETRY_MS: i64 = 1_000;
const LONGEST_RETRY_MS: i64 = 6 * 3_600_000;

/// Sends an event to a webhook.
pub(crate) async fn deliver(state: &AppState, job: &Job) -> Result<(), JobError> {
    let named = |name: &str| job.payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let webhook = webhooks::find(&state.db, &job.tenant, named("webhook")).await?;
    let event = events::find(&state.db, &job.tenant, named("event")).await?;
    let (Some(webhook), Some(event)) = (webhook, event) else { return Ok(()) };
    if webhook.disabled.is_some() {
        return Ok(());
    }
    let now_ms = state.clock.now_ms();
    let old = webhook.old_secret.as_ref().filter(|(_, until_ms)| now_ms < *until_ms);
    let secrets: Vec<_> = [&webhook.secret].into_iter().chain(old.map(|(secret, _)| secret)).collect();
    let message =
        Message { id: &event.id, timestamp_seconds: now_ms / 1000, body: body(&event), secrets: &secrets };
    match state.sender.send(&webhook.url, message).await {
        Outcome::Arrived => {
            if webhook.failures > 0 || webhook.given_up > 0 {
                webhooks::arrived(&state.db, &webhook).await?;
            }
            Ok(())
        }
        Outcome::Unwanted => disable(state, &webhook, "it answered 410 Gone").await,
        Outcome::Failed { reason, retry_after } => {
            failed(state, job, &webhook, &event, reason, retry_after).await
        }
    }
}

async fn failed(
    state: &AppState,
    job: &Job,
    webhook: &Webhook,
    event: &Event,
    reason: String,
    retry_after: Option<HeaderValue>,
) -> Result<(), JobError> {
    // The attempt may have taken a while.
    let now_ms = state.clock.now_ms();
    webhooks::failed(&state.db, webhook, now_ms).await?;
    let is_too_old = now_ms.saturating_sub(event.created_ms) > OLDEST_MS;
    if is_too_old || is_last_attempt(job) {
        give_up(state, webhook, &reason).await?;
        return Err(JobError::Hopeless(reason));
    }
    match retry_after.and_then(|value| pause_ms(&value, now_ms)) {
        Some(pause_ms) => Err(JobError::After { reason, pause_ms }),
        None => Err(JobError::Later(reason)),
    }
}

/// Counts an event that was given up; after too many the webhook gets no more.
async fn give_up(state: &AppState, webhook: &Webhook, reason: &str) -> Result<(), JobError> {
    let mut tx = state.db.begin().await?;
    let in_a_row = webhooks::gave_up(&mut tx, webhook).await?;
    tx.commit().await?;
    if in_a_row >= MOST_GIVEN_UP {
        disable(state, webhook, &format!("{in_a_row} events in a row were given up; the last: {reason}"))
            .await?;
    }
    Ok(())
}

async fn disable(state: &AppState, webhook: &Webhook, reason: &str) -> Result<(), JobError> {
    let now_ms = state.clock.now_ms();
    let mut tx = state.db.begin().await?;
    if webhooks::disable(&mut tx, webhook, reason, now_ms).await? {
        let deed = Deed {
            tenant: &webhook.tenant,
            actor: "lenslet",
            action: "webhook.disable",
            subject: &webhook.id,
            detail: json!({ "reason": reason }),
            request_id: None,
        };
        audit::add(&mut tx, deed, now_ms).await?;
        tx.commit().await?;
        tracing::warn!(webhook = webhook.id, reason, "a webhook was disabled");
    }
    Ok(())
}

/// Seconds or a date (RFC 9110, section 10.2.3), within bounds.
fn pause_ms(retry_after: &HeaderValue, now_ms: i64) -> Option<i64> {
    let text = retry_after.to_str().ok()?.trim();
    let pause_ms = match text.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * 1000,
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis().saturating_sub(now_ms),
    };
    Some(pause_ms.clamp(SHORTEST_RETRY_MS, LONGEST_RETRY_MS))
}

/// What is sent: the same bytes each time. Of data that is too long, the longest members are left out and named.
fn body(event: &Event) -> String {
    let mut data = event.data.clone();
    let mut text = written(event, &data);
    for _ in 0..MOST_OMITTED {
        if text.len() <= LONGEST_BODY {
            return text;
        }
        if let Some(longest) = data.as_object().and_then(longest) {
            omit(&mut data, longest);
            text = written(event, &data);
        }
    }
    if text.len() <= LONGEST_BODY { text } else { written(event, &json!({ "omitted": ["data"] })) }
}

fn written(event: &Event, data: &Value) -> String {
    let time = DateTime::from_timestamp_millis(event.created_ms).unwrap_or_default();
    let timestamp = time.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "type": event.kind, "timestamp": timestamp, "data": data }).to_string()
}

fn longest(data: &Map<String, Value>) -> Option<String> {
    let members = data.iter().filter(|(name, _)| *name != "omitted");
    let longest = members.max_by_key(|(_, value)| value.to_string().len());
    longest.map(|(name, _)| name.clone())
}

fn omit(data: &mut Value, name: String) {
    let Some(members) = data.as_object_mut() else { return };
    members.remove(&name);
    if let Some(names) = members.entry("omitted").or_insert_with(|| json!([])).as_array_mut() {
        names.push(Value::String(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: Value) -> Event {
        let text = |text: &str| text.to_owned();
        Event {
            id: text("e"),
            tenant: text("a"),
            kind: text("image.created"),
            data,
            created_ms: 1_767_225_600_123,
        }
    }

    #[test]
    fn a_body_has_type_time_and_data() {
        let body = body(&event(json!({ "id": "1" })));
        assert_eq!(
            body,
            r#"{"data":{"id":"1"},"timestamp":"2026-01-01T00:00:00.123Z","type":"image.created"}"#
        );
    }

    #[test]
    fn what_is_too_long_is_left_out_and_named() {
        let data = json!({ "id": "1", "metadata": "m".repeat(30_000), "tags": vec!["tag"; 100] });
        let body: Value = serde_json::from_str(&body(&event(data))).unwrap();
        assert_eq!(body["data"]["omitted"], json!(["metadata"]));
        assert_eq!((&body["data"]["id"], body["data"]["tags"][0].as_str()), (&json!("1"), Some("tag")));
        let data = json!(vec!["not an object"; 5_000]);
        assert!(super::body(&event(data)).len() < 200);
        let data: Map<String, Value> = (0..30_000).map(|n| (format!("n{n}"), json!(1))).take(5_000).collect();
        assert!(super::body(&event(Value::Object(data))).len() < 20_000);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_within_bounds() {
        let now_ms = 1_767_225_600_000;
        for (text, pause) in [
            ("120", Some(120_000)),
            ("0", Some(1_000)),
            ("999999999", Some(LONGEST_RETRY_MS)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60_000)),
            ("Thu, 01 Jan 2015 00:01:00 GMT", Some(1_000)),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(pause_ms(&HeaderValue::from_static(text), now_ms), pause, "{text}");
        }
    }
}

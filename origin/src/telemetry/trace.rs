//! Which request it is: its id, and the trace that it belongs to (W3C Trace Context, level 1).

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderValue};

use crate::catalog::new_id;

/// The header of request ids, in and out.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// The header of traces, in and out.
pub(super) const TRACEPARENT: &str = "traceparent";
const LONGEST_REQUEST_ID: usize = 128;

/// A span of a trace: this request, where it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 digits.
    pub trace_id: String,
    /// 16 digits.
    pub span_id: String,
    /// Bit 0: whether the trace is recorded.
    flags: u8,
}

impl TraceContext {
    /// Reads a `traceparent`, or nothing of one that is wrong in any way.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace_id, span_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = version == "00" && parts.next().is_none();
        // A later version may say more after what this one says.
        let is_later = version != "00" && version != "ff" && is_hex(version, 2);
        let is_id = |text: &str, digits| is_hex(text, digits) && text.bytes().any(|digit| digit != b'0');
        if !(is_known || is_later) || !is_id(trace_id, 32) || !is_id(span_id, 16) || !is_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()? & 1;
        Some(Self { trace_id: trace_id.to_owned(), span_id: span_id.to_owned(), flags })
    }

    /// A new span of the same trace.
    fn child(&self) -> Self {
        Self { span_id: new_span_id(), ..self.clone() }
    }

    /// A trace that nobody records.
    fn new() -> Self {
        Self { trace_id: format!("{}{}", new_span_id(), new_span_id()), span_id: new_span_id(), flags: 0 }
    }

    /// As a header.
    pub fn header(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// 16 digits that are not all zero.
fn new_span_id() -> String {
    // Without randomness traces are mixed up, and no more than that.
    format!("{:016x}", getrandom::u64().unwrap_or(1).max(1))
}

/// What is known of a request besides what it asks for. Clones share it.
#[derive(Debug, Clone)]
pub struct RequestContext(Arc<Known>);

#[derive(Debug)]
struct Known {
    request_id: String,
    trace: TraceContext,
    actor: OnceLock<String>,
}

impl RequestContext {
    /// What its headers say, and what they do not say made anew.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = sole(headers, REQUEST_ID).filter(|id| is_request_id(id));
        let parent = sole(headers, TRACEPARENT).and_then(TraceContext::parse);
        Self(Arc::new(Known {
            request_id: given.map_or_else(new_id, str::to_owned),
            trace: parent.map_or_else(TraceContext::new, |parent| parent.child()),
            actor: OnceLock::new(),
        }))
    }

    /// Its id.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Its span.
    pub fn trace(&self) -> &TraceContext {
        &self.0.trace
    }

    /// Who asks, once it is known.
    pub fn actor(&self) -> Option<&str> {
        self.0.actor.get().map(String::as_str)
    }

    /// Writes down who asks.
    pub(crate) fn set_actor(&self, actor: &str) {
        // Whoever was let in first is who asks.
        let _ = self.0.actor.set(actor.to_owned());
    }

    /// Says to the client which request it was.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        let marks = [(REQUEST_ID, self.0.request_id.clone()), (TRACEPARENT, self.0.trace.header())];
        for (name, value) in marks {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Letters, digits and signs without spaces, and not too many: it goes into logs and the audit.
fn is_request_id(text: &str) -> bool {
    (1..=LONGEST_REQUEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A header that is there once.
fn sole<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use super::{TraceContext, is_request_id};

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_traceparent_is_read_strictly() {
        let zero = "0".repeat(32);
        for (header, is_fine) in [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-00"), true),
            (format!("cc-{TRACE}-{SPAN}-01"), true),
            (format!("cc-{TRACE}-{SPAN}-01-what-comes"), true),
            (format!("00-{TRACE}-{SPAN}-01-more"), false),
            (format!("00-{TRACE}-{SPAN}-01-"), false),
            (format!("ff-{TRACE}-{SPAN}-01"), false),
            (format!("0-{TRACE}-{SPAN}-01"), false),
            (format!("00-{zero}-{SPAN}-01"), false),
            (format!("00-{TRACE}-{}-01", &zero[..16]), false),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), false),
            (format!("00-{TRACE}-{SPAN}-1"), false),
            (format!("00-{TRACE}-{SPAN}"), false),
            (format!(" 00-{TRACE}-{SPAN}-01"), false),
            (String::new(), false),
        ] {
            assert_eq!(TraceContext::parse(&header).is_some(), is_fine, "{header}");
        }
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace() {
        let parent = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-ff")).unwrap();
        let child = parent.child();
        assert_eq!(child.trace_id, TRACE);
        assert_ne!(child.span_id, SPAN);
        assert_eq!(child.header(), format!("00-{TRACE}-{}-01", child.span_id));
        assert_eq!(TraceContext::parse(&child.header()), Some(child));
    }

    #[test]
    fn request_ids_are_plain_and_short() {
        for (id, is_fine) in [
            ("abc-1", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            ("ä", false),
            (&"x".repeat(129), false),
        ] {
            assert_eq!(is_request_id(id), is_fine, "{id:?}");
        }
    }
}

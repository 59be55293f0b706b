//! The layer around every request: one line of log, one duration, and the headers that say which request it was.
//!
//! Never logged: the path as it was sent, the query, headers. They may hold what is secret.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::metrics;
use super::trace::RequestContext;

/// What nginx calls a request whose client went away before the answer.
const GONE: u16 = 499;

/// Answers a request, and writes down that it did.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let context = RequestContext::of(request.headers());
    let mut line = Line::begin(&request, context.clone());
    request.extensions_mut().insert(context.clone());
    // Of the highest level, so that it is there whatever is logged.
    let span = tracing::error_span!(
        "request",
        request_id = context.request_id(),
        trace_id = context.trace().trace_id.as_str()
    );
    let mut response = next.run(request).instrument(span).await;
    line.status = response.status().as_u16();
    context.mark(response.headers_mut());
    response
}

/// What will be written down once the request has ended, be it that nobody waits for it any more.
struct Line {
    context: RequestContext,
    method: &'static str,
    route: String,
    status: u16,
    began: Instant,
}

impl Line {
    fn begin(request: &Request, context: RequestContext) -> Self {
        metrics::request_began();
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            context,
            method: method_name(request.method()),
            route: route.unwrap_or_default().to_owned(),
            status: GONE,
            began: Instant::now(),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        metrics::request_ended(self.method, &self.route, self.status, duration);
        let context = &self.context;
        let is_ours = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_server_error());
        // Two levels and the same fields: whoever logs warnings only wants to know of these.
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method = self.method,
                    route = self.route,
                    status = self.status,
                    duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                    request_id = context.request_id(),
                    trace_id = context.trace().trace_id,
                    span_id = context.trace().span_id,
                    actor = context.actor(),
                    "request"
                )
            };
        }
        if is_ours {
            line!(warn);
        } else {
            line!(info);
        }
    }
}

/// One of the methods that there are: others could make as many figures as they like.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

//! What people see of the service while it runs: a line of log and figures for every request, and figures of its jobs,
//! uploads and memory. Traces are passed on, not exported.

pub mod metrics;
mod observe;
mod trace;

pub(crate) use observe::observe;
pub use trace::{RequestContext, TraceContext};

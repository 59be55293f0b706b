//! The routes, one file per resource. Each has a `routes()` that `app` merges.

pub(crate) mod healthz;

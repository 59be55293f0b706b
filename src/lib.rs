//! Lenslet: a picture lens at every edge.
//!
//! A pure middle and a thin shell. The middle turns values into values and has no clock, no network and no files;
//! the shell (`edge`, built for wasm32 only) fetches, stores and speaks HTTP. In reading order:
//!
//! * [`geometry`], [`format`](mod@format) and [`address`] are what everyone may know.
//! * [`recipe`] is what a URL asks for.
//! * [`grant`] is who may ask for it: keys, signed URLs, tokens, policies.
//! * [`picture`] holds pixels: what a file is and may cost, decoders, operations, encoders.
//! * [`negotiate`] joins a recipe with what the client accepts and hints at.
//! * [`plan`] joins recipe, source and target into an ordered list of steps; [`render`] carries it out.
//! * [`sources`] is where pictures are, and what to ask there.
//! * [`serve`] answers one request, given its ports.
//!
//! A request walks: path → source → policy and grant → recipe, settled and within their limits → target → the version of the source →
//! variant's key → cache → source → header → plan and budget → rows → small frame → file → cache and client.

#![cfg_attr(lenslet_unwind, feature(alloc_error_hook))]

pub mod address;
#[cfg(target_arch = "wasm32")]
mod edge;
pub mod format;
pub mod geometry;
pub mod grant;
pub mod negotiate;
pub mod picture;
pub mod plan;
pub mod recipe;
pub mod render;
pub mod serve;
pub mod sources;

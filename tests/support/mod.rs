//! What the test binaries share: made pictures and files, the way from options to bytes, and a world in memory.
//!
//! Every binary compiles all of it and uses a part.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "what is unused differs from binary to binary")]

#[cfg(not(target_arch = "wasm32"))]
pub mod av1;
pub mod bits;
pub mod bytes;
pub mod clock;
#[cfg(not(target_arch = "wasm32"))]
pub mod corpus;
pub mod counting;
pub mod difference;
pub mod exif;
pub mod films;
pub mod golden;
pub mod jpeg_file;
pub mod lens;
pub mod metadata;
pub mod pictures;
pub mod planes;
pub mod png_file;
pub mod servers;
pub mod sheet;
#[cfg(not(target_arch = "wasm32"))]
pub mod told;
pub mod world;

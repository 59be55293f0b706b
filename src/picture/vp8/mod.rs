//! What decoding and encoding VP8 key frames (RFC 6386) share: tables, prediction, inverse transforms.

#![expect(clippy::inline_always, reason = "kernels that only pay where what they are given is known")]

pub(in crate::picture) mod desk;
pub(in crate::picture) mod hadamard;
pub(in crate::picture) mod modes;
pub(in crate::picture) mod predict;
pub(in crate::picture) mod steps;
pub(in crate::picture) mod tables;
pub(in crate::picture) mod transform;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod transform_wasm;

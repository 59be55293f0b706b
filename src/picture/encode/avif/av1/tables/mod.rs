//! The numbers of AV1 that a still picture of our kind has need of.

pub(super) mod levels;
pub(super) mod modes;
pub(super) mod numbers;

//! AVIF in a build that leaves it out: it is refused before anything is planned.

use super::EncodeError;
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::{Channels, Picture};

pub(super) fn encode(_: &Picture, _: u8) -> Result<Vec<u8>, EncodeError> {
    Err(EncodeError::new(Format::Avif, &"this build leaves it out"))
}

/// Nothing is held.
pub fn held_bytes(_: Size, _: Channels, _: u8) -> u64 {
    0
}

//! What can be done to pixels: one operation per file.

pub mod backdrop;
pub mod blend;
pub mod blur;
pub mod border;
pub mod canvas;
mod colour;
#[cfg(feature = "filters")]
pub mod filter;
pub mod mark;
pub mod mask;
pub mod pixelate;
pub mod resize;
pub mod sharpen;
pub mod tilt;
pub mod tone;
pub mod turn;

//! What can be done to pixels: one operation per file.

pub mod blend;
pub mod canvas;
mod colour;
pub mod mark;
pub mod resize;
pub mod turn;

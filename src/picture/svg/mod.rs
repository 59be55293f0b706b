//! SVG: a document that may run scripts and load from anywhere, until `svg-hush` has been through it.
//!
//! What that leaves is handed on as a document; its elements are not looked at here but for how large it is.

#[cfg(feature = "svg")]
mod hush;

#[cfg(feature = "svg")]
pub use self::hush::sanitise;

use crate::geometry::Size;

/// As HTTP names it.
pub const MEDIA_TYPE: &str = "image/svg+xml";

/// A drawing without what is dangerous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The document.
    pub text: Vec<u8>,
    /// How large it says it is.
    pub size: Size,
}

/// Why a drawing is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SvgError {
    /// It is too long.
    #[error("drawings have at most {most_bytes} bytes")]
    TooLong {
        /// Bytes there may be.
        most_bytes: usize,
    },
    /// This build takes none.
    #[error("this build leaves SVG out")]
    LeftOut,
    /// It is no document that can be made safe.
    #[error("the SVG is not taken: {0}")]
    Broken(String),
}

/// Whether a file looks like a drawing, sound or not.
pub fn sniff(file: &[u8]) -> bool {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file).trim_ascii_start();
    let start = file.get(..file.len().min(4_096)).unwrap_or_default();
    start.starts_with(b"<") && start.windows(4).any(|letters| letters == b"<svg")
}

/// Builds without the feature take no drawing.
#[cfg(not(feature = "svg"))]
pub fn sanitise(_: &[u8], _: usize) -> Result<Drawing, SvgError> {
    Err(SvgError::LeftOut)
}

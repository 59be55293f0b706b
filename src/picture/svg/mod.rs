//! SVG: a document that may run scripts and load from anywhere, until `svg-hush` has been through it.
//!
//! What that leaves is handed on as a document, or drawn: `survey` counts what it comes to before anything is made of it, `usvg`
//! makes a tree of paths, `measure` what drawing that costs at which size, and `draw` the pixels. Neither text nor embedded pictures
//! nor filters are drawn; a drawing with any of them is refused, not shown without.

mod cost;
#[cfg(feature = "drawings")]
mod draw;
#[cfg(feature = "svg")]
mod hush;
#[cfg(feature = "drawings")]
mod measure;
#[cfg(feature = "drawings")]
mod raster;
#[cfg(feature = "drawings")]
mod sheet;
#[cfg(feature = "drawings")]
mod survey;
#[cfg(test)]
#[cfg(feature = "drawings")]
mod tests;

pub use self::cost::{DrawingCost, Drawn, LARGEST_PAINTED_PIXELS, MOST_EDGE_ROWS, Work};
#[cfg(feature = "svg")]
pub use self::hush::sanitise;
#[cfg(feature = "drawings")]
pub(super) use self::raster::draw;

use super::probe::Header;
use crate::geometry::Size;

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
    /// This build makes no pixels of any.
    #[error("this build makes no pixels of SVG: leave format away or say auto or svg, and no SVG as a mark")]
    PixelsLeftOut,
    /// There is something in it that is not drawn.
    #[error("no pixels are made of an SVG with {0}")]
    NotDrawn(&'static str),
    /// There is too much in it to be drawn.
    #[error("pixels are made of an SVG of at most {most} {what}; this one has more")]
    TooMuch {
        /// What is counted.
        what: &'static str,
        /// So many there may be.
        most: u64,
    },
    /// It is no document that can be made safe.
    #[error("the SVG is not taken: {0}")]
    Broken(String),
}

impl Drawing {
    /// What is held while [`Drawing::measuring_bytes`] is found, at most: elements, attributes and rules of style sheets, as many as
    /// there may be.
    pub fn surveying_bytes(&self) -> u64 {
        const ELEMENT_BYTES: u64 = 400;
        const ATTRIBUTE_BYTES: u64 = 120;
        const RULE_BYTES: u64 = 600;
        const DECLARATION_BYTES: u64 = 100;
        let bytes_of = |letter: &u8| match letter {
            b'<' => ELEMENT_BYTES,
            b'=' => ATTRIBUTE_BYTES,
            b'{' => RULE_BYTES,
            b';' => DECLARATION_BYTES,
            _ => 0,
        };
        self.text.iter().map(bytes_of).sum()
    }

    /// What is held while [`Drawing::header`] is found, at most, if it may be found at all: no tree is made yet.
    #[cfg(feature = "drawings")]
    pub fn measuring_bytes(&self) -> Result<u64, SvgError> {
        survey::survey(self).map(|survey| survey.tree_bytes)
    }

    /// Builds without the feature draw nothing.
    #[cfg(not(feature = "drawings"))]
    pub fn measuring_bytes(&self) -> Result<u64, SvgError> {
        Err(SvgError::PixelsLeftOut)
    }

    /// What drawing it costs, as the header of a picture.
    #[cfg(feature = "drawings")]
    pub fn header(&self) -> Result<Header, SvgError> {
        Ok(Header::of_drawing(self.size, measure::measure(self)?))
    }

    /// Builds without the feature draw nothing.
    #[cfg(not(feature = "drawings"))]
    pub fn header(&self) -> Result<Header, SvgError> {
        Err(SvgError::PixelsLeftOut)
    }
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

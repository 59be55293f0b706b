//! How samples are predicted from those around them (AV1, section 6.10.16), by the numbers that are coded.

use super::transform::Kind;

/// A mode, of luma or of chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(super) enum Mode {
    /// The mean.
    #[default]
    Dc,
    Vertical,
    Horizontal,
    D45,
    D135,
    D113,
    D157,
    D203,
    D67,
    /// Between all four sides.
    Smooth,
    SmoothVertical,
    SmoothHorizontal,
    /// The one of three neighbours that is nearest to a plane.
    Paeth,
    /// Chroma from luma.
    FromLuma,
}

impl Mode {
    /// Whether an angle may be told more finely.
    pub(super) fn is_directional(self) -> bool {
        (Self::Vertical as u8..=Self::D67 as u8).contains(&(self as u8))
    }

    pub(super) fn is_smooth(self) -> bool {
        matches!(self, Self::Smooth | Self::SmoothVertical | Self::SmoothHorizontal)
    }

    /// Degrees, where it is directional.
    pub(super) fn degrees(self) -> i32 {
        [0, 90, 180, 45, 135, 113, 157, 203, 67, 0, 0, 0, 0, 0][self as usize]
    }

    /// What others' probabilities depend on (section 8.3.2).
    pub(super) fn context(self) -> usize {
        [0, 1, 2, 3, 4, 4, 4, 4, 3, 0, 1, 2, 0, 0][self as usize]
    }

    /// The transform of chroma that is predicted so, and a likely one of luma (section 9.3).
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Dc | Self::D45 | Self::FromLuma => Kind::Dct,
            Self::Vertical | Self::D113 | Self::D67 | Self::SmoothVertical => Kind::SineDown,
            Self::Horizontal | Self::D157 | Self::D203 | Self::SmoothHorizontal => Kind::SineAcross,
            Self::D135 | Self::Smooth | Self::Paeth => Kind::Sine,
        }
    }
}

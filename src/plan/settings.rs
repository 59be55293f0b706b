//! What a deployment decides of all plans.

use crate::picture::budget::LONGEST_AVIF_SIDE;

/// What is the same for every request. It is part of what pictures are made of, and so of the names of their variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether pictures are resampled in light and not in what their samples are.
    pub linear_light: bool,
    /// Longer sides are not written as AVIF.
    pub longest_avif_side: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { linear_light: false, longest_avif_side: LONGEST_AVIF_SIDE }
    }
}

impl Settings {
    /// What names of variants say of it; nothing where all is as it usually is.
    pub fn name(&self) -> Option<String> {
        let Self { linear_light, longest_avif_side } = self;
        (*self != Self::default()).then(|| format!("linear_light={linear_light},avif={longest_avif_side}"))
    }
}

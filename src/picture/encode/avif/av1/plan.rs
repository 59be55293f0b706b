//! What holds for the whole frame.

use super::tables::numbers::{AC_STEPS, DC_STEPS};

/// Squared error that a bit is worth, of a step of the quantiser that is 1.
const LAMBDA: f32 = 0.12;

/// How much finer chroma is quantised.
const CHROMA_DIFFERENCE: i8 = -12;

/// How a frame is coded.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) has_chroma: bool,
    /// The index of the quantiser, 1–255.
    pub(super) quantiser: u8,
    /// How much finer or coarser chroma is, its first coefficients and the others.
    pub(super) chroma_differences: [i8; 2],
    pub(super) filters: Filters,
    /// Squared error that a bit is worth: of samples of luma.
    pub(super) lambda: f32,
}

/// What decoders do to the frame at last.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters {
    /// How much edges of blocks are smoothed, 0–63.
    pub(super) edges: u8,
    pub(super) chroma_edges: u8,
    /// How far samples may be off along a direction, 3–6.
    pub(super) damping: u8,
    /// Strengths along and across directions, of luma and chroma.
    pub(super) directions: [(u8, u8); 2],
}

/// Steps of first coefficients and of the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) first: u16,
    pub(super) other: u16,
}

impl Plan {
    pub(super) fn new(quantiser: u8, has_chroma: bool) -> Self {
        let quantiser = quantiser.max(1);
        let step = f32::from(AC_STEPS[usize::from(quantiser)]) / 8.0;
        Self {
            has_chroma,
            quantiser,
            chroma_differences: [CHROMA_DIFFERENCE; 2],
            filters: Filters::of(step),
            lambda: LAMBDA * step * step,
        }
    }

    /// What so many 256ths of bits are worth.
    pub(super) fn lambda_of(&self, bits: u32) -> f32 {
        self.lambda * bits as f32 / 256.0
    }

    /// Of luma or chroma.
    pub(super) fn steps(&self, is_chroma: bool) -> Steps {
        let [first, other] = if is_chroma { self.chroma_differences } else { [0; 2] };
        let at = |difference: i8| usize::from(self.quantiser.saturating_add_signed(difference));
        Steps { first: DC_STEPS[at(first)], other: AC_STEPS[at(other)] }
    }
}

impl Filters {
    /// By the step of the quantiser, in samples.
    fn of(step: f32) -> Self {
        let edges = (step * 0.5 - 1.6).clamp(0.0, 63.0) as u8;
        let luma = ((step * 0.15).min(15.0) as u8, (step * 0.04).min(2.0) as u8);
        Self { edges, chroma_edges: edges, damping: 3, directions: [luma, (0, 0)] }
    }
}

//! What coefficients are multiplied by (RFC 6386, sections 9.6 and 14.1).

use super::tables::{AC_STEPS, DC_STEPS};

/// Steps of a segment: of the first coefficient, and of all others.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::picture) struct Steps {
    pub(in crate::picture) luma: [i32; 2],
    /// Of the block that holds the first coefficients of all luma blocks.
    pub(in crate::picture) firsts: [i32; 2],
    pub(in crate::picture) chroma: [i32; 2],
}

/// What a frame adds to the index of a segment: first coefficients of luma, first and others of their block, first
/// and others of chroma.
pub(in crate::picture) type Deltas = [i16; 5];

impl Steps {
    /// Those of an index of the tables.
    pub(in crate::picture) fn new(index: i16, deltas: Deltas) -> Self {
        let [luma, firsts_first, firsts, chroma_first, chroma] = deltas;
        let step = |table: &[i16; 128], delta: i16| -> i32 {
            let index = usize::try_from((index + delta).clamp(0, 127)).unwrap_or(0);
            table.get(index).copied().unwrap_or_default().into()
        };
        Self {
            luma: [step(&DC_STEPS, luma), step(&AC_STEPS, 0)],
            firsts: [step(&DC_STEPS, firsts_first) * 2, (step(&AC_STEPS, firsts) * 155 / 100).max(8)],
            chroma: [step(&DC_STEPS, chroma_first).min(132), step(&AC_STEPS, chroma)],
        }
    }
}

//! What is decided of a frame before its macroblocks: quantisers by quality and by how busy a macroblock is, and how
//! much edges are smoothed.
//!
//! The figures were found by encoding fourteen photographs at many qualities: those with which fewest bytes reach
//! the same SSIMULACRA2.

use super::activity::{self, Kinds};
use super::planes::Planes;
use super::quantiser::as_float;
use super::segment::Segment;
use crate::picture::vp8::steps::Deltas;
use crate::picture::vp8::tables::AC_STEPS;

/// What was decided.
#[derive(Debug)]
pub(super) struct FramePlan {
    pub(super) deltas: Deltas,
    pub(super) segments: [Segment; 4],
    /// The segment of each macroblock.
    pub(super) map: Vec<u8>,
    /// Macroblocks across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) sharpness: u8,
}

/// Indices of steps by quality, with straight lines between them: at these, SSIMULACRA2 is what libwebp reaches at the
/// same quality, or one to three points more in fewer bytes.
const INDICES: [(u8, u8); 14] = [
    (1, 95),
    (10, 68),
    (20, 56),
    (30, 47),
    (40, 39),
    (50, 33),
    (60, 29),
    (70, 24),
    (75, 22),
    (80, 17),
    (85, 12),
    (90, 8),
    (95, 3),
    (99, 0),
];

/// By how much less the indices of first coefficients are than those of the others, which are seen less: a share of the
/// index, in the order of `Deltas`.
const LESS: [f32; 5] = [0.3, 0.2, 0.0, 0.5, 0.0];

/// And where that share is not none, so many more.
const LESS_AT_LEAST: f32 = 2.0;

/// Steps are doubled where samples deviate from their mean by so many doublings more than elsewhere.
const DOUBLINGS: f32 = 2.2;

/// How much edges are smoothed by the step of a segment: between the first index and the second it grows from little to
/// what hides the edges of blocks. SSIMULACRA2 would have little everywhere; eyes see blocks.
const SMOOTHING: ((f32, f32), (f32, f32)) = ((17.0, 0.1), (36.0, 0.3));

/// Limits smoothing to small steps where there is little of it.
const SHARPNESS: u8 = 6;

impl FramePlan {
    pub(super) fn new(planes: &Planes, quality: u8) -> Self {
        let index = index(quality);
        let deltas =
            LESS.map(|share| if share > 0.0 { -whole(index * share + LESS_AT_LEAST).min(15) } else { 0 });
        let kinds = Kinds::of(planes);
        let segments = kinds.offsets.map(|offset| {
            let factor = activity::exp2((offset / DOUBLINGS).clamp(-1.0, 1.0));
            let own = nearest_index(step(index) * factor);
            Segment::new(own, deltas, whole(step(f32::from(own)) * smoothing(index)))
        });
        let sharpness = if smoothing(index) < 0.2 { SHARPNESS } else { 0 };
        let Planes { across, down, .. } = *planes;
        Self { deltas, segments, map: kinds.map, across, down, sharpness }
    }
}

/// The index of a quality, with a fraction.
fn index(quality: u8) -> f32 {
    let above = INDICES.iter().position(|&(at, _)| at >= quality).unwrap_or(INDICES.len() - 1);
    let (Some(&(low, from)), Some(&(high, to))) = (INDICES.get(above.saturating_sub(1)), INDICES.get(above))
    else {
        return 0.0;
    };
    let [quality, low, high, from, to] = [quality, low, high, from, to].map(f32::from);
    if high > low { from + (to - from) * (quality.min(high) - low) / (high - low) } else { to }
}

/// The share of a step that is the level of the filter.
fn smoothing(index: f32) -> f32 {
    let ((low, little), (high, much)) = SMOOTHING;
    little + (much - little) * ((index - low) / (high - low)).clamp(0.0, 1.0)
}

/// The step of an index that lies between two.
fn step(index: f32) -> f32 {
    let below = usize::try_from(whole(index)).unwrap_or(0).min(126);
    let [low, high] = [below, below + 1].map(|at| AC_STEPS.get(at).copied().map_or(0.0, f32::from));
    low + (high - low) * (index - as_float(i32::try_from(below).unwrap_or(0)))
}

fn nearest_index(wanted: f32) -> i16 {
    let off = |step: i16| (f32::from(step) - wanted).abs();
    let indices = (0..).zip(AC_STEPS);
    indices.min_by(|a, b| off(a.1).total_cmp(&off(b.1))).map_or(0, |(index, _)| index)
}

/// Without the fraction.
#[expect(clippy::cast_possible_truncation, reason = "an index or less")]
fn whole(value: f32) -> i16 {
    value as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_quality_has_no_larger_steps() {
        let indices: Vec<f32> = (1..100).map(index).collect();
        assert!(indices.is_sorted_by(|a, b| a >= b), "{indices:?}");
        assert!((indices[0] - 95.0).abs() < 0.01 && indices[98].abs() < 0.01);
    }

    #[test]
    fn steps_lie_between_their_neighbours() {
        assert!((step(10.5) - 14.5).abs() < 0.01);
        assert_eq!(nearest_index(14.4), 10);
        assert_eq!(nearest_index(900.0), 127);
    }
}

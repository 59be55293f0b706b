//! What macroblocks of one segment have in common.

use super::quantiser::{Quantiser, as_float};
use crate::picture::vp8::steps::{Deltas, Steps};

/// How the macroblocks of a segment are coded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// Of the tables of steps.
    pub(super) index: i16,
    /// How much edges are smoothed.
    pub(super) filter_level: i16,
    pub(super) luma: Quantiser,
    pub(super) firsts: Quantiser,
    pub(super) chroma: Quantiser,
    pub(super) lambdas: Lambdas,
}

/// What a 256th of a bit is worth, as a sum of squared errors of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lambdas {
    /// Among the modes of luma before levels are chosen with care, and after.
    pub(super) rough: f32,
    pub(super) luma: f32,
    pub(super) chroma: f32,
    /// Where levels are chosen: of subblocks, of luma as a whole, of its first coefficients.
    pub(super) subblock_levels: f32,
    pub(super) whole_levels: f32,
    pub(super) first_levels: f32,
}

impl Segment {
    pub(super) fn new(index: i16, deltas: Deltas, filter_level: i16) -> Self {
        let steps = Steps::new(index, deltas);
        Self {
            index,
            filter_level,
            luma: Quantiser::new(steps.luma, [28, 20]),
            firsts: Quantiser::new(steps.firsts, [28, 28]),
            chroma: Quantiser::new(steps.chroma, [32, 28]),
            lambdas: Lambdas::new(&steps),
        }
    }
}

impl Lambdas {
    /// Shares of the square of a step. What is lost of means and of colours is seen more than its squares say.
    fn new(steps: &Steps) -> Self {
        let square = |step: i32| as_float(step) * as_float(step) / 256.0;
        let (luma, chroma) = (square(steps.luma[1]), square(steps.chroma[1]));
        Self {
            rough: luma * 0.0335,
            luma: luma * 0.02,
            chroma: chroma * 0.02,
            subblock_levels: luma * 0.022,
            whole_levels: luma * 0.03,
            first_levels: luma * 0.003,
        }
    }
}

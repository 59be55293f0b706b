//! How coefficients of one kind become levels, and what is lost by it.

/// Steps of a kind of block, and what follows from them: of the first coefficient, and of all others.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quantiser {
    pub(super) steps: [i16; 2],
    /// What sixteenths of a coefficient are multiplied by to be 64ths of a level, in 32,768ths.
    pub(super) factors: [i16; 2],
    /// What is added before the fraction is cut off, in 64ths.
    pub(super) bias: [i16; 2],
    /// What the square of an error in 64ths of a level is worth, as a sum of squared errors of samples.
    pub(super) weights: [f32; 2],
}

impl Quantiser {
    pub(super) fn new(steps: [i32; 2], bias: [i16; 2]) -> Self {
        Self {
            steps: steps.map(|step| i16::try_from(step).unwrap_or(i16::MAX)),
            factors: steps.map(|step| i16::try_from(131_072 / step.max(1)).unwrap_or(i16::MAX)),
            bias,
            // Coefficients are twice those of a normalised transform.
            weights: steps.map(|step| {
                let step = as_float(step);
                step * step / (64.0 * 64.0 * 4.0)
            }),
        }
    }
}

/// Exact: steps and levels are small.
#[expect(clippy::cast_precision_loss, reason = "below 2^24")]
pub(super) fn as_float(value: i32) -> f32 {
    value as f32
}

//! Why a plan cannot be made.

use crate::geometry::Size;

/// Why a recipe cannot be carried out on this source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Decoding the source takes too much memory.
    #[error(
        "a picture of {size} coded like this takes {needed_mib} MiB to transform; at most {most_mib} MiB are spent"
    )]
    SourceTooLarge {
        /// The source's size.
        size: Size,
        /// MiB that would be needed.
        needed_mib: u64,
        /// MiB that are allowed.
        most_mib: u64,
    },
    /// Files coded like this must be in memory whole.
    #[error("files coded like this are read up to {most_bytes} bytes; this one has {file_bytes}")]
    FileTooLarge {
        /// Bytes of the file.
        file_bytes: u64,
        /// Bytes there may be.
        most_bytes: u64,
    },
    /// The answer is too large to be made.
    #[error(
        "an output of {size} takes {needed_mib} MiB to make; at most {most_mib} MiB are spent. Ask for less"
    )]
    OutputTooLarge {
        /// The size asked for.
        size: Size,
        /// MiB that would be needed.
        needed_mib: u64,
        /// MiB that are allowed.
        most_mib: u64,
    },
    /// Drawing the source would take too long.
    #[error("an SVG drawn at {size} has more than {most} {what}. Ask for less, or simplify it")]
    TooMuchToDraw {
        /// The size it would have.
        size: Size,
        /// What is counted.
        what: &'static str,
        /// So many there may be.
        most: u64,
    },
    /// Nothing is left of the picture.
    #[error("crop and trim leave nothing of a picture of {size}")]
    NothingLeft {
        /// The source's size, upright.
        size: Size,
    },
    /// What a plan is made by was not found out before: a defect.
    #[error("what the plan is made by was not looked for")]
    Unseen,
    /// A side of the answer is too long.
    #[error("the output would be {size}; sides have at most {most} pixels. Ask for less, on both sides")]
    SideTooLong {
        /// The longest side there may be.
        most: u32,
        /// The size that the recipe makes of this source.
        size: Size,
    },
    /// The source has too many pixels to be decoded in good time.
    #[error("a picture of {size} has more than {most} pixels")]
    TooManyPixels {
        /// The source's size.
        size: Size,
        /// Pixels there may be.
        most: u64,
    },
}

//! What was chosen for a superblock, to be written once it is whole.

use super::mode::Mode;
use super::transform::Kind;

/// Levels of a transform among all that were kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) length: usize,
}

/// A square and how it is coded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// In cells of four.
    pub(super) at: (usize, usize),
    /// The logarithm of its side.
    pub(super) log2: usize,
    pub(super) luma: Choice,
    pub(super) kind: Kind,
    pub(super) luma_levels: Span,
    pub(super) chroma: Option<Chroma>,
}

/// A mode with its angle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) mode: Mode,
    /// In steps of three degrees, −3 to 3.
    pub(super) angle: i8,
}

/// Of blue and red difference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chroma {
    pub(super) choice: Choice,
    /// Eighths of luma, where they are predicted from it.
    pub(super) shares: [i8; 2],
    pub(super) levels: [Span; 2],
}

impl Block {
    /// Whether it has no levels.
    pub(super) fn is_skipped(&self) -> bool {
        let chroma = self.chroma.iter().flat_map(|chroma| chroma.levels);
        self.luma_levels.length == 0 && chroma.map(|span| span.length).sum::<usize>() == 0
    }
}

/// One step of going through a superblock.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A square of this logarithm falls into four.
    Split { at: (usize, usize), log2: usize },
    /// Or it does not.
    Whole(Block),
}

/// Signs of both shares as one number, and the contexts of their sizes (section 8.3.2).
pub(super) fn share_signs([blue, red]: [i8; 2]) -> (usize, [usize; 2]) {
    let sign = |share: i8| match share {
        0 => 0,
        ..0 => 1,
        _ => 2,
    };
    let (blue, red): (usize, usize) = (sign(blue), sign(red));
    let context = |own: usize, other: usize| (own.max(1) - 1) * 3 + other;
    ((3 * blue + red).max(1) - 1, [context(blue, red), context(red, blue)])
}

//! The levels of a macroblock, and what of its neighbours their coding depends on.

use super::trellis::Found;

/// Where the block of first coefficients stands; before it are 16 of luma, 4 of blue, 4 of red difference.
pub(super) const FIRSTS: usize = 24;

/// Which blocks beside a macroblock have coefficients: four of luma, two of each chroma, one of first coefficients.
pub(super) type Beside = [u8; 9];

/// The levels of a macroblock.
#[derive(Debug, Clone)]
pub(super) struct Residue {
    /// With signs, in coded order.
    pub(super) levels: [[i16; 16]; 25],
    /// Where the last but zeros of each ends.
    pub(super) ends: [u8; 25],
}

impl Residue {
    pub(super) fn new() -> Self {
        Self { levels: [[0; 16]; 25], ends: [0; 25] }
    }

    /// Whether all levels are zeros.
    pub(super) fn is_empty(&self) -> bool {
        self.ends == [0; 25]
    }

    /// Sets a block.
    #[inline]
    pub(super) fn put(&mut self, index: usize, found: &Found) {
        if let (Some(levels), Some(end)) = (self.levels.get_mut(index), self.ends.get_mut(index)) {
            *levels = found.levels;
            *end = found.end;
        }
    }
}

/// A block in the order in which they are coded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Of the blocks of a macroblock.
    pub(super) index: usize,
    /// Of `Beside`, above and to the left.
    pub(super) above: usize,
    pub(super) left: usize,
    /// Of the four kinds of probabilities.
    pub(super) plane: usize,
    /// The first coefficient that is there.
    pub(super) first: usize,
}

/// The blocks of a macroblock.
pub(super) fn places(has_subblocks: bool) -> impl Iterator<Item = Place> {
    let firsts = Place { index: FIRSTS, above: 8, left: 8, plane: 1, first: 0 };
    let (plane, first) = if has_subblocks { (3, 0) } else { (0, 1) };
    let luma = (0..16).map(move |index| Place { index, above: index % 4, left: index / 4, plane, first });
    (!has_subblocks).then_some(firsts).into_iter().chain(luma).chain((0..8).map(chroma))
}

/// A block of chroma, 0 to 7.
pub(super) fn chroma(index: usize) -> Place {
    let (above, left) = (4 + index / 4 * 2 + index % 2, 4 + index / 4 * 2 + index % 4 / 2);
    Place { index: 16 + index, above, left, plane: 2, first: 0 }
}

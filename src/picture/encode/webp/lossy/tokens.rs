//! Levels as tokens (RFC 6386, section 13): kept in bytes until the probabilities are known, counted, and written.

use super::bools::BoolWriter;
use super::costs;
use super::probabilities::{Counts, Probabilities};
use super::residue::{Beside, Residue, places};
use crate::picture::vp8::tables::{BANDS, EXTRA_BITS};

/// Where tokens go.
trait Tokens {
    /// The place of a token: plane, band, context.
    fn enter(&mut self, plane: usize, band: usize, context: usize);

    /// A branch of the tree, at the place that was entered last.
    fn branch(&mut self, node: usize, is_set: bool);

    /// A bool of a probability that does not change.
    fn fixed(&mut self, is_set: bool, probability: u8);
}

/// Counts branches.
struct Counting<'a> {
    counts: &'a mut Counts,
    place: (usize, usize, usize),
}

impl Tokens for Counting<'_> {
    #[inline(always)]
    fn enter(&mut self, plane: usize, band: usize, context: usize) {
        self.place = (plane & 3, band & 7, context.min(2));
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices are masked")]
    fn branch(&mut self, node: usize, is_set: bool) {
        let (plane, band, context) = self.place;
        self.counts.branches[plane][band][context][node][usize::from(is_set)] += 1;
    }

    #[inline(always)]
    fn fixed(&mut self, is_set: bool, probability: u8) {
        self.counts.fixed += u64::from(costs::bit(is_set, probability));
    }
}

/// Writes tokens.
struct Writing<'a> {
    bools: &'a mut BoolWriter,
    probabilities: &'a Probabilities,
    place: [u8; 11],
}

impl Tokens for Writing<'_> {
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices are masked")]
    fn enter(&mut self, plane: usize, band: usize, context: usize) {
        self.place = self.probabilities.0[plane & 3][band & 7][context.min(2)];
    }

    #[inline(always)]
    fn branch(&mut self, node: usize, is_set: bool) {
        self.bools.bit(is_set, self.place.get(node).copied().unwrap_or(128));
    }

    #[inline(always)]
    fn fixed(&mut self, is_set: bool, probability: u8) {
        self.bools.bit(is_set, probability);
    }
}

/// Counts the tokens of a macroblock, given which blocks above and to the left of it have any.
pub(super) fn count(
    counts: &mut Counts,
    residue: &Residue,
    has_subblocks: bool,
    above: Beside,
    left: Beside,
) {
    walk(&mut Counting { counts, place: (0, 0, 0) }, residue, has_subblocks, &mut { above }, &mut { left });
}

/// Writes the tokens of a macroblock; what is known of its neighbours becomes what is known of it.
pub(super) fn write(
    bools: &mut BoolWriter,
    probabilities: &Probabilities,
    residue: &Residue,
    has_subblocks: bool,
    above: &mut Beside,
    left: &mut Beside,
) {
    walk(&mut Writing { bools, probabilities, place: [0; 11] }, residue, has_subblocks, above, left);
}

#[inline(always)]
fn walk(
    tokens: &mut impl Tokens,
    residue: &Residue,
    has_subblocks: bool,
    above: &mut Beside,
    left: &mut Beside,
) {
    for place in places(has_subblocks) {
        let (Some(levels), Some(&end)) = (residue.levels.get(place.index), residue.ends.get(place.index))
        else {
            continue;
        };
        let (Some(above), Some(left)) = (above.get_mut(place.above), left.get_mut(place.left)) else {
            continue;
        };
        let levels = levels.get(..usize::from(end)).unwrap_or_default();
        block(tokens, place.plane, place.first, usize::from(*above + *left), levels);
        (*above, *left) = (u8::from(end > 0), u8::from(end > 0));
    }
}

/// The tokens of a block, of which the last level is none of zero.
#[inline(always)]
fn block(tokens: &mut impl Tokens, plane: usize, first: usize, mut context: usize, levels: &[i16]) {
    let band = |place: usize| BANDS.get(place).copied().unwrap_or_default().into();
    let mut was_zero = false;
    for (place, &level) in levels.iter().enumerate().skip(first) {
        tokens.enter(plane, band(place), context);
        if !was_zero {
            tokens.branch(0, true);
        }
        let size = level.unsigned_abs();
        was_zero = size == 0;
        tokens.branch(1, !was_zero);
        context = usize::from(size.min(2));
        if was_zero {
            continue;
        }
        tokens.branch(2, size > 1);
        if size > 1 {
            large(tokens, size);
        }
        tokens.fixed(level < 0, 128);
    }
    let end = levels.len().max(first);
    if end < 16 {
        tokens.enter(plane, band(end), context);
        tokens.branch(0, false);
    }
}

/// A level of two or more.
#[inline(always)]
fn large(tokens: &mut impl Tokens, size: u16) {
    tokens.branch(3, size > 4);
    if size <= 4 {
        tokens.branch(4, size > 2);
        if size > 2 {
            tokens.branch(5, size > 3);
        }
        return;
    }
    tokens.branch(6, size > 10);
    if size <= 10 {
        tokens.branch(7, size > 6);
        if size <= 6 {
            tokens.fixed(size == 6, 159);
        } else {
            tokens.fixed(size >= 9, 165);
            tokens.fixed(size.is_multiple_of(2), 145);
        }
        return;
    }
    let range: usize = match size {
        ..19 => 0,
        19..35 => 1,
        35..67 => 2,
        67.. => 3,
    };
    tokens.branch(8, range > 1);
    tokens.branch(9 + range / 2, range % 2 == 1);
    let extra = size - 3 - (8 << range);
    let probabilities = EXTRA_BITS.get(range).copied().unwrap_or_default();
    for (&probability, bit) in probabilities.iter().zip((0..probabilities.len()).rev()) {
        tokens.fixed(extra >> bit & 1 == 1, probability);
    }
}

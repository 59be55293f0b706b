//! How modes are told (RFC 6386, sections 8.1 and 11): the bools on the way to each.

use super::bools::BoolWriter;
use crate::picture::vp8::modes::Mode;
use crate::picture::vp8::tables::SUBBLOCK_MODES;

/// Probability that luma is predicted by subblocks.
pub(super) const HAS_SUBBLOCKS: u8 = 145;

/// A bool on the way, with its probability.
type Step = (u8, bool);

/// To the mode of luma as a whole, after it is known that it is.
pub(super) const WHOLE_PATHS: [&[Step]; 4] = [
    &[(156, false), (163, false)],
    &[(156, true), (128, true)],
    &[(156, false), (163, true)],
    &[(156, true), (128, false)],
];

/// To the mode of chroma.
pub(super) const CHROMA_PATHS: [&[Step]; 4] = [
    &[(142, false)],
    &[(142, true), (114, true), (183, true)],
    &[(142, true), (114, false)],
    &[(142, true), (114, true), (183, false)],
];

/// To the mode of a subblock; which of nine probabilities holds instead of the probability.
pub(super) const SUBBLOCK_PATHS: [&[(u8, bool)]; 10] = [
    &[(0, false)],
    &[(0, true), (1, false)],
    &[(0, true), (1, true), (2, false)],
    &[(0, true), (1, true), (2, true), (3, false), (4, false)],
    &[(0, true), (1, true), (2, true), (3, true), (6, false)],
    &[(0, true), (1, true), (2, true), (3, false), (4, true), (5, false)],
    &[(0, true), (1, true), (2, true), (3, false), (4, true), (5, true)],
    &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, false)],
    &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, true), (8, false)],
    &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, true), (8, true)],
];

/// Writes the mode of luma as a whole.
pub(super) fn write_whole(bools: &mut BoolWriter, mode: Mode) {
    write(bools, WHOLE_PATHS.get(mode as usize));
}

/// Writes the mode of chroma.
pub(super) fn write_chroma(bools: &mut BoolWriter, mode: Mode) {
    write(bools, CHROMA_PATHS.get(mode as usize));
}

fn write(bools: &mut BoolWriter, path: Option<&&[Step]>) {
    for &(probability, is_set) in path.copied().unwrap_or_default() {
        bools.bit(is_set, probability);
    }
}

/// Writes the mode of a subblock, given those above and to the left.
pub(super) fn write_subblock(bools: &mut BoolWriter, mode: Mode, above: Mode, left: Mode) {
    let probabilities = SUBBLOCK_MODES.get(above as usize).and_then(|by_left| by_left.get(left as usize));
    let (Some(probabilities), Some(path)) = (probabilities, SUBBLOCK_PATHS.get(mode as usize)) else {
        return;
    };
    for &(node, is_set) in *path {
        bools.bit(is_set, probabilities.get(usize::from(node)).copied().unwrap_or(128));
    }
}

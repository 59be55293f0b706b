//! What a frame says of itself (RFC 6386, sections 9 and 19.2).

use super::bools::BoolWriter;
use super::probabilities::{Probabilities, share};
use crate::geometry::Size;
use crate::picture::vp8::steps::Deltas;

/// Segments of a frame.
#[derive(Debug)]
pub(super) struct SegmentHeader {
    /// Quantiser and filter level of each.
    pub(super) indices: [i16; 4],
    pub(super) filter_levels: [i16; 4],
    /// Macroblocks of each.
    pub(super) counts: [u32; 4],
}

impl SegmentHeader {
    /// Whether macroblocks are told apart.
    pub(super) fn is_enabled(&self) -> bool {
        self.counts.iter().filter(|&&count| count > 0).count() > 1
    }

    /// Probabilities of the tree of segments: that it is one of the first two, and which of two.
    pub(super) fn tree(&self) -> [u8; 3] {
        let [a, b, c, d] = self.counts.map(u64::from);
        [share(a + b, a + b + c + d), share(a, a + b), share(c, c + d)]
    }

    /// What the frame is said to have, which segments replace.
    fn base(&self) -> (i16, i16) {
        let used = self.counts.iter().position(|&count| count > 0).unwrap_or(0);
        let of = |values: &[i16; 4]| values.get(used).copied().unwrap_or_default();
        let strongest = self.filter_levels.into_iter().max().unwrap_or_default();
        // Where the frame has no level, segments' do not count.
        (of(&self.indices), if self.is_enabled() { strongest } else { of(&self.filter_levels) })
    }

    fn write(&self, bools: &mut BoolWriter) {
        bools.flag(self.is_enabled());
        if !self.is_enabled() {
            return;
        }
        // There is a map, there are values, and they replace the frame's.
        bools.number(0b111, 3);
        self.indices.into_iter().for_each(|index| bools.optional_signed(index, 7));
        self.filter_levels.into_iter().for_each(|level| bools.optional_signed(level, 6));
        for probability in self.tree() {
            bools.flag(probability != 255);
            if probability != 255 {
                bools.number(probability, 8);
            }
        }
    }
}

/// All that stands before the modes.
#[derive(Debug)]
pub(super) struct FrameHeader<'a> {
    pub(super) segments: &'a SegmentHeader,
    pub(super) sharpness: u8,
    pub(super) deltas: Deltas,
    pub(super) probabilities: &'a Probabilities,
    /// Probability that a macroblock has coefficients.
    pub(super) filled: u8,
}

impl FrameHeader<'_> {
    pub(super) fn write(&self, bools: &mut BoolWriter) {
        // The one colour space there is; sums of samples may go beyond what samples can be.
        bools.number(0b00, 2);
        self.segments.write(bools);
        let (index, level) = self.segments.base();
        // The normal filter.
        bools.flag(false);
        bools.number(level.to_le_bytes()[0], 6);
        bools.number(self.sharpness, 3);
        // No levels by mode; one partition of tokens.
        bools.flag(false);
        bools.number(0, 2);
        bools.number(index.to_le_bytes()[0], 7);
        self.deltas.into_iter().for_each(|delta| bools.optional_signed(delta, 4));
        // Whether later frames keep the probabilities.
        bools.flag(false);
        self.probabilities.write(bools);
        bools.flag(true);
        bools.number(self.filled, 8);
    }
}

/// A frame's first ten bytes (section 9.1). Nothing where its first partition is too long to be told.
pub(super) fn start(size: Size, first: &[u8]) -> Option<Vec<u8>> {
    const KEY_FRAME_THAT_IS_SHOWN: u32 = 0x10;
    let first_length = u32::try_from(first.len()).ok().filter(|&length| length < 1 << 19)?;
    let [t0, t1, t2, _] = (first_length << 5 | KEY_FRAME_THAT_IS_SHOWN).to_le_bytes();
    let [w0, w1, ..] = size.width.to_le_bytes();
    let [h0, h1, ..] = size.height.to_le_bytes();
    Some(vec![t0, t1, t2, 0x9D, 0x01, 0x2A, w0, w1, h0, h1])
}

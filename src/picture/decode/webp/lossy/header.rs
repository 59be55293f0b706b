//! What a VP8 key frame says of itself: size, segments, filter, quantisers, probabilities, partitions (RFC 6386,
//! sections 9 and 19.2).

use super::bools::Bools;
use super::{Broken, Reason};
use crate::geometry::Size;
use crate::picture::vp8::steps::Steps;
use crate::picture::vp8::tables::{BANDS, TOKEN_UPDATES, TOKENS};

/// Probabilities of the tokens of one plane, by the place of a coefficient instead of its band; the places after
/// the last are never used and make an index of five bits safe.
pub(super) type PlaneTokens = [[[u8; 11]; 3]; 32];

/// How edges are smoothed in a macroblock of some segment and mode (section 15).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Smoothing {
    /// The largest step that is smoothed between blocks of one macroblock; 0 where nothing is smoothed.
    pub(super) limit: i16,
    /// The largest step within a block.
    pub(super) interior: i16,
    /// Steps above are detail.
    pub(super) detail: i16,
}

/// The frame's header.
#[derive(Debug)]
pub(super) struct FrameHeader {
    pub(super) size: Size,
    /// Three probabilities, where segments are told per macroblock.
    pub(super) segment_tree: Option<[u8; 3]>,
    pub(super) steps: [Steps; 4],
    /// By segment and whether subblocks are predicted on their own.
    pub(super) smoothing: [[Smoothing; 2]; 4],
    pub(super) is_simple_filter: bool,
    /// Probability that a macroblock has coefficients, where it is told.
    pub(super) filled: Option<u8>,
    /// Of luma without first coefficients, of first coefficients, of chroma, of luma.
    pub(super) tokens: Box<[PlaneTokens; 4]>,
}

/// The header, the partition it stands in, where the modes follow, and the partitions of tokens.
pub(super) type Opened<'a> = (FrameHeader, Bools<'a>, Vec<Bools<'a>>);

/// The size in a frame's first ten bytes (section 9.1).
pub(super) fn size(frame: &[u8]) -> Result<Size, Reason> {
    let (&[tag, _, _, start0, start1, start2, w0, w1, h0, h1], _) =
        frame.split_first_chunk().broken("the VP8 header is cut off")?;
    if tag & 1 != 0 {
        return Err("the VP8 frame is no key frame");
    }
    if tag >> 1 & 7 > 3 || tag >> 4 & 1 == 0 {
        return Err("the VP8 frame is of an unknown version or hidden");
    }
    if [start0, start1, start2] != [0x9D, 0x01, 0x2A] {
        return Err("the VP8 frame does not begin as one");
    }
    let length = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    let size = Size::new(length(w0, w1), length(h0, h1));
    if size.width == 0 || size.height == 0 {
        return Err("the VP8 frame is empty");
    }
    Ok(size)
}

/// Reads the header of a frame.
pub(super) fn open(frame: &[u8]) -> Result<Opened<'_>, Reason> {
    let size = size(frame)?;
    let (&[t0, t1, t2, ..], rest) = frame.split_first_chunk::<10>().broken("the VP8 header is cut off")?;
    let first_length = u32::from_le_bytes([t0, t1, t2, 0]) >> 5;
    let (first, rest) =
        rest.split_at_checked(first_length as usize).broken("the first VP8 partition is cut off")?;
    let mut bools = Bools::new(first);
    // The colour space, and whether samples stay in range by themselves: decoders clamp either way.
    let _ = (bools.flag(), bools.flag());
    let segments = Segments::read(&mut bools);
    let filter = Filter::read(&mut bools);
    let partitions = partitions(rest, bools.number(2))?;
    let steps = steps(&mut bools, &segments);
    // Whether later frames keep these probabilities.
    let _ = bools.flag();
    let tokens = tokens(&mut bools);
    let filled = bools.flag().then(|| bools.number(8));
    if bools.is_overdrawn() {
        return Err("the first VP8 partition is too short");
    }
    let header = FrameHeader {
        size,
        segment_tree: segments.tree,
        steps,
        smoothing: filter.smoothing(&segments),
        is_simple_filter: filter.is_simple,
        filled,
        tokens,
    };
    Ok((header, bools, partitions))
}

/// Section 9.3.
#[derive(Debug, Default)]
struct Segments {
    is_enabled: bool,
    /// Values are differences from the frame's.
    is_delta: bool,
    quantiser: [i16; 4],
    filter_level: [i16; 4],
    tree: Option<[u8; 3]>,
}

impl Segments {
    fn read(bools: &mut Bools) -> Self {
        let mut segments = Self { is_enabled: bools.flag(), ..Self::default() };
        if !segments.is_enabled {
            return segments;
        }
        let (has_map, has_values) = (bools.flag(), bools.flag());
        if has_values {
            segments.is_delta = !bools.flag();
            segments.quantiser = [(); 4].map(|()| bools.optional_signed(7).unwrap_or(0));
            segments.filter_level = [(); 4].map(|()| bools.optional_signed(6).unwrap_or(0));
        }
        if has_map {
            segments.tree = Some([(); 3].map(|()| if bools.flag() { bools.number(8) } else { 255 }));
        }
        segments
    }

    /// A segment's value, given the frame's.
    fn apply(&self, own: i16, frame: i16) -> i16 {
        match (self.is_enabled, self.is_delta) {
            (false, _) => frame,
            (true, false) => own,
            (true, true) => frame + own,
        }
    }
}

/// Section 9.6.
#[derive(Debug)]
struct Filter {
    is_simple: bool,
    level: i16,
    sharpness: i16,
    /// What is added for key frames, and for subblocks that are predicted on their own.
    deltas: Option<(i16, i16)>,
}

impl Filter {
    fn read(bools: &mut Bools) -> Self {
        let is_simple = bools.flag();
        let (level, sharpness) = (bools.number(6).into(), bools.number(3).into());
        let has_deltas = bools.flag();
        let mut deltas = [0; 8];
        if has_deltas && bools.flag() {
            deltas = deltas.map(|_: i16| bools.optional_signed(6).unwrap_or(0));
        }
        let [key, _, _, _, subblocks, _, _, _] = deltas;
        Self { is_simple, level, sharpness, deltas: has_deltas.then_some((key, subblocks)) }
    }

    fn smoothing(&self, segments: &Segments) -> [[Smoothing; 2]; 4] {
        segments.filter_level.map(|own| {
            let level = segments.apply(own, self.level).clamp(0, 63);
            [false, true].map(|has_subblocks| self.smoothing_at(level, has_subblocks))
        })
    }

    /// Sections 9.6 and 15.2 to 15.4.
    fn smoothing_at(&self, level: i16, has_subblocks: bool) -> Smoothing {
        let (key, subblocks) = self.deltas.unwrap_or_default();
        let level = (level + key + if has_subblocks { subblocks } else { 0 }).clamp(0, 63);
        if level == 0 || self.level == 0 {
            return Smoothing::default();
        }
        let mut interior = level;
        if self.sharpness > 0 {
            interior >>= if self.sharpness > 4 { 2 } else { 1 };
            interior = interior.min(9 - self.sharpness);
        }
        let interior = interior.max(1);
        let detail = i16::from(level >= 15) + i16::from(level >= 40);
        Smoothing { limit: 2 * level + interior, interior, detail }
    }
}

/// The partitions of tokens (section 9.5): all but the last have their lengths in front.
fn partitions(rest: &[u8], count_log2: u8) -> Result<Vec<Bools<'_>>, Reason> {
    const CUT_OFF: Reason = "a VP8 partition is cut off";
    let lengths = (1_usize << count_log2) - 1;
    let (lengths, mut rest) = rest.split_at_checked(3 * lengths).broken(CUT_OFF)?;
    let mut partitions = Vec::with_capacity(lengths.len() / 3 + 1);
    for length in lengths.as_chunks::<3>().0 {
        let &[low, middle, high] = length;
        let length = u32::from_le_bytes([low, middle, high, 0]);
        let (partition, after) = rest.split_at_checked(length as usize).broken(CUT_OFF)?;
        partitions.push(Bools::new(partition));
        rest = after;
    }
    partitions.push(Bools::new(rest));
    Ok(partitions)
}

/// Sections 9.6 and 14.1.
fn steps(bools: &mut Bools, segments: &Segments) -> [Steps; 4] {
    let base = i16::from(bools.number(7));
    let deltas = [(); 5].map(|()| bools.optional_signed(4).unwrap_or(0));
    segments.quantiser.map(|own| Steps::new(segments.apply(own, base), deltas))
}

/// Section 13.4.
fn tokens(bools: &mut Bools) -> Box<[PlaneTokens; 4]> {
    let mut by_band = TOKENS;
    let updates = TOKEN_UPDATES.as_flattened().as_flattened().as_flattened();
    let probabilities = by_band.as_flattened_mut().as_flattened_mut().as_flattened_mut();
    for (probability, &update) in probabilities.iter_mut().zip(updates) {
        if bools.bit(update) {
            *probability = bools.number(8);
        }
    }
    let mut tokens = Box::new([[[[0; 11]; 3]; 32]; 4]);
    for (plane, bands) in tokens.iter_mut().zip(&by_band) {
        for (place, &band) in plane.iter_mut().zip(&BANDS) {
            *place = bands.get(usize::from(band)).copied().unwrap_or_default();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(level: i16, sharpness: i16) -> Filter {
        Filter { is_simple: false, level, sharpness, deltas: None }
    }

    #[test]
    fn a_level_of_nothing_smooths_nothing() {
        let segments = Segments { is_enabled: true, filter_level: [40; 4], ..Segments::default() };
        assert_eq!(filter(0, 3).smoothing(&segments), [[Smoothing::default(); 2]; 4]);
    }

    #[test]
    fn sharpness_narrows_the_interior() {
        let interior = |sharpness| filter(63, sharpness).smoothing_at(63, false).interior;
        assert_eq!([0, 1, 4, 5, 7].map(interior), [63, 8, 5, 4, 2]);
    }

    #[test]
    fn segments_add_to_the_frame_or_replace_it() {
        let mut segments = Segments { is_enabled: true, is_delta: true, ..Segments::default() };
        assert_eq!(segments.apply(-7, 20), 13);
        segments.is_delta = false;
        assert_eq!(segments.apply(-7, 20), -7);
        assert_eq!(Segments::default().apply(-7, 20), 20);
    }

    #[test]
    fn sizes_leave_the_scale_out() {
        let frame = [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x34, 0xC2, 0x01, 0x40];
        assert_eq!(size(&frame), Ok(Size::new(0x234, 1)));
        assert!(size(&frame[..9]).is_err());
    }
}

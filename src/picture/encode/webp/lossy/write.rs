//! The second pass: what was chosen becomes two partitions.

use super::bools::BoolWriter;
use super::header::{FrameHeader, SegmentHeader};
use super::plan::FramePlan;
use super::probabilities::{Probabilities, share};
use super::residue::{Beside, Residue};
use super::{Chosen, Searched, tokens, tree};
use crate::picture::vp8::modes::{Luma, Mode};

/// The partition of header and modes, and that of tokens.
pub(super) fn write(searched: Searched, plan: &FramePlan) -> [Vec<u8>; 2] {
    let probabilities = Probabilities::best(&searched.counts);
    let mut counts = [0; 4];
    for chosen in &searched.chosen {
        if let Some(count) = counts.get_mut(usize::from(chosen.segment)) {
            *count += 1;
        }
    }
    let segments = SegmentHeader {
        indices: plan.segments.map(|segment| segment.index),
        filter_levels: plan.segments.map(|segment| segment.filter_level),
        counts,
    };
    let filled = searched.chosen.iter().filter(|chosen| !chosen.is_empty).count() as u64;
    let filled = share(filled, searched.chosen.len() as u64);
    let header = FrameHeader {
        segments: &segments,
        sharpness: plan.sharpness,
        deltas: plan.deltas,
        probabilities: &probabilities,
        filled,
    };
    let mut first = BoolWriter::with_room(1_024);
    header.write(&mut first);
    write_modes(&mut first, &searched.chosen, &segments, plan.across, filled);
    [first.finish(), write_tokens(searched, &probabilities, plan.across)]
}

fn write_modes(
    bools: &mut BoolWriter,
    chosen: &[Chosen],
    segments: &SegmentHeader,
    across: usize,
    filled: u8,
) {
    let tree = segments.is_enabled().then(|| segments.tree());
    let mut above = vec![[Mode::Dc; 4]; across];
    for row in chosen.chunks(across.max(1)) {
        let mut left = [Mode::Dc; 4];
        for (chosen, above) in row.iter().zip(&mut above) {
            if let Some([first, low, high]) = tree {
                bools.bit(chosen.segment >= 2, first);
                bools.bit(chosen.segment % 2 == 1, if chosen.segment >= 2 { high } else { low });
            }
            bools.bit(chosen.is_empty, filled);
            match &chosen.luma {
                Luma::Whole(mode) => {
                    bools.bit(true, tree::HAS_SUBBLOCKS);
                    tree::write_whole(bools, *mode);
                    (*above, left) = ([*mode; 4], [*mode; 4]);
                }
                Luma::Subblocks(modes) => {
                    bools.bit(false, tree::HAS_SUBBLOCKS);
                    for (modes, left) in modes.as_chunks::<4>().0.iter().zip(&mut left) {
                        for (&mode, above) in modes.iter().zip(above.iter_mut()) {
                            tree::write_subblock(bools, mode, *above, *left);
                            (*above, *left) = (mode, mode);
                        }
                    }
                }
            }
            tree::write_chroma(bools, chosen.chroma);
        }
    }
}

fn write_tokens(searched: Searched, probabilities: &Probabilities, across: usize) -> Vec<u8> {
    // A little more than what will be there: the range is narrowed by whole numbers.
    let bytes = probabilities.bits(&searched.counts) / 8;
    let mut bools = BoolWriter::with_room(bytes + bytes / 64 + 1_024);
    let mut reader = searched.kept.into_reader();
    let mut residue = Residue::new();
    let mut above: Vec<Beside> = vec![[0; 9]; across];
    for row in searched.chosen.chunks(across.max(1)) {
        let mut left: Beside = [0; 9];
        for (chosen, above) in row.iter().zip(&mut above) {
            let has_subblocks = matches!(chosen.luma, Luma::Subblocks(_));
            if chosen.is_empty {
                for beside in [above, &mut left] {
                    // Where there is no block of first coefficients, what is known of the last one stays.
                    let firsts = if has_subblocks { beside[8] } else { 0 };
                    *beside = [0; 9];
                    beside[8] = firsts;
                }
                continue;
            }
            reader.next(&mut residue);
            tokens::write(&mut bools, probabilities, &residue, has_subblocks, above, &mut left);
        }
    }
    bools.finish()
}

//! AV1 still pictures (the AV1 bitstream specification, version 1.0.0 with errata 1), encoded: one frame of eight bits,
//! of luma with chroma of half its sides or of luma alone.
//!
//! What a decoder need not know is not here: one tile, squares of 4 to 32 with one transform each, no palettes, no
//! copies of blocks, no restoration.

#![expect(clippy::inline_always, reason = "kernels that only pay where what they are given is known")]
#![expect(clippy::indexing_slicing, reason = "kernels over tables and blocks whose sizes are the format's")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "samples, levels and costs, which are small"
)]

mod block;
mod cdfs;
mod contexts;
mod costs;
mod frame;
mod header;
mod lanes;
mod mode;
mod plan;
mod predict;
mod range;
mod scan;
mod search;
mod tables;
mod tokens;
mod transform;
mod trellis;
mod write;

pub(super) use self::frame::{Frame, Plane};

use self::cdfs::Cdfs;
use self::plan::Plan;
use self::range::RangeCoder;
use self::search::Search;
use self::write::Writer;

/// Cells of four by four on a side of a superblock.
const SUPERBLOCK_CELLS: usize = 16;

/// Codes a frame with this index of AV1's quantisers.
pub(super) fn code(frame: &Frame, quantiser: u8) -> Vec<u8> {
    let mut file = Vec::new();
    search(frame, quantiser, &mut file);
    file
}

/// The same, with the planes that decoders make of it before they smooth them.
pub(super) fn code_and_see(frame: &Frame, quantiser: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut file = Vec::new();
    let made = search(frame, quantiser, &mut file);
    (file, made.cut())
}

/// Writes the file; what is left is the frame as it was made.
fn search(frame: &Frame, quantiser: u8, file: &mut Vec<u8>) -> Frame {
    let plan = Plan::new(quantiser, frame.has_chroma());
    let cdfs = Cdfs::new(plan.quantiser);
    let mut search = Search::new(frame, &plan, &cdfs);
    let (across, down) = search.cells;
    let mut writer = Writer::new(RangeCoder::new(), cdfs, search.cells);
    for y in (0..down).step_by(SUPERBLOCK_CELLS) {
        search.contexts.begin_row();
        writer.contexts.begin_row();
        for x in (0..across).step_by(SUPERBLOCK_CELLS) {
            search.superblock((x, y), &writer.cdfs);
            writer.superblock(&search.steps, &search.levels);
        }
    }
    header::write(frame.size, &plan, &writer.coder.finish(), file);
    search.made
}

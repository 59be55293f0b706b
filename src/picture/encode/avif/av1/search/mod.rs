//! The choice of squares and modes: each square is coded whole and in four, and what costs less stays.

mod chroma;
mod direction;
mod luma;
mod residue;
mod satd;

use super::block::{Block, Choice, Span, Step};
use super::cdfs::Cdfs;
use super::contexts::{Cell, Contexts};
use super::costs::{self, Costs};
use super::frame::Frame;
use super::plan::Plan;
use super::predict::Beside;
use super::write::{PARTITION_NONE, PARTITION_SPLIT, split_of_edge};

/// The largest square that is coded whole.
const LARGEST: usize = 5;

/// The side of a superblock, and its cells.
pub(super) const SUPERBLOCK: usize = 6;
const CELLS: usize = 16;

/// Squares of 4 to 32 that cost no more than so many bits are not tried in four.
const SETTLED_BITS: [f32; 4] = [0.0, 80.0, 120.0, 150.0];

/// What is known while a frame is coded.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) source: &'a Frame,
    pub(super) plan: &'a Plan,
    /// As decoders will have it before they smooth it.
    pub(super) made: Frame,
    pub(super) contexts: Contexts,
    pub(super) costs: Box<Costs>,
    /// Cells across and down.
    pub(super) cells: (usize, usize),
    /// What was chosen for the superblock.
    pub(super) steps: Vec<Step>,
    pub(super) levels: Vec<i16>,
}

/// A square's samples, to be put back.
struct KeptSamples([[u8; 1024]; 3]);

impl<'a> Search<'a> {
    pub(super) fn new(source: &'a Frame, plan: &'a Plan, cdfs: &Cdfs) -> Self {
        let (width, height) = super::frame::coded(source.size);
        let cells = (width / 4, height / 4);
        Self {
            source,
            plan,
            made: source.blank(),
            contexts: Contexts::new(cells.0),
            costs: Costs::new(cdfs),
            cells,
            steps: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Chooses for the superblock at these cells.
    pub(super) fn superblock(&mut self, at: (usize, usize), cdfs: &Cdfs) {
        self.steps.clear();
        self.levels.clear();
        self.costs = Costs::new(cdfs);
        self.square(at, SUPERBLOCK, f32::INFINITY, cdfs);
    }

    /// What a square costs; none where it is more than `limit`, and then nothing is certain about its samples.
    fn square(&mut self, at: (usize, usize), log2: usize, limit: f32, cdfs: &Cdfs) -> Option<f32> {
        let (across, down) = self.cells;
        if at.0 >= across || at.1 >= down {
            return Some(0.0);
        }
        let count = 1 << (log2 - 2);
        let fits = at.0 + count <= across && at.1 + count <= down;
        let [bits_whole, bits_split] = self.partition_costs(at, log2, cdfs);
        if !fits || log2 > LARGEST {
            let split = self.plan.lambda_of(bits_split);
            return self.split(at, log2, limit, split, cdfs);
        }
        let kept = self.contexts.keep(at, count);
        let (cost, block) = self.block(at, log2);
        let whole = cost + self.plan.lambda_of(bits_whole);
        if self.is_settled(&block, whole) {
            return self.settle(block, whole, limit);
        }
        let samples = self.take(at, log2);
        let after = self.contexts.keep(at, count);
        self.contexts.restore(&kept, at, count);
        let (steps, split) = (self.steps.len(), self.plan.lambda_of(bits_split));
        if let Some(cost) = self.split(at, log2, whole.min(limit), split, cdfs) {
            return Some(cost);
        }
        self.steps.truncate(steps);
        self.put(at, log2, &samples);
        self.contexts.restore(&after, at, count);
        self.settle(block, whole, limit)
    }

    fn settle(&mut self, block: Block, cost: f32, limit: f32) -> Option<f32> {
        self.steps.push(Step::Whole(block));
        (cost < limit).then_some(cost)
    }

    /// Whether there is no need to try it in four.
    fn is_settled(&self, block: &Block, cost: f32) -> bool {
        block.is_skipped() && block.log2 < 5 || cost < SETTLED_BITS[block.log2 - 2] * self.plan.lambda
    }

    fn split(&mut self, at: (usize, usize), log2: usize, limit: f32, own: f32, cdfs: &Cdfs) -> Option<f32> {
        let half = 1 << (log2 - 3);
        self.steps.push(Step::Split { at, log2 });
        let mut sum = own;
        for (right, down) in [(0, 0), (half, 0), (0, half), (half, half)] {
            let at = (at.0 + right, at.1 + down);
            if log2 == 3 {
                let (cost, block) = self.block(at, 2);
                self.steps.push(Step::Whole(block));
                sum += cost;
            } else {
                sum += self.square(at, log2 - 1, limit - sum, cdfs)?;
            }
            if sum >= limit {
                return None;
            }
        }
        Some(sum)
    }

    /// What it costs to tell that a square is whole or not.
    fn partition_costs(&self, at: (usize, usize), log2: usize, cdfs: &Cdfs) -> [u32; 2] {
        let context = self.contexts.partition(at, log2);
        if log2 == 3 {
            let costs = costs::of(&cdfs.partitions_of_8[context]);
            return [PARTITION_NONE, PARTITION_SPLIT].map(|partition| costs[partition].into());
        }
        let cdf = &cdfs.partitions[log2 - 4][context];
        let half = 1 << (log2 - 3);
        let has = [at.0 + half < self.cells.0, at.1 + half < self.cells.1];
        match has {
            [true, true] => {
                let costs = costs::of(cdf);
                [PARTITION_NONE, PARTITION_SPLIT].map(|partition| costs[partition].into())
            }
            [false, false] => [0; 2],
            _ => [0, costs::of_either(true, split_of_edge(cdf, has[0]))],
        }
    }

    /// Codes a square whole.
    fn block(&mut self, at: (usize, usize), log2: usize) -> (f32, Block) {
        let luma = self.luma(at, log2);
        let count = 1 << (log2 - 2);
        let has_chroma = self.plan.has_chroma && (log2 > 2 || at.0 & at.1 & 1 == 1);
        let mut block =
            Block { at, log2, luma: luma.choice, kind: luma.kind, luma_levels: luma.levels, chroma: None };
        let mut cost = luma.cost;
        if has_chroma {
            let (chroma_cost, chroma) = self.chroma(at, log2, luma.choice);
            cost += chroma_cost;
            block.chroma = Some(chroma);
        }
        let is_skipped = block.is_skipped();
        let skip_bits = self.costs.skips[self.contexts.skip(at)][usize::from(is_skipped)];
        let cell = Cell {
            mode: luma.choice.mode,
            log2: log2 as u8,
            is_skipped,
            chroma_is_smooth: block.chroma.is_some_and(|chroma| chroma.choice.mode.is_smooth()),
        };
        self.contexts.note(at, count, cell, has_chroma);
        (cost + self.plan.lambda_of(skip_bits.into()), block)
    }

    /// What a square at a place of its own plane can be predicted from (section 5.11.7).
    fn beside(&self, plane: usize, (x, y): (usize, usize), count: usize) -> Beside {
        let side = if plane == 0 { CELLS } else { CELLS / 2 };
        let (across, down) = if plane == 0 { self.cells } else { (self.cells.0 / 2, self.cells.1 / 2) };
        let (inner_x, inner_y) = (x % side, y % side);
        let own = interleaved(inner_x, inner_y);
        let has_above_right = x + count < across
            && match inner_y {
                0 => true,
                _ => inner_x + count < side && interleaved(inner_x + count, inner_y - 1) < own,
            };
        let has_below_left = y + count < down
            && inner_y + count < side
            && match inner_x {
                0 => true,
                _ => interleaved(inner_x - 1, inner_y + count) < own,
            };
        Beside {
            has_above: y > 0,
            has_left: x > 0,
            has_above_right,
            has_below_left,
            is_smooth: self.is_smooth_beside(plane, (x, y)),
        }
    }

    /// Whether a block above or to the left is predicted smoothly (section 7.11.2.8).
    fn is_smooth_beside(&self, plane: usize, (x, y): (usize, usize)) -> bool {
        if plane == 0 {
            let sides = [self.contexts.above_cell((x, y)), self.contexts.left_cell((x, y))];
            sides.into_iter().any(|cell| cell.mode.is_smooth())
        } else {
            // The last cell of eight by eight has the mode of chroma.
            let at = (2 * x + 1, 2 * y + 1);
            let sides = [self.contexts.above_cell(at), self.contexts.left_cell(at)];
            sides.into_iter().any(|cell| cell.chroma_is_smooth)
        }
    }

    fn take(&self, (x, y): (usize, usize), log2: usize) -> Box<KeptSamples> {
        let mut kept = Box::new(KeptSamples([[0; 1024]; 3]));
        for (i, (plane, to)) in self.made.planes.iter().zip(&mut kept.0).enumerate() {
            let by = usize::from(i > 0);
            plane.take(((4 * x) >> by, (4 * y) >> by), (1 << log2) >> by, to);
        }
        kept
    }

    fn put(&mut self, (x, y): (usize, usize), log2: usize, kept: &KeptSamples) {
        for (i, (plane, from)) in self.made.planes.iter_mut().zip(&kept.0).enumerate() {
            let by = usize::from(i > 0);
            plane.put(((4 * x) >> by, (4 * y) >> by), (1 << log2) >> by, &from[..1 << (2 * (log2 - by))]);
        }
    }

    /// Keeps levels for writing.
    fn keep_levels(&mut self, levels: &[i16]) -> Span {
        let start = self.levels.len();
        self.levels.extend_from_slice(levels);
        Span { start, length: levels.len() }
    }
}

/// The order in which squares are coded: bits of both by turns.
fn interleaved(x: usize, y: usize) -> usize {
    (0..4).map(|bit| (x >> bit & 1) << (2 * bit) | (y >> bit & 1) << (2 * bit + 1)).sum()
}

/// What the choice for luma came to.
#[derive(Debug, Clone, Copy)]
struct Luma {
    choice: Choice,
    kind: super::transform::Kind,
    levels: Span,
    cost: f32,
}

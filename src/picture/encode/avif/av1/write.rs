//! Blocks to symbols (AV1, sections 5.11.4 to 5.11.22).

use super::block::{Block, Chroma, Span, Step, share_signs};
use super::cdfs::Cdfs;
use super::contexts::{Cell, Contexts};
use super::mode::Mode;
use super::range::{Cdf, RangeCoder};
use super::tokens::Tokens;
use super::transform::Kind;

/// Symbols of partitions.
pub(super) const PARTITION_NONE: usize = 0;
pub(super) const PARTITION_SPLIT: usize = 3;

/// Writes what was chosen.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) coder: RangeCoder,
    pub(super) cdfs: Box<Cdfs>,
    pub(super) contexts: Contexts,
    cells: (usize, usize),
}

impl Writer {
    pub(super) fn new(coder: RangeCoder, cdfs: Box<Cdfs>, cells: (usize, usize)) -> Self {
        Self { coder, cdfs, contexts: Contexts::new(cells.0), cells }
    }

    /// Writes a superblock.
    pub(super) fn superblock(&mut self, steps: &[Step], levels: &[i16]) {
        for step in steps {
            match step {
                Step::Split { at, log2 } => self.partition(*at, *log2, PARTITION_SPLIT),
                Step::Whole(block) => {
                    if block.log2 > 2 {
                        self.partition(block.at, block.log2, PARTITION_NONE);
                    }
                    self.block(block, levels);
                }
            }
        }
    }

    fn partition(&mut self, at: (usize, usize), log2: usize, partition: usize) {
        let context = self.contexts.partition(at, log2);
        if log2 == 3 {
            self.coder.symbol(partition, &mut self.cdfs.partitions_of_8[context]);
            return;
        }
        let cdf = &mut self.cdfs.partitions[log2 - 4][context];
        let half = 1 << (log2 - 3);
        match [at.0 + half < self.cells.0, at.1 + half < self.cells.1] {
            [true, true] => self.coder.symbol(partition, cdf),
            [false, false] => {}
            [has_columns, _] => self.coder.either(true, split_of_edge(cdf, has_columns)),
        }
    }

    fn block(&mut self, block: &Block, levels: &[i16]) {
        let (at, is_skipped) = (block.at, block.is_skipped());
        let context = self.contexts.skip(at);
        self.coder.symbol(usize::from(is_skipped), &mut self.cdfs.skips[context]);
        self.modes(block);
        let count = 1 << (block.log2 - 2);
        self.contexts.note(
            at,
            count,
            Cell { mode: block.luma.mode, log2: block.log2 as u8, is_skipped, chroma_is_smooth: false },
            block.chroma.is_some(),
        );
        let kind = (block.log2 < 5).then_some(block.kind);
        self.levels(
            0,
            at,
            block.log2,
            block.luma_levels,
            levels,
            kind.map(|kind| (kind, block.luma.mode)),
            is_skipped,
        );
        if let Some(chroma) = &block.chroma {
            let at = (at.0 / 2, at.1 / 2);
            for (plane, &span) in chroma.levels.iter().enumerate() {
                self.levels(plane + 1, at, block.log2.max(3) - 1, span, levels, None, is_skipped);
            }
        }
    }

    fn modes(&mut self, block: &Block) {
        let [above, left] = self.contexts.modes(block.at);
        let luma = block.luma;
        self.coder.symbol(luma.mode as usize, &mut self.cdfs.luma_modes[above][left]);
        if block.log2 > 2 {
            self.angle(luma.mode, luma.angle);
        }
        if let Some(chroma) = &block.chroma {
            self.coder.symbol(chroma.choice.mode as usize, &mut self.cdfs.chroma_modes[luma.mode as usize]);
            if chroma.choice.mode == Mode::FromLuma {
                self.shares(chroma);
            }
            if block.log2 > 2 {
                self.angle(chroma.choice.mode, chroma.choice.angle);
            }
        }
    }

    fn angle(&mut self, mode: Mode, angle: i8) {
        if mode.is_directional() {
            let cdf = &mut self.cdfs.angles[mode as usize - Mode::Vertical as usize];
            self.coder.symbol((angle + 3) as usize, cdf);
        }
    }

    fn shares(&mut self, chroma: &Chroma) {
        let (signs, contexts) = share_signs(chroma.shares);
        self.coder.symbol(signs, &mut self.cdfs.shares);
        for (share, context) in chroma.shares.into_iter().zip(contexts) {
            if share != 0 {
                let size = usize::from(share.unsigned_abs()) - 1;
                self.coder.symbol(size, &mut self.cdfs.share_sizes[context]);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a transform is, and where")]
    fn levels(
        &mut self,
        plane: usize,
        at: (usize, usize),
        log2: usize,
        span: Span,
        levels: &[i16],
        kind: Option<(Kind, Mode)>,
        is_skipped: bool,
    ) {
        let count = 1 << (log2 - 2);
        let levels = &levels[span.start..span.start + span.length];
        if !is_skipped {
            let [zero_context, sign_context] = self.contexts.levels(plane, at, count);
            let tokens = Tokens { levels, log2, plane: plane.min(1), zero_context, sign_context };
            let Cdfs { kinds, levels: cdfs, .. } = &mut *self.cdfs;
            let kind = kind.map(|(kind, mode)| (kind.symbol(), &mut kinds[log2 - 2][mode as usize]));
            tokens.write(&mut self.coder, cdfs, kind);
        }
        self.contexts.note_levels(plane, at, count, levels);
    }
}

/// How likely it is, in 32,768ths, that a square over an edge of the frame does not fall into four (section 8.3.2).
pub(super) fn split_of_edge(cdf: &Cdf<10>, has_columns: bool) -> u32 {
    // Partitions 1, 2: halves one above or beside the other; 3: four; then those of three parts, and of four in a row.
    let parts: &[usize] = if has_columns { &[2, 3, 4, 6, 7, 9] } else { &[1, 3, 4, 5, 6, 8] };
    let part = |symbol: usize| {
        let above = if symbol == 9 { 1 << 15 } else { u32::from(cdf[symbol]) };
        above - u32::from(cdf[symbol - 1])
    };
    (1 << 15) - parts.iter().map(|&symbol| part(symbol)).sum::<u32>()
}

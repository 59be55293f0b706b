//! One component: a strip of rows, as high as a unit of the scan, and the tokens of all strips before it.

use super::fdct::forward;
use super::quantise::Quantiser;
use super::tokens::Tokens;
use crate::geometry::Size;

/// Samples along the side of a block.
const SIDE: usize = 8;

/// Rows of samples in, tokens out.
#[derive(Debug)]
pub(super) struct Component {
    size: Size,
    /// Blocks of one unit of the scan, across and down.
    factors: (usize, usize),
    /// The blocks of the strip, one after the other as the scan has them.
    strip: Vec<[u8; 64]>,
    /// Rows that came.
    rows: u32,
    tokens: Tokens,
}

impl Component {
    /// A component of a plane of this size, of which a unit has `factors` blocks.
    pub(super) fn new(size: Size, factors: (u8, u8)) -> Self {
        let factors = (usize::from(factors.0), usize::from(factors.1));
        let units = (size.width as usize).div_ceil(SIDE * factors.0);
        let strip = vec![[0; 64]; units * factors.0 * factors.1];
        Self { size, factors, strip, rows: 0, tokens: Tokens::new(factors.1) }
    }

    /// Whether all rows came.
    pub(super) fn is_whole(&self) -> bool {
        self.rows == self.size.height
    }

    /// Bytes of its tokens.
    pub(super) fn token_bytes(&self) -> u64 {
        self.tokens.held_bytes()
    }

    /// What is to be written.
    pub(super) fn into_tokens(self) -> Tokens {
        self.tokens
    }

    /// Takes the next row, at least as long as the plane is wide; what comes after the last is not looked at.
    /// Answers whether a strip was coded with it.
    pub(super) fn row(&mut self, row: &[u8], quantiser: &Quantiser) -> bool {
        let strip_rows = SIDE * self.factors.1;
        let at = self.rows as usize % strip_rows;
        if self.is_whole() || row.len() < self.size.width as usize {
            return false;
        }
        self.rows += 1;
        let row = row.get(..self.size.width as usize).unwrap_or(row);
        self.place(row, at);
        if self.is_whole() {
            // The blocks that reach beyond the last row repeat it.
            (at + 1..(at + 1).next_multiple_of(SIDE)).for_each(|at| self.place(row, at));
        } else if at + 1 < strip_rows {
            return false;
        }
        self.encode((at + 1).div_ceil(SIDE), quantiser);
        true
    }

    /// Puts row `at` of the strip into its blocks.
    fn place(&mut self, row: &[u8], at: usize) {
        // Of a unit's blocks, one or two stand beside each other: known when compiled, that is twice as fast.
        match self.factors.0 {
            2 => self.place_in::<2>(row, at),
            _ => self.place_in::<1>(row, at),
        }
    }

    fn place_in<const ACROSS: usize>(&mut self, row: &[u8], at: usize) {
        let (block_row, at) = (at / SIDE, at % SIDE);
        let (whole, rest) = row.as_chunks::<SIDE>();
        let (pairs, last) = whole.as_chunks::<ACROSS>();
        let (beside, _) = self.strip.as_chunks_mut::<ACROSS>();
        let mut beside = beside.iter_mut().skip(block_row).step_by(self.factors.1);
        // The samples first: what is taken of the blocks is filled.
        for (pair, blocks) in pairs.iter().zip(beside.by_ref()) {
            for (samples, block) in pair.iter().zip(blocks) {
                put(*samples, block, at);
            }
        }
        let Some(blocks) = beside.next() else { return };
        let mut repeated = [rest.last().copied().unwrap_or(0); SIDE];
        repeated.iter_mut().zip(rest).for_each(|(target, sample)| *target = *sample);
        for (samples, block) in last.iter().chain([&repeated]).zip(blocks) {
            put(*samples, block, at);
        }
    }

    /// Codes the strip, of which so many rows of blocks are seen.
    fn encode(&mut self, seen_down: usize, quantiser: &Quantiser) {
        let (across, down) = self.factors;
        // Often in the beginning: after the first strip, the second, the fourth and so on.
        if (self.rows as usize / (SIDE * down)).is_power_of_two() {
            self.tokens.learn();
        }
        let mut seen = (self.size.width as usize).div_ceil(SIDE);
        for unit in self.strip.chunks_exact(across * down) {
            for (blocks, block_row) in unit.chunks_exact(across).zip(0..) {
                for (samples, block_column) in blocks.iter().zip(0..) {
                    if block_column < seen && block_row < seen_down {
                        let mut block = quantiser.quantise(forward(samples));
                        self.tokens.add(block_row, &mut block, quantiser.is_fine());
                    } else {
                        self.tokens.add_unseen(block_row);
                    }
                }
            }
            seen = seen.saturating_sub(across);
        }
    }
}

/// Puts eight samples into row `at` of a block.
#[inline]
fn put(samples: [u8; SIDE], block: &mut [u8; 64], at: usize) {
    if let Some(target) = block.as_chunks_mut::<SIDE>().0.get_mut(at) {
        *target = samples;
    }
}

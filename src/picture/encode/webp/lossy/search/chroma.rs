//! Blue and red difference, which are predicted alike.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays")]

use wide::i16x8;

use super::super::costs;
use super::super::eight::{Eight, Rows};
use super::super::planes::Block;
use super::super::residue;
use super::super::segment::Segment;
use super::make::{add, coefficients, rows};
use super::{Neighbour, Search, cost};
use crate::picture::vp8::desk::{CHROMA, LINE};
use crate::picture::vp8::modes::Mode;
use crate::picture::vp8::predict::{self, Within};

impl Search {
    /// The best mode of chroma, made on the desk.
    pub(super) fn chroma(
        &mut self,
        source: &Block,
        segment: &Segment,
        within: Within,
        above: &mut Neighbour,
        left: &mut Neighbour,
    ) -> Mode {
        let sources: [Rows; 8] = std::array::from_fn(|i| chroma_block(&source.chroma[i / 4], i % 4));
        let mut best = (f32::INFINITY, Mode::Dc, Eight([i16x8::ZERO; 16]), None);
        for mode in Mode::WHOLE {
            for at in CHROMA {
                predict::whole::<8>(&mut self.desk, at, mode, within);
            }
            let predicted = std::array::from_fn(|i| rows(&self.desk, chroma_at(i)));
            let scaled = Eight::residuals(&sources, &predicted).forward().scaled(&segment.chroma);
            let levels = scaled.levels(&segment.chroma, 0);
            let mut bits = u32::from(self.costs.chroma[mode as usize]);
            let (mut tops, mut sides) = (above.beside, left.beside);
            for i in 0..8 {
                let place = residue::chroma(i);
                let end = usize::from(levels.ends[i]);
                bits += costs::block(
                    &self.costs.planes[2],
                    &levels.blocks[i],
                    0,
                    end,
                    usize::from(tops[place.above] + sides[place.left]),
                );
                (tops[place.above], sides[place.left]) = (u8::from(end > 0), u8::from(end > 0));
            }
            let score = levels.errors.iter().sum::<f32>() + segment.lambdas.chroma * cost(bits);
            if score < best.0 {
                best = (score, mode, scaled, Some(levels));
            }
        }
        let (_, mode, scaled, Some(levels)) = best else { return Mode::Dc };
        for at in CHROMA {
            predict::whole::<8>(&mut self.desk, at, mode, within);
        }
        for i in 0..8 {
            let place = residue::chroma(i);
            let signed = signed(&levels.blocks[i], &scaled.block(i));
            let [end, _] = levels.ends[i].to_le_bytes();
            let filled = u8::from(end > 0);
            (above.beside[place.above], left.beside[place.left]) = (filled, filled);
            self.residue.levels[place.index] = signed;
            self.residue.ends[place.index] = end;
            add(&mut self.desk, chroma_at(i), &coefficients(&signed, &segment.chroma), end);
        }
        mode
    }
}

/// Levels with the signs of what they come from.
#[inline(always)]
fn signed(levels: &[i16; 16], scaled: &[i16; 16]) -> [i16; 16] {
    std::array::from_fn(|n| if scaled[n] < 0 { -levels[n] } else { levels[n] })
}

/// Where a block of blue, then of red difference is.
#[inline(always)]
fn chroma_at(index: usize) -> usize {
    CHROMA[index / 4] + index % 4 / 2 * 4 * LINE + index % 2 * 4
}

#[inline(always)]
fn chroma_block(plane: &[[u8; 8]; 8], index: usize) -> Rows {
    let (x, y) = (index % 2, index / 2 * 4);
    [0, 1, 2, 3].map(|row| {
        let (words, _) = plane[y + row].as_chunks::<4>();
        u32::from_le_bytes(words[x])
    })
}

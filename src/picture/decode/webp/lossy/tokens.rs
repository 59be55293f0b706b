//! Coefficients out of tokens (RFC 6386, section 13), multiplied at once.

#![expect(clippy::indexing_slicing, reason = "a hot loop over fixed arrays with masked indices")]

use super::bools::Bools;
use super::header::PlaneTokens;
use crate::picture::vp8::hadamard::inverse;
use crate::picture::vp8::steps::Steps;
use crate::picture::vp8::tables::{EXTRA_BITS, ZIGZAG};

/// Which blocks beside a macroblock had coefficients: four of luma, two of each chroma, one of first coefficients.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside(pub(super) [u8; 9]);

/// How much of a block is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Filling {
    /// Nothing.
    #[default]
    None,
    /// The first coefficient, which is the mean.
    First,
    /// Any.
    Full,
}

/// The coefficients of a macroblock: 16 blocks of luma, 4 of blue, 4 of red difference.
#[derive(Debug)]
pub(super) struct Residue {
    pub(super) blocks: [[i16; 16]; 24],
    pub(super) fillings: [Filling; 24],
}

impl Residue {
    pub(super) fn new() -> Self {
        Self { blocks: [[0; 16]; 24], fillings: [Filling::None; 24] }
    }

    /// Reads the tokens of one macroblock; whether any coefficient was there. All blocks are zeros before.
    pub(super) fn read(
        &mut self,
        bools: &mut Bools,
        tokens: &[PlaneTokens; 4],
        steps: &Steps,
        has_subblocks: bool,
        above: &mut Beside,
        left: &mut Beside,
    ) -> bool {
        let (luma_tokens, start) = if has_subblocks { (&tokens[3], 0) } else { (&tokens[0], 1) };
        if !has_subblocks {
            self.read_firsts(bools, &tokens[1], steps, &mut above.0[8], &mut left.0[8]);
        }
        let mut any = 0;
        for y in 0..4 {
            for x in 0..4 {
                let beside = (&mut above.0[x], &mut left.0[y]);
                any |= self.read_block(y * 4 + x, bools, luma_tokens, steps.luma, start, beside);
            }
        }
        for plane in [0, 1] {
            for y in 0..2 {
                for x in 0..2 {
                    let beside = (&mut above.0[4 + 2 * plane + x], &mut left.0[4 + 2 * plane + y]);
                    let block = 16 + 4 * plane + 2 * y + x;
                    any |= self.read_block(block, bools, &tokens[2], steps.chroma, 0, beside);
                }
            }
        }
        any != 0
    }

    /// Reads the block of first coefficients and transforms it into those of the luma blocks.
    fn read_firsts(
        &mut self,
        bools: &mut Bools,
        tokens: &PlaneTokens,
        steps: &Steps,
        above: &mut u8,
        left: &mut u8,
    ) {
        let mut firsts = [0; 16];
        let end = coefficients(bools, tokens, *above + *left, 0, steps.firsts, &mut firsts);
        (*above, *left) = (u8::from(end > 0), u8::from(end > 0));
        if end > 0 {
            for (block, first) in self.blocks.iter_mut().zip(inverse(&firsts)) {
                block[0] = first;
            }
        }
    }

    #[inline(always)]
    fn read_block(
        &mut self,
        index: usize,
        bools: &mut Bools,
        tokens: &PlaneTokens,
        steps: [i32; 2],
        start: usize,
        (above, left): (&mut u8, &mut u8),
    ) -> u8 {
        let block = &mut self.blocks[index];
        let end = coefficients(bools, tokens, *above + *left, start, steps, block);
        (*above, *left) = (u8::from(end > start), u8::from(end > start));
        let filling = match end {
            2.. => Filling::Full,
            _ if block[0] != 0 => Filling::First,
            _ => Filling::None,
        };
        self.fillings[index] = filling;
        u8::from(filling != Filling::None)
    }
}

/// Reads one block; where its last coefficient ends.
#[inline(never)]
fn coefficients(
    outer: &mut Bools,
    tokens: &PlaneTokens,
    context: u8,
    start: usize,
    steps: [i32; 2],
    block: &mut [i16; 16],
) -> usize {
    let mut bools = *outer;
    let mut place = start;
    let mut step = steps[start & 1];
    let mut p = &tokens[place][usize::from(context.min(2))];
    'block: while place < 16 {
        bools.ensure();
        if !bools.quick(p[0]) {
            break;
        }
        while !bools.quick(p[1]) {
            place += 1;
            step = steps[1];
            if place == 16 {
                break 'block;
            }
            p = &tokens[place & 31][0];
            bools.ensure();
        }
        let after = &tokens[(place + 1) & 31];
        let size = if bools.quick(p[2]) {
            let size = large(&mut bools, p);
            p = &after[2];
            size
        } else {
            p = &after[1];
            1
        };
        let value = bools.quick_sign(size);
        // Sixteen bits, as every decoder holds them; more only comes from broken files.
        #[expect(clippy::cast_possible_truncation, reason = "meant")]
        let value = value.wrapping_mul(step) as i16;
        block[usize::from(ZIGZAG[place & 15])] = value;
        step = steps[1];
        place += 1;
    }
    *outer = bools;
    place
}

/// A value of two or more.
#[inline(always)]
fn large(bools: &mut Bools, p: &[u8; 11]) -> i32 {
    bools.ensure();
    if !bools.quick(p[3]) {
        return if bools.quick(p[4]) { 3 + i32::from(bools.quick(p[5])) } else { 2 };
    }
    if !bools.quick(p[6]) {
        if !bools.quick(p[7]) {
            return 5 + i32::from(bools.quick(159));
        }
        bools.ensure();
        return 7 + 2 * i32::from(bools.quick(165)) + i32::from(bools.quick(145));
    }
    let (after, value) = larger(*bools, p);
    *bools = after;
    value
}

/// The rare ranges. By value, so that the reader can stay in registers elsewhere.
#[cold]
#[inline(never)]
fn larger<'a>(mut bools: Bools<'a>, p: &[u8; 11]) -> (Bools<'a>, i32) {
    let high = usize::from(bools.bit(p[8]));
    let range = 2 * high + usize::from(bools.bit(p[9 + high]));
    let extra = EXTRA_BITS[range].iter().fold(0, |extra, &p| extra << 1 | i32::from(bools.bit(p)));
    bools.ensure();
    (bools, 3 + (8 << range) + extra)
}

//! What symbols cost where probabilities are as they are, in 256ths of a bit.

use super::cdfs::Cdfs;
use super::range::Cdf;

/// One bit.
pub(super) const BIT: u32 = 256;

/// −log₂ of 512ths.
const BITS: [u16; 513] = {
    let mut bits = [10 * 256; 513];
    let mut p = 1;
    while p < 513 {
        bits[p] = minus_log2(p);
        p += 1;
    }
    bits
};

/// By squaring: each time the whole part of the logarithm is one more bit of the fraction.
const fn minus_log2(p: usize) -> u16 {
    let whole = p.ilog2() as u64;
    let mut mantissa = (p as u64) << (30 - whole);
    let (mut fraction, mut bit) = (0, 0);
    while bit < 10 {
        mantissa = (mantissa * mantissa) >> 30;
        fraction <<= 1;
        if mantissa >> 31 != 0 {
            mantissa >>= 1;
            fraction += 1;
        }
        bit += 1;
    }
    (9 * 256 - (whole * 1024 + fraction + 2) / 4) as u16
}

/// What each symbol costs.
pub(super) fn of<const N: usize>(cdf: &Cdf<N>) -> [u16; N] {
    let mut below = 0;
    std::array::from_fn(|symbol| {
        let above = if symbol == N - 1 { 1 << 15 } else { cdf[symbol] };
        let part = above - below;
        below = above;
        BITS[usize::from((part + 32) >> 6)]
    })
}

/// What one of two costs.
pub(super) fn of_either(is_second: bool, of_first: u32) -> u32 {
    let part = if is_second { (1 << 15) - of_first } else { of_first };
    BITS[((part + 32) >> 6) as usize].into()
}

/// What all costs that is asked for often.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    pub(super) luma_modes: [[[u16; 13]; 5]; 5],
    pub(super) chroma_modes: [[u16; 14]; 13],
    pub(super) angles: [[u16; 7]; 8],
    pub(super) skips: [[u16; 2]; 3],
    pub(super) shares: [u16; 8],
    pub(super) share_sizes: [[u16; 16]; 6],
    pub(super) kinds: [[[u16; 5]; 13]; 3],
    /// Of squares of 4, 8, 16, 32, of luma and chroma.
    pub(super) levels: [[LevelCosts; 2]; 4],
}

/// Of the levels of squares of one size.
#[derive(Debug, Clone)]
pub(super) struct LevelCosts {
    pub(super) all_zero: [[u16; 2]; 13],
    /// By the logarithm of where levels end.
    pub(super) ends: [u16; 11],
    pub(super) end_extra: [[u16; 2]; 9],
    pub(super) first_signs: [[u16; 2]; 3],
    pub(super) last: [[u16; 3]; 4],
    pub(super) levels: [[u16; 4]; 26],
    /// Of levels of 3 and more.
    pub(super) more: [[u16; 13]; 21],
}

impl Costs {
    pub(super) fn new(cdfs: &Cdfs) -> Box<Self> {
        Box::new(Self {
            luma_modes: cdfs.luma_modes.each_ref().map(|row| row.each_ref().map(of)),
            chroma_modes: cdfs.chroma_modes.each_ref().map(of),
            angles: cdfs.angles.each_ref().map(of),
            skips: cdfs.skips.each_ref().map(of),
            shares: of(&cdfs.shares),
            share_sizes: cdfs.share_sizes.each_ref().map(of),
            kinds: cdfs.kinds.each_ref().map(|size| size.each_ref().map(of)),
            levels: std::array::from_fn(|size| std::array::from_fn(|plane| level_costs(cdfs, size, plane))),
        })
    }
}

fn level_costs(cdfs: &Cdfs, size: usize, plane: usize) -> LevelCosts {
    let cdfs = &cdfs.levels;
    let mut ends = [0; 11];
    match size {
        0 => ends[..5].copy_from_slice(&of(&cdfs.ends_of_4[plane])),
        1 => ends[..7].copy_from_slice(&of(&cdfs.ends_of_8[plane])),
        2 => ends[..9].copy_from_slice(&of(&cdfs.ends_of_16[plane])),
        _ => ends.copy_from_slice(&of(&cdfs.ends_of_32[plane])),
    }
    LevelCosts {
        all_zero: cdfs.all_zero[size].each_ref().map(of),
        ends,
        end_extra: cdfs.end_extra[size][plane].each_ref().map(of),
        first_signs: cdfs.first_signs[plane].each_ref().map(of),
        last: cdfs.last[size][plane].each_ref().map(of),
        levels: cdfs.levels[size][plane].each_ref().map(of),
        more: cdfs.more[size][plane].each_ref().map(|cdf| {
            let step = of(cdf);
            // Four steps of up to three; those that are full are followed by the next.
            std::array::from_fn(|level| {
                let full = (level / 3).min(4) as u16;
                full * step[3] + if full < 4 { step[level % 3] } else { 0 }
            })
        }),
    }
}

impl LevelCosts {
    /// That the last level but zeros is the one before `end`, which is not 0.
    #[inline(always)]
    pub(super) fn end(&self, end: usize) -> u32 {
        let class = end_class(end);
        let mut cost = u32::from(self.ends[class]);
        if class >= 2 {
            let extra = class - 2;
            let is_upper = (end - 1 - (1 << (class - 1))) >> extra & 1;
            cost += u32::from(self.end_extra[extra][is_upper]) + BIT * extra as u32;
        }
        cost
    }

    /// What is behind the base of a level of 3 and more.
    #[inline(always)]
    pub(super) fn more(&self, context: usize, level: usize) -> u32 {
        let mut cost = u32::from(self.more[context][level.min(15) - 3]);
        if level >= 15 {
            cost += BIT * (2 * (level - 14).ilog2() + 1);
        }
        cost
    }
}

/// Which range of ends one lies in.
#[inline(always)]
pub(super) fn end_class(end: usize) -> usize {
    if end < 2 { 0 } else { (end - 1).ilog2() as usize + 1 }
}

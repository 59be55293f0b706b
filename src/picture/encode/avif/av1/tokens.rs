//! Levels to symbols (AV1, section 5.11.39).

use super::cdfs::LevelCdfs;
use super::costs::end_class;
use super::range::{Cdf, RangeCoder};
use super::scan::{MARGIN, SCANS};
use super::trellis::{PADDED, base_context, last_context, more_context};

/// The levels of a transform and what is known around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'a> {
    /// In order, up to the last but zeros.
    pub(super) levels: &'a [i16],
    pub(super) log2: usize,
    /// 1 of chroma.
    pub(super) plane: usize,
    pub(super) zero_context: usize,
    pub(super) sign_context: usize,
}

impl Tokens<'_> {
    /// Codes them; the kind of transform is told where there is any level.
    pub(super) fn write(
        self,
        coder: &mut RangeCoder,
        cdfs: &mut LevelCdfs,
        kind: Option<(usize, &mut Cdf<5>)>,
    ) {
        let size = self.log2 - 2;
        coder.symbol(usize::from(self.levels.is_empty()), &mut cdfs.all_zero[size][self.zero_context]);
        if self.levels.is_empty() {
            return;
        }
        if let Some((kind, cdf)) = kind {
            coder.symbol(kind, cdf);
        }
        self.write_end(coder, cdfs);
        self.write_sizes(coder, cdfs);
        self.write_signs(coder, cdfs);
    }

    fn write_end(self, coder: &mut RangeCoder, cdfs: &mut LevelCdfs) {
        let end = self.levels.len();
        let class = end_class(end);
        match self.log2 {
            2 => coder.symbol(class, &mut cdfs.ends_of_4[self.plane]),
            3 => coder.symbol(class, &mut cdfs.ends_of_8[self.plane]),
            4 => coder.symbol(class, &mut cdfs.ends_of_16[self.plane]),
            _ => coder.symbol(class, &mut cdfs.ends_of_32[self.plane]),
        }
        if let Some(extra) = class.checked_sub(2) {
            let off = end - 1 - (1 << (class - 1));
            coder.symbol(off >> extra & 1, &mut cdfs.end_extra[self.log2 - 2][self.plane][extra]);
            coder.literal(extra as u32, off as u32);
        }
    }

    fn write_sizes(self, coder: &mut RangeCoder, cdfs: &mut LevelCdfs) {
        let size = self.log2 - 2;
        let stride = (1 << self.log2) + MARGIN;
        let mut padded = [0; PADDED];
        let last = self.levels.len() - 1;
        for (i, (&level, &place)) in self.levels.iter().zip(SCANS[size]).enumerate().rev() {
            let level = usize::from(level.unsigned_abs());
            if i == last {
                let context = last_context(i, self.log2);
                coder.symbol(level.min(3) - 1, &mut cdfs.last[size][self.plane][context]);
            } else {
                let context = base_context(&padded, place, stride);
                coder.symbol(level.min(3), &mut cdfs.levels[size][self.plane][context]);
            }
            if level > 2 {
                let cdf = &mut cdfs.more[size][self.plane][more_context(&padded, place, stride)];
                let mut rest = level - 3;
                for _ in 0..4 {
                    coder.symbol(rest.min(3), cdf);
                    if rest < 3 {
                        break;
                    }
                    rest -= 3;
                }
            }
            padded[usize::from(place.padded)] = level.min(127) as u8;
        }
    }

    fn write_signs(self, coder: &mut RangeCoder, cdfs: &mut LevelCdfs) {
        for (i, &level) in self.levels.iter().enumerate().filter(|&(_, &level)| level != 0) {
            if i == 0 {
                let cdf = &mut cdfs.first_signs[self.plane][self.sign_context];
                coder.symbol(usize::from(level < 0), cdf);
            } else {
                coder.literal(1, u32::from(level < 0));
            }
            if let Some(rest) = u32::from(level.unsigned_abs()).checked_sub(15) {
                let bits = (rest + 1).ilog2();
                coder.literal(bits, 0);
                coder.literal(bits + 1, rest + 1);
            }
        }
    }
}

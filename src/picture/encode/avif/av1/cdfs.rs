//! All probabilities of a frame, which learn as it is coded.

use super::range::Cdf;
use super::tables::{levels, modes};

/// Of modes and of levels.
#[derive(Debug, Clone)]
pub(super) struct Cdfs {
    /// By the modes above and to the left.
    pub(super) luma_modes: [[Cdf<13>; 5]; 5],
    /// By the mode of luma.
    pub(super) chroma_modes: [Cdf<14>; 13],
    /// By mode.
    pub(super) angles: [Cdf<7>; 8],
    /// Of blocks of eight, by what is beside.
    pub(super) partitions_of_8: [Cdf<4>; 4],
    /// Of blocks of 16, 32 and 64.
    pub(super) partitions: [[Cdf<10>; 4]; 3],
    pub(super) skips: [Cdf<2>; 3],
    pub(super) shares: Cdf<8>,
    pub(super) share_sizes: [Cdf<16>; 6],
    /// By size, by mode.
    pub(super) kinds: [[Cdf<5>; 13]; 3],
    pub(super) levels: LevelCdfs,
}

/// Of levels: of squares of 4, 8, 16, 32, of luma and chroma.
#[derive(Debug, Clone)]
pub(super) struct LevelCdfs {
    pub(super) all_zero: [[Cdf<2>; 13]; 4],
    pub(super) ends_of_4: [Cdf<5>; 2],
    pub(super) ends_of_8: [Cdf<7>; 2],
    pub(super) ends_of_16: [Cdf<9>; 2],
    pub(super) ends_of_32: [Cdf<11>; 2],
    pub(super) end_extra: [[[Cdf<2>; 9]; 2]; 4],
    pub(super) first_signs: [[Cdf<2>; 3]; 2],
    pub(super) last: [[[Cdf<3>; 4]; 2]; 4],
    pub(super) levels: [[[Cdf<4>; 26]; 2]; 4],
    pub(super) more: [[[Cdf<4>; 21]; 2]; 4],
}

impl Cdfs {
    /// What frames of a quantiser begin with.
    pub(super) fn new(quantiser: u8) -> Box<Self> {
        let range = match quantiser {
            0..=20 => 0,
            21..=60 => 1,
            61..=120 => 2,
            121.. => 3,
        };
        Box::new(Self {
            luma_modes: modes::Y_MODES,
            chroma_modes: modes::UV_MODES,
            angles: modes::ANGLES,
            partitions_of_8: modes::PARTITIONS_8,
            partitions: modes::PARTITIONS,
            skips: modes::SKIPS,
            shares: modes::CFL_SIGNS,
            share_sizes: modes::CFL_ALPHAS,
            kinds: modes::TX_TYPES,
            levels: LevelCdfs {
                all_zero: levels::ALL_ZERO[range],
                ends_of_4: levels::ENDS_16[range],
                ends_of_8: levels::ENDS_64[range],
                ends_of_16: levels::ENDS_256[range],
                ends_of_32: levels::ENDS_1024[range],
                end_extra: levels::END_EXTRA[range],
                first_signs: levels::FIRST_SIGNS[range],
                last: levels::LAST_LEVELS[range],
                levels: levels::LEVELS[range],
                more: levels::MORE[range],
            },
        })
    }
}

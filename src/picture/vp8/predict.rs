//! Prediction from the borders (RFC 6386, section 12).

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "means and clamped sums of samples are samples"
)]

use super::desk::{Desk, LINE};
use super::modes::Mode;

/// Which borders lie within the picture.
#[derive(Debug, Clone, Copy)]
pub(in crate::picture) struct Within {
    pub(in crate::picture) above: bool,
    pub(in crate::picture) left: bool,
}

/// Predicts a square of `N` samples: luma or chroma of a macroblock.
#[inline]
pub(in crate::picture) fn whole<const N: usize>(desk: &mut Desk, at: usize, mode: Mode, within: Within) {
    match mode {
        Mode::Vertical => {
            let above: [u8; N] = desk.row(at - LINE);
            (0..N).for_each(|y| desk.put(at + y * LINE, above));
        }
        Mode::Horizontal => {
            let left: [u8; N] = desk.column(at - 1);
            left.iter().enumerate().for_each(|(y, &left)| desk.put(at + y * LINE, [left; N]));
        }
        Mode::TrueMotion => true_motion::<N>(desk, at),
        _ => {
            let mean = mean::<N>(desk, at, within);
            (0..N).for_each(|y| desk.put(at + y * LINE, [mean; N]));
        }
    }
}

fn mean<const N: usize>(desk: &Desk, at: usize, within: Within) -> u8 {
    let sum = |border: [u8; N]| border.iter().map(|&sample| u32::from(sample)).sum::<u32>();
    let count = N as u32;
    match (within.above, within.left) {
        (true, true) => ((sum(desk.row(at - LINE)) + sum(desk.column(at - 1)) + count) / (2 * count)) as u8,
        (true, false) => ((sum(desk.row(at - LINE)) + count / 2) / count) as u8,
        (false, true) => ((sum(desk.column(at - 1)) + count / 2) / count) as u8,
        (false, false) => 128,
    }
}

#[inline(always)]
fn true_motion<const N: usize>(desk: &mut Desk, at: usize) {
    for (y, row) in true_motion_rows::<N>(desk, at).into_iter().enumerate() {
        desk.put(at + y * LINE, row);
    }
}

#[inline(always)]
fn true_motion_rows<const N: usize>(desk: &Desk, at: usize) -> [[u8; N]; N] {
    let [corner] = desk.row::<1>(at - LINE - 1).map(i16::from);
    let above = desk.row::<N>(at - LINE).map(|above| i16::from(above) - corner);
    let left: [u8; N] = desk.column(at - 1);
    left.map(|left| above.map(|above| (above + i16::from(left)).clamp(0, 255) as u8))
}

/// Eight samples beside each other, the first in the lowest byte.
type Eight = u64;

const NOT_LOWEST: Eight = 0xFEFE_FEFE_FEFE_FEFE;

/// The means of two, rounded up, of all eight at once.
#[inline(always)]
fn mean2(a: Eight, b: Eight) -> Eight {
    (a | b) - (((a ^ b) & NOT_LOWEST) >> 1)
}

/// The means of three, the middle one counted twice: (a + 2b + c + 2) / 4, which is the mean of b, rounded up, with
/// the mean of the others, rounded down.
#[inline(always)]
fn mean3(a: Eight, b: Eight, c: Eight) -> Eight {
    mean2((a & c) + (((a ^ c) & NOT_LOWEST) >> 1), b)
}

/// Puts the lower four of each beside each other in turns.
#[inline(always)]
fn interleave(a: Eight, b: Eight) -> Eight {
    let spread = |four: Eight| {
        let four = four & 0xFFFF_FFFF;
        let four = (four | four << 16) & 0x0000_FFFF_0000_FFFF;
        (four | four << 8) & 0x00FF_00FF_00FF_00FF
    };
    spread(a) | spread(b) << 8
}

/// Four of the eight from a place on.
#[inline(always)]
fn four(eight: Eight, from: u32) -> u32 {
    (eight >> (8 * from)) as u32
}

/// Predicts a subblock of four by four samples (section 12.3).
#[inline]
pub(in crate::picture) fn subblock(desk: &mut Desk, at: usize, mode: Mode) {
    for (y, row) in rows(desk, at, mode).into_iter().enumerate() {
        desk.put(at + y * LINE, row.to_le_bytes());
    }
}

/// The rows that a subblock is predicted to have, the first sample of each in the lowest byte.
#[inline(always)]
pub(in crate::picture) fn rows(desk: &Desk, at: usize, mode: Mode) -> [u32; 4] {
    let above = || u64::from_le_bytes(desk.row(at - LINE));
    match mode {
        Mode::Dc => {
            let sum = |border: [u8; 4]| border.iter().map(|&sample| u32::from(sample)).sum::<u32>();
            let mean = (sum(desk.row(at - LINE)) + sum(desk.column(at - 1)) + 4) >> 3;
            [mean * 0x0101_0101; 4]
        }
        Mode::TrueMotion => true_motion_rows::<4>(desk, at).map(u32::from_le_bytes),
        Mode::Vertical => {
            let edge = u64::from_le_bytes(desk.row(at - LINE - 1));
            [four(mean3(edge, edge >> 8, edge >> 16), 0); 4]
        }
        Mode::Horizontal => {
            let [corner, l0, l1, l2, l3] = desk.column(at - LINE - 1);
            let edge = u64::from_le_bytes([corner, l0, l1, l2, l3, l3, 0, 0]);
            let means = mean3(edge, edge >> 8, edge >> 16);
            [0, 1, 2, 3].map(|y| (four(means, y) & 0xFF) * 0x0101_0101)
        }
        Mode::LeftDown => {
            let above = above();
            // The last counts once more after the end.
            let last = (above & 0xFF << 56) >> 8;
            let means = mean3(above, above >> 8, above >> 16 | last);
            [0, 1, 2, 3].map(|y| four(means, y))
        }
        Mode::VerticalLeft => vertical_left(above()),
        Mode::HorizontalUp => {
            let [a, b, c, d] = desk.column(at - 1);
            let left = u64::from_le_bytes([a, b, c, d, d, d, d, d]);
            let means = interleave(mean2(left, left >> 8), mean3(left, left >> 8, left >> 16));
            [four(means, 0), four(means, 2), four(means, 4), u32::from(d) * 0x0101_0101]
        }
        Mode::RightDown | Mode::VerticalRight | Mode::HorizontalDown => {
            let [l0, l1, l2, l3] = desk.column(at - 1);
            let [corner, a0, a1, a2, a3] = desk.row(at - LINE - 1);
            let edge = u64::from_le_bytes([l3, l2, l1, l0, corner, a0, a1, a2]);
            around(edge, edge >> 8 | u64::from(a3) << 56, mode)
        }
    }
}

/// The last column breaks the pattern; RFC 6386 has it so.
#[inline(always)]
fn vertical_left(above: Eight) -> [u32; 4] {
    let twos = mean2(above, above >> 8);
    let threes = mean3(above, above >> 8, above >> 16);
    let last = |from| four(threes, from) << 24;
    [
        four(twos, 0),
        four(threes, 0),
        four(twos, 1) & 0x00FF_FFFF | last(4),
        four(threes, 1) & 0x00FF_FFFF | last(5),
    ]
}

/// Of the samples around, from the lower left over the corner to the right; `next` begins one later.
#[inline(always)]
fn around(edge: Eight, next: Eight, mode: Mode) -> [u32; 4] {
    let threes = mean3(edge, next, next >> 8);
    if mode == Mode::RightDown {
        return [3, 2, 1, 0].map(|from| four(threes, from));
    }
    let twos = mean2(edge, next);
    if mode == Mode::VerticalRight {
        let (upper, lower) = (four(twos, 4), four(threes, 3));
        let first = |from| four(threes, from) & 0xFF;
        return [upper, lower, upper << 8 | first(2), lower << 8 | first(1)];
    }
    let means = interleave(twos, threes);
    [four(means, 6) & 0xFFFF | four(threes, 4) << 16, four(means, 4), four(means, 2), four(means, 0)]
}

#[cfg(test)]
mod tests {
    use super::super::desk::LUMA;
    use super::*;

    fn desk() -> Desk {
        let mut desk = Desk::new();
        desk.put(LUMA - LINE - 1, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
        for (y, left) in [12, 14, 16, 18].into_iter().enumerate() {
            desk.put(LUMA + y * LINE - 1, [left]);
        }
        desk
    }

    fn predicted(mode: Mode) -> [[u8; 4]; 4] {
        let mut desk = desk();
        subblock(&mut desk, LUMA, mode);
        [0, 1, 2, 3].map(|y| desk.row(LUMA + y * LINE))
    }

    #[test]
    fn subblocks_follow_their_direction() {
        assert_eq!(predicted(Mode::Vertical)[3], [20, 30, 40, 50]);
        assert_eq!(predicted(Mode::Horizontal).map(|row| row[2]), [12, 14, 16, 18]);
        assert_eq!(predicted(Mode::LeftDown)[0], [30, 40, 50, 60]);
        assert_eq!(predicted(Mode::LeftDown)[3], [60, 70, 80, 88]);
        assert_eq!(predicted(Mode::RightDown)[0], [13, 20, 30, 40]);
        assert_eq!(predicted(Mode::HorizontalUp)[3], [18; 4]);
        assert_eq!(predicted(Mode::Dc)[0], [25; 4]);
    }

    #[test]
    fn true_motion_is_clamped() {
        let mut desk = desk();
        desk.put(LUMA - LINE - 1, [200]);
        whole::<16>(&mut desk, LUMA, Mode::TrueMotion, Within { above: true, left: true });
        assert_eq!(desk.row::<4>(LUMA), [0; 4]);
    }

    #[test]
    fn means_leave_out_what_is_outside() {
        let mut desk = desk();
        desk.put(LUMA - LINE, [9; 16]);
        (0..16).for_each(|y| desk.put(LUMA + y * LINE - 1, [100]));
        let mut mean = |above, left| {
            whole::<16>(&mut desk, LUMA, Mode::Dc, Within { above, left });
            desk.row::<1>(LUMA)[0]
        };
        assert_eq!(
            [mean(true, false), mean(false, true), mean(true, true), mean(false, false)],
            [9, 100, 55, 128]
        );
    }

    #[test]
    fn means_of_eight_are_means() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                let splat = |sample: u8| u64::from(sample) * 0x0101_0101_0101_0101;
                let two = (u16::from(a) + u16::from(b) + 1) >> 1;
                assert_eq!(mean2(splat(a), splat(b)), splat(two as u8));
                for c in (0..=255_u8).step_by(5) {
                    let three = (u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) >> 2;
                    assert_eq!(mean3(splat(a), splat(b), splat(c)), splat(three as u8));
                }
            }
        }
    }
}

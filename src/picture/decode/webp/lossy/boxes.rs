//! The means of two by two, four by four or eight by eight samples.
//!
//! Eight samples are added up beside each other in a word of 64 bits: pairs in lanes of 16 bits, then pairs of
//! those in lanes of 32.

const PAIRS: u64 = 0x00FF_00FF_00FF_00FF;
const FOURS: u64 = 0x0000_FFFF_0000_FFFF;

/// Sums of neighbours, line over line: at most eight lines of two samples fit a lane.
#[inline(always)]
fn pairs(lines: impl Iterator<Item = u64>) -> u64 {
    lines.map(|line| (line & PAIRS) + (line >> 8 & PAIRS)).sum()
}

/// The means of the four boxes in two lines of eight samples; the first is the leftmost.
#[inline(always)]
pub(super) fn halves(lines: [u64; 2]) -> [u8; 4] {
    let sums = pairs(lines.into_iter());
    let means = (sums + 0x0002_0002_0002_0002) >> 2;
    let [a, _, b, _, c, _, d, _] = means.to_le_bytes();
    [a, b, c, d]
}

/// The means of the two boxes in four lines.
#[inline(always)]
pub(super) fn quarters(lines: [u64; 4]) -> [u8; 2] {
    let sums = pairs(lines.into_iter());
    let means = ((sums & FOURS) + (sums >> 16 & FOURS) + 0x0000_0008_0000_0008) >> 4;
    let [a, _, _, _, b, ..] = means.to_le_bytes();
    [a, b]
}

/// The mean of the box in eight lines.
#[inline(always)]
pub(super) fn eighth(lines: [u64; 8]) -> u8 {
    let sums = pairs(lines.into_iter());
    let fours = (sums & FOURS) + (sums >> 16 & FOURS);
    let mean = ((fours & 0xFFFF_FFFF) + (fours >> 32) + 32) >> 6;
    mean.to_le_bytes()[0]
}

/// The mean of any samples, rounded.
pub(super) fn mean(samples: impl Iterator<Item = u8>) -> u8 {
    let (sum, count) =
        samples.fold((0_u32, 0_u32), |(sum, count), sample| (sum + u32::from(sample), count + 1));
    ((sum + count / 2) / count.max(1)).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<const N: usize>(seed: u64) -> [u64; N] {
        let mut state = seed;
        std::array::from_fn(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }

    fn slowly(lines: &[u64], column: usize) -> u8 {
        let count = lines.len();
        mean(lines.iter().flat_map(|line| line.to_le_bytes()[column * count..][..count].to_vec()))
    }

    #[test]
    fn boxes_are_means() {
        for seed in 1..200 {
            let two = lines(seed);
            assert_eq!(halves(two), [0, 1, 2, 3].map(|column| slowly(&two, column)));
            let four = lines(seed);
            assert_eq!(quarters(four), [0, 1].map(|column| slowly(&four, column)));
            let eight = lines(seed);
            assert_eq!(eighth(eight), slowly(&eight, 0));
        }
    }

    #[test]
    fn the_lightest_boxes_do_not_overflow() {
        assert_eq!(halves([u64::MAX; 2]), [255; 4]);
        assert_eq!(quarters([u64::MAX; 4]), [255; 2]);
        assert_eq!(eighth([u64::MAX; 8]), 255);
    }
}

//! The loop filter (RFC 6386, section 15): steps at the edges of blocks are smoothed where they are too small to
//! be detail.

#![expect(clippy::indexing_slicing, reason = "kernels over fixed arrays")]
#![expect(clippy::needless_range_loop, reason = "one index goes through eight arrays, so that lanes form")]
#![expect(clippy::needless_bitwise_bool, reason = "branches would keep lanes from forming")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are clamped to samples")]

use super::header::Smoothing;

/// Eight lines across an edge, of `N` samples along it: four on this side, four on that.
type Lines<const N: usize> = [[u8; N]; 8];

/// A plane whose edges are smoothed.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) samples: &'a mut [u8],
    pub(super) stride: usize,
}

impl Field<'_> {
    #[inline(always)]
    fn row<const N: usize>(&self, at: usize) -> [u8; N] {
        self.samples.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, at: usize, row: [u8; N]) {
        if let Some(place) = self.samples.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = row;
        }
    }

    /// The lines above and below an edge that begins at `at`.
    #[inline(always)]
    fn across<const N: usize>(&mut self, at: usize, smooth: impl Fn(&mut Lines<N>)) {
        let start = at.wrapping_sub(4 * self.stride);
        let mut lines: Lines<N> = std::array::from_fn(|line| self.row(start + line * self.stride));
        smooth(&mut lines);
        // The outermost never change.
        for (line, samples) in lines.into_iter().enumerate().skip(1).take(6) {
            self.put(start + line * self.stride, samples);
        }
    }

    /// The columns left and right of an edge that begins at `at`.
    #[inline(always)]
    fn along<const N: usize>(&mut self, at: usize, smooth: impl Fn(&mut Lines<N>)) {
        let start = at.wrapping_sub(4);
        let rows: [[u8; 8]; N] = std::array::from_fn(|y| self.row(start + y * self.stride));
        let mut lines: Lines<N> = std::array::from_fn(|line| std::array::from_fn(|y| rows[y][line]));
        smooth(&mut lines);
        for y in 0..N {
            self.put(start + y * self.stride, lines.map(|line| line[y]));
        }
    }

    /// Smooths the edges of one macroblock's plane of `N` by `N` samples and of the blocks within (the normal filter).
    #[inline]
    pub(super) fn normal<const N: usize>(&mut self, at: usize, smoothing: Smoothing, place: Place) {
        let edge = |lines: &mut Lines<N>| outer::<N>(lines, smoothing);
        let block = |lines: &mut Lines<N>| inner::<N>(lines, smoothing);
        if place.has_left {
            self.along::<N>(at, edge);
        }
        if place.has_inner {
            (4..N).step_by(4).for_each(|x| self.along::<N>(at + x, block));
        }
        if place.has_above {
            self.across::<N>(at, edge);
        }
        if place.has_inner {
            (4..N).step_by(4).for_each(|y| self.across::<N>(at + y * self.stride, block));
        }
    }

    /// The same with the simple filter, which leaves chroma alone.
    #[inline]
    pub(super) fn simple(&mut self, at: usize, smoothing: Smoothing, place: Place) {
        let edge = |lines: &mut Lines<16>| simple(lines, smoothing.limit + 4);
        let block = |lines: &mut Lines<16>| simple(lines, smoothing.limit);
        if place.has_left {
            self.along(at, edge);
        }
        if place.has_inner {
            for x in [4, 8, 12] {
                self.along(at + x, block);
            }
        }
        if place.has_above {
            self.across(at, edge);
        }
        if place.has_inner {
            for y in [4, 8, 12] {
                self.across(at + y * self.stride, block);
            }
        }
    }
}

/// Which edges of a macroblock there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) has_left: bool,
    pub(super) has_above: bool,
    pub(super) has_inner: bool,
}

#[inline(always)]
fn clamp(value: i16) -> i16 {
    value.clamp(-128, 127)
}

/// From a sample to a value around zero, and back.
#[inline(always)]
fn signed(sample: u8) -> i16 {
    i16::from(sample) - 128
}

#[inline(always)]
fn sample(value: i16) -> u8 {
    (clamp(value) + 128) as u8
}

#[inline(always)]
fn is_small_step([p1, p0, q0, q1]: [i16; 4], limit: i16) -> bool {
    (p0 - q0).abs() * 2 + ((p1 - q1).abs() >> 1) <= limit
}

/// What moves the two samples at the edge towards each other.
#[inline(always)]
fn halves(step: i16) -> (i16, i16) {
    (clamp(step + 4) >> 3, clamp(step + 3) >> 3)
}

#[inline(always)]
fn simple<const N: usize>(lines: &mut Lines<N>, limit: i16) {
    for i in 0..N {
        let [p1, p0, q0, q1] = [2, 3, 4, 5].map(|line: usize| signed(lines[line][i]));
        let (a, b) = halves(clamp(clamp(p1 - q1) + 3 * (q0 - p0)));
        let is_smoothed = is_small_step([p1, p0, q0, q1], limit);
        lines[3][i] = if is_smoothed { sample(p0 + b) } else { lines[3][i] };
        lines[4][i] = if is_smoothed { sample(q0 - a) } else { lines[4][i] };
    }
}

/// Whether a place is smoothed, and whether it is detail.
#[inline(always)]
fn kind([p3, p2, p1, p0, q0, q1, q2, q3]: [i16; 8], smoothing: Smoothing, limit: i16) -> (bool, bool) {
    let near = (p1 - p0).abs().max((q1 - q0).abs());
    let far = (p3 - p2).abs().max((p2 - p1).abs()).max((q3 - q2).abs()).max((q2 - q1).abs());
    let is_smoothed =
        is_small_step([p1, p0, q0, q1], limit) & (near <= smoothing.interior) & (far <= smoothing.interior);
    (is_smoothed, near > smoothing.detail)
}

/// Edges between macroblocks.
#[inline(always)]
fn outer<const N: usize>(lines: &mut Lines<N>, smoothing: Smoothing) {
    for i in 0..N {
        let around = [0, 1, 2, 3, 4, 5, 6, 7].map(|line: usize| signed(lines[line][i]));
        let [_, p2, p1, p0, q0, q1, q2, _] = around;
        let (is_smoothed, is_detail) = kind(around, smoothing, smoothing.limit + 4);
        let step = clamp(clamp(p1 - q1) + 3 * (q0 - p0));
        let (a, b) = halves(step);
        let [a0, a1, a2] = [27, 18, 9].map(|share| (share * step + 63) >> 7);
        let only_two = is_smoothed & is_detail;
        let all = is_smoothed & !is_detail;
        let pick = |two: i16, six: i16, as_is: i16| {
            if all {
                six
            } else if only_two {
                two
            } else {
                as_is
            }
        };
        lines[1][i] = sample(pick(p2, p2 + a2, p2));
        lines[2][i] = sample(pick(p1, p1 + a1, p1));
        lines[3][i] = sample(pick(p0 + b, p0 + a0, p0));
        lines[4][i] = sample(pick(q0 - a, q0 - a0, q0));
        lines[5][i] = sample(pick(q1, q1 - a1, q1));
        lines[6][i] = sample(pick(q2, q2 - a2, q2));
    }
}

/// Edges between the blocks of a macroblock.
#[inline(always)]
fn inner<const N: usize>(lines: &mut Lines<N>, smoothing: Smoothing) {
    for i in 0..N {
        let around = [0, 1, 2, 3, 4, 5, 6, 7].map(|line: usize| signed(lines[line][i]));
        let [_, _, p1, p0, q0, q1, _, _] = around;
        let (is_smoothed, is_detail) = kind(around, smoothing, smoothing.limit);
        let outer = if is_detail { clamp(p1 - q1) } else { 0 };
        let (a, b) = halves(clamp(outer + 3 * (q0 - p0)));
        let (a, b) = if is_smoothed { (a, b) } else { (0, 0) };
        let half = if is_detail | !is_smoothed { 0 } else { (a + 1) >> 1 };
        lines[2][i] = sample(p1 + half);
        lines[3][i] = sample(p0 + b);
        lines[4][i] = sample(q0 - a);
        lines[5][i] = sample(q1 - half);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOOTHING: Smoothing = Smoothing { limit: 40, interior: 10, detail: 2 };

    fn smoothed(lines: [u8; 8], smooth: impl Fn(&mut Lines<8>)) -> [u8; 8] {
        let mut lines = lines.map(|sample| [sample; 8]);
        smooth(&mut lines);
        lines.map(|line| line[5])
    }

    #[test]
    fn a_small_step_between_macroblocks_becomes_a_slope() {
        let step = [100, 100, 100, 100, 110, 110, 110, 110];
        // w = c(c(p1 − q1) + 3 · 10) = 20: moved by (27 w + 63) / 128 and so on.
        assert_eq!(smoothed(step, |lines| outer(lines, SMOOTHING)), [100, 101, 103, 104, 106, 107, 109, 110]);
        assert_eq!(smoothed(step, |lines| inner(lines, SMOOTHING)), [100, 100, 102, 104, 106, 108, 110, 110]);
    }

    #[test]
    fn a_large_step_is_left_alone() {
        let step = [0, 0, 0, 0, 200, 200, 200, 200];
        assert_eq!(smoothed(step, |lines| outer(lines, SMOOTHING)), step);
        assert_eq!(smoothed(step, |lines| inner(lines, SMOOTHING)), step);
        assert_eq!(smoothed(step, |lines| simple(lines, 40)), step);
    }

    #[test]
    fn both_directions_are_alike() {
        let mut across: Vec<u8> = (0..32 * 32).map(|at| [(at * 7 % 23) as u8 + 90; 1][0]).collect();
        let mut along: Vec<u8> = (0..32 * 32).map(|at| across[at % 32 * 32 + at / 32]).collect();
        let edge = |lines: &mut Lines<16>| outer(lines, SMOOTHING);
        Field { samples: &mut across, stride: 32 }.across(8 * 32 + 4, edge);
        Field { samples: &mut along, stride: 32 }.along(4 * 32 + 8, edge);
        assert!((0..32 * 32).all(|at| along[at] == across[at % 32 * 32 + at / 32]));
    }
}

//! The samples around a square that it is predicted from (section 7.11.2).

use crate::picture::encode::avif::av1::frame::Plane;

/// Where edges begin; before them lie the corner and, where there are samples between, one more.
pub(super) const BEGIN: usize = 16;

/// Twice the longest side, and room to read on.
const LENGTH: usize = BEGIN + 64 + 48;

/// What there is to predict from.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for on its own")]
pub(in super::super) struct Beside {
    pub(in super::super) has_above: bool,
    pub(in super::super) has_left: bool,
    pub(in super::super) has_above_right: bool,
    pub(in super::super) has_below_left: bool,
    /// Whether a block above or to the left was predicted smoothly.
    pub(in super::super) is_smooth: bool,
}

/// The samples.
#[derive(Debug, Clone)]
pub(in super::super) struct Edges {
    pub(in super::super) beside: Beside,
    pub(super) above: [u8; LENGTH],
    pub(super) left: [u8; LENGTH],
}

impl Edges {
    /// Those around the square of `side` at a place.
    pub(in super::super) fn of(plane: &Plane, (x, y): (usize, usize), side: usize, beside: Beside) -> Self {
        let mut edges = Self { beside, above: [0; LENGTH], left: [0; LENGTH] };
        let at = y * plane.width + x;
        let samples = &plane.samples;
        let (above, left) = (&mut edges.above[BEGIN..], &mut edges.left[BEGIN..]);
        if beside.has_above {
            let count = if beside.has_above_right { (2 * side).min(plane.width - x) } else { side };
            let row = &samples[at - plane.width..][..count];
            above[..count].copy_from_slice(row);
            above[count..].fill(row[count - 1]);
        } else {
            above.fill(if beside.has_left { samples[at - 1] } else { 127 });
        }
        if beside.has_left {
            let count = if beside.has_below_left { (2 * side).min(plane.height - y) } else { side };
            let column = samples[at - 1..].iter().step_by(plane.width);
            for (to, &from) in left[..count].iter_mut().zip(column) {
                *to = from;
            }
            let last = left[count - 1];
            left[count..].fill(last);
        } else {
            left.fill(if beside.has_above { samples[at - plane.width] } else { 129 });
        }
        let corner = match (beside.has_above, beside.has_left) {
            (true, true) => samples[at - plane.width - 1],
            (true, false) => samples[at - plane.width],
            (false, true) => samples[at - 1],
            (false, false) => 128,
        };
        (edges.above[BEGIN - 1], edges.left[BEGIN - 1]) = (corner, corner);
        edges
    }

    pub(in super::super) fn above(&self) -> &[u8] {
        &self.above[BEGIN..]
    }

    pub(in super::super) fn left(&self) -> &[u8] {
        &self.left[BEGIN..]
    }

    pub(super) fn corner(&self) -> u8 {
        self.above[BEGIN - 1]
    }
}

/// Smooths an edge of `count` samples and its corner, which stays (section 7.11.2.12).
pub(super) fn smooth(edge: &mut [u8; LENGTH], count: usize, strength: usize) {
    const KERNELS: [[u16; 5]; 3] = [[0, 4, 8, 4, 0], [0, 5, 6, 5, 0], [2, 4, 4, 4, 2]];
    let Some(kernel) = strength.checked_sub(1).and_then(|strength| KERNELS.get(strength)) else { return };
    // Two more before the corner and behind the end, as they repeat.
    let mut from = [0; LENGTH];
    let whole = &edge[BEGIN - 1..BEGIN + count];
    from[2..3 + count].copy_from_slice(whole);
    from[..2].fill(whole[0]);
    from[3 + count..5 + count].fill(whole[count]);
    for (i, to) in edge[BEGIN..BEGIN + count].iter_mut().enumerate() {
        let taps = &from[i + 1..i + 6];
        let sum: u16 = kernel.iter().zip(taps).map(|(&weight, &sample)| weight * u16::from(sample)).sum();
        *to = ((sum + 8) >> 4) as u8;
    }
    let last = edge[BEGIN + count - 1];
    edge[BEGIN + count..].fill(last);
}

/// Puts samples between those of an edge (section 7.11.2.11).
pub(super) fn upsample(edge: &mut [u8; LENGTH], count: usize) {
    let mut from = [0_i16; 20];
    let whole = &edge[BEGIN - 1..BEGIN + count];
    for (to, &sample) in from[1..].iter_mut().zip(whole) {
        *to = i16::from(sample);
    }
    from[0] = from[1];
    from[count + 2] = from[count + 1];
    edge[BEGIN - 2] = from[0] as u8;
    for i in 0..count {
        let sum = 9 * (from[i + 1] + from[i + 2]) - from[i] - from[i + 3];
        edge[BEGIN + 2 * i - 1] = ((sum + 8) >> 4).clamp(0, 255) as u8;
        edge[BEGIN + 2 * i] = from[i + 2] as u8;
    }
}

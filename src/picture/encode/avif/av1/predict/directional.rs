//! Prediction along a direction (section 7.11.2.4).

use super::edges::{BEGIN, Edges, smooth, upsample};

/// 64 times the cotangent (section 9.3), of the angles that modes have.
fn slope(degrees: i32) -> i32 {
    match degrees {
        3 => 1023,
        6 => 547,
        9 => 372,
        14 => 273,
        17 => 215,
        20 => 178,
        23 => 151,
        26 => 132,
        29 => 116,
        32 => 102,
        36 => 90,
        39 => 80,
        42 => 71,
        45 => 64,
        48 => 57,
        51 => 51,
        54 => 45,
        58 => 40,
        61 => 35,
        64 => 31,
        67 => 27,
        70 => 23,
        73 => 19,
        76 => 15,
        81 => 11,
        84 => 7,
        _ => 3,
    }
}

/// Predicts at an angle other than 90 and 180 degrees.
pub(super) fn predict(edges: &Edges, degrees: i32, side: usize, to: &mut [u8]) {
    let mut edges = edges.clone();
    let doubled = prepare(&mut edges, degrees, side);
    match degrees {
        ..=90 => from_above(&edges, slope(degrees), side, doubled[0], to),
        91..180 => {
            let slopes = [slope(180 - degrees), slope(degrees - 90)];
            from_both(&edges, slopes, side, doubled, to);
        }
        _ => from_left(&edges, slope(270 - degrees), side, doubled[1], to),
    }
}

/// Smooths edges or puts samples between theirs; says of which the latter.
fn prepare(edges: &mut Edges, degrees: i32, side: usize) -> [bool; 2] {
    let is_between = (91..180).contains(&degrees);
    if is_between && side >= 12 {
        let (above, left) = (u16::from(edges.above()[0]), u16::from(edges.left()[0]));
        let corner = (5 * (above + left) + 6 * u16::from(edges.corner()) + 8) >> 4;
        (edges.above[BEGIN - 1], edges.left[BEGIN - 1]) = (corner as u8, corner as u8);
    }
    let is_smooth = edges.beside.is_smooth;
    let sides = [
        (&mut edges.above, edges.beside.has_above, degrees < 180, degrees < 90, (degrees - 90).abs()),
        (&mut edges.left, edges.beside.has_left, degrees > 90, degrees > 180, (degrees - 180).abs()),
    ];
    sides.map(|(edge, is_there, is_used, is_long, off)| {
        if !is_used {
            return false;
        }
        let count = if is_long { 2 * side } else { side };
        if is_there {
            smooth(edge, count, strength(side, is_smooth, off));
        }
        let is_doubled = off < 40 && 2 * side <= if is_smooth { 8 } else { 16 };
        if is_doubled {
            upsample(edge, count);
        }
        is_doubled
    })
}

/// No difference of angles is as large.
const NEVER: i32 = 360;

/// Section 7.11.2.9.
fn strength(side: usize, is_smooth: bool, off: i32) -> usize {
    let by_limits = |limits: [i32; 3]| limits.iter().filter(|&&limit| off >= limit).count();
    match (is_smooth, side) {
        (false, 4) => by_limits([56, NEVER, NEVER]),
        (false, 8) => by_limits([40, NEVER, NEVER]),
        (false, 16) => by_limits([0, 4, 32]),
        (true, 4) => by_limits([40, 64, NEVER]),
        (true, 8) => by_limits([20, 48, NEVER]),
        _ => 3,
    }
}

#[inline(always)]
fn between(a: u8, b: u8, shift: u16) -> u8 {
    ((u16::from(a) * (32 - shift) + u16::from(b) * shift + 16) >> 5) as u8
}

/// One row: how far along its edge each begins, and how far between two samples.
#[inline(always)]
fn place(along: i32, is_doubled: bool) -> (i32, u16) {
    let doubled = i32::from(is_doubled);
    (along >> (6 - doubled), (((along << doubled) >> 1) & 31) as u16)
}

fn along_edge(edge: &[u8], slope: i32, side: usize, is_doubled: bool, mut put: impl FnMut(usize, &[u8])) {
    let end = (2 * side - 1) << usize::from(is_doubled);
    let mut row = [0; 32];
    let row = &mut row[..side];
    for i in 0..side {
        let (base, shift) = place((i as i32 + 1) * slope, is_doubled);
        let base = base as usize;
        if is_doubled {
            for (j, to) in row.iter_mut().enumerate() {
                let at = base + 2 * j;
                *to = if at < end { between(edge[at], edge[at + 1], shift) } else { edge[end] };
            }
        } else if base >= end {
            row.fill(edge[end]);
        } else {
            // What lies behind the end repeats it.
            let pairs = edge[base..base + side].iter().zip(&edge[base + 1..=base + side]);
            for (to, (&a, &b)) in row.iter_mut().zip(pairs) {
                *to = between(a, b, shift);
            }
        }
        put(i, row);
    }
}

fn from_above(edges: &Edges, slope: i32, side: usize, is_doubled: bool, to: &mut [u8]) {
    along_edge(edges.above(), slope, side, is_doubled, |y, row| {
        to[y * side..][..side].copy_from_slice(row);
    });
}

fn from_left(edges: &Edges, slope: i32, side: usize, is_doubled: bool, to: &mut [u8]) {
    along_edge(edges.left(), slope, side, is_doubled, |x, column| {
        for (to, &from) in to[x..].iter_mut().step_by(side).zip(column) {
            *to = from;
        }
    });
}

fn from_both(edges: &Edges, slopes: [i32; 2], side: usize, doubled: [bool; 2], to: &mut [u8]) {
    for (y, row) in to.chunks_exact_mut(side).enumerate() {
        let back = (y as i32 + 1) * slopes[0];
        let step = 1 << u8::from(doubled[0]);
        // Columns before this one look past the corner, to the left.
        let (base, shift) = place(-back, doubled[0]);
        let first = usize::try_from((-step - base + step - 1).max(0) / step).unwrap_or(side).min(side);
        let (of_left, of_above) = row.split_at_mut(first);
        for (x, to) in of_left.iter_mut().enumerate() {
            let along = ((y as i32) << 6) - (x as i32 + 1) * slopes[1];
            let (base, shift) = place(along, doubled[1]);
            let at = (BEGIN as i32 + base) as usize;
            *to = between(edges.left[at], edges.left[at + 1], shift);
        }
        if of_above.is_empty() {
            continue;
        }
        let at = (BEGIN as i32 + base + step * first as i32) as usize;
        if doubled[0] {
            for (x, to) in of_above.iter_mut().enumerate() {
                *to = between(edges.above[at + 2 * x], edges.above[at + 2 * x + 1], shift);
            }
        } else {
            let pairs = edges.above[at..].iter().zip(&edges.above[at + 1..]);
            for (to, (&a, &b)) in of_above.iter_mut().zip(pairs) {
                *to = between(a, b, shift);
            }
        }
    }
}

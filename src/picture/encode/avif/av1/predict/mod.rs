//! Prediction of a square from the samples above and to the left (AV1, section 7.11.2).

mod directional;
mod edges;

pub(super) use self::edges::{Beside, Edges};

use super::mode::Mode;
use super::tables::numbers::{SMOOTH_4, SMOOTH_8, SMOOTH_16, SMOOTH_32};

/// Predicts a square of `side`.
pub(super) fn predict(edges: &Edges, mode: Mode, angle_delta: i8, side: usize, to: &mut [u8]) {
    let to = &mut to[..side * side];
    match mode {
        Mode::Dc | Mode::FromLuma => to.fill(mean(edges, side)),
        Mode::Smooth => smooth(edges, side, to),
        Mode::SmoothVertical => smooth_vertical(edges, side, to),
        Mode::SmoothHorizontal => smooth_horizontal(edges, side, to),
        Mode::Paeth => paeth(edges, side, to),
        _ => match mode.degrees() + 3 * i32::from(angle_delta) {
            90 => to.chunks_exact_mut(side).for_each(|row| row.copy_from_slice(&edges.above()[..side])),
            180 => to.chunks_exact_mut(side).zip(edges.left()).for_each(|(row, &left)| row.fill(left)),
            degrees => directional::predict(edges, degrees, side, to),
        },
    }
}

fn mean(edges: &Edges, side: usize) -> u8 {
    let sum = |samples: &[u8]| samples[..side].iter().map(|&sample| u32::from(sample)).sum::<u32>();
    let side = side as u32;
    let mean = match (edges.beside.has_above, edges.beside.has_left) {
        (true, true) => (sum(edges.above()) + sum(edges.left()) + side) / (2 * side),
        (true, false) => (sum(edges.above()) + side / 2) / side,
        (false, true) => (sum(edges.left()) + side / 2) / side,
        (false, false) => 128,
    };
    mean as u8
}

fn weights(side: usize) -> &'static [u8] {
    match side {
        4 => &SMOOTH_4,
        8 => &SMOOTH_8,
        16 => &SMOOTH_16,
        _ => &SMOOTH_32,
    }
}

fn smooth(edges: &Edges, side: usize, to: &mut [u8]) {
    let (above, left, weights) = (&edges.above()[..side], &edges.left()[..side], weights(side));
    let (right, bottom) = (u32::from(above[side - 1]), u32::from(left[side - 1]));
    for ((row, &left), &down) in to.chunks_exact_mut(side).zip(left).zip(weights) {
        let (left, down) = (u32::from(left), u32::from(down));
        let same = (256 - down) * bottom + 256;
        for ((to, &above), &across) in row.iter_mut().zip(above).zip(weights) {
            let across = u32::from(across);
            let sum = down * u32::from(above) + across * left + (256 - across) * right + same;
            *to = (sum >> 9) as u8;
        }
    }
}

fn smooth_vertical(edges: &Edges, side: usize, to: &mut [u8]) {
    let bottom = u16::from(edges.left()[side - 1]);
    for (row, &down) in to.chunks_exact_mut(side).zip(weights(side)) {
        let down = u16::from(down);
        let same = (256 - down) * bottom + 128;
        for (to, &above) in row.iter_mut().zip(edges.above()) {
            *to = ((down * u16::from(above) + same) >> 8) as u8;
        }
    }
}

fn smooth_horizontal(edges: &Edges, side: usize, to: &mut [u8]) {
    let right = u16::from(edges.above()[side - 1]);
    let weights = weights(side);
    for (row, &left) in to.chunks_exact_mut(side).zip(edges.left()) {
        for (to, &across) in row.iter_mut().zip(weights) {
            let across = u16::from(across);
            *to = ((across * u16::from(left) + (256 - across) * right + 128) >> 8) as u8;
        }
    }
}

fn paeth(edges: &Edges, side: usize, to: &mut [u8]) {
    let corner = i16::from(edges.corner());
    for (row, &left) in to.chunks_exact_mut(side).zip(edges.left()) {
        let left = i16::from(left);
        for (to, &above) in row.iter_mut().zip(edges.above()) {
            let above = i16::from(above);
            let to_left = (above - corner).abs();
            let to_above = (left - corner).abs();
            let to_corner = (above + left - 2 * corner).abs();
            let upper = if to_above <= to_corner { above } else { corner };
            let nearest = if to_left <= to_above && to_left <= to_corner { left } else { upper };
            *to = nearest as u8;
        }
    }
}

//! Sine transforms of 4 to 16 (sections 7.13.2.4 to 7.13.2.8), and back.

use super::dct::{add, swap_turn, turn_swap};
use crate::picture::encode::avif::av1::lanes::{Lanes, interleave, weighted_by_four};

/// 4,096 times √2·⅔ times sines of ninths of a half turn.
const S: [i16; 5] = [0, 1_321, 2_482, 3_344, 3_803];

#[inline(always)]
pub(super) fn inverse_sine_4<const N: usize>(t: &mut [Lanes; N]) {
    multiply(
        t,
        [
            [S[1], S[4], S[3], S[2]],
            [S[2], -S[1], S[3], -S[4]],
            [S[3], -S[3], 0, S[3]],
            [S[4], S[2], -S[3], -S[1]],
        ],
    );
}

#[inline(always)]
pub(super) fn sine_4<const N: usize>(t: &mut [Lanes; N]) {
    multiply(
        t,
        [
            [S[1], S[3], S[2], S[4]],
            [S[3], 0, S[3], -S[3]],
            [S[4], -S[3], -S[1], S[2]],
            [S[2], S[3], -S[4], -S[1]],
        ],
    );
}

/// By rows of factors of the first, third, second and fourth.
#[inline(always)]
fn multiply<const N: usize>(t: &mut [Lanes; N], rows: [[i16; 4]; 4]) {
    let (even, odd) = (interleave(t[0], t[2]), interleave(t[1], t[3]));
    for (to, row) in t.iter_mut().zip(rows) {
        *to = weighted_by_four(even, odd, row);
    }
}

/// Which comes from where before all rotations.
#[inline(always)]
const fn first_place(n: usize, i: usize) -> usize {
    if i & 1 == 1 { i - 1 } else { n - i - 1 }
}

/// Which comes from where after them.
#[inline(always)]
const fn last_place(log2: usize, i: usize) -> usize {
    let gray = i ^ (i >> 1);
    let reversed = (gray & 1) << 3 | (gray & 2) << 1 | (gray & 4) >> 1 | (gray & 8) >> 3;
    reversed >> (4 - log2)
}

#[inline(always)]
fn begin<const N: usize>(t: &mut [Lanes; N]) {
    let from = *t;
    *t = std::array::from_fn(|i| from[first_place(N, i)]);
}

#[inline(always)]
fn end<const N: usize>(t: &mut [Lanes; N], log2: usize) {
    let from = *t;
    *t = std::array::from_fn(|i| {
        let lanes = from[last_place(log2, i)];
        if i & 1 == 1 { Lanes::ZERO.saturating_sub(lanes) } else { lanes }
    });
}

#[inline(always)]
fn end_back<const N: usize>(t: &mut [Lanes; N], log2: usize) {
    let from = *t;
    for (i, lanes) in from.into_iter().enumerate() {
        t[last_place(log2, i)] = if i & 1 == 1 { Lanes::ZERO.saturating_sub(lanes) } else { lanes };
    }
}

#[inline(always)]
fn begin_back<const N: usize>(t: &mut [Lanes; N]) {
    let from = *t;
    for (i, lanes) in from.into_iter().enumerate() {
        t[first_place(N, i)] = lanes;
    }
}

#[inline(always)]
pub(super) fn inverse_sine_8<const N: usize>(t: &mut [Lanes; N]) {
    begin(t);
    (0..4).for_each(|i| turn_swap(t, 2 * i, 2 * i + 1, 60 - 16 * i));
    (0..4).for_each(|i| add(t, i, 4 + i, false));
    (0..2).for_each(|i| turn_swap(t, 4 + 3 * i, 5 + i, 48 - 32 * i));
    pairs(2, 2).for_each(|(i, j)| add(t, 4 * j + i, 2 + 4 * j + i, false));
    (0..2).for_each(|i| turn_swap(t, 2 + 4 * i, 3 + 4 * i, 32));
    end(t, 3);
}

#[inline(always)]
pub(super) fn sine_8<const N: usize>(t: &mut [Lanes; N]) {
    end_back(t, 3);
    (0..2).for_each(|i| swap_turn(t, 2 + 4 * i, 3 + 4 * i, 32));
    pairs(2, 2).for_each(|(i, j)| add(t, 4 * j + i, 2 + 4 * j + i, false));
    (0..2).for_each(|i| swap_turn(t, 4 + 3 * i, 5 + i, 48 - 32 * i));
    (0..4).for_each(|i| add(t, i, 4 + i, false));
    (0..4).for_each(|i| swap_turn(t, 2 * i, 2 * i + 1, 60 - 16 * i));
    begin_back(t);
}

#[inline(always)]
pub(super) fn inverse_sine_16<const N: usize>(t: &mut [Lanes; N]) {
    begin(t);
    (0..8).for_each(|i| turn_swap(t, 2 * i, 2 * i + 1, 62 - 8 * i));
    (0..8).for_each(|i| add(t, i, 8 + i, false));
    (0..2).for_each(|i| turn_swap(t, 8 + 2 * i, 9 + 2 * i, 56 - 32 * i));
    (0..2).for_each(|i| turn_swap(t, 13 + 2 * i, 12 + 2 * i, 8 + 32 * i));
    pairs(4, 2).for_each(|(i, j)| add(t, 8 * j + i, 4 + 8 * j + i, false));
    pairs(2, 2).for_each(|(i, j)| turn_swap(t, 4 + 8 * j + 3 * i, 5 + 8 * j + i, 48 - 32 * i));
    pairs(2, 4).for_each(|(i, j)| add(t, 4 * j + i, 2 + 4 * j + i, false));
    (0..4).for_each(|i| turn_swap(t, 2 + 4 * i, 3 + 4 * i, 32));
    end(t, 4);
}

#[inline(always)]
pub(super) fn sine_16<const N: usize>(t: &mut [Lanes; N]) {
    end_back(t, 4);
    (0..4).for_each(|i| swap_turn(t, 2 + 4 * i, 3 + 4 * i, 32));
    pairs(2, 4).for_each(|(i, j)| add(t, 4 * j + i, 2 + 4 * j + i, false));
    pairs(2, 2).for_each(|(i, j)| swap_turn(t, 4 + 8 * j + 3 * i, 5 + 8 * j + i, 48 - 32 * i));
    pairs(4, 2).for_each(|(i, j)| add(t, 8 * j + i, 4 + 8 * j + i, false));
    (0..2).for_each(|i| swap_turn(t, 13 + 2 * i, 12 + 2 * i, 8 + 32 * i));
    (0..2).for_each(|i| swap_turn(t, 8 + 2 * i, 9 + 2 * i, 56 - 32 * i));
    (0..8).for_each(|i| add(t, i, 8 + i, false));
    (0..8).for_each(|i| swap_turn(t, 2 * i, 2 * i + 1, 62 - 8 * i));
    begin_back(t);
}

fn pairs(of_first: usize, of_second: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..of_first).flat_map(move |i| (0..of_second).map(move |j| (i, j)))
}

//! Cosine transforms of 4 to 32 (section 7.13.2.3): a network of rotations and butterflies, and the same backwards.

use crate::picture::encode::avif::av1::lanes::{Lanes, butterfly, rotate};
use crate::picture::encode::avif::av1::tables::numbers::COSINES;

/// The lowest bits of a number in reverse.
#[inline(always)]
const fn reversed(bits: usize, number: usize) -> usize {
    let (mut from, mut to, mut at) = (number, 0, 0);
    while at < bits {
        to = to << 1 | from & 1;
        from >>= 1;
        at += 1;
    }
    to
}

/// 4,096 times the cosine of so many 128ths of a half turn.
#[inline(always)]
pub(super) const fn cos(angle: usize) -> i16 {
    let angle = angle & 255;
    match angle {
        0..=64 => COSINES[angle],
        65..=128 => -COSINES[128 - angle],
        129..=192 => -COSINES[angle - 128],
        _ => COSINES[256 - angle],
    }
}

/// The sine.
#[inline(always)]
pub(super) const fn sin(angle: usize) -> i16 {
    cos(angle.wrapping_sub(64))
}

/// Turns two places by an angle.
#[inline(always)]
pub(super) fn turn<const N: usize>(t: &mut [Lanes; N], a: usize, b: usize, angle: usize) {
    [t[a], t[b]] = rotate(t[a], t[b], cos(angle), sin(angle));
}

/// Turns and swaps.
#[inline(always)]
pub(super) fn turn_swap<const N: usize>(t: &mut [Lanes; N], a: usize, b: usize, angle: usize) {
    [t[b], t[a]] = rotate(t[a], t[b], cos(angle), sin(angle));
}

/// Swaps and turns back.
#[inline(always)]
pub(super) fn swap_turn<const N: usize>(t: &mut [Lanes; N], a: usize, b: usize, angle: usize) {
    [t[a], t[b]] = rotate(t[b], t[a], cos(angle), -sin(angle));
}

/// Turns back.
#[inline(always)]
fn turn_back<const N: usize>(t: &mut [Lanes; N], a: usize, b: usize, angle: usize) {
    [t[a], t[b]] = rotate(t[a], t[b], cos(angle), -sin(angle));
}

/// Sum and difference; where `is_flipped`, the difference comes first.
#[inline(always)]
pub(super) fn add<const N: usize>(t: &mut [Lanes; N], a: usize, b: usize, is_flipped: bool) {
    if is_flipped {
        [t[b], t[a]] = butterfly(t[b], t[a]);
    } else {
        [t[a], t[b]] = butterfly(t[a], t[b]);
    }
}

#[inline(always)]
fn permute<const N: usize>(t: &mut [Lanes; N], log2: usize) {
    for i in 0..N {
        let j = reversed(log2, i);
        if i < j {
            t.swap(i, j);
        }
    }
}

#[inline(always)]
pub(super) fn inverse_dct<const N: usize, const LOG2: usize>(t: &mut [Lanes; N]) {
    permute(t, LOG2);
    if LOG2 >= 5 {
        (0..8).for_each(|i| turn(t, 16 + i, 31 - i, 6 + (reversed(3, 7 - i) << 3)));
    }
    if LOG2 >= 4 {
        (0..4).for_each(|i| turn(t, 8 + i, 15 - i, 12 + (reversed(2, 3 - i) << 4)));
    }
    if LOG2 >= 5 {
        (0..8).for_each(|i| add(t, 16 + 2 * i, 17 + 2 * i, i & 1 == 1));
    }
    if LOG2 >= 3 {
        (0..2).for_each(|i| turn(t, 4 + i, 7 - i, 56 - 32 * i));
    }
    if LOG2 >= 4 {
        (0..4).for_each(|i| add(t, 8 + 2 * i, 9 + 2 * i, i & 1 == 1));
    }
    if LOG2 >= 5 {
        (0..4).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| {
            turn_swap(t, 30 - 4 * i - j, 17 + 4 * i + j, 24 + (j << 6) + ((1 - i) << 5));
        });
    }
    turn_swap(t, 0, 1, 32);
    turn(t, 2, 3, 48);
    if LOG2 >= 3 {
        (0..2).for_each(|i| add(t, 4 + 2 * i, 5 + 2 * i, i == 1));
    }
    if LOG2 >= 4 {
        (0..2).for_each(|i| turn_swap(t, 14 - i, 9 + i, 48 + 64 * i));
    }
    if LOG2 >= 5 {
        (0..8).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| add(t, 16 + 4 * i + j, 19 + 4 * i - j, i & 1 == 1));
    }
    (0..2).for_each(|i| add(t, i, 3 - i, false));
    if LOG2 >= 3 {
        turn_swap(t, 6, 5, 32);
    }
    if LOG2 >= 4 {
        (0..4).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| add(t, 8 + 4 * i + j, 11 + 4 * i - j, i == 1));
    }
    if LOG2 >= 5 {
        (0..4).for_each(|i| turn_swap(t, 29 - i, 18 + i, 48 + (i >> 1) * 64));
    }
    if LOG2 >= 3 {
        (0..4).for_each(|i| add(t, i, 7 - i, false));
    }
    if LOG2 >= 4 {
        (0..2).for_each(|i| turn_swap(t, 13 - i, 10 + i, 32));
    }
    if LOG2 >= 5 {
        (0..8).map(|k| (k >> 2, k & 3)).for_each(|(i, j)| add(t, 16 + 8 * i + j, 23 + 8 * i - j, i == 1));
    }
    if LOG2 >= 4 {
        (0..8).for_each(|i| add(t, i, 15 - i, false));
    }
    if LOG2 >= 5 {
        (0..4).for_each(|i| turn_swap(t, 27 - i, 20 + i, 32));
        (0..16).for_each(|i| add(t, i, 31 - i, false));
    }
}

#[inline(always)]
pub(super) fn dct<const N: usize, const LOG2: usize>(t: &mut [Lanes; N]) {
    if LOG2 >= 5 {
        (0..16).for_each(|i| add(t, i, 31 - i, false));
        (0..4).for_each(|i| swap_turn(t, 27 - i, 20 + i, 32));
    }
    if LOG2 >= 4 {
        (0..8).for_each(|i| add(t, i, 15 - i, false));
    }
    if LOG2 >= 5 {
        (0..8).map(|k| (k >> 2, k & 3)).for_each(|(i, j)| add(t, 16 + 8 * i + j, 23 + 8 * i - j, i == 1));
    }
    if LOG2 >= 4 {
        (0..2).for_each(|i| swap_turn(t, 13 - i, 10 + i, 32));
    }
    if LOG2 >= 3 {
        (0..4).for_each(|i| add(t, i, 7 - i, false));
    }
    if LOG2 >= 5 {
        (0..4).for_each(|i| swap_turn(t, 29 - i, 18 + i, 48 + (i >> 1) * 64));
    }
    if LOG2 >= 4 {
        (0..4).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| add(t, 8 + 4 * i + j, 11 + 4 * i - j, i == 1));
    }
    if LOG2 >= 3 {
        swap_turn(t, 6, 5, 32);
    }
    (0..2).for_each(|i| add(t, i, 3 - i, false));
    if LOG2 >= 5 {
        (0..8).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| add(t, 16 + 4 * i + j, 19 + 4 * i - j, i & 1 == 1));
    }
    if LOG2 >= 4 {
        (0..2).for_each(|i| swap_turn(t, 14 - i, 9 + i, 48 + 64 * i));
    }
    if LOG2 >= 3 {
        (0..2).for_each(|i| add(t, 4 + 2 * i, 5 + 2 * i, i == 1));
    }
    turn_back(t, 2, 3, 48);
    swap_turn(t, 0, 1, 32);
    if LOG2 >= 5 {
        (0..4).map(|k| (k >> 1, k & 1)).for_each(|(i, j)| {
            swap_turn(t, 30 - 4 * i - j, 17 + 4 * i + j, 24 + (j << 6) + ((1 - i) << 5));
        });
    }
    if LOG2 >= 4 {
        (0..4).for_each(|i| add(t, 8 + 2 * i, 9 + 2 * i, i & 1 == 1));
    }
    if LOG2 >= 3 {
        (0..2).for_each(|i| turn_back(t, 4 + i, 7 - i, 56 - 32 * i));
    }
    if LOG2 >= 5 {
        (0..8).for_each(|i| add(t, 16 + 2 * i, 17 + 2 * i, i & 1 == 1));
    }
    if LOG2 >= 4 {
        (0..4).for_each(|i| turn_back(t, 8 + i, 15 - i, 12 + (reversed(2, 3 - i) << 4)));
    }
    if LOG2 >= 5 {
        (0..8).for_each(|i| turn_back(t, 16 + i, 31 - i, 6 + (reversed(3, 7 - i) << 3)));
    }
    permute(t, LOG2);
}

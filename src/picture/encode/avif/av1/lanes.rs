//! Eight lanes of sixteen bits, and the few steps that transforms are made of.

use wide::{bytemuck, i16x8, i32x4, i32x8};

/// Eight numbers.
pub(super) type Lanes = i16x8;

/// Lanes of both by turns: of their lower halves, of their upper halves.
#[inline(always)]
pub(super) fn interleave(a: Lanes, b: Lanes) -> [Lanes; 2] {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::{i16x8_shuffle, v128};
        let (a, b): (v128, v128) = (bytemuck::cast(a), bytemuck::cast(b));
        let lower = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
        let upper = i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b);
        [bytemuck::cast(lower), bytemuck::cast(upper)]
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    {
        let (a, b) = (a.to_array(), b.to_array());
        [
            i16x8::new([a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]]),
            i16x8::new([a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]]),
        ]
    }
}

/// `a·cos − b·sin` and `a·sin + b·cos`, of factors in 4,096ths, rounded.
#[inline(always)]
pub(super) fn rotate(a: Lanes, b: Lanes, cos: i16, sin: i16) -> [Lanes; 2] {
    let pairs = interleave(a, b);
    [weighted(pairs, [cos, -sin]), weighted(pairs, [sin, cos])]
}

/// Sums of pairs times factors in 4,096ths, rounded.
#[inline(always)]
pub(super) fn weighted(pairs: [Lanes; 2], [a, b]: [i16; 2]) -> Lanes {
    let factors = i16x8::new([a, b, a, b, a, b, a, b]);
    narrowed(pairs.map(|pairs| pairs.dot(factors)))
}

/// The same of two pairs.
#[inline(always)]
pub(super) fn weighted_by_four(first: [Lanes; 2], second: [Lanes; 2], [a, b, c, d]: [i16; 4]) -> Lanes {
    let (ab, cd) = (i16x8::new([a, b, a, b, a, b, a, b]), i16x8::new([c, d, c, d, c, d, c, d]));
    narrowed([0, 1].map(|half: usize| first[half].dot(ab) + second[half].dot(cd)))
}

#[inline(always)]
fn narrowed(sums: [i32x4; 2]) -> Lanes {
    let rounded = sums.map(|sum| (sum + i32x4::splat(1 << 11)) >> 12);
    i16x8::from_i32x8_saturate(bytemuck::cast::<[i32x4; 2], i32x8>(rounded))
}

/// Sums and differences, which stop at the ends of sixteen bits.
#[inline(always)]
pub(super) fn butterfly(a: Lanes, b: Lanes) -> [Lanes; 2] {
    [a.saturating_add(b), a.saturating_sub(b)]
}

/// Divides by a power of two; halves go up. Does not overflow.
#[inline(always)]
pub(super) fn rounded_shift(lanes: Lanes, bits: i32) -> Lanes {
    if bits == 0 {
        return lanes;
    }
    let halves = lanes >> (bits - 1);
    (halves >> 1) + (halves & Lanes::splat(1))
}

/// Makes rows of eight columns.
#[inline(always)]
pub(super) fn transpose(rows: [Lanes; 8]) -> [Lanes; 8] {
    shuffle(shuffle(shuffle(rows)))
}

#[inline(always)]
fn shuffle(rows: [Lanes; 8]) -> [Lanes; 8] {
    // A closure over the rows would not always be copied into its place.
    let [first, second] = [interleave(rows[0], rows[4]), interleave(rows[1], rows[5])];
    let [third, fourth] = [interleave(rows[2], rows[6]), interleave(rows[3], rows[7])];
    [first[0], first[1], second[0], second[1], third[0], third[1], fourth[0], fourth[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let at = |y: usize, x: usize| i16::try_from(y * 8 + x).unwrap();
        let rows = std::array::from_fn(|y| Lanes::new(std::array::from_fn(|x| at(y, x))));
        let columns = std::array::from_fn(|x| Lanes::new(std::array::from_fn(|y| at(y, x))));
        assert_eq!(transpose(rows), columns);
    }

    #[test]
    fn shifts_round_as_the_format_says() {
        for value in [-32_768, -17, -16, -9, -8, -7, -1, 0, 1, 7, 8, 9, 32_767] {
            for bits in [1, 2, 4] {
                let expected = (i32::from(value) + (1 << (bits - 1))) >> bits;
                let found = rounded_shift(Lanes::splat(value), bits).to_array();
                assert_eq!(found.map(i32::from), [expected; 8], "{value} >> {bits}");
            }
        }
    }
}

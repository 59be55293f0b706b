//! The inverse transform of four by four coefficients (RFC 6386, section 14.4), added to what was predicted.

use super::desk::{Desk, LINE};

/// Adds a block of which only the first coefficient is there.
#[inline]
pub(in crate::picture) fn add_first(desk: &mut Desk, at: usize, first: i16) {
    let rise = first.saturating_add(4) >> 3;
    over(desk, at, |rows| kernel::add_first(rows, rise));
}

/// Adds a block.
#[inline]
pub(in crate::picture) fn add_full(desk: &mut Desk, at: usize, block: &[i16; 16]) {
    over(desk, at, |rows| kernel::add_full(rows, block));
}

/// Changes four rows of four samples, each row a word.
#[inline(always)]
fn over(desk: &mut Desk, at: usize, change: impl FnOnce([u32; 4]) -> [u32; 4]) {
    let rows = [0, 1, 2, 3].map(|y| u32::from_le_bytes(desk.row(at + y * LINE)));
    for (y, row) in change(rows).into_iter().enumerate() {
        desk.put(at + y * LINE, row.to_le_bytes());
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use self::portable as kernel;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::transform_wasm as kernel;

/// The kernels for any machine.
#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(super) mod portable {
    use wide::{i16x8, i32x4, i32x8, u8x16};

    #[inline(always)]
    pub(in super::super) fn add_first(rows: [u32; 4], rise: i16) -> [u32; 4] {
        add(rows, [i16x8::splat(rise); 2])
    }

    #[inline(always)]
    pub(in super::super) fn add_full(rows: [u32; 4], block: &[i16; 16]) -> [u32; 4] {
        let (lines, _) = block.as_chunks::<4>();
        let &[a, b, c, d] = lines else { return rows };
        let columns = butterfly([a, b, c, d].map(|line| i32x4::new(line.map(i32::from))));
        let [a, b, c, d] = transpose(columns);
        let lines = butterfly([a + i32x4::splat(4), b, c, d]);
        let [a, b, c, d] = transpose(lines.map(|line| line >> 3));
        add(rows, [narrow(a, b), narrow(c, d)])
    }

    /// Two rows of four; what would not fit is beyond black and white anyway.
    #[inline(always)]
    fn narrow(a: i32x4, b: i32x4) -> i16x8 {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a.to_array(), b.to_array());
        i16x8::from_i32x8_saturate(i32x8::new([a0, a1, a2, a3, b0, b1, b2, b3]))
    }

    #[inline(always)]
    fn add([a, b, c, d]: [u32; 4], [upper, lower]: [i16x8; 2]) -> [u32; 4] {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a.to_le_bytes(), b.to_le_bytes());
        let ([c0, c1, c2, c3], [d0, d1, d2, d3]) = (c.to_le_bytes(), d.to_le_bytes());
        let samples = u8x16::new([a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3]);
        let upper = i16x8::from_u8x16_low(samples).saturating_add(upper);
        let lower = i16x8::from_u8x16_high(samples).saturating_add(lower);
        let sums = u8x16::narrow_i16x8(upper, lower).to_array();
        let &[a, b, c, d] = sums.as_chunks::<4>().0 else { return [a, b, c, d] };
        [a, b, c, d].map(u32::from_le_bytes)
    }

    #[inline(always)]
    fn transpose(rows: [i32x4; 4]) -> [i32x4; 4] {
        let [a, b, c, d] = rows.map(i32x4::to_array);
        [
            i32x4::new([a[0], b[0], c[0], d[0]]),
            i32x4::new([a[1], b[1], c[1], d[1]]),
            i32x4::new([a[2], b[2], c[2], d[2]]),
            i32x4::new([a[3], b[3], c[3], d[3]]),
        ]
    }

    /// One pass, four lanes beside each other.
    #[inline(always)]
    fn butterfly([a, b, c, d]: [i32x4; 4]) -> [i32x4; 4] {
        let (even, odd) = (a + c, a - c);
        let difference = scaled(b) - (d + grown(d));
        let sum = b + grown(b) + scaled(d);
        [even + sum, odd + difference, odd - difference, even - sum]
    }

    /// √2 · sin(π/8), of 2^16.
    #[inline(always)]
    fn scaled(value: i32x4) -> i32x4 {
        (value * i32x4::splat(35_468)) >> 16
    }

    /// √2 · cos(π/8) − 1, of 2^16.
    #[inline(always)]
    fn grown(value: i32x4) -> i32x4 {
        (value * i32x4::splat(20_091)) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::super::desk::LUMA;
    use super::*;

    #[test]
    fn a_lone_first_coefficient_is_the_same_either_way() {
        for first in [-2000, -5, -4, 3, 4, 700] {
            let mut block = [0; 16];
            block[0] = first;
            let (mut a, mut b) = (Desk::new(), Desk::new());
            for desk in [&mut a, &mut b] {
                (0..4).for_each(|y| desk.put(LUMA + y * LINE, [0, 90, 180, 255]));
            }
            add_first(&mut a, LUMA, first);
            add_full(&mut b, LUMA, &block);
            assert_eq!(a.0, b.0);
        }
    }

    #[test]
    fn the_transform_is_a_cosine_transform() {
        let mut desk = Desk::new();
        (0..4).for_each(|y| desk.put(LUMA + y * LINE, [128; 4]));
        let mut block = [0; 16];
        // One wave across: cos(π/8) and cos(3π/8) of 80 times √2 over 8.
        block[1] = 80;
        add_full(&mut desk, LUMA, &block);
        assert_eq!(desk.row::<4>(LUMA), [141, 133, 123, 115]);
        assert_eq!(desk.row::<4>(LUMA + 3 * LINE), [141, 133, 123, 115]);
    }
}

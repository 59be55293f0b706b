//! The kernels of `transform` in 128-bit lanes. Left to itself the compiler moves every coefficient into its lane
//! alone; written out, decoding a photograph takes a tenth less.

use core::arch::wasm32::{
    i16x8_add_sat, i16x8_narrow_i32x4, i16x8_splat, i32x4_add, i32x4_extend_high_i16x8,
    i32x4_extend_low_i16x8, i32x4_mul, i32x4_shr, i32x4_shuffle, i32x4_splat, i32x4_sub, u8x16_narrow_i16x8,
    u16x8_extend_high_u8x16, u16x8_extend_low_u8x16, u32x4, u32x4_extract_lane, u64x2, v128,
};

#[inline(always)]
pub(super) fn add_first(rows: [u32; 4], rise: i16) -> [u32; 4] {
    let rise = i16x8_splat(rise);
    add(rows, rise, rise)
}

#[inline(always)]
pub(super) fn add_full(rows: [u32; 4], block: &[i16; 16]) -> [u32; 4] {
    let (lines, _) = block.as_chunks::<4>();
    let &[a, b, c, d] = lines else { return rows };
    let (first, second) = (u64x2(word(a), word(b)), u64x2(word(c), word(d)));
    let columns = butterfly([
        i32x4_extend_low_i16x8(first),
        i32x4_extend_high_i16x8(first),
        i32x4_extend_low_i16x8(second),
        i32x4_extend_high_i16x8(second),
    ]);
    let [a, b, c, d] = transpose(columns);
    let lines = butterfly([i32x4_add(a, i32x4_splat(4)), b, c, d]);
    let [a, b, c, d] = transpose(lines.map(|line| i32x4_shr(line, 3)));
    add(rows, i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d))
}

#[inline(always)]
fn word([a, b, c, d]: [i16; 4]) -> u64 {
    let wide = |value: i16| u64::from(value.cast_unsigned());
    wide(a) | wide(b) << 16 | wide(c) << 32 | wide(d) << 48
}

/// Adds two rows of four in each vector.
#[inline(always)]
fn add([a, b, c, d]: [u32; 4], upper: v128, lower: v128) -> [u32; 4] {
    let samples = u32x4(a, b, c, d);
    let upper = i16x8_add_sat(u16x8_extend_low_u8x16(samples), upper);
    let lower = i16x8_add_sat(u16x8_extend_high_u8x16(samples), lower);
    let sums = u8x16_narrow_i16x8(upper, lower);
    [
        u32x4_extract_lane::<0>(sums),
        u32x4_extract_lane::<1>(sums),
        u32x4_extract_lane::<2>(sums),
        u32x4_extract_lane::<3>(sums),
    ]
}

#[inline(always)]
fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
    let (ab2, cd2) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        i32x4_shuffle::<0, 1, 4, 5>(ab, cd),
        i32x4_shuffle::<2, 3, 6, 7>(ab, cd),
        i32x4_shuffle::<0, 1, 4, 5>(ab2, cd2),
        i32x4_shuffle::<2, 3, 6, 7>(ab2, cd2),
    ]
}

#[inline(always)]
fn butterfly([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (even, odd) = (i32x4_add(a, c), i32x4_sub(a, c));
    let difference = i32x4_sub(scaled(b), i32x4_add(d, grown(d)));
    let sum = i32x4_add(i32x4_add(b, grown(b)), scaled(d));
    [i32x4_add(even, sum), i32x4_add(odd, difference), i32x4_sub(odd, difference), i32x4_sub(even, sum)]
}

#[inline(always)]
fn scaled(value: v128) -> v128 {
    i32x4_shr(i32x4_mul(value, i32x4_splat(35_468)), 16)
}

#[inline(always)]
fn grown(value: v128) -> v128 {
    i32x4_shr(i32x4_mul(value, i32x4_splat(20_091)), 16)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::transform::portable;

    #[test]
    fn both_kernels_are_alike() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..10_000_u32 {
            let rows = [(); 4]
                .map(|()| next().to_le_bytes())
                .map(|[a, b, c, d, ..]| u32::from_le_bytes([a, b, c, d]));
            let shift = round % 9 + 4;
            let block = [(); 16].map(|()| {
                let [a, b, ..] = next().to_le_bytes();
                i16::from_le_bytes([a, b]) >> shift
            });
            assert_eq!(super::add_full(rows, &block), portable::add_full(rows, &block));
            assert_eq!(super::add_first(rows, block[0]), portable::add_first(rows, block[0]));
        }
    }
}

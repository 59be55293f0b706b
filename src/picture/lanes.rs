//! Single precision to bytes, sixteen at a time.

use wide::{f32x4, i16x8, i32x8, u8x16};

/// Whole parts, held within what a byte can be.
#[inline]
pub(super) fn to_bytes([a, b, c, d]: [f32x4; 4]) -> u8x16 {
    u8x16::narrow_i16x8(to_words(a, b), to_words(c, d))
}

#[inline]
fn to_words(first: f32x4, second: f32x4) -> i16x8 {
    let mut lanes = [0; 8];
    if let [low, high] = lanes.as_chunks_mut::<4>().0 {
        *low = first.fast_trunc_int().to_array();
        *high = second.fast_trunc_int().to_array();
    }
    i16x8::from_i32x8_saturate(i32x8::new(lanes))
}

/// Rounds every sample into a byte of `out`, which becomes as long.
pub(super) fn round(samples: &[f32], out: &mut Vec<u8>) {
    out.resize(samples.len(), 0);
    let half = f32x4::splat(0.5);
    let (blocks, rest) = samples.as_chunks::<16>();
    let (bytes, rest_bytes) = out.as_chunks_mut::<16>();
    for (block, bytes) in blocks.iter().zip(bytes) {
        if let &[a, b, c, d] = block.as_chunks::<4>().0 {
            *bytes = to_bytes([a, b, c, d].map(|four| f32x4::new(four) + half)).to_array();
        }
    }
    for (&sample, byte) in rest.iter().zip(rest_bytes) {
        *byte = round_one(sample);
    }
}

/// Rounded, and held within what a byte can be.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
pub(super) fn round_one(sample: f32) -> u8 {
    (sample + 0.5) as u8
}

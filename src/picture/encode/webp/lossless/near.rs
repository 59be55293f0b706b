//! Samples that lose their last bits where that is not seen: what is left takes fewer bits, and nothing is smeared.
//!
//! The idea is that of WebP's own encoder: smooth parts stay as they are, since steps would be seen there, and so does what is
//! at both ends, so that white stays white.

/// Bits that samples lose at a quality: one from 80 on, five below 20, none at 100.
pub(in crate::picture::encode::webp) fn bits(quality: u8) -> u32 {
    if quality >= 100 { 0 } else { 5 - u32::from(quality) / 20 }
}

/// Rounds the samples of every pixel that is not like all of its neighbours to multiples of `1 << bits`.
pub(super) fn round(pixels: &mut [u32], width: usize, bits: u32) {
    let mut above: Vec<u32> = Vec::new();
    let mut own: Vec<u32> = Vec::new();
    let mut rest = pixels;
    while let Some((row, below)) = rest.split_at_mut_checked(width).filter(|_| width > 0) {
        own.clear();
        own.extend_from_slice(row);
        for (x, pixel) in row.iter_mut().enumerate() {
            let before = x.checked_sub(1).and_then(|x| own.get(x));
            let around = [before, own.get(x + 1), above.get(x), below.get(x)];
            if !around.into_iter().flatten().all(|other| is_near(*pixel, *other, bits)) {
                *pixel = rounded(*pixel, bits);
            }
        }
        std::mem::swap(&mut above, &mut own);
        rest = below;
    }
}

/// Whether no sample of two pixels is further from the other than what is lost.
fn is_near(a: u32, b: u32, bits: u32) -> bool {
    a.to_le_bytes().into_iter().zip(b.to_le_bytes()).all(|(a, b)| u32::from(a.abs_diff(b)) < 1 << bits)
}

/// The nearest multiples, and 255 where they go beyond.
fn rounded(pixel: u32, bits: u32) -> u32 {
    let half = 1_u32 << bits >> 1;
    let sample = |sample: u8| (((u32::from(sample) + half) >> bits) << bits).min(255).to_le_bytes()[0];
    u32::from_le_bytes(pixel.to_le_bytes().map(sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(levels: &[u8]) -> Vec<u32> {
        levels.iter().map(|level| u32::from_le_bytes([*level, *level, *level, 255])).collect()
    }

    #[test]
    fn edges_are_rounded_and_slopes_and_ends_are_not() {
        let mut pixels = grey(&[0, 0, 255, 255, 101, 102, 103, 99]);
        round(&mut pixels, 8, 2);
        assert_eq!(pixels, grey(&[0, 0, 255, 255, 100, 102, 104, 100]));
        // Each looks at what was there, not at what became of it.
        let mut columns = grey(&[9, 9, 250, 9]);
        round(&mut columns, 1, 4);
        assert_eq!(columns, grey(&[9, 16, 255, 16]));
    }

    #[test]
    fn higher_qualities_lose_less() {
        assert_eq!([0, 19, 20, 60, 79, 80, 99, 100].map(bits), [5, 5, 4, 2, 2, 1, 1, 0]);
    }
}

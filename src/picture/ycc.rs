//! Red, green and blue to luma and halved chroma (JFIF 1.02, page 3): luma of every pixel, chroma of the means of
//! squares of two by two.

use wide::{bytemuck, i16x8, i32x4, i32x8, u8x16, u64x2};

use crate::geometry::Size;

/// What luma and differences reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) enum Range {
    /// All of 0–255 (JFIF).
    Full,
    /// Luma of 16–235, differences of 16–240 (ITU-R BT.601, as WebP has them).
    Video,
}

/// Two pairs of factors, of red and green, and of green and blue, in 65,536ths.
type Pairs = [[i16; 2]; 2];

/// Factors of luma and differences. That of green is too large for 16 bits and split; those of the differences are
/// negative, so that a half, too, fits.
#[derive(Debug, Clone, Copy)]
struct Factors {
    luma: Pairs,
    black: i32,
    minus_blue: Pairs,
    minus_red: Pairs,
}

impl Factors {
    fn of(range: Range) -> Self {
        match range {
            Range::Full => Self {
                luma: [[19_595, 22_086], [16_384, 7_471]],
                black: 0,
                minus_blue: [[11_059, 21_709], [0, -32_768]],
                minus_red: [[-32_768, 27_439], [0, 5_329]],
            },
            Range::Video => Self {
                luma: [[16_829, 16_655], [16_384, 6_416]],
                black: 16,
                minus_blue: [[9_714, 19_070], [0, -28_784]],
                minus_red: [[-28_784, 24_103], [0, 4_681]],
            },
        }
    }
}

/// Half of what the factors are parts of, so that what is shifted out rounds.
const HALF: i32 = 1 << 15;

/// Pixels that are converted at once.
const STEP: usize = 8;

/// Bytes of them.
const STEP_BYTES: usize = 3 * STEP;

/// Rows of pixels in, rows of planes out: two at a time, as long as whole steps.
#[derive(Debug)]
pub(in crate::picture) struct Converter {
    factors: Factors,
    width: usize,
    rows_left: u32,
    has_above: bool,
    pixels: [Vec<u8>; 2],
    luma: [Vec<u8>; 2],
    differences: [Vec<u8>; 2],
}

/// Rows of planes; what goes beyond the width means nothing.
pub(in crate::picture) struct Converted<'a> {
    /// One or two rows of luma.
    pub(in crate::picture) luma: &'a [Vec<u8>],
    /// A row of blue difference and one of red.
    pub(in crate::picture) differences: &'a [Vec<u8>; 2],
}

impl Converter {
    /// For the rows of a picture of this size.
    pub(in crate::picture) fn new(size: Size, range: Range) -> Self {
        let width = size.width as usize;
        let steps = width.div_ceil(STEP);
        let rows = |bytes: usize| [vec![0; bytes], vec![0; bytes]];
        Self {
            factors: Factors::of(range),
            width,
            rows_left: size.height,
            has_above: false,
            pixels: rows(steps * STEP_BYTES),
            luma: rows(steps * STEP),
            differences: rows(steps * STEP / 2),
        }
    }

    /// Takes a row; answers with those of luma, and of blue and red difference, once there are two or no more.
    pub(in crate::picture) fn row(&mut self, row: &[u8]) -> Option<Converted<'_>> {
        let row = row.get(..3 * self.width).filter(|_| self.rows_left > 0)?;
        self.rows_left -= 1;
        let [above, below] = &mut self.pixels;
        keep(row, if self.has_above { &mut *below } else { &mut *above });
        let lumas = if self.has_above { 2 } else { 1 };
        self.has_above = !self.has_above && self.rows_left > 0;
        if self.has_above {
            return None;
        }
        if lumas == 1 {
            // The last row of an odd number counts twice.
            below.copy_from_slice(above);
        }
        self.convert();
        Some(Converted { luma: self.luma.get(..lumas)?, differences: &self.differences })
    }

    fn convert(&mut self) {
        let factors = self.factors;
        let [above, below] = self.pixels.each_ref().map(|row| row.as_chunks::<STEP_BYTES>().0);
        let [luma_above, luma_below] = self.luma.each_mut().map(|row| row.as_chunks_mut::<STEP>().0);
        let [blue, red] = self.differences.each_mut().map(|row| row.as_chunks_mut::<{ STEP / 2 }>().0);
        let lumas = luma_above.iter_mut().zip(luma_below);
        let targets = lumas.zip(blue.iter_mut().zip(red));
        for ((above, below), (lumas, differences)) in above.iter().zip(below).zip(targets) {
            let (above, below) = (Eight::of(above), Eight::of(below));
            (*lumas.0, *lumas.1) = (above.luma(&factors), below.luma(&factors));
            (*differences.0, *differences.1) = above.differences(&below, &factors);
        }
    }
}

/// Copies a row and repeats its last pixel until the step is whole.
fn keep(row: &[u8], kept: &mut [u8]) {
    let (pixels, beyond) = kept.split_at_mut(row.len().min(kept.len()));
    pixels.copy_from_slice(row);
    if let Some(last) = row.last_chunk::<3>() {
        beyond.as_chunks_mut().0.fill(*last);
    }
}

/// Four pixels: red and green of each, then green and blue.
#[derive(Clone, Copy)]
struct Four {
    red_green: i16x8,
    green_blue: i16x8,
}

impl Four {
    /// From the twelve bytes that begin at `first`.
    #[inline]
    fn of(bytes: u8x16, first: u8) -> Self {
        Self { red_green: pick(bytes, first), green_blue: pick(bytes, first + 1) }
    }

    #[inline]
    fn luma(self, factors: &Factors) -> i32x4 {
        let black = i32x4::splat(HALF + (factors.black << 16));
        (weighted(self.red_green, self.green_blue, factors.luma) + black) >> 16
    }
}

/// Eight pixels.
struct Eight([Four; 2]);

impl Eight {
    #[inline]
    fn of(pixels: &[u8; STEP_BYTES]) -> Self {
        let [low, high] = [pixels.first_chunk(), pixels.last_chunk()]
            .map(|bytes| bytes.map_or(u8x16::ZERO, |bytes: &[u8; 16]| u8x16::from(*bytes)));
        // The last sixteen bytes begin within the third pixel.
        Self([Four::of(low, 0), Four::of(high, 4)])
    }

    #[inline]
    fn luma(&self, factors: &Factors) -> [u8; STEP] {
        let [eight, _]: [[u8; STEP]; 2] = bytemuck::cast(narrowed(self.0.map(|four| four.luma(factors))));
        eight
    }

    /// Blue and red difference of the four squares that these are the upper half of.
    #[inline]
    fn differences(&self, below: &Self, factors: &Factors) -> ([u8; 4], [u8; 4]) {
        let (Self([left, right]), Self([left_below, right_below])) = (self, below);
        let red_green = means(left.red_green + left_below.red_green, right.red_green + right_below.red_green);
        let green_blue =
            means(left.green_blue + left_below.green_blue, right.green_blue + right_below.green_blue);
        let [blue, red] = [factors.minus_blue, factors.minus_red].map(|factors| {
            ((i32x4::splat(HALF) - weighted(red_green, green_blue, factors)) >> 16) + i32x4::splat(128)
        });
        let [blue, red, ..]: [[u8; 4]; 4] = bytemuck::cast(narrowed([blue, red]));
        (in_order(blue), in_order(red))
    }
}

/// Puts what `means` has left in its order.
#[inline]
fn in_order([first, third, second, fourth]: [u8; 4]) -> [u8; 4] {
    [first, second, third, fourth]
}

/// Of four pixels the samples `first` and the next, widened.
#[inline]
fn pick(bytes: u8x16, first: u8) -> i16x8 {
    // Where no instruction does it, an array is faster than a shuffle in steps.
    if cfg!(any(target_feature = "simd128", target_feature = "ssse3")) {
        let zero = 0x80;
        let steps = [0, zero, 1, zero, 3, zero, 4, zero, 6, zero, 7, zero, 9, zero, 10, zero];
        let indices = steps.map(|step: u8| if step == zero { zero } else { step + first });
        return bytemuck::cast(bytes.shuffle_zeroing(u8x16::from(indices)));
    }
    let bytes = bytes.to_array();
    let byte = |at: u8| bytes.get(usize::from(at + first)).map_or(0, |&byte| i16::from(byte));
    i16x8::new([0, 1, 3, 4, 6, 7, 9, 10].map(byte))
}

/// Quarters of the sums of neighbouring pairs: of the first two, the fifth and sixth, the third and fourth, the
/// last two.
#[inline]
fn means(left: i16x8, right: i16x8) -> i16x8 {
    let [left, right] = [left, right].map(|pairs| {
        let columns: u64x2 = bytemuck::cast(pairs);
        // Neighbours lie in the halves of 64 bits. No sum carries: 1,020 at most.
        columns + (columns >> 32)
    });
    let both = (left & u64x2::splat(0xFFFF_FFFF)) | (right << 32);
    let sums: i16x8 = bytemuck::cast(both);
    (sums + i16x8::splat(2)) >> 2
}

#[inline]
fn weighted(red_green: i16x8, green_blue: i16x8, [first, second]: [[i16; 2]; 2]) -> i32x4 {
    let [first, second] = [first, second].map(|[a, b]| i16x8::new([a, b, a, b, a, b, a, b]));
    red_green.dot(first) + green_blue.dot(second)
}

/// To bytes, the nearest where they do not fit; twice.
#[inline]
fn narrowed(sums: [i32x4; 2]) -> u8x16 {
    let words = i16x8::from_i32x8_saturate(bytemuck::cast::<_, i32x8>(sums));
    u8x16::narrow_i16x8(words, words)
}

#[cfg(test)]
mod tests {
    use super::super::encode::jpeg::tests::Dice;
    use super::*;

    /// The sum of what is so many 65,536ths of each.
    fn rounded(factors: [f64; 3], pixel: [i32; 3], offset: i32) -> i32 {
        let products = factors.into_iter().zip(pixel);
        let sum: f64 = products.map(|(factor, sample)| (factor * 65_536.0).round() * f64::from(sample)).sum();
        let value = ((sum + 32_768.0) / 65_536.0).floor() + f64::from(offset);
        (0..=255).find(|byte| f64::from(*byte) >= value.min(255.0)).unwrap()
    }

    /// The formulas, one pixel at a time.
    fn expected(rows: &[Vec<[i32; 3]>]) -> (Vec<Vec<i32>>, [Vec<i32>; 2]) {
        let luma = |pixel: &[i32; 3]| rounded([0.299, 0.587, 0.114], *pixel, 0);
        let last = rows[0].len() - 1;
        let mean = |x: usize| {
            let square = [(0, 0), (0, 1), (1, 0), (1, 1)];
            let at = |(dx, dy): (usize, usize)| rows[dy.min(rows.len() - 1)][(2 * x + dx).min(last)];
            [0, 1, 2].map(|channel| (square.iter().map(|&step| at(step)[channel]).sum::<i32>() + 2) >> 2)
        };
        let means: Vec<[i32; 3]> = (0..rows[0].len().div_ceil(2)).map(mean).collect();
        let difference = |factors| means.iter().map(|&mean| rounded(factors, mean, 128)).collect();
        (
            rows.iter().map(|row| row.iter().map(luma).collect()).collect(),
            [difference([-0.168_74, -0.331_26, 0.5]), difference([0.5, -0.418_69, -0.081_31])],
        )
    }

    fn assert_converts(rows: &[Vec<[i32; 3]>]) {
        let width = rows[0].len();
        let size = Size::new(u32::try_from(width).unwrap(), u32::try_from(rows.len()).unwrap());
        let mut converter = Converter::new(size, Range::Full);
        let widened =
            |row: &[u8], length: usize| row[..length].iter().map(|&byte| byte.into()).collect::<Vec<i32>>();
        for pair in rows.chunks(2) {
            let (lumas, differences) = expected(pair);
            for (row, left) in pair.iter().zip((0..pair.len()).rev()) {
                let bytes: Vec<u8> =
                    row.as_flattened().iter().map(|&byte| u8::try_from(byte).unwrap()).collect();
                let Some(found) = converter.row(&bytes) else {
                    assert_eq!(left, 1);
                    continue;
                };
                assert_eq!(left, 0);
                assert_eq!(found.luma.iter().map(|row| widened(row, width)).collect::<Vec<_>>(), lumas);
                assert_eq!(
                    found.differences.each_ref().map(|row| widened(row, width.div_ceil(2))),
                    differences
                );
            }
        }
        assert!(converter.row(&vec![0; width * 3]).is_none());
    }

    #[test]
    fn pixels_become_what_the_formulas_say() {
        let mut dice = Dice(7);
        for (width, height) in [(1, 1), (2, 1), (7, 3), (8, 2), (9, 4), (64, 64), (131, 5)] {
            let mut pixel = || [dice.byte(), dice.byte(), dice.byte()].map(i32::from);
            let rows: Vec<_> = (0..height).map(|_| (0..width).map(|_| pixel()).collect()).collect();
            assert_converts(&rows);
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        let pixel = |i: i32| [i & 1, i >> 1 & 1, i >> 2 & 1].map(|is_on| is_on * 255);
        assert_converts(&[(0..8).flat_map(|i| [pixel(i), pixel(i)]).collect(), (0..16).map(pixel).collect()]);
    }
}

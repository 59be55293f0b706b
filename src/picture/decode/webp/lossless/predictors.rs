//! What pixels are foretold from those before them (RFC 9649, section 3.4.1).

use super::transforms::add;

/// Where row 0 and column 0 begin: black.
const OPAQUE_BLACK: u32 = 0xFF00_0000;

/// Undoes the prediction of a row, given the modes of its blocks. `above` holds the row before, with room for one pixel
/// more, and becomes this one.
pub(super) fn predict(row: &mut [u32], above: &mut [u32], y: usize, modes: &[u8], bits: u32) {
    if y == 0 {
        let mut left = OPAQUE_BLACK;
        for pixel in row.iter_mut() {
            *pixel = add(*pixel, left);
            left = *pixel;
        }
    } else {
        predict_blocks(row, above, modes, bits);
    }
    if let Some(above) = above.get_mut(..row.len()) {
        above.copy_from_slice(row);
    }
}

fn predict_blocks(row: &mut [u32], above: &mut [u32], modes: &[u8], bits: u32) {
    let (Some(first), Some(&top)) = (row.first_mut(), above.first()) else { return };
    *first = add(*first, top);
    let mut left = *first;
    // Above the last pixel to the right stands the first of this row.
    if let Some(last) = above.last_mut() {
        *last = left;
    }
    let mut start = 1;
    for (block, &mode) in modes.iter().enumerate() {
        let end = ((block + 1) << bits).min(row.len());
        let Some(pixels) = row.get_mut(start..end) else { break };
        // One to the left and one to the right of what is above.
        let Some(around) = above.get(start - 1..=end) else { break };
        run(mode, pixels, around, &mut left);
        start = end;
    }
}

#[inline]
fn run(mode: u8, pixels: &mut [u32], around: &[u32], left: &mut u32) {
    match mode {
        1 => each(pixels, around, left, |l, _, _, _| l),
        2 => each_apart(pixels, around, left, |_, t, _| t),
        3 => each_apart(pixels, around, left, |_, _, tr| tr),
        4 => each_apart(pixels, around, left, |tl, _, _| tl),
        5 => each(pixels, around, left, |l, _, t, tr| mean(mean(l, tr), t)),
        6 => each(pixels, around, left, |l, tl, _, _| mean(l, tl)),
        7 => each(pixels, around, left, |l, _, t, _| mean(l, t)),
        8 => each_apart(pixels, around, left, |tl, t, _| mean_apart(tl, t)),
        9 => each_apart(pixels, around, left, |_, t, tr| mean_apart(t, tr)),
        10 => each(pixels, around, left, |l, tl, t, tr| mean(mean(l, tl), mean(t, tr))),
        11 => each(pixels, around, left, |l, tl, t, _| select(l, tl, t)),
        12 => each(pixels, around, left, |l, tl, t, _| clamp(l + t + ABOVE_ZERO - tl)),
        13 => each(pixels, around, left, |l, tl, t, _| {
            let mean = mean(l, t);
            // Half the difference, towards zero: what is below zero is made one larger before it is halved.
            let difference = mean + ABOVE_ZERO - tl;
            let below = !(difference >> 8) & ONES;
            clamp(mean + ((difference + below) >> 1 & LOW_NINE) + (ABOVE_ZERO >> 1))
        }),
        // Two numbers are left over; other decoders take them for the first.
        _ => each_apart(pixels, around, left, |_, _, _| OPAQUE_BLACK),
    }
}

/// The four samples of a pixel in lanes of 16 bits, out of order: alpha, green, red, blue from the highest.
type Lanes = u64;

const ONES: Lanes = 0x0001_0001_0001_0001;
const SAMPLES: Lanes = 0x00FF_00FF_00FF_00FF;
const LOW_NINE: Lanes = 0x01FF_01FF_01FF_01FF;

/// What keeps differences of samples from going below zero.
const ABOVE_ZERO: Lanes = 0x0100_0100_0100_0100;

#[inline(always)]
fn spread(pixel: u32) -> Lanes {
    let pixel = u64::from(pixel);
    (pixel | pixel << 24) & SAMPLES
}

#[inline(always)]
fn gather(lanes: Lanes) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the high half was laid over the low one")]
    let pixel = (lanes | lanes >> 24) as u32;
    pixel
}

/// Foretells each pixel from those to the left, above to the left, above, and above to the right.
#[inline(always)]
fn each(
    pixels: &mut [u32],
    around: &[u32],
    left: &mut u32,
    foretell: impl Fn(Lanes, Lanes, Lanes, Lanes) -> Lanes,
) {
    let mut l = spread(*left);
    let (mut tl, mut t) = match around {
        &[tl, t, ..] => (spread(tl), spread(t)),
        _ => return,
    };
    let rights = around.get(2..).unwrap_or_default();
    for (pixel, &right) in pixels.iter_mut().zip(rights) {
        let tr = spread(right);
        l = (spread(*pixel) + foretell(l, tl, t, tr)) & SAMPLES;
        *pixel = gather(l);
        (tl, t) = (t, tr);
    }
    *left = gather(l);
}

/// The same for modes that do not look at the left, whose pixels can be made side by side.
#[inline(always)]
fn each_apart(pixels: &mut [u32], around: &[u32], left: &mut u32, foretell: impl Fn(u32, u32, u32) -> u32) {
    let above = around.iter().zip(around.iter().skip(1)).zip(around.iter().skip(2));
    for (pixel, ((&tl, &t), &tr)) in pixels.iter_mut().zip(above) {
        *pixel = add(*pixel, foretell(tl, t, tr));
    }
    if let Some(&last) = pixels.last() {
        *left = last;
    }
}

/// The means of the samples of two pixels, rounded down.
#[inline(always)]
fn mean_apart(a: u32, b: u32) -> u32 {
    (a & b) + (((a ^ b) & 0xFEFE_FEFE) >> 1)
}

/// The means of the samples, rounded down.
#[inline(always)]
fn mean(a: Lanes, b: Lanes) -> Lanes {
    (a + b) >> 1 & SAMPLES
}

/// Lanes that are 256 too large, made into samples.
#[inline(always)]
fn clamp(lanes: Lanes) -> Lanes {
    let all = |bits: Lanes| (bits << 8) - bits;
    let (is_sample, is_beyond) = (lanes >> 8 & ONES, lanes >> 9 & ONES);
    lanes & all(is_sample) | all(is_beyond)
}

/// Whichever of left and top is nearer to left + top − corner.
#[inline(always)]
fn select(left: Lanes, corner: Lanes, top: Lanes) -> Lanes {
    // The distance of left from the sum is that of top from the corner, and the other way round.
    if distance(top, corner) < distance(left, corner) { left } else { top }
}

/// The sum of the differences without their signs.
#[inline(always)]
fn distance(a: Lanes, b: Lanes) -> u64 {
    let difference = a + ABOVE_ZERO - b;
    let below = !(difference >> 8) & ONES;
    let sizes = ((difference & SAMPLES) ^ ((below << 8) - below)) + below;
    sizes.wrapping_mul(ONES) >> 48
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second pixel of a row of zeros, below `[corner, top, right]` and after `left`.
    fn foretold(mode: u8, left: u32, [corner, top, right]: [u32; 3]) -> u32 {
        let mut row = [left.wrapping_sub(corner), 0, 0];
        // Samples are chosen so that nothing is carried from one to the next.
        let mut above = [corner, top, right, 0];
        predict(&mut row, &mut above, 1, &[mode], 3);
        assert_eq!(row[0], left);
        row[1]
    }

    #[test]
    fn modes_look_where_they_should() {
        let (left, above) = (0x1020_3040, [0x0808_0808, 0x1818_1818, 0x2828_2828]);
        // Computed sample by sample from the formulas of the specification.
        let expected = [
            0xFF00_0000,
            0x1020_3040,
            0x1818_1818,
            0x2828_2828,
            0x0808_0808,
            0x1A1E_2226,
            0x0C14_1C24,
            0x141C_242C,
            0x1010_1010,
            0x2020_2020,
            0x161A_1E22,
            0x1020_3040,
            0x2030_4050,
            0x1A26_323E,
        ];
        for (mode, expected) in (0..).zip(expected) {
            let foretold = foretold(mode, left, above);
            assert_eq!(foretold, expected, "{mode}: {foretold:08x}");
        }
    }

    #[test]
    fn what_is_beyond_white_is_white() {
        assert_eq!(foretold(12, 0xF0F0_F0F0, [0x1010_1010, 0xF0F0_F0F0, 0]), 0xFFFF_FFFF);
        assert_eq!(foretold(13, 0xF0F0_F0F0, [0x1010_1010, 0xF0F0_F0F0, 0]), 0xFFFF_FFFF);
    }

    #[test]
    fn above_the_end_to_the_right_stands_the_beginning() {
        let mut row = [5, 0];
        let mut above = [7, 9, 0];
        predict(&mut row, &mut above, 1, &[3], 3);
        assert_eq!(row, [12, 12]);
        assert_eq!(above[..2], row);
    }
}

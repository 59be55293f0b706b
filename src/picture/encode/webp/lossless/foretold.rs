//! Pixels as differences from what those around them foretell, in each square by the mode that leaves least (RFC 9649,
//! section 3.4.1).

use crate::geometry::Size;

/// Sides of the squares, as a power of two.
pub(super) const SQUARE_BITS: u32 = 4;
const SQUARE: usize = 1 << SQUARE_BITS;

const OPAQUE_BLACK: u32 = 0xFF00_0000;

/// Modes that are tried: left, above, above to the right, means, the nearer one, gradients.
const MODES: [u8; 8] = [1, 2, 11, 12, 7, 5, 13, 3];

/// Subtracts from every pixel what its mode foretells; answers the modes of the squares, row by row.
pub(super) fn subtract(pixels: &mut [u32], size: Size) -> Vec<u8> {
    let width = size.width as usize;
    let modes: Vec<u8> = (0..size.height as usize)
        .step_by(SQUARE)
        .flat_map(|top| (0..width).step_by(SQUARE).map(move |left| (left, top)))
        .map(|at| mode(pixels, width, at))
        .collect();
    let across = width.div_ceil(SQUARE);
    // From the last on, so that what is around a pixel is still there.
    for y in (0..size.height as usize).rev() {
        let row_modes = modes.get((y >> SQUARE_BITS) * across..).unwrap_or_default();
        for x in (0..width).rev() {
            let mode = match (x, y) {
                (0, 0) => 0,
                (_, 0) => 1,
                (0, _) => 2,
                _ => row_modes.get(x >> SQUARE_BITS).copied().unwrap_or_default(),
            };
            let foretold = foretell(mode, around(pixels, width, y * width + x));
            if let Some(pixel) = pixels.get_mut(y * width + x) {
                *pixel = minus(*pixel, foretold);
            }
        }
    }
    modes
}

/// The mode that leaves least in a square; every other row is looked at.
fn mode(pixels: &[u32], width: usize, (left, top): (usize, usize)) -> u8 {
    let mut costs = [0_u32; MODES.len()];
    let columns = left.max(1)..(left + SQUARE).min(width);
    let rows = (top.max(1)..top + SQUARE).step_by(2);
    for row in rows.map(|y| y * width).take_while(|row| *row < pixels.len()) {
        for at in columns.start + row..columns.end + row {
            let (Some(&pixel), around) = (pixels.get(at), around(pixels, width, at)) else { continue };
            for (cost, mode) in costs.iter_mut().zip(MODES) {
                *cost += cost_of(minus(pixel, foretell(mode, around)));
            }
        }
    }
    let best = costs.iter().zip(MODES).min_by_key(|(cost, _)| **cost);
    best.map_or(1, |(_, mode)| mode)
}

/// About the bits that a difference takes, in quarters.
#[inline]
fn cost_of(difference: u32) -> u32 {
    let bits = |sample: u8| {
        let size = sample.cast_signed().unsigned_abs();
        if size == 0 { 1 } else { 10 + 6 * u32::from(size).ilog2() }
    };
    difference.to_le_bytes().into_iter().map(bits).sum()
}

/// What is to the left, above to the left, above, and above to the right; where there is nothing, black.
#[inline]
fn around(pixels: &[u32], width: usize, at: usize) -> [u32; 4] {
    let back =
        |by: usize| at.checked_sub(by).and_then(|place| pixels.get(place)).copied().unwrap_or(OPAQUE_BLACK);
    [back(1), back(width + 1), back(width), back(width.saturating_sub(1))]
}

#[inline]
fn foretell(mode: u8, [left, corner, above, right]: [u32; 4]) -> u32 {
    match mode {
        1 => left,
        2 => above,
        3 => right,
        5 => mean(mean(left, right), above),
        7 => mean(left, above),
        11 => select(left, corner, above),
        12 => each([left, corner, above], |[l, c, a]| l + a - c),
        13 => each([mean(left, above), corner, 0], |[m, c, _]| m + (m - c) / 2),
        _ => OPAQUE_BLACK,
    }
}

#[inline]
fn mean(a: u32, b: u32) -> u32 {
    ((a ^ b) >> 1 & 0x7F7F_7F7F) + (a & b)
}

/// The one that is nearer to left plus above less corner.
#[inline]
fn select(left: u32, corner: u32, above: u32) -> u32 {
    let distance = |a: u32, b: u32| -> u32 {
        a.to_le_bytes().into_iter().zip(b.to_le_bytes()).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
    };
    if distance(above, corner) < distance(left, corner) { left } else { above }
}

/// Sample by sample, cut to what a byte holds.
#[inline]
fn each(pixels: [u32; 3], of: impl Fn([i32; 3]) -> i32) -> u32 {
    let [a, b, c] = pixels.map(u32::to_le_bytes);
    let mut samples = [0; 4];
    for (sample, ((a, b), c)) in samples.iter_mut().zip(a.into_iter().zip(b).zip(c)) {
        *sample = of([a, b, c].map(i32::from)).clamp(0, 255).to_le_bytes()[0];
    }
    u32::from_le_bytes(samples)
}

/// Subtracts the four samples of two pixels, each by itself.
#[inline]
pub(super) fn minus(a: u32, b: u32) -> u32 {
    const ODD: u32 = 0xFF00_FF00;
    // Ones in between take what is borrowed.
    let odd = (a | !ODD).wrapping_sub(b & ODD) & ODD;
    let even = (a | ODD).wrapping_sub(b & !ODD) & !ODD;
    odd | even
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_subtracted_apart() {
        assert_eq!(minus(0x0000_0200, 0x0180_0101), 0xFF80_01FF);
        assert_eq!(minus(0x1234_5678, 0), 0x1234_5678);
        assert_eq!(minus(0, 0x0101_0101), 0xFFFF_FFFF);
    }
}

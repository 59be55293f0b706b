//! Ordered dithering between two colours: the nearest, and the next one on the other side of the pixel. Which of them is
//! decided by a pattern that looks like blue noise and depends on the place alone.

use super::nearest::Nearest;
use super::point::{multiplied, point, round};
use super::{Palette, pixels};
use crate::picture::Picture;

/// The steps of a sequence that fills the plane evenly (Roberts, "The unreasonable effectiveness of quasirandom
/// sequences", 2018): 1/g and 1/g² of the g for which g³ = g + 1, as shares of 2³².
const ACROSS: u32 = 0xC13F_A9A9;
const DOWN: u32 = 0x91E1_0DA5;

/// Colours as near as this, squared, are met.
const IS_MET: f32 = 1.5 * 1.5;

pub(super) fn remap(
    picture: &Picture,
    palette: &Palette,
    nearest: &mut Nearest,
    origin: (u32, u32),
) -> Vec<u8> {
    let width = picture.size().width.max(1) as usize;
    let mut indices = vec![0; width * picture.size().height as usize];
    let mut colours = pixels(picture).map(|pixel| multiplied(palette.alpha.of(pixel)));
    for (row, y) in indices.chunks_exact_mut(width).zip(origin.1..) {
        for ((index, x), pixel) in row.iter_mut().zip(origin.0..).zip(colours.by_ref()) {
            *index = choose(pixel, threshold(x, y), nearest);
        }
    }
    indices
}

/// From 0 to 1, each part of the reach as often as any other.
fn threshold(x: u32, y: u32) -> f32 {
    let at = x.wrapping_mul(ACROSS).wrapping_add(y.wrapping_mul(DOWN)) >> 16;
    // Up and down again, so that there is no edge where the sequence begins anew.
    let folded = if at < 1 << 15 { 2 * at } else { (1 << 17) - 2 * at };
    f32::from(u16::try_from(folded).unwrap_or(u16::MAX)) / 65_536.0
}

#[inline]
fn choose(pixel: [u8; 4], threshold: f32, nearest: &mut Nearest) -> u8 {
    let (first, distance) = nearest.find(pixel);
    if distance <= IS_MET || pixel[3] == 0 {
        return first;
    }
    let (wanted, taken) = (pixel.map(f32::from), nearest.colour(first));
    let second = beyond(wanted, taken, first, nearest);
    if share(point(wanted), point(taken), point(nearest.colour(second))) > threshold { second } else { first }
}

/// The first other colour in the direction of the difference; the same one where there is none.
fn beyond(wanted: [f32; 4], taken: [f32; 4], first: u8, nearest: &mut Nearest) -> u8 {
    for reach in [2.0, 4.0, 8.0, 16.0, 64.0] {
        let mut farther = [0; 4];
        for ((farther, wanted), taken) in farther.iter_mut().zip(wanted).zip(taken) {
            *farther = round((taken + reach * (wanted - taken)).clamp(0.0, 255.0));
        }
        let second = nearest.find_about(farther);
        if second != first {
            return second;
        }
    }
    first
}

/// How far along the way from one point to the other a third one is.
#[inline]
fn share(at: [f32; 4], from: [f32; 4], to: [f32; 4]) -> f32 {
    let (mut along, mut whole) = (0.0, 0.0);
    for ((at, from), to) in at.into_iter().zip(from).zip(to) {
        along += (at - from) * (to - from);
        whole += (to - from) * (to - from);
    }
    if whole > 0.0 { along / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;
    use crate::picture::palette::{Alpha, Dither};

    fn greys(levels: &[u8]) -> Palette {
        Palette::new(levels.iter().map(|&l| [l, l, l, 255]).collect(), Alpha::Kept).unwrap()
    }

    #[test]
    fn a_grey_between_two_is_both_in_the_right_share() {
        for wanted in [20_u8, 64, 100, 127, 200] {
            let picture = Picture::filled(Size::new(64, 64), Channels::Rgb, [wanted; 4]);
            let indices =
                super::super::remap(&picture, &greys(&[0, 255]), Dither::Ordered { left: 0, top: 0 });
            let white = indices.iter().map(|&index| usize::from(index)).sum::<usize>() * 255 / (64 * 64);
            assert!(white.abs_diff(usize::from(wanted)) <= 6, "{wanted}: {white}");
        }
    }

    #[test]
    fn a_part_of_a_frame_is_dithered_as_in_the_whole() {
        let paint = |left: u32, top: u32, width: u32, height: u32| {
            let samples = (top..top + height).flat_map(|y| {
                (left..left + width).flat_map(move |x| [u8::try_from((3 * x + y) % 256).unwrap(), 90, 9])
            });
            Picture::new(Size::new(width, height), Channels::Rgb, samples.collect()).unwrap()
        };
        let palette = greys(&[0, 60, 120, 255]);
        let remap =
            |picture, left, top| super::super::remap(&picture, &palette, Dither::Ordered { left, top });
        let whole = remap(paint(0, 0, 40, 30), 0, 0);
        let part = remap(paint(7, 5, 20, 10), 7, 5);
        for (row, y) in part.chunks(20).zip(5..) {
            assert_eq!(row, &whole[y * 40 + 7..][..20]);
        }
    }
}

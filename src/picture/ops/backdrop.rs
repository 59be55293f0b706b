//! A picture's own blurred copy behind it, where it does not fill its canvas or is translucent.

use super::blur::blur;
use super::canvas::{flatten, lay};
use super::pixelate::Sum;
use crate::geometry::{Fit, Focus, Framing, Size};
use crate::picture::{Channels, Picture, lanes};

/// The longer side of what is blurred: nothing finer would be seen.
const SIDE: u32 = 48;

/// By so many of its pixels.
const SIGMA: f32 = 2.0;

/// Bytes held beside both pictures, but for 16 for each column and row of the canvas.
pub const HELD_BYTES: u64 = 1 << 16;

/// The picture on a canvas, its first pixel at (`left`, `top`), with its blurred copy all around and behind it.
#[must_use]
pub fn lay_on(picture: &Picture, canvas: Size, left: u32, top: u32) -> Picture {
    let mut small =
        shrunk(picture, Framing::new(canvas, Some(SIDE), Some(SIDE), Fit::Contain, Focus::CENTRE).canvas);
    let ground = mean(&small);
    blur(&mut small, SIGMA);
    lay(stretched(&flatten(small, ground), canvas), picture, left, top)
}

/// All of it as one opaque colour; white where it has none.
fn mean(picture: &Picture) -> [u8; 4] {
    let mut sum = Sum::default();
    picture.samples().chunks_exact(4).for_each(|pixel| sum.add(pixel));
    let [r, g, b, alpha] = sum.mean();
    if alpha == 0 { [255; 4] } else { [r, g, b, 255] }
}

/// The middle of the picture in the shape of `size`, with alpha.
fn shrunk(picture: &Picture, size: Size) -> Picture {
    let shape = Framing::new(picture.size(), Some(size.width), Some(size.height), Fit::Cover, Focus::CENTRE);
    let pixel_bytes = picture.channels().count();
    let span = |index: u32, first: u32, scaled: u32, side: u32| {
        let start = scale(first + index, side, scaled).min(side - 1);
        start as usize..scale(first + index + 1, side, scaled).clamp(start + 1, side) as usize
    };
    let mut samples = Vec::with_capacity(size.width as usize * size.height as usize * 4);
    for y in 0..size.height {
        let lines = span(y, shape.window.y, shape.scaled.height, picture.size().height);
        for x in 0..size.width {
            let columns = span(x, shape.window.x, shape.scaled.width, picture.size().width);
            let bytes = columns.start * pixel_bytes..columns.end * pixel_bytes;
            let mut sum = Sum::default();
            for row in picture.rows().take(lines.end).skip(lines.start) {
                let part = row.get(bytes.clone()).unwrap_or_default();
                part.chunks_exact(pixel_bytes).for_each(|pixel| sum.add(pixel));
            }
            samples.extend(sum.mean());
        }
    }
    Picture::new(size, Channels::Rgba, samples)
        .unwrap_or_else(|| Picture::filled(size, Channels::Rgba, [0; 4]))
}

/// `place` × `side` / `scaled`.
fn scale(place: u32, side: u32, scaled: u32) -> u32 {
    u32::try_from(u64::from(place) * u64::from(side) / u64::from(scaled.max(1))).unwrap_or(u32::MAX)
}

/// The opaque picture at another size, by straight lines between its pixels.
fn stretched(picture: &Picture, size: Size) -> Picture {
    let mut out = Picture::filled(size, Channels::Rgb, [255; 4]);
    let (across, down) =
        (places(picture.size().width, size.width), places(picture.size().height, size.height));
    let pixel = |row: &[f32], at: usize| row.as_chunks::<3>().0.get(at).copied().unwrap_or_default();
    let mut between: Vec<f32> = Vec::new();
    for (row, &(first, share)) in out.rows_mut().zip(&down) {
        let line =
            |at: usize| picture.rows().nth(at.min(picture.size().height as usize - 1)).unwrap_or_default();
        let pairs = line(first).iter().zip(line(first + 1));
        between.clear();
        between.extend(pairs.map(|(a, b)| mixed(f32::from(*a), f32::from(*b), share)));
        let last = between.len() / 3 - 1;
        for (samples, &(first, share)) in row.chunks_exact_mut(3).zip(&across) {
            let (before, after) = (pixel(&between, first), pixel(&between, (first + 1).min(last)));
            for ((sample, a), b) in samples.iter_mut().zip(before).zip(after) {
                *sample = lanes::round_one(mixed(a, b, share));
            }
        }
    }
    out
}

#[inline]
fn mixed(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// For each of `count` places: the pixel of `length` before it, and how far it is to the next.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares, and places within a side"
)]
fn places(length: u32, count: u32) -> Vec<(usize, f32)> {
    let step = f64::from(length) / f64::from(count.max(1));
    let place = |index: u32| {
        let at = ((f64::from(index) + 0.5) * step - 0.5).clamp(0.0, f64::from(length - 1));
        (at as usize, at.fract() as f32)
    };
    (0..count).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_picture_fills_its_canvas() {
        for (size, canvas) in [((1, 1), (1, 1)), ((40, 10), (90, 70)), ((3, 500), (200, 7))] {
            let (size, canvas) = (Size::new(size.0, size.1), Size::new(canvas.0, canvas.1));
            let flat = Picture::filled(size, Channels::Rgb, [10, 200, 77, 255]);
            assert_eq!(
                lay_on(&flat, canvas, 0, 0),
                Picture::filled(canvas, Channels::Rgb, [10, 200, 77, 255])
            );
        }
    }

    #[test]
    fn the_picture_itself_lies_on_it_unchanged() {
        let samples: Vec<u8> = (0..8 * 4 * 3).collect();
        let picture = Picture::new(Size::new(8, 4), Channels::Rgb, samples).unwrap();
        let laid = lay_on(&picture, Size::new(8, 8), 0, 2);
        assert!(laid.rows().skip(2).zip(picture.rows()).all(|(a, b)| a == b));
    }

    #[test]
    fn nothing_but_transparency_is_white() {
        let clear = Picture::filled(Size::new(5, 5), Channels::Rgba, [1, 2, 3, 0]);
        assert_eq!(
            lay_on(&clear, Size::new(9, 5), 2, 0),
            Picture::filled(Size::new(9, 5), Channels::Rgb, [255; 4])
        );
    }
}

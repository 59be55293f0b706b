//! Laying a frame on a canvas of one colour: the pad, and what shows through translucent pixels.

use crate::geometry::Size;
use crate::picture::{Channels, Picture};

/// The picture with its alpha filled by a colour. Where the colour is translucent itself, so is the result.
#[must_use]
pub fn flatten(picture: Picture, colour: [u8; 4]) -> Picture {
    if picture.channels() == Channels::Rgb {
        return picture;
    }
    let size = picture.size();
    let base = Picture::filled(size, channels_for(colour), colour);
    lay(base, &picture, 0, 0)
}

/// The picture on a canvas of `size` pixels of `colour`, its first pixel at (`left`, `top`).
#[must_use]
pub fn pad(picture: &Picture, size: Size, left: u32, top: u32, colour: [u8; 4]) -> Picture {
    let channels = if picture.channels() == Channels::Rgba { Channels::Rgba } else { channels_for(colour) };
    lay(Picture::filled(size, channels, colour), picture, left, top)
}

/// The picture as it is, amid a border that makes it `size` pixels large.
#[must_use]
pub fn surround(picture: &Picture, size: Size, left: u32, top: u32, colour: [u8; 4]) -> Picture {
    let channels = if picture.channels() == Channels::Rgba { Channels::Rgba } else { channels_for(colour) };
    let mut bordered = Picture::filled(size, channels, colour);
    let (to_bytes, from_bytes) = (channels.count(), picture.channels().count());
    for (to, from) in bordered.rows_mut().skip(top as usize).zip(picture.rows()) {
        let pixels = to.chunks_exact_mut(to_bytes).skip(left as usize);
        for (to, from) in pixels.zip(from.chunks_exact(from_bytes)) {
            let samples = from.iter().chain(&[255]);
            to.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
        }
    }
    bordered
}

fn channels_for(colour: [u8; 4]) -> Channels {
    if colour[3] == 255 { Channels::Rgb } else { Channels::Rgba }
}

/// The picture over another.
pub(super) fn lay(mut base: Picture, picture: &Picture, left: u32, top: u32) -> Picture {
    let over_bytes = picture.channels().count();
    let under_bytes = base.channels().count();
    for (under, over) in base.rows_mut().skip(top as usize).zip(picture.rows()) {
        let pixels = under.chunks_exact_mut(under_bytes).skip(left as usize);
        for (under, over) in pixels.zip(over.chunks_exact(over_bytes)) {
            blend(under, over, 255);
        }
    }
    base
}

/// Porter and Duff's *over* for straight alpha, in whole numbers, rounded. `opacity` is a share of 255.
pub(super) fn blend(under: &mut [u8], over: &[u8], opacity: u8) {
    let [r, g, b, a] = match *over {
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => [r, g, b, a],
        _ => return,
    };
    let over_alpha = div255(u32::from(a) * u32::from(opacity));
    if over_alpha == 0 {
        return;
    }
    match under {
        [ur, ug, ub] => {
            for (under, over) in [(ur, r), (ug, g), (ub, b)] {
                let sum = u32::from(over) * over_alpha + u32::from(*under) * (255 - over_alpha);
                *under = byte(div255(sum));
            }
        }
        [ur, ug, ub, ua] => {
            // All products are in 255ths of 255ths, so that nothing is rounded before the division.
            let under_share = u32::from(*ua) * (255 - over_alpha);
            let over_share = over_alpha * 255;
            let total = over_share + under_share;
            for (under, over) in [(ur, r), (ug, g), (ub, b)] {
                let sum = u32::from(over) * over_share + u32::from(*under) * under_share;
                *under = byte((sum + total / 2) / total);
            }
            *ua = byte(div255(total));
        }
        _ => {}
    }
}

/// Division by 255, rounded to nearest.
fn div255(value: u32) -> u32 {
    (value + 127) / 255
}

fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_agrees_with_the_formula() {
        // Opaque under, half over; translucent under; nothing over.
        type Case<'a> = (&'a [u8], &'a [u8], u8, &'a [u8]);
        let cases: [Case<'_>; 5] = [
            (&[0, 0, 0], &[255, 100, 0, 128], 255, &[128, 50, 0]),
            (&[0, 0, 0, 0], &[255, 100, 0, 128], 255, &[255, 100, 0, 128]),
            (&[10, 20, 30, 40], &[1, 2, 3, 0], 255, &[10, 20, 30, 40]),
            (&[0, 0, 0], &[255, 255, 255], 51, &[51, 51, 51]),
            (&[0, 0, 200, 128], &[200, 0, 0, 128], 255, &[134, 0, 66, 192]),
        ];
        for (under, over, opacity, expected) in cases {
            let mut got = under.to_vec();
            blend(&mut got, over, opacity);
            assert_eq!(got, expected, "{over:?} over {under:?} at {opacity}");
        }
    }

    #[test]
    fn borders_do_not_show_through() {
        let clear = Picture::filled(Size::new(1, 1), Channels::Rgba, [9, 8, 7, 100]);
        let bordered = surround(&clear, Size::new(2, 2), 1, 0, [1, 2, 3, 255]);
        let row = [1, 2, 3, 255].repeat(2);
        assert_eq!(bordered.samples(), [&[1, 2, 3, 255, 9, 8, 7, 100][..], &row].concat());
        let red = Picture::filled(Size::new(1, 1), Channels::Rgb, [255, 0, 0, 255]);
        let bordered = surround(&red, Size::new(1, 2), 0, 1, [1, 2, 3, 50]);
        assert_eq!(bordered.samples(), [1, 2, 3, 50, 255, 0, 0, 255]);
    }

    #[test]
    fn padding_surrounds_the_picture() {
        let red = Picture::filled(Size::new(1, 1), Channels::Rgb, [255, 0, 0, 255]);
        let padded = pad(&red, Size::new(3, 1), 1, 0, [0, 0, 255, 255]);
        assert_eq!(padded.samples(), [0, 0, 255, 255, 0, 0, 0, 0, 255]);
    }
}

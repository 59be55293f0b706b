//! What planes mean, as red, green and blue: done to resampled rows, in single precision.

use crate::picture::colour::Converter;
use crate::picture::lanes::round_one;
use crate::picture::rows::Colours;

/// Writes a row of pixels out of the resampled rows of all planes. Rows of one plane have four lanes a pixel.
pub(super) fn to_pixels(colours: Colours, is_multiplied: bool, planes: &[Vec<f32>], out: &mut Vec<u8>) {
    match (colours, planes) {
        (Colours::Grey, [grey]) => pixels(out, grey.iter().map(|&grey| [grey; 3])),
        (Colours::Rgb, [rows]) => pixels(out, rows.as_chunks::<4>().0.iter().map(|&[r, g, b, _]| [r, g, b])),
        (Colours::Rgba, [rows]) => translucent(out, rows, is_multiplied),
        (Colours::SeparateRgb, [r, g, b]) => pixels(out, zip(r, g, b)),
        (Colours::FullYcc, [y, cb, cr]) => pixels(out, zip(y, cb, cr).map(from_ycc)),
        (Colours::VideoYcc, [y, cb, cr]) => pixels(out, zip(y, cb, cr).map(|ycc| from_ycc(full_range(ycc)))),
        (Colours::Cmyk, [c, m, y, k]) => pixels(out, zip(c, m, y).zip(k).map(over_black)),
        (Colours::Ycck, [y, cb, cr, k]) => {
            let inks = zip(y, cb, cr).map(|ycc| from_ycc(ycc).map(|light| 255.0 - light));
            pixels(out, inks.zip(k).map(over_black));
        }
        // Layouts have as many planes as their colours.
        _ => out.clear(),
    }
}

/// The same where colours are brought to sRGB.
pub(super) fn convert(
    colours: Colours,
    is_multiplied: bool,
    planes: &[Vec<f32>],
    to: &mut Converter,
    out: &mut Vec<u8>,
) {
    match (colours, planes) {
        (Colours::Grey, [grey]) => converted(out, grey.iter(), |&grey| to.rgb([grey; 3])),
        (Colours::Rgb, [rows]) => {
            converted(out, rows.as_chunks::<4>().0.iter(), |&[r, g, b, _]| to.rgb([r, g, b]));
        }
        (Colours::Rgba, [rows]) => {
            out.resize(rows.len(), 0);
            for (pixel, bytes) in rows.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
                let (alpha, rgb) = divided(*pixel, is_multiplied);
                let [r, g, b] = to.rgb(rgb);
                *bytes = if alpha == 0 && is_multiplied { [0; 4] } else { [r, g, b, alpha] };
            }
        }
        (Colours::SeparateRgb, [r, g, b]) => converted(out, zip(r, g, b), |rgb| to.rgb(rgb)),
        (Colours::FullYcc, [y, cb, cr]) => converted(out, zip(y, cb, cr), |ycc| to.rgb(from_ycc(ycc))),
        (Colours::VideoYcc, [y, cb, cr]) => {
            converted(out, zip(y, cb, cr), |ycc| to.rgb(from_ycc(full_range(ycc))));
        }
        (Colours::Cmyk, [c, m, y, k]) => converted(out, zip(c, m, y).zip(k), |inks| of_inks(inks, to)),
        (Colours::Ycck, [y, cb, cr, k]) => converted(out, zip(y, cb, cr).zip(k), |(ycc, k)| {
            of_inks((from_ycc(ycc).map(|light| 255.0 - light), k), to)
        }),
        // Layouts have as many planes as their colours.
        _ => out.clear(),
    }
}

fn of_inks((inks, k): ([f32; 3], &f32), to: &mut Converter) -> [u8; 3] {
    let [c, m, y] = inks;
    to.cmyk([c, m, y, *k]).unwrap_or_else(|| over_black((inks, k)).map(round_one))
}

fn converted<T>(
    out: &mut Vec<u8>,
    row: impl ExactSizeIterator<Item = T>,
    mut pixel: impl FnMut(T) -> [u8; 3],
) {
    out.resize(row.len() * 3, 0);
    for (from, to) in row.zip(out.as_chunks_mut::<3>().0) {
        *to = pixel(from);
    }
}

/// Alpha, and colours with it divided out.
fn divided([r, g, b, a]: [f32; 4], is_multiplied: bool) -> (u8, [f32; 3]) {
    let share = if is_multiplied { 255.0 / a.clamp(0.5, 255.0) } else { 1.0 };
    (round_one(a), [r, g, b].map(|sample| sample * share))
}

/// Video's ranges stretched to those of JFIF.
pub(super) fn full_range([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    [full_luma(y), full_difference(cb), full_difference(cr)]
}

/// 16–235 to 0–255 (ITU-R BT.601).
pub(super) fn full_luma(luma: f32) -> f32 {
    (luma - 16.0) * (255.0 / 219.0)
}

/// 16–240 to 0–255, around 128.
pub(super) fn full_difference(difference: f32) -> f32 {
    (difference - 128.0) * (255.0 / 224.0) + 128.0
}

/// JFIF 1.02, page 3.
#[inline]
fn from_ycc([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
}

/// Light that the inks leave: both factors are shares of 255.
fn over_black(([c, m, y], &k): ([f32; 3], &f32)) -> [f32; 3] {
    let share = k.clamp(0.0, 255.0) / 255.0;
    [c, m, y].map(|ink| ink.clamp(0.0, 255.0) * share)
}

fn zip(a: &[f32], b: &[f32], c: &[f32]) -> impl ExactSizeIterator<Item = [f32; 3]> {
    a.iter().zip(b).zip(c).map(|((&a, &b), &c)| [a, b, c])
}

fn pixels(out: &mut Vec<u8>, row: impl ExactSizeIterator<Item = [f32; 3]>) {
    // Given its length at first, the vector is not asked for room at every pixel.
    out.resize(row.len() * 3, 0);
    for (pixel, bytes) in row.zip(out.as_chunks_mut::<3>().0) {
        *bytes = pixel.map(round_one);
    }
}

/// Alpha divided out where it was multiplied in.
fn translucent(out: &mut Vec<u8>, row: &[f32], is_multiplied: bool) {
    out.resize(row.len(), 0);
    for (pixel, bytes) in row.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
        let (alpha, rgb) = divided(*pixel, is_multiplied);
        let [r, g, b] = rgb.map(round_one);
        *bytes = if alpha == 0 && is_multiplied { [0; 4] } else { [r, g, b, alpha] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(colours: Colours, samples: &[f32]) -> Vec<u8> {
        let planes: Vec<Vec<f32>> = match colours.samples() {
            1 => samples.iter().map(|&sample| vec![sample]).collect(),
            _ => vec![samples.to_vec()],
        };
        let mut out = Vec::new();
        to_pixels(colours, false, &planes, &mut out);
        out
    }

    #[test]
    fn red_is_red_however_it_is_written() {
        let red = [255, 0, 0];
        assert_eq!(pixel(Colours::SeparateRgb, &[255.0, 0.0, 0.0]), red);
        assert_eq!(pixel(Colours::FullYcc, &[76.245, 84.972, 255.5]), red);
        // BT.601 in video's ranges.
        assert_eq!(pixel(Colours::VideoYcc, &[81.481, 90.203, 240.0]), red);
        // No cyan, all of the others, no black.
        assert_eq!(pixel(Colours::Cmyk, &[255.0, 0.0, 0.0, 255.0]), red);
        // The differences of the complement, which is cyan.
        assert_eq!(pixel(Colours::Ycck, &[178.755, 171.028, 0.5, 255.0]), red);
        assert_eq!(pixel(Colours::Rgb, &[255.0, 0.0, 0.0, 7.0]), red);
    }

    #[test]
    fn black_ink_darkens_and_grey_is_grey() {
        assert_eq!(pixel(Colours::Cmyk, &[255.0, 255.0, 255.0, 51.0]), [51, 51, 51]);
        assert_eq!(pixel(Colours::Ycck, &[0.0, 128.0, 128.0, 51.0]), [51, 51, 51]);
        assert_eq!(pixel(Colours::Grey, &[99.6]), [100, 100, 100]);
    }
}

//! Colours as points whose distances are about as large as they look.
//!
//! Brightness, blueness and redness of the stored (gamma) values, with alpha multiplied in, so that what is hardly there
//! hardly counts; and alpha itself. That is linear, so means of points are means of colours.

/// Brightness, blueness, redness, alpha.
pub(super) type Point = [f32; 4];

/// How much a difference of colour counts beside one of brightness.
const BLUENESS: f32 = 0.45;
const REDNESS: f32 = 0.7;
const ALPHA: f32 = 0.7;

/// Weights of red, green and blue (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// The point of a colour with alpha multiplied in.
#[inline]
pub(super) fn point([r, g, b, a]: [f32; 4]) -> Point {
    let luma = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
    [luma, (b - luma) * BLUENESS, (r - luma) * REDNESS, a * ALPHA]
}

/// The colour of a point, with alpha multiplied in.
pub(super) fn colour([luma, blueness, redness, alpha]: Point) -> [f32; 4] {
    let (b, r) = (luma + blueness / BLUENESS, luma + redness / REDNESS);
    let g = (luma - LUMA[0] * r - LUMA[2] * b) / LUMA[1];
    [r, g, b, alpha / ALPHA]
}

/// How far two points are apart, squared.
#[inline]
pub(super) fn distance(a: Point, b: Point) -> f32 {
    let away = [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]];
    let [luma, blueness, redness, alpha] = away.map(|part| part * part);
    (luma + blueness) + (redness + alpha)
}

/// A colour with its alpha multiplied in, rounded.
#[inline]
pub(super) fn multiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    if a == 255 {
        return [r, g, b, a];
    }
    let by = |sample: u8| {
        let product = u32::from(sample) * u32::from(a) + 127;
        u8::try_from(product / 255).unwrap_or(u8::MAX)
    };
    [by(r), by(g), by(b), a]
}

/// The byte colour of one that has alpha multiplied in.
pub(super) fn straight([r, g, b, a]: [f32; 4]) -> [u8; 4] {
    let alpha = round(a);
    if alpha == 0 {
        return [0; 4];
    }
    let by = 255.0 / a.clamp(0.5, 255.0);
    [round(r * by), round(g * by), round(b * by), alpha]
}

/// Rounded, and held within what a byte can be.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
pub(super) fn round(sample: f32) -> u8 {
    (sample + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_back_from_their_points() {
        for bytes in [[0, 0, 0, 255], [255, 0, 0, 255], [1, 254, 3, 255], [90, 80, 70, 100], [0; 4]] {
            let back = colour(point(multiplied(bytes).map(f32::from)));
            assert_eq!(back.map(round), multiplied(bytes), "{bytes:?}");
        }
        assert_eq!(straight([50.0, 25.0, 100.0, 100.0]), [128, 64, 255, 100]);
    }

    #[test]
    fn green_is_brighter_than_blue_and_what_is_not_there_is_all_the_same() {
        let of = |bytes: [u8; 4]| point(multiplied(bytes).map(f32::from));
        let black = of([0, 0, 0, 255]);
        assert!(distance(black, of([0, 90, 0, 255])) > 2.0 * distance(black, of([0, 0, 90, 255])));
        assert!(distance(of([255, 0, 9, 0]), of([0; 4])) < 1e-9);
    }
}

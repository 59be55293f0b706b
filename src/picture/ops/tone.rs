//! Tone and colour: a curve for every channel, then one matrix for all three. Both are tables before the first pixel.
//!
//! Factors and matrices are those of CSS filters (Filter Effects Module Level 1, section 13): they work on sRGB as it
//! is stored. Alpha is left alone.

use crate::picture::Picture;

/// Rows make red, green and blue out of red, green, blue and 1.
pub type Matrix = [[f64; 4]; 3];

/// How much each colour lends to what is seen as light.
const LUMA: [f64; 3] = [0.213, 0.715, 0.072];

/// Everything that is done to tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// Samples are raised to one over this; it comes first.
    pub gamma: f64,
    /// Then multiplied by this.
    pub brightness: f64,
    /// Then moved away from the middle by this factor.
    pub contrast: f64,
    /// Then this is done to the colours.
    pub matrix: Matrix,
}

impl Tone {
    /// Changes nothing.
    pub const NEUTRAL: Self = Self { gamma: 1.0, brightness: 1.0, contrast: 1.0, matrix: IDENTITY };

    /// A sample after the curve, from 0 to 1.
    fn curve(&self, sample: u8) -> f64 {
        let lit = (f64::from(sample) / 255.0).powf(1.0 / self.gamma);
        let bright = (lit * self.brightness).min(1.0);
        ((bright - 0.5) * self.contrast + 0.5).clamp(0.0, 1.0)
    }
}

/// Leaves colours as they are.
pub const IDENTITY: Matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

/// A negative.
pub const INVERT: Matrix = [[-1.0, 0.0, 0.0, 1.0], [0.0, -1.0, 0.0, 1.0], [0.0, 0.0, -1.0, 1.0]];

/// Old prints.
pub const SEPIA: Matrix =
    [[0.393, 0.769, 0.189, 0.0], [0.349, 0.686, 0.168, 0.0], [0.272, 0.534, 0.131, 0.0]];

/// Without colours.
const GREY: Matrix = {
    let [red, green, blue] = LUMA;
    [[red, green, blue, 0.0]; 3]
};

/// Colours this many times as far from grey.
pub fn saturate(factor: f64) -> Matrix {
    sum([(1.0 - factor, GREY), (factor, IDENTITY)])
}

/// Hues turned, at about the same light.
pub fn turn_hue(radians: f64) -> Matrix {
    const ACROSS: Matrix =
        [[-0.213, -0.715, 0.928, 0.0], [0.143, 0.140, -0.283, 0.0], [-0.787, 0.715, 0.072, 0.0]];
    let (sin, cos) = radians.sin_cos();
    sum([(1.0 - cos, GREY), (cos, IDENTITY), (sin, ACROSS)])
}

/// Black becomes one colour, white another, and every grey what lies between.
pub fn duotone([dark_red, dark_green, dark_blue]: [u8; 3], [red, green, blue]: [u8; 3]) -> Matrix {
    [(dark_red, red), (dark_green, green), (dark_blue, blue)].map(|(dark, light)| {
        let [dark, light] = [dark, light].map(|sample| f64::from(sample) / 255.0);
        let [r, g, b] = LUMA.map(|share| share * (light - dark));
        [r, g, b, dark]
    })
}

fn sum<const N: usize>(parts: [(f64, Matrix); N]) -> Matrix {
    let mut out = [[0.0; 4]; 3];
    for (share, matrix) in &parts {
        for (sum, factor) in out.as_flattened_mut().iter_mut().zip(matrix.as_flattened()) {
            *sum += share * factor;
        }
    }
    out
}

/// One matrix, and after it another.
#[must_use]
pub fn then(first: &Matrix, next: &Matrix) -> Matrix {
    next.map(|row| {
        let [.., added] = row;
        let mut out = [0.0, 0.0, 0.0, added];
        for (factor, of) in row.iter().zip(first) {
            for (sum, part) in out.iter_mut().zip(of) {
                *sum += factor * part;
            }
        }
        out
    })
}

/// Does it to every pixel.
pub fn adjust(picture: &mut Picture, tone: &Tone) {
    if tone.matrix == IDENTITY {
        bend(picture, &curve(tone));
    } else {
        mix(picture, &tables(tone));
    }
}

fn curve(tone: &Tone) -> [u8; 256] {
    let mut samples = 0..=255;
    [(); 256].map(|()| rounded(tone.curve(samples.next().unwrap_or(255)) * 255.0))
}

fn bend(picture: &mut Picture, curve: &[u8; 256]) {
    let pixel_bytes = picture.channels().count();
    for pixel in picture.rows_mut().flat_map(|row| row.chunks_exact_mut(pixel_bytes)) {
        for sample in pixel.iter_mut().take(3) {
            *sample = at(curve, *sample);
        }
    }
}

/// Places behind the point of what the tables hold: factors of some thousand still fit.
const PLACES: u32 = 12;

/// What a sample of red, green or blue lends to the three of the result, in fixed point.
type Table = [[i32; 4]; 256];

fn tables(tone: &Tone) -> [Table; 3] {
    let one = f64::from(1 << PLACES) * 255.0;
    let [red, green, blue, added] =
        [0, 1, 2, 3].map(|from| tone.matrix.map(|row| *row.get(from).unwrap_or(&0.0)));
    // What is added comes with red, and with it what rounds to the nearest.
    let added = added.map(|share| share * one + f64::from(1 << (PLACES - 1)));
    [(red, added), (green, [0.0; 3]), (blue, [0.0; 3])].map(|(factors, added)| {
        let mut samples = 0..=255;
        [(); 256].map(|()| {
            let sample = tone.curve(samples.next().unwrap_or(255)) * one;
            let ([r, g, b], [more_r, more_g, more_b]) = (factors.map(|factor| factor * sample), added);
            [fixed(r + more_r), fixed(g + more_g), fixed(b + more_b), 0]
        })
    })
}

fn mix(picture: &mut Picture, [of_red, of_green, of_blue]: &[Table; 3]) {
    let pixel_bytes = picture.channels().count();
    for pixel in picture.rows_mut().flat_map(|row| row.chunks_exact_mut(pixel_bytes)) {
        let &mut [red, green, blue, ..] = pixel else { continue };
        let (a, b, c) = (at(of_red, red), at(of_green, green), at(of_blue, blue));
        for (index, sample) in pixel.iter_mut().take(3).enumerate() {
            let lane = |table: &[i32; 4]| table.get(index).copied().unwrap_or(0);
            let sum = (lane(&a) + lane(&b) + lane(&c)) >> PLACES;
            *sample = u8::try_from(sum.clamp(0, 255)).unwrap_or(u8::MAX);
        }
    }
}

fn at<T: Copy + Default>(table: &[T; 256], sample: u8) -> T {
    table.get(usize::from(sample)).copied().unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "such a cast saturates")]
fn fixed(value: f64) -> i32 {
    value.round() as i32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn rounded(value: f64) -> u8 {
    value.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    /// Every grey, and as many colours.
    fn samples() -> Picture {
        let greys = (0..=255_u8).flat_map(|v| [v, v, v, v]);
        let colours = (0..=255_u8).flat_map(|v| [v, v.wrapping_mul(7), v.wrapping_mul(31), 255 - v]);
        Picture::new(Size::new(256, 2), Channels::Rgba, greys.chain(colours).collect()).unwrap()
    }

    fn adjusted(tone: Tone) -> Picture {
        let mut picture = samples();
        adjust(&mut picture, &tone);
        picture
    }

    fn with(matrix: Matrix) -> Tone {
        Tone { matrix, ..Tone::NEUTRAL }
    }

    #[test]
    fn neutral_tones_change_nothing() {
        // That one rounds in the last place, so that it goes through the tables.
        let nearly = then(&saturate(1.0), &turn_hue(1e-12));
        for tone in [Tone::NEUTRAL, with(saturate(1.0)), with(nearly), with(then(&INVERT, &INVERT))] {
            assert_eq!(adjusted(tone), samples(), "{tone:?}");
        }
    }

    #[test]
    fn curves_rise() {
        for tone in [
            Tone { gamma: 2.2, ..Tone::NEUTRAL },
            Tone { gamma: 0.3, ..Tone::NEUTRAL },
            Tone { brightness: 1.7, ..Tone::NEUTRAL },
            Tone { contrast: 4.0, ..Tone::NEUTRAL },
            Tone { gamma: 10.0, brightness: 0.2, contrast: 10.0, ..Tone::NEUTRAL },
        ] {
            assert!(curve(&tone).is_sorted(), "{tone:?}");
        }
    }

    #[test]
    fn factors_go_where_they_say() {
        let at = |tone: Tone, sample: usize| curve(&tone)[sample];
        assert_eq!(at(Tone { brightness: 0.5, ..Tone::NEUTRAL }, 200), 100);
        assert_eq!(at(Tone { brightness: 2.0, ..Tone::NEUTRAL }, 200), 255);
        assert_eq!(at(Tone { brightness: 0.0, ..Tone::NEUTRAL }, 255), 0);
        assert_eq!(at(Tone { contrast: 0.0, ..Tone::NEUTRAL }, 255), 128);
        assert_eq!(at(Tone { contrast: 2.0, ..Tone::NEUTRAL }, 200), 255);
        assert_eq!(at(Tone { contrast: 2.0, ..Tone::NEUTRAL }, 100), 73);
        // Above 1 it brightens: 255 · (64 / 255)^(1 / 2).
        assert_eq!(at(Tone { gamma: 2.0, ..Tone::NEUTRAL }, 64), 128);
    }

    #[test]
    fn greys_stay_grey_and_colours_become_so() {
        for matrix in [saturate(0.0), saturate(3.0), turn_hue(1.0), turn_hue(3.0)] {
            let picture = adjusted(with(matrix));
            assert_eq!(picture.rows().next(), samples().rows().next(), "{matrix:?}");
        }
        let grey = adjusted(with(saturate(0.0)));
        assert!(grey.samples().chunks_exact(4).all(|p| p[0] == p[1] && p[1] == p[2]));
    }

    #[test]
    fn two_tones_begin_and_end_where_they_are_told() {
        let picture = adjusted(with(duotone([10, 20, 30], [200, 100, 250])));
        assert_eq!(picture.samples()[..3], [10, 20, 30]);
        assert_eq!(picture.samples()[255 * 4..][..3], [200, 100, 250]);
    }

    #[test]
    fn alpha_stays() {
        let tone = Tone { gamma: 2.0, brightness: 3.0, contrast: 0.5, matrix: SEPIA };
        let alphas =
            |picture: &Picture| picture.samples().iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(alphas(&adjusted(tone)), alphas(&samples()));
    }
}

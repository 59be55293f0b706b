//! Filters that go by a name: those of photon-rs, by its own figures and of the same pixels.
//!
//! Two things are not as there: alpha stays, and the last pixel is one like the others. Every filter is a table for each
//! channel, with colours made grey before it or more saturated after it, so that nothing is copied. `tests/filters.rs`
//! has what photon-rs makes.

use crate::picture::Picture;

/// What is done to every pixel, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Whether all channels become one, and which.
    pub grey: Option<Grey>,
    /// What each channel goes through, one after another.
    pub curves: &'static [Curve],
    /// How much of what is left to full saturation is added, up to 1.
    pub saturation: f32,
}

/// What stands for three channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grey {
    /// Their mean.
    Mean,
    /// What they lend to light (CIE 1931).
    Light,
}

/// What is done to the samples of a channel; of three figures, each is that of its channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// A colour is laid over them, so opaque.
    Mix([u8; 3], f32),
    /// So much is added.
    Add([u8; 3]),
    /// They move away from the middle by this much of 255.
    Contrast(f32),
    /// A negative of these channels.
    Negative([bool; 3]),
    /// A negative of these channels, whose brightest samples stay.
    Solar([bool; 3]),
    /// What black and white become, and all between.
    Between([u8; 3], [u8; 3]),
}

type Table = [u8; 256];

/// Does it to every pixel.
pub fn apply(picture: &mut Picture, look: &Look) {
    let tables = [0, 1, 2].map(|channel| table(look.curves, channel));
    let pixel_bytes = picture.channels().count();
    for pixel in picture.rows_mut().flat_map(|row| row.chunks_exact_mut(pixel_bytes)) {
        let [red, green, blue, ..] = pixel else { continue };
        let colour = look.grey.map_or([*red, *green, *blue], |grey| [grey.of([*red, *green, *blue]); 3]);
        let [r, g, b] = bent(&tables, colour);
        [*red, *green, *blue] =
            if look.saturation > 0.0 { saturated([r, g, b], look.saturation) } else { [r, g, b] };
    }
}

fn bent([reds, greens, blues]: &[Table; 3], [red, green, blue]: [u8; 3]) -> [u8; 3] {
    let at = |table: &Table, sample: u8| table.get(usize::from(sample)).copied().unwrap_or_default();
    [at(reds, red), at(greens, green), at(blues, blue)]
}

fn table(curves: &[Curve], channel: usize) -> Table {
    let mut samples = 0..=255;
    [(); 256].map(|()| {
        let sample = samples.next().unwrap_or(u8::MAX);
        curves.iter().fold(sample, |sample, curve| curve.at(channel, sample))
    })
}

impl Grey {
    fn of(self, samples: [u8; 3]) -> u8 {
        let [red, green, blue] = samples.map(u32::from);
        let grey = match self {
            Self::Mean => (red + green + blue) / 3,
            Self::Light => (red * 2_126 + green * 7_152 + blue * 722) / 10_000,
        };
        u8::try_from(grey).unwrap_or(u8::MAX)
    }
}

impl Curve {
    fn at(self, channel: usize, sample: u8) -> u8 {
        let of = |figures: [u8; 3]| figures.get(channel).copied().unwrap_or_default();
        let is_of = |channels: [bool; 3]| channels.get(channel) == Some(&true);
        match self {
            Self::Mix(colour, opacity) => {
                whole(f32::from(of(colour)) * opacity + f32::from(sample) * (1.0 - opacity))
            }
            Self::Add(amounts) => sample.saturating_add(of(amounts)),
            Self::Contrast(amount) => {
                let factor = (259.0 * (amount + 255.0)) / (255.0 * (259.0 - amount));
                whole(f32::from(sample) * factor + (-128.0 * factor + 128.0))
            }
            Self::Solar(channels) if is_of(channels) && sample < u8::MAX => u8::MAX - sample,
            Self::Negative(channels) if is_of(channels) => u8::MAX - sample,
            Self::Solar(_) | Self::Negative(_) => sample,
            Self::Between(dark, light) => {
                let at = u32::from(sample);
                let sum = u32::from(of(dark)) * (256 - at) + u32::from(of(light)) * at;
                u8::try_from(sum / 256).unwrap_or(u8::MAX)
            }
        }
    }
}

/// Moved towards full saturation at the same hue and lightness, as HSL has them: there grey is a red without any.
fn saturated([red, green, blue]: [u8; 3], share: f32) -> [u8; 3] {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let twice = f32::from(most) + f32::from(least);
    let (middle, spread) = (twice / 2.0, f32::from(most - least));
    // As far as two channels can be apart at this lightness.
    let widest = twice.min(510.0 - twice);
    let wanted = spread + (widest - spread) * share;
    let place =
        |sample: u8, side: f32| if most > least { (f32::from(sample) - middle) / spread } else { side };
    [(red, 0.5), (green, -0.5), (blue, -0.5)]
        .map(|(sample, side)| whole(middle + place(sample, side) * wanted + 0.5))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn whole(value: f32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    #[test]
    fn alpha_stays_and_no_pixel_is_left_out() {
        let look = Look {
            grey: Some(Grey::Mean),
            curves: &[Curve::Add([9, 8, 7]), Curve::Contrast(30.0)],
            saturation: 0.2,
        };
        let samples = [10, 20, 30, 40].repeat(6);
        let mut picture = Picture::new(Size::new(3, 2), Channels::Rgba, samples.clone()).unwrap();
        apply(&mut picture, &look);
        let (first, pixels) = (&picture.samples()[..4], picture.samples().chunks_exact(4));
        assert!(pixels.clone().all(|pixel| pixel == first), "{picture:?}");
        assert!(first[3] == 40 && first != &samples[..4]);
    }

    #[test]
    fn saturation_keeps_the_middle_and_the_order() {
        assert_eq!(saturated([200, 100, 50], 1.0), [250, 83, 0]);
        assert_eq!(saturated([0, 0, 0], 1.0), [0; 3]);
        assert_eq!(saturated([255, 255, 255], 1.0), [255; 3]);
        assert_eq!(saturated([100, 100, 100], 0.5), [150, 50, 50]);
    }
}

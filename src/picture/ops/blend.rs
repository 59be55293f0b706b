//! How a mark's colours meet the picture's, by the formulas of W3C's Compositing and Blending Level 1. Colours are straight;
//! what is mixed is 8-bit sRGB, as everywhere here.

use super::canvas;

/// A blend mode, drawn over the picture, or an operator of Porter and Duff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Over it.
    #[default]
    Over,
    /// Multiplied.
    Multiply,
    /// Screened.
    Screen,
    /// Overlaid.
    Overlay,
    /// The darker of the two.
    Darken,
    /// The lighter of the two.
    Lighten,
    /// Darkened or lightened as by a diffuse light.
    SoftLight,
    /// Only where the picture is, and nothing of the picture.
    In,
    /// Only where the picture is not, and nothing of the picture.
    Out,
    /// Over it, only where it is.
    Atop,
    /// Each where the other is not.
    Xor,
    /// The sum.
    Lighter,
}

impl Mode {
    /// Whether an opaque picture may become translucent.
    pub fn opens(self) -> bool {
        matches!(self, Self::In | Self::Out | Self::Xor)
    }

    /// Whether it matters also where there is nothing of the mark.
    pub(super) fn reaches_beyond(self) -> bool {
        matches!(self, Self::In | Self::Out)
    }

    /// Draws one pixel of a mark on one of the picture. `opacity` is a share of 255.
    pub(super) fn draw(self, under: &mut [u8], over: [u8; 4], opacity: u8) {
        if self == Self::Over {
            return canvas::blend(under, &over, opacity);
        }
        let [r, g, b, a] = over;
        let source_alpha = unit(a) * unit(opacity);
        let backdrop_alpha = under.get(3).map_or(1.0, |alpha| unit(*alpha));
        let (source_share, backdrop_share) = self.shares(source_alpha, backdrop_alpha);
        let alpha = (source_alpha * source_share + backdrop_alpha * backdrop_share).min(1.0);
        for (channel, source) in under.iter_mut().zip([r, g, b]) {
            let (source, backdrop) = (unit(source), unit(*channel));
            let mixed = (1.0 - backdrop_alpha) * source + backdrop_alpha * self.mix(backdrop, source);
            let sum = source_alpha * source_share * mixed + backdrop_alpha * backdrop_share * backdrop;
            *channel = if alpha > 0.0 { byte(sum / alpha) } else { 0 };
        }
        if let Some(under) = under.get_mut(3) {
            *under = byte(alpha);
        }
    }

    /// The shares of mark and picture that stay, by Porter and Duff.
    fn shares(self, source: f32, backdrop: f32) -> (f32, f32) {
        match self {
            Self::In => (backdrop, 0.0),
            Self::Out => (1.0 - backdrop, 0.0),
            Self::Atop => (backdrop, 1.0 - source),
            Self::Xor => (1.0 - backdrop, 1.0 - source),
            Self::Lighter => (1.0, 1.0),
            Self::Over
            | Self::Multiply
            | Self::Screen
            | Self::Overlay
            | Self::Darken
            | Self::Lighten
            | Self::SoftLight => (1.0, 1.0 - source),
        }
    }

    /// What becomes of a colour over another where both are opaque.
    fn mix(self, backdrop: f32, source: f32) -> f32 {
        let screen = |a: f32, b: f32| a + b - a * b;
        match self {
            Self::Multiply => backdrop * source,
            Self::Screen => screen(backdrop, source),
            Self::Overlay if backdrop <= 0.5 => source * 2.0 * backdrop,
            Self::Overlay => screen(source, 2.0 * backdrop - 1.0),
            Self::Darken => backdrop.min(source),
            Self::Lighten => backdrop.max(source),
            Self::SoftLight if source <= 0.5 => backdrop - (1.0 - 2.0 * source) * backdrop * (1.0 - backdrop),
            Self::SoftLight => {
                let dodged = if backdrop <= 0.25 {
                    ((16.0 * backdrop - 12.0) * backdrop + 4.0) * backdrop
                } else {
                    backdrop.sqrt()
                };
                backdrop + (2.0 * source - 1.0) * (dodged - backdrop)
            }
            Self::Over | Self::In | Self::Out | Self::Atop | Self::Xor | Self::Lighter => source,
        }
    }
}

fn unit(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn byte(unit: f32) -> u8 {
    (unit * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(mode: Mode, under: &[u8], over: [u8; 4]) -> Vec<u8> {
        let mut pixel = under.to_vec();
        mode.draw(&mut pixel, over, 255);
        pixel
    }

    #[test]
    fn opaque_colours_mix_by_the_formulas() {
        // Worked by hand from the recommendation: backdrop 204, 51, 128; source 102, 204, 64.
        for (mode, expected) in [
            (Mode::Multiply, [82, 41, 32]),
            (Mode::Screen, [224, 214, 160]),
            (Mode::Overlay, [194, 82, 65]),
            (Mode::Darken, [102, 51, 64]),
            (Mode::Lighten, [204, 204, 128]),
            (Mode::SoftLight, [196, 89, 96]),
            (Mode::Atop, [102, 204, 64]),
            (Mode::Lighter, [255, 255, 192]),
        ] {
            assert_eq!(drawn(mode, &[204, 51, 128], [102, 204, 64, 255]), expected, "{mode:?}");
        }
    }

    #[test]
    fn operators_keep_what_they_should_of_each() {
        let (under, over) = ([200, 0, 0, 255], [0, 0, 200, 255]);
        let clear = [0, 0, 0, 0];
        for (mode, both, alone_under, alone_over) in [
            (Mode::In, over, clear, clear),
            (Mode::Out, clear, clear, over),
            (Mode::Atop, over, under, clear),
            (Mode::Xor, clear, under, over),
            (Mode::Lighter, [200, 0, 200, 255], under, over),
            (Mode::Multiply, [0, 0, 0, 255], under, over),
        ] {
            assert_eq!(drawn(mode, &under, over), both, "{mode:?}");
            assert_eq!(drawn(mode, &under, [9, 9, 9, 0]), alone_under, "{mode:?} without the mark");
            assert_eq!(drawn(mode, &clear, over), alone_over, "{mode:?} without the picture");
        }
    }

    #[test]
    fn half_a_mark_is_half_its_effect() {
        assert_eq!(drawn(Mode::Multiply, &[200, 100, 50], [0, 255, 0, 128]), [100, 100, 25]);
    }
}

//! Colours as eyes compare them: Oklab (Björn Ottosson, 2020), where equal distances look about equally far.

use super::words::fact;

/// How wide a bin is on each axis. Colours are looked up by bins and then measured.
const BIN: f64 = 0.1;
/// The largest distance that may be asked for: five bins on each axis.
pub const LONGEST_DISTANCE: f64 = 20.0;

/// A colour: lightness from 0 to 1, green to red and blue to yellow from about -0.4 to 0.4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oklab {
    /// Lightness.
    pub l: f64,
    /// Green to red.
    pub a: f64,
    /// Blue to yellow.
    pub b: f64,
}

/// A colour that is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColourQuery {
    /// Which one.
    pub colour: Oklab,
    /// How far away it may be, where black and white are 100 apart.
    pub distance: f64,
}

impl Oklab {
    /// Reads `rrggbb`, with or without `#`.
    pub fn parse(hex: &str) -> Option<Self> {
        let hex = hex.strip_prefix('#').unwrap_or(hex);
        let is_hex = hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
        let [_, r, g, b] = number.to_be_bytes();
        Some(Self::from_srgb(r, g, b))
    }

    fn from_srgb(red: u8, green: u8, blue: u8) -> Self {
        let (red, green, blue) = (linear(red), linear(green), linear(blue));
        let long = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let medium = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let short = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        Self {
            l: 0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
            a: 1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
            b: 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short,
        }
    }

    /// How far apart two colours are, where black and white are 100.
    pub fn distance(self, other: Self) -> f64 {
        let (l, a, b) = (self.l - other.l, self.a - other.a, self.b - other.b);
        100.0 * (l * l + a * a + b * b).sqrt()
    }

    /// The bin that it is in, as what a picture can be filtered by.
    pub fn fact(self) -> String {
        bin_fact(self.bin())
    }

    fn bin(self) -> [i32; 3] {
        #[expect(clippy::cast_possible_truncation, reason = "from -5 to 10")]
        [self.l, self.a, self.b].map(|value| (value / BIN).floor() as i32)
    }
}

impl ColourQuery {
    /// The facts of every bin that may hold such a colour.
    pub fn facts(&self) -> Vec<String> {
        let reach = self.distance.clamp(0.0, LONGEST_DISTANCE) / 100.0;
        let Oklab { l, a, b } = self.colour;
        let [l0, a0, b0] = Oklab { l: l - reach, a: a - reach, b: b - reach }.bin();
        let [l1, a1, b1] = Oklab { l: l + reach, a: a + reach, b: b + reach }.bin();
        let mut facts = Vec::new();
        for l in l0.max(0)..=l1.min(10) {
            for a in a0.max(-5)..=a1.min(5) {
                facts.extend((b0.max(-5)..=b1.min(5)).map(|b| bin_fact([l, a, b])));
            }
        }
        facts
    }

    /// How much of a picture is near enough to the colour, the nearer the more; nothing where none is.
    pub fn share(&self, palette: &[(Oklab, f64)]) -> Option<f64> {
        let near = palette.iter().filter_map(|(colour, share)| {
            let far = self.colour.distance(*colour);
            (far <= self.distance).then(|| share * (1.0 - 0.5 * far / self.distance.max(1e-9)))
        });
        near.reduce(|sum, share| sum + share)
    }
}

fn bin_fact([l, a, b]: [i32; 3]) -> String {
    fact("colour", &format!("{l},{a},{b}"))
}

/// A palette as a column.
pub(super) fn written(palette: &[(Oklab, f64)]) -> String {
    let colour = |(Oklab { l, a, b }, share): &(Oklab, f64)| format!("{l:.4} {a:.4} {b:.4} {share:.4}");
    palette.iter().map(colour).collect::<Vec<_>>().join(" ")
}

/// Reads that column.
pub(super) fn read(column: &str) -> Vec<(Oklab, f64)> {
    let numbers: Vec<f64> = column.split(' ').filter_map(|number| number.parse().ok()).collect();
    let colour = |four: &[f64]| match four {
        [l, a, b, share] => Some((Oklab { l: *l, a: *a, b: *b }, *share)),
        _ => None,
    };
    numbers.chunks(4).filter_map(colour).collect()
}

/// IEC 61966-2-1.
fn linear(value: u8) -> f64 {
    let value = f64::from(value) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_as_eyes_do() {
        let colour = |hex| Oklab::parse(hex).unwrap();
        assert!((colour("ffffff").distance(colour("#000000")) - 100.0).abs() < 0.1);
        assert!(colour("ff8800").distance(colour("ff8a05")) < 1.0);
        assert!(colour("ff0000").distance(colour("00ff00")) > 40.0);
        assert_eq!(Oklab::parse("+f8800"), None);
        assert_eq!(Oklab::parse("ff880"), None);
    }

    #[test]
    fn every_near_colour_is_in_a_bin_that_is_looked_at() {
        let mut seed = 7_u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        for _ in 0..200 {
            let colour = Oklab::from_srgb(next(), next(), next());
            let query = ColourQuery { colour, distance: 12.0 };
            let facts = query.facts();
            for _ in 0..200 {
                let other = Oklab::from_srgb(next(), next(), next());
                assert!(colour.distance(other) > 12.0 || facts.contains(&other.fact()));
            }
        }
    }

    #[test]
    fn a_palette_comes_back() {
        let palette = [(Oklab::parse("336699").unwrap(), 0.75), (Oklab::parse("ffffff").unwrap(), 0.25)];
        let back = read(&written(&palette));
        assert_eq!(back.len(), 2);
        assert!(back[0].0.distance(palette[0].0) < 0.1);
        assert!(read("").is_empty());
    }
}

//! The kinds of value an option can have: each parses strictly and prints back canonically.
//!
//! Parsing is given text that was percent-decoded already; printing leaves the encoding to the caller.

use std::fmt;

use crate::geometry::{Fit, Focus, Turn};

/// Something written after the `=` of an option.
pub(super) trait Value: Sized {
    /// The value, or nothing where the text is not one or lies outside its range.
    fn parse(text: &str) -> Option<Self>;
    /// The one canonical spelling.
    fn print(&self) -> String;
}

/// A decimal number with four places, so that equal requests compare and print equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u32);

impl Decimal {
    const ONE_IN_UNITS: u32 = 10_000;
    /// Nought.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(Self::ONE_IN_UNITS);

    /// The number in ten-thousandths.
    pub const fn from_units(units: u32) -> Self {
        Self(units)
    }

    /// The number in ten-thousandths.
    pub fn units(self) -> u32 {
        self.0
    }

    /// The nearest floating-point number.
    pub fn as_f32(self) -> f32 {
        // Four places of a number below 2^18 fit a double, and its nearest single is wanted.
        #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the point")]
        let single = (f64::from(self.0) / f64::from(Self::ONE_IN_UNITS)) as f32;
        single
    }

    /// `length` times this number, rounded half up.
    pub fn of(self, length: u32) -> u32 {
        let one = u64::from(Self::ONE_IN_UNITS);
        u32::try_from((u64::from(length) * u64::from(self.0) + one / 2) / one).unwrap_or(u32::MAX)
    }
}

impl Value for Decimal {
    /// Digits with at most one point among them; no sign, no exponent. Further places are rounded off.
    fn parse(text: &str) -> Option<Self> {
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && places.is_empty()) || whole.len() > 5 || places.len() > 20 {
            return None;
        }
        if !digits(whole) || !digits(places) || text.ends_with('.') {
            return None;
        }
        let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut kept = places.bytes().map(|b| u32::from(b - b'0')).chain(std::iter::repeat(0));
        let fraction = kept.by_ref().take(4).fold(0, |sum, digit| sum * 10 + digit);
        let round = u32::from(kept.next()? >= 5);
        Some(Self(whole * Self::ONE_IN_UNITS + fraction + round))
    }

    fn print(&self) -> String {
        let (whole, fraction) = (self.0 / Self::ONE_IN_UNITS, self.0 % Self::ONE_IN_UNITS);
        if fraction == 0 {
            return whole.to_string();
        }
        format!("{whole}.{fraction:04}").trim_end_matches('0').to_owned()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

/// A [`Decimal`] between two bounds, both given in ten-thousandths and both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Within<const LEAST: u32, const MOST: u32>(pub Decimal);

impl<const LEAST: u32, const MOST: u32> Value for Within<LEAST, MOST> {
    fn parse(text: &str) -> Option<Self> {
        let value = Decimal::parse(text)?;
        (LEAST..=MOST).contains(&value.units()).then_some(Self(value))
    }

    fn print(&self) -> String {
        self.0.print()
    }
}

/// A whole number between two bounds, both allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Whole<const LEAST: u32, const MOST: u32>(pub u32);

impl<const LEAST: u32, const MOST: u32> Value for Whole<LEAST, MOST> {
    fn parse(text: &str) -> Option<Self> {
        let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value: u32 = is_plain.then(|| text.parse().ok())??;
        (LEAST..=MOST).contains(&value).then_some(Self(value))
    }

    fn print(&self) -> String {
        self.0.to_string()
    }
}

/// The longest side that may be asked for.
pub const LONGEST_SIDE: u32 = 12_000;

/// A side in pixels.
pub type Side = Whole<1, LONGEST_SIDE>;

/// The width asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// So many pixels.
    Pixels(u32),
    /// Whatever the client's hints call for.
    Auto,
}

impl Value for Width {
    fn parse(text: &str) -> Option<Self> {
        if text == "auto" {
            return Some(Self::Auto);
        }
        Side::parse(text).map(|side| Self::Pixels(side.0))
    }

    fn print(&self) -> String {
        match self {
            Self::Pixels(pixels) => pixels.to_string(),
            Self::Auto => "auto".to_owned(),
        }
    }
}

/// A length in pixels, or as a share of the picture's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Length {
    /// So many pixels.
    Pixels(u32),
    /// A share above nought and below one.
    Share(Decimal),
}

impl Length {
    /// In pixels, along a side of `side` pixels; pixels grow with the device pixel ratio, shares do not.
    pub fn pixels(self, side: u32, dpr: Decimal) -> u32 {
        match self {
            Self::Pixels(pixels) => dpr.of(pixels),
            Self::Share(share) => share.of(side),
        }
    }
}

impl Value for Length {
    fn parse(text: &str) -> Option<Self> {
        if let Some(Whole(pixels)) = Whole::<0, LONGEST_SIDE>::parse(text) {
            return Some(Self::Pixels(pixels));
        }
        match Decimal::parse(text)? {
            Decimal::ZERO => Some(Self::Pixels(0)),
            share if share < Decimal::ONE => Some(Self::Share(share)),
            _ => None,
        }
    }

    fn print(&self) -> String {
        match self {
            Self::Pixels(pixels) => pixels.to_string(),
            Self::Share(share) => share.print(),
        }
    }
}

/// Four numbers of one kind, joined by `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Four<T>(pub [T; 4]);

impl<T: Value> Value for Four<T> {
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<T> = text.split(';').map(T::parse).collect::<Option<_>>()?;
        parts.try_into().ok().map(Self)
    }

    fn print(&self) -> String {
        self.0.iter().map(Value::print).collect::<Vec<_>>().join(";")
    }
}

/// The widths that `width=auto` may choose, rising, joined by `;`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Breakpoints(pub Vec<u32>);

impl Value for Breakpoints {
    fn parse(text: &str) -> Option<Self> {
        let sides: Vec<u32> = text.split(';').map(|s| Side::parse(s).map(|w| w.0)).collect::<Option<_>>()?;
        let rising = sides.is_sorted_by(|a, b| a < b);
        (rising && sides.len() <= 32).then_some(Self(sides))
    }

    fn print(&self) -> String {
        self.0.iter().map(u32::to_string).collect::<Vec<_>>().join(";")
    }
}

/// Where a crop looks, and where a smaller picture lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gravity {
    /// A fixed point: a side, a corner, the centre, or `XxY`.
    At(Focus),
    /// The most salient part.
    Auto,
    /// Faces.
    Face,
}

/// Sides and corners by name.
const COMPASS: [(&str, u16, u16); 9] = [
    ("center", 5_000, 5_000),
    ("left", 0, 5_000),
    ("right", 10_000, 5_000),
    ("top", 5_000, 0),
    ("bottom", 5_000, 10_000),
    ("top-left", 0, 0),
    ("top-right", 10_000, 0),
    ("bottom-left", 0, 10_000),
    ("bottom-right", 10_000, 10_000),
];

impl Value for Gravity {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => return Some(Self::Auto),
            "face" => return Some(Self::Face),
            _ => {}
        }
        if let Some(&(_, x, y)) = COMPASS.iter().find(|row| row.0 == text) {
            return Some(Self::At(Focus { x, y }));
        }
        let (x, y) = text.split_once('x')?;
        let share = |part| u16::try_from(Within::<0, 10_000>::parse(part)?.0.units()).ok();
        Some(Self::At(Focus { x: share(x)?, y: share(y)? }))
    }

    fn print(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Face => "face".to_owned(),
            Self::At(Focus { x, y }) => match COMPASS.iter().find(|row| (row.1, row.2) == (*x, *y)) {
                Some((name, ..)) => (*name).to_owned(),
                None => format!("{}x{}", Decimal((*x).into()), Decimal((*y).into())),
            },
        }
    }
}

/// A colour of the CSS Color Module, as 8-bit sRGB with straight alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour(pub [u8; 4]);

impl Colour {
    /// Opaque white.
    pub const WHITE: Self = Self([255; 4]);
}

impl Value for Colour {
    fn parse(text: &str) -> Option<Self> {
        // The longest sensible spelling is about 40 characters; the parser need not see more.
        if text.len() > 64 {
            return None;
        }
        csscolorparser::parse(text).ok().map(|colour| Self(colour.to_rgba8()))
    }

    fn print(&self) -> String {
        let [r, g, b, a] = self.0;
        if a == 255 { format!("#{r:02x}{g:02x}{b:02x}") } else { format!("#{r:02x}{g:02x}{b:02x}{a:02x}") }
    }
}

/// How much an encoder may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// 1–100.
    Number(u8),
    /// One of four names.
    Named(QualityName),
}

impl Quality {
    /// The quality of a request that names none.
    pub const DEFAULT: u8 = 85;

    /// As a number from 1 to 100.
    pub fn number(self) -> u8 {
        match self {
            Self::Number(number) => number,
            Self::Named(QualityName::High) => Self::DEFAULT,
            Self::Named(QualityName::MediumHigh) => 75,
            Self::Named(QualityName::MediumLow) => 60,
            Self::Named(QualityName::Low) => 45,
        }
    }
}

impl Value for Quality {
    fn parse(text: &str) -> Option<Self> {
        if let Some(name) = QualityName::parse(text) {
            return Some(Self::Named(name));
        }
        Whole::<1, 100>::parse(text).and_then(|n| u8::try_from(n.0).ok()).map(Self::Number)
    }

    fn print(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Named(name) => name.print(),
        }
    }
}

/// A quarter turn or several, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuarterTurns(pub u8);

impl QuarterTurns {
    /// As a turn.
    pub fn turn(self) -> Turn {
        match self.0 % 4 {
            0 => Turn::NONE,
            1 => Turn::CLOCKWISE,
            2 => Turn::HALF,
            _ => Turn::COUNTER_CLOCKWISE,
        }
    }
}

impl Value for QuarterTurns {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "0" | "360" => Some(Self(0)),
            "90" => Some(Self(1)),
            "180" => Some(Self(2)),
            "270" => Some(Self(3)),
            _ => None,
        }
    }

    fn print(&self) -> String {
        (u32::from(self.0) * 90).to_string()
    }
}

/// A name out of configuration: lower-case letters, digits, `-` and `_`, at most 64 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(pub String);

impl Value for Name {
    fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// Free text without control characters, at most 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(pub String);

impl Value for Text {
    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=512).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

impl Value for bool {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

/// Declares enums whose variants are keywords of the URL.
macro_rules! keywords {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }
        keywords!(@value $name { $($variant = $word,)+ });
    )+};
    (@value $name:ident { $($variant:ident = $word:literal,)+ }) => {
        impl Value for $name {
            fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
            fn print(&self) -> String {
                match self { $(Self::$variant => $word.to_owned(),)+ }
            }
        }
    };
}

keywords! {
    /// A quality without a number.
    QualityName {
        /// As the default.
        High = "high",
        /// A little less.
        MediumHigh = "medium-high",
        /// Visibly less.
        MediumLow = "medium-low",
        /// Small above all.
        Low = "low",
    }
    /// The output asked for.
    Output {
        /// The best that the client accepts.
        Auto = "auto",
        /// AVIF.
        Avif = "avif",
        /// WebP; lossless at quality 100.
        Webp = "webp",
        /// JPEG.
        Jpeg = "jpeg",
        /// JPEG without progressive scans.
        BaselineJpeg = "baseline-jpeg",
        /// PNG.
        Png = "png",
        /// GIF.
        Gif = "gif",
        /// What is known about the picture, as JSON.
        Json = "json",
        /// A `BlurHash` string.
        Blurhash = "blurhash",
        /// A `ThumbHash`.
        Thumbhash = "thumbhash",
    }
    /// Mirroring.
    Flip {
        /// Left and right change places.
        Horizontal = "h",
        /// Top and bottom change places.
        Vertical = "v",
        /// Both.
        Both = "hv",
    }
    /// How enlarging invents pixels.
    Upscale {
        /// By interpolation.
        Interpolate = "interpolate",
        /// By a generative model.
        Generate = "generate",
    }
    /// What is cut out of the picture.
    Segment {
        /// The subject.
        Foreground = "foreground",
    }
    /// Whether encoding trades size for time.
    Compression {
        /// As quickly as can be.
        Fast = "fast",
    }
    /// What metadata the output keeps.
    Metadata {
        /// Only the copyright notice.
        Copyright = "copyright",
        /// All of it.
        Keep = "keep",
        /// None of it.
        None = "none",
    }
    /// What happens when the transform fails.
    OnError {
        /// The client is sent to the source.
        Redirect = "redirect",
    }
    /// Automatic trimming.
    TrimMode {
        /// Cuts off a border of one colour.
        Border = "border",
    }
    /// Which way a mark is repeated.
    Repeat {
        /// In both directions.
        Both = "true",
        /// From left to right.
        X = "x",
        /// From top to bottom.
        Y = "y",
    }
    /// How a mark's colours meet the picture's.
    Blend {
        /// Over it.
        Over = "over",
        /// Multiplied.
        Multiply = "multiply",
        /// Screened.
        Screen = "screen",
        /// Overlaid.
        Overlay = "overlay",
        /// The darker of the two.
        Darken = "darken",
        /// The lighter of the two.
        Lighten = "lighten",
    }
}

keywords!(@value Fit {
    ScaleDown = "scale-down",
    Contain = "contain",
    Cover = "cover",
    Crop = "crop",
    AspectCrop = "aspect-crop",
    Pad = "pad",
    Squeeze = "squeeze",
    ScaleUp = "scale-up",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_to_four_places() {
        let cases =
            [("0.33333", 3_333), ("0.66666", 6_667), (".5", 5_000), ("2", 20_000), ("1.00005", 10_001)];
        for (text, units) in cases {
            assert_eq!(Decimal::parse(text).map(Decimal::units), Some(units), "{text}");
        }
        for text in ["", ".", "1.", "-1", "+1", "1e3", "0x1", "1.2.3", "１", "999999", "NaN"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_tell_pixels_from_shares() {
        assert_eq!(Length::parse("16"), Some(Length::Pixels(16)));
        assert_eq!(Length::parse("0.2"), Some(Length::Share(Decimal::from_units(2_000))));
        assert_eq!(Length::parse("0.0"), Some(Length::Pixels(0)));
        assert_eq!(Length::parse("1.5"), None);
        assert_eq!(Length::parse("1.0"), None);
    }

    #[test]
    fn colours_are_css() {
        let cases = [
            ("#f00", [255, 0, 0, 255]),
            ("rgb(240,40,145)", [240, 40, 145, 255]),
            ("rgb(240 40 145 / 50%)", [240, 40, 145, 128]),
            ("rebeccapurple", [102, 51, 153, 255]),
            ("transparent", [0, 0, 0, 0]),
        ];
        for (text, rgba) in cases {
            assert_eq!(Colour::parse(text), Some(Colour(rgba)), "{text}");
        }
        assert_eq!(Colour::parse("octarine"), None);
    }

    #[test]
    fn a_side_and_its_point_are_one_gravity() {
        assert_eq!(Gravity::parse("left"), Gravity::parse("0x0.5"));
        assert_eq!(Gravity::parse("0.5x0.33").map(|g| g.print()), Some("0.5x0.33".to_owned()));
        assert_eq!(Gravity::parse("1.5x0"), None);
        assert_eq!(Gravity::parse("0.5X0.5"), None);
    }
}

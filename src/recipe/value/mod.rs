//! The kinds of value an option can have: each parses strictly and prints back canonically.
//!
//! Parsing is given text that was percent-decoded already; printing leaves the encoding to the caller.

mod effect;
mod keyword;
mod number;

pub use effect::{Angle, Background, Duotone, Radius};
pub use keyword::{
    Align, Blend, Compression, Filter, Flip, Lossless, Metadata, OnError, Output, QualityName, Repeat,
    Segment, TrimMode, Upscale,
};
pub use number::{Breakpoints, Decimal, Four, LONGEST_SIDE, Length, Side, Whole, Width, Within};

use crate::geometry::Focus;

/// Something written after the `=` of an option.
pub(crate) trait Value: Sized {
    /// The value, or nothing where the text is not one or lies outside its range.
    fn parse(text: &str) -> Option<Self>;
    /// The one canonical spelling.
    fn print(&self) -> String;
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
        parse_focus(text).map(Self::At)
    }

    fn print(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Face => "face".to_owned(),
            Self::At(Focus { x, y }) => match COMPASS.iter().find(|row| (row.1, row.2) == (*x, *y)) {
                Some((name, ..)) => (*name).to_owned(),
                None => format!("{}x{}", Decimal::from_units((*x).into()), Decimal::from_units((*y).into())),
            },
        }
    }
}

/// `XxY`, each from 0 to 1.
pub(crate) fn parse_focus(text: &str) -> Option<Focus> {
    let (x, y) = text.split_once('x')?;
    let share = |part| u16::try_from(Within::<0, 10_000>::parse(part)?.0.units()).ok();
    Some(Focus { x: share(x)?, y: share(y)? })
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

/// Fonts in the order in which they are asked for letters: up to four names, joined by `;`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fonts(pub Vec<Name>);

impl Value for Fonts {
    fn parse(text: &str) -> Option<Self> {
        const MOST: usize = 4;
        let names: Vec<Name> = text.split(';').take(MOST + 1).map(Name::parse).collect::<Option<_>>()?;
        (names.len() <= MOST).then_some(Self(names))
    }

    fn print(&self) -> String {
        self.0.iter().map(|name| name.0.as_str()).collect::<Vec<_>>().join(";")
    }
}

/// Free text without control characters other than line breaks, at most 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(pub String);

impl Value for Text {
    fn parse(text: &str) -> Option<Self> {
        let is_plain = |character: char| character == '\n' || !character.is_control();
        let fits = (1..=512).contains(&text.len()) && text.chars().all(is_plain);
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

#[cfg(test)]
mod tests {
    use super::*;

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

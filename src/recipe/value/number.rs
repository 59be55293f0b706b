//! Numbers: whole, decimal, within bounds, as lengths, and several of them in a row.

use std::fmt;

use super::Value;

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
    pub const fn units(self) -> u32 {
        self.0
    }

    /// The nearest floating-point number.
    pub fn as_f32(self) -> f32 {
        // Four places of a number below 2^18 fit a double, and its nearest single is wanted.
        #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the point")]
        let single = (f64::from(self.0) / f64::from(Self::ONE_IN_UNITS)) as f32;
        single
    }

    /// The largest length that this many times is no more than `product`.
    pub fn divide(self, product: u32) -> u32 {
        let units = u64::from(self.0).max(1);
        u32::try_from(u64::from(product) * u64::from(Self::ONE_IN_UNITS) / units).unwrap_or(u32::MAX)
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
}

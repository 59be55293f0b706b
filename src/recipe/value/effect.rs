//! Values of what is done to a picture's look: angles, backgrounds, pairs of tones, corners.

use super::{Colour, Decimal, Four, Length, Value};
use crate::geometry::Turn;

/// Degrees, clockwise, below 360.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Angle(pub Decimal);

impl Angle {
    const QUARTER: u32 = 90 * Decimal::ONE.units();
    const FULL: u32 = 4 * Self::QUARTER;

    /// The quarter turns in it.
    pub fn turn(self) -> Turn {
        match self.0.units() / Self::QUARTER {
            0 => Turn::NONE,
            1 => Turn::CLOCKWISE,
            2 => Turn::HALF,
            _ => Turn::COUNTER_CLOCKWISE,
        }
    }

    /// What is left beside its quarter turns.
    #[must_use]
    pub fn rest(self) -> Self {
        Self(Decimal::from_units(self.0.units() % Self::QUARTER))
    }

    /// Whether nothing is turned.
    pub fn is_zero(self) -> bool {
        self.0 == Decimal::ZERO
    }

    /// As mathematics has it.
    pub fn radians(self) -> f64 {
        (f64::from(self.0.units()) / f64::from(Decimal::ONE.units())).to_radians()
    }
}

impl Value for Angle {
    fn parse(text: &str) -> Option<Self> {
        let units = Decimal::parse(text)?.units();
        (units <= Self::FULL).then(|| Self(Decimal::from_units(units % Self::FULL)))
    }

    fn print(&self) -> String {
        self.0.print()
    }
}

/// What shows through a picture and around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Background {
    /// One colour.
    Colour(Colour),
    /// The picture itself, enlarged and blurred.
    Blur,
}

impl Value for Background {
    fn parse(text: &str) -> Option<Self> {
        if text == "blur" { Some(Self::Blur) } else { Colour::parse(text).map(Self::Colour) }
    }

    fn print(&self) -> String {
        match self {
            Self::Colour(colour) => colour.print(),
            Self::Blur => "blur".to_owned(),
        }
    }
}

/// The two opaque colours that black and white become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Duotone {
    /// What black becomes.
    pub dark: Colour,
    /// What white becomes.
    pub light: Colour,
}

impl Value for Duotone {
    fn parse(text: &str) -> Option<Self> {
        let (dark, light) = text.split_once(';')?;
        let opaque = |text| Colour::parse(text).filter(|Colour([.., alpha])| *alpha == 255);
        Some(Self { dark: opaque(dark)?, light: opaque(light)? })
    }

    fn print(&self) -> String {
        format!("{};{}", self.dark.print(), self.light.print())
    }
}

/// How far corners are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Radius {
    /// As far as can be.
    Max,
    /// Top left, top right, bottom right, bottom left; shares are of the shorter side.
    Corners([Length; 4]),
}

impl Radius {
    /// Whether every corner stays as it is.
    pub fn is_zero(&self) -> bool {
        matches!(self, Self::Corners(corners) if corners.iter().all(|corner| *corner == Length::Pixels(0)))
    }
}

impl Value for Radius {
    fn parse(text: &str) -> Option<Self> {
        if text == "max" {
            return Some(Self::Max);
        }
        let same = Length::parse(text).map(|corner| [corner; 4]);
        same.or_else(|| Four::parse(text).map(|Four(corners)| corners)).map(Self::Corners)
    }

    fn print(&self) -> String {
        match self {
            Self::Max => "max".to_owned(),
            Self::Corners([first, rest @ ..]) if rest.iter().all(|corner| corner == first) => first.print(),
            Self::Corners(corners) => Four(*corners).print(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_quarter_turns_and_a_rest() {
        let parts = |text| Angle::parse(text).map(|angle| (angle.turn(), angle.rest().0.print()));
        assert_eq!(parts("100.5"), Some((Turn::CLOCKWISE, "10.5".to_owned())));
        assert_eq!(parts("359.9999"), Some((Turn::COUNTER_CLOCKWISE, "89.9999".to_owned())));
        assert_eq!(parts("360"), Some((Turn::NONE, "0".to_owned())));
        assert_eq!(parts("360.0001"), None);
    }

    #[test]
    fn equal_corners_are_written_once() {
        let print = |text| Radius::parse(text).map(|radius| radius.print());
        assert_eq!(print("8;8;8;8"), Some("8".to_owned()));
        assert_eq!(print("8;0;0.5;0"), Some("8;0;0.5;0".to_owned()));
        assert_eq!(print("1;2;3"), None);
    }
}

//! An ICC profile (ICC.1:2022): its header, its tags, and the curves in them, read where they lie.
//!
//! Nothing of a profile is copied or unpacked, and each tag is looked for once, so that what reading costs does not depend
//! on what the profile claims.

use super::srgb::xyz_of_lab;

/// Tags that are looked at; profiles have 10 to 30.
const MOST_TAGS: usize = 100;

/// What the samples are that a profile is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// Grey.
    Grey,
    /// Red, green and blue.
    Rgb,
    /// Cyan, magenta, yellow and black.
    Cmyk,
}

/// The space that a profile leads to: both are relative to its white, under D50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pcs {
    Xyz,
    Lab,
}

impl Pcs {
    /// The light of a grey that a curve leads to: its own, or its lightness.
    pub(super) fn grey(self, number: f32) -> f32 {
        match self {
            Self::Xyz => number,
            Self::Lab => xyz_of_lab([number * 100.0, 0.0, 0.0])[1],
        }
    }
}

/// A profile whose header makes sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Icc<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) samples: Samples,
    pub(super) pcs: Pcs,
    pub(super) version: u8,
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// `s15Fixed16Number`.
pub(super) fn fixed_at(bytes: &[u8], at: usize) -> Option<f32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
    Some(i32::from_be_bytes(bytes) as f32 / 65_536.0)
}

/// A type's four letters.
pub(super) fn kind_at(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok()
}

impl<'a> Icc<'a> {
    /// A profile of a device or a colour space (section 7.2).
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        if kind_at(bytes, 36)? != *b"acsp"
            || !matches!(&kind_at(bytes, 12)?, b"scnr" | b"mntr" | b"prtr" | b"spac")
        {
            return None;
        }
        let samples = match &kind_at(bytes, 16)? {
            b"GRAY" => Samples::Grey,
            b"RGB " => Samples::Rgb,
            b"CMYK" => Samples::Cmyk,
            _ => return None,
        };
        let pcs = match &kind_at(bytes, 20)? {
            b"XYZ " => Pcs::Xyz,
            b"Lab " => Pcs::Lab,
            _ => return None,
        };
        Some(Self { bytes, samples, pcs, version: *bytes.get(8)? })
    }

    /// Where the element of a tag begins.
    pub(super) fn tag(self, name: [u8; 4]) -> Option<usize> {
        let count = u32_at(self.bytes, 128)?.min(MOST_TAGS);
        let entry =
            (0..count).map(|index| 132 + 12 * index).find(|&at| kind_at(self.bytes, at) == Some(name))?;
        u32_at(self.bytes, entry + 4).filter(|&at| at < self.bytes.len())
    }

    /// The three numbers of an `XYZType` (10.31).
    pub(super) fn xyz(self, name: [u8; 4]) -> Option<[f32; 3]> {
        let at = self.tag(name).filter(|&at| kind_at(self.bytes, at) == Some(*b"XYZ "))?;
        Some([fixed_at(self.bytes, at + 8)?, fixed_at(self.bytes, at + 12)?, fixed_at(self.bytes, at + 16)?])
    }

    /// The curve of a tag.
    pub(super) fn curve(self, name: [u8; 4]) -> Option<Curve> {
        Curve::read(self.bytes, self.tag(name)?).map(|(curve, _)| curve)
    }
}

/// A curve from 0–1 to 0–1; tables stay where they lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Curve {
    Identity,
    /// Kind and g, a, b, c, d, e, f of `parametricCurveType` (10.18).
    Parametric(u16, [f32; 7]),
    /// Numbers of 16 bits, two at least.
    Table16 {
        at: usize,
        count: usize,
    },
    /// Numbers of 8 bits, two at least.
    Table8 {
        at: usize,
        count: usize,
    },
}

impl Curve {
    /// A power.
    pub(super) fn power(gamma: f32) -> Self {
        Self::Parametric(0, [gamma, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    }

    /// Reads `curveType` (10.6) or `parametricCurveType`; also how many bytes it takes.
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        match &kind_at(bytes, at)? {
            b"curv" => {
                let count = u32_at(bytes, at + 8)?;
                let length = count.checked_mul(2)?.checked_add(12)?;
                bytes.get(at..at.checked_add(length)?)?;
                let curve = match count {
                    0 => Self::Identity,
                    1 => Self::power(f32::from(u16_at(bytes, at + 12)?) / 256.0),
                    _ => Self::Table16 { at: at + 12, count },
                };
                Some((curve, length))
            }
            b"para" => {
                let kind = u16_at(bytes, at + 8)?;
                let count = *[1, 3, 4, 5, 7].get(usize::from(kind))?;
                let mut numbers = [0.0; 7];
                for (index, number) in numbers.iter_mut().take(count).enumerate() {
                    *number = fixed_at(bytes, at + 12 + 4 * index)?;
                }
                Some((Self::Parametric(kind, numbers), 12 + 4 * count))
            }
            _ => None,
        }
    }

    /// What becomes of `x`, which is cut to 0–1; so is what comes out.
    pub(super) fn at(&self, bytes: &[u8], x: f32) -> f32 {
        let x = x.clamp(0.0, 1.0);
        let y = match *self {
            Self::Identity => x,
            Self::Parametric(kind, numbers) => parametric(kind, numbers, x),
            Self::Table16 { at, count } => {
                let entry =
                    |index| u16_at(bytes, at + 2 * index).map_or(0.0, |entry| f32::from(entry) / 65_535.0);
                between(x, count, entry)
            }
            Self::Table8 { at, count } => {
                let entry =
                    |index: usize| bytes.get(at + index).map_or(0.0, |&entry| f32::from(entry) / 255.0);
                between(x, count, entry)
            }
        };
        // Powers of what is below zero are no numbers, and `clamp` would leave them so.
        if y.is_nan() { 0.0 } else { y.clamp(0.0, 1.0) }
    }
}

#[expect(clippy::many_single_char_names, reason = "the standard's names")]
fn parametric(kind: u16, [g, a, b, c, d, e, f]: [f32; 7], x: f32) -> f32 {
    let power = || (a * x + b).max(0.0).powf(g);
    let is_above = if matches!(kind, 1 | 2) { a * x + b >= 0.0 } else { x >= d };
    match (kind, is_above) {
        (0, _) => x.powf(g),
        (1 | 3, true) => power(),
        (1, false) => 0.0,
        (2, true) => power() + c,
        (2, false) => c,
        (3, false) => c * x,
        (_, true) => power() + e,
        (_, false) => c * x + f,
    }
}

/// The value of a table of `count` entries at `x`, on the line between two.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "x is between 0 and 1, and tables are shorter than 2^24"
)]
fn between(x: f32, count: usize, entry: impl Fn(usize) -> f32) -> f32 {
    let place = x * (count - 1) as f32;
    let first = (place as usize).min(count - 2);
    let share = place - first as f32;
    entry(first) * (1.0 - share) + entry(first + 1) * share
}

//! What a file says its colours mean, and how they become sRGB: done to resampled rows, at the size of the output.
//!
//! ICC profiles of grey, red, green and blue, and CMYK are read by code of our own: of what a colour management system does,
//! one way is wanted (to sRGB, as perceptually as the profile can), and profiles are bytes from outside. A profile that is
//! broken, of another kind of samples, or longer than [`LARGEST_PROFILE_BYTES`] counts as none. One that is sRGB in effect
//! is none: such pictures cost what untagged ones do.
//!
//! White becomes white, and black what the profile says it is: nothing is compensated for, but for the black that version 4
//! fixes for perceptual tables.
//!
//! Not here: named colours, more than four inks, multi-processing elements (`D2B0`), HDR.

mod icc;
mod lut;
mod mesh;
mod png;
mod srgb;

pub(super) use self::srgb::{Levels, decode as light_of};
pub use icc::Samples;
pub(super) use png::PngColours;

use std::fmt;
use std::sync::Arc;

use self::icc::{Curve, Icc};
use self::lut::Lut;
use self::mesh::Mesh;
use self::srgb::Matrix;

/// Longer profiles are not read. Those of presses have half of it.
pub const LARGEST_PROFILE_BYTES: usize = 1 << 20;

/// How far from sRGB a profile may lie that counts as sRGB: levels of 8 bits.
const SAME_WITHIN: u8 = 1;

/// What brings samples to sRGB.
pub struct Conversion {
    /// A checksum of what it was made of.
    made_of: u32,
    way: Way,
}

enum Way {
    /// Each level of grey, at 256 places.
    Grey(Box<[f32; 256]>),
    /// Light of each level, and what that is in sRGB's colours.
    Shaped { curves: Box<[[f32; 256]; 3]>, matrix: Matrix },
    /// A table of the profile, which is held.
    Table { profile: Arc<[u8]>, lut: Box<Lut>, inputs: usize },
}

impl fmt::Debug for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.way {
            Way::Grey(_) => "of grey",
            Way::Shaped { .. } => "by a matrix",
            Way::Table { .. } => "by a table",
        };
        write!(f, "Conversion({way}, {:08x})", self.made_of)
    }
}

impl PartialEq for Conversion {
    fn eq(&self, other: &Self) -> bool {
        self.made_of == other.made_of
    }
}

impl Eq for Conversion {}

/// What a description of colours comes to.
#[derive(Debug)]
pub(super) enum Meaning {
    /// They are sRGB, or so near that nobody sees it.
    Srgb,
    /// They are not.
    Other(Conversion),
}

impl Meaning {
    /// What has to be done, if anything.
    pub(super) fn conversion(self) -> Option<Arc<Conversion>> {
        match self {
            Self::Srgb => None,
            Self::Other(conversion) => Some(Arc::new(conversion)),
        }
    }
}

impl Conversion {
    /// What a profile says of samples of this kind; nothing where it cannot be used for them.
    pub(super) fn of_profile(profile: &[u8], samples: Samples) -> Option<Meaning> {
        if profile.len() > LARGEST_PROFILE_BYTES {
            return None;
        }
        let icc = Icc::read(profile).filter(|icc| icc.samples == samples)?;
        let inputs = if samples == Samples::Cmyk { 4 } else { 3 };
        let lut = if samples == Samples::Grey { None } else { Lut::read(icc, inputs) };
        let way = match (lut, samples) {
            (Some(lut), _) => Way::Table { profile: Arc::from(profile), lut: Box::new(lut), inputs },
            (None, Samples::Grey) => {
                let curve = icc.curve(*b"kTRC")?;
                grey(|x| icc.pcs.grey(curve.at(profile, x)))
            }
            (None, Samples::Rgb) => {
                let columns = [icc.xyz(*b"rXYZ")?, icc.xyz(*b"gXYZ")?, icc.xyz(*b"bXYZ")?];
                let curves = [icc.curve(*b"rTRC")?, icc.curve(*b"gTRC")?, icc.curve(*b"bTRC")?];
                shaped(&curves, profile, columns)
            }
            (None, Samples::Cmyk) => return None,
        };
        Some(Self { made_of: crc32fast::hash(profile), way }.meaning())
    }

    /// Sorts out what is sRGB in effect.
    fn meaning(self) -> Meaning {
        const STEPS: [u8; 6] = [0, 24, 64, 128, 192, 255];
        let is_same = |[r, g, b]: [u8; 3]| {
            let converted = self.exact([r, g, b].map(f32::from));
            converted.iter().zip([r, g, b]).all(|(a, b)| a.abs_diff(b) <= SAME_WITHIN)
        };
        let colours =
            || STEPS.into_iter().flat_map(|r| STEPS.into_iter().flat_map(move |g| STEPS.map(|b| [r, g, b])));
        let greys = (0..=u8::MAX).step_by(5).map(|grey| [grey; 3]);
        let is_srgb = match &self.way {
            Way::Table { inputs: 4, .. } => false,
            Way::Grey(_) => greys.into_iter().all(is_same),
            Way::Shaped { .. } | Way::Table { .. } => greys.chain(colours()).all(is_same),
        };
        if is_srgb { Meaning::Srgb } else { Meaning::Other(self) }
    }

    /// One colour, without tables that are worth making for many.
    fn exact(&self, rgb: [f32; 3]) -> [u8; 3] {
        let level = |code: f32| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
            let level = (code * 255.0 + 0.5) as u8;
            level
        };
        match &self.way {
            Way::Grey(levels) => [level(along(levels, rgb[0]) / 255.0); 3],
            Way::Shaped { curves, matrix } => {
                shape(curves, matrix, rgb).map(|light| level(srgb::encode(light)))
            }
            Way::Table { profile, lut, .. } => {
                let [r, g, b] = rgb.map(|sample| sample / 255.0);
                lut.srgb(profile, &srgb::from_xyz(), [r, g, b, 0.0]).map(level)
            }
        }
    }

    /// Bytes that are held of it and of what it works with.
    pub fn held_bytes(&self) -> u64 {
        let table = 3 * 256 * size_of::<f32>() as u64;
        match &self.way {
            Way::Grey(_) => table,
            Way::Shaped { .. } => table + Levels::BYTES,
            Way::Table { profile, inputs, .. } => profile.len() as u64 + Mesh::bytes(*inputs) + 4_096,
        }
    }
}

/// Colours of a red, green and blue of these XYZ under D50, after a curve for each.
fn shaped(curves: &[Curve; 3], profile: &[u8], columns: [[f32; 3]; 3]) -> Way {
    let [r, g, b] = columns;
    let to_xyz = [[r[0], g[0], b[0]], [r[1], g[1], b[1]], [r[2], g[2], b[2]]];
    let curves = curves.map(|curve| *tabulated(|x| curve.at(profile, x)));
    Way::Shaped { curves: Box::new(curves), matrix: srgb::product(&srgb::from_xyz(), &to_xyz) }
}

/// Greys of so much light.
fn grey(light: impl Fn(f32) -> f32) -> Way {
    Way::Grey(tabulated(|x| srgb::encode(light(x)) * 255.0))
}

/// A curve at every level.
fn tabulated(curve: impl Fn(f32) -> f32) -> Box<[f32; 256]> {
    let mut table = Box::new([0.0; 256]);
    for (level, entry) in (0..=u8::MAX).zip(table.iter_mut()) {
        *entry = curve(f32::from(level) / 255.0);
    }
    table
}

/// The table's value at a level that may lie between two.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "levels are cut to 0–255"
)]
fn along(table: &[f32; 256], level: f32) -> f32 {
    let level = level.clamp(0.0, 255.0);
    let first = (level as usize).min(254);
    let share = level - first as f32;
    let (Some(a), Some(b)) = (table.get(first), table.get(first + 1)) else { return 0.0 };
    a + (b - a) * share
}

#[inline]
fn shape(curves: &[[f32; 256]; 3], matrix: &Matrix, [r, g, b]: [f32; 3]) -> [f32; 3] {
    let [of_red, of_green, of_blue] = curves;
    srgb::multiply(matrix, [along(of_red, r), along(of_green, g), along(of_blue, b)])
}

/// A conversion at work on the rows of one picture.
#[derive(Debug)]
pub struct Converter {
    conversion: Arc<Conversion>,
    tool: Tool,
}

#[derive(Debug)]
enum Tool {
    None,
    Levels(Levels),
    Mesh(Mesh, Matrix),
}

impl Converter {
    /// Makes what it takes.
    pub fn new(conversion: Arc<Conversion>) -> Self {
        let tool = match &conversion.way {
            Way::Grey(_) => Tool::None,
            Way::Shaped { .. } => Tool::Levels(Levels::new()),
            Way::Table { inputs, .. } => Tool::Mesh(Mesh::new(*inputs), srgb::from_xyz()),
        };
        Self { conversion, tool }
    }

    /// Red, green and blue, or a grey that is all three, of 0–255.
    #[inline]
    pub fn rgb(&mut self, rgb: [f32; 3]) -> [u8; 3] {
        match (&self.conversion.way, &mut self.tool) {
            (Way::Grey(levels), _) => [rounded(along(levels, rgb[0])); 3],
            (Way::Shaped { curves, matrix }, Tool::Levels(levels)) => {
                shape(curves, matrix, rgb).map(|light| levels.of(light))
            }
            (Way::Table { profile, lut, .. }, Tool::Mesh(mesh, from_xyz)) => {
                let [r, g, b] = rgb.map(|sample| sample / 255.0);
                let exact = |place| lut.srgb(profile, from_xyz, place);
                mesh.at([r, g, b, 0.0], exact).map(|code| rounded(code * 255.0))
            }
            _ => rgb.map(rounded),
        }
    }

    /// Cyan, magenta, yellow and black, where 255 is no ink; nothing where the conversion is not of those.
    #[inline]
    pub fn cmyk(&mut self, inks: [f32; 4]) -> Option<[u8; 3]> {
        let (Way::Table { profile, lut, inputs: 4 }, Tool::Mesh(mesh, from_xyz)) =
            (&self.conversion.way, &mut self.tool)
        else {
            return None;
        };
        let exact = |place| lut.srgb(profile, from_xyz, place);
        let place = inks.map(|ink| 1.0 - ink / 255.0);
        Some(mesh.at(place, exact).map(|code| rounded(code * 255.0)))
    }
}

fn rounded(level: f32) -> u8 {
    super::lanes::round_one(level)
}

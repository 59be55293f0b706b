//! What a PNG says of its colours (PNG specification, 3rd edition, 11.3.2): `cICP` before `iCCP` before `sRGB` before `gAMA`
//! with `cHRM`.
//!
//! Curves of HDR (PQ and HLG) are not carried out: what comes next in that order counts.

use super::icc::{Curve, Samples};
use super::srgb::{self, Matrix};
use super::{Conversion, LARGEST_PROFILE_BYTES, Meaning, grey, shaped};

/// The bodies of the chunks that are there.
#[derive(Debug, Default)]
pub(in crate::picture) struct PngColours<'a> {
    pub(in crate::picture) cicp: Option<&'a [u8]>,
    pub(in crate::picture) iccp: Option<&'a [u8]>,
    pub(in crate::picture) srgb: Option<&'a [u8]>,
    pub(in crate::picture) gama: Option<&'a [u8]>,
    pub(in crate::picture) chrm: Option<&'a [u8]>,
}

/// IEC 61966-2-1, 5.2, as `parametricCurveType` has it.
const SRGB_CURVE: [f32; 7] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45, 0.0, 0.0];
/// ITU-R BT.709-6, 1.2, likewise, and undone.
const VIDEO_CURVE: [f32; 7] = [1.0 / 0.45, 1.0 / 1.099, 0.099 / 1.099, 1.0 / 4.5, 0.081, 0.0, 0.0];

/// x and y of white, red, green and blue.
type Chromaticities = [[f32; 2]; 4];

const D65: [f32; 2] = [0.3127, 0.329];
const BT709: Chromaticities = [D65, [0.64, 0.33], [0.3, 0.6], [0.15, 0.06]];
const BT2020: Chromaticities = [D65, [0.708, 0.292], [0.17, 0.797], [0.131, 0.046]];
const P3: Chromaticities = [D65, [0.68, 0.32], [0.265, 0.69], [0.15, 0.06]];
const P3_OF_CINEMAS: Chromaticities = [[0.314, 0.351], [0.68, 0.32], [0.265, 0.69], [0.15, 0.06]];

impl PngColours<'_> {
    /// What is to be done to samples of this kind, if anything.
    pub(in crate::picture) fn meaning(&self, samples: Samples) -> Meaning {
        let coded = || self.cicp.and_then(|body| of_cicp(body, samples));
        let profiled = || self.iccp.and_then(|body| Conversion::of_profile(&inflated(body)?, samples));
        let plain = || self.srgb.map(|_| Meaning::Srgb);
        let measured = || self.gama.and_then(|gama| of_gamma(gama, self.chrm, samples));
        coded().or_else(profiled).or_else(plain).or_else(measured).unwrap_or(Meaning::Srgb)
    }
}

/// Behind a name, a zero and the method, which is 0, the profile is packed.
fn inflated(body: &[u8]) -> Option<Vec<u8>> {
    let name = body.iter().take(80).position(|&byte| byte == 0)?;
    let packed = body.get(name + 1..)?.strip_prefix(&[0])?;
    unpacked(packed)
}

/// What zlib makes of it, no more than a profile may be. The room grows by four, so that little is copied or lies idle.
fn unpacked(mut packed: &[u8]) -> Option<Vec<u8>> {
    const FIRST_ROOM: usize = 1 << 14;
    let mut zlib = Box::new(fdeflate::Decompressor::new());
    let (mut out, mut written) = (vec![0; FIRST_ROOM], 0);
    loop {
        let (read, more) = zlib.read(packed, &mut out, written, true).ok()?;
        packed = packed.get(read..)?;
        written += more;
        if zlib.is_done() {
            out.truncate(written);
            return Some(out);
        }
        if written < out.len() || out.len() == LARGEST_PROFILE_BYTES {
            return None;
        }
        let room = (4 * out.len()).min(LARGEST_PROFILE_BYTES);
        out.reserve_exact(room - out.len());
        out.resize(room, 0);
    }
}

/// Code points of ITU-T H.273: primaries, transfer, matrix (none), full range.
fn of_cicp(body: &[u8], samples: Samples) -> Option<Meaning> {
    let &[primaries, transfer, 0, 1] = body else { return None };
    let primaries = match primaries {
        1 => BT709,
        9 => BT2020,
        11 => P3_OF_CINEMAS,
        12 => P3,
        _ => return None,
    };
    let curve = match transfer {
        1 | 6 | 14 | 15 => Curve::Parametric(3, VIDEO_CURVE),
        4 => Curve::power(2.2),
        5 => Curve::power(2.8),
        8 => Curve::Identity,
        13 => Curve::Parametric(3, SRGB_CURVE),
        17 => Curve::power(2.6),
        _ => return None,
    };
    measured(curve, primaries, samples, crc32fast::hash(body))
}

/// A hundred thousandth of what a file's curve is the power of, and chromaticities in such parts.
fn of_gamma(gama: &[u8], chrm: Option<&[u8]>, samples: Samples) -> Option<Meaning> {
    let power = numbers::<1>(gama)?[0];
    // This stands for sRGB's own curve, which is no power.
    let is_srgb = (0.450..=0.460).contains(&power);
    let primaries = chrm
        .and_then(numbers::<8>)
        .map_or(BT709, |[a, b, c, d, e, f, g, h]| [[a, b], [c, d], [e, f], [g, h]]);
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 0.001;
    if is_srgb && primaries.as_flattened().iter().zip(BT709.as_flattened()).all(is_near) {
        return Some(Meaning::Srgb);
    }
    if !(0.1..=10.0).contains(&power) {
        return None;
    }
    let made_of = crc32fast::hash(&[gama, chrm.unwrap_or_default()].concat());
    let curve = if is_srgb { Curve::Parametric(3, SRGB_CURVE) } else { Curve::power(1.0 / power) };
    measured(curve, primaries, samples, made_of)
}

fn numbers<const N: usize>(body: &[u8]) -> Option<[f32; N]> {
    let (parts, []) = body.as_chunks::<4>() else { return None };
    let parts: [[u8; 4]; N] = parts.try_into().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
    Some(parts.map(|part| u32::from_be_bytes(part) as f32 / 100_000.0))
}

fn measured(curve: Curve, primaries: Chromaticities, samples: Samples, made_of: u32) -> Option<Meaning> {
    let way = match samples {
        Samples::Grey => grey(|x| curve.at(&[], x)),
        Samples::Rgb => shaped(&[curve; 3], &[], under_d50(primaries)?),
        Samples::Cmyk => return None,
    };
    Some(Conversion { made_of, way }.meaning())
}

/// XYZ of red, green and blue that add up to white, adapted to D50 by Bradford's method.
fn under_d50([white, primaries @ ..]: Chromaticities) -> Option<[[f32; 3]; 3]> {
    const BRADFORD: Matrix =
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];
    let xyz = |[x, y]: [f32; 2]| (y > 1e-4).then(|| [x / y, 1.0, (1.0 - x - y) / y]);
    let white = xyz(white)?;
    let [r, g, b] = [xyz(primaries[0])?, xyz(primaries[1])?, xyz(primaries[2])?];
    let rows = [[r[0], g[0], b[0]], [r[1], g[1], b[1]], [r[2], g[2], b[2]]];
    let shares = srgb::multiply(&srgb::inverse(&rows)?, white);
    let (from, to) = (srgb::multiply(&BRADFORD, white), srgb::multiply(&BRADFORD, srgb::D50));
    if from.iter().any(|cone| *cone <= 1e-3) {
        return None;
    }
    let scale = [[to[0] / from[0], 0.0, 0.0], [0.0, to[1] / from[1], 0.0], [0.0, 0.0, to[2] / from[2]]];
    let adapt = srgb::product(&srgb::inverse(&BRADFORD)?, &srgb::product(&scale, &BRADFORD));
    let adapted = |xyz: [f32; 3], share: f32| srgb::multiply(&adapt, xyz.map(|number| number * share));
    Some([adapted(r, shares[0]), adapted(g, shares[1]), adapted(b, shares[2])])
}

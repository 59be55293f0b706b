//! PNG, by the `png` crate: with a palette where a picture has few colours or shall have few, grey where it is grey, true
//! colour otherwise.

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

use super::{EncodeError, Encoding};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::palette::{self, Alpha, Dither, Histogram, MOST_COLOURS, Palette};
use crate::picture::{Channels, Picture};

/// Of so many bytes a better compression than the fastest can be waited for.
const PATIENT_BYTES: usize = 600_000;

/// Greys of more levels than this are written as such, for filters to work on.
const MOST_PALETTE_GREYS: usize = 16;

pub(super) fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let size = picture.size();
    match palette::exact(picture, MOST_COLOURS) {
        Some((palette, indices)) if !wants_grey(&palette) => indexed(size, &palette, indices),
        Some(_) => write(size, ColorType::Grayscale, &greys(picture)),
        None if encoding.few_colours => {
            let (palette, indices) = reduce(picture, encoding.quality);
            indexed(size, &palette, indices)
        }
        None => match picture.channels() {
            Channels::Rgb => write(size, ColorType::Rgb, picture.samples()),
            Channels::Rgba => write(size, ColorType::Rgba, picture.samples()),
        },
    }
}

/// The palette of a quality, and each pixel's place in it.
fn reduce(picture: &Picture, quality: u8) -> (Palette, Vec<u8>) {
    let mut histogram = Histogram::new(Alpha::Kept);
    histogram.add(picture);
    let palette = histogram.palette(most_colours(quality), enough(quality));
    drop(histogram);
    let indices = palette::remap(picture, &palette, Dither::Diffused);
    (palette, indices)
}

/// All there may be from a quality of 75 on, 16 at the lowest.
fn most_colours(quality: u8) -> usize {
    16 + (MOST_COLOURS - 16) * usize::from(quality.min(75)) / 75
}

/// No nearer than this, in levels of brightness, need colours come in the mean.
fn enough(quality: u8) -> f32 {
    f32::from(100 - quality.min(100)) * 0.04
}

/// Whether this is grey with too many levels for indices to be as good.
fn wants_grey(palette: &Palette) -> bool {
    let is_grey = |&[r, g, b, a]: &[u8; 4]| r == g && g == b && a == 255;
    palette.colours().len() > MOST_PALETTE_GREYS && palette.colours().iter().all(is_grey)
}

fn greys(picture: &Picture) -> Vec<u8> {
    picture.samples().iter().step_by(picture.channels().count()).copied().collect()
}

/// Eight bits a sample.
fn write(size: Size, colour: ColorType, samples: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let compression = if samples.len() <= PATIENT_BYTES {
        DeflateCompression::Level(4)
    } else {
        DeflateCompression::FdeflateUltraFast
    };
    finish(size, samples, |encoder| {
        encoder.set_color(colour);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_filter(Filter::Adaptive);
        encoder.set_deflate_compression(compression);
    })
}

fn indexed(size: Size, palette: &Palette, indices: Vec<u8>) -> Result<Vec<u8>, EncodeError> {
    let colours = palette.colours();
    let depth = match colours.len() {
        ..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    // Alpha is told up to the last that is translucent.
    let translucent = colours.iter().rposition(|colour| colour[3] < 255).map_or(0, |last| last + 1);
    let alphas: Vec<u8> = colours.iter().take(translucent).map(|colour| colour[3]).collect();
    let entries: Vec<u8> = colours.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    let samples = packed(indices, size, depth as u8);
    finish(size, &samples, |encoder| {
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(depth);
        encoder.set_palette(entries);
        if !alphas.is_empty() {
            encoder.set_trns(alphas);
        }
        // Neighbours in a palette need not be alike.
        encoder.set_filter(Filter::NoFilter);
        encoder.set_deflate_compression(DeflateCompression::Level(6));
    })
}

/// Indices of so many bits, the first in the highest, every row in bytes of its own.
fn packed(indices: Vec<u8>, size: Size, bits: u8) -> Vec<u8> {
    if bits == 8 {
        return indices;
    }
    let join = |some: &[u8]| {
        let all = some.iter().fold(0_u8, |byte, index| byte << bits | index);
        let missing = usize::from(8 / bits).saturating_sub(some.len());
        u8::try_from(usize::from(all) << (missing * usize::from(bits)) & 255).unwrap_or_default()
    };
    let rows = indices.chunks_exact(size.width.max(1) as usize);
    rows.flat_map(|row| row.chunks(usize::from(8 / bits)).map(join)).collect()
}

fn finish(
    size: Size,
    samples: &[u8],
    set: impl FnOnce(&mut Encoder<'_, &mut Vec<u8>>),
) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: png::EncodingError| EncodeError::new(Format::Png, &error);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, size.width, size.height);
    set(&mut encoder);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(samples).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

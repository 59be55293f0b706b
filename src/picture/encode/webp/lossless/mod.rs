//! VP8L (RFC 9649, section 3): pictures without loss, with a palette where they have few colours, foretold from their
//! neighbours where they are like photographs, and as they are where they are drawn. What is shortest is taken.
//!
//! Not here: several codes in one picture, and red and blue foretold by factors of green.

mod bits;
mod copies;
mod foretold;
mod image;
mod indexed;
mod near;
mod prefix;

use self::bits::BitWriter;
use self::image::{Caches, Image};
use self::indexed::Indexed;
pub(super) use self::near::bits as lost_bits;
use crate::geometry::Size;
use crate::picture::{Channels, Picture};

/// Longer sides cannot be told.
pub(super) const LONGEST_SIDE: u32 = 16_384;

/// Larger pictures are not tried in several ways.
const MOST_TRIED: u64 = 2_500_000;

/// About the bits of a pixel that stands by itself.
const COLOUR_BITS: usize = 11;
const LEVEL_BITS: usize = 5;

/// With so few colours nothing is tried beside the palette.
const FEW_COLOURS: usize = 16;

/// The kinds of transforms (section 3.4).
const FORETOLD: u32 = 0;
const LESS_GREEN: u32 = 2;
const INDEXED: u32 = 3;

/// Bytes held while a picture whose pixels have so many samples is coded, with its file, and with what comes of another way
/// meanwhile.
pub(super) fn held_bytes(size: Size, samples: u64) -> u64 {
    const PIXEL: u64 = size_of::<u32>() as u64;
    let area = size.area();
    // Samples that are all as likely take a little more than a byte each.
    let coded = area * samples * 17 / 16;
    // Of a palette a byte, and of what was drawn no more than two thirds.
    let kept = if area <= MOST_TRIED { (coded * 2 / 3).max(area * 17 / 16) } else { 0 };
    let looked_at = area * PIXEL + copies::held_bytes(area);
    (kept + looked_at.max(area * PIXEL + area * 3 / 2 + coded)).max(2 * coded)
}

/// What begins a picture and alpha does without: signature, sides, and whether anything is translucent.
pub(super) fn header(picture: &Picture) -> [u8; 5] {
    let Size { width, height } = picture.size();
    let alpha = u32::from(picture.channels() == Channels::Rgba);
    let sides = width.saturating_sub(1) & 0x3FFF | (height.saturating_sub(1) & 0x3FFF) << 14;
    let [a, b, c, d] = (sides | alpha << 28).to_le_bytes();
    [0x2F, a, b, c, d]
}

/// The picture behind its header, each sample up to half of `1 << bits` off where it would not be seen.
pub(super) fn colours(picture: &Picture, bits: u32) -> Vec<u8> {
    let size = picture.size();
    let pixels = pixels(picture);
    if bits == 0 {
        return code(pixels, size, true);
    }
    let mut rounded: Vec<u32> = pixels.collect();
    near::round(&mut rounded, size.width as usize, bits);
    code(rounded.iter().copied(), size, true)
}

/// Alpha, as if it were green.
pub(super) fn alpha(picture: &Picture) -> Vec<u8> {
    let level = |alpha: &u8| u32::from_le_bytes([0, *alpha, 0, 255]);
    code(picture.samples().iter().skip(3).step_by(4).map(level), picture.size(), false)
}

/// Whether a picture was drawn rather than taken, as far as can be told soon: half of its pixels are as those before them.
pub(super) fn is_drawn(picture: &Picture) -> bool {
    may_be_drawn(picture.size()) && alike(pixels(picture), 2)
}

/// Whether a picture of this size is small enough to be looked at.
pub(super) fn may_be_drawn(size: Size) -> bool {
    size.area() <= MOST_TRIED
}

/// Whether one pixel of so many is as the one before.
fn alike(pixels: impl Iterator<Item = u32> + Clone, of: usize) -> bool {
    let (mut count, mut alike) = (1, 0);
    for (pixel, next) in pixels.clone().zip(pixels.skip(1)) {
        count += 1;
        alike += usize::from(pixel == next);
    }
    of * alike >= count
}

fn pixels(picture: &Picture) -> impl Iterator<Item = u32> + Clone {
    picture.samples().chunks_exact(picture.channels().count()).map(|pixel| match *pixel {
        [r, g, b] => u32::from_le_bytes([b, g, r, 255]),
        [r, g, b, a] => u32::from_le_bytes([b, g, r, a]),
        _ => 0,
    })
}

fn code(pixels: impl Iterator<Item = u32> + Clone, size: Size, has_colours: bool) -> Vec<u8> {
    let is_tried = size.area() <= MOST_TRIED;
    if let Some(indexed) = Indexed::of(pixels.clone(), size) {
        let file = with_palette(&indexed, size);
        if indexed.palette.len() <= FEW_COLOURS || !is_tried {
            return file;
        }
        drop(indexed);
        return shorter(file, foretold(pixels.collect(), size, has_colours));
    }
    let is_drawn = is_tried && alike(pixels.clone(), 3);
    let file = is_drawn.then(|| plain(&pixels.clone().collect::<Vec<_>>(), size, has_colours));
    let other = foretold(pixels.collect(), size, has_colours);
    match file {
        Some(file) => shorter(file, other),
        None => other,
    }
}

fn shorter(one: Vec<u8>, other: Vec<u8>) -> Vec<u8> {
    if other.len() < one.len() { other } else { one }
}

fn with_palette(indexed: &Indexed, size: Size) -> Vec<u8> {
    let mut writer = BitWriter::default();
    transform(INDEXED, &mut writer);
    writer.put(u32::try_from(indexed.palette.len() - 1).unwrap_or_default(), 8);
    let palette = indexed.differences();
    Image::new(&palette, palette.len(), COLOUR_BITS, Caches::None).write(false, &mut writer);
    writer.put(0, 1);
    let width = indexed.width(size);
    Image::new(&indexed.indices, width, LEVEL_BITS, Caches::None).write(true, &mut writer);
    writer.finish()
}

fn plain(pixels: &[u32], size: Size, has_colours: bool) -> Vec<u8> {
    let mut writer = BitWriter::default();
    writer.put(0, 1);
    picture(pixels, size, has_colours, &mut writer);
    writer.finish()
}

fn foretold(mut pixels: Vec<u32>, size: Size, has_colours: bool) -> Vec<u8> {
    let mut writer = BitWriter::default();
    if has_colours {
        transform(LESS_GREEN, &mut writer);
        for pixel in &mut pixels {
            *pixel = less_green(*pixel);
        }
    }
    transform(FORETOLD, &mut writer);
    writer.put(foretold::SQUARE_BITS - 2, 3);
    let modes = foretold::subtract(&mut pixels, size);
    let modes: Vec<u32> = modes.into_iter().map(|mode| u32::from_le_bytes([0, mode, 0, 255])).collect();
    let across = size.width.div_ceil(1 << foretold::SQUARE_BITS) as usize;
    Image::new(&modes, across, LEVEL_BITS, Caches::None).write(false, &mut writer);
    writer.put(0, 1);
    picture(&pixels, size, has_colours, &mut writer);
    writer.finish()
}

fn picture(pixels: &[u32], size: Size, has_colours: bool, writer: &mut BitWriter) {
    let (bits, caches) = if has_colours { (COLOUR_BITS, Caches::Tried) } else { (LEVEL_BITS, Caches::None) };
    Image::new(pixels, size.width as usize, bits, caches).write(true, writer);
}

fn transform(kind: u32, writer: &mut BitWriter) {
    writer.put(1, 1);
    writer.put(kind, 2);
}

#[inline]
fn less_green(pixel: u32) -> u32 {
    let [_, green, ..] = pixel.to_le_bytes();
    foretold::minus(pixel, u32::from_le_bytes([green, 0, green, 0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::picture::encode::jpeg::tests::Dice;
    use crate::picture::encode::{Encoding, encode};

    /// What another decoder makes of a file.
    fn decoded(picture: &Picture) -> Vec<u8> {
        let file = encode(picture, Encoding::new(Format::Webp, 100)).unwrap();
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(file)).unwrap();
        assert_eq!(decoder.dimensions(), (picture.size().width, picture.size().height));
        assert_eq!(decoder.has_alpha(), picture.channels() == Channels::Rgba);
        let mut samples = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut samples).unwrap();
        samples
    }

    #[test]
    fn every_kind_of_picture_comes_back() {
        let mut dice = Dice(0x5EED);
        let sides = [(1, 1), (2, 3), (1, 300), (300, 1), (17, 33), (64, 48), (200, 150), (16, 16)];
        for (round, (width, height)) in sides.into_iter().cycle().take(64).enumerate() {
            let channels = if round % 3 == 0 { Channels::Rgba } else { Channels::Rgb };
            // One colour, two, a few, many, noise; in runs of several lengths and with what was before.
            let colours = [1, 2, 4, 15, 17, 200, 256, 2_000][round / 8];
            let run = [1, 2, 40][round % 3];
            let mut palette: Vec<[u8; 4]> = Vec::new();
            palette.resize_with(colours, || [dice.byte(), dice.byte(), dice.byte(), dice.byte()]);
            let mut pixel = palette[0];
            let mut samples = Vec::new();
            for _ in 0..width * height {
                if usize::from(dice.byte()) * run < 256 {
                    pixel = palette[(usize::from(dice.byte()) << 8 | usize::from(dice.byte())) % colours];
                }
                samples.extend_from_slice(&pixel[..channels.count()]);
            }
            let picture = Picture::new(Size::new(width, height), channels, samples).unwrap();
            assert!(decoded(&picture) == picture.samples(), "{width}x{height}, {colours} colours, {run}");
        }
    }

    #[test]
    fn slopes_and_copies_come_back() {
        let size = Size::new(300, 200);
        let of = |pixel: &dyn Fn(u32, u32) -> [u32; 3]| {
            let at = |at: u32| pixel(at % 300, at / 300).map(|sample| sample.to_le_bytes()[0]);
            Picture::new(size, Channels::Rgb, (0..300 * 200).flat_map(at).collect()).unwrap()
        };
        let slope = of(&|x, y| [x + y, 2 * x, 300 - y]);
        let tiles = of(&|x, y| [x % 31 * y % 37, x % 31, y % 37].map(|sample| sample * 5));
        for (picture, most) in [(slope, 12_000), (tiles, 9_000)] {
            assert!(decoded(&picture) == picture.samples());
            let length = encode(&picture, Encoding::new(Format::Webp, 100)).unwrap().len();
            assert!(length < most, "{length}");
        }
    }
}

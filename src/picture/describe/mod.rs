//! What a picture looks like, in a few bytes: its colours, a thumbnail of some 25 bytes or letters, a hash of its looks.
//!
//! Works on a small frame, which has all that matters here: see [`SIDE`]. Nothing here names colours or things.

mod area;
mod blurhash;
mod colours;
mod hash;
mod salience;

pub use colours::{Palette, Swatch};
pub use salience::Salience;

use self::area::Small;
use super::Picture;

/// The longest side of a frame that is worth describing: thumbhashes are made of no larger ones, and of more pixels
/// nothing else here becomes better.
pub const SIDE: u32 = 100;

/// The longest side of a picture that only stands for another while that comes.
pub const TINY_SIDE: u32 = 24;

/// What a picture looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its colours; nothing where all of it is transparent.
    pub palette: Option<Palette>,
    /// A thumbnail, as <https://evanw.github.io/thumbhash/> describes.
    pub thumbhash: Vec<u8>,
    /// A hash that pictures of the same looks share but for a few bits, however large they are and however they were
    /// compressed; nothing where there is next to nothing to be seen, as all such pictures would look alike.
    pub perceptual_hash: Option<u64>,
}

/// Describes a picture. Larger ones than of [`SIDE`] are shrunk first.
pub fn describe(picture: &Picture) -> Description {
    let small = area::within(picture, SIDE);
    Description {
        palette: Palette::of(&small),
        thumbhash: thumbhash_of(&small),
        perceptual_hash: hash::perceptual(&small),
    }
}

/// The thumbnail alone.
pub fn thumbhash(picture: &Picture) -> Vec<u8> {
    thumbhash_of(&area::within(picture, SIDE))
}

/// A thumbnail as `BlurHash` describes it.
pub fn blurhash(picture: &Picture) -> String {
    blurhash::of(&area::within(picture, SIDE))
}

/// What of it draws the eye.
pub fn salience(picture: &Picture) -> Salience {
    Salience::of(&area::within(picture, SIDE))
}

/// Red, green and blue as CSS has them.
pub fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn thumbhash_of(small: &Small) -> Vec<u8> {
    thumbhash::rgba_to_thumb_hash(small.width, small.height, small.pixels.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    fn painted(width: u32, height: u32, paint: impl Fn(f32, f32) -> [u8; 3]) -> Picture {
        let at = |index: u32, side: u32| {
            (f32::from(u16::try_from(index).unwrap()) + 0.5) / f32::from(u16::try_from(side).unwrap())
        };
        let pixel = |y| (0..width).flat_map(move |x| [x, y]);
        let places: Vec<u32> = (0..height).flat_map(pixel).collect();
        let samples = places.chunks(2).flat_map(|xy| paint(at(xy[0], width), at(xy[1], height))).collect();
        Picture::new(Size::new(width, height), Channels::Rgb, samples).unwrap()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
    fn waves(a: f32, b: f32) -> impl Fn(f32, f32) -> [u8; 3] {
        move |x, y| {
            let light = 128.0 + 60.0 * (a * x + 0.4).sin() + 60.0 * (b * y - a * x * y).cos();
            [light as u8, (light * 0.8) as u8, (255.0 - light) as u8]
        }
    }

    #[test]
    fn the_same_looks_hash_alike_at_any_size() {
        let hash = |picture: &Picture| describe(picture).perceptual_hash.unwrap();
        let original = hash(&painted(100, 75, waves(5.0, 9.0)));
        for (width, height) in [(64, 48), (50, 38), (90, 68), (400, 300)] {
            let other = hash(&painted(width, height, waves(5.0, 9.0)));
            assert!((original ^ other).count_ones() <= 6, "{width}×{height}: {original:x} {other:x}");
        }
        let different = hash(&painted(100, 75, waves(-14.0, 3.0)));
        assert!((original ^ different).count_ones() > 20, "{original:x} {different:x}");
    }

    #[test]
    fn compressed_or_brightened_it_still_hashes_alike() {
        let plain = painted(100, 75, waves(7.0, 6.0));
        let samples = plain.samples().iter().enumerate();
        let noisy = samples
            .map(|(index, sample)| (sample & !7).saturating_add((index % 5).to_le_bytes()[0] + 6))
            .collect();
        let noisy = Picture::new(plain.size(), plain.channels(), noisy).unwrap();
        let hashes = [&plain, &noisy].map(|picture| describe(picture).perceptual_hash.unwrap());
        assert!((hashes[0] ^ hashes[1]).count_ones() <= 6, "{hashes:x?}");
    }

    #[test]
    fn what_shows_nothing_has_no_hash_and_one_colour() {
        let flat = Picture::filled(Size::new(30, 20), Channels::Rgb, [200, 100, 50, 255]);
        let description = describe(&flat);
        assert_eq!(description.perceptual_hash, None);
        let palette = description.palette.unwrap();
        assert_eq!((palette.average, palette.dominant()), ([200, 100, 50], Some([200, 100, 50])));
        assert_eq!(palette.swatches.len(), 1);
        let clear = Picture::filled(Size::new(3, 2), Channels::Rgba, [200, 100, 50, 0]);
        assert_eq!(describe(&clear).palette, None);
    }

    #[test]
    fn a_thumbhash_can_be_read_again() {
        // From left to right black to red, no alpha: what the reference makes of it has that average.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
        let ramp = painted(100, 50, |x, _| [(255.0 * x) as u8, 0, 0]);
        let hash = describe(&ramp).thumbhash;
        assert!(hash.len() <= 25, "{} bytes", hash.len());
        let (r, g, b, a) = thumbhash::thumb_hash_to_average_rgba(&hash).unwrap();
        assert!((r - 0.5).abs() < 0.05 && g < 0.05 && b < 0.05 && (a - 1.0).abs() < 0.01, "{r} {g} {b} {a}");
    }
}

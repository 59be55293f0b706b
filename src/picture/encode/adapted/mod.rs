//! The quality that makes a picture look as good as was asked for, whatever the picture: a few tries on a part of it, each
//! decoded again and compared with what it was made of.
//!
//! AVIF is not decoded here: it has the quality that a WebP takes, by which its own quantisers were chosen.

mod likeness;
mod planes;
mod sample;

use self::likeness::{Plane, Weights, score};
use self::planes::{decoded, original};
use super::{EncodeError, Encoding, jpeg, webp};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::ycc::Range;
use crate::picture::{Channels, Picture, budget};

/// How good a picture shall look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Hardly to be told from the original.
    High,
    /// A little less.
    MediumHigh,
    /// Visibly less.
    MediumLow,
    /// Small above all.
    Low,
}

/// So often a part of the picture is encoded at most.
pub(crate) const MOST_TRIES: u64 = 4;

/// Qualities that are taken: below there is little left to save, above little to see.
pub(crate) const QUALITIES: (u8, u8) = (10, 96);

/// How much a step of quality scores, about, until it is known better, and at the least and the most.
const SLOPE: f32 = 0.5;
const SLOPES: (f32, f32) = (0.15, 2.0);

/// No more tries where the score is as near as this.
const NEAR: f32 = 0.4;

impl Level {
    /// What SSIMULACRA2 shall say, about.
    fn score(self) -> f32 {
        match self {
            Self::High => 81.0,
            Self::MediumHigh => 74.0,
            Self::MediumLow => 67.0,
            Self::Low => 60.0,
        }
    }
}

/// The encoding with the quality that its level takes.
pub(super) fn settled(picture: &Picture, encoding: Encoding) -> Result<Encoding, EncodeError> {
    let Some(level) = encoding.level.filter(|_| !encoding.is_lossless_webp()) else { return Ok(encoding) };
    let quality = match Trial::of(picture, encoding.format) {
        Some(trial) => trial.find(encoding.quality, level.score())?,
        None => encoding.quality,
    };
    Ok(Encoding { quality, level: None, ..encoding })
}

/// The size of what is tried.
pub(crate) fn sampled(size: Size) -> Size {
    sample::size(size)
}

/// Bytes held while a quality is found, without the frame: what is tried, its planes at all scales, and its file or
/// what that is decoded to.
pub(crate) fn held_bytes(size: Size, format: Format) -> u64 {
    let size = sampled(size);
    let tried = if format == Format::Jpeg { Format::Jpeg } else { Format::Webp };
    let most = Encoding::new(tried, QUALITIES.1);
    budget::frame(size, Channels::Rgb)
        + 4 * budget::planes(size)
        + budget::encoding(size, Channels::Rgb, most)
}

/// Tries on a part of a picture.
struct Trial {
    sample: Picture,
    original: [Vec<Plane>; 3],
    format: Format,
    weights: &'static Weights,
}

impl Trial {
    /// Nothing for formats without qualities.
    fn of(picture: &Picture, format: Format) -> Option<Self> {
        let (tried, range, weights) = match format {
            Format::Jpeg => (Format::Jpeg, Range::Full, &likeness::JPEG),
            Format::Webp | Format::Avif => (Format::Webp, Range::Video, &likeness::WEBP),
            Format::Png | Format::Gif | Format::Svg => return None,
        };
        let sample = sample::sample(picture)?;
        let original = original(&sample, range).map(Plane::scales);
        Some(Self { sample, original, format: tried, weights })
    }

    /// The quality that scores so much, beginning with a guess.
    fn find(&self, guess: u8, wanted: f32) -> Result<u8, EncodeError> {
        let mut search = Search::new(guess, wanted);
        for _ in 0..MOST_TRIES {
            let quality = search.next();
            let Some(score) = self.score(quality)? else { return Ok(guess) };
            if !search.learn(quality, score) {
                break;
            }
        }
        Ok(search.next())
    }

    /// What a quality scores; nothing where the file cannot be looked at.
    fn score(&self, quality: u8) -> Result<Option<f32>, EncodeError> {
        let encoding = Encoding { progressive: false, ..Encoding::new(self.format, quality) };
        let file = match self.format {
            Format::Jpeg => jpeg::encode(&self.sample, encoding)?,
            _ => webp::lossy(&self.sample, quality)?,
        };
        Ok(decoded(&file).map(|made| score(&self.original, made, self.weights)))
    }
}

/// Which quality to try next: on the line through the last two.
struct Search {
    wanted: f32,
    next: f32,
    /// The last quality, and its score.
    last: Option<(f32, f32)>,
}

impl Search {
    fn new(guess: u8, wanted: f32) -> Self {
        Self { wanted, next: f32::from(guess), last: None }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 10 and 96")]
    fn next(&self) -> u8 {
        self.next.clamp(f32::from(QUALITIES.0), f32::from(QUALITIES.1)).round() as u8
    }

    /// Whether to try again.
    fn learn(&mut self, quality: u8, score: f32) -> bool {
        let own = (f32::from(quality), score);
        let slope = self
            .last
            .filter(|last| (last.0 - own.0).abs() >= 1.0)
            .map_or(SLOPE, |last| ((own.1 - last.1) / (own.0 - last.0)).clamp(SLOPES.0, SLOPES.1));
        self.last = Some(own);
        self.next = own.0 + (self.wanted - score) / slope;
        (self.wanted - score).abs() > NEAR && self.next() != quality
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture that is the busier the larger `by` is.
    fn waves(size: Size, by: f32) -> Picture {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 17 to 238")]
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let samples = (0..size.height).flat_map(|y| {
            (0..size.width).flat_map(move |x| {
                let (x, y) = (x as f32 * by, y as f32 * by);
                [0.11, 0.17, 0.23].map(|by| {
                    (127.5 + 80.0 * (x * by).sin() * (y * 0.13).cos() + 30.0 * (x * y * 0.01).sin()) as u8
                })
            })
        });
        Picture::new(size, Channels::Rgb, samples.collect()).unwrap()
    }

    fn quality(picture: &Picture, format: Format, level: Level) -> u8 {
        let asked = Encoding { level: Some(level), ..Encoding::new(format, 70) };
        let settled = settled(picture, asked).unwrap();
        assert_eq!(settled, Encoding::new(format, settled.quality));
        settled.quality
    }

    #[test]
    fn better_levels_take_higher_qualities_that_follow_the_picture() {
        let levels = [Level::Low, Level::MediumLow, Level::MediumHigh, Level::High];
        for format in [Format::Jpeg, Format::Webp, Format::Avif] {
            let of = |picture: &Picture| levels.map(|level| quality(picture, format, level));
            let (calm, busy) = (of(&waves(Size::new(320, 240), 0.4)), of(&waves(Size::new(320, 240), 3.0)));
            for qualities in [calm, busy] {
                assert!(qualities.is_sorted() && qualities[0] < qualities[3], "{format:?} {qualities:?}");
                assert!(qualities.iter().all(|quality| (QUALITIES.0..=QUALITIES.1).contains(quality)));
            }
            assert_ne!(calm, busy, "{format:?}");
        }
    }

    #[test]
    fn what_was_found_scores_what_was_wanted() {
        let picture = waves(Size::new(320, 240), 1.5);
        for format in [Format::Jpeg, Format::Webp] {
            for level in [Level::Low, Level::MediumLow, Level::MediumHigh] {
                let found = quality(&picture, format, level);
                let score = Trial::of(&picture, format).unwrap().score(found).unwrap().unwrap();
                let is_end = found == QUALITIES.0 || found == QUALITIES.1;
                assert!(
                    is_end || (score - level.score()).abs() < 2.5,
                    "{format:?} {level:?} {found}: {score}"
                );
            }
        }
    }

    #[test]
    fn the_smallest_and_formats_without_qualities_are_no_trouble() {
        for size in [Size::new(1, 1), Size::new(3, 5), Size::new(1, 900)] {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let picture = Picture::filled(size, channels, [9, 8, 7, 100]);
                for format in [Format::Jpeg, Format::Webp, Format::Avif] {
                    quality(&picture, format, Level::High);
                }
                assert_eq!(quality(&picture, Format::Png, Level::High), 70);
            }
        }
    }
}

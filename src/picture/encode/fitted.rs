//! The highest quality with which a file is no longer than somebody said.

use super::{EncodeError, Encoding, Loss, adapted, encode};
use crate::format::Format;
use crate::picture::Picture;

/// So often a picture is encoded at most: enough to come within two of the highest quality that fits.
pub const MOST_TRIES: u64 = 8;

/// Encodes a frame, with a lower quality than was asked for where the file would have more bytes than `most_bytes`.
pub fn encode_fitted(picture: &Picture, encoding: Encoding, most_bytes: u32) -> Result<Vec<u8>, EncodeError> {
    let encoding = adapted::settled(picture, encoding)?;
    fitted(encoding, most_bytes, |encoding| encode(picture, encoding))
}

/// The same of whatever makes a file with an encoding.
pub fn fitted<E: From<EncodeError>>(
    mut encoding: Encoding,
    most_bytes: u32,
    make: impl Fn(Encoding) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
    let mut search = Search::new(encoding.quality);
    let mut best = None;
    for _ in 0..MOST_TRIES {
        let Some(quality) = search.next else { break };
        let file = make(Encoding { quality, ..encoding })?;
        let fits = file.len() <= most;
        if !has_qualities(encoding) && !fits {
            break;
        }
        // What loses nothing is as long at every quality.
        if encoding.may_lose_nothing() {
            encoding.loss = Loss::ByQuality;
        }
        search.learn(quality, fits, file.len(), most);
        if fits {
            best = Some(file);
        }
    }
    best.ok_or_else(|| EncodeError::NoneFits { most_bytes }.into())
}

/// Whether a lower quality makes a shorter file.
fn has_qualities(encoding: Encoding) -> bool {
    match encoding.format {
        Format::Webp => encoding.loss != Loss::None,
        Format::Jpeg | Format::Avif => true,
        Format::Png | Format::Gif | Format::Svg => false,
    }
}

/// Which quality to try next, between the highest that fits and the lowest that does not.
struct Search {
    fits: u8,
    fails: u8,
    next: Option<u8>,
}

impl Search {
    /// Begins with the quality that was asked for, above which nothing is of use.
    fn new(asked: u8) -> Self {
        Self { fits: 0, fails: asked.saturating_add(1), next: Some(asked) }
    }

    fn learn(&mut self, quality: u8, fits: bool, bytes: usize, most: usize) {
        let is_first = self.fits == 0 && self.fails == quality.saturating_add(1);
        if fits {
            self.fits = quality;
        } else {
            self.fails = quality;
        }
        let between = self.fits + 1..self.fails;
        // Of the first file's length, bytes and quality are about proportional; from then on the half is surer.
        let guess = if is_first && !fits { proportional(quality, bytes, most) } else { self.half() };
        self.next = (!between.is_empty()).then(|| guess.clamp(between.start, between.end - 1));
    }

    fn half(&self) -> u8 {
        self.fits + (self.fails - self.fits) / 2
    }
}

fn proportional(quality: u8, bytes: usize, most: usize) -> u8 {
    u8::try_from(usize::from(quality).saturating_mul(most) / bytes.max(1)).unwrap_or(quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    fn photo() -> Picture {
        let size = Size::new(160, 120);
        let wave = |x: f32, y: f32, by: f32| {
            127.5 + 80.0 * (x * by).sin() * (y * 0.13).cos() + 30.0 * (x * y * 0.01).sin()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 17 to 238")]
        let samples = (0..160_u16 * 120)
            .flat_map(|at| {
                let (x, y) = (f32::from(at % 160), f32::from(at / 160));
                [0.11, 0.17, 0.23].map(|by| wave(x, y, by) as u8)
            })
            .collect();
        Picture::new(size, Channels::Rgb, samples).unwrap()
    }

    #[test]
    fn the_highest_quality_that_fits_is_nearly_found() {
        let photo = photo();
        for format in [Format::Jpeg, Format::Webp] {
            let length = |quality| encode(&photo, Encoding::new(format, quality)).unwrap().len();
            for most in [length(85), length(60) + 7, length(20) + 1, length(3)] {
                let file =
                    encode_fitted(&photo, Encoding::new(format, 85), u32::try_from(most).unwrap()).unwrap();
                let best = (1..=85).rev().find(|quality| length(*quality) <= most).unwrap();
                assert!(
                    file.len() <= most && file.len() >= length(best.saturating_sub(2).max(1)),
                    "{format:?} {most}"
                );
            }
        }
    }

    #[test]
    fn what_fits_as_it_was_asked_for_is_that() {
        let photo = photo();
        for format in [Format::Jpeg, Format::Webp, Format::Png] {
            let encoding = Encoding::new(format, 70);
            let file = encode(&photo, encoding).unwrap();
            let most = u32::try_from(file.len()).unwrap();
            assert!(encode_fitted(&photo, encoding, most).unwrap() == file);
        }
    }

    #[test]
    fn what_never_fits_is_refused() {
        for format in [Format::Jpeg, Format::Webp, Format::Png, Format::Gif] {
            let error = encode_fitted(&photo(), Encoding::new(format, 100), 90).unwrap_err();
            assert_eq!(error, EncodeError::NoneFits { most_bytes: 90 });
        }
    }
}

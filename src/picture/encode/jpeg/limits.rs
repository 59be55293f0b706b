//! How much may be held: what the worst noise takes, and an eighth. Photographs take a quarter of that.

use super::super::EncodeError;
use super::sampling::Sampling;
use super::tokens;
use crate::geometry::Size;
use crate::picture::rows::{Colours, Layout};

/// Bytes of tokens and of the file for a hundred samples, by quality; between them lie straight lines.
///
/// Measured with samples of 0 and 255 by chance, of which the tests repeat some: nothing has more energy, and only a
/// picture made for the purpose has it where it costs more.
const MOST: [(u8, u64, u64); 10] = [
    (1, 64, 16),
    (10, 110, 27),
    (20, 149, 38),
    (40, 184, 52),
    (60, 198, 60),
    (80, 215, 74),
    (90, 226, 87),
    (95, 230, 101),
    (98, 237, 121),
    (100, 243, 130),
];

/// Tokens of the smallest picture, and a piece of the file that is made of them.
const LEAST_TOKEN_BYTES: u64 = 3 * tokens::LEAST_BYTES + 16 * 1_024;

/// The file of the smallest picture: a piece, and headers.
const LEAST_FILE_BYTES: u64 = 24 * 1_024;

/// What tokens, with what is written of them, and the file may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    token_bytes: u64,
    file_bytes: u64,
}

impl Limits {
    /// Those of planes at a quality.
    pub(super) fn of(sampling: &Sampling, quality: u8) -> Self {
        let (tokens, file) = most(quality);
        let samples = sampling.samples();
        Self {
            token_bytes: samples * tokens / 100 + LEAST_TOKEN_BYTES,
            file_bytes: samples * file / 100 + LEAST_FILE_BYTES,
        }
    }

    /// Refuses more tokens than that.
    pub(super) fn check_tokens(&self, bytes: u64) -> Result<(), EncodeError> {
        if bytes > self.token_bytes { Err(self.too_long()) } else { Ok(()) }
    }

    /// Whether there is room for so many bytes of tokens, and for a file of so many.
    pub(super) fn has_room(&self, tokens: u64, file: u64) -> bool {
        tokens <= self.token_bytes && file <= self.file_bytes
    }

    /// Refuses a longer file.
    pub(super) fn check_file(&self, bytes: u64) -> Result<(), EncodeError> {
        if bytes > self.file_bytes { Err(self.too_long()) } else { Ok(()) }
    }

    fn too_long(&self) -> EncodeError {
        EncodeError::TooLong { most_bytes: usize::try_from(self.file_bytes).unwrap_or(usize::MAX) }
    }
}

/// Bytes of tokens and of the file for a hundred samples.
fn most(quality: u8) -> (u64, u64) {
    let quality = quality.clamp(1, 100);
    let lines = MOST.iter().zip(MOST.iter().skip(1));
    let Some((from, to)) = lines.into_iter().find(|(_, to)| quality <= to.0) else { return (243, 130) };
    let between = |a: u64, b: u64| a + (b - a) * u64::from(quality - from.0) / u64::from(to.0 - from.0);
    (between(from.1, to.1), between(from.2, to.2))
}

/// The most that is held, the file among it, while a picture of this size is made with halved chroma. Larger files
/// are refused.
pub fn held_bytes(size: Size, quality: u8) -> u64 {
    held_bytes_of(&Layout::whole(Colours::Rgb, size), quality)
}

/// The same for any layout; nothing for those that are refused.
pub fn held_bytes_of(layout: &Layout, quality: u8) -> u64 {
    let Ok(sampling) = Sampling::of(layout) else { return 0 };
    let strip = |&(size, factors): &(Size, (u8, u8))| {
        let (across, down) = (8 * u32::from(factors.0), 8 * u64::from(factors.1));
        u64::from(size.width.next_multiple_of(across)) * down
    };
    let strips: u64 = sampling.planes.iter().map(strip).sum();
    // Two rows of red, green and blue, two of luma and a half as long of each difference.
    let converter = if layout.colours == Colours::Rgb { u64::from(sampling.size.width + 7) * 9 } else { 0 };
    let limits = Limits::of(&sampling, quality);
    // In the end the file is there in pieces and whole, and the tokens are gone.
    strips + converter + limits.token_bytes.max(2 * limits.file_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Dice, grey};
    use super::*;

    const SIZE: Size = Size { width: 512, height: 512 };

    #[test]
    fn the_worst_noise_fits_and_little_room_is_left() {
        for quality in [1, 5, 10, 15, 30, 50, 70, 80, 85, 90, 93, 97, 99, 100] {
            let mut dice = Dice(1);
            let rows = grey(SIZE, quality, None, || if dice.byte() < 128 { 0 } else { 255 });
            let tokens = rows.state.as_ref().unwrap().token_bytes();
            let file = rows.finish().unwrap().len() as u64;
            let limits = Limits::of(&Sampling { size: SIZE, planes: vec![(SIZE, (1, 1))] }, quality);
            for (taken, limit, least) in
                [(tokens, limits.token_bytes, LEAST_TOKEN_BYTES), (file, limits.file_bytes, LEAST_FILE_BYTES)]
            {
                assert!(taken * 105 / 100 < limit - least, "{quality}: {taken} of {limit}");
                assert!(limit - least < taken * 135 / 100, "{quality}: {taken} of {limit}");
            }
        }
    }

    #[test]
    fn what_outgrows_its_limits_is_refused() {
        let grown = |token_bytes, file_bytes| {
            let mut dice = Dice(1);
            let limits = Limits { token_bytes, file_bytes };
            grey(SIZE, 80, Some(limits), || dice.byte()).finish().map(|file| file.len() as u64)
        };
        let needed = grown(u64::MAX, u64::MAX).unwrap();
        assert_eq!(
            grown(u64::MAX, needed / 2),
            Err(EncodeError::TooLong { most_bytes: usize::try_from(needed / 2).unwrap() })
        );
        // Tokens are three times as long.
        assert!(matches!(grown(2 * needed, u64::MAX), Err(EncodeError::TooLong { .. })));
    }

    #[test]
    fn the_lines_meet_at_the_points() {
        for (quality, tokens, file) in MOST {
            assert_eq!(most(quality), (tokens, file));
        }
        assert!((1..=99).all(|quality| most(quality) <= most(quality + 1)));
    }
}

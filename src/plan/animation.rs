//! What all frames of a source cost.

use super::Plan;
use super::cost::{afford, resampling_bytes};
use super::error::PlanError;
use super::mark::Mark;
use crate::geometry::Size;
use crate::picture::animation::{self, Animation};
use crate::picture::budget::{
    self, LARGEST_ANIMATION_PIXELS, LARGEST_GATHERED_BYTES, LEAST_FRAME_PIXELS, LONGEST_ANIMATION_MS,
};
use crate::picture::decode::Reduction;
use crate::picture::encode::{Encoding, MOST_TRIES};
use crate::picture::probe::Header;
use crate::picture::{Channels, encode};

impl Plan {
    /// Refuses more frames, pixels, time or memory than may be spent on a picture that moves.
    pub(super) fn check_animation(
        &self,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        animation: &Animation,
        encoding: Encoding,
    ) -> Result<(), PlanError> {
        if file_bytes > LARGEST_GATHERED_BYTES {
            return Err(PlanError::FileTooLarge { file_bytes, most_bytes: LARGEST_GATHERED_BYTES });
        }
        let pixels = |size| pixels(animation, size);
        let is_too_long = self.animation_ms(header, animation, encoding) > LONGEST_ANIMATION_MS;
        let most = LARGEST_ANIMATION_PIXELS;
        if is_too_long || pixels(header.size) > most || pixels(self.size) > most {
            return Err(PlanError::TooManyPixels { size: header.size, most });
        }
        let bytes = self.animation_bytes(header, file_bytes, marks, animation, encoding);
        afford(bytes, |needed_mib, most_mib| PlanError::OutputTooLarge {
            size: self.size,
            needed_mib,
            most_mib,
        })
    }

    /// About how many milliseconds all frames take as wasm.
    fn animation_ms(&self, header: &Header, animation: &Animation, encoding: Encoding) -> u64 {
        let tries = if self.most_bytes.is_some() { MOST_TRIES } else { 1 };
        let read_ms = pixels(animation, header.size) * animation::READING_NANOSECONDS / 1_000_000;
        let made_ms = pixels(animation, self.size) * encode::film_nanoseconds(encoding) / 1_000_000;
        tries.saturating_mul(read_ms + made_ms)
    }

    /// Bytes of linear memory that all frames may hold at most: no more than one is there at a time.
    pub(super) fn animation_bytes(
        &self,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        animation: &Animation,
        encoding: Encoding,
    ) -> u64 {
        let channels = if animation.alpha { Channels::Rgba } else { Channels::Rgb };
        let read = Size::new(self.reading.across.count, self.reading.down.count);
        let drawn =
            self.mark_plans(marks).map(|(plan, mark)| (self.mark_bytes(plan, mark), 4 * plan.pixels()));
        // All marks and texts are kept, while each is made only once.
        let layers = drawn.chain(self.texts().map(|plan| (self.writing_bytes(), 4 * plan.style.most_pixels)));
        let (reading, kept) = layers.fold((0, 0), |(most, sum), (read, kept)| (read.max(most), sum + kept));
        let files: u64 = marks.iter().map(|mark| mark.file_bytes).sum();
        let canvas = animation::held_bytes(header)
            + budget::decoding(header, file_bytes, Reduction::NONE)
            + resampling_bytes(&self.reading, header.size, Reduction::NONE);
        // The frame as it was resampled, its part that is made anew, and what the steps make of it.
        let (made, steps) = self.after_steps(channels);
        let read = budget::frame(read, channels);
        let frames = (4 * read.max(budget::frame(self.size, Channels::Rgba))).max(2 * read + steps);
        let film = encode::film_bytes(self.size, made.channels, encoding, animation.frames);
        files + kept + reading.max(canvas + frames + film)
    }
}

/// Pixels of so many frames of a size; very small ones take time, too.
fn pixels(animation: &Animation, size: Size) -> u64 {
    u64::from(animation.frames).saturating_mul(size.area().max(LEAST_FRAME_PIXELS))
}

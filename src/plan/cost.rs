//! What a plan costs, and what costs too much.

use super::error::PlanError;
use super::mark::Mark;
use super::reading::Reading;
use super::{Plan, Step};
use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::budget::{self, LARGEST_SOURCE_PIXELS, LARGEST_TRANSFORM_BYTES};
use crate::picture::encode::Encoding;
use crate::picture::probe::Header;
use crate::recipe::{Colour, LONGEST_SIDE};

impl Plan {
    /// Refuses what costs more than may be spent, and what the format cannot hold.
    pub(super) fn check(
        &self,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
    ) -> Result<(), PlanError> {
        let Some(encoding) = self.encoding else { return Ok(()) };
        let headers = std::iter::once(header).chain(marks.iter().map(|mark| mark.header));
        headers.map(|header| header.size).try_for_each(check_pixels)?;
        check_sides(self.size)?;

        let marks_bytes: u64 = marks.iter().map(|mark| mark.file_bytes).sum();
        let output = marks_bytes + self.output_bytes(header, encoding);
        afford(output, |needed_mib, most_mib| PlanError::OutputTooLarge {
            size: self.size,
            needed_mib,
            most_mib,
        })?;

        let too_large =
            |size| move |needed_mib, most_mib| PlanError::SourceTooLarge { size, needed_mib, most_mib };
        let frame = if encoding.by_rows { budget::planes(self.size) } else { self.read_bytes(header) };
        let reading = file_bytes + marks_bytes + reading_bytes(&self.reading, header) + frame;
        afford(reading, too_large(header.size))?;

        let canvas = budget::frame(self.size, Channels::Rgba);
        self.steps.iter().try_for_each(|step| {
            let Step::Mark(plan) = step else { return Ok(()) };
            let Some(mark) = marks.get(plan.index) else { return Ok(()) };
            let drawn = Size::new(plan.reading.across.count, plan.reading.down.count);
            let drawing =
                canvas + reading_bytes(&plan.reading, mark.header) + budget::frame(drawn, Channels::Rgba);
            afford(marks_bytes + drawing, too_large(mark.header.size))
        })
    }

    /// Bytes of the frame that is read.
    fn read_bytes(&self, header: &Header) -> u64 {
        let read = Size::new(self.reading.across.count, self.reading.down.count);
        budget::frame(read, channels_of(header))
    }

    /// Bytes held once the source is gone: the frame twice over while it is turned or laid on a canvas, or the
    /// frame and what the encoder holds.
    fn output_bytes(&self, header: &Header, encoding: Encoding) -> u64 {
        if encoding.by_rows {
            return budget::encoding(self.size, Channels::Rgb, encoding);
        }
        let channels = self.output_channels(channels_of(header));
        let read = self.read_bytes(header);
        let copies = read + read.max(budget::frame(self.size, channels));
        let encoded = budget::frame(self.size, channels) + budget::encoding(self.size, channels, encoding);
        copies.max(encoded)
    }

    /// What the frame's pixels are made of once every step was taken.
    fn output_channels(&self, read: Channels) -> Channels {
        self.steps.iter().fold(read, |channels, step| match step {
            Step::Flatten(Colour([.., 255])) => Channels::Rgb,
            Step::Pad { colour: Colour([.., alpha]), .. } if *alpha < 255 => Channels::Rgba,
            Step::Flatten(_) | Step::Pad { .. } | Step::Turn(_) | Step::Mark(_) => channels,
        })
    }
}

fn channels_of(header: &Header) -> Channels {
    if header.alpha { Channels::Rgba } else { Channels::Rgb }
}

/// Bytes held while a file is read, without the file itself and what its rows become.
fn reading_bytes(reading: &Reading, header: &Header) -> u64 {
    let reduced = |side: u32| side.div_ceil(reading.reduction.into());
    let size = Size::new(reduced(header.size.width), reduced(header.size.height));
    budget::decoding(header, reading.reduction) + budget::resampling(size, &reading.across, &reading.down)
}

fn afford(bytes: u64, refuse: impl FnOnce(u64, u64) -> PlanError) -> Result<(), PlanError> {
    if bytes <= LARGEST_TRANSFORM_BYTES {
        return Ok(());
    }
    Err(refuse(bytes.div_ceil(1 << 20), LARGEST_TRANSFORM_BYTES >> 20))
}

/// Sides follow from the source where only one was asked for, so the limit of the options does not hold here.
fn check_sides(size: Size) -> Result<(), PlanError> {
    if size.longest() <= LONGEST_SIDE {
        return Ok(());
    }
    Err(PlanError::SideTooLong { size, most: LONGEST_SIDE })
}

fn check_pixels(size: Size) -> Result<(), PlanError> {
    if size.area() <= LARGEST_SOURCE_PIXELS {
        return Ok(());
    }
    Err(PlanError::TooManyPixels { size, most: LARGEST_SOURCE_PIXELS })
}

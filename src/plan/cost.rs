//! What a plan costs, and what costs too much.

use super::error::PlanError;
use super::glance::TELLING_BYTES;
use super::mark::{Mark, MarkPlan};
use super::reading::Reading;
use super::{Plan, Settings, Step, TextPlan, has_chroma};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::budget::{self, LARGEST_GATHERED_BYTES, LARGEST_SOURCE_PIXELS, LARGEST_TRANSFORM_BYTES};
use crate::picture::decode::Reduction;
use crate::picture::encode::Encoding;
use crate::picture::ops::resize::Shape;
use crate::picture::ops::{backdrop, blur, mark, sharpen};
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::Colours;
use crate::picture::svg::{DrawingCost, LARGEST_PAINTED_PIXELS, MOST_EDGE_ROWS, Work};
use crate::picture::{decode, text};
use crate::recipe::{Colour, LONGEST_SIDE};

impl Plan {
    /// Refuses what costs more than may be spent, and what the format cannot hold.
    pub(super) fn check(
        &self,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        settings: Settings,
    ) -> Result<(), PlanError> {
        let headers = std::iter::once(header).chain(marks.iter().map(|mark| mark.header));
        headers.filter(|header| !is_drawing(header)).map(|header| header.size).try_for_each(check_pixels)?;
        check_drawn(&self.reading, header)?;
        self.mark_plans(marks).try_for_each(|(plan, mark)| check_drawn(&plan.reading, mark.header))?;
        if let Some(encoding) = self.encoding {
            check_sides(self.size, encoding, settings)?;
            if let Some(animation) = &self.animation {
                return self.check_animation(header, file_bytes, marks, animation, encoding);
            }
        }
        if decode::is_gathered(header) && file_bytes > LARGEST_GATHERED_BYTES {
            return Err(PlanError::FileTooLarge { file_bytes, most_bytes: LARGEST_GATHERED_BYTES });
        }

        let marks_bytes: u64 = marks.iter().map(|mark| mark.file_bytes).sum();
        afford(marks_bytes + self.output_bytes(header), |needed_mib, most_mib| PlanError::OutputTooLarge {
            size: self.size,
            needed_mib,
            most_mib,
        })?;
        let too_large =
            |size| move |needed_mib, most_mib| PlanError::SourceTooLarge { size, needed_mib, most_mib };
        afford(marks_bytes + self.source_bytes(header, file_bytes), too_large(header.size))?;
        afford(marks_bytes + self.writing_bytes(), |needed_mib, most_mib| PlanError::OutputTooLarge {
            size: self.size,
            needed_mib,
            most_mib,
        })?;
        self.mark_plans(marks).try_for_each(|(plan, mark)| {
            afford(marks_bytes + self.mark_bytes(plan, mark), too_large(mark.header.size))
        })
    }

    /// Bytes of linear memory that carrying this out may hold at most.
    pub fn peak_bytes(&self, header: &Header, file_bytes: u64, marks: &[Mark<'_>]) -> u64 {
        if !self.is_seen {
            return 0;
        }
        if let (Some(animation), Some(encoding)) = (&self.animation, self.encoding) {
            return self.animation_bytes(header, file_bytes, marks, animation, encoding);
        }
        let held: u64 = marks.iter().map(|mark| mark.file_bytes).sum();
        let drawing =
            self.mark_plans(marks).map(|(plan, mark)| self.mark_bytes(plan, mark)).max().unwrap_or(0);
        let source = self.source_bytes(header, file_bytes);
        held + source.max(self.output_bytes(header)).max(drawing).max(self.writing_bytes())
    }

    /// The marks that are drawn.
    pub(super) fn mark_plans<'m>(
        &'m self,
        marks: &'m [Mark<'m>],
    ) -> impl Iterator<Item = (&'m MarkPlan, &'m Mark<'m>)> {
        self.steps.iter().filter_map(|step| match step {
            Step::Mark(plan) => Some((plan, marks.get(plan.index)?)),
            _ => None,
        })
    }

    /// Bytes held while a mark is read and drawn.
    pub(super) fn mark_bytes(&self, plan: &MarkPlan, mark: &Mark<'_>) -> u64 {
        let drawn = plan.pixels() * Channels::Rgba.count() as u64;
        budget::frame(self.size, Channels::Rgba)
            + reading_bytes(&plan.reading, mark.header, mark.file_bytes)
            + drawn
    }

    /// The texts that are written.
    pub(super) fn texts(&self) -> impl Iterator<Item = &TextPlan> {
        self.steps.iter().filter_map(|step| match step {
            Step::Text(plan) => Some(plan),
            _ => None,
        })
    }

    /// Bytes held while the largest of the texts is written.
    pub(super) fn writing_bytes(&self) -> u64 {
        let texts = self.texts().map(|plan| text::held_bytes(plan.style.most_pixels));
        texts.max().map_or(0, |bytes| bytes + budget::frame(self.size, Channels::Rgba))
    }

    /// Bytes held while the source is read.
    fn source_bytes(&self, header: &Header, file_bytes: u64) -> u64 {
        let becomes = match self.on_planes() {
            // The encoder takes rows as they are made.
            Some(planes) if planes.is_nothing() => self.encoding_bytes(self.size, Channels::Rgb),
            Some(_) => self.plane_bytes(header),
            None => self.read_bytes(header),
        };
        reading_bytes(&self.reading, header, file_bytes) + becomes
    }

    /// Bytes held while the file is made, or what is said in its place.
    fn encoding_bytes(&self, size: Size, channels: Channels) -> u64 {
        self.encoding.map_or(TELLING_BYTES, |encoding| budget::encoding(size, channels, encoding))
    }

    /// Bytes of the frame that is read.
    fn read_bytes(&self, header: &Header) -> u64 {
        let read = Size::new(self.reading.across.count, self.reading.down.count);
        budget::frame(read, channels_of(header))
    }

    /// Bytes of the planes that are read to be turned or drawn on; files that have none give whole pixels.
    fn plane_bytes(&self, header: &Header) -> u64 {
        let is_grey = matches!(&header.coding, Coding::Jpeg(coding) if coding.colours == Colours::Grey);
        if (is_grey || has_chroma(header)) && matches!(self.reading.shape, Shape::HalvedYcc { .. }) {
            budget::planes(self.size)
        } else {
            self.read_bytes(header)
        }
    }

    /// Bytes held once the source is gone: what the step holds that holds most, or the frame and what the encoder
    /// holds.
    fn output_bytes(&self, header: &Header) -> u64 {
        if self.on_planes().is_some() {
            let coded =
                self.encoding_bytes(self.size, Channels::Rgb).max(mark::held_on_planes(self.size.width));
            return 2 * self.plane_bytes(header) + coded;
        }
        let (frame, most) = self.after_steps(channels_of(header));
        let encoded = frame.bytes() + self.encoding_bytes(frame.size, frame.channels);
        // The best file so far is held while the next is made.
        most.max(encoded + u64::from(self.most_bytes.unwrap_or(0)))
    }

    /// What becomes of the frame that is read, and what the step holds that holds most.
    pub(super) fn after_steps(&self, channels: Channels) -> (Kind, u64) {
        let size = Size::new(self.reading.across.count, self.reading.down.count);
        self.steps.iter().fold((Kind { size, channels }, 0), |(frame, most), step| {
            let (next, held) = step.cost(frame);
            (next, most.max(held + STEP_BYTES))
        })
    }
}

/// What any step holds beside frames: tables and lists.
const STEP_BYTES: u64 = 1 << 12;

/// What kind of frame there is.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) size: Size,
    pub(super) channels: Channels,
}

impl Kind {
    fn bytes(self) -> u64 {
        budget::frame(self.size, self.channels)
    }
}

impl Step {
    /// What becomes of a frame, and the bytes that are held meanwhile.
    fn cost(&self, frame: Kind) -> (Kind, u64) {
        let Size { width, height } = frame.size;
        let made = |next: Kind| (next, frame.bytes() + next.bytes());
        let in_place = |beside: u64| (frame, frame.bytes() + beside);
        match self {
            Self::Turn(turn) => made(Kind { size: turn.size(frame.size), ..frame }),
            Self::Tilt(tilt) => made(Kind { size: tilt.window.size, channels: Channels::Rgba }),
            Self::Blur { sigma } => in_place(blur::held_bytes(width, height, *sigma)),
            Self::Sharpen { .. } => in_place(sharpen::held_bytes(width)),
            Self::Cut(_) => {
                // And what an outline covers of a row.
                let (next, bytes) = made(Kind { channels: Channels::Rgba, ..frame });
                (next, bytes + 8 * u64::from(width))
            }
            Self::Backdrop { size, .. } => {
                let (next, bytes) = made(Kind { size: *size, channels: Channels::Rgb });
                (
                    next,
                    bytes + backdrop::HELD_BYTES + 16 * u64::from(size.width) + 16 * u64::from(size.height),
                )
            }
            Self::Flatten(Colour([.., 255])) => made(Kind { channels: Channels::Rgb, ..frame }),
            Self::Pad { size, colour: Colour([.., alpha]), .. }
            | Self::Border { size, colour: Colour([.., alpha]), .. } => {
                let channels = if *alpha < 255 { Channels::Rgba } else { frame.channels };
                made(Kind { size: *size, channels })
            }
            Self::Flatten(_) => made(frame),
            Self::Mark(MarkPlan { placing, .. }) | Self::Text(TextPlan { placing, .. })
                if placing.mode.opens() =>
            {
                made(Kind { channels: Channels::Rgba, ..frame })
            }
            #[cfg(feature = "filters")]
            Self::Filter(_) => in_place(0),
            Self::Tone(_) | Self::Pixelate { .. } | Self::Mark(_) | Self::Text(_) => in_place(0),
        }
    }
}

fn channels_of(header: &Header) -> Channels {
    if header.alpha { Channels::Rgba } else { Channels::Rgb }
}

/// Bytes held while a file is read, without what its rows become.
pub(super) fn reading_bytes(reading: &Reading, header: &Header, file_bytes: u64) -> u64 {
    let decoding = budget::decoding(header, file_bytes, reading.reduction);
    let Some(drawn) = reading.drawn else {
        return decoding + resampling_bytes(reading, header.size, reading.reduction);
    };
    decoding
        .saturating_add(drawing_cost(header).map_or(0, |cost| cost.held_bytes(header.size, &drawn)))
        .saturating_add(resampling_bytes(reading, drawn.window.size, reading.reduction))
}

/// Bytes held while rows of a source are resampled; in light, they are made into pixels first.
pub(super) fn resampling_bytes(reading: &Reading, size: Size, reduction: Reduction) -> u64 {
    let Reading { across, down, is_linear, .. } = reading;
    let scaled = budget::resampling(size, across, down, reduction);
    if *is_linear {
        scaled + budget::resampling(size, &across.seen(), &down.seen(), reduction) + LIGHT_BYTES
    } else {
        scaled
    }
}

/// Tables of levels and light.
const LIGHT_BYTES: u64 = 1 << 15;

pub(super) fn afford(bytes: u64, refuse: impl FnOnce(u64, u64) -> PlanError) -> Result<(), PlanError> {
    if bytes <= LARGEST_TRANSFORM_BYTES {
        return Ok(());
    }
    Err(refuse(bytes.div_ceil(1 << 20), LARGEST_TRANSFORM_BYTES >> 20))
}

/// Sides follow from the source where only one was asked for, so the limit of the options does not hold here.
fn check_sides(size: Size, encoding: Encoding, settings: Settings) -> Result<(), PlanError> {
    let most = if encoding.format == Format::Avif { settings.longest_avif_side } else { LONGEST_SIDE };
    if size.longest() <= most {
        return Ok(());
    }
    Err(PlanError::SideTooLong { size, most })
}

/// Refuses what takes too long to be drawn.
pub(super) fn check_drawn(reading: &Reading, header: &Header) -> Result<(), PlanError> {
    let (Some(drawn), Some(cost)) = (reading.drawn, drawing_cost(header)) else { return Ok(()) };
    let Work { painted_pixels, edge_rows } = cost.work(header.size, &drawn);
    let size = drawn.scaled;
    if painted_pixels > LARGEST_PAINTED_PIXELS {
        return Err(PlanError::TooMuchToDraw { size, what: "pixels to cover", most: LARGEST_PAINTED_PIXELS });
    }
    if edge_rows > MOST_EDGE_ROWS {
        return Err(PlanError::TooMuchToDraw { size, what: "rows of edges", most: MOST_EDGE_ROWS });
    }
    Ok(())
}

fn drawing_cost(header: &Header) -> Option<&DrawingCost> {
    match &header.coding {
        Coding::Drawing(cost) => Some(cost),
        _ => None,
    }
}

fn is_drawing(header: &Header) -> bool {
    drawing_cost(header).is_some()
}

pub(super) fn check_pixels(size: Size) -> Result<(), PlanError> {
    if size.area() <= LARGEST_SOURCE_PIXELS {
        return Ok(());
    }
    Err(PlanError::TooManyPixels { size, most: LARGEST_SOURCE_PIXELS })
}

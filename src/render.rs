//! Source bytes and a plan in, answer bytes out. Runs the steps in order and decides nothing.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::format::Format;
use crate::picture::Picture;
use crate::picture::decode::{self, DecodeError};
use crate::picture::encode::jpeg::JpegRows;
use crate::picture::encode::{self, EncodeError};
use crate::picture::ops::resize::Resampler;
use crate::picture::ops::{canvas, mark, turn};
use crate::picture::probe::{Header, ProbeError};
use crate::picture::rows::{Frame, RowSink};
use crate::plan::{Mark, MarkPlan, Plan, Reading, Step};
use crate::recipe::Layer;

/// A picture file and what its header says.
#[derive(Debug)]
pub struct SourceFile {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Its header.
    pub header: Header,
}

impl SourceFile {
    /// A file whose header can be read.
    pub fn read(bytes: Vec<u8>) -> Result<Self, ProbeError> {
        let header = Header::read(&bytes)?;
        Ok(Self { bytes, header })
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// This file as the mark of a layer, for the plan.
    pub fn as_mark<'a>(&'a self, layer: &'a Layer) -> Mark<'a> {
        Mark { layer, header: &self.header, file_bytes: self.file_bytes() }
    }
}

/// Raise this whenever any answer's bytes change for the same plan: it is part of every variant's name.
pub const REVISION: u32 = 1;

/// Why a plan could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A file's pixels are broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The encoder would not take the frame.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A codec panicked: a defect, kept from the neighbours' requests where panics unwind.
    #[error("a panic while rendering: {0}")]
    Panic(String),
    /// The plan speaks of a mark or an encoding that is not there: a defect.
    #[error("the plan does not fit its files")]
    Defect,
}

/// Carries out a plan. The source is let go of as soon as its rows are read.
///
/// The codecs are other people's parsers of hostile bytes: should one panic, this request fails and no other.
pub fn render(source: SourceFile, marks: &[SourceFile], plan: &Plan) -> Result<Vec<u8>, RenderError> {
    // Nothing that the closure touches outlives a panic.
    catch_unwind(AssertUnwindSafe(|| carry_out(source, marks, plan)))
        .unwrap_or_else(|panic| Err(RenderError::Panic(message(panic.as_ref()))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

fn carry_out(source: SourceFile, marks: &[SourceFile], plan: &Plan) -> Result<Vec<u8>, RenderError> {
    let encoding = plan.encoding.ok_or(RenderError::Defect)?;
    if let (true, Some(turn)) = (encoding.by_rows, plan.only_turn()) {
        let rows = read(&source, &plan.reading, JpegRows::new(encoding.quality))?;
        let format = source.header.format;
        drop(source);
        return Ok(rows.finish(turn).ok_or_else(|| too_few_rows(format))??);
    }
    let mut picture = read_frame(&source, &plan.reading)?;
    drop(source);
    for step in &plan.steps {
        picture = take(step, picture, marks)?;
    }
    Ok(encode::encode(&picture, encoding)?)
}

fn take(step: &Step, mut picture: Picture, marks: &[SourceFile]) -> Result<Picture, RenderError> {
    Ok(match step {
        Step::Turn(how) => turn::turn(picture, *how),
        Step::Flatten(colour) => canvas::flatten(picture, colour.0),
        Step::Pad { size, left, top, colour } => canvas::pad(&picture, *size, *left, *top, colour.0),
        Step::Mark(plan) => {
            draw_mark(&mut picture, plan, marks)?;
            picture
        }
    })
}

fn draw_mark(picture: &mut Picture, plan: &MarkPlan, marks: &[SourceFile]) -> Result<(), RenderError> {
    let file = marks.get(plan.index).ok_or(RenderError::Defect)?;
    let frame = turn::turn(read_frame(file, &plan.reading)?, plan.turn);
    mark::draw(picture, &frame, &plan.placing);
    Ok(())
}

/// Decodes and resamples one file into a frame.
fn read_frame(file: &SourceFile, reading: &Reading) -> Result<Picture, DecodeError> {
    read(file, reading, Frame::default())?.finish().ok_or_else(|| too_few_rows(file.header.format))
}

/// Decodes and resamples one file into rows.
fn read<S: RowSink>(file: &SourceFile, reading: &Reading, sink: S) -> Result<S, DecodeError> {
    let mut resampler = Resampler::new(reading.across, reading.down, sink);
    decode::decode(&file.bytes, &file.header, reading.reduction, &mut resampler)?;
    Ok(resampler.into_sink())
}

fn too_few_rows(format: Format) -> DecodeError {
    DecodeError { format: format.name(), reason: "fewer rows than the header promises".to_owned() }
}

//! The steps of a plan, and the files of those that have some: what they make of a frame, and of planes.

use std::rc::Rc;

use super::{RenderError, SourceFile, read_frame};
use crate::geometry::Turn;
use crate::picture::Picture;
use crate::picture::encode::Encoding;
use crate::picture::encode::jpeg::JpegRows;
#[cfg(feature = "filters")]
use crate::picture::ops::filter;
use crate::picture::ops::mark::{self, Placing};
use crate::picture::ops::{backdrop, blur, canvas, mask, pixelate, sharpen, tilt, tone, turn};
use crate::picture::rows::{Layout, RowSink};
#[cfg(feature = "texts")]
use crate::picture::text::{self, Font};
use crate::plan::{MarkPlan, OnPlanes, Step, TextPlan};

/// Marks as they were drawn before, kept by whoever carries out one plan after the other.
pub trait Shelf {
    /// The frame of a mark, if it is there.
    fn find(&self, plan: &MarkPlan) -> Option<Rc<Picture>>;

    /// Keeps the frame of a mark.
    fn keep(&self, plan: &MarkPlan, frame: &Rc<Picture>);
}

/// What a plan draws over its picture: files, in the order of the recipe, and what was made of them before.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) marks: &'a [SourceFile],
    pub(super) fonts: &'a [Vec<u8>],
    pub(super) shelf: Option<&'a dyn Shelf>,
}

/// A step with all that it needs.
pub(super) enum Ready<'a> {
    Plain(&'a Step),
    /// A mark that was read, or a text that was written.
    Layer(Rc<Picture>, &'a Placing),
}

impl<'a> Ready<'a> {
    pub(super) fn new(step: &'a Step, layers: Layers<'_>) -> Result<Self, RenderError> {
        Ok(match step {
            Step::Mark(plan) => Self::Layer(read_mark(plan, layers)?, &plan.placing),
            Step::Text(plan) => Self::Layer(Rc::new(write_text(plan, layers.fonts)?), &plan.placing),
            other => Self::Plain(other),
        })
    }

    pub(super) fn take(&self, picture: Picture) -> Result<Picture, RenderError> {
        match self {
            Self::Plain(step) => plain(step, picture),
            Self::Layer(drawn, placing) => Ok(mark::draw(picture, drawn, placing)),
        }
    }

    /// The same on planes; nothing where it cannot be done to these.
    fn take_on_planes(&self, layout: &Layout, planes: &mut [Vec<u8>]) -> Option<()> {
        match self {
            Self::Plain(_) => None,
            Self::Layer(drawn, placing) => mark::draw_on_planes(layout, planes, drawn, placing),
        }
    }
}

/// What needs no file.
fn plain(step: &Step, picture: Picture) -> Result<Picture, RenderError> {
    Ok(match step {
        Step::Turn(how) => turn::turn(picture, *how),
        Step::Tilt(how) => tilt::tilt(&picture, how),
        Step::Tone(tone) => changed(picture, |picture| tone::adjust(picture, tone)),
        #[cfg(feature = "filters")]
        Step::Filter(look) => changed(picture, |picture| filter::apply(picture, look)),
        Step::Blur { sigma } => changed(picture, |picture| blur::blur(picture, *sigma)),
        Step::Sharpen { amount } => changed(picture, |picture| sharpen::sharpen(picture, *amount)),
        Step::Pixelate { side } => changed(picture, |picture| pixelate::pixelate(picture, *side)),
        Step::Cut(outline) => mask::cut(&picture, *outline),
        Step::Backdrop { size, left, top } => backdrop::lay_on(&picture, *size, *left, *top),
        Step::Flatten(colour) => canvas::flatten(picture, colour.0),
        Step::Pad { size, left, top, colour } => canvas::pad(&picture, *size, *left, *top, colour.0),
        Step::Border { size, left, top, colour } => canvas::surround(&picture, *size, *left, *top, colour.0),
        Step::Mark(_) | Step::Text(_) => return Err(RenderError::Defect),
    })
}

fn changed(mut picture: Picture, change: impl FnOnce(&mut Picture)) -> Picture {
    change(&mut picture);
    picture
}

/// Turns plane by plane, draws on them, and makes a JPEG of them.
pub(super) fn encode_planes(
    (mut layout, mut planes): (Layout, Vec<Vec<u8>>),
    steps: OnPlanes<'_>,
    layers: Layers<'_>,
    encoding: Encoding,
) -> Result<Vec<u8>, RenderError> {
    let samples = layout.colours.samples();
    if steps.turn != Turn::NONE {
        for (plane, rows) in layout.planes.iter_mut().zip(&mut planes) {
            *rows = turn::turn_samples(rows, plane.size, samples, steps.turn);
            plane.size = steps.turn.size(plane.size);
        }
    }
    for step in steps.layers {
        Ready::new(step, layers)?.take_on_planes(&layout, &mut planes).ok_or(RenderError::Defect)?;
    }
    let mut file = JpegRows::of(encoding);
    file.begin(&layout);
    for (index, (plane, rows)) in layout.planes.iter().zip(&planes).enumerate() {
        let stride = plane.size.width as usize * samples;
        let _ = rows.chunks_exact(stride).try_for_each(|row| file.row(index, row));
    }
    Ok(file.finish()?)
}

/// The frame of a mark: the one on the shelf, or a new one, which is put there.
fn read_mark(plan: &MarkPlan, layers: Layers<'_>) -> Result<Rc<Picture>, RenderError> {
    if let Some(frame) = layers.shelf.and_then(|shelf| shelf.find(plan)) {
        return Ok(frame);
    }
    let file = layers.marks.get(plan.index).ok_or(RenderError::Defect)?;
    let frame = Rc::new(decode_mark(plan, file)?);
    if let Some(shelf) = layers.shelf {
        shelf.keep(plan, &frame);
    }
    Ok(frame)
}

fn decode_mark(plan: &MarkPlan, file: &SourceFile) -> Result<Picture, RenderError> {
    let frame = turn::turn(read_frame(file, &plan.reading)?, plan.turn);
    Ok(match plan.pad {
        Some((size, left, top)) => canvas::pad(&frame, size, left, top, [0; 4]),
        None => frame,
    })
}

#[cfg(feature = "texts")]
fn write_text(plan: &TextPlan, fonts: &[Vec<u8>]) -> Result<Picture, RenderError> {
    let font = |index: &Option<usize>| match index {
        Some(index) => Ok(Font::read(fonts.get(*index).ok_or(RenderError::Defect)?)?),
        None => Ok(Font::embedded()?),
    };
    let fonts = plan.fonts.iter().map(font).collect::<Result<Vec<_>, RenderError>>()?;
    Ok(turn::turn(text::draw(&plan.text, &plan.style, &fonts)?, plan.turn))
}

/// They answer 501 before there is a plan.
#[cfg(not(feature = "texts"))]
fn write_text(_: &TextPlan, _: &[Vec<u8>]) -> Result<Picture, RenderError> {
    Err(RenderError::Defect)
}

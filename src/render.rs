//! Source bytes and a plan in, answer bytes out. Runs the steps (`steps.rs`) in order and decides nothing.

#[cfg(feature = "animation")]
mod animation;
mod steps;

pub use self::steps::Shelf;

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use self::steps::{Layers, Ready};
use crate::format::Format;
use crate::geometry::{Focus, Size};
use crate::picture::Picture;
use crate::picture::budget::LARGEST_DRAWING_BYTES;
use crate::picture::decode::{DecodeError, Decoder, PIECE_BYTES, Wanted};
use crate::picture::describe;
use crate::picture::encode::jpeg::JpegRows;
use crate::picture::encode::{self, EncodeError};
use crate::picture::metadata::{self, Asides};
use crate::picture::ops::resize::{Scaler, Shape};
use crate::picture::probe::{Header, ProbeError};
use crate::picture::rows::{Frame, Layout, Planes, RowSink};
use crate::picture::svg::{self, Drawing, SvgError};
use crate::picture::text::TextError;
use crate::plan::{Mark, Plan, PlanError, Reading, Search, Step};
use crate::recipe::{Layer, Recipe};

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

    /// A drawing, of which pixels are to be made. It is all that is held while its cost is found.
    pub fn of_drawing(drawing: Drawing) -> Result<Self, RenderError> {
        let header = catching::<_, RenderError>(|| Ok(drawing.header()?))?;
        Ok(Self { bytes: drawing.text, header })
    }

    /// Whatever it is of the two.
    pub fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        if !svg::sniff(&bytes) {
            return Ok(Self::read(bytes)?);
        }
        let drawing = drawing(&bytes, LARGEST_DRAWING_BYTES)?;
        drop(bytes);
        Ok(Self::of_drawing(drawing)?)
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

/// Why a file is neither a picture nor a drawing that can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its header cannot be read.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// It is a drawing, and not drawn.
    #[error(transparent)]
    Drawing(#[from] RenderError),
}

/// Raise this whenever any answer's bytes change for the same plan: it is part of every variant's name.
pub const REVISION: u32 = 8;

/// Why a plan could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A file's pixels are broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The encoder would not take the frame.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A text cannot be written with its fonts.
    #[error("a text cannot be written: {0}")]
    Text(#[from] TextError),
    /// A drawing is not taken.
    #[error(transparent)]
    Svg(#[from] SvgError),
    /// A codec panicked: a defect, kept from the neighbours' requests where panics unwind.
    #[error("a panic while rendering: {0}")]
    Panic(String),
    /// The plan speaks of a mark or an encoding that is not there: a defect.
    #[error("the plan does not fit its files")]
    Defect,
}

/// A plan being carried out while the source's bytes come in.
///
/// Should a decoder or an encoder panic, this request fails and no other; nothing may be pushed after that.
pub struct Rendering<'a> {
    plan: &'a Plan,
    layers: Layers<'a>,
    format: Format,
    asides: Arc<Asides>,
    decoder: Decoder,
    rows: Rows,
    is_done: bool,
}

/// What the source's rows become.
#[derive(Debug)]
enum Rows {
    /// A JPEG, as they come.
    Jpeg(Box<Scaler<JpegRows>>),
    /// Planes to be turned and drawn on.
    Planes(Box<Scaler<Planes>>),
    /// A frame for every other step.
    Frame(Box<Scaler<Frame>>),
}

impl<'a> Rendering<'a> {
    /// Begins with the header of the source and its length in bytes.
    pub fn new(
        header: &Header,
        file_bytes: u64,
        marks: &'a [SourceFile],
        plan: &'a Plan,
    ) -> Result<Self, RenderError> {
        let rows = match plan.on_planes() {
            Some(planes) if planes.is_nothing() => {
                let encoding = plan.encoding.ok_or(RenderError::Defect)?;
                Rows::Jpeg(Box::new(resampler(&plan.reading, header, JpegRows::of(encoding))))
            }
            Some(_) => Rows::Planes(Box::new(resampler(&plan.reading, header, Planes::default()))),
            None => Rows::Frame(Box::new(resampler(&plan.reading, header, Frame::default()))),
        };
        let decoder = Decoder::new(header, file_bytes, plan.reading.reduction, plan.reading.wanted());
        let (format, asides) = (header.format, Arc::clone(&header.asides));
        let layers = Layers { marks, fonts: &[], shelf: None };
        Ok(Self { plan, layers, format, asides, decoder, rows, is_done: false })
    }

    /// With the files of the fonts that the recipe names, in its order.
    #[must_use]
    pub fn with_fonts(self, fonts: &'a [Vec<u8>]) -> Self {
        Self { layers: Layers { fonts, ..self.layers }, ..self }
    }

    /// With marks that were drawn before, which these are kept beside.
    #[must_use]
    pub fn with_shelf(self, there: &'a dyn Shelf) -> Self {
        Self { layers: Layers { shelf: Some(there), ..self.layers }, ..self }
    }

    /// Takes the first bytes of the source, in whose place they are held no more. `Break` when no more are wanted.
    pub fn begin(&mut self, start: Vec<u8>) -> Result<ControlFlow<()>, RenderError> {
        let flow = catching::<_, RenderError>(|| Ok(self.decoder.begin(start, self.rows.sink())?))?;
        self.is_done = flow.is_break();
        Ok(flow)
    }

    /// Takes the next bytes of the source. `Break` when no more are wanted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<ControlFlow<()>, RenderError> {
        if self.is_done {
            return Ok(ControlFlow::Break(()));
        }
        let flow = catching::<_, RenderError>(|| Ok(self.decoder.push(bytes, self.rows.sink())?))?;
        self.is_done = flow.is_break();
        Ok(flow)
    }

    /// The source has ended, or no more of it is wanted: the answer's bytes.
    pub fn finish(self) -> Result<Vec<u8>, RenderError> {
        catching(|| self.carry_out())
    }

    /// The same where no file is made: the frame that is looked at.
    pub fn finish_frame(mut self) -> Result<Picture, RenderError> {
        catching(|| {
            if !self.is_done {
                self.decoder.finish(self.rows.sink())?;
            }
            drop(self.decoder);
            let Rows::Frame(rows) = self.rows else { return Err(RenderError::Defect) };
            stepped(self.plan, rows.into_sink(), self.format, self.layers)
        })
    }

    fn carry_out(self) -> Result<Vec<u8>, RenderError> {
        let format = self.plan.encoding.ok_or(RenderError::Defect)?.format;
        let kept = self.asides.kept(self.plan.keep, format != Format::Gif);
        let file = self.encode(kept.file_bytes())?;
        metadata::attach(format, file, &kept).ok_or(RenderError::Defect)
    }

    /// The file without metadata, for which so many bytes are left.
    fn encode(mut self, metadata_bytes: usize) -> Result<Vec<u8>, RenderError> {
        let encoding = self.plan.encoding.ok_or(RenderError::Defect)?;
        #[cfg(feature = "animation")]
        if let Some(animation) = self.plan.animation {
            let (header, file) = self.decoder.into_file().ok_or(RenderError::Defect)?;
            return animation::animate(&file, &header, self.layers, self.plan, animation, metadata_bytes);
        }
        if !self.is_done {
            self.decoder.finish(self.rows.sink())?;
        }
        drop(self.decoder);
        let frame = match self.rows {
            Rows::Jpeg(rows) => return Ok(rows.into_sink().finish()?),
            Rows::Planes(rows) => {
                let planes = rows.into_sink().finish().ok_or_else(|| too_few_rows(self.format))?;
                let on_planes = self.plan.on_planes().ok_or(RenderError::Defect)?;
                return steps::encode_planes(planes, on_planes, self.layers, encoding);
            }
            Rows::Frame(rows) => rows.into_sink(),
        };
        let picture = stepped(self.plan, frame, self.format, self.layers)?;
        Ok(match self.plan.most_bytes {
            Some(most) => {
                let metadata_bytes = u32::try_from(metadata_bytes).unwrap_or(u32::MAX);
                encode::encode_fitted(&picture, encoding, most.saturating_sub(metadata_bytes))?
            }
            None => encode::encode(&picture, encoding)?,
        })
    }
}

/// What the steps of a plan make of the frame that was read.
fn stepped(plan: &Plan, frame: Frame, format: Format, layers: Layers<'_>) -> Result<Picture, RenderError> {
    let picture = frame.finish().ok_or_else(|| too_few_rows(format))?;
    plan.steps.iter().try_fold(picture, |picture, step| Ready::new(step, layers)?.take(picture))
}

impl Rows {
    fn sink(&mut self) -> &mut dyn RowSink {
        match self {
            Self::Jpeg(rows) => &mut **rows,
            Self::Planes(rows) => &mut **rows,
            Self::Frame(rows) => &mut **rows,
        }
    }
}

/// Carries out a plan on a file in memory.
pub fn render(source: &SourceFile, marks: &[SourceFile], plan: &Plan) -> Result<Vec<u8>, RenderError> {
    render_with_fonts(source, marks, &[], plan)
}

/// The same with the files of the fonts that the recipe names, in its order.
pub fn render_with_fonts(
    source: &SourceFile,
    marks: &[SourceFile],
    fonts: &[Vec<u8>],
    plan: &Plan,
) -> Result<Vec<u8>, RenderError> {
    let mut rendering = Rendering::new(&source.header, source.file_bytes(), marks, plan)?.with_fonts(fonts);
    for piece in source.bytes.chunks(PIECE_BYTES as usize) {
        if rendering.push(piece)?.is_break() {
            break;
        }
    }
    rendering.finish()
}

/// The drawing of a file of at most so many bytes, without what is dangerous.
pub fn drawing(file: &[u8], most_bytes: usize) -> Result<Drawing, RenderError> {
    catching(|| Ok(svg::sanitise(file, most_bytes)?))
}

/// Bytes that finding the cost of a drawing holds at most, besides its text.
pub fn measuring_bytes(drawing: &Drawing) -> Result<u64, RenderError> {
    catching(|| Ok(drawing.measuring_bytes()?))
}

/// The frame that a plan of no file looks at.
pub fn seen(source: &SourceFile, plan: &Plan) -> Result<Picture, RenderError> {
    let mut rendering = Rendering::new(&source.header, source.file_bytes(), &[], plan)?;
    for piece in source.bytes.chunks(PIECE_BYTES as usize) {
        if rendering.push(piece)?.is_break() {
            break;
        }
    }
    rendering.finish_frame()
}

/// Decodes all of a file's picture, also what a frame could do without, into the frame that a plan makes, without marks.
pub fn frame(source: &SourceFile, plan: &Plan) -> Result<Picture, RenderError> {
    catching(|| {
        let Reading { reduction, .. } = plan.reading;
        let reading = Reading { shape: Shape::Pixels, ..plan.reading };
        let mut rows = ToTheEnd(resampler(&reading, &source.header, Frame::default()));
        let Size { width, height } = source.header.size;
        let wanted = Wanted { columns: 0..width, rows: 0..height, drawn: reading.drawn };
        let mut decoder = Decoder::new(&source.header, source.file_bytes(), reduction, wanted);
        if decoder.push(&source.bytes, &mut rows)?.is_continue() {
            decoder.finish(&mut rows)?;
        }
        let picture = rows.0.into_sink().finish().ok_or_else(|| too_few_rows(source.header.format))?;
        let mut steps = plan.steps.iter().filter(|step| !matches!(step, Step::Mark(_) | Step::Text(_)));
        steps.try_fold(picture, |picture, step| Ready::Plain(step).take(picture))
    })
}

/// The recipe with what was looked for as what it comes to on this file.
pub fn found(recipe: &Recipe, search: &Search, source: &SourceFile) -> Result<Recipe, RenderError> {
    match search {
        Search::Border(search) => catching(|| {
            let SourceFile { bytes, header } = source;
            let mut rows = resampler(&search.reading, header, search.finder(&recipe.trim));
            let Reading { reduction, .. } = search.reading;
            let mut decoder = Decoder::new(header, source.file_bytes(), reduction, search.reading.wanted());
            if decoder.push(bytes, &mut rows)?.is_continue() {
                decoder.finish(&mut rows)?;
            }
            Ok(search.settle(recipe, header, rows.into_sink().inner()))
        }),
        Search::Focus(search) => {
            let picture = seen(source, &search.plan)?;
            catching(|| Ok(search.settle(recipe, &describe::salience(&picture))))
        }
    }
}

/// Why what a recipe leaves to be found was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// It may not be looked for.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It could not be looked for.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The recipe with all that it leaves to be found; `focus` is the point that the source brings along, if it does.
pub fn settle(mut recipe: Recipe, source: &SourceFile, focus: Option<Focus>) -> Result<Recipe, SettleError> {
    while let Some(search) = Search::next(&mut recipe, &source.header, source.file_bytes(), focus)? {
        recipe = found(&recipe, &search, source)?;
    }
    Ok(recipe)
}

/// Wants every row, and hands them on for as long as somebody else does.
struct ToTheEnd<S>(Scaler<S>);

impl<S: RowSink> RowSink for ToTheEnd<S> {
    fn begin(&mut self, layout: &Layout) {
        self.0.begin(layout);
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        // It passes over what it does not need.
        let _ = self.0.row(plane, row);
        ControlFlow::Continue(())
    }
}

/// The codecs are parsers of hostile bytes: a panic of theirs becomes an error.
pub(crate) fn catching<T, E: From<RenderError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // What the closure touches is dropped, not used again.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(RenderError::Panic(message(panic.as_ref())).into()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

/// Decodes and resamples one file into a frame.
fn read_frame(file: &SourceFile, reading: &Reading) -> Result<Picture, DecodeError> {
    let mut rows = resampler(reading, &file.header, Frame::default());
    let mut decoder = Decoder::new(&file.header, file.file_bytes(), reading.reduction, reading.wanted());
    if decoder.push(&file.bytes, &mut rows)?.is_continue() {
        decoder.finish(&mut rows)?;
    }
    rows.into_sink().finish().ok_or_else(|| too_few_rows(file.header.format))
}

/// What makes the rows that a plan wants of a file, as sRGB.
fn resampler<S: RowSink>(reading: &Reading, header: &Header, sink: S) -> Scaler<S> {
    let Reading { across, down, shape, is_linear, .. } = *reading;
    Scaler::new((across, down), shape, is_linear, header.conversion.as_ref(), sink)
}

fn too_few_rows(format: Format) -> DecodeError {
    DecodeError { format: format.name(), reason: "fewer rows than the header promises".to_owned() }
}

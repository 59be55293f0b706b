//! From options and files to an answer's bytes, without a server around it.

use lenslet::negotiate::{Accept, Target};
use std::ops::ControlFlow;

use lenslet::picture::Picture;
use lenslet::picture::decode::{DecodeError, Decoder, Reduction, Wanted};
use lenslet::picture::ops::resize::{Axis, Resampler, Shape};
use lenslet::picture::probe::{Header, ProbeError};
use lenslet::picture::rows::{Frame, Layout, RowSink};
use lenslet::plan::{Mark, Plan, PlanError, Settings};
use lenslet::recipe::{Recipe, RecipeError};
use lenslet::render::{OpenError, RenderError, SettleError, SourceFile, render, render_with_fonts, settle};

use lenslet::geometry::Size;

/// Everything that may be answered instead of a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl Refusal {
    /// Whether this is a defect of ours rather than the file's fault.
    pub fn is_defect(&self) -> bool {
        matches!(
            self,
            Self::Render(RenderError::Panic(_) | RenderError::Defect | RenderError::Encode(_))
                | Self::Recipe(_)
        )
    }
}

/// Carries options out on a file; marks stand in drawing order.
pub fn transform(options: &str, source: &[u8], marks: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
    let (plan, source, marks) = prepare(options, source, marks)?;
    Ok(render(&source, &marks, &plan)?)
}

/// The same with the files of the fonts that the options name, in their order.
pub fn transform_with_fonts(
    options: &str,
    source: &[u8],
    marks: &[&[u8]],
    fonts: &[&[u8]],
) -> Result<Vec<u8>, Refusal> {
    let (plan, source, marks) = prepare(options, source, marks)?;
    let fonts: Vec<Vec<u8>> = fonts.iter().map(|font| font.to_vec()).collect();
    Ok(render_with_fonts(&source, &marks, &fonts, &plan)?)
}

/// The same in linear light.
pub fn transform_in_light(options: &str, source: &[u8], marks: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
    let settings = Settings { linear_light: true, ..Settings::default() };
    let (plan, source, marks) = prepare_under(settings, options, source, marks)?;
    Ok(render(&source, &marks, &plan)?)
}

/// Everything before the pixels: recipe, headers, budget, plan.
pub fn prepare(
    options: &str,
    source: &[u8],
    marks: &[&[u8]],
) -> Result<(Plan, SourceFile, Vec<SourceFile>), Refusal> {
    prepare_under(Settings::default(), options, source, marks)
}

/// The same under other settings.
pub fn prepare_under(
    settings: Settings,
    options: &str,
    source: &[u8],
    marks: &[&[u8]],
) -> Result<(Plan, SourceFile, Vec<SourceFile>), Refusal> {
    let recipe = Recipe::parse(options)?;
    let source = open(source)?;
    let marks = marks.iter().map(|bytes| open(bytes)).collect::<Result<Vec<_>, _>>()?;
    let file_bytes = source.file_bytes();
    let recipe = settle(recipe, &source, None).map_err(|error| match error {
        SettleError::Plan(error) => Refusal::Plan(error),
        SettleError::Render(error) => Refusal::Render(error),
    })?;
    let planned: Vec<Mark<'_>> =
        recipe.marks().zip(&marks).map(|((_, layer), file)| file.as_mark(layer)).collect();
    let target = Target::choose(&recipe, Accept::default());
    let plan = Plan::under(settings, &recipe, &source.header, file_bytes, &planned, target)?;
    Ok((plan, source, marks))
}

fn open(bytes: &[u8]) -> Result<SourceFile, Refusal> {
    SourceFile::open(bytes.to_vec()).map_err(|error| match error {
        OpenError::Probe(error) => Refusal::Probe(error),
        OpenError::Drawing(error) => Refusal::Render(error),
    })
}

/// The pixels of a file as they are stored, neither turned nor scaled.
pub fn pixels(file: &[u8]) -> Picture {
    let header = Header::read(file).unwrap();
    let Size { width, height } = header.size;
    let mut whole = Resampler::new(Axis::whole(width), Axis::whole(height), Shape::Pixels, Frame::default());
    decode(file, &header, Reduction::NONE, &mut whole).unwrap();
    whole.into_sink().finish().unwrap()
}

/// Decodes all of a file into a sink.
pub fn decode(
    file: &[u8],
    header: &Header,
    reduction: Reduction,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    let Size { width, height } = header.size;
    let mut decoder = Decoder::new(
        header,
        file.len() as u64,
        reduction,
        Wanted { columns: 0..width, rows: 0..height, drawn: None },
    );
    match decoder.push(file, sink)? {
        ControlFlow::Break(()) => Ok(()),
        ControlFlow::Continue(()) => decoder.finish(sink),
    }
}

/// Decodes into nothing.
pub fn decode_only(file: &[u8], header: &Header, reduction: Reduction) -> Result<(), DecodeError> {
    struct Nothing;
    impl RowSink for Nothing {
        fn begin(&mut self, _: &Layout) {}
        fn row(&mut self, _: usize, _: &[u8]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    decode(file, header, reduction, &mut Nothing)
}

/// The largest difference of any sample of two pictures of one size; alpha counts as a sample, and colours
/// under alpha 0 count for nothing.
pub fn largest_difference(a: &Picture, b: &Picture) -> u8 {
    assert_eq!(a.size(), b.size(), "sizes differ");
    let differences = rgba(a).zip(rgba(b)).map(|(a, b)| match (a, b) {
        ([.., 0], [.., 0]) => 0,
        (a, b) => a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap(),
    });
    differences.max().unwrap()
}

/// The mean difference of the samples of two pictures of one size.
pub fn mean_difference(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.size(), b.size(), "sizes differ");
    let sum: u64 =
        rgba(a).zip(rgba(b)).flat_map(|(a, b)| [0, 1, 2, 3].map(|i| u64::from(a[i].abs_diff(b[i])))).sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(a.size().area() * 4).unwrap())
}

/// Every pixel with alpha.
pub fn rgba(picture: &Picture) -> impl Iterator<Item = [u8; 4]> {
    picture.samples().chunks_exact(picture.channels().count()).map(|pixel| match *pixel {
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => [r, g, b, a],
        _ => unreachable!("pixels have three or four samples"),
    })
}

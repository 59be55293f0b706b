//! From opened files to the bytes of an answer, within the memory that there is: headers, marks, budget, plan, pixels.

use super::incoming::{self, Incoming, Opened};
use super::memory::Promise;
use super::ports::World;
use super::problem::Problem;
use super::reading::File;
use super::telling::Told;
use super::versions::Current;
use crate::format::Format;
use crate::negotiate::Target;
use crate::picture::budget::{
    self, LARGEST_DRAWING_BYTES, LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES, LARGEST_TRANSFORM_BYTES,
};
use crate::picture::probe::Header;
use crate::picture::svg::{self, Drawing};
use crate::plan::{Mark, Plan, PlanError, Search, Settings};
use crate::recipe::{Output, Recipe, Unbuilt};
use crate::render::{self, Rendering, SourceFile};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub recipe: &'a Recipe,
    pub target: Target,
    /// What it becomes instead where it would be slow; nothing where that does not matter.
    pub instead_of_slow: Option<Target>,
    /// Whether private metadata leaves.
    pub private_metadata: bool,
    /// What the deployment decides of all plans.
    pub settings: Settings,
    /// When any of its files was purged last.
    pub purged_ms: f64,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Rendered {
    /// What it became.
    pub target: Target,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
    /// Of the files, with their lengths.
    pub versions: Vec<Current>,
}

/// Reads the source, then the marks in drawing order and the fonts, and renders them.
pub(super) async fn render<W: World>(
    world: &W,
    asked: Asked<'_>,
    mut files: Vec<File<'_, W>>,
) -> Result<Rendered, Problem> {
    // What comes in before there is a plan must have its room, too.
    let asked_ms = world.now_ms();
    let mut promise = world.isolate().memory.wait_for(world, arriving_bytes(&files)).await?;
    let waited_ms = world.now_ms() - asked_ms;
    for file in &mut files {
        file.body.excuse(waited_ms);
    }
    let mut versions = Vec::with_capacity(files.len());
    let mut bodies = Vec::with_capacity(files.len());
    for file in files {
        let (current, pieces) = incoming::size(file).await?;
        bodies.push((current.version.size_bytes, pieces));
        versions.push(current);
    }
    check_sizes(bodies.iter().map(|(size_bytes, _)| *size_bytes))?;
    let mut bodies = bodies.into_iter();
    let (original_bytes, body) =
        bodies.next().ok_or_else(|| Problem::Defect("no source was read".to_owned()))?;
    let mut file_bytes = original_bytes;
    let (mut mark_files, mut fonts) = (Vec::new(), Vec::new());
    let count = asked.recipe.marks().count();
    let shelf = &world.isolate().shelf;
    for (index, ((file_bytes, body), current)) in bodies.zip(versions.iter().skip(1)).enumerate() {
        let bytes = incoming::gather(body, file_bytes).await?;
        shelf.keep_file(current, asked.purged_ms, &bytes);
        if index < count {
            mark_files.push(mark_file(world, &mut promise, bytes).await?);
        } else {
            fonts.push(bytes);
        }
    }
    let mut source = match Incoming::open(body, file_bytes).await? {
        Opened::Picture(source) => source,
        Opened::Drawing(file) => {
            promise.resize(world, marks_bytes(&mark_files) + budget::drawing(file.len())).await?;
            let drawing = render::drawing(&file, LARGEST_DRAWING_BYTES)?;
            drop(file);
            if matches!(asked.recipe.format, None | Some(Output::Auto | Output::Svg)) {
                return as_it_is(asked, drawing, versions);
            }
            let file = drawn(world, &mut promise, drawing, marks_bytes(&mark_files)).await?;
            // What is read from here on is what was made safe.
            file_bytes = file.file_bytes();
            Incoming::here(file)
        }
    };
    if asked.target == Target::Drawing {
        return Err(Problem::NoDrawing);
    }
    let marks: Vec<Mark<'_>> =
        asked.recipe.marks().zip(&mark_files).map(|((_, layer), file)| file.as_mark(layer)).collect();
    let marks_bytes = marks_bytes(&mark_files);
    let mut recipe = asked.recipe.clone();
    let focus = versions.first().and_then(|source| source.version.focus);
    while let Some(search) = Search::next(&mut recipe, &source.header, file_bytes, focus)? {
        let peak_bytes = marks_bytes + search.peak_bytes(&source.header, file_bytes);
        let file = all_of(world, &mut promise, source, (file_bytes, peak_bytes)).await?;
        recipe = render::found(&recipe, &search, &file)?;
        source = Incoming::here(file);
    }
    let asked = Asked { recipe: &recipe, ..asked };
    let (target, plan) = plan(asked, &source.header, file_bytes, &marks)?;
    if let (Target::Told(telling), false) = (target, plan.is_seen) {
        let bytes =
            Told { header: &source.header, file_bytes: original_bytes, plan: &plan }.tell(telling, None)?;
        return Ok(Rendered { target, content_type: telling.mime(), bytes, versions });
    }
    // The plan's figure has the files in it.
    let asked_ms = world.now_ms();
    let peak_bytes = with_fonts(&plan, plan.peak_bytes(&source.header, file_bytes, &marks), &fonts)?;
    promise.resize(world, peak_bytes).await?;
    source.excuse(world.now_ms() - asked_ms);
    let header = source.header.clone();
    let frames = shelf.frames_of(versions.iter().skip(1).take(count), asked.purged_ms);
    let mut rendering =
        Rendering::new(&header, file_bytes, &mark_files, &plan)?.with_fonts(&fonts).with_shelf(&frames);
    source.feed(&mut rendering).await?;
    let (content_type, bytes) = match (target, plan.encoding) {
        (Target::Told(telling), _) => {
            let seen = rendering.finish_frame()?;
            let told = Told { header: &header, file_bytes: original_bytes, plan: &plan };
            (telling.mime(), render::catching(|| told.tell(telling, Some(&seen)))?)
        }
        (_, Some(encoding)) => (encoding.format.mime(), rendering.finish()?),
        (_, None) => return Err(Problem::Defect("a plan of nothing".to_owned())),
    };
    Ok(Rendered { target, content_type, bytes, versions })
}

/// A drawing goes on as a drawing, at whatever size was asked for.
///
/// Marks may be forced upon it, so it is not shown without those that were to be drawn.
fn as_it_is(asked: Asked<'_>, drawing: Drawing, versions: Vec<Current>) -> Result<Rendered, Problem> {
    if let Some(slot) = asked.recipe.layers.keys().next() {
        return Err(Problem::Unbuilt(Unbuilt::over_drawings(slot.content)));
    }
    let Drawing { text: bytes, .. } = drawing;
    Ok(Rendered { target: asked.target, content_type: Format::Svg.mime(), bytes, versions })
}

/// A drawing as something to be drawn: its cost is found within what is promised, while marks of so many bytes are held.
async fn drawn<W: World>(
    world: &W,
    promise: &mut Promise<'_>,
    drawing: Drawing,
    held_bytes: u64,
) -> Result<SourceFile, Problem> {
    let held_bytes = held_bytes + drawing.text.len() as u64;
    let may_hold = |bytes: u64| {
        let needed = held_bytes.saturating_add(bytes);
        let (needed_mib, most_mib) = (needed.div_ceil(1 << 20), LARGEST_TRANSFORM_BYTES >> 20);
        let refusal = PlanError::SourceTooLarge { size: drawing.size, needed_mib, most_mib };
        if needed <= LARGEST_TRANSFORM_BYTES { Ok(needed) } else { Err(Problem::from(refusal)) }
    };
    promise.resize(world, may_hold(drawing.surveying_bytes())?).await?;
    let tree_bytes = render::measuring_bytes(&drawing)?;
    promise.resize(world, may_hold(tree_bytes)?).await?;
    Ok(SourceFile::of_drawing(drawing)?)
}

/// The file of a mark, which may be a drawing.
async fn mark_file<W: World>(
    world: &W,
    promise: &mut Promise<'_>,
    bytes: Vec<u8>,
) -> Result<SourceFile, Problem> {
    if !svg::sniff(&bytes) {
        return Ok(SourceFile::read(bytes)?);
    }
    let arriving_bytes = promise.bytes();
    promise.resize(world, arriving_bytes + budget::drawing(bytes.len().min(LARGEST_DRAWING_BYTES))).await?;
    let drawing = render::drawing(&bytes, LARGEST_DRAWING_BYTES)?;
    let file = drawn(world, promise, drawing, arriving_bytes).await?;
    promise.resize(world, arriving_bytes + file.file_bytes()).await?;
    Ok(file)
}

fn marks_bytes(marks: &[SourceFile]) -> u64 {
    marks.iter().map(SourceFile::file_bytes).sum()
}

/// All of the source, which is looked at before there is a plan: so many bytes of it, with so much held meanwhile.
async fn all_of<W: World>(
    world: &W,
    promise: &mut Promise<'_>,
    mut source: Incoming<'_, W>,
    (file_bytes, peak_bytes): (u64, u64),
) -> Result<SourceFile, Problem> {
    let asked_ms = world.now_ms();
    promise.resize(world, peak_bytes).await?;
    source.excuse(world.now_ms() - asked_ms);
    source.gather(file_bytes).await
}

/// The plan for the target, or for what comes instead where it is slow.
fn plan(
    asked: Asked<'_>,
    header: &Header,
    file_bytes: u64,
    marks: &[Mark<'_>],
) -> Result<(Target, Plan), Problem> {
    let Asked { recipe, target, instead_of_slow, private_metadata, settings, .. } = asked;
    let plan = |target| -> Result<Plan, Problem> {
        let plan = Plan::under(settings, recipe, header, file_bytes, marks, target)?;
        Ok(if private_metadata { plan.with_private_metadata() } else { plan })
    };
    let first = plan(target)?;
    match instead_of_slow.filter(|_| first.is_slow()) {
        Some(target) => Ok((target, plan(target)?)),
        None => Ok((target, first)),
    }
}

/// What a plan holds at most with the fonts in memory, if that is not too much.
fn with_fonts(plan: &Plan, peak_bytes: u64, fonts: &[Vec<u8>]) -> Result<u64, Problem> {
    let needed = peak_bytes + fonts.iter().map(|font| font.len() as u64).sum::<u64>();
    let most = LARGEST_TRANSFORM_BYTES;
    if needed <= most {
        return Ok(needed);
    }
    let (needed_mib, most_mib) = (needed.div_ceil(1 << 20), most >> 20);
    Err(PlanError::OutputTooLarge { size: plan.size, needed_mib, most_mib }.into())
}

/// What files may hold before there is a plan. One whose length nobody says may be as long as it may be.
fn arriving_bytes<W: World>(files: &[File<'_, W>]) -> u64 {
    let one = |file: &File<'_, W>| {
        let size_bytes = file.current.version.size_bytes;
        if file.is_sized { incoming::held_bytes(size_bytes) } else { LARGEST_GATHERED_BYTES }
    };
    files.iter().map(one).sum()
}

/// Marks will be in memory all at once, so they share what one file may have there.
fn check_sizes(sizes: impl Iterator<Item = u64>) -> Result<(), Problem> {
    let (mut most_bytes, mut room_bytes) = (LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES);
    for (index, size_bytes) in sizes.enumerate() {
        if size_bytes > most_bytes {
            return Err(Problem::FileTooLarge { size_bytes });
        }
        if index > 0 {
            room_bytes = room_bytes.saturating_sub(size_bytes);
        }
        most_bytes = room_bytes;
    }
    Ok(())
}

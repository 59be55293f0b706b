//! What the fuzz targets have in common. `npm run fuzz -- --help` says how they are run.

#![allow(dead_code, reason = "the tests use the rest of what is theirs")]

#[path = "../../tests/support/av1.rs"]
mod av1;
#[path = "../../tests/support/bits.rs"]
mod bits;
#[path = "../../tests/support/bytes.rs"]
mod bytes;
#[path = "../../tests/support/counting.rs"]
mod counting;
mod encoded;
#[path = "../../tests/support/films.rs"]
mod films;
#[path = "../../tests/support/planes.rs"]
mod planes;
#[path = "../../tests/support/png_file.rs"]
mod png_file;

use std::borrow::Cow;
use std::ops::ControlFlow;

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::negotiate::Target;
use lenslet::picture::decode::{Decoder, PIECE_BYTES, Reduction};
use lenslet::picture::encode::avif::colours_as_made;
use lenslet::picture::probe::Header;
use lenslet::picture::rows::{Layout, RowSink};
use lenslet::picture::svg::sanitise;
use lenslet::picture::{Channels, Picture, budget};
use lenslet::plan::Plan;
use lenslet::recipe::Recipe;
use lenslet::render::{RenderError, SourceFile, render};

use self::bytes::Dice;
use self::counting::{Counting, peak_bytes};
pub use self::encoded::encoded;
use self::planes::{everything, some_reduction, survives};
use self::png_file::mended;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Larger pictures are left out: they only take longer.
const LARGEST_AREA: u64 = 1 << 18;

/// Reads the header of whatever this is, in as little memory as a header takes, and what stands beside the pixels: blocks
/// of metadata, and a profile as it is put together and as it is held.
pub fn probe(file: &[u8]) {
    const BESIDE_BYTES: u64 = (3 << 16) + (9 << 18);
    let (held, header) = peak_bytes(|| Header::read(file));
    assert!(held <= 8_192 + BESIDE_BYTES, "{held} bytes held for {header:?}");
}

/// Decodes a file of this format at once, in pieces and in part, which must all be the same, and within the budget.
/// How is decided by the file's last bytes, so that every picture is an input as it is.
pub fn decode(file: &[u8], format: Format) {
    if Format::sniff(file) != Some(format) {
        return;
    }
    let last = file.last_chunk().copied().map_or(0, u32::from_le_bytes);
    // Small numbers are poor seeds.
    let mut dice = Dice::new(u64::from(last).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // Nobody guesses checksums; now and then they are left wrong.
    let is_mended = format == Format::Png && dice.below(8) > 0;
    let file = if is_mended { Cow::Owned(mended(file)) } else { Cow::Borrowed(file) };
    survives(&file, LARGEST_AREA, &mut dice);
    keeps_to_its_budget(&file, &mut dice);
}

/// Makes all frames of a file that moves, in one of a few ways.
pub fn animation(file: &[u8]) {
    let last = file.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let mut dice = Dice::new(u64::from(last).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let Some((plan, source)) = films::some_plan(file, LARGEST_AREA, &mut dice) else { return };
    let most = plan.peak_bytes(&source.header, source.file_bytes(), &[]);
    let (held, _) = peak_bytes(|| render(&source, &[], &plan));
    assert!(held <= most, "{held} bytes held, {most} planned for {:?}", source.header);
    films::is_made(&plan, &source);
}

/// Codes a picture of up to 256 pixels a side: its first three bytes are sides and quality, the others repeat as samples.
pub fn code_av1(drawing: &[u8]) {
    let [width, height, quality, samples @ ..] = drawing else { return };
    let size = Size::new(u32::from(*width) + 1, u32::from(*height) + 1);
    let count = usize::try_from(size.area() * 3).unwrap_or_default();
    let samples = if samples.is_empty() { &[128] } else { samples };
    let samples = samples.iter().copied().cycle().take(count).collect();
    let picture = Picture::new(size, Channels::Rgb, samples).unwrap();
    let quality = quality % 100 + 1;
    let (frame, made) = colours_as_made(&picture, quality);
    assert!(av1::av1_planes(&frame, false) == Some(made), "{size:?} at {quality}");
}

/// Makes a drawing safe and draws it small, counting.
pub fn draw(file: &[u8]) {
    let Ok(drawing) = sanitise(file, 1 << 16) else { return };
    let (held, planned) = peak_bytes(|| drawing.measuring_bytes());
    assert!(held <= drawing.surveying_bytes() + DRAWING_BYTES, "{held} bytes held for counting");
    let Ok(planned) = planned else { return };
    let (held, source) = peak_bytes(|| SourceFile::of_drawing(drawing));
    assert!(held <= planned + DRAWING_BYTES, "{held} bytes held, {planned} planned for measuring");
    let Ok(source) = source else { return };
    let recipe = Recipe::parse("width=64,height=64,fit=pad,format=png").unwrap();
    let file_bytes = source.file_bytes();
    let Ok(plan) = Plan::new(&recipe, &source.header, file_bytes, &[], Target::Fixed(Format::Png)) else {
        return;
    };
    let (held, made) = peak_bytes(|| render(&source, &[], &plan));
    let planned = plan.peak_bytes(&source.header, file_bytes, &[]);
    assert!(!matches!(made, Err(RenderError::Panic(_))), "{made:?}");
    assert!(held <= planned, "{held} bytes held, {planned} planned for {:?}", source.header);
}

/// What is held for any drawing.
const DRAWING_BYTES: u64 = 1 << 19;

/// Decodes the file as the renderer does, counting.
fn keeps_to_its_budget(file: &[u8], dice: &mut Dice) {
    let Ok(header) = Header::read(file) else { return };
    if header.size.area() > LARGEST_AREA {
        return;
    }
    let reduction = some_reduction(&header, dice);
    let most = budget::decoding(&header, file.len() as u64, reduction);
    let (held, ()) = peak_bytes(|| decode_into_nothing(file, &header, reduction));
    assert!(held <= most, "{held} bytes held, {most} planned for {header:?} at {reduction:?}");
}

fn decode_into_nothing(file: &[u8], header: &Header, reduction: Reduction) {
    let mut decoder = Decoder::new(header, file.len() as u64, reduction, everything(header));
    for piece in file.chunks(PIECE_BYTES as usize) {
        match decoder.push(piece, &mut Nothing) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) | Err(_) => return,
        }
    }
    // Whether it is broken is another question.
    let _ = decoder.finish(&mut Nothing);
}

struct Nothing;

impl RowSink for Nothing {
    fn begin(&mut self, _: &Layout) {}

    fn row(&mut self, _: usize, _: &[u8]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

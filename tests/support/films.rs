//! Files that move, rendered and read again by other decoders.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, DisposalMethod};
use image_webp::WebPDecoder;
use lenslet::format::Format;
use lenslet::negotiate::{Accept, Target};
use lenslet::picture::animation::{Canvas, Frames};
use lenslet::picture::decode::DecodeError;
use lenslet::picture::probe::Header;
use lenslet::plan::Plan;
use lenslet::recipe::Recipe;
use lenslet::render::{RenderError, SourceFile, render};

use super::bytes::Dice;

/// Pixels with alpha, row by row, and how long they are seen.
pub type Film = Vec<(Vec<[u8; 4]>, u32)>;

/// Every frame of a file as our decoder lays it on its canvas.
pub fn ours(file: &[u8]) -> Result<Film, DecodeError> {
    let header = Header::read(file).unwrap();
    let mut canvas = Canvas::new(header.size);
    let mut frames = Frames::open(file, &header)?;
    let mut seen = Film::new();
    while let Some(shown) = frames.next(&mut canvas)? {
        seen.push(((0..header.size.height).flat_map(|y| canvas.row(y)).copied().collect(), shown.delay_ms));
    }
    Ok(seen)
}

/// The same by other people's decoders, of files as ours are.
pub fn theirs(file: &[u8]) -> Film {
    match Format::sniff(file) {
        Some(Format::Gif) => theirs_of_gif(file),
        _ => theirs_of_webp(file),
    }
}

fn theirs_of_webp(file: &[u8]) -> Film {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
    let mut bytes = vec![0; decoder.output_buffer_size().unwrap()];
    let has_alpha = decoder.has_alpha();
    (0..decoder.num_frames())
        .map(|_| {
            let delay = decoder.read_frame(&mut bytes).unwrap();
            let pixels: Vec<[u8; 4]> = if has_alpha {
                bytes.as_chunks().0.to_vec()
            } else {
                bytes.as_chunks().0.iter().map(|&[r, g, b]| [r, g, b, 255]).collect()
            };
            (pixels, delay)
        })
        .collect()
}

/// Frames are laid on each other here: they stay or are cleared.
fn theirs_of_gif(file: &[u8]) -> Film {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let mut decoder = options.read_info(file).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![[0; 4]; width * height];
    let mut seen = Film::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let pixels = frame.buffer.as_chunks::<4>().0;
        let (left, columns) = (usize::from(frame.left), usize::from(frame.width));
        let rows = |y: usize| (usize::from(frame.top) + y) * width + left;
        for (y, row) in pixels.chunks(columns).enumerate() {
            let shown = canvas[rows(y)..][..columns].iter_mut().zip(row);
            shown.filter(|(_, pixel)| pixel[3] > 0).for_each(|(to, pixel)| *to = *pixel);
        }
        seen.push((canvas.clone(), u32::from(frame.delay) * 10));
        if frame.dispose == DisposalMethod::Background {
            (0..usize::from(frame.height)).for_each(|y| canvas[rows(y)..][..columns].fill([0; 4]));
        }
    }
    seen
}

/// Fails unless both see the same, to a step of each sample: what is not there has no colour.
pub fn check_alike(ours: &Film, theirs: &Film, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: frames");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(ours.1, theirs.1, "{what}: delay {index}");
        assert_eq!(ours.0.len(), theirs.0.len(), "{what}: pixels of frame {index}");
        let is_near = |(a, b): (&[u8; 4], &[u8; 4])| {
            (a[3] == 0 && b[3] == 0) || a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1)
        };
        assert!(ours.0.iter().zip(&theirs.0).all(is_near), "{what}: frame {index}");
    }
}

/// What is asked for by chance.
const OPTIONS: [&str; 6] = [
    "width=9,format=gif",
    "format=gif",
    "width=11,height=8,fit=pad,format=gif",
    "format=webp,quality=100",
    "width=11,height=8,fit=pad,format=webp",
    "rotate=90,format=webp,quality=60",
];

/// The plan by chance for all frames of a file, if it moves and there are not too many of them.
pub fn some_plan(file: &[u8], most_pixels: u64, dice: &mut Dice) -> Option<(Plan, SourceFile)> {
    let source = SourceFile::read(file.to_vec()).ok()?;
    let frames = source.header.animation?.frames;
    if source.header.size.area() * u64::from(frames) > most_pixels {
        return None;
    }
    let recipe = Recipe::parse(OPTIONS[dice.below(OPTIONS.len())]).unwrap();
    let target = Target::choose(&recipe, Accept::default());
    let plan = Plan::new(&recipe, &source.header, source.file_bytes(), &[], target).ok()?;
    plan.animation.is_some().then_some((plan, source))
}

/// Carries such a plan out, unless the file is broken; what comes out is the same to others' decoders. Whether it was.
pub fn is_made(plan: &Plan, source: &SourceFile) -> bool {
    match render(source, &[], plan) {
        Ok(file) => {
            check_alike(&ours(&file).unwrap(), &theirs(&file), "what was made");
            true
        }
        Err(RenderError::Decode(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

//! The images of a GIF: unpacked one by one, and painted on what stayed of those before.

use super::Reason;
use super::blocks::{Block, Blocks, Disposal, Image, Screen};
use super::lzw::Unpacker;
use crate::geometry::{Rect, Size};
use crate::picture::animation::{After, Canvas, Shown};
use crate::picture::rows::{Colours, Layout, RowSink};

/// A file's images, in their order.
#[derive(Debug)]
pub(in crate::picture) struct GifFrames<'a> {
    screen: Screen<'a>,
    blocks: Blocks<'a>,
    unpacker: Unpacker,
    indices: Vec<u8>,
    has_begun: bool,
}

/// Bytes that are held beside the canvas.
pub(super) fn held_bytes(size: Size) -> u64 {
    let tables = Unpacker::HELD_BYTES + size_of::<[[u8; 4]; 256]>() as u64;
    size.area() + 4 * u64::from(size.width) + tables
}

/// An image that was unpacked.
struct Unpacked<'a> {
    image: Image<'a>,
    colours: [[u8; 4]; 256],
    /// So many of its indices there are.
    count: usize,
}

impl<'a> GifFrames<'a> {
    pub(in crate::picture) fn open(file: &'a [u8]) -> Result<Self, Reason> {
        let (screen, blocks) = Blocks::open(file).ok_or("the header is cut off")?;
        let (unpacker, indices) = (Unpacker::new(), Vec::new());
        Ok(Self { screen, blocks, unpacker, indices, has_begun: false })
    }

    /// Paints the next image, if there is one. A file that says that it has none is an empty screen.
    pub(in crate::picture) fn next(&mut self, canvas: &mut Canvas) -> Result<Option<Shown>, Reason> {
        let Some(Unpacked { image, colours, count }) = self.unpack()? else { return Ok(None) };
        let after = match image.disposal {
            Disposal::Keep => After::Keep,
            Disposal::Clear => After::Clear,
            Disposal::Restore => After::Restore,
        };
        let changed = canvas.begin(image.place, after);
        let indices = self.indices.get(..count).unwrap_or_default();
        for (y, row) in rows(&image, indices) {
            let colours =
                row.iter().map(|&index| colours.get(usize::from(index)).copied().unwrap_or_default());
            canvas.paint(image.place.x, y, colours);
        }
        Ok(Some(Shown { changed, delay_ms: u32::from(image.delay_centiseconds) * 10 }))
    }

    /// Hands on the first image on its screen, without a canvas.
    pub(super) fn send_first(
        &mut self,
        size: Size,
        layout: Colours,
        sink: &mut dyn RowSink,
    ) -> Result<(), Reason> {
        let unpacked = self.unpack()?;
        let samples = layout.samples();
        sink.begin(&Layout::whole(layout, size));
        let mut row = vec![0; size.width as usize * samples];
        for y in 0..size.height {
            row.fill(0);
            if let Some(Unpacked { image, colours, count }) = &unpacked {
                let indices = line(image, y).and_then(|line| {
                    let width = image.place.size.width.max(1) as usize;
                    let indices = self.indices.get(..*count).unwrap_or_default();
                    indices.get(line * width..)?.chunks(width).next()
                });
                let open = row.chunks_exact_mut(samples).skip(image.place.x as usize);
                for (pixel, &index) in open.zip(indices.unwrap_or_default()) {
                    let colour = colours.get(usize::from(index)).and_then(|colour| colour.get(..samples));
                    pixel.copy_from_slice(colour.unwrap_or_default());
                }
            }
            if sink.row(0, &row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn unpack(&mut self) -> Result<Option<Unpacked<'a>>, Reason> {
        let image = loop {
            match self.blocks.next() {
                Some(Ok(Block::Image(image))) => break image,
                Some(Ok(Block::Repeats(_))) => {}
                // Behind an image, nobody minds what a file ends with.
                Some(Ok(Block::End)) => return Ok(None),
                None | Some(Err(_)) if self.has_begun => return Ok(None),
                None => return Err("there is no image"),
                Some(Err(reason)) => return Err(reason),
            }
        };
        self.has_begun = true;
        let area = image.place.size.area();
        if area > self.screen.size.area() {
            return Err("an image is larger than the screen");
        }
        let palette = image.palette.or(self.screen.palette).ok_or("an image has no palette")?;
        self.indices.resize(usize::try_from(area).unwrap_or(0), 0);
        let count = match area {
            0 => 0,
            _ => self.unpacker.unpack(image.data, image.code_bits, &mut self.indices)?,
        };
        let known = palette.len() / 3;
        let indices = self.indices.get(..count).unwrap_or_default();
        let is_foreign = |&index: &u8| usize::from(index) >= known && Some(index) != image.transparent;
        if count > 0 && indices.iter().all(is_foreign) {
            return Err("no colour of an image is in its palette");
        }
        Ok(Some(Unpacked { image, colours: colours(palette, image.transparent), count }))
    }
}

/// Colours by their indices; those beyond the palette are as good as transparent.
fn colours(palette: &[u8], transparent: Option<u8>) -> [[u8; 4]; 256] {
    let mut colours = [[0; 4]; 256];
    for (colour, &[r, g, b]) in colours.iter_mut().zip(palette.as_chunks::<3>().0) {
        *colour = [r, g, b, 255];
    }
    if let Some(colour) = transparent.and_then(|index| colours.get_mut(usize::from(index))) {
        *colour = [0; 4];
    }
    colours
}

/// The rows of an image as they come, and where on the screen each goes.
fn rows<'i>(image: &Image<'_>, indices: &'i [u8]) -> impl Iterator<Item = (u32, &'i [u8])> {
    let Rect { y, size, .. } = image.place;
    let passes: &[(u32, usize)] = if image.is_interlaced { &PASSES } else { &[(0, 1)] };
    let lines = passes.iter().flat_map(move |&(first, step)| (first..size.height).step_by(step));
    lines.map(move |line| y + line).zip(indices.chunks(size.width.max(1) as usize))
}

/// First row and step of each pass of an interlaced image (appendix E).
const PASSES: [(u32, usize); 4] = [(0, 8), (4, 8), (2, 4), (1, 2)];

/// Which of an image's rows, as they come, goes to this row of the screen.
fn line(image: &Image<'_>, y: u32) -> Option<usize> {
    let height = image.place.size.height;
    let line = y.checked_sub(image.place.y).filter(|&line| line < height)? as usize;
    if !image.is_interlaced {
        return Some(line);
    }
    let mut before = 0;
    for (first, step) in PASSES {
        let first = first as usize;
        if line >= first && (line - first).is_multiple_of(step) {
            return Some(before + (line - first) / step);
        }
        before += (height as usize).saturating_sub(first).div_ceil(step);
    }
    None
}

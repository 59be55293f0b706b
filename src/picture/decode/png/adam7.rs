//! Interlaced pictures, row by row from the top (PNG specification, 8.2).
//!
//! A row needs up to four of the seven passes, and these lie one after another in the stream. The compressed bytes are
//! held, and seven inflaters run over them side by side, each from where its pass begins. That takes about twice the
//! time of one, and instead of the picture a few rows are held.

use super::Reason;
use super::colour::Expander;
use super::head::{Head, Shape};
use super::inflate::Inflater;
use super::lines::Lines;
use crate::geometry::Size;
use crate::picture::rows::RowSink;

/// Bytes of the stream that are held together.
const PIECE: usize = 64 * 1024;

/// Bytes that a pass inflates at a time.
const ROOM: usize = 16 * 1024;

/// Where the pixels of a pass lie: the first, and the way to the next, along each side.
#[derive(Debug, Clone, Copy)]
struct Grid {
    left: u32,
    top: u32,
    across: u32,
    down: u32,
}

const PASSES: [Grid; 7] = [
    Grid { left: 0, top: 0, across: 8, down: 8 },
    Grid { left: 4, top: 0, across: 8, down: 8 },
    Grid { left: 0, top: 4, across: 4, down: 8 },
    Grid { left: 2, top: 0, across: 4, down: 4 },
    Grid { left: 0, top: 2, across: 2, down: 4 },
    Grid { left: 1, top: 0, across: 2, down: 2 },
    Grid { left: 0, top: 1, across: 1, down: 2 },
];

impl Grid {
    /// Pixels of the pass along each side of a picture; nothing where that is too small to have any.
    fn size(self, picture: Size) -> Option<Size> {
        let count = |side: u32, first, step| {
            side.checked_sub(first).filter(|rest| *rest > 0).map(|rest| rest.div_ceil(step))
        };
        let width = count(picture.width, self.left, self.across)?;
        Some(Size::new(width, count(picture.height, self.top, self.down)?))
    }

    fn has_row(self, y: u32) -> bool {
        y.checked_sub(self.top).is_some_and(|below| below.is_multiple_of(self.down))
    }
}

/// The stream, as it came.
#[derive(Default)]
pub(super) struct Stream {
    /// All but the last are full.
    pieces: Vec<Vec<u8>>,
}

impl Stream {
    pub(super) fn push(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let piece = match self.pieces.pop_if(|last| last.len() < PIECE) {
                Some(last) => last,
                None => Vec::with_capacity(PIECE),
            };
            let (taken, rest) = data.split_at_checked(PIECE - piece.len()).unwrap_or((data, &[]));
            self.pieces.push(piece);
            if let Some(piece) = self.pieces.last_mut() {
                piece.extend_from_slice(taken);
            }
            data = rest;
        }
    }

    /// What is held together from `at` on; nothing at the end.
    fn from(&self, at: usize) -> &[u8] {
        self.pieces.get(at / PIECE).and_then(|piece| piece.get(at % PIECE..)).unwrap_or_default()
    }
}

/// One pass on its way through the stream.
struct Pass {
    grid: Grid,
    width: usize,
    inflater: Inflater,
    lines: Lines,
    /// Bytes of the passes before it, still to be passed over.
    before: u64,
    /// How much of the stream it has had.
    at: usize,
}

impl Pass {
    /// A pass that comes after `before` bytes; nothing where the picture is too small for it. Where it ends follows.
    fn new(shape: Shape, grid: Grid, before: u64) -> Result<(Option<Self>, u64), Reason> {
        let Some(size) = grid.size(shape.size) else { return Ok((None, before)) };
        let stride = shape.row_bytes(size.width);
        let end = before + (stride + 1) * u64::from(size.height);
        let stride = usize::try_from(stride).map_err(|_| "it is too wide")?;
        let pass = Self {
            grid,
            width: size.width as usize,
            inflater: Inflater::new(stride + 1, end, ROOM),
            lines: Lines::new(shape.pixel_bytes(), stride, 1),
            before,
            at: 0,
        };
        Ok((Some(pass), end))
    }

    /// Makes the next row.
    fn next(&mut self, stream: &Stream) -> Result<&[u8], Reason> {
        while self.before > 0 {
            let skipped = self.inflater.ready().len().min(usize::try_from(self.before).unwrap_or(usize::MAX));
            self.inflater.take(skipped);
            self.before -= skipped as u64;
            if skipped == 0 {
                self.inflate(stream)?;
            }
        }
        while self.inflater.ready().len() < self.lines.raw_bytes() {
            self.inflate(stream)?;
        }
        let made = self.lines.make(self.inflater.ready())?;
        self.inflater.take(made * self.lines.raw_bytes());
        self.lines.rows().next().ok_or("a row is missing".into())
    }

    fn inflate(&mut self, stream: &Stream) -> Result<(), Reason> {
        let input = stream.from(self.at);
        if input.is_empty() && !self.inflater.is_full() {
            return Err("the pixels end too soon".into());
        }
        let mut rest = input;
        self.inflater.fill(&mut rest)?;
        self.at += input.len() - rest.len();
        Ok(())
    }
}

/// Sends the rows of an interlaced picture, all of whose stream has come.
pub(super) fn send(
    head: &Head,
    mut expander: Expander,
    stream: &Stream,
    sink: &mut dyn RowSink,
) -> Result<(), Reason> {
    let shape = head.shape;
    let mut passes = Vec::with_capacity(PASSES.len());
    let mut end = 0;
    for grid in PASSES {
        let (pass, next) = Pass::new(shape, grid, end)?;
        passes.extend(pass);
        end = next;
    }
    let samples = expander.colours().samples();
    let mut row = vec![0; (shape.size.width as usize).checked_mul(samples).ok_or("it is too wide")?];
    for y in 0..shape.size.height {
        for pass in passes.iter_mut().filter(|pass| pass.grid.has_row(y)) {
            let (grid, width) = (pass.grid, pass.width);
            let part = expander.expand(pass.next(stream)?, width);
            match samples {
                1 => spread::<1>(part, grid, &mut row),
                3 => spread::<3>(part, grid, &mut row),
                _ => spread::<4>(part, grid, &mut row),
            }
        }
        if sink.row(0, &row).is_break() {
            break;
        }
    }
    Ok(())
}

/// Puts the pixels of a pass where they belong in a row.
fn spread<const N: usize>(part: &[u8], grid: Grid, row: &mut [u8]) {
    let places = row.as_chunks_mut::<N>().0.iter_mut().skip(grid.left as usize).step_by(grid.across as usize);
    for (to, from) in places.zip(part.as_chunks::<N>().0) {
        *to = *from;
    }
}

/// Bytes held while rows are sent, beside those of the stream; its last piece may be all but empty.
pub(super) fn held_bytes(picture: Size, pixel_bits: u64) -> u64 {
    let mut end = 0;
    let passes: u64 = PASSES
        .iter()
        .filter_map(|grid| grid.size(picture))
        .map(|size| {
            let stride = (u64::from(size.width) * pixel_bits).div_ceil(8);
            end += (stride + 1) * u64::from(size.height);
            Inflater::held_bytes(stride + 1, end, ROOM) + 2 * stride
        })
        .sum();
    passes.saturating_add(PIECE as u64)
}

//! One scan with all components, coefficients in order: decoded as its bytes come in, a block at a time.

use std::ops::{ControlFlow, Range};
use std::rc::Rc;

use super::TRUNCATED_SCANS;
use super::bits::{Bits, Held};
use super::frame::Frame;
use super::huffman::{Class, Huffman};
use super::idct::{Block, Weights};
use super::markers::{ScanHeader, Tables};
use super::strip::{Strips, Wanted};
use super::{Broken, Truncated};
use crate::picture::rows::RowSink;

/// Bytes of a block at most: 64 codes and values of 31 bits, each byte of ones with a stuffed one behind it.
const LONGEST_BLOCK_BYTES: usize = 64 * 31 / 8 * 2;

/// A component's tables and state.
#[derive(Debug)]
struct Part {
    component: usize,
    across: usize,
    down: usize,
    dc: Rc<Huffman>,
    ac: Rc<Huffman>,
    weights: Rc<Weights>,
    prediction: i32,
}

/// The scan, and how far it got.
#[derive(Debug)]
pub(super) struct Sequential {
    parts: Vec<Part>,
    strips: Strips,
    block: Box<Block>,
    columns: Range<usize>,
    rows: Range<usize>,
    /// The next MCU.
    column: usize,
    row: usize,
    restart_interval: u32,
    until_restart: u32,
    held: Held,
    /// With so many bytes ahead, an MCU cannot run out of them.
    margin: usize,
}

/// Whether a scan has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More bytes are wanted; so many were used.
    Used(usize),
    /// No more bytes are wanted.
    Done,
}

impl Sequential {
    pub(super) fn new(
        frame: &mut Frame,
        scan: &ScanHeader,
        tables: &Tables,
        wanted: &Wanted,
        has_plain_ink: bool,
    ) -> Result<Self, Broken> {
        let mut parts = Vec::with_capacity(scan.components.len());
        for one in &scan.components {
            let Some(component) = frame.components.get_mut(one.index) else { continue };
            parts.push(Part {
                component: one.index,
                across: component.across,
                down: component.down,
                dc: Rc::new(tables.huffman(Class::Dc, one.dc)?),
                ac: Rc::new(tables.huffman(Class::Ac, one.ac)?.with_strides()),
                weights: component.fix_weights(tables)?,
                prediction: 0,
            });
        }
        let blocks: usize = parts.iter().map(|part| part.across * part.down).sum();
        let (columns, rows) = wanted.mcus(frame);
        Ok(Self {
            strips: Strips::new(frame, has_plain_ink),
            parts,
            block: Box::new(Block::new()),
            columns,
            rows,
            column: 0,
            row: 0,
            restart_interval: tables.restart_interval,
            until_restart: tables.restart_interval,
            held: Held::default(),
            margin: blocks * LONGEST_BLOCK_BYTES + 16,
        })
    }

    /// Decodes what `data` has in full, which begins where the last call left off. Where it is the last there is,
    /// it must be enough.
    pub(super) fn run(
        &mut self,
        frame: &Frame,
        data: &[u8],
        is_last: bool,
        sink: &mut dyn RowSink,
    ) -> Result<Progress, Broken> {
        let mut bits = Bits::new(data, self.held);
        let needed = if is_last { 0 } else { self.margin };
        while self.row < self.rows.end {
            if !self.finish_row(frame, &mut bits, needed)? {
                self.held = bits.held();
                return Ok(Progress::Used(bits.position()));
            }
            if bits.is_overdrawn() && TRUNCATED_SCANS == Truncated::Refused {
                return Err("a scan is cut off");
            }
            if self.strips.send(frame, self.row, sink) == ControlFlow::Break(()) {
                return Ok(Progress::Done);
            }
            self.column = 0;
            self.row += 1;
        }
        Ok(Progress::Done)
    }

    /// Decodes the rest of a row of MCUs; whether there were bytes enough.
    fn finish_row(&mut self, frame: &Frame, bits: &mut Bits<'_>, needed: usize) -> Result<bool, Broken> {
        let is_wanted = self.rows.contains(&self.row);
        while self.column < frame.mcus.0 {
            if bits.left() < needed {
                return Ok(false);
            }
            if self.restart_interval > 0 {
                if self.until_restart == 0 {
                    match bits.restart() {
                        None if needed > 0 => return Ok(false),
                        Some(true) => self.restart(),
                        _ if TRUNCATED_SCANS == Truncated::Shown => {}
                        _ => return Err("a restart marker is missing"),
                    }
                }
                if self.passes_over_interval(frame.mcus.0) {
                    continue;
                }
                self.until_restart = self.until_restart.saturating_sub(1);
            }
            if is_wanted && self.columns.contains(&self.column) {
                self.decode_mcu(bits);
            } else {
                self.skip_mcu(bits);
            }
            self.column += 1;
        }
        Ok(true)
    }

    /// Whether nobody looks at an interval that begins here and ends within the row; if so, its bytes need not be
    /// decoded, since the next marker is looked for.
    fn passes_over_interval(&mut self, width: usize) -> bool {
        let end = self.column + self.restart_interval as usize;
        let is_seen =
            self.rows.contains(&self.row) && self.columns.start < end && self.column < self.columns.end;
        if is_seen || end > width || self.until_restart != self.restart_interval {
            return false;
        }
        self.column = end;
        self.until_restart = 0;
        true
    }

    fn restart(&mut self) {
        self.until_restart = self.restart_interval;
        for part in &mut self.parts {
            part.prediction = 0;
        }
    }

    #[inline]
    fn decode_mcu(&mut self, bits: &mut Bits<'_>) {
        for part in &mut self.parts {
            for y in 0..part.down {
                for x in 0..part.across {
                    let place = (self.column * part.across + x, y);
                    if part.weights.side == 2 {
                        if let Some(pair) = self.strips.pair(part.component, place) {
                            part.decode_block(bits, pair);
                        }
                    } else {
                        let is_flat = part.decode_block(bits, &mut self.block.0);
                        self.strips.write(part.component, place, is_flat, &mut self.block);
                    }
                }
            }
        }
    }

    /// Blocks that nobody looks at: only what later ones depend on is kept.
    #[cold]
    fn skip_mcu(&mut self, bits: &mut Bits<'_>) {
        for part in &mut self.parts {
            for _ in 0..part.across * part.down {
                part.prediction = part.prediction.wrapping_add(part.dc.difference(bits));
                part.ac.skip_block(bits);
            }
        }
    }
}

impl Part {
    /// Decodes a block (T.81, F.2.2); whether it is all of one value.
    #[inline]
    fn decode_block<const N: usize>(&mut self, shared: &mut Bits<'_>, block: &mut [f32; N]) -> bool {
        let mut bits = *shared;
        let is_flat = self.decode_coefficients(&mut bits, block);
        *shared = bits;
        is_flat
    }

    #[inline]
    fn decode_coefficients<const N: usize>(&mut self, bits: &mut Bits<'_>, block: &mut [f32; N]) -> bool {
        self.prediction = self.prediction.wrapping_add(self.dc.difference(bits));
        self.weights.add(block, 0, self.prediction);
        if self.weights.side == 1 {
            self.ac.skip_block(bits);
            return true;
        }
        let mut at = 0;
        let mut first = true;
        while at < 63 {
            let (advance, value) = self.ac.coefficient(bits);
            at += advance;
            if at > 63 {
                return first;
            }
            first = false;
            self.weights.add(block, at, value);
        }
        false
    }
}

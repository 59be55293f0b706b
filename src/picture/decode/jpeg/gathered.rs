//! Several scans: progressive coding, or components one after the other.
//!
//! The file is held, not the coefficients: every scan has its own place in it, and all of them go through
//! the picture together, a row of MCUs at a time. A photograph's file is a twentieth of its coefficients.

use std::ops::{ControlFlow, Range};
use std::rc::Rc;

use super::bits::{Bits, Held};
use super::frame::Frame;
use super::huffman::{Class, Huffman};
use super::idct::Block;
use super::markers::{ScanHeader, Tables};
use super::progressive::Band;
use super::strip::{Strips, Wanted};
use super::{Broken, TRUNCATED_SCANS, Truncated};
use crate::picture::rows::RowSink;

/// More scans than any encoder writes; each costs time for every block.
const MOST_SCANS: usize = 64;

/// Coefficients of a block in coded order, and which of them are not zero.
#[derive(Debug, Clone)]
pub(super) struct Coefficients {
    pub(super) values: [i16; 64],
    pub(super) mask: u64,
}

impl Coefficients {
    const ZERO: Self = Self { values: [0; 64], mask: 0 };

    /// Hands over all that are not zero, and leaves zeros.
    #[inline]
    fn take_each(&mut self, mut take: impl FnMut(usize, i16)) {
        while self.mask != 0 {
            let at = self.mask.trailing_zeros() as usize;
            self.mask &= self.mask - 1;
            if let Some(value) = self.values.get_mut(at) {
                take(at, std::mem::take(value));
            }
        }
    }

    /// Sets one that was zero.
    #[inline]
    pub(super) fn set(&mut self, at: usize, value: i16) {
        if let Some(place) = self.values.get_mut(at) {
            *place = value;
            self.mask |= u64::from(value != 0) << (at & 63);
        }
    }
}

/// What a scan does to a block.
#[derive(Debug)]
enum Coding {
    /// All coefficients.
    Sequential { dc: Rc<Huffman>, ac: Rc<Huffman> },
    /// The mean, down to a bit.
    FirstDc { dc: Rc<Huffman>, lowest: u8 },
    /// One more bit of the mean.
    RefineDc { lowest: u8 },
    /// A band of the others.
    Band(Band),
}

/// A component of a scan.
#[derive(Debug)]
struct Part {
    component: usize,
    prediction: i32,
    coding: Coding,
}

/// A scan, and how far it got.
#[derive(Debug)]
struct Scan {
    parts: Vec<Part>,
    /// Where its bytes are in the file.
    bytes: Range<usize>,
    held: Held,
    restart_interval: u32,
    until_restart: u32,
}

/// All scans.
#[derive(Debug)]
pub(super) struct Gathered {
    scans: Vec<Scan>,
    /// Of every component, the blocks of a row of MCUs.
    blocks: Vec<Vec<Coefficients>>,
    strips: Strips,
}

impl Gathered {
    /// Finds the scans of `file`, which begins with the header of the first.
    pub(super) fn new(
        frame: &mut Frame,
        tables: &mut Tables,
        file: &[u8],
        has_plain_ink: bool,
    ) -> Result<Self, Broken> {
        let mut scans = Vec::new();
        // Coefficients of every component that are known to the last bit.
        let mut known = vec![0_u64; frame.components.len()];
        let (mut at, mut has_end) = (0, false);
        while let Some((marker, body, after)) = super::next_segment(file, at) {
            at = after;
            match marker {
                0xDA => {
                    let header = ScanHeader::read(body, &frame.header)?;
                    let end = end_of_scan(file, after);
                    if scans.len() == MOST_SCANS {
                        return Err("there are more than 64 scans");
                    }
                    scans.extend(Scan::new(frame, &header, tables, after..end)?);
                    for one in &header.components {
                        if let Some(known) = known.get_mut(one.index) {
                            *known |= header.told_in_full();
                        }
                    }
                    at = end;
                }
                0xD9 => {
                    has_end = true;
                    break;
                }
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => return Err("there are two frames"),
                _ => tables.read(marker, body)?,
            }
        }
        if frame.components.iter().any(|component| component.weights.is_none()) {
            return Err("a component has no scan");
        }
        // Encoders may leave bits out, and files their last marker; both together say that scans are missing.
        let is_cut_off = !has_end && known.iter().any(|&known| known != u64::MAX);
        if is_cut_off && TRUNCATED_SCANS == Truncated::Refused {
            return Err("the file ends before its last scan");
        }
        let blocks = frame
            .components
            .iter()
            .map(|component| vec![Coefficients::ZERO; frame.mcus.0 * component.across * component.down]);
        Ok(Self { scans, blocks: blocks.collect(), strips: Strips::new(frame, has_plain_ink) })
    }

    /// Decodes all there is to be seen.
    pub(super) fn run(
        mut self,
        frame: &Frame,
        file: &[u8],
        wanted: &Wanted,
        sink: &mut dyn RowSink,
    ) -> Result<(), Broken> {
        let (_, rows) = wanted.mcus(frame);
        let mut block = Block::new();
        for row in 0..rows.end {
            for scan in &mut self.scans {
                scan.decode_row(frame, file, row, &mut self.blocks)?;
            }
            self.write(frame, &mut block);
            if self.strips.send(frame, row, sink) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    /// Turns a row of coefficients into samples, and back to zero.
    fn write(&mut self, frame: &Frame, block: &mut Block) {
        for (index, (blocks, component)) in self.blocks.iter_mut().zip(&frame.components).enumerate() {
            let Some(weights) = &component.weights else { continue };
            let width = frame.mcus.0 * component.across;
            for (at, coefficients) in blocks.iter_mut().enumerate() {
                let is_flat = coefficients.mask <= 1;
                coefficients.take_each(|at, value| weights.add(&mut block.0, at, value.into()));
                let place = (at % width, at / width);
                if let (2, Some(pair)) = (component.side, self.strips.pair(index, place)) {
                    *pair = block.take_pair();
                } else {
                    self.strips.write(index, place, is_flat, block);
                }
            }
        }
    }
}

impl Scan {
    /// A scan whose bytes lie at `bytes`; nothing where the reduction needs none of it.
    fn new(
        frame: &mut Frame,
        header: &ScanHeader,
        tables: &Tables,
        bytes: Range<usize>,
    ) -> Result<Option<Self>, Broken> {
        let is_progressive = frame.header.is_progressive;
        let mut parts = Vec::with_capacity(header.components.len());
        let mut is_needed = false;
        for one in &header.components {
            let Some(component) = frame.components.get_mut(one.index) else { continue };
            component.fix_weights(tables)?;
            // At an eighth, only the means are.
            is_needed |= header.first == 0 || component.side > 1;
            let huffman = |class, index| tables.huffman(class, index).map(Rc::new);
            let coding = match (is_progressive, header.first, header.known) {
                (false, ..) => {
                    Coding::Sequential { dc: huffman(Class::Dc, one.dc)?, ac: huffman(Class::Ac, one.ac)? }
                }
                (true, 0, 0) => Coding::FirstDc { dc: huffman(Class::Dc, one.dc)?, lowest: header.lowest },
                (true, 0, _) => Coding::RefineDc { lowest: header.lowest },
                _ => Coding::Band(Band::new(header, huffman(Class::ProgressiveAc, one.ac)?)),
            };
            parts.push(Part { component: one.index, prediction: 0, coding });
        }
        Ok(is_needed.then_some(Self {
            parts,
            bytes,
            held: Held::default(),
            restart_interval: tables.restart_interval,
            until_restart: tables.restart_interval,
        }))
    }

    /// Decodes its share of a row of MCUs.
    fn decode_row(
        &mut self,
        frame: &Frame,
        file: &[u8],
        row: usize,
        blocks: &mut [Vec<Coefficients>],
    ) -> Result<(), Broken> {
        let data = file.get(self.bytes.clone()).unwrap_or_default();
        let mut bits = Bits::new(data, self.held);
        match self.parts.as_slice() {
            [part] => self.decode_alone(frame, part.component, row, &mut bits, blocks)?,
            _ => self.decode_interleaved(frame, &mut bits, blocks)?,
        }
        if bits.is_overdrawn() && TRUNCATED_SCANS == Truncated::Refused {
            return Err("a scan is cut off");
        }
        self.held = bits.held();
        self.bytes.start += bits.position();
        Ok(())
    }

    fn decode_interleaved(
        &mut self,
        frame: &Frame,
        bits: &mut Bits<'_>,
        blocks: &mut [Vec<Coefficients>],
    ) -> Result<(), Broken> {
        for column in 0..frame.mcus.0 {
            self.look_for_restart(bits)?;
            for part in &mut self.parts {
                let (Some(component), Some(blocks)) =
                    (frame.components.get(part.component), blocks.get_mut(part.component))
                else {
                    continue;
                };
                let width = frame.mcus.0 * component.across;
                for line in blocks.chunks_exact_mut(width) {
                    let start = column * component.across;
                    for block in line.get_mut(start..start + component.across).unwrap_or_default() {
                        part.decode(bits, block);
                    }
                }
            }
        }
        Ok(())
    }

    /// A component alone has no padding to MCUs (T.81, A.2.2).
    fn decode_alone(
        &mut self,
        frame: &Frame,
        component: usize,
        row: usize,
        bits: &mut Bits<'_>,
        blocks: &mut [Vec<Coefficients>],
    ) -> Result<(), Broken> {
        let (Some(blocks), Some(component)) = (blocks.get_mut(component), frame.components.get(component))
        else {
            return Ok(());
        };
        let width = frame.mcus.0 * component.across;
        let left = component.blocks.1.saturating_sub(row * component.down);
        for line in blocks.chunks_exact_mut(width).take(left) {
            let line = line.get_mut(..component.blocks.0).unwrap_or_default();
            if self.restart_interval == 0 && self.parts.iter_mut().all(|part| part.passes_over(line.len())) {
                continue;
            }
            for block in line {
                self.look_for_restart(bits)?;
                for part in &mut self.parts {
                    part.decode(bits, block);
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn look_for_restart(&mut self, bits: &mut Bits<'_>) -> Result<(), Broken> {
        if self.restart_interval == 0 {
            return Ok(());
        }
        if self.until_restart == 0 {
            if bits.restart() != Some(true) && TRUNCATED_SCANS == Truncated::Refused {
                return Err("a restart marker is missing");
            }
            self.until_restart = self.restart_interval;
            for part in &mut self.parts {
                part.prediction = 0;
                if let Coding::Band(band) = &mut part.coding {
                    band.restart();
                }
            }
        }
        self.until_restart -= 1;
        Ok(())
    }
}

impl Part {
    #[inline]
    fn decode(&mut self, bits: &mut Bits<'_>, block: &mut Coefficients) {
        match &mut self.coding {
            Coding::Sequential { dc, ac } => {
                self.prediction = self.prediction.wrapping_add(dc.difference(bits));
                block.set(0, truncate(self.prediction));
                let mut at = 0;
                while at < 63 {
                    let (advance, value) = ac.coefficient(bits);
                    at += advance;
                    block.set(at, truncate(value));
                }
            }
            Coding::FirstDc { dc, lowest } => {
                self.prediction = self.prediction.wrapping_add(dc.difference(bits));
                block.set(0, truncate(self.prediction.wrapping_shl((*lowest).into())));
            }
            Coding::RefineDc { lowest } => {
                bits.prepare();
                let bit = truncate(bits.take(1) << *lowest);
                let value = block.values.first().copied().unwrap_or(0);
                block.set(0, value | bit);
            }
            Coding::Band(band) => band.decode(bits, block),
        }
    }

    /// Whether nothing is told of the next blocks; if so, they are passed over.
    fn passes_over(&mut self, blocks: usize) -> bool {
        match &mut self.coding {
            Coding::Band(band) => band.passes_over(blocks),
            _ => false,
        }
    }
}

/// Coefficients have 16 bits; broken ones may have more.
#[expect(clippy::cast_possible_truncation, reason = "that is what it does")]
pub(super) fn truncate(value: i32) -> i16 {
    value as i16
}

/// The first marker that neither is stuffing nor restarts the scan.
fn end_of_scan(file: &[u8], start: usize) -> usize {
    let rest = file.get(start..).unwrap_or_default();
    let ends = |pair: &[u8]| matches!(*pair, [0xFF, second] if !matches!(second, 0 | 0xD0..=0xD7 | 0xFF));
    rest.windows(2).position(ends).map_or(file.len(), |at| start + at)
}

//! Our own JPEG decoder (ITU-T T.81): baseline, extended and progressive, 8 bit, Huffman; at full size, a half, a
//! quarter or an eighth; rows of planes out as bytes come in.
//!
//! Components are handed on as they are stored, each at its own resolution. Colours are somebody else's matter, and
//! so is what is not pixels. Samples of 12 bits and arithmetic coding are refused.

mod bits;
mod frame;
mod gathered;
mod huffman;
mod idct;
mod markers;
mod progressive;
mod sequential;
mod standard;
mod strip;

pub use frame::Reduction;
pub use strip::Wanted;

use std::ops::ControlFlow;

use self::frame::Frame;
use self::gathered::Gathered;
use self::markers::{FrameHeader, ScanHeader, Tables};
use self::sequential::{Progress, Sequential};
use super::{DecodeError, PIECE_BYTES};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::probe::JpegCoding;
use crate::picture::rows::RowSink;

/// What is wrong with a file.
type Broken = &'static str;

/// What becomes of a scan that ends before its last block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truncated {
    /// The file is refused.
    Refused,
    /// What was decoded is shown, and grey for the rest.
    Shown,
}

/// Our choice: half a picture that is cached for a year is worse than an answer that says what is wrong.
const TRUNCATED_SCANS: Truncated = Truncated::Refused;

/// A decoder that is given a file piece by piece.
#[derive(Debug)]
pub(super) struct JpegDecoder {
    size: Size,
    coding: JpegCoding,
    file_bytes: usize,
    reduction: Reduction,
    wanted: Wanted,
    tables: Tables,
    frame: Option<Frame>,
    state: State,
    /// Bytes that were not used yet.
    pending: Vec<u8>,
}

/// Bytes held while a picture is decoded, without the file where that is gathered: samples of a row of MCUs, and
/// where there may be several scans, its coefficients and the tables of each.
pub(in crate::picture) fn held_bytes(size: Size, coding: &JpegCoding, reduction: Reduction) -> u64 {
    const COEFFICIENTS: u64 = size_of::<gathered::Coefficients>() as u64;
    const PAIR: u64 = size_of::<[f32; 4]>() as u64;
    // Of 64 scans, with a table for each of four components.
    let tables = if coding.progressive { 2 << 20 } else { 0 };
    let most = |factor: fn(&(u8, u8)) -> u8| u32::from(coding.factors.iter().map(factor).max().unwrap_or(1));
    let mcus = u64::from(size.width.div_ceil(8 * most(|factors| factors.0)));
    let blocks = coding.factors.iter().map(|&(h, v)| mcus * u64::from(h) * u64::from(v)).sum::<u64>();
    let samples = 8 / u64::from(reduction.luma.min(reduction.chroma).clamp(1, 8));
    // What was not used of a piece may be held twice while its room grows.
    blocks * (samples * samples + PAIR + COEFFICIENTS) + tables + 3 * u64::from(PIECE_BYTES)
}

#[derive(Debug)]
enum State {
    /// Between segments, before the first scan; so many bytes are passed over first.
    Headers {
        skip: usize,
    },
    /// Within the one scan.
    Scan(Box<Sequential>),
    /// There are several scans: the file is gathered.
    Scans,
    Done,
}

impl JpegDecoder {
    /// A decoder for a file whose header says this.
    pub(super) fn new(
        size: Size,
        coding: &JpegCoding,
        file_bytes: usize,
        reduction: Reduction,
        wanted: Wanted,
    ) -> Self {
        Self {
            size,
            coding: coding.clone(),
            file_bytes,
            reduction,
            wanted,
            tables: Tables::default(),
            frame: None,
            state: State::Headers { skip: 2 },
            pending: Vec::new(),
        }
    }

    /// Takes the next bytes and hands on the rows that they complete.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, DecodeError> {
        // What is not decoded as it comes may turn out to be too much: only then is it known that it must be kept.
        if (self.pending.len() + bytes.len()) as u64 > LARGEST_GATHERED_BYTES {
            return Err(DecodeError::new(Format::Jpeg, &"files of several scans are read up to 32 MiB"));
        }
        self.pending.extend_from_slice(bytes);
        self.go_on(sink)
    }

    /// Takes the first bytes as they are.
    pub(super) fn begin(
        &mut self,
        start: Vec<u8>,
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, DecodeError> {
        self.pending = start;
        self.go_on(sink)
    }

    fn go_on(&mut self, sink: &mut dyn RowSink) -> Result<ControlFlow<()>, DecodeError> {
        self.advance(false, sink).map_err(|reason| DecodeError::new(Format::Jpeg, &reason))?;
        Ok(if matches!(self.state, State::Done) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// The file has ended.
    pub(super) fn finish(&mut self, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
        self.advance(true, sink).map_err(|reason| DecodeError::new(Format::Jpeg, &reason))?;
        match self.state {
            State::Done => Ok(()),
            _ => Err(DecodeError::new(Format::Jpeg, &"the file ends before its picture")),
        }
    }

    fn advance(&mut self, is_last: bool, sink: &mut dyn RowSink) -> Result<(), Broken> {
        if matches!(self.state, State::Headers { .. }) {
            self.read_headers(sink)?;
        }
        match (&mut self.state, &mut self.frame) {
            (State::Scan(scan), Some(frame)) => match scan.run(frame, &self.pending, is_last, sink)? {
                Progress::Used(count) => drop(self.pending.drain(..count)),
                Progress::Done => self.state = State::Done,
            },
            (State::Scans, Some(frame)) if is_last => {
                let file = std::mem::take(&mut self.pending);
                let scans = Gathered::new(frame, &mut self.tables, &file, self.coding.plain_ink)?;
                scans.run(frame, &file, &self.wanted, sink)?;
                self.state = State::Done;
            }
            _ => {}
        }
        if matches!(self.state, State::Done) {
            self.pending = Vec::new();
        }
        Ok(())
    }

    /// What was read in advance, and what the budget was asked about, must be this frame.
    fn check(&self, frame: &FrameHeader) -> Result<(), Broken> {
        let factors = frame.components.iter().map(|one| (one.across, one.down));
        let is_same = (frame.width, frame.height) == (self.size.width, self.size.height)
            && frame.is_progressive == self.coding.progressive
            && factors.eq(self.coding.factors.iter().copied());
        if is_same { Ok(()) } else { Err("two headers disagree") }
    }

    /// Reads the segments that are there in full, up to the first scan.
    fn read_headers(&mut self, sink: &mut dyn RowSink) -> Result<(), Broken> {
        let mut at = 0;
        while let State::Headers { skip } = &mut self.state {
            let skipped = (*skip).min(self.pending.len() - at);
            *skip -= skipped;
            // What was passed over is not looked at again with the next piece.
            at = next_marker(&self.pending, at + skipped);
            let Some(segment) = find_segment(&self.pending, at) else { break };
            let Segment { marker, body, .. } = segment;
            // Metadata may be long and means nothing here.
            if matches!(marker, 0xE1..=0xED | 0xEF..=0xFE) {
                *skip = segment.after - at;
                continue;
            }
            if segment.after > self.pending.len() {
                break;
            }
            let body = self.pending.get(body.0..body.1).unwrap_or_default();
            match marker {
                0xC0..=0xC2 => {
                    let frame =
                        Frame::new(FrameHeader::read(marker, body)?, self.coding.colours, self.reduction);
                    self.check(&frame.header)?;
                    if self.frame.replace(frame).is_some() {
                        return Err("there are two frames");
                    }
                }
                0xC3 | 0xC5..=0xC7 => return Err("lossless and hierarchical coding are not read"),
                0xC9..=0xCB | 0xCD..=0xCF => return Err("arithmetic coding is not read"),
                0xD9 => return Err("there is no picture"),
                0xDA => {
                    let frame = self.frame.as_mut().ok_or("a scan comes before the frame")?;
                    let scan = ScanHeader::read(body, &frame.header)?;
                    sink.begin(&frame.layout(self.coding.colours));
                    if frame.header.is_progressive || scan.components.len() < frame.components.len() {
                        self.state = State::Scans;
                        // What was passed over is counted in, so that this is enough.
                        let room = self.file_bytes.saturating_sub(self.pending.len());
                        self.pending.drain(..at);
                        self.pending.reserve_exact(room);
                        return Ok(());
                    }
                    let scan =
                        Sequential::new(frame, &scan, &self.tables, &self.wanted, self.coding.plain_ink)?;
                    self.state = State::Scan(Box::new(scan));
                }
                _ => self.tables.read(marker, body)?,
            }
            at = segment.after;
        }
        self.pending.drain(..at);
        Ok(())
    }
}

struct Segment {
    marker: u8,
    /// Where its body begins and ends.
    body: (usize, usize),
    /// Where it ends; may lie behind the end of the bytes.
    after: usize,
}

/// Where the next marker from `at` on begins, or might with bytes still to come. Stray bytes before it are passed
/// over, as all decoders do.
fn next_marker(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.windows(2).position(|pair| matches!(pair, [0xFF, 1..=0xFE]));
    at + found.unwrap_or(rest.len().saturating_sub(1))
}

/// The next marker from `at` on, and its segment.
fn find_segment(bytes: &[u8], at: usize) -> Option<Segment> {
    let at = next_marker(bytes, at);
    let &[0xFF, marker @ 1..=0xFE] = bytes.get(at..)?.first_chunk()? else { return None };
    let body = at + 2;
    if matches!(marker, 0x01 | 0xD0..=0xD9) {
        return Some(Segment { marker, body: (body, body), after: body });
    }
    let &[high, low] = bytes.get(body..)?.first_chunk()?;
    let after = body + usize::from(u16::from_be_bytes([high, low])).max(2);
    Some(Segment { marker, body: (body + 2, after), after })
}

/// The next segment that is there in full: its marker, its body and where it ends.
fn next_segment(file: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let segment = find_segment(file, at)?;
    Some((segment.marker, file.get(segment.body.0..segment.body.1)?, segment.after))
}

//! Codes of growing length into indices (the GIF 89a specification, appendix F).
//!
//! What a code stands for was written before, all in one place: what the code before it stands for and the index behind
//! that. So a code is a place and a length.

use super::Reason;
use super::blocks::SubBlocks;

/// Codes are no longer.
const MOST_BITS: u32 = 12;
const MOST_CODES: usize = 1 << MOST_BITS;

/// A run of indices that were written.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    start: u32,
    length: u32,
}

/// What codes mean; kept from image to image.
#[derive(Debug)]
pub(super) struct Unpacker {
    runs: Vec<Run>,
}

/// Where the reading of codes is.
struct State<'a> {
    indices: &'a mut [u8],
    written: usize,
    clear: u32,
    bits: u32,
    next: u32,
    before: Option<Run>,
}

impl Unpacker {
    pub(super) const HELD_BYTES: u64 = (MOST_CODES * size_of::<Run>()) as u64;

    pub(super) fn new() -> Self {
        Self { runs: vec![Run::default(); MOST_CODES] }
    }

    /// Writes indices until there is room for no more, and answers how many there were.
    pub(super) fn unpack(
        &mut self,
        mut data: SubBlocks<'_>,
        code_bits: u8,
        indices: &mut [u8],
    ) -> Result<usize, Reason> {
        if !(1..=11).contains(&code_bits) {
            return Err("codes of a length that there is none of");
        }
        let clear = 1 << code_bits;
        let mut state = State { indices, written: 0, clear, bits: 0, next: 0, before: None };
        state.forget();
        let (mut window, mut filled) = (0_u32, 0_u32);
        while let Some(piece) = data.next() {
            for &byte in piece? {
                window |= u32::from(byte) << filled;
                filled += 8;
                while filled >= state.bits {
                    let code = window & ((1 << state.bits) - 1);
                    window >>= state.bits;
                    filled -= state.bits;
                    if !state.take(code, &mut self.runs)? {
                        return Ok(state.written);
                    }
                }
            }
        }
        Ok(state.written)
    }
}

impl State<'_> {
    fn forget(&mut self) {
        self.bits = self.clear.trailing_zeros() + 1;
        self.next = self.clear + 2;
        self.before = None;
    }

    /// Takes a code; whether more are wanted.
    #[inline]
    fn take(&mut self, code: u32, runs: &mut [Run]) -> Result<bool, Reason> {
        if code == self.clear {
            self.forget();
            return Ok(true);
        }
        if code == self.clear + 1 || self.written >= self.indices.len() {
            return Ok(false);
        }
        let run = match self.before {
            _ if code < self.clear => self.index(u8::try_from(code).map_err(|_| UNKNOWN)?),
            Some(before) if code == self.next => self.again(before),
            _ if code < self.next => self.copy(*runs.get(code as usize).ok_or(UNKNOWN)?),
            _ => return Err(UNKNOWN),
        };
        if let Some(before) = self.before
            && let Some(new) = runs.get_mut(self.next as usize)
        {
            *new = Run { start: before.start, length: before.length + 1 };
            self.next += 1;
            if self.next == 1 << self.bits && self.bits < MOST_BITS {
                self.bits += 1;
            }
        }
        self.before = Some(run);
        Ok(self.written < self.indices.len())
    }

    /// Writes one index.
    fn index(&mut self, index: u8) -> Run {
        let start = self.written;
        if let Some(place) = self.indices.get_mut(start) {
            *place = index;
        }
        self.written += 1;
        Run { start: narrow(start), length: 1 }
    }

    /// Writes a run again, as far as there is room.
    fn copy(&mut self, run: Run) -> Run {
        let (from, start) = (run.start as usize, self.written);
        let length = (run.length as usize).min(self.indices.len() - start);
        // What is written lies before what is to be.
        if from + length <= start {
            self.indices.copy_within(from..from + length, start);
        }
        self.written += length;
        Run { start: narrow(start), length: narrow(length) }
    }

    /// Writes the run before again, and its first index behind that: the code that is only now being made.
    fn again(&mut self, before: Run) -> Run {
        let run = self.copy(before);
        if let (Some(&first), true) =
            (self.indices.get(before.start as usize), self.written < self.indices.len())
        {
            let Run { length, .. } = self.index(first);
            return Run { length: run.length + length, ..run };
        }
        run
    }
}

const UNKNOWN: Reason = "a code that stands for nothing";

/// Images have less than 2³² pixels.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

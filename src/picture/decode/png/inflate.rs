//! Rows out of zlib, through the `fdeflate` crate and a buffer that slides.
//!
//! Inflating is three quarters of the time that a photograph takes. A decoder of our own, with up to three literals to
//! a look-up, was as fast as the crate and no faster.

use fdeflate::Decompressor;

/// How far back deflate looks (RFC 1951, 2).
const WINDOW: usize = 32 * 1024;

/// What the decompressor keeps beside the buffer: its code tables (measured).
const TABLES: u64 = 22 * 1024;

/// Inflates no more than it was told to expect. Behind that, a stream is followed to where it would bring more, so that
/// one that breaks right there is broken in whatever pieces it comes.
pub(super) struct Inflater {
    zlib: Box<Decompressor>,
    buffer: Vec<u8>,
    /// Where what was not taken yet begins.
    taken: usize,
    /// Where it ends.
    filled: usize,
    /// Bytes still expected.
    left: u64,
    /// The stream would bring more than that.
    is_over: bool,
}

impl Inflater {
    /// Expects `total` bytes, taken in pieces of at most `piece`. `room` bytes are inflated before the window is moved
    /// to the front again.
    pub(super) fn new(piece: usize, total: u64, room: usize) -> Self {
        let mut zlib = Box::new(Decompressor::new());
        // A picture that came out whole is worth more than the stream's checksum, which many writers get wrong;
        // every chunk has its own.
        zlib.ignore_adler32();
        Self {
            zlib,
            buffer: vec![0; length(piece, total, room)],
            taken: 0,
            filled: 0,
            left: total,
            is_over: false,
        }
    }

    /// Bytes that one holds.
    pub(super) fn held_bytes(piece: u64, total: u64, room: usize) -> u64 {
        let piece = usize::try_from(piece).unwrap_or(usize::MAX / 2);
        length(piece, total, room) as u64 + TABLES
    }

    /// Inflates from the front of `input` until that is used up or the buffer is full.
    pub(super) fn fill(&mut self, input: &mut &[u8]) -> Result<(), fdeflate::DecompressionError> {
        if self.is_over || self.zlib.is_done() {
            *input = &[];
            return Ok(());
        }
        if self.filled == self.buffer.len() && self.left > 0 {
            self.slide();
        }
        let end = usize::try_from(self.left).unwrap_or(usize::MAX).saturating_add(self.filled);
        let end = end.min(self.buffer.len());
        let output = self.buffer.get_mut(..end).unwrap_or_default();
        let (read, written) = self.zlib.read(input, output, self.filled, false)?;
        *input = input.get(read..).unwrap_or_default();
        self.filled += written;
        self.left -= written as u64;
        self.is_over = self.left == 0 && !input.is_empty();
        Ok(())
    }

    /// Whether `fill` may bring more without more input.
    pub(super) fn is_full(&self) -> bool {
        self.filled == self.buffer.len() && self.left > 0 && !self.zlib.is_done()
    }

    /// What was inflated and not taken.
    pub(super) fn ready(&self) -> &[u8] {
        self.buffer.get(self.taken..self.filled).unwrap_or_default()
    }

    /// Takes so many bytes of what is ready.
    pub(super) fn take(&mut self, count: usize) {
        self.taken = self.filled.min(self.taken + count);
    }

    /// Moves the window, and what was not taken, to the front.
    fn slide(&mut self) {
        let first = self.taken.min(self.filled.saturating_sub(WINDOW));
        self.buffer.copy_within(first..self.filled, 0);
        self.taken -= first;
        self.filled -= first;
    }
}

/// Room for the window or a piece that is not complete, and for what comes next.
fn length(piece: usize, total: u64, room: usize) -> usize {
    let most = WINDOW.max(piece).saturating_add(room);
    usize::try_from(total).unwrap_or(usize::MAX).min(most)
}

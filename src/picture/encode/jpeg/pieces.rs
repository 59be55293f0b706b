//! A list of tokens that is never moved to grow: it is made of pieces, each of which is let go of once it was read.

/// Tokens of a piece: 8 KiB.
const PIECE: usize = 4_096;

/// Bytes of that.
pub(super) const PIECE_BYTES: u64 = (PIECE * size_of::<u16>()) as u64;

/// Tokens in the order they came.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What is full, cut to its length.
    full: Vec<Vec<u16>>,
    piece: Vec<u16>,
    used: usize,
}

impl Pieces {
    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.full.len() as u64 + 1) * PIECE_BYTES
    }

    /// Room for so many tokens, all in one piece; `used` says how many of them were written.
    #[inline]
    pub(super) fn room<const N: usize>(&mut self) -> Option<&mut [u16; N]> {
        if self.piece.len() - self.used < N {
            self.start_piece();
        }
        self.piece.get_mut(self.used..).and_then(<[u16]>::first_chunk_mut)
    }

    /// Keeps so many tokens of the room.
    #[inline]
    pub(super) fn used(&mut self, count: usize) {
        self.used += count;
    }

    #[cold]
    fn start_piece(&mut self) {
        let mut full = std::mem::replace(&mut self.piece, vec![0; PIECE]);
        full.truncate(self.used);
        self.used = 0;
        if !full.is_empty() {
            self.full.push(full);
        }
    }

    /// Reads, and keeps what was read.
    pub(super) fn read(&self) -> Reader<impl Iterator<Item = &[u16]>, &[u16]> {
        let last = self.piece.get(..self.used).unwrap_or_default();
        Reader::new(self.full.iter().map(Vec::as_slice).chain([last]))
    }

    /// Reads, and lets go of what was read.
    pub(super) fn into_read(mut self) -> Reader<impl Iterator<Item = Vec<u16>>, Vec<u16>> {
        self.piece.truncate(self.used);
        Reader::new(self.full.into_iter().chain([self.piece]))
    }
}

/// Takes tokens from the front.
pub(super) struct Reader<P, T> {
    pieces: P,
    piece: T,
    at: usize,
}

impl<T: AsRef<[u16]> + Default, P: Iterator<Item = T>> Reader<P, T> {
    fn new(pieces: P) -> Self {
        Self { pieces, piece: T::default(), at: 0 }
    }

    /// Bytes that are still held, where what was read is not.
    pub(super) fn held_bytes(&self) -> u64 {
        (self.pieces.size_hint().0 as u64 + 1) * PIECE_BYTES
    }

    /// Shows the next tokens, of which `read` says how many it took. Nothing that is taken at once straddles pieces.
    #[inline]
    pub(super) fn take(&mut self, read: impl FnOnce(&[u16]) -> usize) {
        if self.at >= self.piece.as_ref().len() {
            // The piece that was read is let go of before the next.
            self.piece = T::default();
            self.piece = self.pieces.next().unwrap_or_default();
            self.at = 0;
        }
        self.at += read(self.piece.as_ref().get(self.at..).unwrap_or_default());
    }
}

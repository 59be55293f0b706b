//! Where one macroblock is made: its samples with the borders that they are predicted from, small enough to stay
//! in the nearest cache.
//!
//! Lines are of 32 samples. Luma: line 0 is what stands above, column 7 what stands to the left, columns 8 to 23 the
//! macroblock, 24 to 27 what stands above to the right. Chroma begins at line 17: blue in columns 8 to 15 and
//! red in 24 to 31, with their borders around them.

#![expect(clippy::indexing_slicing, reason = "a kernel over one fixed array with masked offsets")]

/// From one line to the next.
pub(in crate::picture) const LINE: usize = 32;

/// Where luma begins.
pub(in crate::picture) const LUMA: usize = LINE + 8;

/// Where blue and red differences begin.
pub(in crate::picture) const CHROMA: [usize; 2] = [18 * LINE + 8, 18 * LINE + 24];

/// What a macroblock leaves for the one below.
#[derive(Debug, Clone, Copy)]
pub(in crate::picture) struct Above {
    pub(in crate::picture) luma: [u8; 16],
    pub(in crate::picture) chroma: [[u8; 8]; 2],
}

impl Above {
    /// What is taken to stand above the picture (section 12.2).
    pub(in crate::picture) const OUTSIDE: Self = Self { luma: [127; 16], chroma: [[127; 8]; 2] };
}

/// The samples.
#[derive(Debug)]
pub(in crate::picture) struct Desk(pub(super) [u8; Self::LENGTH]);

impl Desk {
    /// Offsets are below 1024; the rest makes what is behind them safe without checks.
    const LENGTH: usize = 1024 + 16 * LINE;

    pub(in crate::picture) fn new() -> Self {
        Self([0; Self::LENGTH])
    }

    /// `N` samples at an offset.
    #[inline(always)]
    pub(in crate::picture) fn row<const N: usize>(&self, at: usize) -> [u8; N] {
        let at = at & 1023;
        let mut row = [0; N];
        row.copy_from_slice(&self.0[at..at + N]);
        row
    }

    /// Lays `N` samples down at an offset.
    #[inline(always)]
    pub(in crate::picture) fn put<const N: usize>(&mut self, at: usize, row: [u8; N]) {
        let at = at & 1023;
        self.0[at..at + N].copy_from_slice(&row);
    }

    /// `N` samples that stand below each other.
    #[inline(always)]
    pub(in crate::picture) fn column<const N: usize>(&self, at: usize) -> [u8; N] {
        let at = at & 1023;
        std::array::from_fn(|y| self.0[at + y * LINE])
    }

    /// Sets the borders of the first macroblock of a row (section 12.2).
    pub(in crate::picture) fn begin_row(&mut self, is_first: bool) {
        for line in 0..17 {
            self.0[line * LINE + 7] = 129;
        }
        for line in 17..26 {
            self.0[line * LINE + 7] = 129;
            self.0[line * LINE + 23] = 129;
        }
        if is_first {
            for corner in [7, 17 * LINE + 7, 17 * LINE + 23] {
                self.0[corner] = 127;
            }
        }
    }

    /// Makes the right edge of the macroblock the left border of the next.
    #[inline]
    pub(in crate::picture) fn step_right(&mut self) {
        for line in 0..17 {
            self.0[line * LINE + 7] = self.0[line * LINE + 23];
        }
        for line in 17..26 {
            self.0[line * LINE + 7] = self.0[line * LINE + 15];
            self.0[line * LINE + 23] = self.0[line * LINE + 31];
        }
    }

    /// Sets what stands above, and above to the right for the last subblocks of every four lines.
    #[inline]
    pub(in crate::picture) fn set_above(&mut self, above: &Above, right: [u8; 4]) {
        self.put(8, above.luma);
        for line in [0, 4, 8, 12] {
            self.put(line * LINE + 24, right);
        }
        self.put(17 * LINE + 8, above.chroma[0]);
        self.put(17 * LINE + 24, above.chroma[1]);
    }

    /// The bottom of the macroblock.
    #[inline]
    pub(in crate::picture) fn bottom(&self) -> Above {
        Above { luma: self.row(16 * LINE + 8), chroma: [self.row(25 * LINE + 8), self.row(25 * LINE + 24)] }
    }
}

//! Filtered rows made into rows of samples, several at a time where that is faster.

use super::unfilter::{PAETH, unfilter};
use super::{Reason, paeth};

/// Rows that may be made together.
pub(super) const GROUP: usize = paeth::ROWS;

/// The rows of a stream that were made last. The first of any stream stands under a row of zeros (9.2).
pub(super) struct Lines {
    pixel_bytes: usize,
    stride: usize,
    /// The row above, and those below it.
    rows: Vec<u8>,
    /// How many there are below it.
    count: usize,
}

impl Lines {
    /// Rows of `stride` bytes, at most `group` of them at a time.
    pub(super) fn new(pixel_bytes: usize, stride: usize, group: usize) -> Self {
        Self { pixel_bytes, stride, rows: vec![0; stride * (group + 1)], count: 0 }
    }

    /// Bytes of a row as it was filtered: one more, which names the filter.
    pub(super) fn raw_bytes(&self) -> usize {
        self.stride + 1
    }

    /// The rows that were made last.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.chunks_exact(self.stride).skip(1).take(self.count)
    }

    /// Makes the first rows of `raw`, as many as are whole and there is room for; says how many.
    pub(super) fn make(&mut self, raw: &[u8]) -> Result<usize, Reason> {
        let last = self.count * self.stride;
        self.rows.copy_within(last..last + self.stride, 0);
        self.count = 0;
        if !self.make_together(raw) {
            let (mut above, below) = self.rows.split_at_mut(self.stride);
            for (out, raw) in below.chunks_exact_mut(self.stride).zip(raw.chunks_exact(self.stride + 1)) {
                let (&filter, raw) = raw.split_first().ok_or("a row is empty")?;
                unfilter(filter, self.pixel_bytes, raw, above, out)?;
                above = out;
                self.count += 1;
            }
        }
        Ok(self.count)
    }

    /// Makes four rows if they are there, and all filtered so.
    fn make_together(&mut self, raw: &[u8]) -> bool {
        let (above, below) = self.rows.split_at_mut(self.stride);
        let mut raw = raw.chunks_exact(self.stride + 1).map_while(|row| match row.split_first() {
            Some((&PAETH, row)) => Some(row),
            _ => None,
        });
        let (Some(raw), Some(mut out)) = (four(&mut raw), four(&mut below.chunks_exact_mut(self.stride)))
        else {
            return false;
        };
        match self.pixel_bytes {
            1 => paeth::unfilter::<1>(raw, above, &mut out),
            2 => paeth::unfilter::<2>(raw, above, &mut out),
            3 => paeth::unfilter::<3>(raw, above, &mut out),
            4 => paeth::unfilter::<4>(raw, above, &mut out),
            _ => return false,
        }
        self.count = GROUP;
        true
    }
}

/// The next four, if there are as many.
fn four<T>(rows: &mut impl Iterator<Item = T>) -> Option<[T; GROUP]> {
    Some([rows.next()?, rows.next()?, rows.next()?, rows.next()?])
}

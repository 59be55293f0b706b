//! Rows of luma and halved chroma into rows of red, green, blue and alpha.
//!
//! Chroma is interpolated: the nearest sample counts nine sixteenths, its neighbours three each, the one across
//! one. What is beyond an edge repeats it. Decoders agree on this and on the conversion (BT.601, video range, in
//! steps of 2^-14 as libwebp has them), so that pictures look the same everywhere.

use std::ops::ControlFlow;

use crate::geometry::Size;
use crate::picture::rows::{Layout, RowSink};

/// Takes rows of planes as the lossy decoder sends them, two of luma before one of each chroma.
pub(super) struct Upsampler<F> {
    size: Size,
    /// Two rows that wait for their chroma, and the one before them.
    luma: [Vec<u8>; 3],
    waiting: usize,
    /// Blue and red differences of this pair of rows and of the pair before.
    chroma: [[Vec<u8>; 2]; 2],
    /// Chroma at each pixel of a row.
    wide: [Vec<u8>; 2],
    pixels: Vec<[u8; 4]>,
    is_first: bool,
    rows_sent: u32,
    take: F,
}

/// Bytes that it holds.
pub(super) fn held_bytes(size: Size) -> u64 {
    let (width, half) = (u64::from(size.width), u64::from(size.width.div_ceil(2)));
    3 * width + 4 * half + 2 * width + 4 * width
}

impl<F: FnMut(&mut [[u8; 4]]) -> ControlFlow<()>> Upsampler<F> {
    /// `take` is given every row from the top, opaque.
    pub(super) fn new(size: Size, take: F) -> Self {
        let row = |length: u32| vec![0; length as usize];
        let half = || [(); 2].map(|()| row(size.width.div_ceil(2)));
        Self {
            size,
            luma: [(); 3].map(|()| row(size.width)),
            waiting: 0,
            chroma: [half(), half()],
            wide: [(); 2].map(|()| row(size.width)),
            pixels: vec![[0; 4]; size.width as usize],
            is_first: true,
            rows_sent: 0,
            take,
        }
    }

    /// Chroma of a pair is there: the second row of the pair before lies between, and the first of this one.
    fn send_pair(&mut self) -> ControlFlow<()> {
        if self.is_first {
            self.send(1, [0, 0])?;
        } else {
            self.send(0, [1, 0])?;
            self.send(1, [0, 1])?;
        }
        if self.waiting == 2 {
            self.luma.swap(0, 2);
            // A last row of luma has no chroma below.
            if self.rows_sent + 1 == self.size.height {
                self.send(0, [0, 0])?;
            }
        }
        self.chroma.swap(0, 1);
        self.is_first = false;
        self.waiting = 0;
        ControlFlow::Continue(())
    }

    /// Sends one row of luma with the rows of chroma near to it and far from it.
    fn send(&mut self, luma: usize, [near, far]: [usize; 2]) -> ControlFlow<()> {
        let (Some(luma), Some(near), Some(far)) =
            (self.luma.get(luma), self.chroma.get(near), self.chroma.get(far))
        else {
            return ControlFlow::Break(());
        };
        for ((wide, near), far) in self.wide.iter_mut().zip(near).zip(far) {
            interpolate(near, far, wide);
        }
        let [blue, red] = &self.wide;
        convert(luma, blue, red, &mut self.pixels);
        self.rows_sent += 1;
        (self.take)(&mut self.pixels)
    }
}

impl<F: FnMut(&mut [[u8; 4]]) -> ControlFlow<()>> RowSink for Upsampler<F> {
    fn begin(&mut self, _: &Layout) {}

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        let own = if plane == 0 {
            self.waiting += 1;
            self.luma.get_mut(self.waiting)
        } else {
            let [now, _] = &mut self.chroma;
            now.get_mut(plane - 1)
        };
        match own {
            Some(own) if own.len() == row.len() => own.copy_from_slice(row),
            _ => return ControlFlow::Break(()),
        }
        if plane == 2 { self.send_pair() } else { ControlFlow::Continue(()) }
    }
}

/// Spreads two rows of chroma over a row of pixels.
fn interpolate(near: &[u8], far: &[u8], wide: &mut [u8]) {
    let sums = |near: u8, far: u8| 3 * u16::from(near) + u16::from(far);
    let weigh = |main: u16, other: u16| ((3 * main + other + 8) >> 4).to_le_bytes()[0];
    let (Some((&near0, near_rest)), Some((&far0, far_rest))) = (near.split_first(), far.split_first()) else {
        return;
    };
    let Some((first, rest)) = wide.split_first_mut() else { return };
    let mut last = sums(near0, far0);
    *first = weigh(last, last);
    let (pairs, end) = rest.as_chunks_mut::<2>();
    let lefts = near.iter().zip(far);
    let rights = near_rest.iter().zip(far_rest);
    for ((pair, (&ln, &lf)), (&rn, &rf)) in pairs.iter_mut().zip(lefts).zip(rights) {
        let (left, right) = (sums(ln, lf), sums(rn, rf));
        *pair = [weigh(left, right), weigh(right, left)];
    }
    if let (Some(&near), Some(&far)) = (near.last(), far.last()) {
        last = sums(near, far);
    }
    if let [end] = end {
        *end = weigh(last, last);
    }
}

/// Converts a row.
fn convert(luma: &[u8], blue: &[u8], red: &[u8], pixels: &mut [[u8; 4]]) {
    for (((pixel, &y), &u), &v) in pixels.iter_mut().zip(luma).zip(blue).zip(red) {
        let share = |sample: u8, of: i32| (i32::from(sample) * of) >> 8;
        let clip = |sum: i32| (sum >> 6).clamp(0, 255).to_le_bytes()[0];
        let y = share(y, 19_077);
        *pixel = [
            clip(y + share(v, 26_149) - 14_234),
            clip(y - share(u, 6_419) - share(v, 13_320) + 8_708),
            clip(y + share(u, 33_050) - 17_685),
            255,
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(size: Size, luma: u8, chroma: &[[u8; 2]]) -> Vec<Vec<[u8; 4]>> {
        let mut rows = Vec::new();
        let mut upsampler = Upsampler::new(size, |row: &mut [[u8; 4]]| {
            rows.push(row.to_vec());
            ControlFlow::Continue(())
        });
        let mut left = size.height;
        for row in chroma {
            for _ in 0..left.min(2) {
                assert!(upsampler.row(0, &vec![luma; size.width as usize]).is_continue());
            }
            left = left.saturating_sub(2);
            let row = &row[..size.width.div_ceil(2) as usize];
            assert!(upsampler.row(1, row).is_continue());
            assert!(upsampler.row(2, &vec![128; row.len()]).is_continue());
        }
        rows
    }

    #[test]
    fn every_row_comes_once() {
        for (height, pairs) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            for width in [1, 2, 3, 4] {
                let rows = rows(Size::new(width, height), 16, &[[128; 2]; 3][..pairs]);
                assert_eq!(rows, vec![vec![[0, 0, 0, 255]; width as usize]; height as usize]);
            }
        }
    }

    #[test]
    fn black_and_white_are_whole() {
        assert_eq!(rows(Size::new(1, 1), 235, &[[128; 2]]), [[[255, 255, 255, 255]]]);
        assert_eq!(rows(Size::new(1, 1), 255, &[[128; 2]]), [[[255, 255, 255, 255]]]);
    }

    #[test]
    fn chroma_is_weighed_by_nearness() {
        let mut wide = [0; 5];
        interpolate(&[0, 160, 160], &[0, 160, 0], &mut wide);
        assert_eq!(wide, [0, 40, 120, 150, 130]);
        interpolate(&[160, 0, 0], &[160, 0, 0], &mut wide[..4]);
        assert_eq!(wide[..4], [160, 120, 40, 0]);
    }
}

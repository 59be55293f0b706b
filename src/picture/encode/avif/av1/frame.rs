//! Planes of samples, in whole blocks of eight by eight.

use crate::geometry::Size;

/// Samples in rows. What goes beyond the picture repeats its edges.
#[derive(Debug, Clone)]
pub(in super::super) struct Plane {
    /// From one row to the next.
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) samples: Vec<u8>,
}

impl Plane {
    /// An empty one with room for so many samples.
    pub(in super::super) fn with_room(width: usize, height: usize) -> Self {
        Self { width, height, samples: Vec::with_capacity(width * height) }
    }

    /// Adds a row, whose last sample is repeated.
    pub(in super::super) fn push(&mut self, row: &[u8]) {
        if self.samples.len() < self.width * self.height {
            let end = self.samples.len() + self.width;
            self.samples.extend_from_slice(&row[..row.len().min(self.width)]);
            self.samples.resize(end, row.last().copied().unwrap_or_default());
        }
    }

    /// Repeats the last row until there are enough.
    pub(in super::super) fn finish(&mut self) {
        while self.samples.len() < self.width * self.height {
            let start = self.samples.len().saturating_sub(self.width);
            if self.samples.is_empty() {
                self.samples.resize(self.width, 0);
            } else {
                self.samples.extend_from_within(start..);
            }
        }
    }

    /// Rows of a square.
    pub(super) fn square(&self, (x, y): (usize, usize), side: usize) -> impl Iterator<Item = &[u8]> {
        self.samples[y * self.width + x..].chunks(self.width).take(side).map(move |row| &row[..side])
    }

    /// Copies a square out.
    pub(super) fn take(&self, at: (usize, usize), side: usize, to: &mut [u8]) {
        for (from, to) in self.square(at, side).zip(to.chunks_exact_mut(side)) {
            to.copy_from_slice(from);
        }
    }

    /// Lays a square down.
    pub(super) fn put(&mut self, (x, y): (usize, usize), side: usize, from: &[u8]) {
        let rows = self.samples[y * self.width + x..].chunks_mut(self.width);
        for (to, from) in rows.zip(from.chunks_exact(side)) {
            to[..side].copy_from_slice(from);
        }
    }
}

/// A picture of luma alone, or with blue and red difference of half its sides.
#[derive(Debug, Clone)]
pub(in super::super) struct Frame {
    pub(in super::super) size: Size,
    pub(in super::super) planes: Vec<Plane>,
}

impl Frame {
    /// An empty one.
    pub(in super::super) fn with_room(size: Size, has_chroma: bool) -> Self {
        let (width, height) = coded(size);
        let mut planes = vec![Plane::with_room(width, height)];
        if has_chroma {
            planes.extend([(); 2].map(|()| Plane::with_room(width / 2, height / 2)));
        }
        Self { size, planes }
    }

    /// One of the same size, of no colour.
    pub(super) fn blank(&self) -> Self {
        let blank = |plane: &Plane| Plane { samples: vec![0; plane.samples.len()], ..*plane };
        Self { size: self.size, planes: self.planes.iter().map(blank).collect() }
    }

    /// The samples of each plane that lie in the picture.
    pub(super) fn cut(&self) -> Vec<Vec<u8>> {
        let Size { width, height } = self.size;
        let sides = [(width, height), (width.div_ceil(2), height.div_ceil(2))];
        let cut = |(i, plane): (usize, &Plane)| {
            let (width, height) = sides[i.min(1)];
            let rows = plane.samples.chunks(plane.width).take(height as usize);
            rows.flat_map(|row| &row[..width as usize]).copied().collect()
        };
        self.planes.iter().enumerate().map(cut).collect()
    }

    pub(super) fn has_chroma(&self) -> bool {
        self.planes.len() > 1
    }
}

/// Sides in whole blocks of eight.
pub(super) fn coded(size: Size) -> (usize, usize) {
    ((size.width as usize).next_multiple_of(8), (size.height as usize).next_multiple_of(8))
}

//! Finding what is not border: the smallest rectangle with everything that differs from one colour.

use std::ops::ControlFlow;

use crate::geometry::{Rect, Size};
use crate::picture::rows::{Colours, Layout, RowSink};

/// Looks at rows of whole pixels as they come.
#[derive(Debug)]
pub struct BorderFinder {
    colour: Option<[u8; 4]>,
    tolerance: u8,
    pixel_bytes: usize,
    rows: u32,
    /// Columns and rows of what differs: the first, and the one behind the last.
    found: Option<Found>,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

impl BorderFinder {
    /// Borders have this colour, or that of the first pixel, up to a difference of `tolerance` in any channel.
    pub fn new(colour: Option<[u8; 4]>, tolerance: u8) -> Self {
        Self { colour: colour.map(seen), tolerance, pixel_bytes: 3, rows: 0, found: None }
    }

    /// What is not border, if anything.
    pub fn inner(&self) -> Option<Rect> {
        let Found { left, right, top, bottom } = self.found?;
        Some(Rect { x: left, y: top, size: Size::new(right - left, bottom - top) })
    }

    fn differs(&self, pixel: &[u8], colour: [u8; 4]) -> bool {
        read(pixel).iter().zip(colour).any(|(sample, of)| sample.abs_diff(of) > self.tolerance)
    }
}

impl RowSink for BorderFinder {
    fn begin(&mut self, layout: &Layout) {
        self.pixel_bytes = if layout.colours == Colours::Rgba { 4 } else { 3 };
    }

    fn row(&mut self, _plane: usize, row: &[u8]) -> ControlFlow<()> {
        let y = self.rows;
        self.rows += 1;
        let pixels = || row.chunks_exact(self.pixel_bytes);
        let Some(colour) = self.colour.or_else(|| pixels().next().map(read)) else {
            return ControlFlow::Continue(());
        };
        let place = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let first = pixels().position(|pixel| self.differs(pixel, colour)).map(place);
        let last = pixels().rposition(|pixel| self.differs(pixel, colour)).map(place);
        self.colour = Some(colour);
        if let (Some(left), Some(last)) = (first, last) {
            let now = Found { left, right: last + 1, top: y, bottom: y + 1 };
            self.found = Some(self.found.map_or(now, |before| Found {
                left: before.left.min(now.left),
                right: before.right.max(now.right),
                bottom: now.bottom,
                ..before
            }));
        }
        ControlFlow::Continue(())
    }
}

fn read(pixel: &[u8]) -> [u8; 4] {
    match *pixel {
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => seen([r, g, b, a]),
        _ => [0; 4],
    }
}

/// What is transparent has no colour.
fn seen(pixel: [u8; 4]) -> [u8; 4] {
    if pixel[3] == 0 { [0; 4] } else { pixel }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in rows of letters, where a space is 0.
    fn found(rows: &[&str], colour: Option<u8>, tolerance: u8) -> Option<(u32, u32, u32, u32)> {
        let mut finder = BorderFinder::new(colour.map(|grey| [grey, grey, grey, 255]), tolerance);
        let size = Size::new(u32::try_from(rows[0].len()).unwrap(), u32::try_from(rows.len()).unwrap());
        finder.begin(&Layout::whole(Colours::Rgb, size));
        for row in rows {
            let _ = finder.row(0, &row.bytes().flat_map(|letter| [letter; 3]).collect::<Vec<_>>());
        }
        finder.inner().map(|part| (part.x, part.y, part.size.width, part.size.height))
    }

    #[test]
    fn the_smallest_rectangle_holds_all_that_differs() {
        assert_eq!(found(&["aaaaa", "aaaxa", "ayaaa", "aaaaa"], None, 0), Some((1, 1, 3, 2)));
        assert_eq!(found(&["aaa", "aaa"], None, 0), None);
        assert_eq!(found(&["x"], Some(b'a'), 0), Some((0, 0, 1, 1)));
        assert_eq!(found(&["xaa", "axa"], Some(b'a'), 0), Some((0, 0, 2, 2)));
    }

    #[test]
    fn a_difference_within_the_tolerance_is_border() {
        assert_eq!(found(&["abcd"], None, 0), Some((1, 0, 3, 1)));
        assert_eq!(found(&["abcd"], None, 2), Some((3, 0, 1, 1)));
        assert_eq!(found(&["abcd"], None, 3), None);
    }

    #[test]
    fn what_is_transparent_has_no_colour() {
        let mut finder = BorderFinder::new(None, 0);
        finder.begin(&Layout::whole(Colours::Rgba, Size::new(3, 1)));
        let _ = finder.row(0, &[1, 2, 3, 0, 200, 100, 50, 0, 1, 2, 3, 255]);
        assert_eq!(finder.inner(), Some(Rect { x: 2, y: 0, size: Size::new(1, 1) }));
    }
}

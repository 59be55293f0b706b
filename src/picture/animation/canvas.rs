//! Where frames are laid on each other: pixels with straight alpha, and what is to be done to them before the next frame.

use crate::geometry::{Rect, Size};
use crate::picture::ops::canvas;
use crate::picture::rows::{Colours, Layout, RowSink};

/// What becomes of a frame when the next one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) enum After {
    /// It stays.
    Keep,
    /// Its rectangle becomes transparent.
    Clear,
    /// What was there before comes back.
    Restore,
}

/// A frame that was laid down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// What may look different from before; nothing where it is empty.
    pub changed: Rect,
    /// How long it is to be seen, as the file says: players show 10 and less for 100.
    pub delay_ms: u32,
}

/// The canvas of an animation.
#[derive(Debug)]
pub struct Canvas {
    size: Size,
    pixels: Vec<[u8; 4]>,
    after: After,
    last: Rect,
    /// What was beneath the last frame, where it comes back.
    beneath: Vec<[u8; 4]>,
}

impl Canvas {
    /// An empty canvas.
    pub fn new(size: Size) -> Self {
        let pixels = vec![[0; 4]; size.width as usize * size.height as usize];
        Self { size, pixels, after: After::Keep, last: Rect::EMPTY, beneath: Vec::new() }
    }

    /// Bytes of a canvas of this size, or of what is beneath a frame of it.
    pub(in crate::picture) fn bytes(size: Size) -> u64 {
        size.area() * 4
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// A row of pixels.
    pub fn row(&self, y: u32) -> &[[u8; 4]] {
        let width = self.size.width as usize;
        let from = y as usize * width;
        self.pixels.get(from..from + width).unwrap_or_default()
    }

    /// Does what is to be done before a frame is laid down at this place: answers what may look different then.
    pub(in crate::picture) fn begin(&mut self, place: Rect, after: After) -> Rect {
        let last = std::mem::replace(&mut self.last, place.within(self.size));
        let disposed = match std::mem::replace(&mut self.after, after) {
            After::Keep => None,
            After::Clear => {
                self.each_row(last, |row, _| row.fill([0; 4]));
                Some(last)
            }
            After::Restore => {
                let beneath = std::mem::take(&mut self.beneath);
                let width = last.size.width.max(1) as usize;
                let mut kept = beneath.chunks_exact(width);
                self.each_row(last, |row, _| row.copy_from_slice(kept.next().unwrap_or(&[])));
                self.beneath = beneath;
                Some(last)
            }
        };
        if after == After::Restore {
            let mut beneath = std::mem::take(&mut self.beneath);
            beneath.clear();
            beneath.reserve_exact(self.last.size.width as usize * self.last.size.height as usize);
            self.each_row(self.last, |row, _| beneath.extend_from_slice(row));
            self.beneath = beneath;
        }
        disposed.map_or(self.last, |disposed| disposed.joined(self.last))
    }

    /// Lays a row of a frame down where it is not transparent; what lies outside is cut off.
    pub(in crate::picture) fn paint(&mut self, x: u32, y: u32, pixels: impl Iterator<Item = [u8; 4]>) {
        for (place, pixel) in self.open(x, y).iter_mut().zip(pixels) {
            if pixel[3] != 0 {
                *place = pixel;
            }
        }
    }

    /// Puts a row of a frame in the place of what was there.
    pub(in crate::picture) fn put(&mut self, x: u32, y: u32, pixels: impl Iterator<Item = [u8; 4]>) {
        for (place, pixel) in self.open(x, y).iter_mut().zip(pixels) {
            *place = if pixel[3] == 0 { [0; 4] } else { pixel };
        }
    }

    /// Lays a row of a frame over what was there.
    pub(in crate::picture) fn blend(&mut self, x: u32, y: u32, pixels: impl Iterator<Item = [u8; 4]>) {
        for (place, pixel) in self.open(x, y).iter_mut().zip(pixels) {
            match pixel[3] {
                0 => {}
                255 => *place = pixel,
                _ => canvas::blend(place, &pixel, 255),
            }
        }
    }

    /// Hands on all rows.
    pub(in crate::picture) fn send(&self, colours: Colours, sink: &mut dyn RowSink) {
        sink.begin(&Layout::whole(colours, self.size));
        let mut bytes = Vec::new();
        for y in 0..self.size.height {
            samples(self.row(y), colours, &mut bytes);
            if sink.row(0, &bytes).is_break() {
                break;
            }
        }
    }

    fn open(&mut self, x: u32, y: u32) -> &mut [[u8; 4]] {
        if x >= self.size.width || y >= self.size.height {
            return &mut [];
        }
        let width = self.size.width as usize;
        let row = y as usize * width;
        self.pixels.get_mut(row + x as usize..row + width).unwrap_or_default()
    }

    fn each_row(&mut self, place: Rect, mut visit: impl FnMut(&mut [[u8; 4]], u32)) {
        for y in place.y..place.y + place.size.height {
            let row = self.open(place.x, y).get_mut(..place.size.width as usize);
            visit(row.unwrap_or_default(), y);
        }
    }
}

/// A row of pixels as a layout has them.
pub(super) fn samples(pixels: &[[u8; 4]], colours: Colours, bytes: &mut Vec<u8>) {
    bytes.clear();
    if colours == Colours::Rgba {
        bytes.extend_from_slice(pixels.as_flattened());
    } else {
        bytes.resize(pixels.len() * 3, 0);
        for (to, &[r, g, b, _]) in bytes.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
            *to = [r, g, b];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [u8; 4] = [b'a', 0, 0, 255];
    const B: [u8; 4] = [b'b', 0, 0, 255];

    /// Frames of three pixels on a canvas of four: where each begins, what becomes of it, its colour.
    fn after(frames: &[(u32, After, [u8; 4])]) -> (String, Rect) {
        let mut canvas = Canvas::new(Size::new(4, 1));
        let mut changed = canvas.size().rect();
        for &(x, after, colour) in frames {
            changed = canvas.begin(Rect { x, y: 0, size: Size::new(3, 1) }, after);
            canvas.paint(x, 0, [colour, [0; 4], colour].into_iter());
        }
        let text = canvas.row(0).iter().map(|pixel| if pixel[3] == 0 { '.' } else { char::from(pixel[0]) });
        (text.collect(), changed)
    }

    #[test]
    fn frames_stay_go_or_give_back_what_was_there() {
        let span = |x, width| Rect { x, y: 0, size: Size::new(width, 1) };
        for (first, text, changed) in [
            (After::Keep, "abab", span(1, 3)),
            (After::Clear, ".b.b", span(0, 4)),
            (After::Restore, ".b.b", span(0, 4)),
        ] {
            assert_eq!(after(&[(0, first, A), (1, After::Keep, B)]), (text.to_owned(), changed), "{first:?}");
        }
        let given_back = after(&[(0, After::Keep, A), (1, After::Restore, B), (3, After::Keep, B)]);
        assert_eq!(given_back, ("a.ab".to_owned(), span(1, 3)));
        let cleared = after(&[(0, After::Keep, A), (1, After::Clear, B), (3, After::Keep, B)]);
        assert_eq!(cleared, ("a..b".to_owned(), span(1, 3)));
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        assert_eq!(after(&[(2, After::Clear, A)]).0, "..a.");
        assert_eq!(after(&[(2, After::Clear, A), (9, After::Restore, B), (0, After::Keep, B)]).0, "b.b.");
    }

    #[test]
    fn what_is_put_replaces_and_what_is_blended_shines_through() {
        let mut canvas = Canvas::new(Size::new(2, 1));
        canvas.put(0, 0, [A, A].into_iter());
        canvas.put(0, 0, [[9, 9, 9, 0]].into_iter());
        canvas.blend(1, 0, [[0, 0, 0, 128]].into_iter());
        assert_eq!(canvas.row(0), [[0; 4], [48, 0, 0, 255]]);
    }
}

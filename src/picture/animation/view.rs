//! A window of a canvas at another size, made anew where the canvas changed.

use std::sync::Arc;

use super::canvas::{Canvas, samples};
use crate::geometry::{Rect, Size};
use crate::picture::colour::Conversion;
use crate::picture::ops::resize::{Axis, Scaler, Shape};
use crate::picture::rows::{Colours, Frame, Layout, RowSink};
use crate::picture::{Channels, Picture};

/// What is seen of a canvas.
#[derive(Debug)]
pub struct View {
    across: Axis,
    down: Axis,
    is_linear: bool,
    picture: Picture,
    conversion: Option<Arc<Conversion>>,
}

impl View {
    /// A view along these axes, of a canvas on which nothing is.
    pub fn new(across: Axis, down: Axis, channels: Channels, conversion: Option<Arc<Conversion>>) -> Self {
        let picture = Picture::filled(Size::new(across.count, down.count), channels, [0; 4]);
        Self { across, down, is_linear: false, picture, conversion }
    }

    /// The same, resampled in light if that is said.
    #[must_use]
    pub fn in_light(self, is_linear: bool) -> Self {
        Self { is_linear, ..self }
    }

    /// The picture as it is now.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Looks again at where a canvas changed. Whether any of it is to be seen.
    pub fn update(&mut self, canvas: &Canvas, changed: Rect) -> bool {
        let Rect { x, y, size } = changed;
        if changed.is_empty() {
            return false;
        }
        let (columns, across) = self.across.part(x..x + size.width);
        let (lines, down) = self.down.part(y..y + size.height);
        if across.count == 0 || down.count == 0 {
            return false;
        }
        let colours = Colours::from(self.picture.channels());
        let Some(part) = self.resampled(canvas, colours, across, down) else { return false };
        let samples = colours.samples();
        let from = columns.start as usize * samples;
        for (row, part) in self.picture.rows_mut().skip(lines.start as usize).zip(part.rows()) {
            if let Some(open) = row.get_mut(from..from + part.len()) {
                open.copy_from_slice(part);
            }
        }
        true
    }

    fn resampled(&self, canvas: &Canvas, colours: Colours, across: Axis, down: Axis) -> Option<Picture> {
        let conversion = self.conversion.as_ref();
        let mut resampler =
            Scaler::new((across, down), Shape::Pixels, self.is_linear, conversion, Frame::default());
        resampler.begin(&Layout::whole(colours, canvas.size()));
        let reach = down.reach(1.0);
        let mut bytes = Vec::new();
        for y in 0..reach.end {
            bytes.clear();
            // Rows that nobody looks at are counted only.
            if reach.contains(&y) {
                samples(canvas.row(y), colours, &mut bytes);
            }
            if resampler.row(0, &bytes).is_break() {
                break;
            }
        }
        resampler.into_sink().finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::animation::After;

    #[test]
    fn a_part_made_anew_is_as_if_all_were() {
        let size = Size::new(61, 47);
        let axis = |length: u32, count: u32| Axis {
            step: f64::from(length) / f64::from(count),
            count,
            ..Axis::whole(length)
        };
        let cut =
            |length: u32| Axis { start: 7.25, step: 1.7, count: 12, low: 5.0, high: f64::from(length) - 9.0 };
        let kinds = [(axis(61, 20), axis(47, 15)), (axis(61, 90), axis(47, 80)), (cut(61), cut(47))];
        for (across, down) in kinds {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let mut canvas = Canvas::new(size);
                let mut view = View::new(across, down, channels, None);
                let mut noise = 1_u32;
                for (x, y, width, height) in
                    [(0, 0, 61, 47), (3, 9, 1, 1), (40, 0, 21, 47), (30, 20, 11, 6), (60, 46, 1, 1)]
                {
                    let place = Rect { x, y, size: Size::new(width, height) };
                    let changed = canvas.begin(place, After::Clear);
                    for y in y..y + height {
                        let row = (0..width).map(|_| {
                            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                            noise.to_le_bytes()
                        });
                        canvas.put(x, y, row);
                    }
                    view.update(&canvas, changed);
                    let mut whole = View::new(across, down, channels, None);
                    whole.update(&canvas, size.rect());
                    assert_eq!(view.picture(), whole.picture(), "{across:?} {changed:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_out_of_sight_changes_nothing() {
        let canvas = Canvas::new(Size::new(100, 100));
        let window = Axis { start: 20.0, step: 2.0, count: 10, low: 20.0, high: 40.0 };
        let mut view = View::new(window, window, Channels::Rgba, None);
        let at = |x, y| Rect { x, y, size: Size::new(5, 5) };
        assert!(view.update(&canvas, at(20, 39)));
        for (x, y) in [(0, 20), (20, 41), (90, 90)] {
            assert!(!view.update(&canvas, at(x, y)), "{x} {y}");
        }
        assert!(!view.update(&canvas, Rect::EMPTY));
    }
}

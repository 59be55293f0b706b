//! Turning by any angle: every pixel of the new frame is looked up in the old one, between its pixels.
//!
//! The kernel is Catmull and Rom's cubic, with premultiplied alpha. Edges are as sharp as a pixel: what lies beyond
//! them is transparent.

use super::blur::{multiplied, write};
use crate::geometry::{Rect, Size};
use crate::picture::{Channels, Picture};

/// How a frame is tilted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tilt {
    /// Clockwise.
    pub radians: f64,
    /// The picture before, in lengths that `around` has, too.
    pub source: Size,
    /// What is just large enough to hold the tilted picture.
    pub around: Size,
    /// As many pixels as become of all that.
    pub scaled: Size,
    /// Those of them that are wanted.
    pub window: Rect,
}

impl Tilt {
    /// What is just large enough to hold a picture that was tilted.
    pub fn around(source: Size, radians: f64) -> Size {
        let (sin, cos) = radians.sin_cos();
        let (width, height) = (f64::from(source.width), f64::from(source.height));
        // Without the digits that no angle has exactly.
        let side = |length: f64| whole((length - 1e-6).ceil());
        let [sin, cos] = [sin.abs(), cos.abs()];
        Size::new(side(width * cos + height * sin), side(width * sin + height * cos))
    }

    /// Where a place of the picture, in shares of its sides, comes to lie in what holds the tilted one.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.radians.sin_cos();
        let from_middle = |share: f64, side: u32| (share - 0.5) * f64::from(side);
        let (x, y) = (from_middle(x, self.source.width), from_middle(y, self.source.height));
        let share = |length: f64, side: u32| length / f64::from(side) + 0.5;
        [share(x * cos - y * sin, self.around.width), share(x * sin + y * cos, self.around.height)]
    }

    /// The size of the frame that is to be tilted: as large as along the side that shrinks less.
    pub fn frame(&self) -> Size {
        let along = |scaled: u32, around: u32| f64::from(scaled) / f64::from(around);
        let across = along(self.scaled.width, self.around.width);
        let scale = across.max(along(self.scaled.height, self.around.height));
        let side = |length: u32| whole((f64::from(length) * scale).round());
        Size::new(side(self.source.width), side(self.source.height))
    }
}

/// The frame, which holds all of the picture, tilted; with alpha.
#[must_use]
pub fn tilt(picture: &Picture, tilt: &Tilt) -> Picture {
    let map = Map::new(picture.size(), tilt);
    let mut tilted = Picture::filled(tilt.window.size, Channels::Rgba, [0; 4]);
    let source = Samples::new(picture);
    for (y, row) in (0_u32..).zip(tilted.rows_mut()) {
        for (x, pixel) in (0_u32..).zip(row.chunks_exact_mut(4)) {
            let place = map.place(x, y);
            let share = map.coverage(place);
            if share > 0.0 {
                write(&source.at(place).map(|sample| sample * share), pixel);
            }
        }
    }
    tilted
}

/// Leads from pixels of the new frame to places of the old one.
struct Map {
    start: [f64; 2],
    along_x: [f64; 2],
    along_y: [f64; 2],
    size: [f64; 2],
    /// Pixels of the new frame to one of the old, along x and y of the old.
    scale: [f64; 2],
}

impl Map {
    fn new(frame: Size, tilt: &Tilt) -> Self {
        let length = f64::from;
        let (sin, cos) = tilt.radians.sin_cos();
        // From pixels to lengths, and from lengths to pixels of the old frame.
        let to_x = length(tilt.around.width) / length(tilt.scaled.width);
        let to_y = length(tilt.around.height) / length(tilt.scaled.height);
        let from_x = length(frame.width) / length(tilt.source.width);
        let from_y = length(frame.height) / length(tilt.source.height);
        let along_x = [cos * to_x * from_x, -sin * to_x * from_y];
        let along_y = [sin * to_y * from_x, cos * to_y * from_y];
        // Both middles lie on each other.
        let left = length(tilt.window.x) + 0.5 - length(tilt.scaled.width) / 2.0;
        let top = length(tilt.window.y) + 0.5 - length(tilt.scaled.height) / 2.0;
        let start_of = |middle: f64, x: f64, y: f64| middle / 2.0 + left * x + top * y;
        let ([xx, xy], [yx, yy]) = (along_x, along_y);
        let start = [start_of(length(frame.width), xx, yx), start_of(length(frame.height), xy, yy)];
        let scale = [1.0 / xx.hypot(yx), 1.0 / xy.hypot(yy)];
        Self { start, along_x, along_y, size: [length(frame.width), length(frame.height)], scale }
    }

    fn place(&self, x: u32, y: u32) -> [f64; 2] {
        let ([start_x, start_y], [xx, xy], [yx, yy]) = (self.start, self.along_x, self.along_y);
        let (x, y) = (f64::from(x), f64::from(y));
        [start_x + x * xx + y * yx, start_y + x * xy + y * yy]
    }

    /// How much of a pixel around this place lies within the frame.
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    fn coverage(&self, [x, y]: [f64; 2]) -> f32 {
        let ([width, height], [by_x, by_y]) = (self.size, self.scale);
        let inside = |at: f64, length: f64, scale: f64| {
            let before = (at * scale + 0.5).clamp(0.0, 1.0);
            let after = ((length - at) * scale + 0.5).clamp(0.0, 1.0);
            (before + after - 1.0).max(0.0)
        };
        (inside(x, width, by_x) * inside(y, height, by_y)) as f32
    }
}

/// A picture to be looked into between its pixels.
struct Samples<'a> {
    rows: &'a [u8],
    stride: usize,
    pixel_bytes: usize,
    last_x: i32,
    last_y: i32,
}

impl<'a> Samples<'a> {
    fn new(picture: &'a Picture) -> Self {
        let last = |length: u32| i32::try_from(length - 1).unwrap_or(i32::MAX);
        let Size { width, height } = picture.size();
        Self {
            rows: picture.samples(),
            stride: picture.stride(),
            pixel_bytes: picture.channels().count(),
            last_x: last(width),
            last_y: last(height),
        }
    }

    /// The colour at a place, whose edge goes on beyond it; with alpha multiplied in.
    fn at(&self, [x, y]: [f64; 2]) -> [f32; 4] {
        let ((column, across), (row, down)) = (split(x), split(y));
        let mut sum = [0.0_f32; 4];
        for (y, weight_y) in (row - 1..).zip(down) {
            let start = index(y, self.last_y) * self.stride;
            for (x, weight_x) in (column - 1..).zip(across) {
                let at = start + index(x, self.last_x) * self.pixel_bytes;
                let pixel = self.rows.get(at..at + self.pixel_bytes).unwrap_or_default();
                let weight = weight_x * weight_y;
                for (sum, sample) in sum.iter_mut().zip(multiplied(pixel)) {
                    *sum += weight * sample;
                }
            }
        }
        // The cubic may go beyond what there is.
        let [.., alpha] = sum;
        let alpha = alpha.clamp(0.0, 255.0);
        sum.map(|sample| sample.clamp(0.0, alpha))
    }
}

/// The pixel before a place, and the weights of the four around it.
#[expect(clippy::cast_possible_truncation, reason = "a share, and a place within a frame")]
fn split(place: f64) -> (i32, [f32; 4]) {
    let place = place - 0.5;
    let whole = place.floor();
    let t = (place - whole) as f32;
    let (t2, t3) = (t * t, t * t * t);
    let weights = [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ];
    (whole as i32, weights)
}

#[inline]
fn index(at: i32, last: i32) -> usize {
    usize::try_from(at.clamp(0, last)).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn whole(length: f64) -> u32 {
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(size: Size, radians: f64) -> Tilt {
        let around = Tilt::around(size, radians);
        Tilt { radians, source: size, around, scaled: around, window: around.rect() }
    }

    #[test]
    fn what_holds_a_tilted_picture_is_no_larger_than_it_must_be() {
        let around =
            |width, height, degrees: f64| Tilt::around(Size::new(width, height), degrees.to_radians());
        assert_eq!(around(100, 50, 90.0), Size::new(50, 100));
        assert_eq!(around(100, 50, 45.0), Size::new(107, 107));
        assert_eq!(around(300, 400, 36.869_897_645_844_02), Size::new(480, 500));
        assert_eq!(around(1, 1, 45.0), Size::new(2, 2));
    }

    #[test]
    fn a_quarter_turn_puts_each_pixel_in_its_place() {
        let samples = (0..6_u8).flat_map(|v| [v * 40, 0, 0]).collect();
        let picture = Picture::new(Size::new(3, 2), Channels::Rgb, samples).unwrap();
        let turned = tilt(&picture, &plain(picture.size(), 90_f64.to_radians()));
        let reds: Vec<u8> = turned.samples().iter().step_by(4).copied().collect();
        assert_eq!((turned.size(), reds), (Size::new(2, 3), vec![120, 0, 160, 40, 200, 80]));
        assert!(turned.samples().iter().skip(3).step_by(4).all(|alpha| *alpha == 255));
    }

    #[test]
    fn a_flat_picture_stays_flat_inside_and_covers_its_own_area() {
        let size = Size::new(60, 40);
        let picture = Picture::filled(size, Channels::Rgb, [200, 100, 50, 255]);
        let tilted = tilt(&picture, &plain(size, 0.5));
        let mut covered = 0.0;
        for pixel in tilted.samples().chunks_exact(4) {
            assert!(
                pixel[3] < 8 || pixel[..3].iter().zip([200, 100, 50]).all(|(a, b)| a.abs_diff(b) <= 16),
                "{pixel:?}"
            );
            assert!(pixel[3] < 255 || pixel[..3] == [200, 100, 50], "{pixel:?}");
            covered += f64::from(pixel[3]) / 255.0;
        }
        assert!((covered - 2_400.0).abs() < 12.0, "{covered}");
    }
}

//! Outlines that are cut out of a picture: rounded corners and shapes. What lies outside becomes transparent.
//!
//! Every row is cut along several lines, each into stretches that lie inside; how much of a pixel these cover is
//! exact along the row.

use crate::geometry::{Mask, Size};
use crate::picture::{Channels, Picture};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outline {
    /// All but the corners, which have these radii: top left, top right, bottom right, bottom left.
    Rounded([u32; 4]),
    /// A shape.
    Shape(Mask),
}

/// Lines of a row.
const LINES: u8 = 16;

/// The picture with alpha only inside of the outline.
#[must_use]
pub fn cut(picture: &Picture, outline: Outline) -> Picture {
    let size = picture.size();
    let mut cut = Picture::filled(size, Channels::Rgba, [0; 4]);
    let edge = Edge::new(outline, size);
    let mut cover = Cover::new(size.width);
    let pixel_bytes = picture.channels().count();
    for ((y, row), source) in (0_u32..).zip(cut.rows_mut()).zip(picture.rows()) {
        let shares = cover.row(&edge, f64::from(y));
        for ((pixel, source), share) in
            row.chunks_exact_mut(4).zip(source.chunks_exact(pixel_bytes)).zip(shares)
        {
            let alpha = if let [_, _, _, alpha] = *source { alpha } else { 255 };
            if let ([red, green, blue, to], &[r, g, b, ..]) = (pixel, source) {
                let alpha = rounded(f64::from(alpha) * share);
                [*red, *green, *blue, *to] = if alpha == 0 { [0; 4] } else { [r, g, b, alpha] };
            }
        }
    }
    cut
}

/// How much of each pixel of a row is inside.
struct Cover {
    /// What each pixel adds to those from itself on, and then the sums of it.
    shares: Vec<f64>,
    stretches: Vec<(f64, f64)>,
}

impl Cover {
    fn new(width: u32) -> Self {
        Self { shares: vec![0.0; width as usize + 2], stretches: Vec::new() }
    }

    fn row(&mut self, edge: &Edge, top: f64) -> impl Iterator<Item = f64> {
        self.shares.fill(0.0);
        for line in 0..LINES {
            edge.stretches(top + (f64::from(line) + 0.5) / f64::from(LINES), &mut self.stretches);
            for index in 0..self.stretches.len() {
                let Some(&(start, end)) = self.stretches.get(index) else { break };
                self.step(start, 1.0);
                self.step(end, -1.0);
            }
        }
        self.shares.iter().scan(0.0, |sum, share| {
            *sum += share;
            Some((*sum / f64::from(LINES)).clamp(0.0, 1.0))
        })
    }

    /// From this place on there is so much more.
    fn step(&mut self, place: f64, more: f64) {
        let place = place.max(0.0);
        let first = truncate(place);
        let part = 1.0 - place.fract();
        for (index, share) in [(first, more * part), (first + 1, more * (1.0 - part))] {
            if let Some(sum) = self.shares.get_mut(index) {
                *sum += share;
            }
        }
    }
}

/// An outline at its size.
enum Edge {
    Rounded {
        width: f64,
        height: f64,
        radii: [f64; 4],
    },
    Ellipse {
        middle: (f64, f64),
        radii: (f64, f64),
    },
    /// Corners, one after another.
    Polygon(Vec<(f64, f64)>),
}

impl Edge {
    fn new(outline: Outline, size: Size) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let middle = (width / 2.0, height / 2.0);
        let half = middle.0.min(middle.1);
        let regular = |corners: u32| fitted(&star(corners, 1.0), width, height);
        match outline {
            Outline::Rounded(radii) => {
                Self::Rounded { width, height, radii: radii.map(|radius| f64::from(radius).min(half)) }
            }
            Outline::Shape(Mask::Circle) => Self::Ellipse { middle, radii: (half, half) },
            Outline::Shape(Mask::Ellipse) => Self::Ellipse { middle, radii: middle },
            Outline::Shape(Mask::Triangle) => regular(3),
            Outline::Shape(Mask::Square) => {
                Self::Polygon(fit(&[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)], width, height))
            }
            Outline::Shape(Mask::Pentagon) => regular(5),
            Outline::Shape(Mask::Hexagon) => regular(6),
            // As the diagonals of a pentagon cut each other.
            Outline::Shape(Mask::Star) => fitted(&star(5, 0.381_966), width, height),
            Outline::Shape(Mask::Heart) => fitted(&heart(), width, height),
        }
    }

    /// Where a line at this height is inside.
    fn stretches(&self, y: f64, out: &mut Vec<(f64, f64)>) {
        out.clear();
        match self {
            Self::Rounded { width, height, radii: [top_left, top_right, bottom_right, bottom_left] } => {
                // How far a corner reaches into the line.
                let inset = |radius: f64, depth: f64| {
                    let rise = (radius - depth).max(0.0);
                    radius - (radius * radius - rise * rise).max(0.0).sqrt()
                };
                let below = height - y;
                let left = inset(*top_left, y).max(inset(*bottom_left, below));
                let right = inset(*top_right, y).max(inset(*bottom_right, below));
                out.push((left, width - right));
            }
            Self::Ellipse { middle: (x, middle_y), radii: (across, down) } => {
                let rise = (y - middle_y) / down;
                let reach = across * (1.0 - rise * rise).max(0.0).sqrt();
                out.push((x - reach, x + reach));
            }
            Self::Polygon(corners) => {
                let mut crossings: Vec<f64> = sides(corners).filter_map(|side| crossing(side, y)).collect();
                crossings.sort_by(f64::total_cmp);
                out.extend(crossings.as_chunks::<2>().0.iter().map(|&[start, end]| (start, end)));
            }
        }
    }
}

type Point = (f64, f64);

fn sides(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Where a side crosses a height. Of its two ends only one is of it.
fn crossing(((x1, y1), (x2, y2)): (Point, Point), y: f64) -> Option<f64> {
    ((y1 <= y) != (y2 <= y)).then(|| x1 + (y - y1) / (y2 - y1) * (x2 - x1))
}

/// Points at distance 1 in turn with others at `inner` of what the sides between them have; a corner at the top.
fn star(points: u32, inner: f64) -> Vec<Point> {
    let step = std::f64::consts::PI / f64::from(points);
    let inner = if inner < 1.0 { inner } else { step.cos() };
    let point = |index: u32| {
        let distance = if index.is_multiple_of(2) { 1.0 } else { inner };
        let (sin, cos) = (f64::from(index) * step).sin_cos();
        (distance * sin, -distance * cos)
    };
    (0..2 * points).map(point).collect()
}

/// The curve x = sin³ t, y = (13 cos t − 5 cos 2t − 2 cos 3t − cos 4t) / 16.
fn heart() -> Vec<Point> {
    let point = |index: u32| {
        let t = f64::from(index) * std::f64::consts::TAU / 128.0;
        let y = 13.0 * t.cos() - 5.0 * (2.0 * t).cos() - 2.0 * (3.0 * t).cos() - (4.0 * t).cos();
        (t.sin().powi(3), -y / 16.0)
    };
    (0..128).map(point).collect()
}

fn fitted(points: &[Point], width: f64, height: f64) -> Edge {
    Edge::Polygon(fit(points, width, height))
}

/// The points as large as they can be, in the middle.
fn fit(points: &[Point], width: f64, height: f64) -> Vec<Point> {
    let range = |of: fn(&Point) -> f64| {
        let values = points.iter().map(of);
        (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
    };
    let ((left, right), (top, bottom)) = (range(|point| point.0), range(|point| point.1));
    let scale = (width / (right - left)).min(height / (bottom - top));
    let place = |&(x, y): &Point| {
        (width / 2.0 + (x - (left + right) / 2.0) * scale, height / 2.0 + (y - (top + bottom) / 2.0) * scale)
    };
    points.iter().map(place).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn truncate(value: f64) -> usize {
    value as usize
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn rounded(value: f64) -> u8 {
    value.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alphas(size: Size, outline: Outline) -> Vec<u8> {
        let cut = cut(&Picture::filled(size, Channels::Rgb, [9, 8, 7, 255]), outline);
        assert!(cut.samples().chunks_exact(4).all(|pixel| pixel[3] == 0 || pixel[..3] == [9, 8, 7]));
        cut.samples().iter().skip(3).step_by(4).copied().collect()
    }

    /// The share of a square of 200 that is kept.
    fn area(outline: Outline) -> f64 {
        let sum: u32 = alphas(Size::new(200, 200), outline).into_iter().map(u32::from).sum();
        f64::from(sum) / 255.0 / 40_000.0
    }

    #[test]
    fn areas_are_those_of_the_shapes() {
        let pi = std::f64::consts::PI;
        let corner = (1.0 - pi / 4.0) / 4.0;
        for (outline, expected) in [
            (Outline::Rounded([0; 4]), 1.0),
            (Outline::Rounded([100, 0, 0, 0]), 1.0 - corner),
            (Outline::Rounded([0, 50, 0, 100]), 1.0 - corner * 1.25),
            (Outline::Rounded([9_999; 4]), pi / 4.0),
            (Outline::Shape(Mask::Circle), pi / 4.0),
            (Outline::Shape(Mask::Ellipse), pi / 4.0),
            (Outline::Shape(Mask::Square), 1.0),
            (Outline::Shape(Mask::Triangle), 3.0_f64.sqrt() / 4.0),
            (Outline::Shape(Mask::Hexagon), 3.0 * 3.0_f64.sqrt() / 8.0),
        ] {
            let area = area(outline);
            assert!((area - expected).abs() < 1e-3, "{outline:?}: {area} for {expected}");
        }
        for shape in [Mask::Pentagon, Mask::Star, Mask::Heart] {
            let area = area(Outline::Shape(shape));
            assert!((0.25..0.75).contains(&area), "{shape:?}: {area}");
        }
    }

    #[test]
    fn a_circle_in_a_wide_picture_stays_round_and_in_the_middle() {
        let alphas = alphas(Size::new(12, 4), Outline::Shape(Mask::Circle));
        for row in alphas.chunks_exact(12) {
            assert!(row[..4].iter().chain(&row[8..]).all(|alpha| *alpha == 0), "{row:?}");
            assert!(row.iter().eq(row.iter().rev()) && row[5] > 230, "{row:?}");
        }
    }

    #[test]
    fn a_pixel_can_be_cut_and_alpha_stays_below_what_it_was() {
        let one = alphas(Size::new(1, 1), Outline::Shape(Mask::Circle));
        assert!((195..=205).contains(&one[0]), "{one:?}");
        let half = Picture::filled(Size::new(8, 8), Channels::Rgba, [1, 2, 3, 100]);
        let cut = cut(&half, Outline::Rounded([4; 4]));
        assert_eq!(cut.samples()[(4 * 8 + 4) * 4 + 3], 100);
        assert!(cut.samples()[3] < 20);
    }
}

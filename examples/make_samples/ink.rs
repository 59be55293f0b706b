//! Lines as a draughtsman has them: paths, and how far a point is from one. Absent: fills, fonts, colour.

pub(crate) type Point = (f32, f32);

/// Strokes as short straight pieces.
#[derive(Default)]
pub(crate) struct Path {
    pieces: Vec<(Point, Point)>,
}

impl Path {
    pub(crate) fn line(&mut self, from: Point, to: Point) {
        self.pieces.push((from, to));
    }

    /// Part of a circle, in degrees clockwise from the right.
    pub(crate) fn arc(&mut self, centre: Point, radius: f32, from: f32, to: f32) {
        self.trace(|t| {
            let (sin, cos) = (from + (to - from) * t).to_radians().sin_cos();
            (centre.0 + radius * cos, centre.1 + radius * sin)
        });
    }

    /// A cubic Bézier curve.
    pub(crate) fn curve(&mut self, points: [Point; 4]) {
        self.trace(|t| {
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let weighed = points.into_iter().zip(weights);
            weighed
                .fold((0.0, 0.0), |sum, (point, weight)| (sum.0 + point.0 * weight, sum.1 + point.1 * weight))
        });
    }

    /// Follows a place that moves from `t` 0 to 1.
    fn trace(&mut self, place: impl Fn(f32) -> Point) {
        const PARTS: u8 = 24;
        for part in 0..PARTS {
            let ends = [part, part + 1].map(|step| place(f32::from(step) / f32::from(PARTS)));
            self.line(ends[0], ends[1]);
        }
    }

    /// The distance from a point to the nearest stroke.
    pub(crate) fn distance(&self, point: Point) -> f32 {
        let nearest = |best: f32, &(from, to): &(Point, Point)| best.min(apart(point, from, to));
        self.pieces.iter().fold(f32::MAX, nearest)
    }
}

fn apart((x, y): Point, from: Point, to: Point) -> f32 {
    let (run, rise) = (to.0 - from.0, to.1 - from.1);
    let (dx, dy) = (x - from.0, y - from.1);
    let along = ((dx * run + dy * rise) / (run * run + rise * rise).max(1e-9)).clamp(0.0, 1.0);
    (dx - run * along).hypot(dy - rise * along)
}

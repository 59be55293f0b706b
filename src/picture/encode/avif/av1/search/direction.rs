//! The direction in which a square changes least, and the modes that go there.

use crate::picture::encode::avif::av1::block::Choice;
use crate::picture::encode::avif::av1::mode::Mode;

/// How much of the slopes must go one way.
const CLEAR: f32 = 0.2;

/// Sums of squared and multiplied slopes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Direction {
    across: f32,
    down: f32,
    both: f32,
}

impl Direction {
    /// Of a square of `side`.
    pub(super) fn of(source: &[u8], side: usize) -> Self {
        let (mut across, mut down, mut both) = (0_i32, 0_i32, 0_i32);
        for (row, below) in source.chunks_exact(side).zip(source[side..].chunks_exact(side)) {
            let columns = row.iter().zip(below).map(|(&upper, &lower)| (i32::from(upper), i32::from(lower)));
            let next = columns.clone().skip(1);
            for ((upper, lower), (right, lower_right)) in columns.zip(next) {
                let x = right + lower_right - upper - lower;
                let y = lower + lower_right - upper - right;
                across += x * x;
                down += y * y;
                both += x * y;
            }
        }
        Self { across: across as f32, down: down as f32, both: both as f32 }
    }

    /// Whether one direction stands out.
    pub(super) fn is_clear(self) -> bool {
        let off = self.across - self.down;
        let spread = (off * off + 4.0 * self.both * self.both).sqrt();
        spread > CLEAR * (self.across + self.down)
    }

    /// The nearest modes; only whole ones where angles cannot be told more finely.
    pub(super) fn choices(self, is_fine: bool) -> [Option<Choice>; 3] {
        // Half the angle of the steepest slope, and a right angle: along which nothing changes. Rows go down.
        let steepest = 0.5 * (2.0 * self.both).atan2(self.across - self.down);
        let degrees = 90.0 - steepest.to_degrees();
        // From 36 to 212 degrees, as modes go.
        let degrees = if degrees < 34.5 { degrees + 180.0 } else { degrees };
        if is_fine {
            [0.0, -3.0, 3.0].map(|off| nearest(degrees + off, 3))
        } else {
            [nearest(degrees, 0), None, None]
        }
    }
}

/// The modes by their angles.
const BY_ANGLE: [(Mode, f32); 8] = [
    (Mode::D45, 45.0),
    (Mode::D67, 67.0),
    (Mode::Vertical, 90.0),
    (Mode::D113, 113.0),
    (Mode::D135, 135.0),
    (Mode::D157, 157.0),
    (Mode::Horizontal, 180.0),
    (Mode::D203, 203.0),
];

/// None where it is one that is tried anyway.
fn nearest(degrees: f32, finest: i8) -> Option<Choice> {
    let off = |angle: f32| (angle - degrees).abs();
    let (mode, angle) = BY_ANGLE.into_iter().min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
    let steps = ((degrees - angle) / 3.0).round() as i8;
    let choice = Choice { mode, angle: steps.clamp(-finest, finest) };
    let is_tried = choice.angle == 0 && matches!(mode, Mode::Vertical | Mode::Horizontal);
    (!is_tried).then_some(choice)
}

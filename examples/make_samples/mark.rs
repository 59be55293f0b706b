//! The watermark: a lens glyph and the word "lenslet", white with a dark edge so that it reads on anything. The letters
//! are drawn here, stroke by stroke; there is no font.

use crate::glass::Tint;
use crate::ink::{Path, Point};
use crate::noise::smoothstep;

pub(crate) const WIDTH: usize = 600;
pub(crate) const HEIGHT: usize = 200;

/// Half the width of a stroke.
const HALF: f32 = 7.5;
/// The letters' lines: the heads of tall ones, the tops of small ones, the foot.
const ASCENDER: f32 = 48.0;
const TOP: f32 = 82.0;
const BASE: f32 = 138.0;
/// Between the middles of neighbouring strokes.
const GAP: f32 = 26.0;

const INK: Tint = Tint { red: 1.0, green: 1.0, blue: 1.0, alpha: 1.0 };
const EDGE: Tint = Tint { red: 0.03, green: 0.05, blue: 0.08, alpha: 1.0 };

/// The mark as RGBA rows.
pub(crate) fn paint() -> Vec<u8> {
    let (lens, blades, word) = (ring(), blades(), word());
    let mut rgba = Vec::with_capacity(WIDTH * HEIGHT * 4);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let point = (x as f32 + 0.5, y as f32 + 0.5);
            // How far outside the ink, whichever pen drew it.
            let outside = (lens.distance(point) - HALF)
                .min(blades.distance(point) - 3.6)
                .min(word.distance(point) - HALF);
            rgba.extend(pixel(outside).bytes());
        }
    }
    rgba
}

/// White ink over a firm dark edge that fades into a shadow.
fn pixel(outside: f32) -> Tint {
    let firm = 0.85 * smoothstep(3.8, 1.6, outside);
    let shadow = 0.34 * smoothstep(13.0, 0.0, outside);
    let ink = (0.5 - outside).clamp(0.0, 1.0);
    EDGE.at(firm.max(shadow)).under(INK.at(ink))
}

/// The lens.
const CENTRE: Point = (85.0, 100.0);
const RADIUS: f32 = 60.0;

fn ring() -> Path {
    let mut path = Path::default();
    path.arc(CENTRE, RADIUS, 0.0, 180.0);
    path.arc(CENTRE, RADIUS, 180.0, 360.0);
    path
}

/// Six blades: each edge of a hexagon runs on until it meets the ring.
fn blades() -> Path {
    let mut path = Path::default();
    for blade in 0..6_u8 {
        let corner = |turn: f32| {
            let (sin, cos) = (f32::from(blade) * 60.0 + turn + 12.0).to_radians().sin_cos();
            (CENTRE.0 + 27.0 * cos, CENTRE.1 + 27.0 * sin)
        };
        let (from, next) = (corner(0.0), corner(60.0));
        let on = 2.25;
        path.line(from, (from.0 + (next.0 - from.0) * on, from.1 + (next.1 - from.1) * on));
    }
    path
}

fn word() -> Path {
    let mut path = Path::default();
    let letters = [letter_l, letter_e, letter_n, letter_s, letter_l, letter_e, letter_t];
    let mut x = 181.0;
    for letter in letters {
        x += letter(&mut path, x) + GAP;
    }
    path
}

/// Draws at `x`, as every letter does, and returns the width.
fn letter_l(path: &mut Path, x: f32) -> f32 {
    path.line((x, ASCENDER), (x, BASE));
    0.0
}

fn letter_e(path: &mut Path, x: f32) -> f32 {
    let radius = (BASE - TOP) / 2.0;
    let middle = TOP + radius;
    path.line((x, middle), (x + 2.0 * radius, middle));
    path.arc((x + radius, middle), radius, 0.0, -180.0);
    path.arc((x + radius, middle), radius, -180.0, -318.0);
    2.0 * radius
}

fn letter_n(path: &mut Path, x: f32) -> f32 {
    let radius = 23.0;
    path.line((x, TOP), (x, BASE));
    path.arc((x + radius, TOP + radius), radius, -180.0, 0.0);
    path.line((x + 2.0 * radius, TOP + radius), (x + 2.0 * radius, BASE));
    2.0 * radius
}

fn letter_s(path: &mut Path, x: f32) -> f32 {
    let at = |right: f32, down: f32| (x + right, TOP + down);
    path.curve([at(39.0, 10.0), at(36.0, 3.0), at(29.0, 0.0), at(21.0, 0.0)]);
    path.curve([at(21.0, 0.0), at(10.0, 0.0), at(3.0, 6.0), at(3.0, 14.0)]);
    path.curve([at(3.0, 14.0), at(3.0, 23.0), at(12.0, 26.0), at(21.0, 28.0)]);
    path.curve([at(21.0, 28.0), at(31.0, 30.0), at(40.0, 33.0), at(40.0, 42.0)]);
    path.curve([at(40.0, 42.0), at(40.0, 51.0), at(32.0, 56.0), at(21.0, 56.0)]);
    path.curve([at(21.0, 56.0), at(12.0, 56.0), at(4.0, 53.0), at(1.0, 45.0)]);
    40.0
}

fn letter_t(path: &mut Path, x: f32) -> f32 {
    let at = |right: f32, down: f32| (x + right, TOP + down);
    path.line(at(9.0, -21.0), at(9.0, 40.0));
    path.curve([at(9.0, 40.0), at(9.0, 52.0), at(16.0, 57.0), at(29.0, 55.0)]);
    path.line(at(-4.0, 0.0), at(27.0, 0.0));
    29.0
}

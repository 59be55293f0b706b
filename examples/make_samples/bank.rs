//! The dark edge the picture is seen over: a bank, its grass, and a pine. Absent: light of its own; these are
//! silhouettes, warmed only at the tips. Lengths here are shares of the picture's height.

use crate::canvas::{Canvas, Rgb};
use crate::noise::{Dice, fractal, smoothstep};

type Point = (f32, f32);

const SHADE: Rgb = Rgb(0.006, 0.008, 0.010);
const TIP: Rgb = Rgb(0.085, 0.052, 0.030);

/// Paints the foreground over the finished picture.
pub(crate) fn paint(canvas: &mut Canvas) {
    let mut dice = Dice::new(1859);
    fill_ground(canvas);
    pine(canvas, &mut dice, (0.118, 0.985), 0.80);
    pine(canvas, &mut dice, (0.262, 0.975), 0.36);
    grass(canvas, &mut dice);
}

/// The top of the ground: high at the left under the pines, a low swell at the right.
fn ground(x: f32) -> f32 {
    let left = 0.085 * smoothstep(0.62, 0.0, x);
    let right = 0.035 * smoothstep(0.9, 1.34, x);
    0.992 - left - right - 0.022 * (fractal(x * 4.0, 3.0, 5.0) - 0.5)
}

fn fill_ground(canvas: &mut Canvas) {
    let scale = canvas.height as f32;
    for x in 0..canvas.width {
        let edge = ground(x as f32 / scale) * scale;
        for y in edge.max(0.0) as usize..canvas.height {
            canvas.cover(x, y, SHADE, (y as f32 + 1.0 - edge).min(1.0));
        }
    }
}

/// Blades lean with one wind and grow in tufts.
fn grass(canvas: &mut Canvas, dice: &mut Dice) {
    let span = canvas.width as f32 / canvas.height as f32;
    for _ in 0..2600 {
        let x = dice.between(-0.02, span + 0.02);
        let tuft = fractal(x * 7.0, 9.0, 3.0);
        let tall = (0.018 + 0.085 * (tuft - 0.25).max(0.0)) * dice.between(0.45, 1.35);
        let lean = tall * (0.25 + dice.between(-0.5, 0.6));
        let root = (x, ground(x) + 0.012);
        blade(canvas, root, (x + lean, root.1 - tall), dice.between(0.0007, 0.0015));
        if dice.unit() < 0.05 {
            let stalk = (x + lean * 0.9, root.1 - tall * 1.45);
            blade(canvas, root, stalk, 0.0010);
            let ear = (stalk.0 + 0.003, stalk.1 - 0.011);
            stroke(canvas, (stalk, 0.0014), (ear, 0.0005), SHADE.mix(TIP, 0.8));
        }
    }
}

/// A blade rises straight and bends towards its tip, thinner and warmer as it goes.
fn blade(canvas: &mut Canvas, root: Point, tip: Point, thick: f32) {
    const PARTS: u8 = 6;
    let bend =
        |t: f32| (root.0 + (tip.0 - root.0) * t * t, root.1 + (tip.1 - root.1) * t * (1.25 - 0.25 * t));
    for part in 0..PARTS {
        let (start, end) = (f32::from(part) / f32::from(PARTS), f32::from(part + 1) / f32::from(PARTS));
        let colour = SHADE.mix(TIP, end * end * 0.7);
        stroke(canvas, (bend(start), thick * (1.0 - start)), (bend(end), thick * (1.0 - end)), colour);
    }
}

/// A conifer from its foot upwards: branches at every height, longest below the middle, hung with twigs.
fn pine(canvas: &mut Canvas, dice: &mut Dice, foot: Point, tall: f32) {
    let top = (foot.0 + 0.012 * tall, foot.1 - tall);
    stroke(canvas, (foot, 0.010 * tall), (top, 0.0006), SHADE);
    let branches = (90.0 + 260.0 * tall) as u16;
    for number in 0..branches {
        let down = (f32::from(number) + dice.unit()) / f32::from(branches);
        let bare = 1.0 - smoothstep(0.84, 1.0, down) * 0.8;
        let side = if dice.unit() < 0.5 { -1.0 } else { 1.0 };
        let long = tall * (0.008 + 0.17 * down.powf(0.9)) * bare * dice.between(0.30, 1.12);
        let from = (top.0 + (foot.0 - top.0) * down, top.1 + (foot.1 - top.1) * down * 0.95);
        branch(canvas, dice, from, side * long, down);
    }
}

/// A branch droops and lifts again at its end; its twigs hang outwards and shorten towards the tip.
fn branch(canvas: &mut Canvas, dice: &mut Dice, from: Point, reach: f32, down: f32) {
    const PARTS: u8 = 12;
    let long = reach.abs();
    let fall = long * (0.05 + 0.55 * down) + long * dice.between(-0.22, 0.22);
    let place = |t: f32| (from.0 + reach * t, from.1 + fall * (1.4 * t - 0.65 * t * t * t));
    for part in 0..PARTS {
        let (start, end) = (f32::from(part) / f32::from(PARTS), f32::from(part + 1) / f32::from(PARTS));
        let thick = 0.0014 * (1.0 - start) * (0.4 + down);
        stroke(canvas, (place(start), thick + 0.0003), (place(end), thick + 0.0001), SHADE);
        for _ in 0..4 {
            let root = place(dice.between(start, end));
            let hang =
                (0.0015 + 0.007 * down.sqrt() + long * 0.16) * dice.between(0.35, 1.0) * (1.2 - 0.75 * start);
            let away = hang * reach.signum() * dice.between(0.0, 1.1);
            let tip = (root.0 + away, root.1 + hang * dice.between(-0.15, 0.75));
            stroke(canvas, (root, 0.0005 + long * 0.007), (tip, 0.0003), SHADE);
        }
    }
}

/// A tapered line with soft edges: each end is a place and half a width.
fn stroke(canvas: &mut Canvas, (from, thick): (Point, f32), (to, thin): (Point, f32), colour: Rgb) {
    let scale = canvas.height as f32;
    let [ax, ay, bx, by, thick, thin] =
        [from.0, from.1, to.0, to.1, thick, thin].map(|length| length * scale);
    let (run, rise) = (bx - ax, by - ay);
    let length = (run * run + rise * rise).max(1e-6);
    let reach = thick.max(thin) + 1.0;
    for y in pixels(ay.min(by) - reach, ay.max(by) + reach, canvas.height) {
        for x in pixels(ax.min(bx) - reach, ax.max(bx) + reach, canvas.width) {
            let (dx, dy) = (x as f32 + 0.5 - ax, y as f32 + 0.5 - ay);
            let along = ((dx * run + dy * rise) / length).clamp(0.0, 1.0);
            let away = (dx - run * along).hypot(dy - rise * along);
            let half = thick + (thin - thick) * along;
            // A line thinner than a pixel covers less of it instead of vanishing.
            let share = (half + 0.5 - away).clamp(0.0, 1.0) * (half * 2.0).min(1.0);
            canvas.cover(x, y, colour, share);
        }
    }
}

/// The pixels from `low` to `high` that exist.
fn pixels(low: f32, high: f32, end: usize) -> std::ops::Range<usize> {
    low.max(0.0) as usize..(high.max(0.0) as usize + 1).min(end)
}

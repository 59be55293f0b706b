//! The mountains: a height field walked column by column from near to far, as flight games of the nineties did, with
//! real normals, snow, forest and haze. Absent: shadows cast by one mountain on another; altitude stands in for them.

use crate::canvas::{Canvas, Rgb};
use crate::noise::{eroded, fractal, octaves, smoothstep, speck};
use crate::sky;
use crate::view::{Direction, View, dot, unit};

/// The eye, in kilometres above the lake.
pub(crate) const EYE: f32 = 0.012;
pub(crate) const NEAREST: f32 = 1.0;
const TALLEST_TREE: f32 = 0.024;
/// No summit reaches this.
const HIGHEST: f32 = 3.6;
const FARTHEST: f32 = 46.0;

/// What stands above the water: the finished upper picture, and the row of the shore in each column.
pub(crate) struct Plate {
    pub(crate) canvas: Canvas,
    pub(crate) shore: Vec<f32>,
}

/// Paints the land over the sky.
pub(crate) fn paint(view: &View, sky: Canvas) -> Plate {
    let mut canvas = sky;
    let shore = (0..view.width).map(|x| column(view, &mut canvas, x)).collect();
    sky::add_glare(&mut canvas, view);
    Plate { canvas, shore }
}

/// One column, front to back: every step that rises above the last shows its face. Returns the row of the shore.
fn column(view: &View, canvas: &mut Canvas, x: usize) -> f32 {
    let (focal, horizon) = (view.focal(), view.horizon_row());
    let stride = 1.0 + 5.5 / focal.max(1600.0);
    let mut depth = NEAREST;
    let mut top = canvas.height as f32;
    let mut shore = None;
    let (mut before, mut foot) = (Rgb::default(), Rgb::default());
    while depth < FARTHEST {
        let hidden_below = EYE + (horizon - top) * depth / focal;
        if hidden_below > HIGHEST {
            break;
        }
        let spot = Spot::new(view, x, depth, hidden_below);
        let row = horizon + focal * (EYE - spot.height) / depth;
        if spot.height > 0.0 && (row < top || shore.is_none()) {
            let colour = spot.colour(view);
            if shore.is_some() {
                run(canvas, x, (row, colour), (top, before));
            } else {
                (shore, foot) = (Some(row), colour);
            }
            (top, before) = (row.min(top), colour);
        }
        depth *= stride;
    }
    let shore = shore.unwrap_or(horizon);
    // The mirror line is smoother than the shore and may look a little below it: let it find land there, not sky.
    run(canvas, x, (shore, foot), (canvas.height as f32, foot));
    shore
}

/// Fills a vertical run between two rows, each with its colour, covering the end pixels by their share.
fn run(canvas: &mut Canvas, x: usize, (top, above): (f32, Rgb), (bottom, below): (f32, Rgb)) {
    let first = top.max(0.0) as usize;
    let last = (bottom.max(0.0) as usize).min(canvas.height);
    for y in first..=last {
        let edge = y as f32;
        let share = (bottom.min(edge + 1.0) - top.max(edge)).clamp(0.0, 1.0);
        let along = ((edge + 0.5 - top) / (bottom - top).max(1e-3)).clamp(0.0, 1.0);
        // The lower part of the pixel already shows what is nearer, so only the sky's share of it is covered.
        let free = (bottom - edge).clamp(share, 1.0).max(1e-3);
        canvas.cover(x, y, above.mix(below, along), share / free);
    }
}

/// A place on the ground as one pixel sees it.
struct Spot {
    right: f32,
    ahead: f32,
    depth: f32,
    /// The size of a pixel there, in kilometres.
    footprint: f32,
    height: f32,
    column: f32,
}

impl Spot {
    fn new(view: &View, x: usize, depth: f32, hidden_below: f32) -> Self {
        let column = x as f32 + 0.5;
        let (right, ahead) = view.along(column, depth);
        let footprint = depth / view.focal();
        Self { right, ahead, depth, footprint, height: height(right, ahead, footprint, hidden_below), column }
    }

    fn normal(&self) -> Direction {
        let step = self.footprint * 2.0;
        let east = height(self.right + step, self.ahead, self.footprint, f32::MIN) - self.height;
        let north = height(self.right, self.ahead + step, self.footprint, f32::MIN) - self.height;
        unit((-east / step, 1.0, -north / step))
    }

    fn colour(&self, view: &View) -> Rgb {
        let hour = &view.hour;
        let normal = self.normal();
        let sun = hour.sun();
        // Low sun reaches the summits and leaves the valley in shade.
        let reached = smoothstep(0.02, 1.5, self.height + sun.1 * 2.6);
        let direct = dot(normal, sun).max(0.0) * reached;
        let sky = 0.45 + 0.55 * normal.1;
        let lit = self.material(normal.1) * (hour.sunlight * direct + hour.skylight * sky);
        self.through_haze(view, lit)
    }

    /// Forest low down, rock where it is steep, snow where it can lie.
    fn material(&self, flatness: f32) -> Rgb {
        let patch = fractal(self.right * 9.0, self.ahead * 9.0, octaves(self.footprint * 9.0, 5.0)) - 0.5;
        let rock = Rgb(0.26, 0.235, 0.22) * (1.0 + patch * 0.9);
        let forest = Rgb(0.045, 0.062, 0.035) * (1.0 + patch * 1.4);
        let snow = Rgb(0.86, 0.88, 0.92);
        // A tree is steeper than any rock face: near the water steepness says nothing.
        let soil = smoothstep(0.42, 0.66, flatness).max(smoothstep(0.50, 0.25, self.height));
        let trees = smoothstep(0.95, 0.45, self.height + patch * 0.5) * soil;
        let lies =
            smoothstep(1.05, 1.7, self.height + patch * 0.7) * smoothstep(0.48, 0.70, flatness + patch * 0.2);
        rock.mix(forest, trees).mix(snow, lies)
    }

    /// Air between: thin and blue with distance, thick and warm low over the water and towards the sun.
    fn through_haze(&self, view: &View, colour: Rgb) -> Rgb {
        let direction = view.direction(self.column, view.horizon_row());
        let warm = view.hour.towards_sun(direction).powi(5);
        let mist = (-self.height / 0.14).exp() * 0.026;
        let clear = (-(self.depth - 0.6) * (0.021 + 0.013 * (-self.height / 0.9).exp() + mist)).exp();
        let air = view
            .hour
            .haze
            .mix(view.hour.lower_sky.mix(view.hour.horizon_sky, 0.45) * 0.85 + view.hour.glow * 0.14, warm);
        air.mix(colour, clear.min(1.0))
    }
}

/// The height of the ground, in kilometres over the lake; below zero is water. It is only rough where it stays under
/// `hidden_below`.
fn height(right: f32, ahead: f32, footprint: f32, hidden_below: f32) -> f32 {
    // A long lake up the valley: the ground rises with the distance from its axis and behind its head.
    let bend = (ahead * 0.42).sin() * 0.5;
    let across = (right - bend) / 1.75;
    let along = (ahead - 1.4) / 3.4;
    let shape = (across * across + along * along).sqrt();
    let bays = fractal(right * 0.8 + 5.0, ahead * 0.8, 3.0) - 0.5;
    // One wooded headland on the left breaks the line of the far shore.
    let headland = 0.34 - ((right + 1.05).powi(2) * 0.55 + (ahead - 2.15).powi(2) * 2.2).sqrt() + bays * 0.25;
    let inland = (shape - 1.0 + bays * 0.7).max(headland);
    if inland < -0.1 {
        return -0.05;
    }
    let climb = smoothstep(0.0, 3.0, inland);
    let fine = octaves(footprint * 0.35, 11.0);
    let foot = inland.min(0.5) * 0.16;
    let tall = climb * (1.35 + 0.045 * ahead);
    let wanted = (hidden_below - foot - TALLEST_TREE) / tall.max(1e-6);
    let peaks = eroded(right * 0.21 + 3.4, ahead * 0.21 + 1.7, fine, wanted);
    foot + tall * peaks + trees(right, ahead, footprint, inland)
}

/// Conifers along the shore, one to a cell: a cone at a scattered place, while they are large enough to see.
fn trees(right: f32, ahead: f32, footprint: f32, inland: f32) -> f32 {
    const CELL: f32 = 0.0075;
    let seen = smoothstep(CELL * 0.5, CELL * 0.12, footprint) * smoothstep(0.0, 0.03, inland);
    if seen <= 0.0 {
        return 0.0;
    }
    let (x, y) = (right / CELL, ahead / CELL);
    let (column, row) = (x.floor(), y.floor());
    let chance = speck(column as i32, row as i32);
    let centre_x = column + 0.3 + 0.4 * speck(column as i32, row as i32 + 7919);
    let centre_y = row + 0.3 + 0.4 * chance;
    let away = ((x - centre_x).powi(2) + (y - centre_y).powi(2)).sqrt();
    let grove = smoothstep(0.38, 0.55, fractal(right * 5.0, ahead * 5.0, 2.0));
    TALLEST_TREE * seen * grove * (0.45 + 0.55 * chance) * (1.0 - away / 0.5).max(0.0)
}

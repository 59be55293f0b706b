//! The water: the upper picture turned over, shaken by ripples and darkened by depth. Absent: foam, boats, the bottom.

use crate::canvas::{Canvas, Rgb};
use crate::land::{EYE, Plate};
use crate::noise::{fractal, octaves, smoothstep, speck};
use crate::view::View;

/// The whole picture: the plate above, the lake below.
pub(crate) fn paint(view: &View, plate: &Plate) -> Canvas {
    let mirrors = smoothed(&plate.shore, view.width / 60);
    let mut columns = mirrors.iter().copied().zip(plate.shore.iter().copied()).cycle();
    let deep = view.hour.zenith * 0.22 + Rgb(0.004, 0.012, 0.014);
    Canvas::paint(view.width, view.height, |x, y| {
        let (mirror, edge) = columns.next().unwrap_or_default();
        let row = y as f32 + 0.5;
        let above = plate.canvas.at(x as i32, y as i32);
        let wet = (row - edge + 0.5).clamp(0.0, 1.0);
        if wet <= 0.0 { above } else { above.mix(water(view, plate, (x as f32, row), mirror, deep), wet) }
    })
}

/// A moving average: the mirror line must not tremble with every tree on the shore.
fn smoothed(rows: &[f32], reach: usize) -> Vec<f32> {
    (0..rows.len())
        .map(|x| {
            let near = rows.iter().take(x + reach + 1).skip(x.saturating_sub(reach));
            near.clone().sum::<f32>() / near.count().max(1) as f32
        })
        .collect()
}

fn water(view: &View, plate: &Plate, (x, row): (f32, f32), mirror: f32, deep: Rgb) -> Rgb {
    let drop = (row - view.horizon_row()).max(0.5);
    let depth = EYE * view.focal() / drop;
    let (right, ahead) = view.along(x, depth);
    let (tilt, sway) = ripples(right, ahead, depth * drop.recip());
    let reach = view.focal();
    let wave = tilt * (0.04 + 0.9 * drop / reach) + ruffled(right, ahead) * 0.07;
    let up = 2.0 * mirror - row - wave * reach;
    let side = x + sway * reach * 0.03;
    // Each pixel holds many small waves: their spread is a smear up and down the reflection.
    let smear = 1.0 + drop * 0.055;
    let start = speck(x as i32, row as i32) - 2.0;
    let seen = [0.0, 1.0, 2.0, 3.0].into_iter().fold(Rgb::default(), |sum, step| {
        sum + plate.canvas.sample(side, (up + (start + step) * smear).min(mirror)) * 0.25
    });
    // Schlick's rule for water, with the grazing angle of the row.
    let grazing = 1.0 - (drop / reach + tilt * 0.30).clamp(0.0, 1.0);
    let share = 0.02 + 0.98 * grazing.powi(5);
    deep.mix(seen, (share * 1.12).min(0.96))
}

/// Where wind roughens the water it mirrors a higher, brighter piece of the sky: long pale streaks, 0 to 1.
fn ruffled(right: f32, ahead: f32) -> f32 {
    let far = smoothstep(0.12, 0.5, ahead);
    far * smoothstep(0.54, 0.66, fractal(right * 1.3 + 9.0, ahead * 3.5, 4.0))
}

/// The slope of the surface towards the eye and across, about -0.5..0.5. Calm streaks come and go.
fn ripples(right: f32, ahead: f32, footprint: f32) -> (f32, f32) {
    let breeze = (fractal(right * 3.0, ahead * 1.1, 3.0) * 2.6 - 0.65).clamp(0.25, 1.0);
    // Metres now; crests lie across the view.
    let (x, z) = (right * 150.0, ahead * 420.0);
    let fine = octaves(footprint * 160.0, 5.0);
    let tilt = fractal(x, z, fine) - 0.5;
    let sway = fractal(x + 71.0, z * 0.8 - 13.0, fine.min(3.0)) - 0.5;
    (tilt * breeze, sway * breeze)
}

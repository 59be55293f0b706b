//! The sky: a gradient, the sun's glow, and one deck of clouds lit from beneath. Absent: stars, rain, a second deck.

use crate::canvas::{Canvas, Rgb};
use crate::land::{EYE, NEAREST};
use crate::noise::{fractal, smoothstep};
use crate::view::{Direction, Hour, View, dot};

/// Clouds have no detail worth more than this many pixels across; a larger picture enlarges them.
const WIDEST: usize = 1400;

/// The sky from the top of the picture down to the horizon and a little below.
pub(crate) fn paint(view: &View) -> Canvas {
    let shrink = view.width.div_ceil(WIDEST);
    let scale = shrink as f32;
    let rows = (view.horizon_row() / scale) as usize + 24;
    let small = Canvas::paint(view.width / shrink, rows, |x, y| {
        let direction = view.direction((x as f32 + 0.5) * scale, (y as f32 + 0.5) * scale);
        clear_and_clouds(&view.hour, direction)
    });
    let below = (view.focal() * EYE / NEAREST) as usize + 4;
    let mut sky = Canvas::paint(view.width, view.horizon_row() as usize + below, |x, y| {
        small.sample((x as f32 + 0.5) / scale - 0.5, (y as f32 + 0.5) / scale - 0.5)
    });
    add_disc(&mut sky, view);
    sky
}

fn clear_and_clouds(hour: &Hour, direction: Direction) -> Rgb {
    let clear = clear_sky(hour, direction);
    let (cover, lit) = clouds(hour, direction);
    let near_sun = hour.towards_sun(direction).powi(2);
    let bright = hour.cloud_lit.mix(hour.glow, near_sun * 0.6) * (0.55 + 0.75 * near_sun);
    let cloud = hour.cloud_shade.mix(bright, lit);
    clear.mix(cloud, cover)
}

/// The gradient, warmer and lighter towards the sun.
fn clear_sky(hour: &Hour, direction: Direction) -> Rgb {
    let height = direction.1.max(0.0);
    let low = hour.horizon_sky.mix(hour.lower_sky, smoothstep(0.0, 0.16, height));
    let mid = low.mix(hour.upper_sky, smoothstep(0.07, 0.33, height));
    let gradient = mid.mix(hour.zenith, smoothstep(0.22, 0.62, height));
    let angle = dot(direction, hour.sun()).clamp(-1.0, 1.0).acos();
    let flat = smoothstep(1.5, 0.0, angle) * (-height * 5.0).exp();
    let halo = 0.50 * (-angle / 0.24).exp() + 0.35 * (-angle / 0.07).exp();
    gradient * (0.72 + 0.4 * flat) + hour.glow * halo
}

/// How much cloud stands there, and how brightly its underside is lit.
fn clouds(hour: &Hour, (right, up, ahead): Direction) -> (f32, f32) {
    // A flat deck seen from below; the offset keeps the horizon from running to infinity.
    let deck = 1.0 / (up.max(0.0) + 0.11);
    let (x, z) = (right * deck * 0.62, ahead * deck * 0.80);
    let density = cloud_density(x, z);
    let (sun_x, _, sun_z) = hour.sun();
    let towards_sun = cloud_density(x + sun_x * 0.14, z + sun_z * 0.14);
    let cover = smoothstep(hour.clear, hour.clear + 0.24, density);
    let lit = (0.52 + (density - towards_sun) * 4.5 - (density - hour.clear) * 0.9).clamp(0.0, 1.0);
    let thin = smoothstep(0.02, 0.10, up);
    (cover * 0.92 * (0.25 + 0.75 * thin), lit)
}

fn cloud_density(x: f32, z: f32) -> f32 {
    let warp = fractal(x * 0.9 + 31.0, z * 0.9 - 7.0, 3.0);
    let bands = fractal(x * 0.35 - 3.0, z * 0.9 + 11.0, 2.0);
    let puffs = fractal(x * 1.5 + warp * 1.6, z * 2.1 + warp * 1.2 + 40.0, 7.0);
    puffs * 0.72 + bands * 0.32
}

/// The disc, drawn at full size: enlarging it with the clouds would show its steps.
fn add_disc(sky: &mut Canvas, view: &View) {
    near_sun(sky, view, |angle| view.hour.disc * smoothstep(0.0092, 0.0064, angle));
}

/// The glare, laid over sky and land alike: the brightest light spreads inside the lens.
pub(crate) fn add_glare(canvas: &mut Canvas, view: &View) {
    near_sun(canvas, view, |angle| {
        let fade = smoothstep(0.25, 0.0, angle);
        view.hour.glow * (fade * (0.55 * (-angle / 0.045).exp() + 1.9 * (-angle / 0.011).exp()))
    });
}

/// Adds light by the angle from the sun, as far as a quarter of a radian.
fn near_sun(canvas: &mut Canvas, view: &View, light: impl Fn(f32) -> Rgb) {
    let width = canvas.width;
    let sun = view.hour.sun();
    for (y, row) in canvas.pixels.chunks_exact_mut(width).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            let nearness = dot(view.direction(x as f32 + 0.5, y as f32 + 0.5), sun);
            if nearness > 0.969 {
                *pixel = *pixel + light(nearness.min(1.0).acos());
            }
        }
    }
}

//! The picture with real transparency: a glass lens with its iris half closed, its halo and its shadow, over nothing.

use crate::film::{byte, srgb};
use crate::iris::Iris;
use crate::noise::smoothstep;

pub(crate) const WIDTH: usize = 1200;
pub(crate) const HEIGHT: usize = 800;

/// A colour with its opacity, not multiplied, in linear light.
#[derive(Clone, Copy)]
pub(crate) struct Tint {
    pub(crate) red: f32,
    pub(crate) green: f32,
    pub(crate) blue: f32,
    pub(crate) alpha: f32,
}

impl Tint {
    const CLEAR: Self = Self { red: 0.0, green: 0.0, blue: 0.0, alpha: 0.0 };

    const fn solid(red: f32, green: f32, blue: f32) -> Self {
        Self { red, green, blue, alpha: 1.0 }
    }

    /// The same colour at another opacity.
    pub(crate) fn at(self, alpha: f32) -> Self {
        Self { alpha: alpha.clamp(0.0, 1.0), ..self }
    }

    fn bright(self, scale: f32) -> Self {
        Self { red: self.red * scale, green: self.green * scale, blue: self.blue * scale, ..self }
    }

    /// This with `top` laid over it (Porter and Duff's "over").
    pub(crate) fn under(self, top: Self) -> Self {
        let below = self.alpha * (1.0 - top.alpha);
        let alpha = top.alpha + below;
        let blend = |top_part: f32, own: f32| (top_part * top.alpha + own * below) / alpha.max(1e-6);
        Self {
            red: blend(top.red, self.red),
            green: blend(top.green, self.green),
            blue: blend(top.blue, self.blue),
            alpha,
        }
    }

    /// RGBA, straight alpha, sRGB.
    pub(crate) fn bytes(self) -> [u8; 4] {
        [byte(srgb(self.red)), byte(srgb(self.green)), byte(srgb(self.blue)), byte(self.alpha)]
    }
}

/// The picture as RGBA rows.
pub(crate) fn paint() -> Vec<u8> {
    let iris = Iris::new(0.40, 0.35);
    let mut rgba = Vec::with_capacity(WIDTH * HEIGHT * 4);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            rgba.extend(averaged(&iris, x as f32, y as f32).bytes());
        }
    }
    rgba
}

/// A pixel from nine places inside it, each counted by its opacity.
fn averaged(iris: &Iris, x: f32, y: f32) -> Tint {
    const NEAR: [f32; 3] = [1.0 / 6.0, 0.5, 5.0 / 6.0];
    let mut sum = Tint::CLEAR;
    for (along, down) in NEAR.into_iter().flat_map(|down| NEAR.map(|along| (along, down))) {
        // The lens has radius 1 and its centre a little above the middle.
        let tint = lens(iris, (x + along - 600.0) / 300.0, (y + down - 372.0) / 300.0);
        let weighed = tint.bright(tint.alpha);
        sum.red += weighed.red;
        sum.green += weighed.green;
        sum.blue += weighed.blue;
        sum.alpha += tint.alpha;
    }
    sum.bright(1.0 / sum.alpha.max(1e-6)).at(sum.alpha / 9.0)
}

fn lens(iris: &Iris, x: f32, y: f32) -> Tint {
    let radius = x.hypot(y);
    let ground = shadow(x, y).under(Tint::solid(0.10, 0.62, 0.85).at(halo(radius)));
    if radius > 1.06 {
        return ground;
    }
    ground
        .under(glass(radius))
        .under(blades(iris, x, y, radius))
        .under(reflections(x, y, radius))
        .under(rim(x, y, radius))
}

/// What the lens keeps from the ground, and the light it gathers there instead.
fn shadow(x: f32, y: f32) -> Tint {
    let (side, down) = (x / 1.05, (y - 1.22) / 0.12);
    let dark = 0.5 * (-(side * side + down * down) * 1.6).exp();
    let gathered = 0.55 * (-((x - 0.08) * (x - 0.08) * 9.0 + down * down * 4.0)).exp();
    Tint::solid(0.01, 0.02, 0.05).at(dark).under(Tint::solid(0.65, 0.95, 1.0).at(gathered))
}

/// The glow around the lens, none within it.
fn halo(radius: f32) -> f32 {
    0.42 * (-(radius - 1.0).max(0.0) / 0.085).exp()
        * smoothstep(1.45, 1.05, radius)
        * smoothstep(0.97, 1.0, radius)
}

/// Nearly clear in the middle, deep and dense at the edge where the light passes through most of it.
fn glass(radius: f32) -> Tint {
    let edge = radius.min(1.0).powi(4);
    Tint::solid(0.10 - 0.08 * edge, 0.50 - 0.34 * edge, 0.72 - 0.34 * edge)
        .at((0.10 + 0.56 * edge) * smoothstep(1.02, 1.0, radius))
}

/// Thin blades of smoked teal: more transparent towards the axis.
fn blades(iris: &Iris, x: f32, y: f32, radius: f32) -> Tint {
    let inside = smoothstep(0.985, 0.96, radius);
    iris.light(x, y).map_or(Tint::CLEAR, |light| {
        Tint::solid(0.05, 0.34, 0.46).bright(0.25 + 1.9 * light * light).at((0.38 + 0.45 * radius) * inside)
    })
}

/// A window high on the left, its faint twin low on the right, and the bounce along the lower edge.
fn reflections(x: f32, y: f32, radius: f32) -> Tint {
    let inside = smoothstep(0.97, 0.93, radius);
    let outer = (x + 0.05).hypot(y + 0.06);
    let inner = (x - 0.22).hypot(y - 0.27);
    let window = smoothstep(0.90, 0.86, outer) * smoothstep(0.90, 1.12, inner);
    let twin = (-((x - 0.36).powi(2) + (y - 0.42).powi(2)) * 60.0).exp();
    let bounce = smoothstep(0.80, 0.96, radius) * smoothstep(0.35, 1.0, y * 0.8 + x * 0.5);
    Tint::solid(1.0, 1.0, 1.0).at((0.62 * window + 0.50 * twin + 0.40 * bounce) * inside)
}

/// A ring of brushed metal that is lit from two sides.
fn rim(x: f32, y: f32, radius: f32) -> Tint {
    let band = smoothstep(0.955, 0.962, radius) * smoothstep(1.052, 1.045, radius);
    let turn = y.atan2(x);
    let sheen = 0.5 + 0.5 * ((turn + 2.2) * 2.0).cos();
    let bevel = 1.0 - ((radius - 1.003) / 0.05).abs();
    Tint::solid(0.36, 0.42, 0.48).bright(0.22 + 1.6 * sheen.powi(3) + 0.4 * bevel).at(band)
}

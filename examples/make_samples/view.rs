//! Where the camera stands and what hour it is: the numbers that tell one sample from another. Absent: what is seen.

use crate::canvas::Rgb;
use crate::noise::smoothstep;

/// A camera over the lake. Lengths in the world are kilometres; the picture plane is in pixels.
pub(crate) struct View {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Distance of the picture plane, in picture widths: larger is more telephoto.
    pub(crate) focal_widths: f32,
    /// Radians to the right of straight up the valley.
    pub(crate) bearing: f32,
    /// Where the horizon lies, as a share of the height from the top.
    pub(crate) horizon: f32,
    /// Whether the bank with its grass and pine is in the frame.
    pub(crate) bank: bool,
    pub(crate) hour: Hour,
}

/// The light of one hour.
pub(crate) struct Hour {
    /// Radians right of straight up the valley, and above the horizon.
    pub(crate) sun_bearing: f32,
    pub(crate) sun_height: f32,
    pub(crate) zenith: Rgb,
    pub(crate) upper_sky: Rgb,
    pub(crate) lower_sky: Rgb,
    pub(crate) horizon_sky: Rgb,
    /// The glow around the sun, and the sun itself.
    pub(crate) glow: Rgb,
    pub(crate) disc: Rgb,
    pub(crate) cloud_lit: Rgb,
    pub(crate) cloud_shade: Rgb,
    /// What falls on the land, from the sun and from the sky.
    pub(crate) sunlight: Rgb,
    pub(crate) skylight: Rgb,
    pub(crate) haze: Rgb,
    /// How the cloud cover begins: smaller is cloudier.
    pub(crate) clear: f32,
    pub(crate) exposure: f32,
}

/// A direction from the eye, as a unit vector: right, up, ahead.
pub(crate) type Direction = (f32, f32, f32);

pub(crate) fn dot(a: Direction, b: Direction) -> f32 {
    a.0 * b.0 + a.1 * b.1 + a.2 * b.2
}

pub(crate) fn unit((x, y, z): Direction) -> Direction {
    let length = dot((x, y, z), (x, y, z)).sqrt().max(1e-9);
    (x / length, y / length, z / length)
}

impl View {
    pub(crate) fn focal(&self) -> f32 {
        self.focal_widths * self.width as f32
    }

    pub(crate) fn horizon_row(&self) -> f32 {
        self.horizon * self.height as f32
    }

    /// The world direction of a place on the picture.
    pub(crate) fn direction(&self, x: f32, y: f32) -> Direction {
        let (right, ahead) = self.along(x, 1.0);
        unit((right, (self.horizon_row() - y) / self.focal(), ahead))
    }

    /// The point of the ground plane that a column sees at `depth` kilometres: right and ahead.
    pub(crate) fn along(&self, x: f32, depth: f32) -> (f32, f32) {
        let side = (x - self.width as f32 / 2.0) / self.focal() * depth;
        let (sin, cos) = self.bearing.sin_cos();
        (side * cos + depth * sin, depth * cos - side * sin)
    }
}

impl Hour {
    pub(crate) fn sun(&self) -> Direction {
        let flat = self.sun_height.cos();
        (self.sun_bearing.sin() * flat, self.sun_height.sin(), self.sun_bearing.cos() * flat)
    }

    /// How much of the sun's glow hangs in that direction, 0 to 1.
    pub(crate) fn towards_sun(&self, direction: Direction) -> f32 {
        let angle = dot(direction, self.sun()).clamp(-1.0, 1.0).acos();
        smoothstep(1.3, 0.0, angle)
    }

    /// The evening picture: the sun in the saddle between two ridges.
    pub(crate) fn dusk() -> Self {
        Self {
            sun_bearing: 0.112,
            sun_height: 0.142,
            zenith: Rgb(0.045, 0.10, 0.25),
            upper_sky: Rgb(0.13, 0.23, 0.45),
            lower_sky: Rgb(0.60, 0.37, 0.38),
            horizon_sky: Rgb(1.02, 0.50, 0.23),
            glow: Rgb(1.6, 0.70, 0.20),
            disc: Rgb(22.0, 14.5, 7.0),
            cloud_lit: Rgb(1.25, 0.52, 0.33),
            cloud_shade: Rgb(0.20, 0.19, 0.30),
            sunlight: Rgb(1.9, 0.92, 0.44),
            skylight: Rgb(0.13, 0.16, 0.27),
            haze: Rgb(0.33, 0.31, 0.42),
            clear: 0.47,
            exposure: 1.08,
        }
    }

    /// A clear morning with the sun behind the camera's shoulder.
    pub(crate) fn morning() -> Self {
        Self {
            sun_bearing: -1.75,
            sun_height: 0.42,
            zenith: Rgb(0.06, 0.17, 0.45),
            upper_sky: Rgb(0.13, 0.31, 0.64),
            lower_sky: Rgb(0.34, 0.54, 0.80),
            horizon_sky: Rgb(0.62, 0.75, 0.88),
            glow: Rgb(0.5, 0.45, 0.35),
            disc: Rgb(20.0, 19.0, 17.0),
            cloud_lit: Rgb(1.05, 1.02, 0.98),
            cloud_shade: Rgb(0.48, 0.56, 0.68),
            sunlight: Rgb(1.75, 1.55, 1.25),
            skylight: Rgb(0.22, 0.30, 0.44),
            haze: Rgb(0.50, 0.63, 0.80),
            clear: 0.50,
            exposure: 0.95,
        }
    }
}

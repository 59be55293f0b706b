//! From light to bytes: vignette, the film's curve, a little grain, sRGB. Absent: any idea of what was photographed.

use crate::canvas::{Canvas, Rgb};
use crate::noise::speck;

/// Rows of 8-bit samples, ready for an encoder.
pub(crate) struct Print {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: Vec<u8>,
}

/// Develops the canvas.
pub(crate) fn develop(canvas: &Canvas, exposure: f32, grain: f32) -> Print {
    let (width, height) = (canvas.width, canvas.height);
    let mut rgb = Vec::with_capacity(width * height * 3);
    let table = Table::new();
    for (y, row) in canvas.pixels.chunks_exact(width).enumerate() {
        for (x, light) in row.iter().enumerate() {
            let shown = curve(*light * (exposure * vignette(x, y, width, height)));
            let noise = (speck(x as i32, y as i32) + speck(y as i32 + 9001, x as i32) - 1.0) * grain;
            rgb.extend([shown.0, shown.1, shown.2].map(|value| byte(table.srgb(value) + noise)));
        }
    }
    Print { width, height, rgb }
}

/// The corners get less light.
fn vignette(x: usize, y: usize, width: usize, height: usize) -> f32 {
    let side = (x as f32 / width as f32 - 0.5) * 1.25;
    let up = y as f32 / height as f32 - 0.5;
    let far = side * side + up * up;
    1.0 - 0.55 * far * far.sqrt()
}

/// A filmic shoulder (Narkowicz's fit of ACES, 2015); highlights also lose their colour, as on film.
fn curve(light: Rgb) -> Rgb {
    let bright = light.luminance();
    let pale = Rgb(bright, bright, bright);
    let soft = light.mix(pale, (bright * 0.06).min(0.5));
    Rgb(shoulder(soft.0), shoulder(soft.1), shoulder(soft.2))
}

fn shoulder(value: f32) -> f32 {
    let scaled = value * 0.72;
    ((scaled * (2.51 * scaled + 0.03)) / (scaled * (2.43 * scaled + 0.59) + 0.14)).clamp(0.0, 1.0)
}

/// The sRGB curve by table: a power for each of 36 million samples would cost more than the mountains.
struct Table(Vec<f32>);

impl Table {
    const LAST: f32 = 4095.0;

    /// Steps are even in the square root, where the curve is nearly a line.
    fn new() -> Self {
        Self((0..=4095_u16).map(|step| srgb((f32::from(step) / Self::LAST).powi(2))).collect())
    }

    fn srgb(&self, linear: f32) -> f32 {
        self.0.get((linear.sqrt() * Self::LAST) as usize).copied().unwrap_or(1.0)
    }
}

/// The sRGB transfer curve (IEC 61966-2-1).
pub(crate) fn srgb(linear: f32) -> f32 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

pub(crate) fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

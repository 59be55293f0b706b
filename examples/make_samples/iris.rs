//! The blades of an aperture, seen along the axis of the lens. Absent: colour, and the lens around them.

use std::f32::consts::TAU;

/// How many blades there are; an odd number, as lenses with character have.
const BLADES: u8 = 7;

/// An aperture, its axis at the origin.
pub(crate) struct Iris {
    blades: Vec<Blade>,
    /// The distance from the axis to the edge of each blade.
    opening: f32,
}

/// A blade lies beyond its edge, in the direction (`x`, `y`).
struct Blade {
    x: f32,
    y: f32,
    light: f32,
}

impl Iris {
    pub(crate) fn new(opening: f32, turn: f32) -> Self {
        let blades = (0..BLADES).map(|number| {
            let facing = f32::from(number) / f32::from(BLADES) * TAU + turn;
            let (y, x) = facing.sin_cos();
            Blade { x, y, light: 0.46 + 0.22 * (facing - 0.9).cos() }
        });
        Self { blades: blades.collect(), opening }
    }

    /// The brightness, 0 to 1, of the blade at a place, or nothing where the aperture is open.
    pub(crate) fn light(&self, x: f32, y: f32) -> Option<f32> {
        let beyond = |blade: &Blade| x * blade.x + y * blade.y - self.opening;
        // Each blade lies under the next, all the way round: it shows beyond its own edge and short of that one's.
        let nexts = self.blades.iter().cycle().skip(1);
        self.blades.iter().zip(nexts).find_map(|(own, next)| {
            let (past, short) = (beyond(own), -beyond(next));
            (past > 0.0 && short >= 0.0).then(|| {
                let shadow = 0.26 * (-short / (0.10 + self.opening * 0.25)).exp();
                let glint = 0.30 * (-past / 0.012).exp();
                (next.light - shadow + glint).clamp(0.0, 1.0)
            })
        })
    }
}

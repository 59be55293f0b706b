//! Chance, made repeatable: a small generator for scattering things and the value noise that clouds, rock and water
//! are built from. Absent on purpose: a clock, an operating system, any seed from outside.

/// A `SplitMix64` generator (Steele, Lea, Flood 2014): one addition and a mix per number.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number in 0..1.
    pub(crate) fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / 16_777_216.0
    }

    /// The next number in `low..high`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }
}

/// The number in 0..1 that belongs to a lattice point; always the same one.
pub(crate) fn speck(column: i32, row: i32) -> f32 {
    let mut bits = (column as u32).wrapping_mul(0x9E37_79B1) ^ (row as u32).wrapping_mul(0x85EB_CA77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    ((bits ^ (bits >> 15)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise in 0..1 with its slope along x and along y.
pub(crate) fn hill(x: f32, y: f32) -> (f32, f32, f32) {
    let (column, row) = (whole(x), whole(y));
    let (u, u_slope) = ease(x - column as f32);
    let (v, v_slope) = ease(y - row as f32);
    let corner = speck(column, row);
    let across = speck(column + 1, row) - corner;
    let down = speck(column, row + 1) - corner;
    let twist = speck(column + 1, row + 1) - corner - across - down;
    (
        corner + across * u + down * v + twist * u * v,
        u_slope * (across + twist * v),
        v_slope * (down + twist * u),
    )
}

/// The whole number at or below. `f32::floor` is a library call on plain x86-64, and this is the innermost loop.
pub(crate) fn whole(value: f32) -> i32 {
    let cut = value as i32;
    cut - i32::from(cut as f32 > value)
}

/// The quintic fade of Perlin's improved noise, and its derivative.
fn ease(t: f32) -> (f32, f32) {
    let value = t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    (value, 30.0 * t * t * (t * (t - 2.0) + 1.0))
}

/// One octave finer: twice the frequency, turned by about 37° so that the lattices never line up.
fn finer(x: f32, y: f32) -> (f32, f32) {
    (1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 9.1)
}

/// How many octaves a feature of size one may have before it is smaller than `footprint`, at most `most`.
pub(crate) fn octaves(footprint: f32, most: f32) -> f32 {
    (-footprint.max(1e-6).log2()).clamp(1.0, most)
}

/// Fractal noise in about 0..1, mean one half. The last, fractional octave fades in.
pub(crate) fn fractal(x: f32, y: f32, octaves: f32) -> f32 {
    let (mut x, mut y) = (x, y);
    let (mut sum, mut weight, mut left) = (0.0, 0.5, octaves);
    while left > 0.0 {
        sum += weight * left.min(1.0) * (hill(x, y).0 - 0.5);
        (x, y) = finer(x, y);
        weight *= 0.5;
        left -= 1.0;
    }
    sum + 0.5
}

/// Fractal noise that flattens where it is already steep, which reads as weathered rock: the damping by accumulated
/// slope is Quilez's (iquilezles.org, "Value noise derivatives"). Gives up, with what it has, once the octaves that
/// are left could not lift it to `wanted`: most of a landscape hides behind the rest of it.
pub(crate) fn eroded(x: f32, y: f32, octaves: f32, wanted: f32) -> f32 {
    let (mut x, mut y) = (x, y);
    let (mut sum, mut weight, mut left) = (0.0, 1.0, octaves);
    let (mut slope_x, mut slope_y) = (0.0_f32, 0.0_f32);
    while left > 0.0 && sum + 2.0 * weight > wanted {
        let (value, along_x, along_y) = hill(x, y);
        slope_x += along_x;
        slope_y += along_y;
        sum += weight * left.min(1.0) * value / (1.0 + slope_x * slope_x + slope_y * slope_y);
        (x, y) = finer(x, y);
        weight *= 0.5;
        left -= 1.0;
    }
    sum
}

/// Zero below `low`, one above `high`, an S between.
pub(crate) fn smoothstep(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

//! How far apart two colours look: CIEDE2000 (CIE 142-2001), of sRGB, in double precision.

use lenslet::picture::Picture;

/// L*, a* and b* under D65 of an sRGB pixel.
#[expect(clippy::many_single_char_names, reason = "the standard's names")]
pub fn lab(pixel: [u8; 3]) -> [f64; 3] {
    let light = |level: u8| {
        let code = f64::from(level) / 255.0;
        if code <= 0.040_45 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = pixel.map(light);
    let part = |[x, y, z]: [f64; 3]| {
        let t = (x * r + y * g + z * b) / (x + y + z);
        if t > 216.0 / 24_389.0 { t.cbrt() } else { (24_389.0 / 27.0 * t + 16.0) / 116.0 }
    };
    let x = part([0.412_456_4, 0.357_576_1, 0.180_437_5]);
    let y = part([0.212_672_9, 0.715_152_2, 0.072_175]);
    let z = part([0.019_333_9, 0.119_192, 0.950_304_1]);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// ΔE2000 of two colours of CIE Lab.
#[expect(clippy::many_single_char_names, reason = "the standard's names")]
pub fn delta_e([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25_f64.powi(7))).sqrt();
    let mean_c = f64::midpoint(a1.hypot(b1), a2.hypot(b2));
    let g = 0.5 * (1.0 - seventh(mean_c));
    let (a1, a2) = ((1.0 + g) * a1, (1.0 + g) * a2);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue =
        |a: f64, b: f64| if a == 0.0 && b == 0.0 { 0.0 } else { b.atan2(a).to_degrees().rem_euclid(360.0) };
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let is_grey = c1 * c2 == 0.0;
    let turn = if is_grey { 0.0 } else { (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0 };
    let mean_h = match (is_grey, (h1 - h2).abs() <= 180.0) {
        (true, _) => h1 + h2,
        (_, true) => f64::midpoint(h1, h2),
        (_, false) => (f64::midpoint(h1, h2) + 180.0).rem_euclid(360.0),
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(mean_h - 30.0) + 0.24 * cos(2.0 * mean_h) + 0.32 * cos(3.0 * mean_h + 6.0)
        - 0.2 * cos(4.0 * mean_h - 63.0);
    let (mean_l, mean_c) = (f64::midpoint(l1, l2) - 50.0, f64::midpoint(c1, c2));
    let s_l = 1.0 + 0.015 * mean_l * mean_l / (20.0 + mean_l * mean_l).sqrt();
    let (s_c, s_h) = (1.0 + 0.045 * mean_c, 1.0 + 0.015 * mean_c * t);
    let rotation = 60.0 * (-((mean_h - 275.0) / 25.0).powi(2)).exp();
    let r_t = -rotation.to_radians().sin() * 2.0 * seventh(mean_c);
    let l = (l2 - l1) / s_l;
    let c = (c2 - c1) / s_c;
    let h = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin() / s_h;
    (l * l + c * c + h * h + r_t * c * h).sqrt()
}

/// ΔE2000 of every pixel of two pictures without alpha, from the least to the greatest.
pub fn differences(a: &Picture, b: &Picture) -> Vec<f64> {
    assert_eq!(a.size(), b.size(), "sizes differ");
    let pixels = a.samples().as_chunks::<3>().0.iter().zip(b.samples().as_chunks::<3>().0);
    let mut all: Vec<f64> = pixels.map(|(a, b)| delta_e(lab(*a), lab(*b))).collect();
    all.sort_by(f64::total_cmp);
    all
}

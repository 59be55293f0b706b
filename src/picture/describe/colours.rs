//! The colours of a picture: its average, and a few that stand for it.
//!
//! Pixels are grouped by k-means in Oklab (Björn Ottosson, <https://bottosson.github.io/posts/oklab/>), where distances are
//! about as large as they look. It begins with the most frequent colour and goes on with what lies farthest from all so
//! far, so that the same picture always has the same palette.

use std::collections::BTreeMap;

use super::area::Small;

/// A palette has no more colours.
const MOST: usize = 6;
/// Colours closer than this, squared, are one: about what is seen as a difference at a glance.
const NEAR: f32 = 0.06 * 0.06;
/// Colours of a smaller share are noise.
const LEAST_SHARE: f32 = 0.005;
const ROUNDS: usize = 8;

/// The colours of a picture, of which transparent pixels have none.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// The mean of all pixels, red, green and blue as they are stored.
    pub average: [u8; 3],
    /// At most six, the most frequent first.
    pub swatches: Vec<Swatch>,
}

/// A colour that stands for a part of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swatch {
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// How much of the picture it stands for, from 0 to 1.
    pub share: f32,
}

/// Pixels that are nearly the same.
#[derive(Clone, Copy, Default)]
struct Bin {
    sums: [f32; 3],
    weight: f32,
}

impl Palette {
    /// The colour that most of the picture has.
    pub fn dominant(&self) -> Option<[u8; 3]> {
        self.swatches.first().map(|swatch| swatch.colour)
    }

    /// Nothing where all is transparent.
    pub(super) fn of(picture: &Small) -> Option<Self> {
        let bins = bins(picture);
        let total: f32 = bins.iter().map(|bin| bin.weight).sum();
        if total <= 0.0 {
            return None;
        }
        let mut sums = [0.0; 3];
        for bin in &bins {
            add(&mut sums, bin.sums);
        }
        Some(Self { average: sums.map(|sum| byte(sum / total)), swatches: swatches(&bins, total) })
    }
}

/// Pixels by their colour in steps of 16, each by its alpha.
fn bins(picture: &Small) -> Vec<Bin> {
    let mut bins: BTreeMap<[u8; 3], Bin> = BTreeMap::new();
    for &[r, g, b, a] in picture.pixels.iter().filter(|pixel| pixel[3] > 0) {
        let bin = bins.entry([r >> 4, g >> 4, b >> 4]).or_default();
        let weight = f32::from(a) / 255.0;
        add(&mut bin.sums, [r, g, b].map(|sample| f32::from(sample) * weight));
        bin.weight += weight;
    }
    bins.into_values().collect()
}

/// A bin as a point of Oklab, and its weight.
struct Point {
    lab: [f32; 3],
    weight: f32,
}

fn swatches(bins: &[Bin], total: f32) -> Vec<Swatch> {
    let point = |bin: &Bin| Point { lab: to_oklab(bin.sums.map(|sum| sum / bin.weight)), weight: bin.weight };
    let points: Vec<Point> = bins.iter().map(point).collect();
    let mut centres = seeds(&points);
    for _ in 0..ROUNDS {
        centres = means(&points, &centres).into_iter().map(|(lab, _)| lab).collect();
    }
    let mut swatches: Vec<Swatch> = apart(means(&points, &centres))
        .into_iter()
        .map(|(lab, weight)| Swatch { colour: from_oklab(lab), share: weight / total })
        .collect();
    swatches.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.colour.cmp(&b.colour)));
    let kept = swatches.iter().take_while(|swatch| swatch.share >= LEAST_SHARE).count();
    swatches.truncate(kept.max(1));
    swatches
}

/// The most frequent colour, then always that whose distance from those so far, by its weight, is largest.
fn seeds(points: &[Point]) -> Vec<[f32; 3]> {
    let heaviest = points.iter().max_by(|a, b| a.weight.total_cmp(&b.weight));
    let mut centres: Vec<[f32; 3]> = heaviest.map(|point| point.lab).into_iter().collect();
    while centres.len() < MOST {
        let away = |point: &Point| nearest(&centres, point.lab).map_or(0.0, |(_, distance)| distance);
        let worth = |point: &Point| away(point) * point.weight.sqrt();
        let far = points.iter().filter(|point| away(point) > NEAR);
        let Some(next) = far.max_by(|a, b| worth(a).total_cmp(&worth(b))) else { break };
        centres.push(next.lab);
    }
    centres
}

/// The mean of the points that are nearest to each centre, and their weight; none where there are no points.
fn means(points: &[Point], centres: &[[f32; 3]]) -> Vec<([f32; 3], f32)> {
    let mut groups = vec![Bin::default(); centres.len()];
    for point in points {
        let group = nearest(centres, point.lab).and_then(|(index, _)| groups.get_mut(index));
        if let Some(group) = group {
            add(&mut group.sums, point.lab.map(|part| part * point.weight));
            group.weight += point.weight;
        }
    }
    let used = groups.into_iter().filter(|group| group.weight > 0.0);
    used.map(|group| (group.sums.map(|sum| sum / group.weight), group.weight)).collect()
}

/// Groups that came close to each other, as one.
fn apart(mut groups: Vec<([f32; 3], f32)>) -> Vec<([f32; 3], f32)> {
    groups.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut kept: Vec<([f32; 3], f32)> = Vec::new();
    for (lab, weight) in groups {
        match kept.iter_mut().find(|other| distance(other.0, lab) < NEAR) {
            Some(other) => {
                let whole = other.1 + weight;
                for (part, more) in other.0.iter_mut().zip(lab) {
                    *part += (more - *part) * weight / whole;
                }
                other.1 = whole;
            }
            None => kept.push((lab, weight)),
        }
    }
    kept
}

fn nearest(centres: &[[f32; 3]], lab: [f32; 3]) -> Option<(usize, f32)> {
    let distances = centres.iter().map(|centre| distance(*centre, lab)).enumerate();
    distances.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The square of it.
fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.into_iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn add(sums: &mut [f32; 3], more: [f32; 3]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn byte(value: f32) -> u8 {
    value.round() as u8
}

/// IEC 61966-2-1, from 0–255 to light from 0 to 1.
pub(super) fn to_light(sample: f32) -> f32 {
    let share = sample / 255.0;
    if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
}

pub(super) fn from_light(light: f32) -> u8 {
    let share = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    byte(share * 255.0)
}

/// Rows that light from 0 to 1 is multiplied by, and after the cube root, rows that this is.
const TO_CONES: [[f32; 3]; 3] = [
    [0.412_221_47, 0.536_332_54, 0.051_445_993],
    [0.211_903_5, 0.680_699_5, 0.107_396_96],
    [0.088_302_46, 0.281_718_85, 0.629_978_7],
];
const TO_LAB: [[f32; 3]; 3] = [
    [0.210_454_26, 0.793_617_8, -0.004_072_047],
    [1.977_998_5, -2.428_592_2, 0.450_593_7],
    [0.025_904_037, 0.782_771_77, -0.808_675_77],
];
/// The way back.
const FROM_LAB: [[f32; 3]; 3] = [
    [1.0, 0.396_337_78, 0.215_803_76],
    [1.0, -0.105_561_346, -0.063_854_17],
    [1.0, -0.089_484_18, -1.291_485_5],
];
const FROM_CONES: [[f32; 3]; 3] = [
    [4.076_741_7, -3.307_711_6, 0.230_969_94],
    [-1.268_438, 2.609_757_4, -0.341_319_38],
    [-0.004_196_086, -0.703_418_6, 1.707_614_7],
];

fn to_oklab(rgb: [f32; 3]) -> [f32; 3] {
    times(&TO_LAB, times(&TO_CONES, rgb.map(to_light)).map(f32::cbrt))
}

fn from_oklab(lab: [f32; 3]) -> [u8; 3] {
    times(&FROM_CONES, times(&FROM_LAB, lab).map(|cone| cone.powi(3))).map(from_light)
}

fn times(rows: &[[f32; 3]; 3], vector: [f32; 3]) -> [f32; 3] {
    rows.map(|row| row.into_iter().zip(vector).map(|(factor, part)| factor * part).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette(colours: &[([u8; 4], usize)]) -> Palette {
        let pixels: Vec<[u8; 4]> = colours.iter().flat_map(|(pixel, count)| vec![*pixel; *count]).collect();
        Palette::of(&Small { width: pixels.len(), height: 1, pixels }).unwrap()
    }

    #[test]
    fn two_colours_are_found_with_their_shares() {
        let found = palette(&[([20, 40, 200, 255], 30), ([250, 240, 10, 255], 10)]);
        let expected = [([20, 40, 200], 0.75), ([250, 240, 10], 0.25)];
        assert_eq!(found.swatches.len(), 2);
        for (swatch, (colour, share)) in found.swatches.iter().zip(expected) {
            assert!(swatch.colour.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1), "{swatch:?}");
            assert!((swatch.share - share).abs() < 1e-3, "{swatch:?}");
        }
        assert_eq!(found.average, [78, 90, 153]);
        assert_eq!(found.dominant(), Some(found.swatches[0].colour));
    }

    #[test]
    fn what_looks_the_same_is_one_colour_and_what_is_clear_none() {
        let found = palette(&[([100, 100, 100, 255], 9), ([104, 101, 99, 255], 1), ([255, 0, 0, 0], 90)]);
        assert_eq!(found.swatches.len(), 1, "{found:?}");
        assert_eq!(found.average, [100, 100, 100]);
    }

    #[test]
    fn there_are_six_colours_at_most() {
        let colours: Vec<([u8; 4], usize)> = (0..8)
            .map(|bits| ([bits & 1, bits >> 1 & 1, bits >> 2].map(|bit| bit * 255), 5))
            .map(|([r, g, b], n)| ([r, g, b, 255], n))
            .collect();
        let found = palette(&colours);
        assert_eq!(found.swatches.len(), 6);
        let all: f32 = found.swatches.iter().map(|swatch| swatch.share).sum();
        assert!((all - 1.0).abs() < 1e-3, "{all}");
    }

    #[test]
    fn oklab_there_and_back_changes_nothing() {
        for colour in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [12, 200, 99], [1, 2, 3]] {
            let back = from_oklab(to_oklab(colour.map(f32::from)));
            assert!(back.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1), "{colour:?} {back:?}");
        }
        // The values of the description of Oklab for red.
        let [l, a, b] = to_oklab([255.0, 0.0, 0.0]);
        assert!(
            (l - 0.628).abs() < 1e-3 && (a - 0.225).abs() < 1e-3 && (b - 0.126).abs() < 1e-3,
            "{l} {a} {b}"
        );
    }
}

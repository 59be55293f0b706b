//! Where the eye goes first: what differs from what is around it, is sharp, of strong colour, or like skin.
//!
//! Whole numbers only, so that it comes out the same everywhere. Nothing is recognised: a face counts for its colours and
//! edges, as a flower does.

use super::area::Small;
use crate::geometry::{Focus, Size};

/// How much each pixel draws the eye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salience {
    width: usize,
    scores: Vec<u32>,
}

/// Weights of the four, and of what they are compared with: they were found on photographs, and halves or doubles of
/// most of them do about as well.
const CONTRAST: i32 = 4;
const DETAIL: i32 = 4;
const SATURATION: i32 = 2;
/// Edges count up to this: a line of ink is no more than a line.
const MOST_EDGE: i32 = 128;
/// Skin without an edge in it is often sand or wood.
const SMOOTH_SKIN: i32 = 40;

impl Salience {
    /// Looks at a small picture.
    pub(super) fn of(picture: &Small) -> Self {
        let width = picture.width.max(1);
        let maps = Maps::new(picture);
        let longest = width.max(picture.height);
        let near = (longest / 40).max(1);
        let contrast = maps.contrast(near, [longest / 6, longest / 3, longest]);
        let detail = blurred(&maps.edges(), width, near);
        let saturation = blurred(&maps.saturation, width, near);
        let skin = blurred(&maps.skin, width, near);
        let (usual_detail, usual_saturation) = (mean(&detail), mean(&saturation));
        let draws = contrast.iter().zip(&detail).zip(saturation.iter().zip(&skin)).zip(&picture.pixels);
        let draws = draws.map(|(((contrast, detail), (saturation, skin)), [.., alpha])| {
            let sum = CONTRAST * contrast
                + DETAIL * (detail - usual_detail).max(0)
                + SATURATION * (saturation - usual_saturation).max(0)
                + skin * (detail + SMOOTH_SKIN) / MOST_EDGE;
            sum * i32::from(*alpha) / 255
        });
        let draws: Vec<i32> = draws.collect();
        let usual = mean(&draws);
        // Much in one place is more than little in many.
        let score = |draw: &i32| draw.saturating_sub(usual).max(0).unsigned_abs().pow(2) >> 6;
        Self { width, scores: draws.iter().map(score).collect() }
    }

    /// Which window of this size, of a picture that has the size `whole`, shows most.
    pub fn focus(&self, whole: Size, window: Size) -> Focus {
        let mut columns = vec![0_u64; self.width];
        let mut rows = Vec::new();
        for row in self.scores.chunks_exact(self.width) {
            for (sum, score) in columns.iter_mut().zip(row) {
                *sum += u64::from(*score);
            }
            rows.push(row.iter().map(|score| u64::from(*score)).sum());
        }
        Focus { x: best(&columns, whole.width, window.width), y: best(&rows, whole.height, window.height) }
    }
}

/// The share of its room that a window is moved by, along one side. Its middle counts most, and that of the picture a little.
fn best(sums: &[u64], whole: u32, window: u32) -> u16 {
    const MIDDLE: u64 = 64;
    const OUTER: u64 = 58;
    let count = sums.len();
    let share = u64::from(window) * count as u64 / u64::from(whole.max(1));
    let length = usize::try_from(share).unwrap_or(count).clamp(1, count.max(1));
    let room = count.saturating_sub(length);
    if room == 0 {
        return Focus::CENTRE.x;
    }
    let weight = |place: usize| place.min(length - 1 - place) as u64 + 1;
    let from_middle = |first: usize| (2 * first).abs_diff(room);
    let worth = |first: &usize| {
        let seen = sums.iter().skip(*first).take(length).enumerate();
        let sum: u64 = seen.map(|(place, score)| score * weight(place)).sum();
        let pull = (MIDDLE - OUTER) * from_middle(*first) as u64 / room as u64;
        (sum.saturating_mul(MIDDLE - pull), std::cmp::Reverse(from_middle(*first)))
    };
    let first = (0..=room).max_by_key(worth).unwrap_or(room / 2);
    u16::try_from(first * usize::from(Focus::FULL) / room).unwrap_or(Focus::CENTRE.x)
}

/// What is compared, a number for every pixel.
struct Maps {
    width: usize,
    /// Lightness, red against green, both against blue.
    colours: [Vec<i32>; 3],
    saturation: Vec<i32>,
    skin: Vec<i32>,
}

impl Maps {
    fn new(picture: &Small) -> Self {
        let pixels: Vec<[i32; 3]> = picture.pixels.iter().map(|&pixel| on_white(pixel)).collect();
        let map = |of: fn([i32; 3]) -> i32| pixels.iter().map(|&pixel| of(pixel)).collect::<Vec<i32>>();
        Self {
            width: picture.width.max(1),
            colours: [map(lightness), map(|[r, g, _]| r - g), map(|[r, g, b]| i32::midpoint(r, g) - b)],
            saturation: map(|[r, g, b]| r.max(g).max(b) - r.min(g).min(b)),
            skin: map(skin),
        }
    }

    /// How much each place differs from what is around it, near and far.
    fn contrast(&self, near: usize, far: [usize; 3]) -> Vec<i32> {
        let mut sums = vec![0; self.skin.len()];
        for map in &self.colours {
            let here = blurred(map, self.width, near);
            for radius in far {
                let around = blurred(map, self.width, radius);
                for (sum, (here, around)) in sums.iter_mut().zip(here.iter().zip(&around)) {
                    *sum += (here - around).abs();
                }
            }
        }
        sums.iter().map(|sum| sum / 3).collect()
    }

    /// How steep lightness is.
    fn edges(&self) -> Vec<i32> {
        let [light, ..] = &self.colours;
        let height = light.len() / self.width;
        let at = |x: usize, y: usize| light.get(y * self.width + x).copied().unwrap_or(0);
        let places = (0..height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let edges = places.map(|(x, y)| {
            let across = at((x + 1).min(self.width - 1), y) - at(x.saturating_sub(1), y);
            let down = at(x, (y + 1).min(height - 1)) - at(x, y.saturating_sub(1));
            (across.abs() + down.abs()).min(MOST_EDGE)
        });
        edges.collect()
    }
}

fn on_white([r, g, b, a]: [u8; 4]) -> [i32; 3] {
    let alpha = i32::from(a);
    [r, g, b].map(|sample| (i32::from(sample) * alpha + 255 * (255 - alpha) + 127) / 255)
}

fn lightness([r, g, b]: [i32; 3]) -> i32 {
    (77 * r + 150 * g + 29 * b) >> 8
}

/// How near a colour is to skin, whatever its lightness: of all people's the proportions of red, green and blue are
/// much alike.
fn skin(pixel: [i32; 3]) -> i32 {
    const SKIN: [i32; 3] = [188, 137, 106];
    const FAR: i32 = 51;
    let length = pixel.iter().map(|sample| sample * sample).sum::<i32>().isqrt().max(1);
    let apart = pixel.iter().zip(SKIN).map(|(sample, of)| (sample * 256 / length - of).pow(2));
    let distance = apart.sum::<i32>().isqrt();
    let is_lit = (51..240).contains(&lightness(pixel));
    if is_lit { (FAR - distance).max(0) * 5 } else { 0 }
}

fn mean(map: &[i32]) -> i32 {
    let sum: i64 = map.iter().map(|value| i64::from(*value)).sum();
    let count = i64::try_from(map.len().max(1)).unwrap_or(i64::MAX);
    i32::try_from(sum / count).unwrap_or(0)
}

/// Each place the mean of those within `radius` along both sides.
fn blurred(map: &[i32], width: usize, radius: usize) -> Vec<i32> {
    let height = map.len() / width;
    let along_rows = turned(&box_blurred(map, width, radius), width);
    turned(&box_blurred(&along_rows, height, radius), height)
}

/// Rows as columns.
fn turned(map: &[i32], width: usize) -> Vec<i32> {
    (0..width).flat_map(|x| map.iter().skip(x).step_by(width).copied()).collect()
}

fn box_blurred(map: &[i32], width: usize, radius: usize) -> Vec<i32> {
    let mut blurred = Vec::with_capacity(map.len());
    let mut sums = Vec::with_capacity(width + 1);
    for row in map.chunks_exact(width.max(1)) {
        sums.clear();
        sums.push(0_i32);
        let mut sum = 0;
        sums.extend(row.iter().map(|value| {
            sum += value;
            sum
        }));
        let upto = |place: usize| sums.get(place.min(width)).copied().unwrap_or(0);
        blurred.extend((0..width).map(|place| {
            let (first, end) = (place.saturating_sub(radius), (place + radius + 1).min(width));
            let count = i32::try_from(end - first).unwrap_or(1);
            (upto(end) - upto(first)).div_euclid(count)
        }));
    }
    blurred
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, light: impl Fn(usize, usize) -> u8) -> Small {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| [light(x, y), light(x, y), light(x, y), 255]).collect();
        Small { width, height, pixels }
    }

    #[test]
    fn what_shows_nothing_is_cut_in_the_middle() {
        let flat = Salience::of(&grey(60, 40, |_, _| 128));
        assert_eq!(flat.focus(Size::new(600, 400), Size::new(400, 400)), Focus::CENTRE);
        let one = Salience::of(&grey(1, 1, |_, _| 9));
        assert_eq!(one.focus(Size::new(1, 1), Size::new(1, 1)), Focus::CENTRE);
    }

    #[test]
    fn a_window_goes_where_something_is_and_no_further() {
        for (at, expected) in [(5, 0..2_000), (30, 4_000..6_001), (55, 8_000..10_001)] {
            let spot = grey(60, 40, |x, y| if x.abs_diff(at) < 4 && y.abs_diff(20) < 4 { 250 } else { 60 });
            let focus = Salience::of(&spot).focus(Size::new(600, 400), Size::new(400, 400));
            assert!(expected.contains(&focus.x), "{at}: {focus:?}");
            assert_eq!(focus.y, Focus::CENTRE.y);
        }
    }

    #[test]
    fn means_of_boxes_end_at_the_edges() {
        assert_eq!(blurred(&[0, 0, 9, 0, 0, 0], 3, 1), [0, 1, 2, 0, 1, 2]);
    }
}

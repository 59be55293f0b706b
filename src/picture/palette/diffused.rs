//! Error diffusion (Floyd and Steinberg, 1976), in rows that run to and fro, where it is of use: what is met as well as
//! that, and what is busy enough to hide the difference, is spared the noise.

use super::nearest::Nearest;
use super::point::{multiplied, round};
use super::{Palette, pixels};
use crate::picture::Picture;

/// Pixels that are as their neighbours, and as near to a colour of the palette as this, squared, have it.
const IS_MET: f32 = 1.5 * 1.5;
/// Of an error this share is handed on at most: what no colour of the palette meets must not pile up.
const MOST_SHARE: f32 = 0.94;
/// Among neighbours that differ so much the share begins to fall …
const BUSY: f32 = 24.0;
/// … by so much a level …
const FALL: f32 = 1.0 / 160.0;
/// … down to this.
const LEAST_SHARE: f32 = 0.5;

/// So much of an error, in levels, is made up for at most: more would be seen as a speck. Of few colours, which lie far from each
/// other, the ones between would never be met so.
const MOST_ERROR: f32 = 40.0;
const MOST_ERROR_OF_FEW: f32 = 255.0;
const FEW: usize = 16;

type Error = [f32; 4];

pub(super) fn remap(picture: &Picture, palette: &Palette, nearest: &mut Nearest) -> Vec<u8> {
    let width = picture.size().width as usize;
    let area = width * picture.size().height as usize;
    let most = if palette.colours().len() <= FEW { MOST_ERROR_OF_FEW } else { MOST_ERROR };
    let mut indices = vec![0; area];
    // One row of pixels before, the one in hand, and one after; one of errors that came, and one of those that go on.
    let mut colours = pixels(picture).map(|pixel| multiplied(palette.alpha.of(pixel)));
    let mut rows = Rows::new(width, &mut colours);
    let (mut here, mut below) = (vec![Error::default(); width + 2], vec![Error::default(); width + 2]);
    for (y, out) in indices.chunks_exact_mut(width.max(1)).enumerate() {
        let is_back = y % 2 == 1;
        let mut ahead = Error::default();
        for step in 0..width {
            let x = if is_back { width - 1 - step } else { step };
            let (pixel, activity) = rows.look(x);
            let came = here.get(x + 1).copied().unwrap_or_default();
            let (index, error) =
                choose(pixel, activity, add(ahead, came).map(|part| part.clamp(-most, most)), nearest);
            if let Some(out) = out.get_mut(x) {
                *out = index;
            }
            ahead = times(error, 7.0 / 16.0);
            let (behind, next) = if is_back { (x + 2, x) } else { (x, x + 2) };
            for (to, share) in [(behind, 3.0 / 16.0), (x + 1, 5.0 / 16.0), (next, 1.0 / 16.0)] {
                if let Some(below) = below.get_mut(to) {
                    *below = add(*below, times(error, share));
                }
            }
        }
        std::mem::swap(&mut here, &mut below);
        below.fill(Error::default());
        rows.step(&mut colours);
    }
    indices
}

/// The index of a pixel's colour, and what is handed on.
#[inline]
fn choose(pixel: [u8; 4], activity: f32, came: Error, nearest: &mut Nearest) -> (u8, Error) {
    if activity == 0.0 {
        let (index, distance) = nearest.find(pixel);
        if distance <= IS_MET {
            return (index, Error::default());
        }
    }
    if pixel[3] == 0 {
        return (nearest.find(pixel).0, Error::default());
    }
    let wanted = add(pixel.map(f32::from), came);
    let [r, g, b, a] = wanted.map(|sample| sample.clamp(0.0, 255.0));
    // No colour is brighter than its alpha.
    let within = [r.min(a), g.min(a), b.min(a), a];
    let index = nearest.find_about(within.map(round));
    let taken = nearest.colour(index);
    let share = (MOST_SHARE - (activity - BUSY).max(0.0) * FALL).max(LEAST_SHARE);
    (index, times(add(within, times(taken, -1.0)), share))
}

#[inline]
fn add(a: Error, b: Error) -> Error {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

#[inline]
fn times(error: Error, by: f32) -> Error {
    error.map(|part| part * by)
}

/// Three rows of pixels.
struct Rows {
    above: Vec<[u8; 4]>,
    own: Vec<[u8; 4]>,
    below: Vec<[u8; 4]>,
}

impl Rows {
    fn new(width: usize, colours: &mut impl Iterator<Item = [u8; 4]>) -> Self {
        let own: Vec<[u8; 4]> = colours.by_ref().take(width).collect();
        let mut below = Vec::with_capacity(width);
        below.extend(colours.by_ref().take(width));
        if below.is_empty() {
            below.clone_from(&own);
        }
        Self { above: own.clone(), own, below }
    }

    fn step(&mut self, colours: &mut impl Iterator<Item = [u8; 4]>) {
        std::mem::swap(&mut self.above, &mut self.own);
        std::mem::swap(&mut self.own, &mut self.below);
        // Below the last row it is once more.
        for (below, own) in self.below.iter_mut().zip(&self.own) {
            *below = colours.next().unwrap_or(*own);
        }
    }

    /// A pixel, and by how much its neighbours differ from it at most.
    #[inline]
    fn look(&self, x: usize) -> ([u8; 4], f32) {
        let own = self.own.get(x).copied().unwrap_or_default();
        let at = |row: &[[u8; 4]], x: usize| row.get(x).copied().unwrap_or(own);
        let beside = [at(&self.own, x.wrapping_sub(1)), at(&self.own, x + 1)];
        let others = [beside[0], beside[1], at(&self.above, x), at(&self.below, x)];
        let most = others.iter().map(|other| difference(own, *other)).fold(0, u8::max);
        (own, f32::from(most))
    }
}

#[inline]
fn difference(a: [u8; 4], b: [u8; 4]) -> u8 {
    let [r, g, b, a] = [a[0].abs_diff(b[0]), a[1].abs_diff(b[1]), a[2].abs_diff(b[2]), a[3].abs_diff(b[3])];
    r.max(g).max(b.max(a))
}

#[cfg(test)]
mod tests {
    use crate::geometry::Size;
    use crate::picture::palette::{Alpha, Dither, Palette, remap};
    use crate::picture::{Channels, Picture};

    fn greys(levels: &[u8]) -> Palette {
        Palette::new(levels.iter().map(|&l| [l, l, l, 255]).collect(), Alpha::Kept).unwrap()
    }

    #[test]
    fn a_grey_between_two_is_both_in_the_right_share() {
        for wanted in [10, 64, 100, 127, 200] {
            let picture = Picture::filled(Size::new(64, 64), Channels::Rgb, [wanted; 4]);
            let indices = remap(&picture, &greys(&[0, 255]), Dither::Diffused);
            let white = indices.iter().map(|&index| usize::from(index)).sum::<usize>() * 255 / (64 * 64);
            assert!(white.abs_diff(usize::from(wanted)) <= 10, "{wanted}: {white}");
        }
    }

    #[test]
    fn what_is_met_stays_free_of_noise_beside_what_is_not() {
        // A ramp of many greys above a flat of one that the palette has.
        let samples = (0..64 * 64_u32).flat_map(|at| {
            let (x, y) = (at % 64, at / 64);
            [u8::try_from(if y < 32 { 4 * x } else { 80 }).unwrap(); 3]
        });
        let picture = Picture::new(Size::new(64, 64), Channels::Rgb, samples.collect()).unwrap();
        let indices = remap(&picture, &greys(&[0, 80, 255]), Dither::Diffused);
        assert!(indices[33 * 64..].iter().all(|&index| index == 1));
        assert!(indices[..32 * 64].windows(2).filter(|pair| pair[0] != pair[1]).count() > 400);
    }
}

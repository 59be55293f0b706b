//! How often colours are seen, in a table that does not grow: where there are too many, neighbours are counted together.

use super::point::{Point, point};
use super::{Palette, pixels, refined, split};
use crate::picture::Picture;

/// More are not told apart.
const MOST_BINS: usize = 1 << 15;
const SLOTS: usize = 2 * MOST_BINS;
/// Sums of so many bytes fit 32 bits.
const MOST_COUNTED: u32 = 1 << 24;

/// The table, what is put into it anew, and what it is sorted into.
pub(super) const HELD_BYTES: u64 =
    ((SLOTS + MOST_BINS) * size_of::<Bin>() + 3 * MOST_BINS * size_of::<Entry>()) as u64;

/// What becomes of alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpha {
    /// Colours of a palette may be translucent.
    Kept,
    /// They are there or not, as in a GIF: from the half on they are.
    Cut,
}

impl Alpha {
    /// A pixel as a palette may have it; all that is not there is one colour.
    #[inline]
    pub(super) fn of(self, pixel: [u8; 4]) -> [u8; 4] {
        match (self, pixel) {
            (_, [_, _, _, 0]) | (Self::Cut, [_, _, _, ..=127]) => [0; 4],
            (Self::Cut, [r, g, b, _]) => [r, g, b, 255],
            (Self::Kept, _) => pixel,
        }
    }
}

/// How often which colours are seen.
#[derive(Debug, Clone)]
pub struct Histogram {
    slots: Vec<Bin>,
    bins: usize,
    /// So many bits of every sample are not looked at.
    shift: u32,
    alpha: Alpha,
}

/// Colours that are counted together.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    key: u32,
    count: u32,
    sums: [u32; 4],
}

/// A colour and how often it is seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) point: Point,
    pub(super) weight: f32,
}

impl Histogram {
    /// One of nothing.
    pub fn new(alpha: Alpha) -> Self {
        Self { slots: vec![Bin::default(); SLOTS], bins: 0, shift: 0, alpha }
    }

    /// Counts the pixels of a picture; several may be counted, one after the other.
    pub fn add(&mut self, picture: &Picture) {
        let alpha = self.alpha;
        let (mut last, mut run) = ([0; 4], 0);
        for pixel in pixels(picture) {
            let pixel = alpha.of(pixel);
            if pixel != last || run == MOST_COUNTED {
                self.count(last, run);
                (last, run) = (pixel, 0);
            }
            run += 1;
        }
        self.count(last, run);
    }

    /// The colours that stand for all of these, at most so many (1–256), and fewer where their mean distance from what they
    /// stand for is no more than `enough`, in about levels of brightness.
    pub fn palette(&self, most_colours: usize, enough: f32) -> Palette {
        let most = most_colours.clamp(1, super::MOST_COLOURS);
        let colours = self.exact(most).unwrap_or_else(|| {
            let entries = self.entries();
            let means = split::split(entries.clone(), most, enough * enough);
            refined::refine(&entries, means)
        });
        Palette { colours, alpha: self.alpha }
    }

    /// The colours themselves, where they are so few.
    fn exact(&self, most: usize) -> Option<Vec<[u8; 4]>> {
        if self.shift > 0 || self.bins > most {
            return None;
        }
        let mut colours: Vec<[u8; 4]> = self.seen().map(|bin| bin.key.to_le_bytes()).collect();
        if colours.is_empty() {
            colours.push([0; 4]);
        }
        colours.sort_unstable();
        Some(colours)
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.bins);
        entries.extend(self.seen().map(|bin| Entry { point: bin.point(), weight: weight(bin.count) }));
        entries
    }

    fn seen(&self) -> impl Iterator<Item = &Bin> {
        self.slots.iter().filter(|bin| bin.count > 0)
    }

    fn count(&mut self, pixel: [u8; 4], times: u32) {
        if times > 0 {
            let sums = pixel.map(|sample| u32::from(sample) * times);
            self.put(Bin { key: key(pixel, self.shift), count: times, sums });
            while self.bins > MOST_BINS {
                self.coarsen();
            }
        }
    }

    fn put(&mut self, bin: Bin) {
        let start = slot(bin.key);
        let (before, from) = self.slots.split_at_mut(start);
        for own in from.iter_mut().chain(before) {
            if own.count == 0 {
                *own = bin;
                self.bins += 1;
                return;
            }
            if own.key == bin.key {
                own.add(&bin);
                return;
            }
        }
    }

    /// Looks at one bit less of every sample.
    fn coarsen(&mut self) {
        let mut bins = Vec::with_capacity(self.bins);
        bins.extend(self.seen().copied());
        self.slots.fill(Bin::default());
        self.bins = 0;
        self.shift += 1;
        for bin in bins {
            let halved = bin.key.to_le_bytes().map(|sample| sample >> 1);
            self.put(Bin { key: u32::from_le_bytes(halved), ..bin });
        }
    }
}

impl Bin {
    fn add(&mut self, other: &Self) {
        // What was seen so often is known well enough.
        if self.count.saturating_add(other.count) <= MOST_COUNTED {
            self.count += other.count;
            for (sum, other) in self.sums.iter_mut().zip(other.sums) {
                *sum += other;
            }
        }
    }

    fn point(&self) -> Point {
        let share = 1.0 / weight(self.count);
        let [r, g, b, a] = self.sums.map(|sum| weight(sum) * share);
        let by = a / 255.0;
        point([r * by, g * by, b * by, a])
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of so many need no more than 24 bits")]
fn weight(count: u32) -> f32 {
    count as f32
}

fn key(pixel: [u8; 4], shift: u32) -> u32 {
    u32::from_le_bytes(pixel.map(|sample| sample >> shift))
}

/// Where to look for a key first: its bits, well mixed (Fibonacci hashing).
fn slot(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (32 - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;
    use crate::picture::encode::jpeg::tests::Dice;

    #[test]
    fn few_colours_are_all_there_in_order() {
        let samples = [9, 8, 7, 255, 1, 2, 3, 128, 1, 2, 3, 0, 9, 9, 9, 0, 1, 2, 3, 128];
        let picture = Picture::new(Size::new(5, 1), Channels::Rgba, samples.to_vec()).unwrap();
        let palette = |alpha| {
            let mut histogram = Histogram::new(alpha);
            histogram.add(&picture);
            histogram.palette(4, 0.0).colours().to_vec()
        };
        assert_eq!(palette(Alpha::Kept), [[0; 4], [1, 2, 3, 128], [9, 8, 7, 255]]);
        assert_eq!(palette(Alpha::Cut), [[0; 4], [1, 2, 3, 255], [9, 8, 7, 255]]);
        assert_eq!(Histogram::new(Alpha::Kept).palette(4, 0.0).colours(), [[0; 4]]);
    }

    #[test]
    fn noise_is_counted_without_growing_and_nothing_is_lost() {
        let mut dice = Dice(0x5EED);
        let size = Size::new(512, 512);
        let mut histogram = Histogram::new(Alpha::Kept);
        for _ in 0..2 {
            let samples = (0..size.area() * 4).map(|_| dice.byte()).collect();
            histogram.add(&Picture::new(size, Channels::Rgba, samples).unwrap());
        }
        assert!(histogram.bins <= MOST_BINS && histogram.slots.len() == SLOTS);
        assert_eq!(histogram.seen().map(|bin| u64::from(bin.count)).sum::<u64>(), 2 * size.area());
        assert_eq!(histogram.seen().count(), histogram.bins);
        assert_eq!(histogram.palette(256, 0.0).colours().len(), 256);
    }
}

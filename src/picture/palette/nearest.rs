//! The nearest colour of a palette. Colours are looked for among those that are about as bright, and what was found
//! is remembered.

use super::Palette;
use super::point::{Point, distance, multiplied, point};

/// Colours that are remembered.
const SLOTS: usize = 1 << 14;

pub(super) const HELD_BYTES: u64 = (SLOTS * size_of::<Slot>() + 256 * (2 * size_of::<Place>() + 32)) as u64;

/// Points in the order of their brightness.
#[derive(Debug)]
pub(super) struct Sorted(Vec<Place>);

/// A point and its index.
#[derive(Debug, Clone, Copy)]
struct Place {
    point: Point,
    index: usize,
}

impl Sorted {
    /// Whatever their order was, that is their indices.
    pub(super) fn new(points: Vec<Point>) -> Self {
        let mut places: Vec<Place> =
            points.into_iter().enumerate().map(|(index, point)| Place { point, index }).collect();
        places.sort_by(|a, b| a.point[0].total_cmp(&b.point[0]).then(a.index.cmp(&b.index)));
        Self(places)
    }

    /// The points in the order of their indices.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> {
        let mut places = self.0.clone();
        places.sort_by_key(|place| place.index);
        places.into_iter().map(|place| place.point)
    }

    /// The index of the nearest, and its distance squared.
    #[inline]
    pub(super) fn nearest(&self, to: Point) -> (usize, f32) {
        let middle = self.0.partition_point(|place| place.point[0] < to[0]);
        let (darker, brighter) = self.0.split_at(middle);
        let mut best = (0, f32::MAX);
        let mut look = |place: &Place| {
            let away = place.point[0] - to[0];
            // No farther one can be nearer.
            if away * away >= best.1 {
                return false;
            }
            let distance = distance(place.point, to);
            if distance < best.1 {
                best = (place.index, distance);
            }
            true
        };
        let _ = brighter.iter().all(&mut look);
        let _ = darker.iter().rev().all(&mut look);
        best
    }
}

/// What was found for a colour.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: u32,
    index: u8,
    distance: f32,
}

/// Finds colours of a palette.
#[derive(Debug)]
pub(super) struct Nearest {
    sorted: Sorted,
    slots: Vec<Slot>,
    multiplied: Vec<[f32; 4]>,
}

impl Nearest {
    pub(super) fn new(palette: &Palette) -> Self {
        let multiplied: Vec<[f32; 4]> =
            palette.colours().iter().map(|&colour| multiplied(colour).map(f32::from)).collect();
        let sorted = Sorted::new(multiplied.iter().map(|&colour| point(colour)).collect());
        let mut nearest = Self { sorted, slots: Vec::new(), multiplied };
        // Every slot holds what is true of some colour.
        let (index, distance) = nearest.search([0; 4]);
        nearest.slots = vec![Slot { key: 0, index, distance }; SLOTS];
        nearest
    }

    /// The index of what is nearest to a colour that has alpha multiplied in, and its distance squared.
    #[inline]
    pub(super) fn find(&mut self, colour: [u8; 4]) -> (u8, f32) {
        let key = u32::from_le_bytes(colour);
        let place = (key.wrapping_mul(0x9E37_79B1) >> (32 - SLOTS.trailing_zeros())) as usize;
        if let Some(slot) = self.slots.get(place).filter(|slot| slot.key == key) {
            return (slot.index, slot.distance);
        }
        let (index, distance) = self.search(colour);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot { key, index, distance };
        }
        (index, distance)
    }

    /// The index for a colour that is about this one: of neighbours most are remembered.
    #[inline]
    pub(super) fn find_about(&mut self, colour: [u8; 4]) -> u8 {
        self.find(colour.map(|sample| sample & 0xFC | sample >> 6)).0
    }

    /// A colour of the palette with alpha multiplied in.
    #[inline]
    pub(super) fn colour(&self, index: u8) -> [f32; 4] {
        self.multiplied.get(usize::from(index)).copied().unwrap_or_default()
    }

    fn search(&self, colour: [u8; 4]) -> (u8, f32) {
        let (index, distance) = self.sorted.nearest(point(colour.map(f32::from)));
        (u8::try_from(index).unwrap_or_default(), distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::encode::jpeg::tests::Dice;
    use crate::picture::palette::Alpha;

    #[test]
    fn finds_what_looking_at_all_finds() {
        let mut dice = Dice(7);
        let mut colour = || [dice.byte(), dice.byte(), dice.byte(), dice.byte() | 128];
        for count in [1, 2, 17, 256] {
            let colours: Vec<[u8; 4]> = (0..count).map(|_| colour()).collect();
            let palette = Palette::new(colours.clone(), Alpha::Kept).unwrap();
            let mut nearest = Nearest::new(&palette);
            for _ in 0..2_000 {
                let wanted = multiplied(colour());
                let to = |own: [u8; 4]| {
                    distance(point(multiplied(own).map(f32::from)), point(wanted.map(f32::from)))
                };
                let least = colours.iter().map(|&own| to(own)).fold(f32::MAX, f32::min);
                for _ in 0..2 {
                    let (index, found) = nearest.find(wanted);
                    assert!(
                        (to(colours[usize::from(index)]) - least).abs() < 1e-3
                            && (found - least).abs() < 1e-3
                    );
                }
            }
        }
    }
}

//! Pictures that have few colours as they are.

use super::{Alpha, MOST_COLOURS, Palette, pixels};
use crate::picture::Picture;

/// Four times as many as there may be colours, so that none is looked for long.
const SLOTS: usize = 4 * MOST_COLOURS;

/// The palette of a picture that has at most so many colours (1–256), and each pixel's place in it. Nothing is changed, not
/// even the colours of what is not there.
pub fn exact(picture: &Picture, most_colours: usize) -> Option<(Palette, Vec<u8>)> {
    let colours = Colours::of(picture, most_colours.min(MOST_COLOURS))?;
    let indices = colours.indices(picture);
    Some((Palette::new(colours.sorted, Alpha::Kept)?, indices))
}

struct Colours {
    /// Colours, each with its place.
    slots: Vec<Option<(u32, u8)>>,
    sorted: Vec<[u8; 4]>,
}

impl Colours {
    fn of(picture: &Picture, most: usize) -> Option<Self> {
        let mut found = Self { slots: vec![None; SLOTS], sorted: Vec::with_capacity(most) };
        let mut last = None;
        for pixel in pixels(picture) {
            if last == Some(pixel) {
                continue;
            }
            last = Some(pixel);
            if found.find(pixel).is_none() {
                if found.sorted.len() == most {
                    return None;
                }
                found.sorted.push(pixel);
                found.put(pixel, 0);
            }
        }
        // Translucent ones first: PNG tells alpha up to the last of them.
        found.sorted.sort_unstable_by_key(|&[r, g, b, a]| (a == 255, [r, g, b, a]));
        found.slots.fill(None);
        for (colour, index) in found.sorted.clone().into_iter().zip(0..=u8::MAX) {
            found.put(colour, index);
        }
        Some(found)
    }

    fn indices(&self, picture: &Picture) -> Vec<u8> {
        let mut last = ([0; 4], self.find([0; 4]).unwrap_or_default());
        let index = |pixel| {
            if pixel != last.0 {
                last = (pixel, self.find(pixel).unwrap_or_default());
            }
            last.1
        };
        let mut indices = Vec::with_capacity(picture.samples().len() / picture.channels().count());
        indices.extend(pixels(picture).map(index));
        indices
    }

    fn find(&self, colour: [u8; 4]) -> Option<u8> {
        let key = u32::from_le_bytes(colour);
        let found = self.chain(key).map_while(|slot| *slot).find(|(own, _)| *own == key);
        found.map(|(_, index)| index)
    }

    fn chain(&self, key: u32) -> impl Iterator<Item = &Option<(u32, u8)>> {
        let (before, from) = self.slots.split_at(start(key));
        from.iter().chain(before)
    }

    fn put(&mut self, colour: [u8; 4], index: u8) {
        let key = u32::from_le_bytes(colour);
        let (before, from) = self.slots.split_at_mut(start(key));
        if let Some(slot) = from.iter_mut().chain(before).find(|slot| slot.is_none()) {
            *slot = Some((key, index));
        }
    }
}

fn start(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (32 - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;
    use crate::picture::encode::jpeg::tests::Dice;

    #[test]
    fn every_pixel_comes_back_and_one_colour_more_is_too_many() {
        let mut dice = Dice(3);
        for most in [1, 2, 16, 255, 256] {
            let colours: Vec<[u8; 4]> = (0..most)
                .map(|i| [u8::try_from(i).unwrap(), dice.byte(), dice.byte(), dice.byte()])
                .collect();
            let samples: Vec<u8> = (0..3_000)
                .flat_map(|at| colours[if at < most { at } else { usize::from(dice.byte()) % most }])
                .collect();
            let picture = Picture::new(Size::new(60, 50), Channels::Rgba, samples.clone()).unwrap();
            let (palette, indices) = exact(&picture, most).unwrap();
            let back: Vec<u8> =
                indices.iter().flat_map(|&index| palette.colours()[usize::from(index)]).collect();
            assert!(back == samples, "{most}");
            assert!(palette.colours().is_sorted_by_key(|colour| colour[3] == 255));
            assert_eq!(exact(&picture, most - 1), None);
        }
    }
}

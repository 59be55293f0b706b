//! Few colours as places in a palette, several to a pixel where there are very few (RFC 9649, section 3.4.4).

use super::foretold::minus;
use crate::geometry::Size;

const MOST_COLOURS: usize = 256;

/// A picture of few colours.
#[derive(Debug)]
pub(super) struct Indexed {
    /// In rising order.
    pub(super) palette: Vec<u32>,
    /// Places in it, where green is.
    pub(super) indices: Vec<u32>,
}

impl Indexed {
    /// Nothing where there are too many colours.
    pub(super) fn of(pixels: impl Iterator<Item = u32> + Clone, size: Size) -> Option<Self> {
        let palette = palette(pixels.clone())?;
        let mut last = (None, 0);
        let mut places = pixels.map(|pixel| {
            if last.0 != Some(pixel) {
                last = (Some(pixel), palette.binary_search(&pixel).unwrap_or_default());
            }
            last.1.to_le_bytes()[0]
        });
        let packing = packing(palette.len());
        let depth = 8 >> packing;
        let mut indices =
            Vec::with_capacity(size.width.div_ceil(1 << packing) as usize * size.height as usize);
        let mut row: Vec<u8> = Vec::with_capacity(size.width as usize);
        for _ in 0..size.height {
            row.clear();
            row.extend(places.by_ref().take(size.width as usize));
            indices.extend(row.chunks(1 << packing).map(|some| {
                let packed = some.iter().rev().fold(0, |packed, place| packed << depth | u32::from(*place));
                0xFF00_0000 | packed << 8
            }));
        }
        drop(places);
        Some(Self { palette, indices })
    }

    /// The palette, each colour but the first less the one before.
    pub(super) fn differences(&self) -> Vec<u32> {
        let before = std::iter::once(&0).chain(&self.palette);
        self.palette.iter().zip(before).map(|(colour, before)| minus(*colour, *before)).collect()
    }

    /// How many pixels a row has now.
    pub(super) fn width(&self, size: Size) -> usize {
        size.width.div_ceil(1 << packing(self.palette.len())) as usize
    }
}

fn palette(pixels: impl Iterator<Item = u32>) -> Option<Vec<u32>> {
    let mut palette: Vec<u32> = Vec::with_capacity(MOST_COLOURS);
    let mut last = None;
    for pixel in pixels {
        if last == Some(pixel) {
            continue;
        }
        last = Some(pixel);
        if let Err(place) = palette.binary_search(&pixel) {
            if palette.len() == MOST_COLOURS {
                return None;
            }
            palette.insert(place, pixel);
        }
    }
    Some(palette).filter(|palette| !palette.is_empty())
}

/// So many indices are in one pixel, as a power of two.
fn packing(colours: usize) -> u32 {
    match colours {
        ..=2 => 3,
        3..=4 => 2,
        5..=16 => 1,
        _ => 0,
    }
}

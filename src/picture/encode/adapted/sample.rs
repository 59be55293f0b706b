//! A part of a picture that stands for all of it: bands of full width, evenly spread from its top to its bottom.

use crate::geometry::Size;
use crate::picture::{Channels, Picture};

/// Rows of a band: whole blocks of every format, and enough for the coarsest scale that is looked at.
const BAND_ROWS: u32 = 64;

/// Of wider pictures only the left part is looked at.
const LONGEST_ROW: u32 = 2_400;

/// No more is looked at than so many pixels.
const MOST_PIXELS: u32 = 160_000;

/// The size of the part.
pub(super) fn size(size: Size) -> Size {
    let width = size.width.min(LONGEST_ROW);
    Size::new(width, size.height.min(bands(width) * BAND_ROWS))
}

/// The colours of a part; of all where that is small.
pub(super) fn sample(picture: &Picture) -> Option<Picture> {
    let part = size(picture.size());
    let (stride, columns) = (picture.stride(), part.width as usize * picture.channels().count());
    let mut samples = Vec::with_capacity(part.width as usize * part.height as usize * 3);
    for y in rows(picture.size(), part) {
        let row = picture.samples().get(y as usize * stride..)?.get(..columns)?;
        match picture.channels() {
            Channels::Rgb => samples.extend_from_slice(row),
            Channels::Rgba => {
                samples.extend(row.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]));
            }
        }
    }
    Picture::new(part, Channels::Rgb, samples)
}

fn bands(width: u32) -> u32 {
    (MOST_PIXELS / (width.max(1) * BAND_ROWS)).max(1)
}

/// Which rows are looked at: the first band is at the top and the last at the bottom, one alone in the middle.
fn rows(whole: Size, part: Size) -> impl Iterator<Item = u32> {
    let open = whole.height - part.height.min(whole.height);
    let last = part.height.div_ceil(BAND_ROWS).saturating_sub(1);
    (0..part.height).map(move |row| {
        let skipped = open.checked_div(last).map_or(open / 2, |step| step * (row / BAND_ROWS));
        // Blocks hold what they hold in the whole.
        row + (skipped & !15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_reach_from_the_top_to_the_bottom() {
        let sides = [(1, 1), (400, 400), (800, 600), (1, 12_000), (12_000, 64), (4_000, 3_000), (2_400, 65)];
        for (width, height) in sides {
            let whole = Size::new(width, height);
            let part = size(whole);
            assert!(part.area() <= u64::from(MOST_PIXELS), "{whole}");
            let all: Vec<u32> = rows(whole, part).collect();
            assert!(all.is_sorted_by(|a, b| a < b) && all.iter().all(|row| *row < height), "{whole}");
            let reaches = all.first() == Some(&0) && all.last().is_some_and(|last| height - last <= 100);
            assert!(reaches || part.height == BAND_ROWS, "{whole}");
        }
        let picture = Picture::filled(Size::new(30, 20), Channels::Rgba, [1, 2, 3, 4]);
        assert_eq!(sample(&picture), Some(Picture::filled(Size::new(30, 20), Channels::Rgb, [1, 2, 3, 0])));
    }
}

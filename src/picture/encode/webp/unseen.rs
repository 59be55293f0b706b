//! Colours beneath what is not there: nobody sees them, so they become what takes the fewest bits, those of their
//! surroundings.

use crate::picture::{Channels, Picture};

/// Sides of a macroblock.
const SIDE: usize = 16;

/// Gives the pixels of each macroblock that are transparent the mean colour of the others, or that of the block before.
pub(super) fn fill(picture: &mut Picture) {
    if picture.channels() == Channels::Rgb {
        return;
    }
    let mut rows: Vec<&mut [u8]> = picture.rows_mut().collect();
    let mut colour = [0; 3];
    for band in rows.chunks_mut(SIDE) {
        let width = band.first().map_or(0, |row| row.len());
        for left in (0..width).step_by(4 * SIDE) {
            let columns = left..(left + 4 * SIDE).min(width);
            let block = band.iter().filter_map(|row| row.get(columns.clone()));
            colour = mean(block).unwrap_or(colour);
            for row in band.iter_mut() {
                for pixel in row.get_mut(columns.clone()).unwrap_or_default().as_chunks_mut::<4>().0 {
                    let [r, g, b] = colour;
                    if pixel[3] == 0 {
                        *pixel = [r, g, b, 0];
                    }
                }
            }
        }
    }
}

/// The mean colour of what is there, if anything is.
fn mean<'r>(rows: impl Iterator<Item = &'r [u8]>) -> Option<[u8; 3]> {
    let (mut sums, mut count) = ([0_u32; 3], 0_u32);
    for &[r, g, b, a] in rows.flat_map(|row| row.as_chunks::<4>().0) {
        if a > 0 {
            count += 1;
            for (sum, sample) in sums.iter_mut().zip([r, g, b]) {
                *sum += u32::from(sample);
            }
        }
    }
    (count > 0).then(|| sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn what_is_not_there_looks_like_what_is() {
        let mut picture = Picture::filled(Size::new(40, 20), Channels::Rgba, [0; 4]);
        for (x, pixel) in [(2, [10, 20, 30, 255]), (5, [20, 40, 60, 1])] {
            picture.rows_mut().nth(3).unwrap()[x * 4..][..4].copy_from_slice(&pixel);
        }
        fill(&mut picture);
        let at = |x: usize, y: usize| picture.rows().nth(y).unwrap()[x * 4..][..4].to_vec();
        assert_eq!((at(2, 3), at(5, 3)), (vec![10, 20, 30, 255], vec![20, 40, 60, 1]));
        for (x, y) in [(0, 0), (15, 15), (39, 15), (0, 19)] {
            assert_eq!(at(x, y), [15, 30, 45, 0], "{x} {y}");
        }
    }
}

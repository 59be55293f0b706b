//! Laying a frame on its sides and faces. It is done after resizing, so the frame is small.

use crate::geometry::{Size, Turn};
use crate::picture::Picture;

/// The picture, turned.
#[must_use]
pub fn turn(picture: Picture, turn: Turn) -> Picture {
    if turn == Turn::NONE {
        return picture;
    }
    let (size, channels) = (picture.size(), picture.channels());
    let samples = turn_samples(picture.samples(), size, channels.count(), turn);
    Picture::new(turn.size(size), channels, samples).unwrap_or(picture)
}

/// The samples of a picture or plane of `size` pixels of so many bytes, turned.
pub(crate) fn turn_samples(samples: &[u8], size: Size, bytes: usize, turn: Turn) -> Vec<u8> {
    let after = turn.size(size);
    let stride = size.width as usize * bytes;
    let mut turned = Vec::with_capacity(samples.len());
    for y in 0..after.height {
        for x in 0..after.width {
            let at = source_of(turn, after, x, y, stride, bytes);
            turned.extend_from_slice(samples.get(at..at + bytes).unwrap_or_default());
        }
    }
    turned
}

/// Where the pixel at (x, y) of the turned picture begins in the samples before the turn.
fn source_of(turn: Turn, after: Size, x: u32, y: u32, stride: usize, bytes: usize) -> usize {
    let x = if turn.mirror_x { after.width - 1 - x } else { x };
    let y = if turn.mirror_y { after.height - 1 - y } else { y };
    let (column, row) = if turn.transpose { (y, x) } else { (x, y) };
    row as usize * stride + column as usize * bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Channels;

    /// Letters as grey pixels; what each EXIF orientation must make of `ab/cd/ef` stored.
    #[test]
    fn every_orientation_puts_each_pixel_in_its_place() {
        let grey = |text: &str| text.bytes().flat_map(|b| [b; 3]).collect::<Vec<u8>>();
        let stored = Picture::new(Size::new(2, 3), Channels::Rgb, grey("abcdef")).unwrap();
        let upright = [
            (1, "abcdef", 2),
            (2, "badcfe", 2),
            (3, "fedcba", 2),
            (4, "efcdab", 2),
            (5, "acebdf", 3),
            (6, "ecafdb", 3),
            (7, "fdbeca", 3),
            (8, "bdface", 3),
        ];
        for (orientation, expected, width) in upright {
            let turned = turn(stored.clone(), Turn::from_exif(orientation));
            assert_eq!(turned.size().width, width, "orientation {orientation}");
            assert_eq!(turned.samples(), grey(expected), "orientation {orientation}");
        }
    }
}

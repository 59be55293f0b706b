//! Shrinking by the mean of areas: all that a description needs, of pictures that are small already.

use super::super::{Channels, Picture};

/// Red, green, blue and straight alpha of every pixel.
pub(super) struct Small {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<[u8; 4]>,
}

/// A picture with no side longer than `side`, as it is where that is so already.
pub(super) fn within(picture: &Picture, side: u32) -> Small {
    let (width, height) = (picture.size().width as usize, picture.size().height as usize);
    let whole = Small { width, height, pixels: pixels(picture) };
    let (longest, most) = (width.max(height), side as usize);
    if longest <= most {
        return whole;
    }
    whole.shrunk((width * most).div_ceil(longest), (height * most).div_ceil(longest))
}

fn pixels(picture: &Picture) -> Vec<[u8; 4]> {
    match picture.channels() {
        Channels::Rgba => picture.samples().as_chunks::<4>().0.to_vec(),
        Channels::Rgb => {
            picture.samples().as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, 255]).collect()
        }
    }
}

impl Small {
    /// The same at another size, each pixel the mean of what it covers; colours count by their alpha.
    fn shrunk(&self, width: usize, height: usize) -> Self {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| {
            let rows = span(y, height, self.height);
            let columns = span(x, width, self.width);
            let lines = self.pixels.chunks_exact(self.width).skip(rows.0).take(rows.1);
            mean(lines.flat_map(|line| line.iter().skip(columns.0).take(columns.1)))
        });
        Self { width, height, pixels: pixels.collect() }
    }

    /// Lightness on white (ITU-R BT.601), as rows of `side` values each way.
    pub(super) fn lightness<const SIDE: usize>(&self) -> [[f32; SIDE]; SIDE] {
        let square = self.shrunk(SIDE, SIDE);
        let mut rows = [[0.0; SIDE]; SIDE];
        for (row, pixels) in rows.iter_mut().zip(square.pixels.chunks_exact(SIDE)) {
            for (light, &[r, g, b, a]) in row.iter_mut().zip(pixels) {
                let luma = 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b);
                let share = f32::from(a) / 255.0;
                *light = luma * share + 255.0 * (1.0 - share);
            }
        }
        rows
    }
}

/// The first of the samples that an output sample covers, and how many; one where it covers less.
fn span(index: usize, count: usize, length: usize) -> (usize, usize) {
    let first = index * length / count;
    let end = ((index + 1) * length).div_ceil(count);
    (first, (end - first).max(1))
}

fn mean<'a>(pixels: impl Iterator<Item = &'a [u8; 4]>) -> [u8; 4] {
    let (mut sums, mut alphas, mut count) = ([0_u64; 3], 0_u64, 0_u64);
    for &[r, g, b, a] in pixels {
        for (sum, sample) in sums.iter_mut().zip([r, g, b]) {
            *sum += u64::from(sample) * u64::from(a);
        }
        alphas += u64::from(a);
        count += 1;
    }
    let share = |sum: u64, of: u64| u8::try_from((sum + of / 2) / of.max(1)).unwrap_or(u8::MAX);
    let [r, g, b] = sums.map(|sum| share(sum, alphas));
    [r, g, b, share(alphas, count)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn clear_pixels_lend_no_colour() {
        let samples = [[200, 0, 0, 255], [0, 200, 0, 0]].repeat(200).concat();
        let picture = Picture::new(Size::new(400, 1), Channels::Rgba, samples).unwrap();
        let small = within(&picture, 100);
        assert_eq!((small.width, small.height), (100, 1));
        assert!(small.pixels.iter().all(|pixel| *pixel == [200, 0, 0, 128]), "{:?}", small.pixels);
    }
}

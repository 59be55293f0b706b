//! Drawing on luma and halved chroma, as they lie in most JPEGs: what a mark covers becomes pixels, two rows at a time, and
//! only what it changed goes back. The rest of the picture stays as it was, to the last bit, and needs no frame.

use std::ops::Range;

use super::{Placing, Stamp};
use crate::geometry::Size;
use crate::picture::Picture;
use crate::picture::ops::colour;
use crate::picture::rows::{Colours, Layout};
use crate::picture::ycc::{self, Converter};

/// Red, green and blue.
const BYTES: usize = 3;

/// Bytes that drawing on planes of this width holds, beside them and the mark.
pub fn held_on_planes(width: u32) -> u64 {
    // Pixels before and after, three planes in single precision, what the converter holds.
    64 * u64::from(width) + 1_024
}

/// Draws `mark` over planes of luma and halved chroma (`FullYcc`); nothing where they are others, or where the mode opens an
/// opaque picture, which planes cannot become.
#[must_use]
pub fn draw_on_planes(
    layout: &Layout,
    planes: &mut [Vec<u8>],
    mark: &Picture,
    placing: &Placing,
) -> Option<()> {
    let ([luma, blue, red], [fine, coarse, _]) = (planes, layout.planes.as_slice()) else { return None };
    let Size { width, height } = fine.size;
    let is_halved = coarse.size == Size::new(width.div_ceil(2), height.div_ceil(2));
    (layout.colours == Colours::FullYcc && is_halved && !placing.mode.opens()).then_some(())?;

    let stamp = Stamp::new(mark, placing);
    let columns = squares(&stamp.across.covered(0..width.into()), width);
    let lines = squares(&stamp.down.covered(0..height.into()), height);
    let (Some(columns), Some(lines)) = (columns, lines) else { return Some(()) };
    let mut strip = Strip::new(&stamp, columns, &lines)?;
    let chroma_stride = coarse.size.width as usize;
    let chroma = blue.chunks_exact_mut(chroma_stride).zip(red.chunks_exact_mut(chroma_stride));
    let stride = width as usize;
    let pairs = (0..).step_by(2).zip(luma.chunks_mut(2 * stride).zip(chroma));
    for (y, (luma, (blue, red))) in pairs.skip(lines.start / 2).take(lines.len().div_ceil(2)) {
        strip.draw(y, luma.chunks_exact_mut(stride), [blue, red])?;
    }
    Some(())
}

/// These pixels along one side, with all that is in one square of two by two with them.
fn squares(covered: &Range<i64>, side: u32) -> Option<Range<usize>> {
    let at = |pixel| usize::try_from(pixel).ok();
    let all = at(covered.start)? / 2 * 2..at(covered.end)?.next_multiple_of(2).min(side as usize);
    (!covered.is_empty()).then_some(all)
}

/// Two rows of a picture, as far as the mark reaches along them.
struct Strip<'m> {
    stamp: &'m Stamp<'m>,
    columns: Range<usize>,
    left: i64,
    converter: Converter,
    /// Luma, blue and red difference of each pixel of a row.
    samples: [Vec<f32>; 3],
    pixels: [Pixels; 2],
}

/// A row of pixels, before and after the mark was drawn on it.
#[derive(Default)]
struct Pixels {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Pixels {
    /// Whether anything was changed, of so many at once.
    fn changed(&self, count: usize) -> impl Iterator<Item = bool> {
        let pairs = self.before.chunks(count * BYTES).zip(self.after.chunks(count * BYTES));
        pairs.map(|(before, after)| before != after)
    }
}

impl<'m> Strip<'m> {
    fn new(stamp: &'m Stamp<'m>, columns: Range<usize>, lines: &Range<usize>) -> Option<Self> {
        let count = |range: &Range<usize>| u32::try_from(range.len()).ok();
        let size = Size::new(count(&columns)?, count(lines)?);
        let left = i64::try_from(columns.start).ok()?;
        let converter = Converter::new(size, ycc::Range::Full);
        Some(Self {
            stamp,
            columns,
            left,
            converter,
            samples: Default::default(),
            pixels: Default::default(),
        })
    }

    /// Draws on the row `y` and, if there is one, the next; nothing where they are shorter than was said.
    fn draw<'r>(
        &mut self,
        y: i64,
        rows: impl Iterator<Item = &'r mut [u8]>,
        differences: [&mut [u8]; 2],
    ) -> Option<()> {
        let (columns, halves) = (&self.columns, self.columns.start / 2..self.columns.end.div_ceil(2));
        let mut rows = rows.map(|row| row.get_mut(columns.clone()));
        let rows = [rows.next()??, rows.next().flatten().unwrap_or_default()];
        let [blue, red] = differences.map(|row| row.get_mut(halves.clone()));
        let differences = [blue?, red?];

        let [_, chroma @ ..] = &mut self.samples;
        for (samples, row) in chroma.iter_mut().zip(&differences) {
            samples.clear();
            samples.extend(row.iter().flat_map(|&sample| [f32::from(sample); 2]).take(columns.len()));
        }
        for ((y, row), Pixels { before, after }) in (y..).zip(&rows).zip(&mut self.pixels) {
            let [luma, ..] = &mut self.samples;
            luma.clear();
            luma.extend(row.iter().map(|&sample| f32::from(sample)));
            colour::to_pixels(Colours::FullYcc, false, &self.samples, before);
            after.clone_from(before);
            self.stamp.draw_row(y, self.left, after, BYTES);
        }

        let [upper, lower] = &self.pixels;
        let converted = match self.converter.row(&upper.after) {
            None => self.converter.row(&lower.after)?,
            only => only?,
        };
        let mut is_square_changed = vec![false; halves.len()];
        for ((row, made), pixels) in rows.into_iter().zip(converted.luma).zip(&self.pixels) {
            replace(row, made, pixels.changed(1));
            for (square, pair) in is_square_changed.iter_mut().zip(pixels.changed(2)) {
                *square |= pair;
            }
        }
        for (row, made) in differences.into_iter().zip(converted.differences) {
            replace(row, made, is_square_changed.iter().copied());
        }
        Some(())
    }
}

/// Takes the samples that are chosen from another row.
fn replace(row: &mut [u8], other: &[u8], is_chosen: impl Iterator<Item = bool>) {
    for ((sample, other), is_chosen) in row.iter_mut().zip(other).zip(is_chosen) {
        if is_chosen {
            *sample = *other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Channels;
    use crate::picture::encode::jpeg::tests::Dice;
    use crate::picture::ops::blend::Mode;
    use crate::picture::ops::mark::{Along, Anchor, Tiles, draw};
    use crate::picture::rows::Plane;

    type Planes = [Vec<u8>; 3];

    fn layout(size: Size) -> Layout {
        let halved = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
        let plane = |size| Plane { size, density: (1.0, 1.0) };
        Layout { colours: Colours::FullYcc, planes: vec![plane(size), plane(halved), plane(halved)] }
    }

    /// Planes of colours that are there in sRGB, each pixel another.
    fn planes(size: Size) -> Planes {
        let mut dice = Dice(9);
        let count = |index: usize| layout(size).planes.get(index).map_or(0, |plane| plane.size.area());
        [(0, 100, 64), (1, 112, 32), (2, 112, 32)]
            .map(|(index, least, reach)| (0..count(index)).map(|_| least + dice.byte() % reach).collect())
    }

    /// The same as pixels.
    fn pixels(size: Size, [luma, blue, red]: &Planes) -> Picture {
        let (width, halved) = (size.width as usize, size.width.div_ceil(2) as usize);
        let mut samples = Vec::new();
        for (y, row) in luma.chunks_exact(width).enumerate() {
            let spread =
                |plane: &[u8]| (0..width).map(|x| f32::from(plane[y / 2 * halved + x / 2])).collect();
            let rows = [row.iter().map(|&luma| f32::from(luma)).collect(), spread(blue), spread(red)];
            let mut out = Vec::new();
            colour::to_pixels(Colours::FullYcc, false, &rows, &mut out);
            samples.extend(out);
        }
        Picture::new(size, Channels::Rgb, samples).unwrap()
    }

    fn planes_of(picture: &Picture) -> Planes {
        let width = picture.size().width as usize;
        let mut converter = Converter::new(picture.size(), ycc::Range::Full);
        let mut made = Planes::default();
        for row in picture.rows() {
            let Some(rows) = converter.row(row) else { continue };
            rows.luma.iter().for_each(|luma| made[0].extend(&luma[..width]));
            for (plane, row) in made[1..].iter_mut().zip(rows.differences) {
                plane.extend(&row[..width.div_ceil(2)]);
            }
        }
        made
    }

    fn placing(size: Size, (left, top): (u32, u32), mode: Mode) -> Placing {
        let (across, down) = Anchor::pair(size.rect(), Along::Start(left), Along::Start(top), false);
        Placing { across, down, tiles: Tiles::None, gap: 1, tilt: 0.0, opacity: 200, mode }
    }

    fn mark() -> Picture {
        let mut dice = Dice(4);
        let samples = (0..5 * 3).flat_map(|_| [dice.byte(), dice.byte(), dice.byte(), dice.byte() | 64]);
        Picture::new(Size::new(5, 3), Channels::Rgba, samples.collect()).unwrap()
    }

    #[test]
    fn it_is_what_drawing_on_pixels_comes_to() {
        for size in [Size::new(16, 12), Size::new(17, 13), Size::new(1, 1), Size::new(4, 3)] {
            for at in [(0, 0), (3, 5), (9, 11), (14, 2)] {
                for tiles in [Tiles::None, Tiles::X, Tiles::Y, Tiles::Both, Tiles::Chessboard] {
                    for mode in [Mode::Over, Mode::Multiply, Mode::Lighter] {
                        let placing = Placing { tiles, ..placing(size, at, mode) };
                        let before = planes(size);
                        let mut drawn = before.clone();
                        draw_on_planes(&layout(size), &mut drawn, &mark(), &placing).unwrap();
                        let picture = pixels(size, &before);
                        let expected = planes_of(&draw(picture.clone(), &mark(), &placing));
                        for ((drawn, expected), before) in drawn.iter().zip(&expected).zip(&before) {
                            for ((drawn, expected), before) in drawn.iter().zip(expected).zip(before) {
                                let is_same = drawn == before && drawn.abs_diff(*expected) <= 1;
                                assert!(drawn == expected || is_same, "{size} {at:?} {tiles:?} {mode:?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_mark_does_not_cover_stays_to_the_last_bit() {
        // Beyond what sRGB has, so that pixels would not come back as they were.
        let size = Size::new(12, 9);
        let before =
            planes(size).map(|plane| plane.into_iter().map(|sample| sample.wrapping_mul(7)).collect());
        let mut drawn: Planes = before.clone();
        draw_on_planes(&layout(size), &mut drawn, &mark(), &placing(size, (3, 3), Mode::Over)).unwrap();
        let is_covered = |x: usize, y: usize| (3..8).contains(&x) && (3..6).contains(&y);
        for (at, (drawn, before)) in drawn[0].iter().zip(&before[0]).enumerate() {
            assert!(drawn == before || is_covered(at % 12, at / 12), "{at}");
        }
        for (drawn, before) in drawn[1..].iter().zip(&before[1..]) {
            for (at, (drawn, before)) in drawn.iter().zip(before).enumerate() {
                let (x, y) = (2 * (at % 6), 2 * (at / 6));
                let is_near =
                    [(0, 0), (1, 0), (0, 1), (1, 1)].iter().any(|(dx, dy)| is_covered(x + dx, y + dy));
                assert!(drawn == before || is_near, "{at}");
            }
        }
        assert_ne!(drawn, before);
    }

    #[test]
    fn other_planes_and_what_opens_them_are_not_drawn_on() {
        let size = Size::new(8, 8);
        let drawn = |layout: &Layout, count: usize, mode| {
            draw_on_planes(layout, &mut planes(size)[..count], &mark(), &placing(size, (0, 0), mode))
        };
        assert!(drawn(&layout(size), 3, Mode::Over).is_some());
        assert!(drawn(&layout(size), 1, Mode::Over).is_none());
        assert!(drawn(&Layout::whole(Colours::Grey, size), 3, Mode::Over).is_none());
        assert!(drawn(&Layout { colours: Colours::SeparateRgb, ..layout(size) }, 3, Mode::Over).is_none());
        assert!(drawn(&layout(size), 3, Mode::Xor).is_none());
    }
}

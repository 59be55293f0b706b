//! Drawing one frame over another: at a place, with an opacity, once or tiled, straight or tilted.

mod planes;

pub use self::planes::{draw_on_planes, held_on_planes};

use std::ops::Range;

use super::blend::Mode;
use super::canvas;
use crate::geometry::{Focus, Rect, Size};
use crate::picture::{Channels, Picture};

/// How a mark is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placing {
    /// Where it goes along x.
    pub across: Anchor,
    /// Where it goes along y.
    pub down: Anchor,
    /// How it is repeated.
    pub tiles: Tiles,
    /// Pixels between tiles.
    pub gap: u32,
    /// Degrees clockwise.
    pub tilt: f32,
    /// Share of 255 of the mark's own alpha.
    pub opacity: u8,
    /// How its colours meet the picture's.
    pub mode: Mode,
}

/// Where a mark begins along one side. It may begin outside the picture; what sticks out is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The first pixel of the area that it lies in.
    pub start: u32,
    /// The length of that.
    pub length: u32,
    /// Where in it.
    pub at: Along,
    /// Whether it must not stick out as long as it has room.
    pub is_held: bool,
}

/// A place along one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// So many pixels from the start.
    Start(u32),
    /// So many pixels from the end.
    End(u32),
    /// At a share, in ten-thousandths, of the way that is open.
    Share(u16),
}

/// Which way a mark is repeated, from edge to edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tiles {
    /// It is drawn once.
    #[default]
    None,
    /// From left to right.
    X,
    /// From top to bottom.
    Y,
    /// In both directions.
    Both,
    /// In both directions, every other one.
    Chessboard,
}

impl Anchor {
    /// The first pixel of a mark of this length.
    fn first(&self, length: u32) -> i64 {
        let open = i64::from(self.length) - i64::from(length);
        let within = match self.at {
            Along::Start(pixels) => i64::from(pixels),
            Along::End(pixels) => open - i64::from(pixels),
            Along::Share(share) => open * i64::from(share) / i64::from(Focus::FULL),
        };
        let held = if self.is_held { within.clamp(open.min(0), open.max(0)) } else { within };
        i64::from(self.start) + held
    }

    /// The anchors of an area.
    pub fn pair(area: Rect, across: Along, down: Along, is_held: bool) -> (Self, Self) {
        let across = Self { start: area.x, length: area.size.width, at: across, is_held };
        (across, Self { start: area.y, length: area.size.height, at: down, is_held })
    }
}

/// Draws `mark` over `picture`.
#[must_use]
pub fn draw(picture: Picture, mark: &Picture, placing: &Placing) -> Picture {
    let mut picture = if placing.mode.opens() { with_alpha(picture) } else { picture };
    let stamp = Stamp::new(mark, placing);
    let bytes = picture.channels().count();
    for (y, row) in (0..).zip(picture.rows_mut()) {
        stamp.draw_row(y, 0, row, bytes);
    }
    picture
}

/// An opaque picture as one that may become translucent.
fn with_alpha(picture: Picture) -> Picture {
    if picture.channels() == Channels::Rgba {
        return picture;
    }
    canvas::pad(&picture, picture.size(), 0, 0, [0; 4])
}

/// A mark as it is laid on a picture.
struct Stamp<'m> {
    mark: &'m Picture,
    across: Lane,
    down: Lane,
    is_chessboard: bool,
    tilt: Option<Tilt>,
    mode: Mode,
    opacity: u8,
}

/// Tiles along one side.
struct Lane {
    first: i64,
    length: i64,
    period: i64,
    is_tiled: bool,
}

/// The turn by which pixels of the mark are found.
struct Tilt {
    sin: f32,
    cos: f32,
    /// Half of the mark, and half of the box around the tilted one.
    half: (f32, f32),
    half_box: (f32, f32),
}

impl<'m> Stamp<'m> {
    fn new(mark: &'m Picture, placing: &Placing) -> Self {
        let tilt = (placing.tilt > 0.0).then(|| Tilt::new(mark.size(), placing.tilt));
        let size = tilted_size(mark.size(), placing.tilt);
        let lane = |anchor: &Anchor, length: u32, is_tiled: bool| Lane {
            first: anchor.first(length),
            length: i64::from(length),
            period: i64::from(length) + i64::from(placing.gap),
            is_tiled,
        };
        let tiles = placing.tiles;
        Self {
            mark,
            across: lane(&placing.across, size.width, !matches!(tiles, Tiles::None | Tiles::Y)),
            down: lane(&placing.down, size.height, !matches!(tiles, Tiles::None | Tiles::X)),
            is_chessboard: tiles == Tiles::Chessboard,
            tilt,
            mode: placing.mode,
            opacity: placing.opacity,
        }
    }

    /// Draws what lies on a row of the picture, or on a part of it that begins at the column `left`.
    fn draw_row(&self, y: i64, left: i64, row: &mut [u8], bytes: usize) {
        let Some((line, row_number)) = self.down.within(y) else { return self.beyond(row, bytes) };
        let end = left + i64::try_from(row.len() / bytes).unwrap_or(0);
        let all = left..end;
        let columns = if self.mode.reaches_beyond() { all } else { self.across.covered(all) };
        let first = usize::try_from(columns.start - left).unwrap_or(0);
        for (x, under) in columns.zip(row.chunks_exact_mut(bytes).skip(first)) {
            let place = self.across.within(x).filter(|(_, column)| self.is_drawn(*column, row_number));
            let over = place.map_or([0; 4], |(column, _)| self.pixel(column, line));
            if over[3] > 0 || self.mode.reaches_beyond() {
                self.mode.draw(under, over, self.opacity);
            }
        }
    }

    /// A row that the mark does not lie on.
    fn beyond(&self, row: &mut [u8], bytes: usize) {
        if self.mode.reaches_beyond() {
            row.chunks_exact_mut(bytes).for_each(|under| self.mode.draw(under, [0; 4], 0));
        }
    }

    fn is_drawn(&self, column: i64, row: i64) -> bool {
        !self.is_chessboard || (column + row).rem_euclid(2) == 0
    }

    fn pixel(&self, column: i64, line: i64) -> [u8; 4] {
        match &self.tilt {
            None => sample(self.mark, column, line),
            Some(tilt) => tilt.pixel(self.mark, column, line),
        }
    }
}

impl Lane {
    /// The pixel of the mark that lies at one of the picture, and the number of its tile.
    fn within(&self, at: i64) -> Option<(i64, i64)> {
        let distance = at - self.first;
        let (pixel, tile) = if self.is_tiled {
            (distance.rem_euclid(self.period), distance.div_euclid(self.period))
        } else {
            (distance, 0)
        };
        (0..self.length).contains(&pixel).then_some((pixel, tile))
    }

    /// What of these pixels of a picture the mark lies on, from the first to the last.
    fn covered(&self, pixels: Range<i64>) -> Range<i64> {
        if self.is_tiled {
            return pixels;
        }
        self.first.max(pixels.start)..pixels.end.min(self.first + self.length)
    }
}

/// The size of the box around a mark that is tilted.
fn tilted_size(size: Size, tilt: f32) -> Size {
    if tilt <= 0.0 {
        return size;
    }
    let Tilt { half_box: (x, y), .. } = Tilt::new(size, tilt);
    // What lies on the edge of a pixel need not reach into the next one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
    let length = |half: f32| ((half * 2.0 - 1e-3).ceil() as u32).max(1);
    Size::new(length(x), length(y))
}

impl Tilt {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "marks have a few thousand pixels a side"
    )]
    fn new(size: Size, degrees: f32) -> Self {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let (sin, cos) = (sin as f32, cos as f32);
        let half = (size.width as f32 / 2.0, size.height as f32 / 2.0);
        let half_box = (half.0 * cos.abs() + half.1 * sin.abs(), half.0 * sin.abs() + half.1 * cos.abs());
        Self { sin, cos, half, half_box }
    }

    /// What shows at a pixel of the box: four pixels of the mark, by how near they are, colours by their alpha.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "marks have a few thousand pixels a side"
    )]
    fn pixel(&self, mark: &Picture, column: i64, line: i64) -> [u8; 4] {
        let from_middle = (column as f32 + 0.5 - self.half_box.0, line as f32 + 0.5 - self.half_box.1);
        let x_before = from_middle.0 * self.cos + from_middle.1 * self.sin + self.half.0 - 0.5;
        let y_before = from_middle.1 * self.cos - from_middle.0 * self.sin + self.half.1 - 0.5;
        let (left, top) = (x_before.floor(), y_before.floor());
        let (right_share, bottom_share) = (x_before - left, y_before - top);
        let (left, top) = (left as i64, top as i64);
        let mut sums = [0.0_f32; 4];
        for (dx, dy, share) in [
            (0, 0, (1.0 - right_share) * (1.0 - bottom_share)),
            (1, 0, right_share * (1.0 - bottom_share)),
            (0, 1, (1.0 - right_share) * bottom_share),
            (1, 1, right_share * bottom_share),
        ] {
            let [colour @ .., alpha] = sample(mark, left + dx, top + dy).map(f32::from);
            let alpha = alpha * share;
            for (sum, value) in sums.iter_mut().zip(colour.into_iter().chain([1.0])) {
                *sum += alpha * value;
            }
        }
        let [r, g, b, alpha] = sums;
        if alpha < 0.5 {
            return [0; 4];
        }
        [r / alpha, g / alpha, b / alpha, alpha].map(crate::picture::lanes::round_one)
    }
}

/// A pixel of the mark; nothing shows beside it.
fn sample(mark: &Picture, column: i64, line: i64) -> [u8; 4] {
    let Size { width, height } = mark.size();
    let (Ok(column), Ok(line)) = (u32::try_from(column), u32::try_from(line)) else { return [0; 4] };
    if column >= width || line >= height {
        return [0; 4];
    }
    let bytes = mark.channels().count();
    let at = (line as usize * width as usize + column as usize) * bytes;
    match mark.samples().get(at..at + bytes) {
        Some(&[r, g, b]) => [r, g, b, 255],
        Some(&[r, g, b, a]) => [r, g, b, a],
        _ => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(left: u32, top: u32, change: impl Fn(Placing) -> Placing) -> String {
        let size = Size::new(5, 4);
        let picture = Picture::filled(size, Channels::Rgb, [b'.', 0, 0, 0]);
        let samples = "ab cd".bytes().filter(|b| *b != b' ').flat_map(|b| [b, 0, 0, 255]).collect();
        let mark = Picture::new(Size::new(2, 2), Channels::Rgba, samples).unwrap();
        let (across, down) = Anchor::pair(size.rect(), Along::Start(left), Along::Start(top), false);
        let placing =
            Placing { across, down, tiles: Tiles::None, gap: 0, tilt: 0.0, opacity: 255, mode: Mode::Over };
        let picture = draw(picture, &mark, &change(placing));
        let bytes = picture.channels().count();
        let line = |row: &[u8]| row.chunks_exact(bytes).map(|pixel| char::from(pixel[0])).collect::<String>();
        picture.rows().map(line).collect::<Vec<_>>().join("/")
    }

    fn tiled(tiles: Tiles, gap: u32) -> String {
        drawn(1, 1, |placing| Placing { tiles, gap, ..placing })
    }

    #[test]
    fn lies_where_it_is_put() {
        assert_eq!(drawn(1, 1, |placing| placing), "...../.ab../.cd../.....");
        assert_eq!(drawn(9, 1, |placing| placing), "...../...../...../.....");
        let from_end = |pixels| Anchor { start: 0, length: 5, at: Along::End(pixels), is_held: false };
        assert_eq!(
            drawn(0, 2, |placing| Placing { across: from_end(0), ..placing }),
            "...../...../...ab/...cd"
        );
        assert_eq!(
            drawn(0, 3, |placing| Placing { across: from_end(4), ..placing }),
            "...../...../...../b...."
        );
    }

    #[test]
    fn what_is_held_stays_inside() {
        let held = |at| {
            move |placing| Placing { across: Anchor { start: 0, length: 5, at, is_held: true }, ..placing }
        };
        assert_eq!(drawn(0, 1, held(Along::End(90))), "...../ab.../cd.../.....");
        assert_eq!(drawn(0, 1, held(Along::Start(90))), "...../...ab/...cd/.....");
    }

    #[test]
    fn tiles_fill_the_way_they_are_told() {
        assert_eq!(tiled(Tiles::X, 0), "...../babab/dcdcd/.....");
        assert_eq!(tiled(Tiles::Y, 0), ".cd../.ab../.cd../.ab..");
        assert_eq!(tiled(Tiles::Both, 0), "dcdcd/babab/dcdcd/babab");
        assert_eq!(tiled(Tiles::Both, 1), "...../.ab.a/.cd.c/.....");
        assert_eq!(tiled(Tiles::Chessboard, 0), "d..cd/.ab../.cd../b..ab");
    }

    #[test]
    fn a_mark_tilted_by_a_half_turn_stands_on_its_head() {
        let tilted = drawn(1, 1, |placing| Placing { tilt: 180.0, ..placing });
        assert_eq!(tilted, "...../.dc../.ba../.....");
    }

    #[test]
    fn nothing_is_left_beside_a_mark_that_is_drawn_in() {
        let drawn = drawn(1, 1, |placing| Placing { mode: Mode::In, ..placing });
        assert_eq!(drawn.replace('\0', " "), "     / ab  / cd  /     ");
    }
}

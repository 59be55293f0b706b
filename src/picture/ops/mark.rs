//! Drawing one frame over another: at a place, with an opacity, once or tiled.

use super::canvas::blend;
use crate::picture::Picture;

/// Where a mark lies and how it is repeated. Offsets may lie outside the picture; what sticks out is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    /// First column of the mark.
    pub left: i64,
    /// First row of the mark.
    pub top: i64,
    /// Repeated from edge to edge along x.
    pub tile_x: bool,
    /// Repeated from edge to edge along y.
    pub tile_y: bool,
    /// Share of 255 of the mark's own alpha.
    pub opacity: u8,
}

/// Draws `mark` over `picture`.
pub fn draw(picture: &mut Picture, mark: &Picture, placing: &Placing) {
    let width = i64::from(picture.size().width);
    let (mark_width, mark_height) = (i64::from(mark.size().width), i64::from(mark.size().height));
    let under_bytes = picture.channels().count();
    let over_bytes = mark.channels().count();
    for (y, row) in (0..).zip(picture.rows_mut()) {
        let Some(line) = within(y - placing.top, mark_height, placing.tile_y) else { continue };
        let Some(over) = usize::try_from(line).ok().and_then(|line| mark.rows().nth(line)) else { continue };
        let columns =
            if placing.tile_x { 0..width } else { placing.left.max(0)..width.min(placing.left + mark_width) };
        let first = usize::try_from(columns.start).unwrap_or(0);
        for (x, under) in columns.zip(row.chunks_exact_mut(under_bytes).skip(first)) {
            let Some(column) = within(x - placing.left, mark_width, placing.tile_x) else { continue };
            let at = usize::try_from(column).unwrap_or(0) * over_bytes;
            blend(under, over.get(at..at + over_bytes).unwrap_or_default(), placing.opacity);
        }
    }
}

/// The sample of the mark at this distance from its first; nothing beside a mark that is not tiled.
fn within(distance: i64, length: i64, is_tiled: bool) -> Option<i64> {
    if is_tiled {
        Some(distance.rem_euclid(length))
    } else {
        Some(distance).filter(|d| (0..length).contains(d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;

    fn drawn(placing: Placing) -> String {
        let mut picture = Picture::filled(Size::new(5, 4), Channels::Rgb, [b'.', 0, 0, 0]);
        let samples = "ab cd".bytes().filter(|b| *b != b' ').flat_map(|b| [b, 0, 0, 255]).collect();
        let mark = Picture::new(Size::new(2, 2), Channels::Rgba, samples).unwrap();
        draw(&mut picture, &mark, &placing);
        let line = |row: &[u8]| row.chunks_exact(3).map(|pixel| char::from(pixel[0])).collect::<String>();
        picture.rows().map(line).collect::<Vec<_>>().join("/")
    }

    const AT: Placing = Placing { left: 1, top: 1, tile_x: false, tile_y: false, opacity: 255 };

    #[test]
    fn lies_where_it_is_put() {
        assert_eq!(drawn(AT), "...../.ab../.cd../.....");
        assert_eq!(drawn(Placing { left: -1, top: 3, ..AT }), "...../...../...../b....");
        assert_eq!(drawn(Placing { left: 9, ..AT }), "...../...../...../.....");
    }

    #[test]
    fn tiles_fill_the_way_they_are_told() {
        assert_eq!(drawn(Placing { tile_x: true, ..AT }), "...../babab/dcdcd/.....");
        assert_eq!(drawn(Placing { tile_y: true, ..AT }), ".cd../.ab../.cd../.ab..");
        assert_eq!(drawn(Placing { tile_x: true, tile_y: true, ..AT }), "dcdcd/babab/dcdcd/babab");
    }
}

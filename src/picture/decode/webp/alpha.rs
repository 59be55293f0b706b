//! Alpha that comes apart from a lossy frame (RFC 9649, section 2.7.1.2), by rows.

use super::lossless::{self, Lossless};
use super::{Broken, Reason};
use crate::geometry::Size;

/// Rows of alpha.
#[derive(Debug)]
pub(super) struct Alpha<'a> {
    source: Source<'a>,
    filter: Filter,
    /// The row before, then this one.
    row: Vec<u8>,
    is_first: bool,
}

#[derive(Debug)]
enum Source<'a> {
    /// There is none.
    Opaque,
    /// A byte per pixel.
    Raw(&'a [u8]),
    /// The green of a lossless picture.
    Packed(Box<Lossless<'a>>),
}

/// What values are differences from.
#[derive(Debug, Clone, Copy)]
enum Filter {
    None,
    Left,
    Above,
    Gradient,
}

/// Bytes that alpha of this size holds at most.
pub(super) fn held_bytes(size: Size) -> u64 {
    lossless::held_bytes(size) + u64::from(size.width)
}

impl<'a> Alpha<'a> {
    /// Opens the data of an `ALPH` chunk; without one, everything is opaque.
    pub(super) fn open(data: Option<&'a [u8]>, size: Size) -> Result<Self, Reason> {
        let mut row = vec![0; size.width as usize];
        let Some(data) = data else {
            row.fill(u8::MAX);
            return Ok(Self { source: Source::Opaque, filter: Filter::None, row, is_first: true });
        };
        let (&info, data) = data.split_first().broken("the ALPH chunk is empty")?;
        let filter = match info >> 2 & 3 {
            0 => Filter::None,
            1 => Filter::Left,
            2 => Filter::Above,
            _ => Filter::Gradient,
        };
        let source = match info & 3 {
            0 => Source::Raw(data),
            1 => Source::Packed(Box::new(Lossless::open_headless(data, size)?)),
            _ => return Err("alpha of an unknown compression"),
        };
        Ok(Self { source, filter, row, is_first: true })
    }

    /// The next row from the top.
    pub(super) fn next_row(&mut self) -> Result<&[u8], Reason> {
        let row = &mut self.row;
        match &mut self.source {
            Source::Opaque => {}
            Source::Raw(data) => {
                let (values, rest) = data.split_at_checked(row.len()).broken("alpha is cut off")?;
                *data = rest;
                self.filter.undo(row, values.iter().copied(), self.is_first);
            }
            Source::Packed(lossless) => {
                let values = lossless.next_row()?.iter().map(|colour| colour.to_le_bytes()[1]);
                self.filter.undo(row, values, self.is_first);
            }
        }
        self.is_first = false;
        Ok(&self.row)
    }
}

impl Filter {
    /// Makes the row before into this one. Before the first row there is nothing, and the first column is foretold from
    /// above.
    fn undo(self, row: &mut [u8], values: impl Iterator<Item = u8>, is_first: bool) {
        let filter = if is_first && !matches!(self, Self::None) { Self::Left } else { self };
        let first = row.first().copied().filter(|_| !is_first).unwrap_or(0);
        let (mut left, mut corner) = (first, first);
        for (place, value) in row.iter_mut().zip(values) {
            let above = *place;
            let foretold = match filter {
                Self::None => 0,
                Self::Left => left,
                Self::Above => above,
                Self::Gradient => {
                    let sum = i16::from(left) + i16::from(above) - i16::from(corner);
                    sum.clamp(0, 255).to_le_bytes()[0]
                }
            };
            *place = value.wrapping_add(foretold);
            (left, corner) = (*place, above);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(filter: u8, values: [[u8; 3]; 2]) -> [Vec<u8>; 2] {
        let data = [&[filter << 2][..], values.as_flattened()].concat();
        let mut alpha = Alpha::open(Some(&data), Size::new(3, 2)).unwrap();
        let rows = [(); 2].map(|()| alpha.next_row().unwrap().to_vec());
        assert!(alpha.next_row().is_err());
        rows
    }

    #[test]
    fn differences_are_added_up() {
        let values = [[10, 1, 2], [3, 4, 250]];
        assert_eq!(rows(0, values), values);
        assert_eq!(rows(1, values), [[10, 11, 13], [13, 17, 11]]);
        assert_eq!(rows(2, values), [[10, 11, 13], [13, 15, 7]]);
        // 13; 13 + 11 − 10 + 4; 18 + 13 − 11 + 250.
        assert_eq!(rows(3, values), [[10, 11, 13], [13, 18, 14]]);
    }

    #[test]
    fn what_is_absent_is_opaque() {
        let mut alpha = Alpha::open(None, Size::new(2, 1)).unwrap();
        assert_eq!(alpha.next_row(), Ok(&[255, 255][..]));
    }

    #[test]
    fn unknown_compressions_are_refused() {
        assert!(Alpha::open(Some(&[2, 0]), Size::new(1, 1)).is_err());
        assert!(Alpha::open(Some(&[]), Size::new(1, 1)).is_err());
    }
}

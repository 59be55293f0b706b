//! The order of coefficients and the contexts of places, of squares of 4 to 32 (AV1, sections 5.11.41 and 8.3.2).
//!
//! Places are of coefficients in columns, as `transform` lays them.

/// One place in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Among the coefficients.
    pub(super) at: u16,
    /// Among levels, whose columns have a margin.
    pub(super) padded: u16,
    /// What is added to the context of a level, and to that of what is above 2.
    pub(super) base: u8,
    pub(super) more: u8,
}

/// Behind each column of levels.
pub(super) const MARGIN: usize = 4;

/// Places of squares of 4, 8, 16 and 32.
pub(super) static SCANS: [&[Place]; 4] = [&of::<16>(4), &of::<64>(8), &of::<256>(16), &of::<1024>(32)];

/// Along diagonals, one down, the next up.
const fn of<const N: usize>(side: usize) -> [Place; N] {
    let mut places = [Place { at: 0, padded: 0, base: 0, more: 0 }; N];
    let (mut i, mut diagonal) = (0, 0);
    while diagonal < 2 * side - 1 {
        let first = if diagonal < side { 0 } else { diagonal + 1 - side };
        let last = diagonal - first;
        let mut step = first;
        while step <= last {
            let row = if diagonal % 2 == 1 { step } else { diagonal - step };
            places[i] = place(side, diagonal - row, row);
            i += 1;
            step += 1;
        }
        diagonal += 1;
    }
    places
}

const fn place(side: usize, column: usize, row: usize) -> Place {
    let base = match column + row {
        0 => 0,
        1 => 1,
        2..4 => 6,
        _ => 21,
    };
    let more = match (column, row) {
        (0, 0) => 0,
        (0..2, 0..2) => 7,
        _ => 14,
    };
    Place { at: (column * side + row) as u16, padded: (column * (side + MARGIN) + row) as u16, base, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_format() {
        let rows: Vec<u16> = SCANS[0].iter().map(|place| place.at % 4 * 4 + place.at / 4).collect();
        assert_eq!(rows, [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15]);
        for (scan, count) in SCANS.iter().zip([16_u16, 64, 256, 1024]) {
            let mut places: Vec<u16> = scan.iter().map(|place| place.at).collect();
            places.sort_unstable();
            assert!(places.into_iter().eq(0..count));
        }
    }
}

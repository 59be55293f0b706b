//! Filters undone (PNG specification, 9.2): a row as it was inflated and the row above it make a row of samples.
//!
//! Three of the filters look at the pixel to the left, which makes a row one long chain. Sub and Average are short
//! enough links for plain loops over whole pixels; Paeth has a kernel for four rows at once in `paeth`.

/// The filter that most photographs use.
pub(super) const PAETH: u8 = 4;

/// Undoes `filter` for one row whose pixels are `pixel_bytes` long; all three rows are as long as each other.
pub(super) fn unfilter(
    filter: u8,
    pixel_bytes: usize,
    raw: &[u8],
    above: &[u8],
    out: &mut [u8],
) -> Result<(), &'static str> {
    match filter {
        0 => out.copy_from_slice(raw),
        2 => {
            for ((out, raw), above) in out.iter_mut().zip(raw).zip(above) {
                *out = raw.wrapping_add(*above);
            }
        }
        1 | 3 | PAETH => match pixel_bytes {
            1 => serial::<1>(filter, raw, above, out),
            2 => serial::<2>(filter, raw, above, out),
            3 => serial::<3>(filter, raw, above, out),
            4 => serial::<4>(filter, raw, above, out),
            6 => serial::<6>(filter, raw, above, out),
            _ => serial::<8>(filter, raw, above, out),
        },
        _ => return Err("a row has an unknown filter"),
    }
    Ok(())
}

/// The filters that look to the left.
fn serial<const N: usize>(filter: u8, raw: &[u8], above: &[u8], out: &mut [u8]) {
    match filter {
        1 => pixels::<N>(raw, above, out, |left, _, _| left),
        3 => pixels::<N>(raw, above, out, |left, above, _| average(left, above)),
        _ => pixels::<N>(raw, above, out, predictor),
    }
}

/// One pixel after another; `predict` is told what is to the left, above, and above that to the left.
#[inline]
fn pixels<const N: usize>(raw: &[u8], above: &[u8], out: &mut [u8], predict: impl Fn(u8, u8, u8) -> u8) {
    let (mut left, mut corner) = ([0; N], [0; N]);
    let rows =
        out.as_chunks_mut::<N>().0.iter_mut().zip(raw.as_chunks::<N>().0).zip(above.as_chunks::<N>().0);
    for ((out, raw), above) in rows {
        for (((left, corner), raw), above) in left.iter_mut().zip(corner).zip(raw).zip(above) {
            *left = raw.wrapping_add(predict(*left, *above, corner));
        }
        (*out, corner) = (left, *above);
    }
}

/// Half the sum, rounded down.
fn average(a: u8, b: u8) -> u8 {
    (a & b) + ((a ^ b) >> 1)
}

/// Which of left, above and corner is nearest to left + above - corner (9.4).
///
/// Written with the larger and the smaller of the first two: the larger is nearest when the corner is within a third
/// of the way from the smaller one or beyond it, and the other way round.
pub(super) fn predictor(left: u8, above: u8, corner: u8) -> u8 {
    let (left, above, corner) = (i16::from(left), i16::from(above), i16::from(corner));
    let (low, high) = (left.min(above), left.max(above));
    let threshold = 3 * corner - left - above;
    let nearest = if high <= threshold { low } else { corner };
    let nearest = if threshold <= low { high } else { nearest };
    nearest.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9.4 to the letter.
    fn paeth(a: u8, b: u8, c: u8) -> u8 {
        let p = i32::from(a) + i32::from(b) - i32::from(c);
        let far = |x: u8| (p - i32::from(x)).abs();
        if far(a) <= far(b) && far(a) <= far(c) {
            a
        } else if far(b) <= far(c) {
            b
        } else {
            c
        }
    }

    /// 9.2 to the letter.
    fn twin(filter: u8, bpp: usize, raw: &[u8], above: &[u8]) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::new();
        for (index, raw) in raw.iter().enumerate() {
            let (left, corner) = index.checked_sub(bpp).map_or((0, 0), |left| (out[left], above[left]));
            let predicted = match filter {
                0 => 0,
                1 => left,
                2 => above[index],
                3 => u8::try_from(u16::midpoint(left.into(), above[index].into())).unwrap(),
                _ => paeth(left, above[index], corner),
            };
            out.push(raw.wrapping_add(predicted));
        }
        out
    }

    #[test]
    fn the_predictor_is_that_of_the_specification() {
        for a in 0..=255 {
            for b in 0..=255 {
                for c in 0..=255 {
                    assert_eq!(predictor(a, b, c), paeth(a, b, c), "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn every_filter_is_that_of_the_specification() {
        let mut dice = super::super::tests::Dice::new(7);
        for (filter, bpp, width) in (0..=4_u8).flat_map(|filter| {
            [1, 2, 3, 4, 6, 8].into_iter().flat_map(move |bpp| (1..70).map(move |width| (filter, bpp, width)))
        }) {
            let (raw, above) = (dice.bytes(bpp * width), dice.bytes(bpp * width));
            let mut out = vec![0; bpp * width];
            unfilter(filter, bpp, &raw, &above, &mut out).unwrap();
            assert_eq!(out, twin(filter, bpp, &raw, &above), "{filter} {bpp} {width}");
        }
        assert!(unfilter(5, 1, &[0], &[0], &mut [0]).is_err());
    }
}

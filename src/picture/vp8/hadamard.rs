//! The Walsh-Hadamard transform of the first coefficients of a macroblock's luma (RFC 6386, section 14.3).

#![expect(clippy::indexing_slicing, reason = "kernels over fixed arrays")]

/// The inverse Walsh-Hadamard transform (section 14.3).
pub(in crate::picture) fn inverse(input: &[i16; 16]) -> [i16; 16] {
    let input = input.map(i32::from);
    let mut columns = [0; 16];
    for x in 0..4 {
        let (a, b) = (input[x] + input[12 + x], input[4 + x] + input[8 + x]);
        let (c, d) = (input[4 + x] - input[8 + x], input[x] - input[12 + x]);
        [columns[x], columns[4 + x], columns[8 + x], columns[12 + x]] = [a + b, c + d, a - b, d - c];
    }
    let mut output = [0; 16];
    for (row, out) in columns.as_chunks::<4>().0.iter().zip(output.as_chunks_mut::<4>().0) {
        let (a, b) = (row[0] + row[3], row[1] + row[2]);
        let (c, d) = (row[1] - row[2], row[0] - row[3]);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "four times sixteen bits, halved thrice; more is wrapped"
        )]
        let rounded = [a + b, c + d, a - b, d - c].map(|sum| ((sum + 3) >> 3) as i16);
        *out = rounded;
    }
    output
}

/// The transform that the inverse undoes, but for rounding.
pub(in crate::picture) fn forward(input: &[i32; 16]) -> [i32; 16] {
    let mut columns = [0; 16];
    for x in 0..4 {
        let (a, b) = (input[x] + input[12 + x], input[4 + x] + input[8 + x]);
        let (c, d) = (input[4 + x] - input[8 + x], input[x] - input[12 + x]);
        [columns[x], columns[4 + x], columns[8 + x], columns[12 + x]] = [a + b, c + d, a - b, d - c];
    }
    let mut output = [0; 16];
    for (row, out) in columns.as_chunks::<4>().0.iter().zip(output.as_chunks_mut::<4>().0) {
        let (a, b) = (row[0] + row[3], row[1] + row[2]);
        let (c, d) = (row[1] - row[2], row[0] - row[3]);
        *out = [a + b, c + d, a - b, d - c].map(|sum| sum >> 1);
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_first_coefficient_spreads_over_all_blocks() {
        let mut input = [0; 16];
        input[0] = 81;
        assert_eq!(inverse(&input), [10; 16]);
    }

    #[test]
    fn hadamard_rows_are_told_apart() {
        let mut input = [0; 16];
        input[1] = 80;
        let row = [10, 10, -10, -10];
        assert_eq!(inverse(&input), [row, row, row, row].concat().as_slice());
    }

    #[test]
    fn the_inverse_undoes_the_transform() {
        let input: [i32; 16] = std::array::from_fn(|i| i32::try_from(i * i * 37 % 401).unwrap() - 200);
        let there = forward(&input).map(|value| i16::try_from(value).unwrap());
        let back = inverse(&there).map(i32::from);
        assert!(input.iter().zip(back).all(|(a, b)| (a - b).abs() <= 1), "{input:?} {back:?}");
    }
}

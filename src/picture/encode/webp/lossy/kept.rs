//! Levels that wait for their probabilities: a byte for most, two for large ones, in pieces that are let go of as they
//! are read.

use super::residue::Residue;

/// Bytes of a piece, of which none but the last is much shorter.
const PIECE_BYTES: usize = 1 << 16;

/// The most that a macroblock takes.
const LARGEST_BYTES: usize = 25 + 25 * 16 * 2;

/// Says that the byte belongs to a level of two.
const IS_LARGE: u8 = 0x80;

/// Levels of macroblocks in a row.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<Vec<u8>>);

impl Kept {
    /// Keeps the levels of a macroblock.
    pub(super) fn push(&mut self, residue: &Residue) {
        let is_full = |piece: &Vec<u8>| piece.len() + LARGEST_BYTES > PIECE_BYTES;
        if self.0.last().is_none_or(is_full) {
            self.0.push(Vec::with_capacity(PIECE_BYTES));
        }
        let Some(piece) = self.0.last_mut() else { return };
        piece.extend_from_slice(&residue.ends);
        for (levels, &end) in residue.levels.iter().zip(&residue.ends) {
            for &level in levels.iter().take(end.into()) {
                let [low, high] = level.to_le_bytes();
                if (-64..64).contains(&level) {
                    piece.push(low & !IS_LARGE);
                } else {
                    piece.extend([high | IS_LARGE, low]);
                }
            }
        }
    }

    /// Gives them back.
    pub(super) fn into_reader(self) -> KeptReader {
        KeptReader { pieces: self.0.into_iter(), piece: Vec::new(), at: 0 }
    }
}

/// Gives levels back in the order in which they came.
#[derive(Debug)]
pub(super) struct KeptReader {
    pieces: std::vec::IntoIter<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl KeptReader {
    /// The levels of the next macroblock; what stands after the ends of blocks means nothing.
    pub(super) fn next(&mut self, residue: &mut Residue) {
        if self.at >= self.piece.len() {
            self.piece = self.pieces.next().unwrap_or_default();
            self.at = 0;
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let Some((ends, levels)) = rest.split_first_chunk() else { return };
        residue.ends = *ends;
        let mut bytes = levels.iter().copied();
        for (levels, &end) in residue.levels.iter_mut().zip(ends) {
            for level in levels.iter_mut().take(end.into()) {
                *level = read(&mut bytes).unwrap_or_default();
            }
        }
        self.at = self.piece.len() - bytes.len();
    }
}

#[inline(always)]
fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<i16> {
    let first = bytes.next()?;
    if first & IS_LARGE == 0 {
        // Seven bits with their sign.
        return Some(i16::from((first << 1).cast_signed() >> 1));
    }
    // Levels have eleven bits and a sign: the topmost two are alike.
    let high = (first << 1).cast_signed() >> 1;
    Some(i16::from_le_bytes([bytes.next()?, high.cast_unsigned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_back() {
        let mut kept = Kept::default();
        let mut residue = Residue::new();
        let values = [0, 1, -1, 63, -63, 64, -64, -65, 127, -128, 255, -256, 2_047, -2_047, 5, -5];
        let made: Vec<Residue> = (0..800)
            .map(|round: usize| {
                for (index, levels) in residue.levels.iter_mut().enumerate() {
                    *levels = values;
                    levels.rotate_left((round + index) % 16);
                    residue.ends[index] = u8::try_from((round * 7 + index) % 17).unwrap();
                }
                residue.clone()
            })
            .collect();
        for residue in &made {
            kept.push(residue);
        }
        assert!(kept.0.len() > 2);
        let mut reader = kept.into_reader();
        for expected in made {
            reader.next(&mut residue);
            assert_eq!(residue.ends, expected.ends);
            for (index, &end) in expected.ends.iter().enumerate() {
                let end = usize::from(end);
                assert_eq!(residue.levels[index][..end], expected.levels[index][..end]);
            }
        }
    }
}

//! Pictures that look alike: perceptual hashes of 64 bits that differ in few of them.
//!
//! A hash is kept as four quarters of 16 bits. Where two hashes differ in at most seven bits, one quarter differs in at
//! most one: so the quarters of a hash and their neighbours of one bit find every such picture.

/// The most bits in which hashes of pictures differ that look alike.
pub(super) const FARTHEST: u32 = 7;

/// The four quarters of a hash, each with which one it is.
pub(super) fn quarters(hash: i64) -> [i64; 4] {
    [0, 1, 2, 3].map(|which| (which << 16) | ((hash >> (16 * which)) & 0xFFFF))
}

/// All that must be looked up: each quarter, and it with each of its bits turned.
pub(super) fn neighbours(hash: i64) -> Vec<i64> {
    let turned = |quarter: i64| (0..16).map(move |bit| quarter ^ (1 << bit));
    quarters(hash).into_iter().flat_map(|quarter| std::iter::once(quarter).chain(turned(quarter))).collect()
}

/// In how many bits two hashes differ.
pub(super) fn distance(one: i64, other: i64) -> u32 {
    (one ^ other).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_differs_in_seven_bits_shares_a_neighbour() {
        let mut seed = 0x1234_5678_9ABC_DEF1_u64;
        for _ in 0..10_000 {
            let mut other = 0_u64;
            let hash = seed;
            while other.count_ones() < FARTHEST {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                other |= 1 << (seed % 64);
            }
            let (hash, other) = (hash.cast_signed(), (hash ^ other).cast_signed());
            assert_eq!(distance(hash, other), FARTHEST);
            let looked_up = neighbours(hash);
            assert!(quarters(other).iter().any(|quarter| looked_up.contains(quarter)));
        }
    }

    #[test]
    fn there_are_68_neighbours() {
        let mut all = neighbours(-1);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 68);
    }
}

//! Probabilities of tokens, chosen by how often each branch was taken (RFC 6386, sections 13.4 and 13.5).

use super::bools::BoolWriter;
use super::costs;
use crate::picture::vp8::tables::{TOKEN_UPDATES, TOKENS};

/// By plane, band, context and branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probabilities(pub(super) Box<[[[[u8; 11]; 3]; 8]; 4]>);

/// How often each branch of a place went either way.
type Branches = [[u32; 2]; 11];

/// How often all did.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// By plane, band and context.
    pub(super) branches: Box<[[[Branches; 3]; 8]; 4]>,
    /// 256ths of bits of what is as likely wherever it stands.
    pub(super) fixed: u64,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self { branches: Box::new([[[[[0; 2]; 11]; 3]; 8]; 4]), fixed: 0 }
    }

    fn branches(&self) -> impl Iterator<Item = &[u32; 2]> {
        self.branches.as_flattened().as_flattened().as_flattened().iter()
    }
}

impl Probabilities {
    /// Those of a file that says nothing.
    pub(super) fn standard() -> Self {
        Self(Box::new(TOKENS))
    }

    fn all(&self) -> &[u8] {
        self.0.as_flattened().as_flattened().as_flattened()
    }

    /// What is likely for the rest of a picture of which these counts are known.
    pub(super) fn foretold(counts: &Counts) -> Self {
        let mut foretold = Self::standard();
        let all = foretold.0.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        for (probability, &[zeros, ones]) in all.iter_mut().zip(counts.branches()) {
            // The standard is believed as much as so many seen.
            const BELIEF: u64 = 24;
            let believed = u64::from(*probability) * BELIEF;
            let (zeros, ones) = (u64::from(zeros) * 256, u64::from(ones) * 256);
            *probability = share(zeros + believed, zeros + ones + 256 * BELIEF);
        }
        foretold
    }

    /// Where another probability than the standard saves more than telling it costs.
    pub(super) fn best(counts: &Counts) -> Self {
        let mut best = Self::standard();
        let all = best.0.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        let updates = TOKEN_UPDATES.as_flattened().as_flattened().as_flattened();
        for ((probability, &counts), &update) in all.iter_mut().zip(counts.branches()).zip(updates) {
            let [zeros, ones] = counts;
            let own = share(zeros.into(), u64::from(zeros) + u64::from(ones));
            let kept = coded(counts, *probability) + u64::from(costs::bit(false, update));
            let told = coded(counts, own) + u64::from(costs::bit(true, update)) + 8 * 256;
            if told < kept {
                *probability = own;
            }
        }
        best
    }

    /// Bits that tokens of these counts take.
    pub(super) fn bits(&self, counts: &Counts) -> u64 {
        let branches = counts.branches().zip(self.all());
        (counts.fixed + branches.map(|(&counts, &probability)| coded(counts, probability)).sum::<u64>()) / 256
    }

    /// Tells those that differ from the standard.
    pub(super) fn write(&self, bools: &mut BoolWriter) {
        let updates = TOKEN_UPDATES.as_flattened().as_flattened().as_flattened();
        let standard = TOKENS.as_flattened().as_flattened().as_flattened();
        for ((&probability, &update), &standard) in self.all().iter().zip(updates).zip(standard) {
            bools.bit(probability != standard, update);
            if probability != standard {
                bools.number(probability, 8);
            }
        }
    }
}

/// What so many bools cost.
fn coded([zeros, ones]: [u32; 2], probability: u8) -> u64 {
    u64::from(zeros) * u64::from(costs::bit(false, probability))
        + u64::from(ones) * u64::from(costs::bit(true, probability))
}

/// Of 256 the share that a part is of the whole, at least 1 and at most 255; 255 of nothing.
pub(super) fn share(part: u64, whole: u64) -> u8 {
    if whole == 0 {
        return 255;
    }
    let share = (part * 256 + whole / 2) / whole;
    u8::try_from(share.clamp(1, 255)).unwrap_or(255)
}

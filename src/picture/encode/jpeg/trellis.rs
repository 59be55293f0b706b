//! Rate–distortion optimised quantisation: coefficients are zeroed, or lowered to one that has a bit less, where the
//! bits that takes off are worth more than the change.
//!
//! The cheapest way through a block is found by dynamic programming (Ramchandran and Vetterli, 1994; Crouse and
//! Ramchandran, 1997) over the coefficients that are not zero. Changes are counted in squared steps of the quantiser,
//! bits by how often each symbol came so far. Only whole numbers are used: all machines make the same file.

use super::quantise::{FINE, Quantised};
use super::tokens::{END, ORDER, SIXTEEN_ZEROS};

/// What a sixteenth of a bit is worth, where a squared step is worth 16,384: a bit is worth 0.08 of that. Of 0.05 to
/// 0.12, that took the fewest bytes at equal SSIMULACRA2.
const WORTH: i32 = 82;

/// What an error of one `FINE`th of a step costs, squared.
const ERROR: i32 = 16_384 / (FINE * FINE);

/// Coefficients from this many `FINE`ths of a step are never zeroed: no symbol is as long.
const LEAST_KEPT: i32 = 16;

/// As many symbols as the expectation counts for, as a power of two.
const EXPECTED: u32 = 11;

/// Costs of symbols, and the ways through a block.
#[derive(Debug)]
pub(super) struct Trellis {
    /// Of each symbol with its value bits.
    costs: [i32; 256],
    nodes: [Node; 64],
}

/// A coefficient that may be kept; the first stands for the start of the block.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Where it is in zigzag order.
    at: u32,
    /// Its magnitude, if it is kept.
    value: i16,
    /// The node before it on the cheapest way.
    before: u8,
    /// What that way costs.
    cost: i32,
    /// What zeroing it costs instead, where that may be.
    zeroing: Option<i32>,
}

impl Trellis {
    /// Before anything was counted.
    pub(super) fn new() -> Self {
        let mut trellis = Self { costs: [0; 256], nodes: [Node::default(); 64] };
        trellis.learn(&[0; 256]);
        trellis
    }

    /// Takes for likely what came often.
    pub(super) fn learn(&mut self, frequencies: &[u32; 256]) {
        let total = log2(frequencies.iter().sum::<u32>().saturating_add(1 << EXPECTED));
        for ((cost, &frequency), symbol) in self.costs.iter_mut().zip(frequencies).zip(0..=u8::MAX) {
            let as_if = 1 << EXPECTED.saturating_sub(expected_bits(symbol));
            let value_bits = i32::from(symbol & 15);
            *cost = WORTH * (total - log2(frequency.saturating_add(as_if)) + 16 * value_bits);
        }
    }

    /// Thins a block out, of which `nonzero` has the coefficients that are not zero, in zigzag order; answers those
    /// that are left.
    #[inline]
    pub(super) fn thin(&mut self, block: &mut Quantised, nonzero: u64) -> u64 {
        let mut count = 0;
        let mut left = nonzero & !1;
        while left != 0 {
            let node = self.node(block, left.trailing_zeros(), count);
            left &= left - 1;
            count += 1;
            *self.at_mut(count) = node;
        }
        self.keep(block, self.best_last(count))
    }

    /// The coefficient behind so many nodes, on its cheapest way.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "indices are masked to the length of the arrays; there are 64 nodes, and coefficients are 16 bits wide"
    )]
    fn node(&self, block: &Quantised, at: u32, count: usize) -> Node {
        let stands = usize::from(ORDER[at as usize % 64]) % 64;
        let exact = i32::from(block.fine[stands]).abs();
        let magnitude = i32::from(block.coefficients[stands]).abs();
        let bits = 32 - magnitude.leading_zeros();
        let keeping = squared(exact - FINE * magnitude);
        // Of a power of two, one less has a bit less.
        let lowering = (magnitude > 1 && magnitude & (magnitude - 1) == 0)
            .then(|| squared(exact - FINE * (magnitude - 1)));
        let zeroing = (magnitude == 1 && exact < LEAST_KEPT).then(|| squared(exact));

        let mut best = Node { at, value: 0, before: 0, cost: i32::MAX, zeroing };
        let mut zeroed = 0;
        for before in (0..=count).rev() {
            let node = self.at(before);
            let zeros = at - node.at - 1;
            let cost = node.cost + zeroed + self.run(zeros, bits) + keeping;
            if cost < best.cost {
                best = Node { value: magnitude as i16, before: before as u8, cost, ..best };
            }
            if let Some(lowering) = lowering {
                let cost = node.cost + zeroed + self.run(zeros, bits - 1) + lowering;
                if cost < best.cost {
                    best = Node { value: magnitude as i16 - 1, before: before as u8, cost, ..best };
                }
            }
            let Some(zeroing) = node.zeroing else { break };
            zeroed += zeroing;
        }
        best
    }

    /// The node that it is cheapest to end the block behind.
    #[inline]
    fn best_last(&self, count: usize) -> usize {
        let (mut least, mut best, mut zeroed) = (i32::MAX, 0, 0);
        for last in (0..=count).rev() {
            let node = self.at(last);
            let end = if node.at < 63 { self.cost(END) } else { 0 };
            let cost = node.cost + zeroed + end;
            if cost < least {
                (least, best) = (cost, last);
            }
            let Some(zeroing) = node.zeroing else { break };
            zeroed += zeroing;
        }
        best
    }

    /// Gives the coefficients on the way to a node their values; answers which they are.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "indices are masked to the lengths of the arrays")]
    fn keep(&self, block: &mut Quantised, last: usize) -> u64 {
        let (mut kept, mut next) = (0, last);
        while next > 0 {
            let node = self.at(next);
            let coefficient = &mut block.coefficients[usize::from(ORDER[node.at as usize % 64]) % 64];
            *coefficient = node.value * coefficient.signum();
            kept |= 1 << node.at;
            next = node.before.into();
        }
        kept
    }

    /// The cost of a coefficient of so many bits behind so many zeros.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the zeros of a block; at most eleven bits")]
    fn run(&self, zeros: u32, bits: u32) -> i32 {
        let symbol = self.cost((zeros as u8 % 16) << 4 | bits as u8);
        if zeros < 16 { symbol } else { symbol + (zeros / 16).cast_signed() * self.cost(SIXTEEN_ZEROS) }
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the index is a byte")]
    fn cost(&self, symbol: u8) -> i32 {
        self.costs[usize::from(symbol)]
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the index is masked to the length of the array")]
    fn at(&self, node: usize) -> Node {
        self.nodes[node % 64]
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the index is masked to the length of the array")]
    fn at_mut(&mut self, node: usize) -> &mut Node {
        &mut self.nodes[node % 64]
    }
}

/// What an error costs.
#[inline]
fn squared(error: i32) -> i32 {
    error * error * ERROR
}

/// About how long the code of a symbol is in photographs, without its value bits.
fn expected_bits(symbol: u8) -> u32 {
    let (zeros, bits) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    match (symbol, bits) {
        (END, _) => 3,
        (SIXTEEN_ZEROS, _) => 11,
        (_, 0) => 16,
        _ => (24 + 12 * zeros + (16 + 6 * zeros) * (bits - 1)).min(256) / 16,
    }
}

/// Sixteenths of the logarithm to base two, by straight lines between the powers.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "less than 16 · 32")]
fn log2(value: u32) -> i32 {
    let whole = value.max(1).ilog2();
    (16 * whole) as i32 + (u64::from(value) << 4 >> whole) as i32 - 16
}

#[cfg(test)]
mod tests {
    use super::super::tests::Dice;
    use super::*;

    /// A block of coefficients in zigzag order, in `FINE`ths of a step.
    fn block(exact: &[i16; 64]) -> (Quantised, u64) {
        let mut block = Quantised { coefficients: [0; 64], fine: [0; 64], nonzero: 0 };
        let mut nonzero = 0;
        for (at, &stands) in ORDER.iter().enumerate() {
            let stands = usize::from(stands);
            block.fine[stands] = exact[at];
            let sign = exact[at].signum();
            let magnitude = (exact[at].abs() + 8) / 16;
            block.coefficients[stands] = sign * magnitude;
            nonzero |= u64::from(magnitude > 0) << at;
        }
        (block, nonzero)
    }

    /// What a block costs as it is.
    fn cost(trellis: &Trellis, block: &Quantised) -> i32 {
        let (mut cost, mut last) = (0, 0);
        for at in 1..64_u32 {
            let stands = usize::from(ORDER[at as usize]);
            let value = i32::from(block.coefficients[stands]);
            cost += squared(i32::from(block.fine[stands]) - FINE * value);
            if value != 0 {
                cost += trellis.run(at - last - 1, 32 - value.abs().leading_zeros());
                last = at;
            }
        }
        cost + if last < 63 { trellis.cost(END) } else { 0 }
    }

    /// All that may become of a block, tried one by one.
    fn least_cost(trellis: &Trellis, block: &Quantised) -> i32 {
        let mut least = i32::MAX;
        let free: Vec<usize> = (1..64)
            .map(|at| usize::from(ORDER[at]))
            .filter(|&stands| {
                let magnitude = block.coefficients[stands].abs();
                let may_be_zero = magnitude == 1 && i32::from(block.fine[stands]).abs() < LEAST_KEPT;
                may_be_zero || magnitude > 1 && magnitude & (magnitude - 1) == 0
            })
            .collect();
        for choice in 0..1_u32 << free.len() {
            let mut tried = Quantised { ..*block };
            for (bit, &stands) in free.iter().enumerate() {
                let coefficient = &mut tried.coefficients[stands];
                *coefficient -= coefficient.signum() * i16::from(choice >> bit & 1 == 1);
            }
            least = least.min(cost(trellis, &tried));
        }
        least
    }

    #[test]
    fn there_is_no_cheaper_block() {
        let mut dice = Dice(3);
        let mut trellis = Trellis::new();
        for round in 0..300 {
            let mut exact = [0; 64];
            for _ in 0..dice.byte() % 10 {
                let scale = if dice.byte() < 60 { 4 } else { 1 };
                exact[1 + usize::from(dice.byte()) % 63] = (i16::from(dice.byte() % 64) - 32) * scale;
            }
            let (mut block, nonzero) = block(&exact);
            let least = least_cost(&trellis, &block);
            let kept = trellis.thin(&mut block, nonzero);
            for (at, &stands) in ORDER.iter().enumerate().skip(1) {
                if kept >> at & 1 == 0 {
                    block.coefficients[usize::from(stands)] = 0;
                }
            }
            assert_eq!(cost(&trellis, &block), least, "{round}");
            let frequencies = std::array::from_fn(|_| u32::from(dice.byte()));
            trellis.learn(&frequencies);
        }
    }

    #[test]
    fn what_stands_alone_is_zeroed_and_what_is_large_is_kept() {
        let mut exact = [0; 64];
        (exact[1], exact[2], exact[40]) = (80, -12, 9);
        let (mut found, nonzero) = block(&exact);
        assert_eq!(nonzero, 1 << 1 | 1 << 2 | 1 << 40);
        assert_eq!(Trellis::new().thin(&mut found, nonzero), 1 << 1 | 1 << 2);
        assert_eq!(Trellis::new().thin(&mut block(&[0; 64]).0, 0), 0);
    }

    #[test]
    fn logarithms_are_near() {
        for value in [1, 2, 3, 5, 1_000, 65_535, u32::MAX] {
            let exact = 16.0 * f64::from(value).log2();
            assert!((f64::from(log2(value)) - exact).abs() < 2.5, "{value}");
        }
    }
}

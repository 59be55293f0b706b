//! Rate–distortion optimised quantisation: coefficients are zeroed, or lowered to one that has a bit less, where the
//! bits that takes off are worth more than the change.
//!
//! The cheapest way through a block is found by dynamic programming (Ramchandran and Vetterli, 1994; Crouse and
//! Ramchandran, 1997) over the coefficients that are not zero, of which two may stand before each: the last, and the one
//! before it that is cheapest. All of them would take half as long again and save nothing. Changes are counted in squared
//! steps of the quantiser, bits by how often each symbol came so far. Only whole numbers are used: all machines make the
//! same file. What photographs decide differently each time is decided without branches.

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

/// Numbers of value bits, from none on, of which twelve occur.
const BITS: usize = 16;

/// Costs of runs, and the ways through a block.
#[derive(Debug)]
pub(super) struct Trellis {
    /// Of a coefficient of so many bits behind so many zeros, with its value bits.
    runs: [[i32; 64]; BITS],
    /// Of the end of a block.
    end: i32,
    nodes: [Node; 64],
}

/// A coefficient that may be kept; the first stands for the start of the block.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Where it is in zigzag order.
    at: u8,
    /// The node before it on the cheapest way.
    before: u8,
    /// Its magnitude, if it is kept.
    value: i16,
}

/// The cheapest way to a node.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Less what zeroing everything up to the node costs, so that ways to different nodes compare.
    cost: i32,
    at: u32,
    node: u32,
}

impl Way {
    const START: Self = Self { cost: 0, at: 0, node: 0 };

    /// What no way costs.
    const NO_WAY: i32 = 1 << 30;

    /// The cheaper one.
    #[inline]
    fn or(self, other: Self) -> Self {
        let is_other = if_less(other.cost, self.cost);
        let pick = |own: u32, others: u32| own ^ ((own ^ others) & is_other.cast_unsigned());
        Self {
            cost: self.cost + ((other.cost - self.cost) & is_other),
            at: pick(self.at, other.at),
            node: pick(self.node, other.node),
        }
    }
}

impl Trellis {
    /// Before anything was counted.
    pub(super) fn new() -> Self {
        let mut trellis = Self { runs: [[0; 64]; BITS], end: 0, nodes: [Node::default(); 64] };
        trellis.learn(&[0; 256]);
        trellis
    }

    /// Takes for likely what came often. Of longer runs none is taken to cost less.
    pub(super) fn learn(&mut self, frequencies: &[u32; 256]) {
        let total = log2(frequencies.iter().sum::<u32>().saturating_add(1 << EXPECTED));
        let cost = |symbol: u8| {
            let frequency = frequencies.get(usize::from(symbol)).copied().unwrap_or(0);
            let as_if = 1 << EXPECTED.saturating_sub(expected_bits(symbol));
            WORTH * (total - log2(frequency.saturating_add(as_if)) + 16 * i32::from(symbol & 15))
        };
        self.end = cost(END);
        let sixteen_zeros = cost(SIXTEEN_ZEROS);
        for (runs, bits) in self.runs.iter_mut().zip(0..) {
            let (mut least, mut before) = (0, 0);
            for sixteen in runs.as_chunks_mut::<16>().0 {
                for (run, zeros) in sixteen.iter_mut().zip(0..) {
                    least = least.max(before + cost(zeros << 4 | bits));
                    *run = least;
                }
                before += sixteen_zeros;
            }
        }
    }

    /// Thins a block out, of which `nonzero` has the coefficients that are not zero, in zigzag order; answers those
    /// that are left.
    #[inline]
    pub(super) fn thin(&mut self, block: &mut Quantised, nonzero: u64) -> u64 {
        // To the last coefficient, and to the one before it that it is cheapest to end behind.
        let (mut last, mut other) = (Way::START, Way { cost: Way::NO_WAY, ..Way::START });
        let mut left = nonzero & !1;
        while left != 0 {
            (last, other) = self.step(block, left.trailing_zeros(), last, other);
            left &= left - 1;
        }
        last.cost += if last.at < 63 { self.end } else { 0 };
        other.cost += self.end;
        self.keep(block, last.or(other).node)
    }

    /// The way to one coefficient more, and the other that is then left.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "indices are masked to the length of the arrays; there are 64 nodes, and coefficients are 16 bits wide"
    )]
    fn step(&mut self, block: &Quantised, at: u32, last: Way, mut other: Way) -> (Way, Way) {
        let stands = usize::from(ORDER[at as usize % 64]) % 64;
        let exact = i32::from(block.fine[stands]).abs();
        let magnitude = i32::from(block.coefficients[stands]).abs();
        let bits = 32 - magnitude.leading_zeros();

        let on = |way: Way| Way { cost: way.cost + self.run(at - way.at - 1, bits), ..way };
        let way = on(last).or(on(other));
        let keeping = squared(exact - FINE * magnitude);
        // Of a power of two, one less has a bit less.
        let zeros = at - way.at - 1;
        let lowering = squared(exact - FINE * (magnitude - 1)) - keeping + self.run(zeros, bits - 1)
            - self.run(zeros, bits);
        let may_lower = if_less(1, magnitude) & if_less(magnitude & (magnitude - 1), 1);
        let lowers = may_lower & if_less(lowering, 0);
        let may_be_zero = if_less(magnitude, 2) & if_less(exact, LEAST_KEPT);

        let node = last.node + 1;
        let value = (magnitude + lowers) as i16;
        self.nodes[node as usize % 64] = Node { at: at as u8, before: way.node as u8, value };
        let cost = way.cost + keeping + (lowering & lowers) - squared(exact & may_be_zero);
        // Whatever comes next costs no less behind what is not cheaper than this one.
        other = last.or(other);
        let goes_on = may_be_zero & if_less(other.cost, cost);
        other.cost = Way::NO_WAY + ((other.cost - Way::NO_WAY) & goes_on);
        (Way { cost, at, node }, other)
    }

    /// What a coefficient of so many bits costs behind so many zeros.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "indices are masked to the lengths of the arrays")]
    fn run(&self, zeros: u32, bits: u32) -> i32 {
        self.runs[bits as usize % BITS][zeros as usize % 64]
    }

    /// Gives the coefficients on the way to a node their values; answers which they are.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "indices are masked to the lengths of the arrays")]
    fn keep(&self, block: &mut Quantised, last: u32) -> u64 {
        let (mut kept, mut next) = (0, last);
        while next > 0 {
            let node = self.nodes[next as usize % 64];
            let coefficient = &mut block.coefficients[usize::from(ORDER[usize::from(node.at) % 64]) % 64];
            *coefficient = node.value * coefficient.signum();
            kept |= 1 << node.at;
            next = node.before.into();
        }
        kept
    }
}

/// All bits where the first is less, and else none. They are less than 2³¹ apart.
#[inline]
fn if_less(a: i32, b: i32) -> i32 {
    (a - b) >> 31
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
        cost + if last < 63 { trellis.end } else { 0 }
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
    fn there_is_hardly_a_cheaper_block() {
        let (mut found, mut leasts) = (0, 0);
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
            let thinned = cost(&trellis, &block);
            assert!(thinned >= least, "{round}");
            (found, leasts) = (found + i64::from(thinned), leasts + i64::from(least));
            let frequencies = std::array::from_fn(|_| u32::from(dice.byte()));
            trellis.learn(&frequencies);
        }
        assert!(found * 1_000 <= leasts * 1_001, "{found} for {leasts}");
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

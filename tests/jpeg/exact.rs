//! Samples beside the transform as the standard has it, of coefficients that are known.

use lenslet::picture::decode::Reduction;
use lenslet::picture::rows::Colours;

use crate::support::bytes::Dice;
use crate::support::jpeg_file::{JpegFile, Order};
use crate::support::planes::{by, whole};

/// How far a sample may lie from the exact mean that it is: half of one for rounding, the rest for single precision.
const LARGEST_DIFFERENCE: f64 = 0.505;

const ORDERS: [Order; 3] = [Order::Interleaved, Order::OneByOne, Order::Progressive];

/// Blocks of each component in an MCU: the usual ones, those of old cameras, and what only the standard has.
pub(super) const FACTORS: [&[(usize, usize)]; 16] = [
    &[(1, 1)],
    &[(2, 2)],
    &[(1, 1), (1, 1), (1, 1)],
    &[(2, 1), (1, 1), (1, 1)],
    &[(1, 2), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1)],
    &[(4, 1), (1, 1), (1, 1)],
    &[(1, 4), (1, 1), (1, 1)],
    &[(4, 2), (1, 1), (1, 1)],
    &[(3, 1), (1, 1), (1, 1)],
    &[(2, 2), (2, 1), (1, 2)],
    &[(1, 1), (2, 2), (2, 1)],
    &[(3, 2), (2, 1), (1, 1)],
    &[(2, 2), (2, 2), (1, 1)],
    &[(1, 1), (1, 1), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1), (2, 2)],
];

/// The file decoded at a reduction is what its coefficients say.
fn is_exact(made: &JpegFile, file: &[u8], reduction: Reduction, what: &str) {
    let gathered = whole(file, reduction).unwrap_or_else(|reason| panic!("{what}: {reason}"));
    let layout = gathered.layout.unwrap();
    for (index, (plane, samples)) in layout.planes.iter().zip(&gathered.planes).enumerate() {
        let is_difference = layout.colours == Colours::FullYcc && index > 0;
        let by = usize::from(if is_difference { reduction.chroma } else { reduction.luma });
        let (width, height) = made.size(index);
        let size = (plane.size.width as usize, plane.size.height as usize);
        assert_eq!(size, (width.div_ceil(by), height.div_ceil(by)), "{what}: size of plane {index}");
        for (at, (&sample, exact)) in samples.iter().zip(made.exact(index, by)).enumerate() {
            let exact = exact.clamp(0.0, 255.0);
            // Without a word of Adobe's, ink is stored as it is.
            let sample = if layout.colours == Colours::Cmyk { 255 - sample } else { sample };
            let difference = (f64::from(sample) - exact).abs();
            assert!(difference <= LARGEST_DIFFERENCE, "{what}: plane {index}, {sample} at {at} for {exact}");
        }
    }
}

#[test]
fn every_factor_order_and_reduction_gives_the_exact_samples() {
    let mut dice = Dice::new(0x5EED);
    for factors in FACTORS {
        for (width, height) in [(1, 1), (17, 9), (64, 32), (75, 53)] {
            let made = JpegFile::random(&mut dice, width, height, factors);
            for order in ORDERS {
                for restart_interval in [0, 1, 7] {
                    let file = made.bytes(order, restart_interval);
                    let what =
                        format!("{factors:?}, {width}×{height}, {order:?}, restarts {restart_interval}");
                    for reduction in [1, 2, 4, 8] {
                        is_exact(&made, &file, by(reduction), &format!("{what}, by {reduction}"));
                    }
                }
            }
        }
    }
}

#[test]
fn luma_and_chroma_are_reduced_each_by_its_own() {
    let mut dice = Dice::new(0xC401);
    for factors in [FACTORS[2], FACTORS[5], FACTORS[9]] {
        let made = JpegFile::random(&mut dice, 75, 53, factors);
        for order in ORDERS {
            let file = made.bytes(order, 0);
            for luma in [1, 2, 4, 8] {
                for chroma in [1, 2, 4, 8] {
                    let reduction = Reduction { luma, chroma };
                    is_exact(&made, &file, reduction, &format!("{factors:?}, {order:?}, {reduction:?}"));
                }
            }
        }
    }
}

//! One plane, row by row: along x as a row comes in, along y as soon as its last row is there.

use std::collections::VecDeque;
use std::sync::Arc;

use wide::f32x4;

use super::axis::{Axis, Samples, Taps};
use super::light::{self, LightOf};
use crate::picture::rows::Plane;

/// Resamples one plane.
#[derive(Debug)]
pub(super) struct PlaneResampler {
    /// Samples of a pixel in the rows that come: one, three or four.
    samples: usize,
    /// The fourth of them is alpha, by which the others are to be multiplied.
    multiplies: bool,
    /// The light of each level, where that is what is filtered.
    light: Option<Arc<LightOf>>,
    columns: Taps,
    lines: Taps,
    /// The next output row.
    next_line: usize,
    /// The next source row.
    next_row: usize,
    /// The source row that the first held row was made of.
    first_held: usize,
    held: VecDeque<Vec<f32>>,
    spare: Vec<Vec<f32>>,
    unfolded: Vec<f32>,
}

impl PlaneResampler {
    /// A resampler of a plane whose pixels have so many samples, and that is to look as fine as another. Axes are in
    /// pixels of the file.
    pub(super) fn new(across: &Axis, down: &Axis, plane: &Plane, fine: &Plane, samples: usize) -> Self {
        let columns = |plane: &Plane| Samples { count: plane.size.width, density: plane.density.0 };
        let lines = |plane: &Plane| Samples { count: plane.size.height, density: plane.density.1 };
        let is_tight = samples == 1;
        let is_identity = across.is_identity() && down.is_identity();
        Self {
            samples,
            multiplies: samples == 4 && !is_identity,
            light: None,
            columns: Taps::new(across, columns(plane), columns(fine), is_tight),
            lines: Taps::new(down, lines(plane), lines(fine), is_tight),
            next_line: 0,
            next_row: 0,
            first_held: 0,
            held: VecDeque::new(),
            spare: Vec::new(),
            unfolded: Vec::new(),
        }
    }

    /// The same of light, which is that of these levels.
    pub(super) fn in_light(self, light: Option<Arc<LightOf>>) -> Self {
        Self { light, ..self }
    }

    /// Samples of a pixel in the rows that are made: those of three have a fourth that means nothing.
    pub(super) fn lanes(&self) -> usize {
        if self.samples == 1 { 1 } else { 4 }
    }

    /// Whether alpha is multiplied in.
    pub(super) fn is_multiplied(&self) -> bool {
        self.multiplies
    }

    /// Whether all output rows were made.
    pub(super) fn is_done(&self) -> bool {
        self.next_line >= self.lines.firsts.len()
    }

    /// Takes the next source row.
    pub(super) fn push(&mut self, row: &[u8]) {
        let index = self.next_row;
        self.next_row += 1;
        let needed = self.lines.firsts.get(self.next_line);
        if needed.is_none_or(|&first| index < first) {
            self.first_held = self.next_row;
            return;
        }
        self.unfold(row);
        let mut held = self.spare.pop().unwrap_or_default();
        held.resize(self.columns.firsts.len() * self.lanes(), 0.0);
        match self.samples {
            1 => match self.columns.span {
                4 => filter_single::<4>(&self.unfolded, &self.columns, &mut held),
                8 => filter_single::<8>(&self.unfolded, &self.columns, &mut held),
                12 => filter_single::<12>(&self.unfolded, &self.columns, &mut held),
                _ => filter_single::<0>(&self.unfolded, &self.columns, &mut held),
            },
            3 => filter_pixels::<3, 13>(&self.unfolded, &self.columns, &mut held),
            _ => filter_pixels::<4, 16>(&self.unfolded, &self.columns, &mut held),
        }
        self.held.push_back(held);
    }

    /// Makes the next output row if all it looks at is there.
    pub(super) fn pull(&mut self, out: &mut Vec<f32>) -> bool {
        let Some((first, weights)) = self.lines.get(self.next_line) else { return false };
        if first + weights.len() > self.next_row {
            return false;
        }
        let skip = first.saturating_sub(self.first_held);
        out.clear();
        out.resize(self.columns.firsts.len() * self.lanes(), 0.0);
        add_rows(out, self.held.make_contiguous().get(skip..).unwrap_or_default(), weights);
        self.next_line += 1;
        self.drop_passed();
        true
    }

    /// Lets go of rows that no later output row looks at.
    fn drop_passed(&mut self) {
        let needed = self.lines.firsts.get(self.next_line).copied().unwrap_or(self.next_row);
        while self.first_held < needed.min(self.next_row) {
            self.spare.extend(self.held.pop_front());
            self.first_held += 1;
        }
    }

    /// Bytes to samples, alpha multiplied in, and as many zeros as the longest tap may look at behind the last.
    fn unfold(&mut self, row: &[u8]) {
        let padding = self.columns.span * self.samples + 4;
        self.unfolded.resize(row.len() + padding, 0.0);
        if let Some(of) = &self.light {
            light::unfold(row, self.samples, of, &mut self.unfolded);
            return;
        }
        for (sample, &byte) in self.unfolded.iter_mut().zip(row) {
            *sample = f32::from(byte);
        }
        if self.multiplies {
            for pixel in self.unfolded.as_chunks_mut::<4>().0 {
                let [r, g, b, a] = *pixel;
                let share = a / 255.0;
                *pixel = [r * share, g * share, b * share, a];
            }
        }
    }
}

/// One row of single samples times the weights of every column, four columns at a time. `SPAN` is that of the
/// taps, or zero for any: those of pictures that were reduced already are short, and known to be.
fn filter_single<const SPAN: usize>(samples: &[f32], columns: &Taps, out: &mut [f32]) {
    let mut each = columns.padded();
    let mut sum_next =
        || each.next().map_or(f32x4::ZERO, |(first, weights)| dot::<SPAN>(samples, first, weights));
    for four in out.chunks_mut(4) {
        let [a, b, c, d] = f32x4::transpose([sum_next(), sum_next(), sum_next(), sum_next()]);
        let all = ((a + b) + (c + d)).to_array();
        match four.first_chunk_mut() {
            Some(four) => *four = all,
            None => four.copy_from_slice(all.get(..four.len()).unwrap_or_default()),
        }
    }
}

/// Samples from `first` on times weights, in four sums.
#[inline]
fn dot<const SPAN: usize>(samples: &[f32], first: usize, weights: &[f32]) -> f32x4 {
    let rest = samples.get(first..).unwrap_or_default();
    if let (true, Some(samples), Some(weights)) =
        (SPAN > 0, rest.first_chunk::<SPAN>(), weights.first_chunk::<SPAN>())
    {
        return sum_of_products(samples, weights);
    }
    sum_of_products(rest, weights)
}

#[inline]
fn sum_of_products(samples: &[f32], weights: &[f32]) -> f32x4 {
    let pairs = samples.as_chunks::<4>().0.iter().zip(weights.as_chunks::<4>().0);
    pairs.fold(f32x4::ZERO, |sum, (&samples, &weights)| sum + f32x4::new(samples) * f32x4::new(weights))
}

/// One row of pixels times the weights of every column.
fn filter_pixels<const STRIDE: usize, const BLOCK: usize>(samples: &[f32], columns: &Taps, out: &mut [f32]) {
    for ((first, weights), pixel) in columns.each().zip(out.as_chunks_mut::<4>().0) {
        *pixel = weighted_sum::<STRIDE, BLOCK>(samples, first, weights).to_array();
    }
}

/// The pixels under a tap, each times its weight. `BLOCK` samples hold four pixels of `STRIDE` samples and what the
/// fourth lane of the last one loads: where a pixel has three samples, that lane holds a neighbour's and means nothing.
#[inline]
fn weighted_sum<const STRIDE: usize, const BLOCK: usize>(
    samples: &[f32],
    first: usize,
    weights: &[f32],
) -> f32x4 {
    let mut rest = samples.get(first * STRIDE..).unwrap_or_default();
    // Two sums, since one would wait for itself at every addition.
    let (mut even, mut odd) = (f32x4::ZERO, f32x4::ZERO);
    let (blocks, left) = weights.as_chunks::<4>();
    for &[a, b, c, d] in blocks {
        let Some(block) = rest.first_chunk::<BLOCK>() else { break };
        even += load(block, 0) * f32x4::splat(a);
        odd += load(block, STRIDE) * f32x4::splat(b);
        even += load(block, 2 * STRIDE) * f32x4::splat(c);
        odd += load(block, 3 * STRIDE) * f32x4::splat(d);
        rest = rest.get(4 * STRIDE..).unwrap_or_default();
    }
    for &weight in left {
        even += load(rest, 0) * f32x4::splat(weight);
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    even + odd
}

#[inline]
fn load(samples: &[f32], at: usize) -> f32x4 {
    samples.get(at..).and_then(<[f32]>::first_chunk::<4>).map_or(f32x4::ZERO, |&lanes| f32x4::new(lanes))
}

/// Adds rows, each times its weight. Four at a time, so that the sums are loaded and stored a quarter as often.
fn add_rows(sums: &mut [f32], rows: &[Vec<f32>], weights: &[f32]) {
    for (rows, weights) in rows.chunks(4).zip(weights.chunks(4)) {
        if let ([a, b, c, d], &[wa, wb, wc, wd]) = (rows, weights) {
            for ((((sum, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *sum += (a * wa + b * wb) + (c * wc + d * wd);
            }
            continue;
        }
        for (row, &weight) in rows.iter().zip(weights) {
            for (sum, &sample) in sums.iter_mut().zip(row) {
                *sum += sample * weight;
            }
        }
    }
}

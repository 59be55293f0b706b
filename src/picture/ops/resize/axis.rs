//! One axis of a resampling: which source samples make which output sample, and by how much.

use std::f64::consts::PI;
use std::ops::Range;

/// How one axis of the source becomes one axis of the output. Lengths are in pixels of the file, or in samples of a
/// plane after [`Axis::at`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Where the first wanted output sample begins; may lie between pixels.
    pub start: f64,
    /// How much of the source one output sample takes.
    pub step: f64,
    /// How many output samples are wanted.
    pub count: u32,
    /// What may be looked at: what was trimmed off does not bleed back in.
    pub low: f64,
    /// Where that ends.
    pub high: f64,
}

/// Half the width of the kernel.
const SUPPORT: f64 = 3.0;

/// The Lanczos window of three lobes: sinc(x) · sinc(x / 3).
fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x.abs() < SUPPORT { sinc(x) * sinc(x / SUPPORT) } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn truncate(value: f64) -> u32 {
    value as u32
}

impl Axis {
    /// All of `length` pixels as they are.
    pub fn whole(length: u32) -> Self {
        Self { start: 0.0, step: 1.0, count: length, low: 0.0, high: length.into() }
    }

    /// The same in samples of a plane that has `density` of them to a pixel.
    #[must_use]
    pub fn at(self, density: f64) -> Self {
        Self {
            start: self.start * density,
            step: self.step * density,
            low: self.low * density,
            high: self.high * density,
            ..self
        }
    }

    /// The same with half as many output samples, each of twice the size. With `leads`, the first of them lies half
    /// before the first of these.
    #[must_use]
    pub fn halved(self, leads: bool) -> Self {
        Self {
            start: self.start - if leads { self.step } else { 0.0 },
            step: self.step * 2.0,
            count: self.count.div_ceil(2),
            ..self
        }
    }

    /// Whether every output sample is a source sample as it is.
    pub fn is_identity(&self) -> bool {
        (self.step - 1.0).abs() < 1e-9 && self.start.fract().abs() < 1e-9
    }

    /// The weights of an output sample, and the first of `source` samples that they are for.
    fn weigh(&self, index: u32, source: u32, weights: &mut Vec<f64>) -> u32 {
        let widen = self.step.max(1.0);
        let reach = SUPPORT * widen;
        let low = self.low.floor().clamp(0.0, f64::from(source - 1));
        let high = self.high.ceil().clamp(low + 1.0, f64::from(source));
        let centre = self.start + (f64::from(index) + 0.5) * self.step;
        let first = (centre - reach).floor().clamp(low, high - 1.0);
        let end = (centre + reach).ceil().clamp(first + 1.0, high);
        let weigh = |at: u32| lanczos3((first + 0.5 + f64::from(at) - centre) / widen);
        weights.clear();
        weights.extend((0..truncate(end - first)).map(weigh));
        truncate(first)
    }

    /// Source samples that one output sample looks at, at most.
    pub fn taps(&self, source: u32) -> u32 {
        truncate((2.0 * SUPPORT * self.step.max(1.0)).ceil() + 2.0).min(source)
    }

    /// The same as whole lanes of four.
    pub fn span(&self, source: u32) -> u32 {
        self.taps(source).next_multiple_of(4)
    }

    /// The output samples that look at any of these pixels, as they lie in the whole and as an axis of their own.
    #[must_use]
    pub fn part(self, pixels: Range<u32>) -> (Range<u32>, Self) {
        let reach = SUPPORT * self.step.max(1.0) + 1.0;
        let (start, end) = (f64::from(pixels.start).max(self.low), f64::from(pixels.end).min(self.high));
        if start >= end {
            return (0..0, Self { count: 0, ..self });
        }
        let first = truncate(((start - reach - self.start) / self.step).floor()).min(self.count);
        let last = truncate(((end + reach - self.start) / self.step).ceil()).clamp(first, self.count);
        let part = Self { start: self.start + self.step * f64::from(first), count: last - first, ..self };
        (first..last, part)
    }

    /// What is looked at, as it is.
    #[must_use]
    pub fn seen(&self) -> Self {
        let pixels = self.reach(1.0);
        Self {
            start: pixels.start.into(),
            step: 1.0,
            count: pixels.end.saturating_sub(pixels.start),
            low: pixels.start.into(),
            high: pixels.end.into(),
        }
    }

    /// The same over what another axis makes, whose steps are single pixels.
    #[must_use]
    pub fn within(self, seen: &Self) -> Self {
        let from = seen.start;
        Self { start: self.start - from, low: self.low - from, high: self.high - from, ..self }
    }

    /// The pixels that are looked at, where samples of the coarsest plane are `spacing` pixels apart.
    pub fn reach(&self, spacing: f64) -> Range<u32> {
        let reach = SUPPORT * self.step.max(spacing) + spacing;
        let end = self.start + self.step * f64::from(self.count);
        truncate((self.start - reach).max(self.low).floor())..truncate((end + reach).min(self.high).ceil())
    }
}

/// Weights of fine samples from `first` on as weights of the coarse ones, of which there are `ratio` to each, that
/// straight lines lead between; answers the first of those.
fn fold_lines(first: u32, fine: &[f64], ratio: f64, coarse: u32, folded: &mut Vec<f64>) -> u32 {
    let last = f64::from(coarse - 1);
    let place = |at: u32| ((f64::from(first + at) + 0.5) * ratio - 0.5).clamp(0.0, last);
    let start = truncate(place(0));
    folded.clear();
    for (at, weight) in (0..).zip(fine) {
        let place = place(at);
        let (index, share) = ((truncate(place) - start) as usize, place.fract());
        folded.resize(folded.len().max(index + 2), 0.0);
        if let Some([before, after]) = folded.get_mut(index..index + 2) {
            *before += weight * (1.0 - share);
            *after += weight * share;
        }
    }
    // The last line leads to a sample that is not there, by nothing.
    folded.truncate((coarse - start) as usize);
    start
}

/// The weights of every output sample of an axis.
#[derive(Debug, Default)]
pub(super) struct Taps {
    /// The first source sample of each.
    pub(super) firsts: Vec<usize>,
    /// How many source samples each really looks at.
    pub(super) lengths: Vec<usize>,
    /// Weights of all, `span` for each; those behind its length are zero.
    weights: Vec<f32>,
    /// A multiple of four.
    pub(super) span: usize,
}

/// What an axis is laid over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples {
    /// How many there are.
    pub(super) count: u32,
    /// How many there are to a pixel of the file.
    pub(super) density: f64,
}

impl Taps {
    /// The taps of an axis, given in pixels of the file, over a row of `source` samples.
    ///
    /// Where `fine` has more of them, straight lines between samples make as many: chroma is first brought to the
    /// resolution of luma, as every JPEG decoder does it, and both steps are one in these weights.
    ///
    /// With `is_tight`, weights of nothing at the ends are left out; without, sums stay in the order of the kernel.
    pub(super) fn new(axis: &Axis, source: Samples, fine: Samples, is_tight: bool) -> Self {
        let lines = (fine.density > source.density).then_some(source.density / fine.density);
        let over = if lines.is_some() { fine } else { source };
        let axis = axis.at(over.density);
        let span = axis.span(over.count) as usize;
        let mut taps = Self { span, ..Self::default() };
        taps.firsts.reserve_exact(axis.count as usize);
        taps.lengths.reserve_exact(axis.count as usize);
        taps.weights.reserve_exact(axis.count as usize * span);
        let (mut exact, mut folded) = (Vec::with_capacity(span), Vec::with_capacity(span));
        for index in 0..axis.count {
            let first = axis.weigh(index, over.count, &mut exact);
            match lines {
                Some(ratio) => {
                    let first = fold_lines(first, &exact, ratio, source.count, &mut folded);
                    taps.add(first as usize, &folded, is_tight);
                }
                None => taps.add(first as usize, &exact, is_tight),
            }
        }
        taps.pack();
        taps
    }

    /// Enters the weights of the next output sample. Where only one is something, the others are left out: an axis
    /// that changes nothing looks at one sample only.
    fn add(&mut self, first: usize, exact: &[f64], is_tight: bool) {
        let is_something = |weight: &f64| weight.abs() > 1e-9;
        let start = exact.iter().position(is_something).unwrap_or(0);
        let end = exact.iter().rposition(is_something).map_or(exact.len(), |last| last + 1);
        let kept = if is_tight || end - start == 1 { start..end } else { 0..exact.len() };
        let first = first + kept.start;
        let used = exact.get(kept).unwrap_or(exact);
        let sum: f64 = used.iter().sum();
        self.firsts.push(first);
        self.lengths.push(used.len());
        let from = self.weights.len();
        #[expect(clippy::cast_possible_truncation, reason = "weights are used in single precision")]
        self.weights.extend(used.iter().map(|weight| (weight / sum) as f32));
        self.weights.resize(from + self.span, 0.0);
    }

    /// Makes the span as short as the longest tap allows.
    fn pack(&mut self) {
        let span = self.lengths.iter().max().map_or(4, |&longest| longest.next_multiple_of(4));
        if span < self.span {
            for index in 0..self.lengths.len() {
                self.weights.copy_within(index * self.span..index * self.span + span, index * span);
            }
            self.weights.truncate(self.lengths.len() * span);
            self.span = span;
        }
    }

    /// First source sample and weights of every output sample, with zeros up to the span.
    pub(super) fn padded(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.firsts.iter().copied().zip(self.weights.chunks_exact(self.span))
    }

    /// First source sample and weights of every output sample.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let lengths = self.lengths.iter();
        self.padded()
            .zip(lengths)
            .map(|((first, weights), &length)| (first, weights.get(..length).unwrap_or(weights)))
    }

    /// First source sample and weights, without zeros behind them, of one output sample.
    pub(super) fn get(&self, index: usize) -> Option<(usize, &[f32])> {
        let (&first, &length) = (self.firsts.get(index)?, self.lengths.get(index)?);
        let from = index * self.span;
        Some((first, self.weights.get(from..from + length)?))
    }
}

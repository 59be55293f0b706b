//! Lanczos3 resampling, fed by rows: only the rows that the kernel spans are kept.
//!
//! Filtering is separable and done in gamma space, as browsers and libvips do, in single precision and with
//! premultiplied alpha. Each pixel is four lanes wide inside, which is what `simd128` holds.

use std::collections::VecDeque;
use std::f64::consts::PI;
use std::ops::ControlFlow;

use wide::f32x4;

use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::rows::RowSink;

/// How one axis of the source becomes one axis of the output. Lengths are in source samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Where the part to be scaled begins; may lie between samples.
    pub start: f64,
    /// How long that part is.
    pub length: f64,
    /// How many output samples that part becomes.
    pub scaled: u32,
    /// The first of them that is wanted.
    pub first: u32,
    /// How many are wanted.
    pub count: u32,
}

impl Axis {
    /// Whether every wanted output sample is a source sample as it is.
    fn is_identity(&self) -> bool {
        (self.length - f64::from(self.scaled)).abs() < 1e-9 && self.start.fract().abs() < 1e-9
    }

    /// Source samples that one output sample looks at, at most.
    pub fn taps(&self, source: u32) -> u64 {
        let reach = 2.0 * SUPPORT * (self.length / f64::from(self.scaled)).max(1.0) + 2.0;
        truncate(reach.min(f64::from(source)))
    }
}

/// Half the width of the kernel.
const SUPPORT: f64 = 3.0;

/// Red, green, blue and alpha.
type Pixel = f32x4;

/// The Lanczos window of three lobes: sinc(x) · sinc(x / 3).
fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x.abs() < SUPPORT { sinc(x) * sinc(x / SUPPORT) } else { 0.0 }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass small values above -1"
)]
fn truncate(value: f64) -> u64 {
    value.max(0.0) as u64
}

/// The source samples that make one output sample.
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Tap {
    /// The taps of every wanted output sample; `source` is the number of samples there are.
    fn along(axis: &Axis, source: u32) -> Vec<Self> {
        let step = axis.length / f64::from(axis.scaled);
        let widen = step.max(1.0);
        let reach = SUPPORT * widen;
        // What was trimmed off does not bleed back in.
        let low = axis.start.floor().max(0.0);
        let high = (axis.start + axis.length).ceil().min(f64::from(source)).max(low + 1.0);
        (axis.first..axis.first + axis.count)
            .map(|index| {
                let centre = axis.start + (f64::from(index) + 0.5) * step;
                let first = (centre - reach).floor().clamp(low, high - 1.0);
                let end = (centre + reach).ceil().clamp(first + 1.0, high);
                let weigh = |at: u64| lanczos3((first + 0.5 + integer(at) - centre) / widen);
                let weights: Vec<f64> = (0..truncate(end - first)).map(weigh).collect();
                let sum: f64 = weights.iter().sum();
                #[expect(clippy::cast_possible_truncation, reason = "weights are used in single precision")]
                let weights = weights.iter().map(|weight| (weight / sum) as f32).collect();
                Self { first: usize::try_from(truncate(first)).unwrap_or(usize::MAX), weights }
            })
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "positions in a picture are far below 2^52")]
fn integer(value: u64) -> f64 {
    value as f64
}

/// Resamples the rows it is given and hands the new ones on.
pub struct Resampler<S> {
    across: Axis,
    down: Axis,
    size: Size,
    channels: Channels,
    columns: Vec<Tap>,
    lines: VecDeque<Tap>,
    unfolded: Vec<f32>,
    sums: Vec<Pixel>,
    held: VecDeque<Vec<Pixel>>,
    spare: Vec<Vec<Pixel>>,
    first_held: usize,
    next_row: usize,
    folded: Vec<u8>,
    is_copy: bool,
    sink: S,
}

impl<S: RowSink> Resampler<S> {
    /// A resampler that makes `down.count` rows of `across.count` pixels.
    pub fn new(across: Axis, down: Axis, sink: S) -> Self {
        Self {
            across,
            down,
            size: Size::new(across.count, down.count),
            channels: Channels::Rgb,
            columns: Vec::new(),
            lines: VecDeque::new(),
            unfolded: Vec::new(),
            sums: Vec::new(),
            held: VecDeque::new(),
            spare: Vec::new(),
            first_held: 0,
            next_row: 0,
            folded: Vec::new(),
            is_copy: false,
            sink,
        }
    }

    /// Where the rows went.
    pub fn into_sink(self) -> S {
        self.sink
    }

    fn copy_row(&mut self, row: &[u8], index: usize) -> ControlFlow<()> {
        let top = usize::try_from(truncate(self.down.start)).unwrap_or(usize::MAX) + self.down.first as usize;
        let left =
            usize::try_from(truncate(self.across.start)).unwrap_or(usize::MAX) + self.across.first as usize;
        let last = top + self.down.count as usize - 1;
        if index >= top {
            let bytes = self.channels.count();
            let range = left * bytes..(left + self.across.count as usize) * bytes;
            self.sink.row(row.get(range).unwrap_or_default())?;
        }
        if index < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Filters one source row along x and keeps it.
    fn hold_row(&mut self, row: &[u8]) {
        unfold(row, self.channels, &mut self.unfolded);
        let mut held = self.spare.pop().unwrap_or_default();
        held.clear();
        filter_row(&self.unfolded, self.channels, &self.columns, &mut held);
        self.held.push_back(held);
    }

    /// Makes every output row whose last source row is held by now.
    fn emit_ready(&mut self) -> ControlFlow<()> {
        while let Some(tap) = self.lines.front() {
            if tap.first + tap.weights.len() > self.next_row {
                return ControlFlow::Continue(());
            }
            let skip = tap.first.saturating_sub(self.first_held);
            self.sums.clear();
            self.sums.resize(self.columns.len(), Pixel::ZERO);
            let rows = self.held.make_contiguous().get(skip..).unwrap_or_default();
            add_rows(&mut self.sums, rows, &tap.weights);
            self.folded.clear();
            fold(&self.sums, self.channels, &mut self.folded);
            self.lines.pop_front();
            self.sink.row(&self.folded)?;
        }
        ControlFlow::Break(())
    }

    /// Lets go of rows that no later output row looks at.
    fn drop_passed(&mut self) {
        let needed = self.lines.front().map_or(self.next_row, |tap| tap.first);
        while self.first_held < needed.min(self.next_row) {
            self.spare.extend(self.held.pop_front());
            self.first_held += 1;
        }
    }
}

impl<S: RowSink> RowSink for Resampler<S> {
    fn begin(&mut self, size: Size, channels: Channels) {
        self.channels = channels;
        self.is_copy = self.across.is_identity() && self.down.is_identity();
        self.sink.begin(self.size, channels);
        if !self.is_copy {
            self.columns = Tap::along(&self.across, size.width);
            self.lines = Tap::along(&self.down, size.height).into();
        }
    }

    fn row(&mut self, row: &[u8]) -> ControlFlow<()> {
        let index = self.next_row;
        self.next_row += 1;
        if self.is_copy {
            return self.copy_row(row, index);
        }
        let Some(next) = self.lines.front() else { return ControlFlow::Break(()) };
        if index < next.first && self.held.is_empty() {
            self.first_held = index + 1;
            return ControlFlow::Continue(());
        }
        self.hold_row(row);
        self.emit_ready()?;
        self.drop_passed();
        ControlFlow::Continue(())
    }
}

/// One row times the weights of every column.
fn filter_row(samples: &[f32], channels: Channels, columns: &[Tap], out: &mut Vec<Pixel>) {
    match channels {
        Channels::Rgb => out.extend(columns.iter().map(|tap| weighted_sum::<3, 13>(samples, tap))),
        Channels::Rgba => out.extend(columns.iter().map(|tap| weighted_sum::<4, 16>(samples, tap))),
    }
}

/// The pixels under a tap, each times its weight. `BLOCK` samples hold four pixels of `STRIDE` samples and what the
/// fourth lane of the last one loads: where a pixel has three samples, that lane holds a neighbour's and means nothing.
#[inline]
fn weighted_sum<const STRIDE: usize, const BLOCK: usize>(samples: &[f32], tap: &Tap) -> Pixel {
    let mut rest = samples.get(tap.first * STRIDE..).unwrap_or_default();
    // Two sums, since one would wait for itself at every addition.
    let (mut even, mut odd) = (Pixel::ZERO, Pixel::ZERO);
    let mut weights = tap.weights.chunks_exact(4);
    for weights in weights.by_ref() {
        let (Some(block), &[a, b, c, d]) = (rest.first_chunk::<BLOCK>(), weights) else { break };
        even += load(block, 0) * Pixel::splat(a);
        odd += load(block, STRIDE) * Pixel::splat(b);
        even += load(block, 2 * STRIDE) * Pixel::splat(c);
        odd += load(block, 3 * STRIDE) * Pixel::splat(d);
        rest = rest.get(4 * STRIDE..).unwrap_or_default();
    }
    for &weight in weights.remainder() {
        even += load(rest, 0) * Pixel::splat(weight);
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    even + odd
}

#[inline]
fn load(samples: &[f32], at: usize) -> Pixel {
    samples.get(at..).and_then(<[f32]>::first_chunk::<4>).map_or(Pixel::ZERO, |&lanes| Pixel::new(lanes))
}

/// Adds rows, each times its weight. Four at a time, so that the sums are loaded and stored a quarter as often.
fn add_rows(sums: &mut [Pixel], rows: &[Vec<Pixel>], weights: &[f32]) {
    for (rows, weights) in rows.chunks(4).zip(weights.chunks(4)) {
        if let ([a, b, c, d], [wa, wb, wc, wd]) = (rows, weights) {
            let [wa, wb, wc, wd] = [*wa, *wb, *wc, *wd].map(Pixel::splat);
            for ((((sum, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *sum += (a * wa + b * wb) + (c * wc + d * wd);
            }
            continue;
        }
        for (row, &weight) in rows.iter().zip(weights) {
            for (sum, &pixel) in sums.iter_mut().zip(row) {
                *sum += pixel * Pixel::splat(weight);
            }
        }
    }
}

/// Bytes to samples, alpha multiplied in, and one more so that the last pixel has four lanes to load.
fn unfold(row: &[u8], channels: Channels, out: &mut Vec<f32>) {
    out.clear();
    out.extend(row.iter().map(|&byte| f32::from(byte)));
    if channels == Channels::Rgba {
        for pixel in out.chunks_exact_mut(4) {
            if let [r, g, b, a] = pixel {
                let share = *a / 255.0;
                *r *= share;
                *g *= share;
                *b *= share;
            }
        }
    }
    out.push(0.0);
}

/// Lanes back to bytes, alpha divided out.
fn fold(row: &[Pixel], channels: Channels, out: &mut Vec<u8>) {
    // Given its length at first, the vector is not asked for room at every pixel.
    out.resize(row.len() * channels.count(), 0);
    match channels {
        Channels::Rgb => {
            for (&pixel, bytes) in row.iter().zip(out.chunks_exact_mut(3)) {
                let [r, g, b, _] = to_bytes(pixel);
                bytes.copy_from_slice(&[r, g, b]);
            }
        }
        Channels::Rgba => {
            for (&pixel, bytes) in row.iter().zip(out.chunks_exact_mut(4)) {
                let [_, _, _, alpha] = to_bytes(pixel);
                let [_, _, _, exact] = pixel.to_array();
                let [r, g, b, _] = to_bytes(pixel * Pixel::splat(255.0 / exact.clamp(0.5, 255.0)));
                bytes.copy_from_slice(&if alpha == 0 { [0; 4] } else { [r, g, b, alpha] });
            }
        }
    }
}

/// Rounded, and held within what a byte can be.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 255")]
fn to_bytes(pixel: Pixel) -> [u8; 4] {
    let within = (pixel + Pixel::splat(0.5)).fast_max(Pixel::ZERO).fast_min(Pixel::splat(255.0));
    within.fast_trunc_int().to_array().map(|lane| lane as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;
    use crate::picture::rows::Frame;

    fn axis(length: u32, scaled: u32) -> Axis {
        Axis { start: 0.0, length: length.into(), scaled, first: 0, count: scaled }
    }

    fn resample(samples: &[u8], size: Size, channels: Channels, across: Axis, down: Axis) -> Picture {
        let mut resampler = Resampler::new(across, down, Frame::default());
        resampler.begin(size, channels);
        for row in samples.chunks_exact(size.width as usize * channels.count()) {
            if resampler.row(row).is_break() {
                break;
            }
        }
        resampler.into_sink().finish().unwrap()
    }

    #[test]
    fn a_flat_picture_stays_flat() {
        let size = Size::new(37, 23);
        let grey = Picture::filled(size, Channels::Rgba, [10, 200, 77, 128]);
        for (w, h) in [(5, 3), (37, 11), (90, 64), (1, 1)] {
            let out = resample(grey.samples(), size, Channels::Rgba, axis(37, w), axis(23, h));
            assert_eq!(out, Picture::filled(Size::new(w, h), Channels::Rgba, [10, 200, 77, 128]));
        }
    }

    #[test]
    fn a_ramp_keeps_its_middle_where_it_was() {
        // A half-pixel shift would lift or lower every sample by half a step.
        let ramp: Vec<u8> = (0..64_u8).flat_map(|x| [x * 4; 3]).collect();
        let out = resample(&ramp, Size::new(64, 1), Channels::Rgb, axis(64, 16), axis(1, 1));
        for (x, pixel) in (0_u32..).zip(out.samples().chunks_exact(3)).skip(2).take(12) {
            let expected = (f64::from(x) + 0.5) * 16.0 - 2.0;
            assert!((f64::from(pixel[0]) - expected).abs() <= 1.0, "{x}: {} for {expected}", pixel[0]);
        }
    }

    #[test]
    fn a_window_is_a_cut_of_the_whole() {
        let size = Size::new(50, 40);
        let samples: Vec<u8> =
            (0..50 * 40 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let whole = resample(&samples, size, Channels::Rgb, axis(50, 20), axis(40, 16));
        let part = Axis { first: 4, count: 9, ..axis(50, 20) };
        let rows = Axis { first: 3, count: 5, ..axis(40, 16) };
        let cut = resample(&samples, size, Channels::Rgb, part, rows);
        for (row, whole_row) in cut.rows().zip(whole.rows().skip(3)) {
            assert_eq!(row, &whole_row[4 * 3..13 * 3]);
        }
    }

    #[test]
    fn transparent_pixels_lend_no_colour() {
        let row = [255, 0, 0, 255, 0, 255, 0, 0];
        let out = resample(&row, Size::new(2, 1), Channels::Rgba, axis(2, 1), axis(1, 1));
        assert_eq!(&out.samples()[..3], [255, 0, 0]);
    }

    #[test]
    fn at_its_own_size_nothing_changes() {
        let samples: Vec<u8> = (0..=255).collect();
        let out = resample(&samples, Size::new(8, 8), Channels::Rgba, axis(8, 8), axis(8, 8));
        assert_eq!(out.samples(), samples);
        let cut = Axis { start: 2.0, length: 4.0, scaled: 4, first: 1, count: 2 };
        let out = resample(&samples, Size::new(8, 8), Channels::Rgba, cut, cut);
        assert_eq!(&out.samples()[..4], &samples[3 * 32 + 12..3 * 32 + 16]);
    }
}

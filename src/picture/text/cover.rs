//! Outlines to coverage: how much of every pixel lies within, exactly, and what a halo around it covers.

use crate::geometry::Size;

/// How much of each pixel is covered, in 255ths.
#[derive(Debug, Clone)]
pub(super) struct Mask {
    pub(super) size: Size,
    pub(super) samples: Vec<u8>,
}

/// Gathers the sides of outlines. Rows are one longer than the mask's, for what changes behind the last pixel.
#[derive(Debug)]
pub(super) struct Coverage {
    size: Size,
    changes: Vec<f32>,
}

impl Coverage {
    pub(super) fn new(size: Size) -> Self {
        Self { size, changes: vec![0.0; (size.width as usize + 1) * size.height as usize] }
    }

    /// One side of an outline, in pixels. Those that run down cover what lies to their right, those that run up uncover it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "such a cast saturates, and rows are clipped"
    )]
    pub(super) fn side(&mut self, from: (f32, f32), to: (f32, f32)) {
        let (sign, top, bottom) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
        let height = bottom.1 - top.1;
        if height.is_nan() || height <= 0.0 {
            return;
        }
        let slope = (bottom.0 - top.0) / height;
        let stride = self.size.width as usize + 1;
        let first = top.1.max(0.0) as usize;
        let rows = self.changes.chunks_exact_mut(stride).enumerate().skip(first);
        for (row, changes) in rows {
            #[expect(clippy::cast_precision_loss, reason = "rows of a text")]
            let row = row as f32;
            let (begins, ends) = (row.max(top.1), (row + 1.0).min(bottom.1));
            if ends <= begins {
                break;
            }
            let x_at = |y: f32| top.0 + slope * (y - top.1);
            change(changes, x_at(begins), x_at(ends), sign * (ends - begins));
        }
    }

    /// What is covered.
    pub(super) fn finish(self) -> Mask {
        let width = self.size.width as usize;
        let mut samples = Vec::with_capacity(width * self.size.height as usize);
        for changes in self.changes.chunks_exact(width + 1) {
            let mut sum = 0.0_f32;
            samples.extend(changes.iter().take(width).map(|change| {
                sum += change;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is between 0 and 255.5"
                )]
                let sample = (sum.abs().min(1.0) * 255.0 + 0.5) as u8;
                sample
            }));
        }
        Mask { size: self.size, samples }
    }
}

/// What a piece of a side within one row changes from each pixel to the next: of a pixel at `column` it covers the mean
/// of what lies right of the side, and all of the pixels behind.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn change(changes: &mut [f32], x0: f32, x1: f32, height: f32) {
    let (low, high) = if x0 < x1 { (x0, x1) } else { (x1, x0) };
    // The integral of a pixel's covered width, as a side moves away to the left.
    let integral = |v: f32| {
        if v <= 0.0 {
            0.0
        } else if v < 1.0 {
            v * v / 2.0
        } else {
            v - 0.5
        }
    };
    let covered = |right: f32| {
        if high - low < 1e-3 {
            (right - f32::midpoint(low, high)).clamp(0.0, 1.0)
        } else {
            (integral(right - low) - integral(right - high)) / (high - low)
        }
    };
    let first = low.max(0.0) as usize;
    let last = (high.max(0.0) as usize).saturating_add(1).min(changes.len().saturating_sub(1));
    let mut before = 0.0;
    for (column, change) in changes.iter_mut().enumerate().take(last + 1).skip(first) {
        #[expect(clippy::cast_precision_loss, reason = "columns of a text")]
        let now = covered(column as f32 + 1.0);
        *change += height * (now - before);
        before = now;
    }
}

impl Mask {
    /// What lies within `radius` pixels of what is covered: the most of what a round brush covers around each pixel.
    pub(super) fn grown(&self, radius: f32) -> Self {
        let mut grown = self.clone();
        let width = (self.size.width as usize).max(1);
        let brush = brush(radius);
        let mut widened = Vec::with_capacity(width);
        for (y, row) in self.samples.chunks_exact(width).enumerate() {
            widened.clear();
            widened.extend_from_slice(row);
            for (half, lines) in brush.iter().enumerate() {
                if half > 0 {
                    raise(&mut widened, row, half.cast_signed());
                    raise(&mut widened, row, -half.cast_signed());
                }
                for (dy, share) in lines {
                    let Some(y) = y.checked_add_signed(*dy) else { continue };
                    let target = grown.samples.chunks_exact_mut(width).nth(y).unwrap_or_default();
                    for (sample, other) in target.iter_mut().zip(&widened) {
                        let other = (u16::from(*other) * share) >> 8;
                        *sample = (*sample).max(u8::try_from(other).unwrap_or(u8::MAX));
                    }
                }
            }
        }
        grown
    }

    /// Blurred as three boxes of this radius do, which comes close to a bell.
    pub(super) fn blurred(mut self, radius: f32) -> Self {
        let reach = whole(radius / 2.0).unsigned_abs();
        let (width, height) = ((self.size.width as usize).max(1), self.size.height as usize);
        if reach == 0 {
            return self;
        }
        let mut line = Vec::new();
        for _ in 0..3 {
            for row in self.samples.chunks_exact_mut(width) {
                line.clear();
                line.extend_from_slice(row);
                box_blur(&line, row.iter_mut(), reach);
            }
            for column in 0..width {
                line.clear();
                line.extend(self.samples.iter().skip(column).step_by(width).take(height));
                box_blur(&line, self.samples.iter_mut().skip(column).step_by(width), reach);
            }
        }
        self
    }
}

/// Lines of a round brush by their half length in whole pixels: how far below the middle each lies, and its share in 256ths.
fn brush(radius: f32) -> Vec<Vec<(isize, u16)>> {
    let reach = whole(radius);
    let mut lines: Vec<Vec<(isize, u16)>> = vec![Vec::new(); reach.unsigned_abs() + 2];
    for dy in -reach..=reach {
        #[expect(clippy::cast_precision_loss, reason = "no more than a few hundred")]
        let away = dy.unsigned_abs() as f32;
        let share = (radius + 0.5 - away).clamp(0.0, 1.0);
        // Ends are as soft as the edge of a disc is: half a pixel beyond its half chord nothing is left.
        let end = (radius * radius - away * away).max(0.0).sqrt() + 0.5;
        let half = end.floor();
        for (half, share) in [(half - 1.0, share), (half, share * (end - half))] {
            if half >= 0.0
                && let Some(lines) = lines.get_mut(whole(half).unsigned_abs())
            {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 256")]
                lines.push((dy, (share * 256.0) as u16));
            }
        }
    }
    lines
}

/// Raises every sample to the one `dx` to its right.
fn raise(target: &mut [u8], row: &[u8], dx: isize) {
    let by = dx.unsigned_abs();
    let (target, row) = if dx < 0 {
        (target.get_mut(by..).unwrap_or_default(), row)
    } else {
        (target, row.get(by..).unwrap_or_default())
    };
    for (sample, other) in target.iter_mut().zip(row) {
        *sample = (*sample).max(*other);
    }
}

fn box_blur<'a>(line: &[u8], targets: impl Iterator<Item = &'a mut u8>, reach: usize) {
    let at = |index: usize| line.get(index).map_or(0, |sample| u32::from(*sample));
    let span = u32::try_from(2 * reach + 1).unwrap_or(u32::MAX);
    let mut sum: u32 = (0..reach).map(at).sum();
    for (index, target) in targets.enumerate() {
        sum += at(index + reach);
        *target = u8::try_from((sum + span / 2) / span).unwrap_or(u8::MAX);
        sum -= index.checked_sub(reach).map_or(0, at);
    }
}

/// Whole pixels that a distance reaches into.
#[expect(clippy::cast_possible_truncation, reason = "such a cast saturates, and distances are short")]
pub(super) fn whole(distance: f32) -> isize {
    distance.max(0.0).ceil() as isize
}

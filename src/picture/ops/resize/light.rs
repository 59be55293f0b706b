//! Resampling in light: samples become light before they are added up, as what is seen from afar adds up, and levels again
//! after that. Where a deployment wants it (`LINEAR_LIGHT`).
//!
//! Light is that of whole pixels of sRGB, so planes and profiles are made into those first, at the size of the source.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Axis, Resampler, Shape};
use crate::picture::colour::{Conversion, Levels, light_of};
use crate::picture::rows::{Colours, Layout, RowSink};

/// What makes rows of another size: of samples as they are stored, or in light.
#[derive(Debug)]
pub enum Scaler<S> {
    /// As they are stored.
    Stored(Box<Resampler<S>>),
    /// In light: the first makes whole pixels, the second scales them.
    Linear(Box<Resampler<Resampler<S>>>),
}

impl<S: RowSink> Scaler<S> {
    /// Makes `down.count` rows of `across.count` pixels, and sRGB of them on the way.
    pub fn new(
        (across, down): (Axis, Axis),
        shape: Shape,
        is_linear: bool,
        conversion: Option<&Arc<Conversion>>,
        sink: S,
    ) -> Self {
        if !is_linear {
            let rows = Resampler::new(across, down, shape, sink).converting(conversion);
            return Self::Stored(Box::new(rows));
        }
        let (columns, lines) = (across.seen(), down.seen());
        let scaled = Resampler::new(across.within(&columns), down.within(&lines), Shape::Pixels, sink);
        let whole = Resampler::new(columns, lines, Shape::Pixels, scaled.in_light());
        Self::Linear(Box::new(whole.converting(conversion)))
    }

    /// Where the rows went.
    pub fn into_sink(self) -> S {
        match self {
            Self::Stored(rows) => rows.into_sink(),
            Self::Linear(rows) => rows.into_sink().into_sink(),
        }
    }
}

impl<S: RowSink> RowSink for Scaler<S> {
    fn begin(&mut self, layout: &Layout) {
        match self {
            Self::Stored(rows) => rows.begin(layout),
            Self::Linear(rows) => rows.begin(layout),
        }
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        match self {
            Self::Stored(rows) => rows.row(plane, row),
            Self::Linear(rows) => rows.row(plane, row),
        }
    }
}

/// Light of every level, from 0 to 1.
pub(super) type LightOf = [f32; 256];

/// What makes light of levels, and levels of light.
#[derive(Debug, Clone)]
pub(super) struct Light {
    pub(super) of: Arc<LightOf>,
    levels: Levels,
}

impl Light {
    pub(super) fn new() -> Self {
        let mut of = [0.0; 256];
        for (level, light) in (0..=u8::MAX).zip(&mut of) {
            *light = light_of(f32::from(level) / 255.0);
        }
        Self { of: Arc::new(of), levels: Levels::new() }
    }

    /// Writes a row of pixels out of a resampled one, four lanes a pixel, of which the last is alpha of 0–255 or nothing.
    pub(super) fn to_pixels(&self, colours: Colours, row: &[f32], out: &mut Vec<u8>) {
        let pixels = row.as_chunks::<4>().0;
        if colours == Colours::Rgba {
            out.resize(row.len(), 0);
            for (pixel, bytes) in pixels.iter().zip(out.as_chunks_mut::<4>().0) {
                *bytes = self.translucent(*pixel);
            }
            return;
        }
        out.resize(pixels.len() * 3, 0);
        for (pixel, bytes) in pixels.iter().zip(out.as_chunks_mut::<3>().0) {
            let [r, g, b, _] = self.levels.of_lanes(*pixel);
            *bytes = [r, g, b];
        }
    }

    /// Alpha divided out, with which light was multiplied.
    fn translucent(&self, pixel: [f32; 4]) -> [u8; 4] {
        let [r, g, b, a] = pixel;
        let alpha = crate::picture::lanes::round_one(a);
        if alpha == 0 {
            return [0; 4];
        }
        let share = 255.0 / a.clamp(0.5, 255.0);
        let [r, g, b, _] = self.levels.of_lanes([r * share, g * share, b * share, 0.0]);
        [r, g, b, alpha]
    }
}

/// Levels to light, alpha left as it is and multiplied in.
pub(super) fn unfold(row: &[u8], samples: usize, of: &LightOf, out: &mut [f32]) {
    let light = |level: u8| of.get(usize::from(level)).copied().unwrap_or_default();
    if samples != 4 {
        for (light_out, &level) in out.iter_mut().zip(row) {
            *light_out = light(level);
        }
        return;
    }
    for (pixel, &[r, g, b, a]) in out.as_chunks_mut::<4>().0.iter_mut().zip(row.as_chunks::<4>().0) {
        let (alpha, share) = (f32::from(a), f32::from(a) / 255.0);
        *pixel = [light(r) * share, light(g) * share, light(b) * share, alpha];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::rows::{Frame, Plane};
    use crate::picture::{Channels, Picture};

    fn axis(length: u32, scaled: u32) -> Axis {
        Axis { step: f64::from(length) / f64::from(scaled), count: scaled, ..Axis::whole(length) }
    }

    fn scaled(layout: &Layout, rows: &[(usize, &[u8])], axes: (Axis, Axis)) -> Picture {
        let mut scaler = Scaler::new(axes, Shape::Pixels, true, None, Frame::default());
        scaler.begin(layout);
        for (plane, row) in rows {
            if scaler.row(*plane, row).is_break() {
                break;
            }
        }
        scaler.into_sink().finish().unwrap()
    }

    fn of_picture(picture: &Picture, axes: (Axis, Axis)) -> Picture {
        let rows: Vec<(usize, &[u8])> = picture.rows().map(|row| (0, row)).collect();
        scaled(&Layout::whole(picture.channels().into(), picture.size()), &rows, axes)
    }

    /// Samples by chance.
    fn noise(size: Size, channels: Channels) -> Picture {
        let count = u32::try_from(size.area()).unwrap() * u32::try_from(channels.count()).unwrap();
        let samples = (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]);
        Picture::new(size, channels, samples.collect()).unwrap()
    }

    #[test]
    fn black_and_white_make_the_grey_of_half_the_light() {
        let size = Size::new(64, 64);
        let squares: Vec<u8> =
            (0..64 * 64).flat_map(|at| [if (at % 64 + at / 64) % 2 == 0 { 0 } else { 255 }; 3]).collect();
        let picture = Picture::new(size, Channels::Rgb, squares).unwrap();
        let grey = of_picture(&picture, (axis(64, 8), axis(64, 8)));
        // sRGB's level of a light of one half.
        assert!(grey.samples().iter().all(|level| level.abs_diff(188) <= 2), "{:?}", grey.samples());
    }

    #[test]
    fn a_flat_picture_stays_flat() {
        let size = Size::new(37, 23);
        for pixel in [[10, 200, 77, 255], [10, 200, 77, 128], [0, 255, 1, 3]] {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let flat = Picture::filled(size, channels, pixel);
                for (w, h) in [(5, 3), (37, 11), (90, 64), (1, 1)] {
                    let out = of_picture(&flat, (axis(37, w), axis(23, h)));
                    assert_eq!(out, Picture::filled(Size::new(w, h), channels, pixel), "{pixel:?}");
                }
            }
        }
    }

    #[test]
    fn a_window_is_a_cut_of_the_whole() {
        let picture = noise(Size::new(50, 40), Channels::Rgba);
        let whole = of_picture(&picture, (axis(50, 20), axis(40, 16)));
        let part = Axis { start: 4.0 * 2.5, count: 9, ..axis(50, 20) };
        let rows = Axis { start: 3.0 * 2.5, count: 5, ..axis(40, 16) };
        let cut = of_picture(&picture, (part, rows));
        for (row, whole_row) in cut.rows().zip(whole.rows().skip(3)) {
            assert_eq!(row, &whole_row[4 * 4..13 * 4]);
        }
    }

    #[test]
    fn coarse_chroma_is_made_into_pixels_first() {
        let plane = |size, density| Plane { size, density: (density, density) };
        let planes =
            vec![plane(Size::new(64, 2), 1.0), plane(Size::new(32, 1), 0.5), plane(Size::new(32, 1), 0.5)];
        let layout = Layout { colours: Colours::FullYcc, planes };
        let (luma, chroma) = ([100; 64], [128; 32]);
        let rows: [(usize, &[u8]); 4] = [(0, &luma), (0, &luma), (1, &chroma), (2, &chroma)];
        let out = scaled(&layout, &rows, (axis(64, 16), axis(2, 1)));
        assert_eq!(out, Picture::filled(Size::new(16, 1), Channels::Rgb, [100; 4]));
    }
}

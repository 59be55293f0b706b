//! Lanczos3 resampling, fed by rows: only the rows that the kernel spans are kept.
//!
//! Filtering is separable and done in gamma space, as browsers and libvips do, or in light (`light.rs`), in single precision and with
//! premultiplied alpha. Every plane goes from its own resolution straight to that of the output; what its
//! samples mean is looked at only then.

mod axis;
mod light;
mod plane;

pub use axis::Axis;
pub use light::Scaler;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::light::Light;
use self::plane::PlaneResampler;
use super::colour;
use crate::geometry::Size;
use crate::picture::colour::{Conversion, Converter};
use crate::picture::lanes;
use crate::picture::rows::{Colours, Layout, Plane, RowSink};

/// What kind of rows is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Whole pixels, red, green and blue or with alpha.
    Pixels,
    /// Luma and halved chroma, or grey, where the source has it so; else whole pixels.
    HalvedYcc {
        /// Along x and y: whether the first chroma sample lies half outside, as it does for an odd side that will be
        /// mirrored.
        leads: (bool, bool),
    },
}

/// Resamples the rows it is given and hands the new ones on.
#[derive(Debug)]
pub struct Resampler<S> {
    across: Axis,
    down: Axis,
    shape: Shape,
    colours: Colours,
    /// Planes are handed on as they are, one by one.
    keeps_planes: bool,
    planes: Vec<PlaneResampler>,
    /// The next output row of every plane, if it was made.
    rows: Vec<Vec<f32>>,
    ready: Vec<bool>,
    bytes: Vec<u8>,
    converter: Option<Converter>,
    /// What makes light of levels, where that is scaled.
    light: Option<Light>,
    sink: S,
}

impl<S: RowSink> Resampler<S> {
    /// A resampler that makes `down.count` rows of `across.count` pixels.
    pub fn new(across: Axis, down: Axis, shape: Shape, sink: S) -> Self {
        Self {
            across,
            down,
            shape,
            colours: Colours::Grey,
            keeps_planes: false,
            planes: Vec::new(),
            rows: Vec::new(),
            ready: Vec::new(),
            bytes: Vec::new(),
            converter: None,
            light: None,
            sink,
        }
    }

    /// The same that brings colours to sRGB on the way, of whole pixels.
    #[must_use]
    pub fn converting(self, conversion: Option<&Arc<Conversion>>) -> Self {
        Self { converter: conversion.map(|conversion| Converter::new(Arc::clone(conversion))), ..self }
    }

    /// The same of whole pixels of sRGB, in light.
    #[must_use]
    fn in_light(self) -> Self {
        Self { light: Some(Light::new()), ..self }
    }

    /// Where the rows went.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// The axes of a plane of the source, in pixels of the file.
    fn axes(&self, plane: usize) -> (Axis, Axis) {
        match self.shape {
            Shape::HalvedYcc { leads } if self.keeps_planes && plane > 0 => {
                (self.across.halved(leads.0), self.down.halved(leads.1))
            }
            _ => (self.across, self.down),
        }
    }

    fn output(&self) -> Layout {
        let plane = |(across, down): (Axis, Axis)| Plane {
            size: Size::new(across.count, down.count),
            density: (1.0, 1.0),
        };
        let colours = match self.colours {
            Colours::Grey if self.keeps_planes => Colours::Grey,
            Colours::FullYcc | Colours::VideoYcc if self.keeps_planes => Colours::FullYcc,
            Colours::Rgba => Colours::Rgba,
            _ => Colours::Rgb,
        };
        let count = if self.keeps_planes { self.planes.len() } else { 1 };
        Layout { colours, planes: (0..count).map(|index| plane(self.axes(index))).collect() }
    }

    /// Hands on every row of a plane that is done.
    fn send_plane(&mut self, index: usize) -> ControlFlow<()> {
        let (Some(plane), Some(row)) = (self.planes.get_mut(index), self.rows.get_mut(index)) else {
            return ControlFlow::Continue(());
        };
        while plane.pull(row) {
            if self.colours == Colours::VideoYcc {
                let stretch = if index == 0 { colour::full_luma } else { colour::full_difference };
                for sample in row.iter_mut() {
                    *sample = stretch(*sample);
                }
            }
            lanes::round(row, &mut self.bytes);
            self.sink.row(index, &self.bytes)?;
        }
        ControlFlow::Continue(())
    }

    /// Hands on every row of pixels of which all planes are done.
    fn send_pixels(&mut self) -> ControlFlow<()> {
        loop {
            for ((plane, row), ready) in self.planes.iter_mut().zip(&mut self.rows).zip(&mut self.ready) {
                *ready = *ready || plane.pull(row);
            }
            if !self.ready.iter().all(|&ready| ready) {
                return ControlFlow::Continue(());
            }
            self.ready.fill(false);
            let is_multiplied = self.planes.first().is_some_and(PlaneResampler::is_multiplied);
            let (colours, bytes) = (self.colours, &mut self.bytes);
            match (&mut self.converter, &self.light, self.rows.as_slice()) {
                (_, Some(light), [row]) => light.to_pixels(colours, row, bytes),
                (None, ..) => colour::to_pixels(colours, is_multiplied, &self.rows, bytes),
                (Some(converter), ..) => {
                    colour::convert(colours, is_multiplied, &self.rows, converter, bytes);
                }
            }
            self.sink.row(0, &self.bytes)?;
        }
    }
}

impl<S: RowSink> RowSink for Resampler<S> {
    fn begin(&mut self, layout: &Layout) {
        self.colours = layout.colours;
        self.keeps_planes = matches!(self.shape, Shape::HalvedYcc { .. })
            && matches!(layout.colours, Colours::Grey | Colours::FullYcc | Colours::VideoYcc);
        let resampler = |(index, plane): (usize, &Plane)| {
            let (across, down) = self.axes(index);
            // Planes that go out as planes keep their own resolution.
            let fine = layout.planes.first().filter(|_| !self.keeps_planes).unwrap_or(plane);
            let light = self.light.as_ref().map(|light| Arc::clone(&light.of));
            PlaneResampler::new(&across, &down, plane, fine, layout.colours.samples()).in_light(light)
        };
        self.planes = layout.planes.iter().enumerate().map(resampler).collect();
        self.rows = vec![Vec::new(); self.planes.len()];
        self.ready = vec![false; self.planes.len()];
        let output = self.output();
        self.sink.begin(&output);
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        let Some(resampler) = self.planes.get_mut(plane) else { return ControlFlow::Continue(()) };
        if resampler.is_done() {
            let all = self.planes.iter().all(PlaneResampler::is_done);
            return if all { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        resampler.push(row);
        let sent = if self.keeps_planes { self.send_plane(plane) } else { self.send_pixels() };
        match sent {
            ControlFlow::Continue(()) if self.planes.iter().all(PlaneResampler::is_done) => {
                ControlFlow::Break(())
            }
            sent => sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::rows::Frame;
    use crate::picture::{Channels, Picture};

    fn axis(length: u32, scaled: u32) -> Axis {
        Axis { step: f64::from(length) / f64::from(scaled), count: scaled, ..Axis::whole(length) }
    }

    fn resample(samples: &[u8], size: Size, channels: Channels, across: Axis, down: Axis) -> Picture {
        let mut resampler = Resampler::new(across, down, Shape::Pixels, Frame::default());
        resampler.begin(&Layout::whole(channels.into(), size));
        for row in samples.chunks_exact(size.width as usize * channels.count()) {
            if resampler.row(0, row).is_break() {
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
        let part = Axis { start: 4.0 * 2.5, count: 9, ..axis(50, 20) };
        let rows = Axis { start: 3.0 * 2.5, count: 5, ..axis(40, 16) };
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
        let cut = Axis { start: 3.0, step: 1.0, count: 2, low: 2.0, high: 6.0 };
        let out = resample(&samples, Size::new(8, 8), Channels::Rgba, cut, cut);
        assert_eq!(&out.samples()[..4], &samples[3 * 32 + 12..3 * 32 + 16]);
    }

    #[test]
    fn planes_of_any_resolution_lie_on_each_other() {
        // A ramp of luma at full and of chroma at half resolution: in whole pixels both must stay ramps in step.
        let mut resampler = Resampler::new(axis(64, 16), axis(2, 1), Shape::Pixels, Frame::default());
        let plane = |size, density| Plane { size, density: (density, density) };
        let planes =
            vec![plane(Size::new(64, 2), 1.0), plane(Size::new(32, 1), 0.5), plane(Size::new(32, 1), 0.5)];
        resampler.begin(&Layout { colours: Colours::SeparateRgb, planes });
        let fine: Vec<u8> = (0..64).map(|x| x * 4).collect();
        let coarse: Vec<u8> = (0..32).map(|x| x * 8 + 2).collect();
        for (plane, row) in [(0, &fine), (0, &fine), (1, &coarse), (2, &coarse)] {
            let _ = resampler.row(plane, row);
        }
        let out = resampler.into_sink().finish().unwrap();
        for &[r, g, b] in &out.samples().as_chunks::<3>().0[2..14] {
            assert!(r.abs_diff(g) <= 1 && g == b, "{r} {g} {b}");
        }
    }
}

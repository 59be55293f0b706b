//! How pixels travel: a row of a plane at a time, from decoders through the resampler into a frame or an encoder.

use std::ops::ControlFlow;

use super::{Channels, Picture};
use crate::geometry::Size;

/// What the samples of a picture on its way mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// One plane of grey.
    Grey,
    /// One plane, three samples a pixel.
    Rgb,
    /// Planes of red, green and blue.
    SeparateRgb,
    /// One plane, four samples a pixel, alpha not multiplied in.
    Rgba,
    /// Planes of luma, blue and red difference over all of 0–255 (JFIF).
    FullYcc,
    /// Planes of luma (16–235), blue and red difference (16–240) as video has them (ITU-R BT.601; WebP).
    VideoYcc,
    /// Planes of cyan, magenta, yellow and black, where 255 is no ink.
    Cmyk,
    /// Planes of luma, differences and black: the complements of red, green and blue as of `FullYcc` are cyan, magenta
    /// and yellow as of `Cmyk`.
    Ycck,
}

impl Colours {
    /// Samples that stand side by side for one pixel of a plane.
    pub fn samples(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
            Self::Grey | Self::SeparateRgb | Self::FullYcc | Self::VideoYcc | Self::Cmyk | Self::Ycck => 1,
        }
    }
}

/// A plane of samples, all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// How many there are along each side.
    pub size: Size,
    /// How many there are to a pixel of the file along each side: a half for halved chroma, a quarter for a picture
    /// decoded at a quarter, 1 where there is one for each pixel. Sides that do not divide are rounded up in `size`,
    /// not here.
    pub density: (f64, f64),
}

/// What is coming.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// What the samples mean.
    pub colours: Colours,
    /// Its planes, in the order of the name of `colours`: one, three or four.
    pub planes: Vec<Plane>,
}

impl Layout {
    /// One plane with all the samples of every pixel.
    pub fn whole(colours: Colours, size: Size) -> Self {
        Self { colours, planes: vec![Plane { size, density: (1.0, 1.0) }] }
    }
}

/// Where the rows of planes go.
pub trait RowSink {
    /// Called once, before the first row.
    fn begin(&mut self, layout: &Layout);

    /// Called for every row of every plane; those of one plane come from the top. `Break` when no more are wanted.
    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()>;
}

impl From<Channels> for Colours {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::Rgb => Self::Rgb,
            Channels::Rgba => Self::Rgba,
        }
    }
}

/// Gathers rows of whole pixels into a picture.
#[derive(Debug, Default)]
pub struct Frame {
    kind: Option<(Size, Channels)>,
    samples: Vec<u8>,
}

impl Frame {
    /// The picture; nothing where too few rows came, or they were not of red, green and blue.
    pub fn finish(self) -> Option<Picture> {
        let (size, channels) = self.kind?;
        Picture::new(size, channels, self.samples)
    }
}

impl RowSink for Frame {
    fn begin(&mut self, layout: &Layout) {
        let channels = match layout.colours {
            Colours::Rgb => Channels::Rgb,
            Colours::Rgba => Channels::Rgba,
            _ => return,
        };
        if let [Plane { size, .. }] = *layout.planes.as_slice() {
            self.samples.reserve_exact(size.width as usize * size.height as usize * channels.count());
            self.kind = Some((size, channels));
        }
    }

    fn row(&mut self, _plane: usize, row: &[u8]) -> ControlFlow<()> {
        self.samples.extend_from_slice(row);
        ControlFlow::Continue(())
    }
}

/// Gathers rows of any planes, to be handed on later.
#[derive(Debug, Default)]
pub struct Planes {
    layout: Option<Layout>,
    samples: Vec<Vec<u8>>,
}

impl Planes {
    /// What came: the layout and all samples of each plane; nothing where too few rows did.
    pub fn finish(self) -> Option<(Layout, Vec<Vec<u8>>)> {
        let layout = self.layout?;
        let bytes = layout.colours.samples();
        let is_whole = |(plane, samples): (&Plane, &Vec<u8>)| {
            plane.size.width as usize * plane.size.height as usize * bytes == samples.len()
        };
        layout.planes.iter().zip(&self.samples).all(is_whole).then_some((layout, self.samples))
    }
}

impl RowSink for Planes {
    fn begin(&mut self, layout: &Layout) {
        let bytes = layout.colours.samples();
        let room = |plane: &Plane| plane.size.width as usize * plane.size.height as usize * bytes;
        self.samples = layout.planes.iter().map(|plane| Vec::with_capacity(room(plane))).collect();
        self.layout = Some(layout.clone());
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        if let Some(samples) = self.samples.get_mut(plane) {
            samples.extend_from_slice(row);
        }
        ControlFlow::Continue(())
    }
}

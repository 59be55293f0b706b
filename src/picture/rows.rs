//! How pixels travel: a row at a time, from decoders through the resampler into a frame or an encoder.

use std::ops::ControlFlow;

use super::{Channels, Picture};
use crate::geometry::Size;

/// Where rows go.
pub trait RowSink {
    /// Called once, before the first row: the size of what is coming and what its pixels are made of.
    fn begin(&mut self, size: Size, channels: Channels);

    /// Called for every row from the top; `Break` when no more are wanted.
    fn row(&mut self, row: &[u8]) -> ControlFlow<()>;
}

/// Gathers rows into a picture.
#[derive(Debug, Default)]
pub struct Frame {
    kind: Option<(Size, Channels)>,
    samples: Vec<u8>,
}

impl Frame {
    /// The picture; nothing where too few rows came.
    pub fn finish(self) -> Option<Picture> {
        let (size, channels) = self.kind?;
        Picture::new(size, channels, self.samples)
    }
}

impl RowSink for Frame {
    fn begin(&mut self, size: Size, channels: Channels) {
        self.samples.reserve_exact(size.width as usize * size.height as usize * channels.count());
        self.kind = Some((size, channels));
    }

    fn row(&mut self, row: &[u8]) -> ControlFlow<()> {
        self.samples.extend_from_slice(row);
        ControlFlow::Continue(())
    }
}

//! Where rows of pixels go that are not planes of luma: onto a canvas, and out.

use std::ops::ControlFlow;

use super::chunks::FramePlace;
use crate::geometry::Size;
use crate::picture::rows::{Colours, Layout, RowSink};

/// Lays the rows of a frame on its canvas, which is transparent, or black where nothing is.
pub(super) struct Canvas<'a> {
    size: Size,
    place: FramePlace,
    colours: Colours,
    row: Vec<u8>,
    y: u32,
    sink: &'a mut dyn RowSink,
}

/// Bytes that it holds.
pub(super) fn held_bytes(size: Size) -> u64 {
    u64::from(size.width) * 4
}

/// Takes the rows of a frame.
pub(super) trait Lay {
    /// Lays the next row down. `Break` when no more are wanted.
    fn lay(&mut self, pixels: impl Iterator<Item = [u8; 4]>) -> ControlFlow<()>;
}

impl<'a> Canvas<'a> {
    /// A canvas, whose empty rows above the frame are sent at once.
    pub(super) fn begin(
        size: Size,
        place: FramePlace,
        has_alpha: bool,
        sink: &'a mut dyn RowSink,
    ) -> (Self, ControlFlow<()>) {
        let colours = if has_alpha { Colours::Rgba } else { Colours::Rgb };
        let row = vec![0; size.width as usize * colours.samples()];
        sink.begin(&Layout::whole(colours, size));
        let mut canvas = Self { size, place, colours, row, y: 0, sink };
        let flow = canvas.send_empty(place.top);
        (canvas, flow)
    }

    fn send_empty(&mut self, end: u32) -> ControlFlow<()> {
        while self.y < end {
            self.y += 1;
            self.sink.row(0, &self.row)?;
        }
        ControlFlow::Continue(())
    }

    /// Sends the empty rows below the frame.
    pub(super) fn finish(mut self) {
        self.row.fill(0);
        // Whether they were wanted matters to nobody any more.
        let _ = self.send_empty(self.size.height);
    }
}

impl Lay for Canvas<'_> {
    fn lay(&mut self, pixels: impl Iterator<Item = [u8; 4]>) -> ControlFlow<()> {
        let samples = self.colours.samples();
        let start = self.place.left as usize * samples;
        let open = self.row.get_mut(start..).unwrap_or_default();
        // Over nothing there is only the pixel itself; where that is transparent, nothing remains.
        let is_blended = self.place.is_blended;
        let pixels = pixels.map(|pixel| if is_blended && pixel[3] == 0 { [0; 4] } else { pixel });
        if samples == 4 {
            open.as_chunks_mut::<4>().0.iter_mut().zip(pixels).for_each(|(to, pixel)| *to = pixel);
        } else {
            let places = open.as_chunks_mut::<3>().0.iter_mut();
            places.zip(pixels).for_each(|(to, [r, g, b, _])| *to = [r, g, b]);
        }
        self.y += 1;
        self.sink.row(0, &self.row)
    }
}

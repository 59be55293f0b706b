//! A picture whose rows are stored one after another.

use std::ops::ControlFlow;

use super::Reason;
use super::colour::Expander;
use super::head::Head;
use super::inflate::Inflater;
use super::lines::{GROUP, Lines};
use crate::picture::rows::RowSink;

/// Bytes inflated at a time.
pub(super) const ROOM: usize = 64 * 1024;

/// What is held of it: the window, a few rows, and nothing that its height bears on.
pub(super) struct Straight {
    inflater: Inflater,
    lines: Lines,
    expander: Expander,
    width: usize,
    /// Rows still to come.
    left: u32,
}

impl Straight {
    pub(super) fn new(head: &Head, expander: Expander) -> Result<Self, Reason> {
        let (size, stride) = (head.shape.size, head.shape.row_bytes(head.shape.size.width));
        let total = (stride + 1).saturating_mul(size.height.into());
        let stride = usize::try_from(stride).map_err(|_| "it is too wide")?;
        Ok(Self {
            inflater: Inflater::new(stride + 1, total, ROOM),
            lines: Lines::new(head.shape.pixel_bytes(), stride, GROUP),
            expander,
            width: size.width as usize,
            left: size.height,
        })
    }

    /// Whether all rows were sent.
    pub(super) fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// Takes bytes of the stream and sends the rows they complete. `Break` when no more are wanted though some are
    /// left.
    pub(super) fn push(
        &mut self,
        mut data: &[u8],
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, Reason> {
        loop {
            self.inflater.fill(&mut data)?;
            if self.send(sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if data.is_empty() && !self.inflater.is_full() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    fn send(&mut self, sink: &mut dyn RowSink) -> Result<ControlFlow<()>, Reason> {
        loop {
            let count = self.lines.make(self.inflater.ready())?;
            if count == 0 {
                return Ok(ControlFlow::Continue(()));
            }
            self.inflater.take(count * self.lines.raw_bytes());
            for row in self.lines.rows() {
                self.left -= 1;
                // A last row that ends it all is as good as any: what follows it is still looked at.
                if sink.row(0, self.expander.expand(row, self.width)).is_break() && self.left > 0 {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    }
}

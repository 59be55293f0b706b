//! The frames of an animation, one after the other, each laid on what stayed of those before (RFC 9649, section 2.7.1).

use std::ops::ControlFlow;

use super::canvas::Lay;
use super::chunks::{FramePlace, Frames};
use super::{Reason, coded_size, lay};
use crate::geometry::Rect;
use crate::picture::animation::{After, Canvas, Shown};

/// A file's frames, in their order.
#[derive(Debug)]
pub(in crate::picture) struct WebpFrames<'a>(Frames<'a>);

impl<'a> WebpFrames<'a> {
    pub(in crate::picture) fn open(file: &'a [u8]) -> Result<Self, Reason> {
        Frames::open(file).map(Self)
    }

    /// Lays the next frame down, if there is one. The canvas is as large as the file says.
    pub(in crate::picture) fn next(&mut self, canvas: &mut Canvas) -> Result<Option<Shown>, Reason> {
        let Some(found) = self.0.next().transpose()? else { return Ok(None) };
        let place = found.place.ok_or("a frame without a place")?;
        if coded_size(&found)? != place.size {
            return Err("two headers disagree");
        }
        let FramePlace { left, top, size, is_blended, is_cleared, duration_ms } = place;
        let after = if is_cleared { After::Clear } else { After::Keep };
        let changed = canvas.begin(Rect { x: left, y: top, size }, after);
        // Nothing stops it.
        let _ = lay(&found, size, &mut Painter { canvas, left, y: top, is_blended })?;
        Ok(Some(Shown { changed, delay_ms: duration_ms }))
    }
}

struct Painter<'c> {
    canvas: &'c mut Canvas,
    left: u32,
    y: u32,
    is_blended: bool,
}

impl Lay for Painter<'_> {
    fn lay(&mut self, pixels: impl Iterator<Item = [u8; 4]>) -> ControlFlow<()> {
        if self.is_blended {
            self.canvas.blend(self.left, self.y, pixels);
        } else {
            self.canvas.put(self.left, self.y, pixels);
        }
        self.y += 1;
        ControlFlow::Continue(())
    }
}

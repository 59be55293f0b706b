//! How a file becomes a small frame: which part of it, at which reduction, along which axes.

use crate::geometry::{Framing, Rect, Size, Turn};
use crate::picture::ops::resize::Axis;
use crate::picture::probe::{Coding, Header};
use crate::recipe::{Decimal, Length, Trim};

/// Decode at a reduction, resample a window of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The decoder makes one `reduction`-th of the size.
    pub reduction: u8,
    /// Columns.
    pub across: Axis,
    /// Rows.
    pub down: Axis,
}

impl Reading {
    /// Reads what `framing` wants of the part `kept` of the upright picture, before `turn` is done to it.
    pub(super) fn new(header: &Header, kept: Rect, turn: Turn, framing: &Framing) -> Self {
        // Turns only exchange and mirror axes, so they are done to the small frame. All rectangles are led
        // back to the way the file stores its rows.
        let whole_turn = header.turn.then(turn);
        let part = header.turn.rect_before(kept, header.upright());
        let scaled = whole_turn.size(framing.scaled);
        let window = whole_turn.rect_before(framing.window, framing.scaled);
        let reduction = reduction(header, part.size, scaled);
        let axis = |start: u32, length: u32, scaled: u32, first: u32, count: u32| Axis {
            start: f64::from(start) / f64::from(reduction),
            length: f64::from(length) / f64::from(reduction),
            scaled,
            first,
            count,
        };
        Self {
            reduction,
            across: axis(part.x, part.size.width, scaled.width, window.x, window.size.width),
            down: axis(part.y, part.size.height, scaled.height, window.y, window.size.height),
        }
    }
}

/// The strongest reduction that still leaves the resampler something to shrink.
fn reduction(header: &Header, part: Size, scaled: Size) -> u8 {
    if !matches!(header.coding, Coding::Jpeg { .. }) {
        return 1;
    }
    let leaves_enough = |by: u8| {
        let by = u32::from(by);
        part.width / by >= scaled.width && part.height / by >= scaled.height
    };
    [8, 4, 2].into_iter().find(|&by| leaves_enough(by)).unwrap_or(1)
}

/// What `trim` leaves of an upright picture.
pub(super) fn trim(trim: &Trim, size: Size, dpr: Decimal) -> Option<Rect> {
    let (x, width) = trim_axis(trim.left, trim.right, trim.width, size.width, dpr)?;
    let (y, height) = trim_axis(trim.top, trim.bottom, trim.height, size.height, dpr)?;
    Some(Rect { x, y, size: Size { width, height } })
}

/// Start and length of what is left of one side.
fn trim_axis(
    before: Option<Length>,
    after: Option<Length>,
    kept: Option<Length>,
    side: u32,
    dpr: Decimal,
) -> Option<(u32, u32)> {
    let pixels = |length: Option<Length>| length.map(|length| length.pixels(side, dpr));
    let (start, length) = match (pixels(before), pixels(after), pixels(kept)) {
        (before, after, None) => {
            let start = before.unwrap_or(0);
            (start, side.checked_sub(start)?.checked_sub(after.unwrap_or(0))?)
        }
        (None, Some(after), Some(kept)) => {
            let end = side.checked_sub(after)?;
            (end.saturating_sub(kept), kept.min(end))
        }
        (before, _, Some(kept)) => {
            let start = before.unwrap_or(0);
            (start, kept.min(side.checked_sub(start)?))
        }
    };
    (length > 0).then_some((start, length))
}

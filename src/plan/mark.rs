//! Where marks go and how large they are.

use super::reading::Reading;
use crate::geometry::{Fit, Focus, Framing, Size, Turn};
use crate::picture::ops::mark::Placing;
use crate::picture::probe::Header;
use crate::recipe::{Decimal, Gravity, Layer, Length, Repeat};

/// A mark that was fetched: its layer of the recipe, the header of its file, and that file's length.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// What the recipe says of it.
    pub layer: &'a Layer,
    /// The header of its file.
    pub header: &'a Header,
    /// Bytes of its file.
    pub file_bytes: u64,
}

/// How one mark is made and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkPlan {
    /// Which of the marks that were fetched.
    pub index: usize,
    /// How its file becomes a frame.
    pub reading: Reading,
    /// How that frame is turned.
    pub turn: Turn,
    /// Where it goes.
    pub placing: Placing,
}

impl MarkPlan {
    pub(super) fn new(index: usize, mark: Mark<'_>, canvas: Size, dpr: Decimal) -> Self {
        let layer = mark.layer;
        let turn = layer.turn();
        let whole = mark.header.upright().rect();
        let side = |length: Option<Length>, side: u32| length.map(|length| length.pixels(side, dpr).max(1));
        let (width, height, fit) = match (side(layer.width, canvas.width), side(layer.height, canvas.height))
        {
            // Without a size of its own a mark is as large as its file, or as the picture has room for.
            (None, None) => (Some(canvas.width), Some(canvas.height), Fit::ScaleDown),
            // A mark of a fifth of the picture is that also where its file is smaller.
            (width, height) => (width, height, Fit::Contain),
        };
        let fit = layer.fit.unwrap_or(fit);
        let framing = Framing::new(turn.size(whole.size), width, height, fit, Focus::CENTRE);
        let mut placing = place(layer, canvas, framing.canvas, dpr);
        placing.left += i64::from(framing.left);
        placing.top += i64::from(framing.top);
        Self {
            index,
            reading: Reading::new(mark.header, whole, turn, &framing, false),
            turn: mark.header.turn.then(turn),
            placing,
        }
    }
}

/// Where a mark of this size lies on the canvas: offsets first, then gravity, then the middle.
fn place(layer: &Layer, canvas: Size, size: Size, dpr: Decimal) -> Placing {
    let focus = match layer.gravity {
        Some(Gravity::At(focus)) => focus,
        Some(Gravity::Auto | Gravity::Face) | None => Focus::CENTRE,
    };
    let along = |before: Option<Length>, after: Option<Length>, whole: u32, own: u32, share: u16| {
        let pixels = |length: Length| i64::from(length.pixels(whole, dpr));
        let open = i64::from(whole) - i64::from(own);
        match (before, after) {
            (Some(before), _) => pixels(before),
            (None, Some(after)) => open - pixels(after),
            (None, None) => open * i64::from(share) / i64::from(Focus::FULL),
        }
    };
    Placing {
        left: along(layer.left, layer.right, canvas.width, size.width, focus.x),
        top: along(layer.top, layer.bottom, canvas.height, size.height, focus.y),
        tile_x: matches!(layer.repeat, Some(Repeat::Both | Repeat::X)),
        tile_y: matches!(layer.repeat, Some(Repeat::Both | Repeat::Y)),
        opacity: u8::try_from(layer.opacity().of(255)).unwrap_or(u8::MAX),
    }
}

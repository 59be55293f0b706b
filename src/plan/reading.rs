//! How a file becomes a small frame: which part of it, at which reduction, along which axes.

use crate::geometry::{Framing, Rect, Size, Turn};
use crate::picture::decode::{Reduction, Wanted};
use crate::picture::ops::resize::{Axis, Shape};
use crate::picture::probe::{Coding, Header};
use crate::picture::svg::Drawn;
use crate::recipe::{Decimal, Four, Length, Recipe, Trim};

/// Decode at a reduction, resample a window of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What the decoder leaves out.
    pub reduction: Reduction,
    /// Columns.
    pub across: Axis,
    /// Rows.
    pub down: Axis,
    /// What kind of rows is made.
    pub shape: Shape,
    /// Whether they are made in light.
    pub is_linear: bool,
    /// How it is drawn, where the source is a drawing: then there is nothing to resample, and the axes are those of the window.
    pub drawn: Option<Drawn>,
}

impl Reading {
    /// Reads what `framing` wants of the part `kept` of the upright picture, before `turn` is done to it; as luma and
    /// halved chroma where that is all that is wanted and the file has it so. What is reduced while it is decoded is not light,
    /// so nothing is where that is asked for.
    pub(super) fn new(
        header: &Header,
        kept: Rect,
        turn: Turn,
        framing: &Framing,
        halves: bool,
        in_light: bool,
    ) -> Self {
        // Turns only exchange and mirror axes, so they are done to the small frame. All rectangles are led
        // back to the way the file stores its rows.
        let whole_turn = header.turn.then(turn);
        let part = header.turn.rect_before(kept, header.upright());
        let scaled = whole_turn.size(framing.scaled);
        let window = whole_turn.rect_before(framing.window, framing.scaled);
        if matches!(header.coding, Coding::Drawing(_)) {
            return Self::of_drawing(Drawn { part, scaled, window });
        }
        let axis = |start: u32, length: u32, scaled: u32, first: u32, count: u32| {
            let step = f64::from(length) / f64::from(scaled);
            let low = f64::from(start);
            Axis { start: low + step * f64::from(first), step, count, low, high: f64::from(start + length) }
        };
        let across = axis(part.x, part.size.width, scaled.width, window.x, window.size.width);
        let down = axis(part.y, part.size.height, scaled.height, window.y, window.size.height);
        // Where nothing is scaled, light is of no use.
        let is_linear = in_light && !(across.is_identity() && down.is_identity());
        let halves = halves && !is_linear;
        let shape = if halves { halved(whole_turn, window.size) } else { Shape::Pixels };
        let reduction =
            if is_linear { Reduction::NONE } else { reduction(header, part.size, scaled, halves) };
        Self { reduction, across, down, shape, is_linear, drawn: None }
    }

    /// Draws what is wanted at the size that it is to have.
    pub(super) fn of_drawing(drawn: Drawn) -> Self {
        let Size { width, height } = drawn.window.size;
        let (across, down) = (Axis::whole(width), Axis::whole(height));
        let drawn = Some(drawn);
        Self { reduction: Reduction::NONE, across, down, shape: Shape::Pixels, is_linear: false, drawn }
    }

    /// The pixels of the file that are looked at.
    pub fn wanted(&self) -> Wanted {
        // Chroma of a quarter of the resolution is the coarsest there is.
        let spacing = 4 * u32::from(self.reduction.luma.max(self.reduction.chroma));
        // Lines between its samples lead beyond the part that is kept.
        let around = |axis: &Axis| {
            let inner = axis.reach(f64::from(spacing));
            inner.start.saturating_sub(spacing)..inner.end.saturating_add(spacing)
        };
        Wanted { columns: around(&self.across), rows: around(&self.down), drawn: self.drawn }
    }
}

/// Halved chroma that lies right once it was turned: an odd side that is mirrored has its half sample at the front.
fn halved(turn: Turn, window: Size) -> Shape {
    let is_odd = |side: u32| !side.is_multiple_of(2);
    let (x, y) = if turn.transpose { (turn.mirror_y, turn.mirror_x) } else { (turn.mirror_x, turn.mirror_y) };
    Shape::HalvedYcc { leads: (x && is_odd(window.width), y && is_odd(window.height)) }
}

/// The strongest reduction that still leaves the resampler something to shrink, of luma and of chroma.
fn reduction(header: &Header, part: Size, scaled: Size, halves: bool) -> Reduction {
    let strongest = |have: (f64, f64), want: Size| {
        let leaves_enough = |by: &u8| {
            have.0 / f64::from(*by) >= f64::from(want.width)
                && have.1 / f64::from(*by) >= f64::from(want.height)
        };
        [8, 4, 2].into_iter().find(leaves_enough).unwrap_or(1)
    };
    let (x, y) = match &header.coding {
        Coding::Jpeg(coding) => coding.chroma_density(),
        Coding::WebpLossy if !header.alpha => (0.5, 0.5),
        _ => return Reduction::NONE,
    };
    let have = (f64::from(part.width), f64::from(part.height));
    let chroma = if halves { Size::new(scaled.width.div_ceil(2), scaled.height.div_ceil(2)) } else { scaled };
    let (luma, chroma) = (strongest(have, scaled), strongest((have.0 * x, have.1 * y), chroma));
    match header.coding {
        // Luma and chroma are reduced alike.
        Coding::WebpLossy => Reduction { luma: luma.min(chroma), chroma: luma.min(chroma) },
        _ => Reduction { luma, chroma },
    }
}

/// What `crop` and `trim` leave of an upright picture.
pub(super) fn kept(recipe: &Recipe, size: Size) -> Option<Rect> {
    let cropped = crop(recipe, size)?;
    let Rect { x, y, size } = trim(&recipe.trim, cropped.size, recipe.dpr())?;
    Some(Rect { x: cropped.x + x, y: cropped.y + y, size })
}

/// What `crop` leaves of it. Its pixels are those of the source, whatever the device has.
pub(super) fn crop(recipe: &Recipe, size: Size) -> Option<Rect> {
    let Some(Four([left, top, width, height])) = recipe.crop else { return Some(size.rect()) };
    let along = |start: Length, length: Length, side: u32| {
        let start = start.pixels(side, Decimal::ONE);
        let length = length.pixels(side, Decimal::ONE).min(side.checked_sub(start)?);
        (length > 0).then_some((start, length))
    };
    let (x, width) = along(left, width, size.width)?;
    let (y, height) = along(top, height, size.height)?;
    Some(Rect { x, y, size: Size { width, height } })
}

/// What `trim` leaves of that.
fn trim(trim: &Trim, size: Size, dpr: Decimal) -> Option<Rect> {
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

//! Where marks go and how large they are.

use super::reading::Reading;
use crate::geometry::{Fit, Focus, Framing, Rect, Size, Turn};
use crate::picture::decode::Reduction;
use crate::picture::ops::blend::Mode;
use crate::picture::ops::mark::{Along, Anchor, Placing, Tiles};
use crate::picture::ops::resize::Axis;
use crate::picture::probe::Header;
use crate::picture::svg::Drawn;
use crate::recipe::{Blend, Decimal, Gravity, Layer, LayerSlot, Length, Repeat};

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
    /// The box that it is laid in, with its first column and row there, where it does not fill it.
    pub pad: Option<(Size, u32, u32)>,
    /// Where it goes.
    pub placing: Placing,
}

/// What layers are laid on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    /// The output.
    pub canvas: Size,
    /// The part of it that shows the picture.
    pub picture: Rect,
    /// Device pixels to a pixel.
    pub dpr: Decimal,
    /// Whether marks are resampled in light.
    pub in_light: bool,
}

impl Ground {
    /// What a layer is laid on: the output. What is there by force lies on the picture itself, so that nobody can ask for a
    /// pad to lay it beside.
    pub(super) fn area(&self, slot: LayerSlot) -> Rect {
        if slot.is_above() { self.picture } else { self.canvas.rect() }
    }
}

impl MarkPlan {
    pub(super) fn new(index: usize, slot: LayerSlot, mark: Mark<'_>, ground: &Ground) -> Self {
        let layer = mark.layer;
        let area = ground.area(slot);
        let (turn, tilt) = layer.turn();
        let whole = mark.header.upright().rect();
        let framing = frame(layer, turn.size(whole.size), area.size, ground.dpr);
        let is_padded = framing.canvas != framing.window.size;
        Self {
            index,
            reading: Reading::new(mark.header, whole, turn, &framing, false, ground.in_light),
            turn: mark.header.turn.then(turn),
            pad: is_padded.then_some((framing.canvas, framing.left, framing.top)),
            placing: place(layer, area, ground.dpr, slot.is_above(), tilt),
        }
    }

    /// All that the frame follows from, besides its file.
    pub fn frame_name(&self) -> String {
        let Reading { reduction, across, down, drawn, .. } = self.reading;
        let axis = |Axis { start, step, count, low, high }: Axis| {
            let numbers = [start, step, low, high].map(|number| format!("{:x}", number.to_bits()));
            format!("{count},{}", numbers.join(","))
        };
        let Turn { transpose, mirror_x, mirror_y } = self.turn;
        let turn =
            [transpose, mirror_x, mirror_y].map(|is| if is { '1' } else { '0' }).iter().collect::<String>();
        let pad = self.pad.map_or(String::new(), |(size, left, top)| format!("{size}+{left}+{top}"));
        let drawn = drawn.map_or(String::new(), |Drawn { scaled, window, .. }| {
            format!("{scaled}+{}+{}", window.x, window.y)
        });
        let Reduction { luma, chroma } = reduction;
        format!("{luma}/{chroma} {} {} {turn} {pad} {drawn}", axis(across), axis(down))
    }

    /// Pixels of the frame that is drawn.
    pub(super) fn pixels(&self) -> u64 {
        let read = Size::new(self.reading.across.count, self.reading.down.count).area();
        self.pad.map_or(read, |(size, ..)| size.area() + read)
    }
}

/// The size of a mark whose file has this one, in its own box.
fn frame(layer: &Layer, whole: Size, area: Size, dpr: Decimal) -> Framing {
    let side = |length: Option<Length>, side: u32| length.map(|length| length.pixels(side, dpr).max(1));
    let (width, height, fit) = match (side(layer.width, area.width), side(layer.height, area.height)) {
        // Without a size of its own a mark is as large as its file, or as the picture has room for.
        (None, None) => (Some(area.width), Some(area.height), Fit::ScaleDown),
        // A mark of a fifth of the picture is that also where its file is smaller.
        (width, height) => (width, height, Fit::Contain),
    };
    let framing = Framing::new(whole, width, height, layer.fit.unwrap_or(fit), Focus::CENTRE);
    match layer.least.map(|least| least.0.min(area.width)) {
        Some(least) if framing.canvas.width < least => {
            Framing::new(whole, Some(least), Some(area.height), Fit::Contain, Focus::CENTRE)
        }
        _ => framing,
    }
}

/// How a layer lies in its area: offsets first, then gravity, then the middle.
pub(super) fn place(layer: &Layer, area: Rect, dpr: Decimal, is_held: bool, tilt: Decimal) -> Placing {
    let focus = match layer.gravity {
        Some(Gravity::At(focus)) => focus,
        Some(Gravity::Auto | Gravity::Face) | None => Focus::CENTRE,
    };
    let along = |before: Option<Length>, after: Option<Length>, whole: u32, share: u16| {
        let pixels = |length: Length| length.pixels(whole, dpr);
        match (before, after) {
            (Some(before), _) => Along::Start(pixels(before)),
            (None, Some(after)) => Along::End(pixels(after)),
            (None, None) => Along::Share(share),
        }
    };
    let (across, down) = Anchor::pair(
        area,
        along(layer.left, layer.right, area.size.width, focus.x),
        along(layer.top, layer.bottom, area.size.height, focus.y),
        is_held,
    );
    Placing {
        across,
        down,
        tiles: tiles(layer.repeat),
        gap: layer.gap.map_or(0, |gap| gap.pixels(area.size.width, dpr)),
        tilt: tilt.as_f32(),
        opacity: u8::try_from(layer.opacity().of(255)).unwrap_or(u8::MAX),
        mode: mode(layer.blend.unwrap_or(Blend::Over)),
    }
}

fn tiles(repeat: Option<Repeat>) -> Tiles {
    match repeat {
        None => Tiles::None,
        Some(Repeat::X) => Tiles::X,
        Some(Repeat::Y) => Tiles::Y,
        Some(Repeat::Both) => Tiles::Both,
        Some(Repeat::Chessboard) => Tiles::Chessboard,
    }
}

fn mode(blend: Blend) -> Mode {
    match blend {
        Blend::Over => Mode::Over,
        Blend::Multiply => Mode::Multiply,
        Blend::Screen => Mode::Screen,
        Blend::Overlay => Mode::Overlay,
        Blend::Darken => Mode::Darken,
        Blend::Lighten => Mode::Lighten,
        Blend::SoftLight => Mode::SoftLight,
        Blend::In => Mode::In,
        Blend::Out => Mode::Out,
        Blend::Atop => Mode::Atop,
        Blend::Xor => Mode::Xor,
        Blend::Lighter => Mode::Lighter,
    }
}

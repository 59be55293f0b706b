//! How texts are written and where they go.

use super::mark::{Ground, place};
use crate::geometry::{Size, Turn};
use crate::picture::ops::mark::Placing;
use crate::picture::text::{self, Shadow, Style};
use crate::recipe::{Align, Colour, Decimal, EMBEDDED_FONT, Layer, LayerSlot, Length};

/// How one text is written and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct TextPlan {
    /// The text.
    pub text: String,
    /// Which of the fonts that were fetched are asked for its letters; `None` is the one that is always there.
    pub fonts: Vec<Option<usize>>,
    /// How it looks.
    pub style: Style,
    /// How it is turned.
    pub turn: Turn,
    /// Where it goes.
    pub placing: Placing,
}

/// A sixteenth of the picture's height.
const DEFAULT_SIZE: Length = Length::Share(Decimal::from_units(625));

/// Wider outlines and shadows take long and look like nothing.
const WIDEST_OUTLINE: u32 = 48;
const WIDEST_SHADOW: u32 = 200;

impl TextPlan {
    /// A layer with a text. `fonts` are the names of those that are fetched.
    pub(super) fn new(layer: &Layer, slot: LayerSlot, ground: &Ground, fonts: &[&str]) -> Self {
        let (area, dpr) = (ground.area(slot), ground.dpr);
        let (turn, tilt) = layer.turn();
        let text = layer.subject.as_ref().map_or_else(String::new, |text| text.0.clone());
        let asked = layer.size.unwrap_or(DEFAULT_SIZE).pixels(area.size.height, dpr);
        let size = asked.max(layer.least.map_or(1, |least| least.0.min(area.size.height))).max(1);
        let wrap = layer.width.map(|width| width.pixels(area.size.width, dpr));
        let style = style(layer, &text, size, wrap, turn.size(area.size), dpr);
        let placing = place(layer, area, dpr, slot.is_above(), tilt);
        Self { text, fonts: font_indices(layer, fonts), style, turn, placing }
    }
}

/// The fonts of a layer in order; the one that is always there comes last, if nowhere before.
fn font_indices(layer: &Layer, fonts: &[&str]) -> Vec<Option<usize>> {
    let named = layer.font.iter().flat_map(|fonts| &fonts.0);
    let index = |name: &str| fonts.iter().position(|font| *font == name);
    let mut indices: Vec<Option<usize>> = named
        .filter_map(|name| if name.0 == EMBEDDED_FONT { Some(None) } else { index(&name.0).map(Some) })
        .collect();
    if !indices.contains(&None) {
        indices.push(None);
    }
    indices
}

fn style(layer: &Layer, text: &str, size: u32, wrap: Option<u32>, room: Size, dpr: Decimal) -> Style {
    let of_em = |length: Length| length.pixels(size, dpr);
    let colour = |colour: Option<Colour>, default: [u8; 4]| colour.map_or(default, |colour| colour.0);
    let outline = layer.outline.map_or(0, of_em).min(WIDEST_OUTLINE).min(size);
    let offset = layer.shadow.map(of_em).map(|offset| offset.min(WIDEST_SHADOW));
    let blur = layer.shadow_blur.map(of_em).or(offset).map(|blur| blur.min(WIDEST_SHADOW));
    let shadow = offset.or(blur).map(|_| Shadow {
        offset: single(offset.unwrap_or(0)),
        blur: single(blur.unwrap_or(0)),
        colour: colour(layer.shadow_color, [0, 0, 0, 160]),
    });
    // Letters are about an em wide and lines higher than that, with what surrounds them.
    let around =
        u64::from(size) + 2 * u64::from(outline) + 3 * u64::from(blur.unwrap_or(0) + offset.unwrap_or(0));
    let letters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    Style {
        size: single(size),
        wrap: wrap.unwrap_or_else(|| room.width.saturating_sub(2 * outline)).max(1),
        align: layer.align.map(|align| match align {
            Align::Left => text::Align::Left,
            Align::Center => text::Align::Center,
            Align::Right => text::Align::Right,
        }),
        colour: colour(layer.color, [255; 4]),
        outline: (outline > 0).then(|| (single(outline), colour(layer.outline_color, [0, 0, 0, 255]))),
        shadow,
        most: room,
        most_pixels: room.area().min(letters.saturating_mul(2 * around * around)),
    }
}

/// A length in single precision: at most some thousands of pixels.
#[expect(clippy::cast_precision_loss, reason = "lengths have at most five digits")]
fn single(pixels: u32) -> f32 {
    pixels as f32
}

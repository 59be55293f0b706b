//! Marks and texts drawn over the picture: `mark=…`, `mark.width=…`, `mark2=…`, `text=…`.

use super::error::RecipeError;
use super::options::{Row, row};
use super::value::{
    Align, Angle, Blend, Colour, Decimal, Fonts, Gravity, Length, Repeat, Side, Text, Within,
};
use crate::geometry::{Fit, Turn};

/// What a layer draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Another picture.
    Mark,
    /// Written text.
    Text,
}

/// Which layer an option speaks of. Layers are drawn in the order of their slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerSlot {
    /// 1 for `mark` and `text`, 2 for `mark2` and `text2`, … up to 8.
    pub number: u8,
    /// What it draws.
    pub content: Content,
}

/// One mark or text; `None` where nothing was said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Layer {
    /// The mark's key, or the text itself. Every layer that was parsed has one.
    pub subject: Option<Text>,
    /// Width, in pixels or as a share of the picture's.
    pub width: Option<Length>,
    /// Height, in pixels or as a share of the picture's.
    pub height: Option<Length>,
    /// How the mark meets its own box.
    pub fit: Option<Fit>,
    /// Where it lies, where no offset says so.
    pub gravity: Option<Gravity>,
    /// Distance from the top edge.
    pub top: Option<Length>,
    /// Distance from the right edge.
    pub right: Option<Length>,
    /// Distance from the bottom edge.
    pub bottom: Option<Length>,
    /// Distance from the left edge.
    pub left: Option<Length>,
    /// 0 is invisible, 1 as drawn.
    pub opacity: Option<Within<0, 10_000>>,
    /// Which way it is tiled.
    pub repeat: Option<Repeat>,
    /// Between tiles.
    pub gap: Option<Length>,
    /// Degrees clockwise.
    pub rotate: Option<Angle>,
    /// How its colours meet the picture's.
    pub blend: Option<Blend>,
    /// Outputs narrower than this stay unmarked.
    pub min_width: Option<Side>,
    /// Narrower marks and smaller texts become so large, as far as there is room.
    pub least: Option<Side>,
    /// The em of a text, in pixels or as a share of the picture's height.
    pub size: Option<Length>,
    /// Fonts from the configuration.
    pub font: Option<Fonts>,
    /// The text's colour.
    pub color: Option<Colour>,
    /// Where lines lie within the widest of them.
    pub align: Option<Align>,
    /// The width of the letters' outline, in pixels or as a share of the em.
    pub outline: Option<Length>,
    /// Its colour.
    pub outline_color: Option<Colour>,
    /// How far the letters' shadow lies to the right and down, in pixels or as a share of the em.
    pub shadow: Option<Length>,
    /// How far its edge reaches.
    pub shadow_blur: Option<Length>,
    /// Its colour.
    pub shadow_color: Option<Colour>,
}

const LENGTH: &str = "whole pixels, 0 to 12000, or a fraction below 1";

/// Options that marks and texts share; the nameless one is the layer itself.
const SHARED: &[Row<Layer>] = &[
    row!("", "a key or text, percent-encoded, at most 512 bytes", subject),
    Row { range: LENGTH, ..row!("width", "", width) },
    row!(
        "gravity",
        "left, right, top, bottom, a corner such as top-left, center, XxY, auto or face",
        gravity
    ),
    Row { range: LENGTH, ..row!("top", "", top) },
    Row { range: LENGTH, ..row!("right", "", right) },
    Row { range: LENGTH, ..row!("bottom", "", bottom) },
    Row { range: LENGTH, ..row!("left", "", left) },
    row!("opacity", "a number from 0 to 1", opacity),
    row!("repeat", "true, x, y or chessboard", repeat),
    Row { range: LENGTH, ..row!("gap", "", gap) },
    row!("rotate", "degrees clockwise, 0 to 360", rotate),
    row!(
        "blend",
        "over, multiply, screen, overlay, darken, lighten, soft-light, in, out, atop, xor or lighter",
        blend
    ),
    row!("min-width", "whole pixels, 1 to 12000", min_width),
    row!("least", "whole pixels, 1 to 12000", least),
];

const OF_MARKS: &[Row<Layer>] = &[
    Row { range: LENGTH, ..row!("height", "", height) },
    row!("fit", "scale-down, contain, cover, crop, aspect-crop, pad, squeeze or scale-up", fit),
];

const OF_TEXTS: &[Row<Layer>] = &[
    Row { range: LENGTH, ..row!("size", "", size) },
    row!("font", "up to four names of fonts, joined by ;", font),
    row!("color", "a CSS colour", color),
    row!("align", "left, center or right", align),
    Row { range: LENGTH, ..row!("outline", "", outline) },
    row!("outline-color", "a CSS colour", outline_color),
    Row { range: LENGTH, ..row!("shadow", "", shadow) },
    Row { range: LENGTH, ..row!("shadow-blur", "", shadow_blur) },
    row!("shadow-color", "a CSS colour", shadow_color),
];

/// The options of such a layer, in canonical order.
pub(super) fn rows(content: Content) -> impl Iterator<Item = &'static Row<Layer>> {
    let own = match content {
        Content::Mark => OF_MARKS,
        Content::Text => OF_TEXTS,
    };
    SHARED.iter().chain(own)
}

impl LayerSlot {
    const MOST: u8 = 8;

    /// Splits `mark2.width` into its slot and `width`; nothing where the name is no layer's.
    pub(super) fn split(name: &str) -> Option<(Self, &str)> {
        let (head, field) = name.split_once('.').unwrap_or((name, ""));
        if name.ends_with('.') {
            return None;
        }
        let (content, number) = match head.strip_prefix("mark") {
            Some(number) => (Content::Mark, number),
            None => (Content::Text, head.strip_prefix("text")?),
        };
        let number = match number.as_bytes() {
            [] => 1,
            [digit @ b'2'..=b'8'] => digit - b'0',
            _ => return None,
        };
        debug_assert!(number <= Self::MOST);
        Some((Self { number, content }, field))
    }

    /// How far it lies above those that a URL can ask for: 0 for these.
    pub(super) fn storey(self) -> u8 {
        self.number.saturating_sub(1) / Self::MOST
    }

    /// Whether it is one that no URL has a name for, which presets put there by force.
    pub fn is_above(self) -> bool {
        self.storey() > 0
    }

    /// The same layer, so far above.
    pub(super) fn lifted(self, storeys: u8) -> Self {
        Self { number: self.number.saturating_add(Self::MOST.saturating_mul(storeys)), ..self }
    }

    /// The name of the layer itself: `mark`, `text3`.
    pub fn name(self) -> String {
        let word = match self.content {
            Content::Mark => "mark",
            Content::Text => "text",
        };
        if self.number == 1 { word.to_owned() } else { format!("{word}{}", self.number) }
    }

    /// The full name of one of the layer's options.
    pub(super) fn option(self, field: &str) -> String {
        if field.is_empty() { self.name() } else { format!("{}.{field}", self.name()) }
    }
}

impl Layer {
    /// Opacity, 1 unless asked for.
    pub fn opacity(&self) -> Decimal {
        self.opacity.map_or(Decimal::ONE, |opacity| opacity.0)
    }

    /// `rotate` as quarter turns, and the degrees that are left.
    pub fn turn(&self) -> (Turn, Decimal) {
        self.rotate.map_or((Turn::NONE, Decimal::ZERO), |angle| (angle.turn(), angle.rest().0))
    }

    /// Refuses a layer without its subject and offsets from opposite sides.
    pub(super) fn check(&self, slot: LayerSlot) -> Result<(), RecipeError> {
        if self.subject.is_none() {
            let name = rows(slot.content).find(|row| (row.is_set)(self)).map_or("", |row| row.name);
            return Err(RecipeError::Needs { name: slot.option(name), needed: slot.name() });
        }
        if slot.content == Content::Mark
            && let Some(Text(key)) = self.subject.as_ref().filter(|subject| subject.0.contains('\n'))
        {
            let range = "a key, which has no line breaks, at most 512 bytes";
            return Err(RecipeError::OutOfRange { name: slot.name(), value: key.clone(), range });
        }
        let pairs = [("left", self.left, "right", self.right), ("top", self.top, "bottom", self.bottom)];
        for (first, a, second, b) in pairs {
            if a.is_some() && b.is_some() {
                return Err(RecipeError::Contradiction {
                    first: slot.option(first),
                    second: slot.option(second),
                });
            }
        }
        Ok(())
    }
}

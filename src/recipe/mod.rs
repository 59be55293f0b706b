//! What the URL asks for: parsing it, printing it canonically, presets, and what is not built yet.
//!
//! A [`Recipe`] is what was typed, nothing more: no default is filled in and nothing is known about
//! the source. [`crate::plan`] joins it with a source and a client.

mod error;
mod layer;
mod manual;
mod options;
mod preset;
mod source;
mod unbuilt;
mod url;
mod value;

pub use error::RecipeError;
pub use layer::{Content, Layer, LayerSlot};
pub use manual::options_table;
pub use options::{is_format, is_option};
pub use preset::{PresetError, Presets};
pub use source::Source;
pub(crate) use source::{KEY, check_key};
pub use unbuilt::Unbuilt;
pub use url::{PREFIXES, TransformUrl};
pub use value::{
    Align, Angle, Background, Blend, Breakpoints, Colour, Compression, Decimal, Duotone, Filter, Flip, Fonts,
    Four, Gravity, LONGEST_SIDE, Length, Lossless, Metadata, Name, OnError, Output, Quality, QualityName,
    Radius, Repeat, Segment, Side, Text, TrimMode, Upscale, Whole, Width, Within,
};
pub(crate) use value::{Value, parse_focus};

use std::collections::BTreeMap;

use crate::geometry::{Fit, Focus, Mask, Rect, Turn};

/// The name of the font that is always there, and asked last.
pub const EMBEDDED_FONT: &str = "sans";

/// A decimal factor; 1 changes nothing.
pub type Factor = Within<0, 100_000>;

/// Everything a transform URL can ask for; `None` where it did not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Recipe {
    /// A recipe from the configuration, to which this one is added.
    pub preset: Option<Name>,
    /// Width of the output.
    pub width: Option<Width>,
    /// The widths `width=auto` chooses from.
    pub wbreakpoints: Option<Breakpoints>,
    /// `width=auto` for a phone that does not say how wide.
    pub wmobile: Option<Side>,
    /// `width=auto` for any other client that does not.
    pub wdesktop: Option<Side>,
    /// Height of the output.
    pub height: Option<Side>,
    /// How the picture meets the box.
    pub fit: Option<Fit>,
    /// What a crop keeps.
    pub gravity: Option<Gravity>,
    /// How close a crop around faces is.
    pub zoom: Option<Within<0, 10_000>>,
    /// Device pixel ratio.
    pub dpr: Option<Within<10_000, 30_000>>,
    /// A rectangle of the source: left, top, width, height.
    pub crop: Option<Four<Length>>,
    /// What is cut off before resizing.
    pub trim: Trim,
    /// Mirroring, before `rotate`.
    pub flip: Option<Flip>,
    /// Turning, before resizing.
    pub rotate: Option<Angle>,
    /// What shows through and fills the pad.
    pub background: Option<Background>,
    /// How enlarging invents pixels.
    pub upscale: Option<Upscale>,
    /// What is cut out.
    pub segment: Option<Segment>,
    /// Gaussian blur radius.
    pub blur: Option<Within<0, 2_500_000>>,
    /// Sharpening strength.
    pub sharpen: Option<Within<0, 100_000>>,
    /// Brightness factor.
    pub brightness: Option<Factor>,
    /// Contrast factor.
    pub contrast: Option<Factor>,
    /// Gamma; above 1 brightens.
    pub gamma: Option<Factor>,
    /// Saturation factor; 0 is grey.
    pub saturation: Option<Factor>,
    /// How far hues are turned.
    pub hue: Option<Angle>,
    /// A tone of its own.
    pub filter: Option<Filter>,
    /// What black and white become.
    pub duotone: Option<Duotone>,
    /// The side of the squares that pixels become.
    pub pixelate: Option<Side>,
    /// How far corners are rounded.
    pub radius: Option<Radius>,
    /// What is cut out.
    pub mask: Option<Mask>,
    /// A frame around the output.
    pub border: Border,
    /// The output format.
    pub format: Option<Output>,
    /// How much the encoder may lose.
    pub quality: Option<Quality>,
    /// The same, for clients with slow connections.
    pub slow_connection_quality: Option<Quality>,
    /// What a file without loss may lose all the same, if it is to be one.
    pub lossless: Option<Lossless>,
    /// The largest answer wanted, in bytes.
    pub max_bytes: Option<Whole<1, 33_554_432>>,
    /// Whether animations stay animated.
    pub anim: Option<bool>,
    /// Speed before size.
    pub compression: Option<Compression>,
    /// What metadata stays.
    pub metadata: Option<Metadata>,
    /// What a failure answers.
    pub onerror: Option<OnError>,
    /// Marks and texts, in drawing order.
    pub layers: BTreeMap<LayerSlot, Layer>,
}

/// What is cut off the upright picture before it is turned and resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Trim {
    /// Cut off a border of one colour.
    pub mode: Option<TrimMode>,
    /// The border's colour, where it is not that of the corner.
    pub border_color: Option<Colour>,
    /// Largest distance of any channel from the border's colour.
    pub border_tolerance: Option<Whole<0, 255>>,
    /// Pixels of border to keep.
    pub border_keep: Option<Whole<0, LONGEST_SIDE>>,
    /// Cut off at the top.
    pub top: Option<Length>,
    /// Cut off at the right.
    pub right: Option<Length>,
    /// Cut off at the bottom.
    pub bottom: Option<Length>,
    /// Cut off at the left.
    pub left: Option<Length>,
    /// Width to keep.
    pub width: Option<Length>,
    /// Height to keep.
    pub height: Option<Length>,
}

/// A frame of one colour around the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Border {
    /// Its colour.
    pub color: Option<Colour>,
    /// Its width on all sides.
    pub width: Option<Side>,
    /// Its width at the top.
    pub top: Option<Side>,
    /// Its width at the right.
    pub right: Option<Side>,
    /// Its width at the bottom.
    pub bottom: Option<Side>,
    /// Its width at the left.
    pub left: Option<Side>,
}

impl Trim {
    /// The largest distance of any channel from a border's colour, unless asked for.
    pub const TOLERANCE: u8 = 10;
}

impl Border {
    /// Its colour, unless asked for.
    pub const COLOUR: Colour = Colour([0, 0, 0, 255]);

    /// Whether there is a side to draw.
    pub fn is_drawn(&self) -> bool {
        [self.width, self.top, self.right, self.bottom, self.left].iter().any(Option::is_some)
    }

    /// Top, right, bottom, left: their own widths, or what all sides have.
    pub fn sides(&self) -> [u32; 4] {
        [self.top, self.right, self.bottom, self.left].map(|own| own.or(self.width).map_or(0, |side| side.0))
    }
}

impl Recipe {
    /// Device pixel ratio, 1 unless asked for.
    pub fn dpr(&self) -> Decimal {
        self.dpr.map_or(Decimal::ONE, |dpr| dpr.0)
    }

    /// The fit, `scale-down` unless asked for.
    pub fn fit(&self) -> Fit {
        self.fit.unwrap_or_default()
    }

    /// The point to keep; the centre where no fixed point was asked for, or none was found yet.
    pub fn focus(&self) -> Focus {
        match self.gravity {
            Some(Gravity::At(focus)) => focus,
            Some(Gravity::Auto | Gravity::Face) | None => Focus::CENTRE,
        }
    }

    /// The width of the box in device pixels. [`crate::negotiate::settle`] makes pixels of `auto`, so that whoever
    /// carries a recipe out finds some.
    pub fn box_width(&self) -> Option<u32> {
        match self.width {
            Some(Width::Pixels(pixels)) => Some(self.device_side(pixels)),
            Some(Width::Auto) | None => None,
        }
    }

    /// The height of the box in device pixels.
    pub fn box_height(&self) -> Option<u32> {
        self.height.map(|side| self.device_side(side.0))
    }

    /// Whether what moves goes on moving. AVIF is made of one frame only, whatever comes instead of it.
    pub fn moves(&self) -> bool {
        self.anim != Some(false) && self.format != Some(Output::Avif)
    }

    /// `flip`, then `rotate`.
    pub fn turn(&self) -> Turn {
        let flip = match self.flip {
            None => Turn::NONE,
            Some(Flip::Horizontal) => Turn { mirror_x: true, ..Turn::NONE },
            Some(Flip::Vertical) => Turn { mirror_y: true, ..Turn::NONE },
            Some(Flip::Both) => Turn::HALF,
        };
        flip.then(self.rotate.map_or(Turn::NONE, Angle::turn))
    }

    /// Widths of the border in device pixels: top, right, bottom, left.
    pub fn border_sides(&self) -> [u32; 4] {
        self.border.sides().map(|side| self.dpr().of(side))
    }

    /// What `rotate` asks for beside quarter turns, if anything.
    pub fn tilt(&self) -> Option<Angle> {
        self.rotate.map(Angle::rest).filter(|rest| !rest.is_zero())
    }

    /// The same where a part of the upright source was found to be all that is wanted, in place of `crop` and
    /// `trim=border`.
    #[must_use]
    pub fn cut_to(&self, part: Rect) -> Self {
        let Rect { x, y, size } = part;
        let crop = [x, y, size.width, size.height].map(Length::Pixels);
        let trim =
            Trim { mode: None, border_color: None, border_tolerance: None, border_keep: None, ..self.trim };
        Self { crop: Some(Four(crop)), trim, ..self.clone() }
    }

    /// The long names of all options that were written.
    pub fn option_names(&self) -> Vec<String> {
        options::print(self).into_iter().map(|(name, _)| name).collect()
    }

    /// `format` as it is written, if it was.
    pub fn format_name(&self) -> Option<String> {
        self.format.as_ref().map(Value::print)
    }

    /// The marks in drawing order: the key of each, and what is said of it.
    pub fn marks(&self) -> impl Iterator<Item = (&str, &Layer)> {
        let marks = self.layers.iter().filter(|(slot, _)| slot.content == Content::Mark);
        marks.filter_map(|(_, layer)| Some((layer.subject.as_ref()?.0.as_str(), layer)))
    }

    /// The names of the fonts that texts ask for, each once, without the one that is always there.
    pub fn fonts(&self) -> Vec<&str> {
        let mut fonts: Vec<&str> = Vec::new();
        for name in self.layers.values().flat_map(|layer| &layer.font).flat_map(|fonts| &fonts.0) {
            if name.0 != EMBEDDED_FONT && !fonts.contains(&name.0.as_str()) {
                fonts.push(&name.0);
            }
        }
        fonts
    }

    /// Refuses a font that is neither among these nor the one that is always there.
    pub fn check_fonts<T>(&self, fonts: &BTreeMap<String, T>) -> Result<(), RecipeError> {
        for (slot, layer) in &self.layers {
            let names = layer.font.iter().flat_map(|fonts| &fonts.0);
            let is_there = |name: &&Name| name.0 == EMBEDDED_FONT || fonts.contains_key(&name.0);
            if let Some(Name(font)) = names.into_iter().find(|name| !is_there(name)) {
                let known = std::iter::once(EMBEDDED_FONT).chain(fonts.keys().map(String::as_str));
                let known = known.collect::<Vec<_>>().join(", ");
                return Err(RecipeError::UnknownFont {
                    name: slot.option("font"),
                    font: font.clone(),
                    known,
                });
            }
        }
        Ok(())
    }

    /// The same request with every default of the pixels written out, so that requests which must
    /// give equal bytes print equally.
    #[must_use]
    pub fn with_defaults(&self) -> Self {
        let mut full = self.clone();
        full.preset = None;
        full.onerror = None;
        full.fit = Some(self.fit());
        let looks_somewhere = matches!(self.fit(), Fit::Cover | Fit::Crop | Fit::AspectCrop | Fit::Pad);
        let is_found = self.gravity == Some(Gravity::Auto) && self.fit() != Fit::Pad;
        let gravity = if is_found { Gravity::Auto } else { Gravity::At(self.focus()) };
        full.gravity = looks_somewhere.then_some(gravity);
        full.dpr = Some(Within(self.dpr()));
        // To a PNG it makes a difference whether a quality was given, so it is written out only where none can come of it.
        let never_png = match self.format {
            Some(Output::Jpeg | Output::BaselineJpeg) => true,
            Some(Output::Webp) => self.compression.is_none(),
            _ => false,
        };
        if never_png {
            full.quality = full.quality.or(Some(Quality::Number(Quality::DEFAULT)));
        }
        full.rotate = self.rotate.filter(|angle| !angle.is_zero());
        full.hue = self.hue.filter(|angle| !angle.is_zero());
        full.pixelate = self.pixelate.filter(|side| side.0 > 1);
        full.radius = self.radius.filter(|radius| !radius.is_zero());
        full.border.color = self.border.color.or(Some(Border::COLOUR)).filter(|_| self.border.is_drawn());
        for neutral in [&mut full.brightness, &mut full.contrast, &mut full.gamma, &mut full.saturation] {
            *neutral = neutral.filter(|factor| factor.0 != Decimal::ONE);
        }
        full.gamma = full.gamma.filter(|gamma| gamma.0 != Decimal::ZERO);
        full.blur = full.blur.filter(|blur| blur.0 != Decimal::ZERO);
        full.sharpen = full.sharpen.filter(|sharpen| sharpen.0 != Decimal::ZERO);
        full.zoom = full.zoom.filter(|zoom| zoom.0 != Decimal::ZERO);
        full.upscale = full.upscale.filter(|upscale| *upscale != Upscale::Interpolate);
        full.metadata = full.metadata.filter(|metadata| *metadata != Metadata::Copyright);
        full.anim = (!self.moves()).then_some(false);
        full
    }

    /// A side in device pixels, no longer than the longest side allowed.
    fn device_side(&self, pixels: u32) -> u32 {
        self.dpr().of(pixels).clamp(1, LONGEST_SIDE)
    }
}

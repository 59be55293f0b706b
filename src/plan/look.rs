//! What is done to the frame before any mark is drawn, in this order: turned, tilted, tones, blurred, sharpened,
//! pixelated, cut out; then what lies behind it and around it, and the border.
//!
//! So effects are those of the picture alone, and what lies behind it stays as it was asked for.

use super::Step;
use crate::geometry::{Framing, Rect, Size, Turn};
use crate::picture::ops::mask::Outline;
use crate::picture::ops::tilt::Tilt;
use crate::picture::ops::tone::{self, Matrix, Tone};
use crate::picture::probe::Header;
use crate::recipe::{Angle, Background, Border, Colour, Decimal, Duotone, Filter, Length, Radius, Recipe};

/// `sharpen=1` adds so much of the difference from the blurred picture.
const SHARPENING: f32 = 0.5;

/// How the frame is made that steps are done to.
pub(super) struct Layout {
    /// What of the picture is read.
    pub(super) read: Framing,
    /// How it is tilted then, if it is.
    pub(super) tilt: Option<Tilt>,
    /// How that lies on its canvas.
    pub(super) framing: Framing,
}

impl Layout {
    /// Of what is left of the picture after `turn`, which has this size.
    pub(super) fn new(recipe: &Recipe, source: Size) -> Self {
        let framing = |source| {
            Framing::new(source, recipe.box_width(), recipe.box_height(), recipe.fit(), recipe.focus())
        };
        let Some(radians) = recipe.tilt().map(Angle::radians) else {
            let framing = framing(source);
            return Self { read: framing, tilt: None, framing };
        };
        // What is asked for is the size of what holds the tilted picture, as quarter turns have it.
        let around = Tilt::around(source, radians);
        let framing = framing(around);
        let tilt = Tilt { radians, source, around, scaled: framing.scaled, window: framing.window };
        Self { read: Framing::whole(tilt.frame()), tilt: Some(tilt), framing }
    }

    /// Whether gravity decides what is cut off.
    pub(super) fn cuts(&self) -> bool {
        self.framing.window.size != self.framing.scaled
    }

    /// The same of an output whose longer side is `side` where it was `longest`.
    pub(super) fn shrunk(&self, side: u32, longest: u32) -> Self {
        let framing = self.framing.shrunk(side, longest);
        let Some(tilt) = self.tilt else { return Self { read: framing, tilt: None, framing } };
        let tilt = Tilt { scaled: framing.scaled, window: framing.window, ..tilt };
        Self { read: Framing::whole(tilt.frame()), tilt: Some(tilt), framing }
    }

    /// Where the picture is in the output, within its border.
    pub(super) fn picture(&self, recipe: &Recipe) -> Rect {
        let [top, _, _, left] = recipe.border_sides();
        let Framing { left: x, top: y, window, .. } = self.framing;
        Rect { x: x.saturating_add(left), y: y.saturating_add(top), size: window.size }
    }
}

/// What is seen through an output that cannot be translucent.
pub(super) fn opaque_background(recipe: &Recipe) -> Colour {
    match recipe.background {
        Some(Background::Colour(colour)) => over_white(colour),
        Some(Background::Blur) | None => Colour::WHITE,
    }
}

/// What is done to the frame, and how large it is then.
pub(super) fn steps(
    recipe: &Recipe,
    header: &Header,
    turn: Turn,
    layout: &Layout,
    can_be_translucent: bool,
) -> (Vec<Step>, Size) {
    let Layout { tilt, framing, .. } = layout;
    let turn = header.turn.then(turn);
    let mut steps = Vec::new();
    steps.extend((turn != Turn::NONE).then_some(Step::Turn(turn)));
    steps.extend(tilt.map(Step::Tilt));
    effects(recipe, &mut steps);
    let outlines = outlines(recipe, framing.window.size);
    let alpha = header.alpha || tilt.is_some() || !outlines.is_empty();
    steps.extend(outlines.into_iter().map(Step::Cut));
    let colours = Colours { can_be_translucent, alpha };
    behind(recipe.background, framing, colours, &mut steps);
    let size = border(recipe, framing.canvas, colours, &mut steps);
    (steps, size)
}

/// What is done to the picture's own pixels.
fn effects(recipe: &Recipe, steps: &mut Vec<Step>) {
    let dpr = recipe.dpr();
    let amount =
        |number: Option<Decimal>| number.filter(|number| *number != Decimal::ZERO).map(Decimal::as_f32);
    let tones = tones(recipe);
    let filter = filter_step(recipe);
    let duotone = recipe.duotone.map(duotone);
    // A filter that is no matrix parts what could be one.
    let (within, after) = if filter.is_some() { (None, duotone) } else { (duotone, None) };
    let tone = |tone: Tone| (tone != Tone::NEUTRAL).then_some(Step::Tone(tone));
    steps.extend(tone(with(tones, within)));
    steps.extend(filter);
    steps.extend(tone(with(Tone::NEUTRAL, after)));
    let blur = amount(recipe.blur.map(|blur| blur.0));
    steps.extend(blur.map(|sigma| Step::Blur { sigma: sigma * dpr.as_f32() }));
    let sharpen = amount(recipe.sharpen.map(|sharpen| sharpen.0));
    steps.extend(sharpen.map(|amount| Step::Sharpen { amount: amount * SHARPENING }));
    let side = recipe.pixelate.map(|side| dpr.of(side.0)).filter(|side| *side > 1);
    steps.extend(side.map(|side| Step::Pixelate { side }));
}

/// All tones before `duotone`.
fn tones(recipe: &Recipe) -> Tone {
    let factor = |number: Option<Decimal>| f64::from(number.unwrap_or(Decimal::ONE).units()) / ONE;
    let gamma = recipe.gamma.map(|gamma| gamma.0).filter(|gamma| *gamma != Decimal::ZERO);
    let saturation = recipe.saturation.map(|factor| factor.0).filter(|factor| *factor != Decimal::ONE);
    let hue = recipe.hue.filter(|angle| !angle.is_zero());
    let matrices = [
        saturation.map(|saturation| tone::saturate(factor(Some(saturation)))),
        hue.map(|angle| tone::turn_hue(angle.radians())),
        recipe.filter.and_then(filter),
    ];
    Tone {
        gamma: factor(gamma),
        brightness: factor(recipe.brightness.map(|factor| factor.0)),
        contrast: factor(recipe.contrast.map(|factor| factor.0)),
        matrix: matrices.iter().flatten().fold(tone::IDENTITY, |all, next| tone::then(&all, next)),
    }
}

/// One, in units of [`Decimal`].
const ONE: f64 = 10_000.0;

fn with(tone: Tone, matrix: Option<Matrix>) -> Tone {
    matrix.map_or(tone, |matrix| Tone { matrix: tone::then(&tone.matrix, &matrix), ..tone })
}

/// The filters that are matrices.
fn filter(filter: Filter) -> Option<Matrix> {
    match filter {
        Filter::Grayscale => Some(tone::saturate(0.0)),
        Filter::Sepia => Some(tone::SEPIA),
        Filter::Invert => Some(tone::INVERT),
        _ => None,
    }
}

/// The others.
#[cfg(feature = "filters")]
fn filter_step(recipe: &Recipe) -> Option<Step> {
    recipe.filter.and_then(super::filter::look).map(Step::Filter)
}

/// They answer 501 before there is a plan.
#[cfg(not(feature = "filters"))]
fn filter_step(_: &Recipe) -> Option<Step> {
    None
}

fn duotone(Duotone { dark: Colour([r, g, b, _]), light: Colour([red, green, blue, _]) }: Duotone) -> Matrix {
    tone::duotone([r, g, b], [red, green, blue])
}

/// What is cut out of a picture of this size.
fn outlines(recipe: &Recipe, size: Size) -> Vec<Outline> {
    let pixels = |length: Length| length.pixels(size.width.min(size.height), recipe.dpr());
    let rounded = recipe.radius.filter(|radius| !radius.is_zero()).map(|radius| match radius {
        Radius::Max => [u32::MAX; 4],
        Radius::Corners(corners) => corners.map(pixels),
    });
    rounded.map(Outline::Rounded).into_iter().chain(recipe.mask.map(Outline::Shape)).collect()
}

/// What colours may be.
#[derive(Clone, Copy)]
struct Colours {
    /// The output holds alpha.
    can_be_translucent: bool,
    /// The picture has some.
    alpha: bool,
}

impl Colours {
    fn as_held(self, colour: Colour) -> Colour {
        if self.can_be_translucent { colour } else { over_white(colour) }
    }

    /// What is seen where nothing is.
    fn open(self) -> Colour {
        if self.alpha && self.can_be_translucent { Colour([0; 4]) } else { Colour::WHITE }
    }
}

fn behind(background: Option<Background>, framing: &Framing, colours: Colours, steps: &mut Vec<Step>) {
    let &Framing { canvas: size, left, top, .. } = framing;
    let is_padded = size != framing.window.size;
    let asked = match background {
        Some(Background::Blur) => {
            steps.extend((is_padded || colours.alpha).then_some(Step::Backdrop { size, left, top }));
            return;
        }
        Some(Background::Colour(colour)) => Some(colours.as_held(colour)),
        None => None,
    };
    if colours.alpha && (asked.is_some() || !colours.can_be_translucent) {
        steps.push(Step::Flatten(asked.unwrap_or(Colour::WHITE)));
    }
    if is_padded {
        steps.push(Step::Pad { size, left, top, colour: asked.unwrap_or(colours.open()) });
    }
}

/// The size with the border.
fn border(recipe: &Recipe, canvas: Size, colours: Colours, steps: &mut Vec<Step>) -> Size {
    let [top, right, bottom, left] = recipe.border_sides();
    let sum = |length: u32, before: u32, after: u32| length.saturating_add(before).saturating_add(after);
    let size = Size::new(sum(canvas.width, left, right), sum(canvas.height, top, bottom));
    if size != canvas {
        let colour = colours.as_held(recipe.border.color.unwrap_or(Border::COLOUR));
        steps.push(Step::Border { size, left, top, colour });
    }
    size
}

/// A translucent colour as it looks on white.
fn over_white(Colour([r, g, b, a]): Colour) -> Colour {
    let mix = |channel: u8| {
        let sum = u32::from(channel) * u32::from(a) + 255 * (255 - u32::from(a)) + 127;
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    Colour([mix(r), mix(g), mix(b), 255])
}

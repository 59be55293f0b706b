//! A tree of paths drawn on a canvas, as `resvg` draws it, whose filters, pictures and text are left out.
//!
//! What lies in a group of its own is drawn on a canvas that is no larger than the part of it that shows. What cannot be drawn,
//! because nothing of it is to be seen, is passed over.

use tiny_skia::{
    BlendMode, Color, FillRule, FilterQuality, GradientStop, LinearGradient, Mask, MaskType, Paint,
    PathBuilder, Pattern, Pixmap, PixmapPaint, RadialGradient, Shader, SpreadMode, Transform,
};
use usvg::{BaseGradient, ClipPath, Group, Node, Opacity, PaintOrder, Path};

/// Everything in a group, one after the other.
pub(super) fn children(parent: &Group, transform: Transform, canvas: &mut Pixmap) {
    for node in parent.children() {
        match node {
            Node::Group(group) => {
                let _ = self::group(group, transform, canvas);
            }
            Node::Path(path) => self::path(path, transform, canvas),
            // A document with any was refused.
            Node::Image(_) | Node::Text(_) => {}
        }
    }
}

fn group(group: &Group, transform: Transform, canvas: &mut Pixmap) -> Option<()> {
    let transform = transform.pre_concat(group.transform());
    if !group.should_isolate() {
        children(group, transform, canvas);
        return Some(());
    }
    let bounds = group.layer_bounding_box().transform(transform)?;
    let (left, width) = shown(bounds.left(), bounds.right(), canvas.width())?;
    let (top, height) = shown(bounds.top(), bounds.bottom(), canvas.height())?;
    let mut layer = Pixmap::new(width, height)?;
    let transform = transform.post_translate(-single(left), -single(top));
    children(group, transform, &mut layer);
    if let Some(clip) = group.clip_path() {
        self::clip(clip, transform, &mut layer)?;
    }
    if let Some(mask) = group.mask() {
        self::mask(mask, transform, &mut layer)?;
    }
    let paint = PixmapPaint {
        opacity: group.opacity().get(),
        blend_mode: blend_mode(group.blend_mode()),
        quality: FilterQuality::Nearest,
    };
    canvas.draw_pixmap(left, top, layer.as_ref(), &paint, Transform::identity(), None);
    Some(())
}

/// The pixels of a side of a canvas that lie between two of its points, and a little around them.
#[expect(clippy::cast_possible_truncation, reason = "such a cast saturates")]
pub(super) fn shown(from: f32, to: f32, side: u32) -> Option<(i32, u32)> {
    let end = (to.ceil() as i64).saturating_add(2).min(side.into());
    let start = (from.floor() as i64).saturating_sub(2).max(0);
    let length = u32::try_from(end.saturating_sub(start)).ok().filter(|length| *length > 0)?;
    Some((i32::try_from(start).ok()?, length))
}

/// Leaves of a layer what lies within.
fn clip(clip: &ClipPath, transform: Transform, layer: &mut Pixmap) -> Option<()> {
    let mut outside = Pixmap::new(layer.width(), layer.height())?;
    outside.fill(Color::BLACK);
    clip_children(clip.root(), BlendMode::Clear, transform.pre_concat(clip.transform()), &mut outside);
    if let Some(next) = clip.clip_path() {
        self::clip(next, transform, layer)?;
    }
    let mut inside = Mask::from_pixmap(outside.as_ref(), MaskType::Alpha);
    inside.invert();
    layer.apply_mask(&inside);
    Some(())
}

fn clip_children(parent: &Group, mode: BlendMode, transform: Transform, canvas: &mut Pixmap) {
    for child in parent.children() {
        match child {
            Node::Path(path) if path.is_visible() => {
                let _ = fill(path, mode, transform, canvas);
            }
            Node::Group(group) => {
                let transform = transform.pre_concat(group.transform());
                match group.clip_path() {
                    Some(clip) => {
                        let _ = clipped(group, clip, transform, canvas);
                    }
                    None => clip_children(group, mode, transform, canvas),
                }
            }
            Node::Path(_) | Node::Image(_) | Node::Text(_) => {}
        }
    }
}

/// What of a clip is clipped itself.
fn clipped(group: &Group, clip: &ClipPath, transform: Transform, canvas: &mut Pixmap) -> Option<()> {
    let mut layer = Pixmap::new(canvas.width(), canvas.height())?;
    clip_children(group, BlendMode::SourceOver, transform, &mut layer);
    self::clip(clip, transform, &mut layer)?;
    let paint = PixmapPaint { blend_mode: BlendMode::Xor, ..PixmapPaint::default() };
    canvas.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::identity(), None);
    Some(())
}

/// Leaves of a layer as much as there is of its mask.
fn mask(mask: &usvg::Mask, transform: Transform, layer: &mut Pixmap) -> Option<()> {
    if mask.root().children().is_empty() {
        layer.fill(Color::TRANSPARENT);
        return Some(());
    }
    let mut shown = Pixmap::new(layer.width(), layer.height())?;
    children(mask.root(), transform, &mut shown);
    let mut region = Mask::new(layer.width(), layer.height())?;
    let path = PathBuilder::from_rect(mask.rect().to_rect());
    region.fill_path(&path, FillRule::Winding, true, transform);
    shown.apply_mask(&region);
    drop(region);
    if let Some(next) = mask.mask() {
        self::mask(next, transform, layer)?;
    }
    let kind = match mask.kind() {
        usvg::MaskType::Luminance => MaskType::Luminance,
        usvg::MaskType::Alpha => MaskType::Alpha,
    };
    layer.apply_mask(&Mask::from_pixmap(shown.as_ref(), kind));
    Some(())
}

fn path(path: &Path, transform: Transform, canvas: &mut Pixmap) {
    if !path.is_visible() {
        return;
    }
    let strokes_last = path.paint_order() == PaintOrder::FillAndStroke;
    if strokes_last {
        let _ = fill(path, BlendMode::SourceOver, transform, canvas);
    }
    let _ = stroke(path, transform, canvas);
    if !strokes_last {
        let _ = fill(path, BlendMode::SourceOver, transform, canvas);
    }
}

fn fill(path: &Path, mode: BlendMode, transform: Transform, canvas: &mut Pixmap) -> Option<()> {
    let fill = path.fill()?;
    let bounds = path.data().bounds();
    // Lines along an axis have no inside.
    if bounds.width() == 0.0 || bounds.height() == 0.0 {
        return None;
    }
    let rule = match fill.rule() {
        usvg::FillRule::NonZero => FillRule::Winding,
        usvg::FillRule::EvenOdd => FillRule::EvenOdd,
    };
    let tile = tile(fill.paint(), transform);
    let shader = shader(fill.paint(), fill.opacity(), tile.as_ref())?;
    let paint = Paint { shader, blend_mode: mode, anti_alias: is_smooth(path), ..Paint::default() };
    canvas.fill_path(path.data(), &paint, rule, transform, None);
    Some(())
}

fn stroke(path: &Path, transform: Transform, canvas: &mut Pixmap) -> Option<()> {
    let stroke = path.stroke()?;
    let tile = tile(stroke.paint(), transform);
    let shader = shader(stroke.paint(), stroke.opacity(), tile.as_ref())?;
    let paint = Paint { shader, anti_alias: is_smooth(path), ..Paint::default() };
    canvas.stroke_path(path.data(), &paint, &stroke.to_tiny_skia(), transform, None);
    Some(())
}

fn is_smooth(path: &Path) -> bool {
    path.rendering_mode().use_shape_antialiasing()
}

/// What covers pixels; of patterns the tile, which was drawn before.
fn shader<'a>(
    paint: &usvg::Paint,
    opacity: Opacity,
    tile: Option<&'a (Pixmap, Transform)>,
) -> Option<Shader<'a>> {
    match paint {
        usvg::Paint::Color(colour) => {
            let usvg::Color { red, green, blue } = *colour;
            Some(Shader::SolidColor(Color::from_rgba8(red, green, blue, opacity.to_u8())))
        }
        usvg::Paint::LinearGradient(line) => {
            let (mode, stops) = stops(line, opacity);
            let (from, to) = ((line.x1(), line.y1()), (line.x2(), line.y2()));
            LinearGradient::new(from.into(), to.into(), stops, mode, line.transform())
        }
        usvg::Paint::RadialGradient(disc) => {
            let (mode, stops) = stops(disc, opacity);
            let (focus, centre) = ((disc.fx(), disc.fy()), (disc.cx(), disc.cy()));
            let radii = (disc.fr().get(), disc.r().get());
            RadialGradient::new(focus.into(), radii.0, centre.into(), radii.1, stops, mode, disc.transform())
        }
        usvg::Paint::Pattern(_) => {
            let (tile, transform) = tile?;
            let (mode, quality) = (SpreadMode::Repeat, FilterQuality::Bicubic);
            Some(Pattern::new(tile.as_ref(), mode, quality, opacity.get(), *transform))
        }
    }
}

fn stops(gradient: &BaseGradient, opacity: Opacity) -> (SpreadMode, Vec<GradientStop>) {
    let mode = match gradient.spread_method() {
        usvg::SpreadMethod::Pad => SpreadMode::Pad,
        usvg::SpreadMethod::Reflect => SpreadMode::Reflect,
        usvg::SpreadMethod::Repeat => SpreadMode::Repeat,
    };
    let stop = |stop: &usvg::Stop| {
        let usvg::Color { red, green, blue } = stop.color();
        let alpha = (stop.opacity() * opacity).to_u8();
        GradientStop::new(stop.offset().get(), Color::from_rgba8(red, green, blue, alpha))
    };
    (mode, gradient.stops().iter().map(stop).collect())
}

/// How large the tile of a pattern is, and what brings what lies in it there.
pub(super) fn tile_size(pattern: &usvg::Pattern, transform: Transform) -> (f32, f32, Transform) {
    let (across, down) = transform.pre_concat(pattern.transform()).get_scale();
    let rect = pattern.rect();
    (rect.width() * across, rect.height() * down, Transform::from_scale(across, down))
}

fn tile(paint: &usvg::Paint, transform: Transform) -> Option<(Pixmap, Transform)> {
    let usvg::Paint::Pattern(pattern) = paint else { return None };
    let (width, height, scale) = tile_size(pattern, transform);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
    let [width, height] = [width, height].map(|side| side.round() as u32);
    let mut tile = Pixmap::new(width, height)?;
    children(pattern.root(), scale, &mut tile);
    let rect = pattern.rect();
    let back = pattern.transform().pre_translate(rect.x(), rect.y());
    Some((tile, back.pre_scale(1.0 / scale.sx, 1.0 / scale.sy)))
}

fn blend_mode(mode: usvg::BlendMode) -> BlendMode {
    match mode {
        usvg::BlendMode::Normal => BlendMode::SourceOver,
        usvg::BlendMode::Multiply => BlendMode::Multiply,
        usvg::BlendMode::Screen => BlendMode::Screen,
        usvg::BlendMode::Overlay => BlendMode::Overlay,
        usvg::BlendMode::Darken => BlendMode::Darken,
        usvg::BlendMode::Lighten => BlendMode::Lighten,
        usvg::BlendMode::ColorDodge => BlendMode::ColorDodge,
        usvg::BlendMode::ColorBurn => BlendMode::ColorBurn,
        usvg::BlendMode::HardLight => BlendMode::HardLight,
        usvg::BlendMode::SoftLight => BlendMode::SoftLight,
        usvg::BlendMode::Difference => BlendMode::Difference,
        usvg::BlendMode::Exclusion => BlendMode::Exclusion,
        usvg::BlendMode::Hue => BlendMode::Hue,
        usvg::BlendMode::Saturation => BlendMode::Saturation,
        usvg::BlendMode::Color => BlendMode::Color,
        usvg::BlendMode::Luminosity => BlendMode::Luminosity,
        usvg::BlendMode::PlusLighter => BlendMode::Plus,
    }
}

#[expect(clippy::cast_precision_loss, reason = "places on a canvas")]
fn single(place: i32) -> f32 {
    place as f32
}

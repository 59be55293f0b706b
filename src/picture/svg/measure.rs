//! What drawing a tree of paths takes, found by walking it as `draw` does, without a canvas.

use tiny_skia::{Path as Outline, PathSegment, Point, Rect, Transform};
use usvg::{ClipPath, Group, LineCap, LineJoin, Node, Opacity, Paint, Path, Stroke};

use super::cost::SHARES;
use super::survey::{self, at_most};
use super::{Drawing, DrawingCost, SvgError, draw, raster};

/// Strokes that lines are broken into, all together.
const MOST_DASHES: u64 = 50_000;

/// How often edges of one path may pass each other, summed over all paths: they are kept in order from row to row, which takes
/// 2.6 ns each as wasm.
const MOST_CROSSINGS: u64 = 400_000_000;

/// Canvases that may lie above each other: groups, masks and clips within each other.
const MOST_LAYERS: u64 = 16;

/// Bytes of a pixel of a canvas, and of a mask made of it.
const PIXEL_BYTES: u64 = 4;
const MASK_BYTES: u64 = 1;

/// Bytes of an edge, with the piece of an outline that it is made of.
const EDGE_BYTES: u64 = 160;

/// What a pixel counts for where more is done to it than to lay a colour on it.
const TRANSLUCENT_WEIGHT: u64 = 3;
const GRADIENT_WEIGHT: u64 = 8;
const PATTERN_WEIGHT: u64 = 30;
const LAYER_WEIGHT: u64 = 4;
const CLIP_WEIGHT: u64 = 4;
const MASK_WEIGHT: u64 = 8;

/// Pieces of a drawing's height, in each of which the edges are counted that pass each other there.
const BANDS: usize = 128;

/// What a drawing costs that may be surveyed.
pub(super) fn measure(drawing: &Drawing) -> Result<DrawingCost, SvgError> {
    let tree_bytes = survey::survey(drawing)?.tree_bytes;
    let (tree, pixels) = raster::tree(&drawing.text, drawing.size)?;
    let [width, height] = [drawing.size.width, drawing.size.height].map(f64::from);
    let all = View { width, height, is_tile: false };
    let mut tally =
        Tally { all, cost: DrawingCost { tree_bytes, ..DrawingCost::default() }, dashes: 0, crossings: 0 };
    let held = tally.children(tree.root(), pixels, all)?;
    at_most("groups, masks and clips within each other", held.pixel_bytes / PIXEL_BYTES, MOST_LAYERS)?;
    let tile_shares = held.tile_shares;
    Ok(DrawingCost { pixel_bytes: PIXEL_BYTES + held.pixel_bytes, tile_shares, ..tally.cost })
}

/// A canvas, in pixels of the drawing as it is.
#[derive(Debug, Clone, Copy)]
struct View {
    width: f64,
    height: f64,
    /// Of a pattern.
    is_tile: bool,
}

/// What is held at once above a canvas.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    pixel_bytes: u64,
    tile_shares: u64,
}

impl Held {
    /// One after the other.
    fn or(self, other: Self) -> Self {
        Self {
            pixel_bytes: self.pixel_bytes.max(other.pixel_bytes),
            tile_shares: self.tile_shares.max(other.tile_shares),
        }
    }

    /// With so many bytes more of every pixel.
    fn above(self, pixel_bytes: u64) -> Self {
        Self { pixel_bytes: self.pixel_bytes + pixel_bytes, ..self }
    }
}

struct Tally {
    all: View,
    cost: DrawingCost,
    dashes: u64,
    crossings: u64,
}

impl Tally {
    fn children(&mut self, parent: &Group, transform: Transform, view: View) -> Result<Held, SvgError> {
        let mut held = Held::default();
        for node in parent.children() {
            held = held.or(match node {
                Node::Group(group) => self.group(group, transform, view)?,
                Node::Path(path) if path.is_visible() => self.path(path, transform, view)?,
                Node::Path(_) | Node::Image(_) | Node::Text(_) => Held::default(),
            });
        }
        Ok(held)
    }

    fn group(&mut self, group: &Group, transform: Transform, view: View) -> Result<Held, SvgError> {
        if !group.filters().is_empty() {
            return Err(SvgError::NotDrawn(survey::FILTERS));
        }
        let transform = transform.pre_concat(group.transform());
        let mut held = self.children(group, transform, view)?;
        if !group.should_isolate() {
            return Ok(held);
        }
        let bounds = group.layer_bounding_box().to_rect();
        self.paint(bounds, transform, view, LAYER_WEIGHT);
        if let Some(clip) = group.clip_path() {
            held = held.or(self.clip(clip, (bounds, transform), view)?);
        }
        if let Some(mask) = group.mask() {
            held = held.or(self.mask(mask, (bounds, transform), view)?);
        }
        Ok(held.above(PIXEL_BYTES))
    }

    /// Of a layer with these bounds.
    fn clip(&mut self, clip: &ClipPath, layer: (Rect, Transform), view: View) -> Result<Held, SvgError> {
        self.paint(layer.0, layer.1, view, CLIP_WEIGHT);
        let mut held = self.clip_children(clip.root(), layer.1.pre_concat(clip.transform()), layer, view)?;
        if let Some(next) = clip.clip_path() {
            held = held.or(self.clip(next, layer, view)?);
        }
        Ok(held.or(Held::default().above(MASK_BYTES)).above(PIXEL_BYTES))
    }

    fn clip_children(
        &mut self,
        parent: &Group,
        transform: Transform,
        layer: (Rect, Transform),
        view: View,
    ) -> Result<Held, SvgError> {
        let mut held = Held::default();
        for child in parent.children() {
            held = held.or(match child {
                Node::Path(path) if path.is_visible() => self.path(path, transform, view)?,
                Node::Group(group) => {
                    let transform = transform.pre_concat(group.transform());
                    let inner = self.clip_children(group, transform, layer, view)?;
                    match group.clip_path() {
                        Some(clip) => {
                            self.paint(layer.0, layer.1, view, CLIP_WEIGHT);
                            // It is clipped where it lies.
                            let layer = (layer.0, transform);
                            inner.or(self.clip(clip, layer, view)?).above(PIXEL_BYTES)
                        }
                        None => inner,
                    }
                }
                Node::Path(_) | Node::Image(_) | Node::Text(_) => Held::default(),
            });
        }
        Ok(held)
    }

    fn mask(&mut self, mask: &usvg::Mask, layer: (Rect, Transform), view: View) -> Result<Held, SvgError> {
        self.paint(layer.0, layer.1, view, MASK_WEIGHT);
        let mut held = self.children(mask.root(), layer.1, view)?;
        if let Some(next) = mask.mask() {
            held = held.or(self.mask(next, layer, view)?);
        }
        Ok(held.or(Held::default().above(MASK_BYTES)).above(PIXEL_BYTES))
    }

    fn path(&mut self, path: &Path, transform: Transform, view: View) -> Result<Held, SvgError> {
        let mut held = Held::default();
        if let Some(fill) = path.fill() {
            let (weight, tile) = self.filled_with(fill.paint(), fill.opacity(), transform)?;
            self.paint(path.data().bounds(), transform, view, weight);
            self.edges(path.data(), None, transform, view)?;
            held = held.or(tile);
        }
        if let Some(stroke) = path.stroke() {
            let (weight, tile) = self.filled_with(stroke.paint(), stroke.opacity(), transform)?;
            self.paint(path.stroke_bounding_box(), transform, view, weight);
            self.edges(path.data(), Some(stroke), transform, view)?;
            held = held.or(tile);
        }
        Ok(held)
    }

    /// What each pixel counts for, and what is held for that.
    fn filled_with(
        &mut self,
        paint: &Paint,
        opacity: Opacity,
        transform: Transform,
    ) -> Result<(u64, Held), SvgError> {
        let pattern = match paint {
            Paint::Color(_) if opacity == Opacity::ONE => return Ok((1, Held::default())),
            Paint::Color(_) => return Ok((TRANSLUCENT_WEIGHT, Held::default())),
            Paint::LinearGradient(_) | Paint::RadialGradient(_) => {
                return Ok((GRADIENT_WEIGHT, Held::default()));
            }
            Paint::Pattern(pattern) => pattern,
        };
        let (width, height, scale) = draw::tile_size(pattern, transform);
        let tile = View { width: width.into(), height: height.into(), is_tile: true };
        let held = self.children(pattern.root(), scale, tile)?;
        let shares = self.shares(tile.width * tile.height);
        // A tile is made anew for everything that is filled with it, and all of it wherever that lies.
        self.cost.tiled_shares = self.cost.tiled_shares.saturating_add(shares);
        // Half a pixel may become a whole one.
        let whole = shares.saturating_mul(2 * (PIXEL_BYTES + held.pixel_bytes)).div_ceil(PIXEL_BYTES);
        Ok((PATTERN_WEIGHT, Held { pixel_bytes: 0, tile_shares: held.tile_shares.saturating_add(whole) }))
    }

    /// Shares of the drawing's area.
    fn shares(&self, pixels: f64) -> u64 {
        rounded_up(pixels / (self.all.width * self.all.height) * double(SHARES))
    }

    /// Something with these bounds is covered.
    fn paint(&mut self, bounds: Rect, transform: Transform, view: View, weight: u64) {
        let Some(bounds) = bounds.transform(transform) else { return };
        let along = |from: f32, to: f32, side: f64| {
            (f64::from(to).min(side) - f64::from(from).max(0.0)).clamp(0.0, side)
        };
        let width = along(bounds.left(), bounds.right(), view.width);
        let height = along(bounds.top(), bounds.bottom(), view.height);
        // However small it is, it takes its time.
        let shares = self.shares(width * height).saturating_add(1).saturating_mul(weight);
        if view.is_tile {
            self.cost.tiled_shares = self.cost.tiled_shares.saturating_add(shares);
            return;
        }
        self.cost.painted_shares = self.cost.painted_shares.saturating_add(shares);
        self.cost.paintings = self.cost.paintings.saturating_add(weight);
    }

    /// The edges of a path, or of the outline of its stroke.
    fn edges(
        &mut self,
        path: &Outline,
        stroke: Option<&Stroke>,
        transform: Transform,
        view: View,
    ) -> Result<(), SvgError> {
        let pen = stroke.map(|stroke| Pen::new(stroke, transform));
        let mut edges = Edges::new(view.height);
        let (mut length, mut contours) = (0.0, 1.0);
        let (mut start, mut last) = (Point::zero(), Point::zero());
        let mut line = |from: Point, through: &[Point], pieces: f64| {
            let mut ends = [seen(from, transform); 2];
            let mut before = from;
            for point in through {
                length += f64::from(before.distance(*point));
                before = *point;
                let y = seen(before, transform);
                ends = [ends[0].min(y), ends[1].max(y)];
            }
            edges.add(ends, pieces, pen.as_ref());
            before
        };
        for segment in path.segments() {
            last = match segment {
                PathSegment::LineTo(to) => line(last, &[to], 1.0),
                PathSegment::QuadTo(control, to) => line(last, &[control, to], 2.0),
                PathSegment::CubicTo(first, second, to) => line(last, &[first, second, to], 3.0),
                PathSegment::Close => line(last, &[start], 1.0),
                PathSegment::MoveTo(to) => {
                    // What is filled is closed, whether that is said or not.
                    line(last, &[start], 1.0);
                    contours += 1.0;
                    start = to;
                    to
                }
            };
        }
        line(last, &[start], 1.0);
        if let (Some(pen), Some(dashes)) = (&pen, stroke.and_then(Stroke::dasharray)) {
            let interval: f64 = dashes.iter().map(|dash| f64::from(*dash)).sum();
            let count = (length / interval + contours) * double(dashes.len() as u64);
            self.dashes = self.dashes.saturating_add(rounded_up(count));
            at_most("dashes", self.dashes, MOST_DASHES)?;
            edges.add_all(count * pen.caps, pen.width);
        }
        self.crossings = self.crossings.saturating_add(edges.crossings());
        at_most("crossings of edges of a path", self.crossings, MOST_CROSSINGS)?;
        let shares = rounded_up(edges.rows / self.all.height * double(SHARES));
        self.cost.edge_shares = self.cost.edge_shares.saturating_add(shares);
        self.cost.outline_bytes =
            self.cost.outline_bytes.max(rounded_up(edges.count).saturating_mul(EDGE_BYTES));
        Ok(())
    }
}

fn seen(mut point: Point, transform: Transform) -> f64 {
    transform.map_point(&mut point);
    point.y.into()
}

/// What a stroke makes of segments.
struct Pen {
    /// In pixels.
    width: f64,
    /// Edges of the two sides of a piece, and of what joins it to the next.
    sides: f64,
    /// Edges of both ends of a line.
    caps: f64,
}

impl Pen {
    fn new(stroke: &Stroke, transform: Transform) -> Self {
        let (across, down) = transform.get_scale();
        let reach =
            if stroke.linejoin() == LineJoin::Miter { stroke.miterlimit().get().min(10.0) } else { 1.0 };
        let width = f64::from(stroke.width().get() * across.max(down) * reach);
        let joins = if stroke.linejoin() == LineJoin::Round { 8.0 } else { 3.0 };
        let caps = if stroke.linecap() == LineCap::Round { 18.0 } else { 8.0 };
        Self { width: if width.is_finite() { width } else { 0.0 }, sides: 2.0 + joins, caps }
    }
}

/// The edges of one path.
struct Edges {
    height: f64,
    count: f64,
    rows: f64,
    /// How many more there are in each band than in the one before.
    bands: [f64; BANDS + 1],
    everywhere: f64,
}

impl Edges {
    fn new(height: f64) -> Self {
        Self { height, count: 0.0, rows: 0.0, bands: [0.0; BANDS + 1], everywhere: 0.0 }
    }

    /// A segment of so many pieces between two heights.
    fn add(&mut self, [top, bottom]: [f64; 2], pieces: f64, pen: Option<&Pen>) {
        let (wide, sides) = pen.map_or((0.0, 1.0), |pen| (pen.width, pen.sides * pieces));
        let [from, to] = [top - wide, bottom + wide]
            .map(|y| if y.is_nan() { self.height } else { y.clamp(0.0, self.height) });
        let count = pieces * sides;
        self.count += count;
        // The sides are as high as the segment; what joins them no higher than the line is wide.
        let high = if pen.is_some() {
            (2.0 * (to - from)).min(self.height * 2.0) + count * wide.min(to - from)
        } else {
            to - from
        };
        self.rows += high + count / 4.0;
        let band = |y: f64| rounded_down(y / self.height * double(BANDS as u64)).min(BANDS - 1);
        for (at, more) in [(band(from), count), (band(to) + 1, -count)] {
            if let Some(edges) = self.bands.get_mut(at) {
                *edges += more;
            }
        }
    }

    /// So many that may lie anywhere.
    fn add_all(&mut self, count: f64, high: f64) {
        self.count += count;
        self.rows += count * high.min(self.height) + count / 4.0;
        self.everywhere += count;
    }

    /// How often they pass each other at most: lines do so once.
    fn crossings(&self) -> u64 {
        let mut here = self.everywhere;
        let mut pairs = 0.0;
        for more in &self.bands {
            here += more;
            pairs += here * here;
        }
        rounded_up(pairs.min(self.count * self.count) / 2.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here is small enough")]
fn double(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn rounded_up(value: f64) -> u64 {
    // What is no number is more than may be.
    if value.is_nan() { u64::MAX } else { value.ceil() as u64 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn rounded_down(value: f64) -> usize {
    value as usize
}

//! Sizes, rectangles, turns, fits and gravity: whole-number maths only.
//!
//! Nothing here knows pixels or formats; `plan` puts these answers together.

use std::fmt;

/// Width and height in pixels, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// A size; sides of zero become 1, since a picture without pixels is no picture.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width: width.max(1), height: height.max(1) }
    }

    /// Pixels in all.
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The longer side.
    pub fn longest(self) -> u32 {
        self.width.max(self.height)
    }

    /// Width and height exchanged.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// The whole of a picture of this size.
    pub fn rect(self) -> Rect {
        Rect { x: 0, y: 0, size: self }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.width, self.height)
    }
}

/// A rectangle of pixels inside a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns and rows.
    pub size: Size,
}

impl Rect {
    /// Nothing of a picture.
    pub const EMPTY: Self = Self { x: 0, y: 0, size: Size { width: 0, height: 0 } };

    /// Whether there is no pixel in it.
    pub fn is_empty(self) -> bool {
        self.size.area() == 0
    }

    /// What of it lies in a picture of this size.
    #[must_use]
    pub fn within(self, size: Size) -> Self {
        let (x, y) = (self.x.min(size.width), self.y.min(size.height));
        let width = self.size.width.min(size.width - x);
        let height = self.size.height.min(size.height - y);
        let part = Self { x, y, size: Size { width, height } };
        if part.is_empty() { Self::EMPTY } else { part }
    }

    /// The smallest rectangle that both lie in.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.size.width).max(other.x + other.size.width);
        let bottom = (self.y + self.size.height).max(other.y + other.size.height);
        Self { x, y, size: Size { width: right - x, height: bottom - y } }
    }
}

/// One of the eight ways to lay a picture on its sides and faces (the dihedral group of the square).
///
/// The pixel at `(x, y)` of the turned picture is found by mirroring, then exchanging the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Turn {
    /// Rows become columns.
    pub transpose: bool,
    /// Left and right change places (seen in the turned picture).
    pub mirror_x: bool,
    /// Top and bottom change places (seen in the turned picture).
    pub mirror_y: bool,
}

impl Turn {
    /// Leaves everything where it is.
    pub const NONE: Self = Self { transpose: false, mirror_x: false, mirror_y: false };
    /// A quarter turn clockwise.
    pub const CLOCKWISE: Self = Self { transpose: true, mirror_x: true, mirror_y: false };
    /// A half turn.
    pub const HALF: Self = Self { transpose: false, mirror_x: true, mirror_y: true };
    /// A quarter turn counter-clockwise.
    pub const COUNTER_CLOCKWISE: Self = Self { transpose: true, mirror_x: false, mirror_y: true };

    /// The turn that makes a picture stored with this EXIF orientation (tag 0x0112) upright.
    /// Anything but 1–8 is no turn.
    pub fn from_exif(orientation: u16) -> Self {
        let (transpose, mirror_x, mirror_y) = match orientation {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Self { transpose, mirror_x, mirror_y }
    }

    /// The EXIF orientation of a picture that this turn makes upright.
    pub fn exif(self) -> u16 {
        (1..=8).find(|orientation| Self::from_exif(*orientation) == self).unwrap_or(1)
    }

    /// This turn, and after it another.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let (mine_x, mine_y) =
            if next.transpose { (self.mirror_y, self.mirror_x) } else { (self.mirror_x, self.mirror_y) };
        Self {
            transpose: self.transpose ^ next.transpose,
            mirror_x: next.mirror_x ^ mine_x,
            mirror_y: next.mirror_y ^ mine_y,
        }
    }

    /// The turn that undoes this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        let Self { transpose, mirror_x, mirror_y } = self;
        if transpose { Self { transpose, mirror_x: mirror_y, mirror_y: mirror_x } } else { self }
    }

    /// The size of a picture after the turn. Turning back asks the same question.
    pub fn size(self, size: Size) -> Size {
        if self.transpose { size.transposed() } else { size }
    }

    /// Where a rectangle of the turned picture (which has size `turned`) lies before the turn.
    pub fn rect_before(self, rect: Rect, turned: Size) -> Rect {
        let x = if self.mirror_x { turned.width - rect.size.width - rect.x } else { rect.x };
        let y = if self.mirror_y { turned.height - rect.size.height - rect.y } else { rect.y };
        if self.transpose {
            Rect { x: y, y: x, size: rect.size.transposed() }
        } else {
            Rect { x, y, size: rect.size }
        }
    }
}

/// How a picture is made to meet the width and height asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// Inside the box, never enlarged.
    #[default]
    ScaleDown,
    /// Inside the box, enlarged where needed.
    Contain,
    /// Fills the box, the rest cropped; enlarged where needed.
    Cover,
    /// Fills the box, the rest cropped; never enlarged.
    Crop,
    /// Crops to the box's shape; never enlarged.
    AspectCrop,
    /// Inside the box, the rest filled with the background.
    Pad,
    /// Exactly the box, distorted where needed.
    Squeeze,
    /// Inside the box, only ever enlarged.
    ScaleUp,
}

/// An outline that is cut out of a picture: as large as fits, in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mask {
    /// A circle.
    Circle,
    /// From side to side, and from top to bottom.
    Ellipse,
    /// Three equal sides, a corner at the top.
    Triangle,
    /// Four equal sides.
    Square,
    /// Five equal sides, a corner at the top.
    Pentagon,
    /// Six equal sides, a corner at the top.
    Hexagon,
    /// Five points.
    Star,
    /// A heart.
    Heart,
}

/// The point of the source that keeps its relative place in the output, in ten-thousandths of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Focus {
    /// 0 is the left edge, 10,000 the right.
    pub x: u16,
    /// 0 is the top edge, 10,000 the bottom.
    pub y: u16,
}

impl Focus {
    /// The whole of a side.
    pub const FULL: u16 = 10_000;
    /// The middle of the picture.
    pub const CENTRE: Self = Self { x: Self::FULL / 2, y: Self::FULL / 2 };

    /// How far something `inner` wide is moved within something `outer` wide, on the x axis.
    fn offset_x(self, outer: u32, inner: u32) -> u32 {
        share(outer.saturating_sub(inner), self.x)
    }

    fn offset_y(self, outer: u32, inner: u32) -> u32 {
        share(outer.saturating_sub(inner), self.y)
    }
}

impl Default for Focus {
    fn default() -> Self {
        Self::CENTRE
    }
}

/// How a source becomes an output: scale all of it, cut a window out, lay the window on a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// The size of the whole source after scaling.
    pub scaled: Size,
    /// What of the scaled source is kept.
    pub window: Rect,
    /// The size of the output.
    pub canvas: Size,
    /// Where the window's first column lies on the canvas.
    pub left: u32,
    /// Where the window's first row lies on the canvas.
    pub top: u32,
}

impl Framing {
    /// Frames `source` into the box asked for; a side that was not asked for follows the source's shape.
    pub fn new(source: Size, width: Option<u32>, height: Option<u32>, fit: Fit, focus: Focus) -> Self {
        let (Some(width), Some(height)) = (width, height) else {
            return Self::whole(scale_one_side(source, width, height, fit));
        };
        let wanted = Size::new(width, height);
        match fit {
            Fit::Squeeze => Self::whole(wanted),
            Fit::Contain => Self::whole(inside(source, wanted)),
            Fit::ScaleDown => Self::whole(smaller(source, inside(source, wanted))),
            Fit::ScaleUp => Self::whole(larger(source, inside(source, wanted))),
            Fit::Pad => Self::padded(inside(source, wanted), wanted, focus),
            Fit::Cover => Self::cropped(outside(source, wanted), wanted, focus),
            Fit::Crop => Self::cropped(smaller(source, outside(source, wanted)), wanted, focus),
            Fit::AspectCrop => {
                let scaled = smaller(source, outside(source, wanted));
                let shape = if scaled == source { smaller(wanted, inside(wanted, source)) } else { wanted };
                Self::cropped(scaled, shape, focus)
            }
        }
    }

    /// All of a source, at this size.
    pub fn whole(scaled: Size) -> Self {
        Self { scaled, window: scaled.rect(), canvas: scaled, left: 0, top: 0 }
    }

    /// The same `to` / `from` times as large, as nearly as whole numbers can be.
    #[must_use]
    pub fn shrunk(&self, to: u32, from: u32) -> Self {
        let small = |size: Size| Size::new(scale(size.width, to, from), scale(size.height, to, from));
        let within =
            |size: Size, outer: Size| Size::new(size.width.min(outer.width), size.height.min(outer.height));
        let scaled = small(self.scaled);
        let size = within(small(self.window.size), scaled);
        let is_padded = self.canvas != self.window.size;
        let canvas = if is_padded { small(self.canvas) } else { size };
        let canvas = Size::new(canvas.width.max(size.width), canvas.height.max(size.height));
        let at = |first: u32, room: u32| {
            let first = u64::from(first) * u64::from(to) / u64::from(from.max(1));
            u32::try_from(first).unwrap_or(u32::MAX).min(room)
        };
        let x = at(self.window.x, scaled.width - size.width);
        let y = at(self.window.y, scaled.height - size.height);
        let left = at(self.left, canvas.width - size.width);
        let top = at(self.top, canvas.height - size.height);
        Self { scaled, window: Rect { x, y, size }, canvas, left, top }
    }

    fn padded(scaled: Size, canvas: Size, focus: Focus) -> Self {
        Self {
            scaled,
            window: scaled.rect(),
            canvas,
            left: focus.offset_x(canvas.width, scaled.width),
            top: focus.offset_y(canvas.height, scaled.height),
        }
    }

    fn cropped(scaled: Size, wanted: Size, focus: Focus) -> Self {
        let size = Size::new(wanted.width.min(scaled.width), wanted.height.min(scaled.height));
        let x = focus.offset_x(scaled.width, size.width);
        let y = focus.offset_y(scaled.height, size.height);
        Self { scaled, window: Rect { x, y, size }, canvas: size, left: 0, top: 0 }
    }
}

/// `length` × `factor` / `divisor`, rounded half up, within 1 and `u32::MAX`.
fn scale(length: u32, factor: u32, divisor: u32) -> u32 {
    let divisor = u64::from(divisor.max(1));
    let product = u64::from(length) * u64::from(factor);
    u32::try_from((product + divisor / 2) / divisor).unwrap_or(u32::MAX).max(1)
}

/// `share` ten-thousandths of `length`, rounded half up.
fn share(length: u32, share: u16) -> u32 {
    let full = u64::from(Focus::FULL);
    u32::try_from((u64::from(length) * u64::from(share) + full / 2) / full).unwrap_or(length)
}

/// `source`'s shape, as large as fits into `wanted`.
fn inside(source: Size, wanted: Size) -> Size {
    if is_wider(source, wanted) {
        Size::new(wanted.width, scale(source.height, wanted.width, source.width))
    } else {
        Size::new(scale(source.width, wanted.height, source.height), wanted.height)
    }
}

/// `source`'s shape, as small as covers `wanted`.
fn outside(source: Size, wanted: Size) -> Size {
    if is_wider(source, wanted) {
        Size::new(scale(source.width, wanted.height, source.height).max(wanted.width), wanted.height)
    } else {
        Size::new(wanted.width, scale(source.height, wanted.width, source.width).max(wanted.height))
    }
}

fn is_wider(a: Size, b: Size) -> bool {
    u64::from(a.width) * u64::from(b.height) >= u64::from(b.width) * u64::from(a.height)
}

fn smaller(a: Size, b: Size) -> Size {
    if b.width > a.width || b.height > a.height { a } else { b }
}

fn larger(a: Size, b: Size) -> Size {
    if b.width < a.width || b.height < a.height { a } else { b }
}

/// With one side given every fit is a plain scaling; the names differ only in which way they may go.
fn scale_one_side(source: Size, width: Option<u32>, height: Option<u32>, fit: Fit) -> Size {
    let scaled = match (width, height) {
        (Some(width), _) => Size::new(width, scale(source.height, width, source.width)),
        (None, Some(height)) => Size::new(scale(source.width, height, source.height), height),
        (None, None) => source,
    };
    match fit {
        Fit::ScaleDown | Fit::Crop | Fit::AspectCrop => smaller(source, scaled),
        Fit::ScaleUp => larger(source, scaled),
        Fit::Contain | Fit::Cover | Fit::Pad | Fit::Squeeze => scaled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [u16; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    fn framed(source: (u32, u32), wanted: (u32, u32), fit: Fit) -> (Size, Size) {
        let f = Framing::new(
            Size::new(source.0, source.1),
            Some(wanted.0).filter(|&side| side > 0),
            Some(wanted.1).filter(|&side| side > 0),
            fit,
            Focus::CENTRE,
        );
        (f.scaled, f.canvas)
    }

    #[test]
    fn every_fit_gives_the_documented_sizes() {
        // Rows of Cloudflare's documentation come first; 0 means "not asked for".
        let table = [
            ((1080, 720), (500, 500), Fit::ScaleDown, (500, 333), (500, 333)),
            ((1080, 720), (500, 500), Fit::Contain, (500, 333), (500, 333)),
            ((1080, 720), (500, 500), Fit::Cover, (750, 500), (500, 500)),
            ((1080, 720), (500, 500), Fit::Squeeze, (500, 500), (500, 500)),
            ((1080, 720), (1296, 1296), Fit::Crop, (1080, 720), (1080, 720)),
            ((612, 613), (1920, 1120), Fit::AspectCrop, (612, 613), (612, 357)),
            ((1080, 720), (1080, 1080), Fit::Pad, (1080, 720), (1080, 1080)),
            ((100, 50), (200, 200), Fit::ScaleDown, (100, 50), (100, 50)),
            ((100, 50), (200, 200), Fit::Contain, (200, 100), (200, 100)),
            ((100, 50), (200, 200), Fit::ScaleUp, (200, 100), (200, 100)),
            ((400, 300), (200, 200), Fit::ScaleUp, (400, 300), (400, 300)),
            ((1080, 720), (500, 900), Fit::Crop, (1080, 720), (500, 720)),
            ((1080, 720), (540, 540), Fit::AspectCrop, (810, 540), (540, 540)),
            ((4000, 3000), (800, 0), Fit::ScaleDown, (800, 600), (800, 600)),
            ((4000, 3000), (0, 600), Fit::Cover, (800, 600), (800, 600)),
            ((100, 50), (200, 0), Fit::ScaleDown, (100, 50), (100, 50)),
            ((100, 50), (200, 0), Fit::Squeeze, (200, 100), (200, 100)),
            ((10_000, 1), (100, 100), Fit::Contain, (100, 1), (100, 1)),
            ((3, 2), (0, 0), Fit::Cover, (3, 2), (3, 2)),
        ];
        for (source, wanted, fit, scaled, canvas) in table {
            let got = framed(source, wanted, fit);
            let expected = (Size::new(scaled.0, scaled.1), Size::new(canvas.0, canvas.1));
            assert_eq!(got, expected, "{source:?} into {wanted:?} by {fit:?}");
        }
    }

    #[test]
    fn focus_moves_the_window_from_edge_to_edge() {
        for (x, left) in [(0, 0), (5_000, 125), (10_000, 250)] {
            let focus = Focus { x, y: 5_000 };
            let f = Framing::new(Size::new(1080, 720), Some(500), Some(500), Fit::Cover, focus);
            assert_eq!((f.window.x, f.window.y), (left, 0));
        }
    }

    #[test]
    fn padding_follows_the_focus() {
        let focus = Focus { x: 5_000, y: 0 };
        let f = Framing::new(Size::new(200, 100), Some(100), Some(100), Fit::Pad, focus);
        assert_eq!((f.scaled, f.left, f.top), (Size::new(100, 50), 0, 0));
    }

    #[test]
    fn quarter_turns_add_up() {
        assert_eq!(Turn::CLOCKWISE.then(Turn::CLOCKWISE), Turn::HALF);
        assert_eq!(Turn::CLOCKWISE.then(Turn::COUNTER_CLOCKWISE), Turn::NONE);
        assert_eq!(Turn::from_exif(6), Turn::CLOCKWISE);
        assert_eq!(Turn::from_exif(8), Turn::COUNTER_CLOCKWISE);
    }

    #[test]
    fn every_turn_has_one_that_undoes_it() {
        for turn in ALL.map(Turn::from_exif) {
            assert_eq!(turn.then(turn.inverse()), Turn::NONE, "{turn:?}");
        }
    }

    #[test]
    fn turning_twice_is_turning_by_the_composition() {
        let source = Size::new(7, 4);
        for a in ALL.map(Turn::from_exif) {
            for b in ALL.map(Turn::from_exif) {
                let between = a.size(source);
                let after = b.size(between);
                let pixel = Rect { x: 1, y: 2, size: Size::new(1, 1) };
                let stepwise = a.rect_before(b.rect_before(pixel, after), between);
                assert_eq!(a.then(b).rect_before(pixel, after), stepwise, "{a:?} then {b:?}");
            }
        }
    }
}

//! A font file: which glyphs it has, how tall its lines are, and the outlines of its glyphs (TrueType's `glyf`).
//!
//! Hints are passed over: at these sizes an outline is drawn as it is. Outlines of CFF are not read.

use harfrust::{FontRef, Tag};
use read_fonts::TableProvider as _;
use read_fonts::tables::cmap::CmapSubtable;

use super::TextError;
use super::survey::{GPOS, GSUB, Survey, TooMuch};

/// The font that is always there: Noto Sans Medium with Latin, Greek and Cyrillic letters.
const EMBEDDED: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Medium.ttf");

/// Composite glyphs are made of others no deeper than this.
const DEEPEST: u8 = 6;

/// A font that can be drawn with.
#[derive(Clone)]
pub struct Font<'a> {
    pub(super) face: FontRef<'a>,
    /// The one of its tables of characters that shaping takes.
    characters: CmapSubtable<'a>,
    units_per_em: u16,
    ascent: f32,
    descent: f32,
    glyf: &'a [u8],
    loca: &'a [u8],
    has_long_offsets: bool,
}

/// A straight or quadratic piece of an outline, in units of the font, upwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curve {
    pub(super) from: (f32, f32),
    pub(super) by: (f32, f32),
    pub(super) to: (f32, f32),
}

/// What may still be spent on outlines: pieces and parts of composites.
#[derive(Debug)]
pub(super) struct Spending(pub(super) u32);

/// How a part of a composite lies in the whole: xx, yx, xy, yy, x, y.
type Affine = [f32; 6];

impl<'a> Font<'a> {
    /// Reads the tables that there must be, and counts those that shaping makes something of.
    pub fn read(bytes: &'a [u8]) -> Result<Self, TextError> {
        let font = Self::of_tables(bytes).ok_or(TextError::Font)?;
        font.survey().map_err(|TooMuch| TextError::TooComplex)?;
        Ok(font)
    }

    fn survey(&self) -> Result<(), TooMuch> {
        let table = |name| self.face.table_data(Tag::new(name)).map_or(&[][..], |data| data.as_bytes());
        let mut survey = Survey::new();
        survey.lookups(table(b"GSUB"), GSUB)?;
        survey.lookups(table(b"GPOS"), GPOS)?;
        survey.pairs(table(b"kern"))?;
        survey.pairs(table(b"kerx"))?;
        survey.chains(table(b"morx"))
    }

    /// The font that is always there.
    pub fn embedded() -> Result<Font<'static>, TextError> {
        Font::read(EMBEDDED)
    }

    fn of_tables(bytes: &'a [u8]) -> Option<Self> {
        let face = FontRef::from_index(bytes, 0).ok()?;
        let table = |name| face.table_data(Tag::new(name)).map(|data| data.as_bytes());
        let (head, glyf, loca) = (table(b"head")?, table(b"glyf")?, table(b"loca")?);
        let (_, _, characters) = face.cmap().ok()?.best_subtable()?;
        let units_per_em = u16_at(head, 18).filter(|units| (16..=16_384).contains(units))?;
        let is_sane = |length: f32| length.is_finite() && length.abs() <= 4.0 * f32::from(units_per_em);
        let hhea = face.hhea().ok().map(|table| [table.ascender().to_i16(), table.descender().to_i16()]);
        let typo = || face.os2().ok().map(|table| [table.s_typo_ascender(), table.s_typo_descender()]);
        let reach = hhea.filter(|reach| *reach != [0, 0]).or_else(typo)?;
        let [ascent, descent] = reach.map(|length| f32::from(length).abs());
        (is_sane(ascent) && is_sane(descent) && ascent + descent > 0.0).then_some(Self {
            characters,
            units_per_em,
            ascent,
            descent,
            glyf,
            loca,
            has_long_offsets: u16_at(head, 50)? != 0,
            face,
        })
    }

    /// Whether it has a glyph for a character.
    pub(super) fn has(&self, character: char) -> bool {
        self.characters.map_codepoint(character).is_some_and(|glyph| glyph.to_u32() != 0)
    }

    /// Pixels of one of its units, where an em has so many pixels.
    pub(super) fn scale(&self, size: f32) -> f32 {
        size / f32::from(self.units_per_em)
    }

    /// How far lines reach above and below their baseline.
    pub(super) fn reach(&self, size: f32) -> (f32, f32) {
        (self.ascent * self.scale(size), self.descent * self.scale(size))
    }

    /// Tells the outline of a glyph piece by piece; of a broken one as much as can be read. Nothing where it costs too much.
    pub(super) fn outline(
        &self,
        glyph: u16,
        spending: &mut Spending,
        tell: &mut impl FnMut(Curve),
    ) -> Result<(), TextError> {
        self.part(glyph, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0], DEEPEST, spending, tell)
    }

    fn part(
        &self,
        glyph: u16,
        place: Affine,
        deep: u8,
        spending: &mut Spending,
        tell: &mut impl FnMut(Curve),
    ) -> Result<(), TextError> {
        spending.spend(1)?;
        let Some(data) = self.data(glyph) else { return Ok(()) };
        match i16_at(data, 0) {
            Some(contours @ 0..) => {
                let points = simple(data, contours.unsigned_abs()).unwrap_or_default();
                spending.spend(points.iter().map(Vec::len).sum())?;
                for contour in &points {
                    trace(contour, place, tell);
                }
                Ok(())
            }
            Some(_) if deep > 0 => self.composite(data, place, deep - 1, spending, tell),
            _ => Ok(()),
        }
    }

    fn composite(
        &self,
        data: &[u8],
        place: Affine,
        deep: u8,
        spending: &mut Spending,
        tell: &mut impl FnMut(Curve),
    ) -> Result<(), TextError> {
        const MORE: u16 = 0x20;
        let mut at = 10;
        while let Some((part, next)) = component(data, at) {
            self.part(part.glyph, within(place, part.place), deep, spending, tell)?;
            if part.flags & MORE == 0 {
                break;
            }
            at = next;
        }
        Ok(())
    }

    /// What the file says of a glyph.
    fn data(&self, glyph: u16) -> Option<&'a [u8]> {
        let index = usize::from(glyph);
        let offset = |index: usize| {
            if self.has_long_offsets {
                u32_at(self.loca, index * 4).and_then(|offset| usize::try_from(offset).ok())
            } else {
                u16_at(self.loca, index * 2).map(|half| usize::from(half) * 2)
            }
        };
        self.glyf.get(offset(index)?..offset(index + 1)?).filter(|data| !data.is_empty())
    }
}

impl std::fmt::Debug for Font<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font").field("units_per_em", &self.units_per_em).finish_non_exhaustive()
    }
}

impl Spending {
    pub(super) fn spend(&mut self, pieces: usize) -> Result<(), TextError> {
        let left = u32::try_from(pieces).ok().and_then(|pieces| self.0.checked_sub(pieces));
        self.0 = left.ok_or(TextError::TooComplex)?;
        Ok(())
    }
}

/// A point of an outline, and whether it lies on it.
#[derive(Debug, Clone, Copy)]
struct Point {
    x: f32,
    y: f32,
    is_on: bool,
}

/// The contours of a glyph that is no composite.
fn simple(data: &[u8], contours: u16) -> Option<Vec<Vec<Point>>> {
    let ends: Vec<u16> =
        (0..usize::from(contours)).map(|index| u16_at(data, 10 + 2 * index)).collect::<Option<_>>()?;
    let count = ends.last().map_or(0, |last| usize::from(*last) + 1);
    let instructions_at = 10 + 2 * ends.len();
    let mut at = instructions_at + 2 + usize::from(u16_at(data, instructions_at)?);
    // Every point has a bit of a flag at the least, so what is claimed cannot exceed the file by much.
    let flags = flags(data, &mut at, count)?;
    let xs = coordinates(data, &mut at, &flags, 0x02, 0x10)?;
    let ys = coordinates(data, &mut at, &flags, 0x04, 0x20)?;
    let points = flags.iter().zip(xs.iter().zip(&ys));
    let points: Vec<Point> =
        points.map(|(flag, (x, y))| Point { x: *x, y: *y, is_on: flag & 1 != 0 }).collect();
    let mut start = 0;
    let contour = |end: &u16| {
        let end = usize::from(*end) + 1;
        let contour = points.get(start..end)?.to_vec();
        start = end;
        Some(contour)
    };
    ends.iter().map(contour).collect()
}

fn flags(data: &[u8], at: &mut usize, count: usize) -> Option<Vec<u8>> {
    const REPEATED: u8 = 0x08;
    let mut flags = Vec::new();
    while flags.len() < count {
        let flag = *data.get(*at)?;
        *at += 1;
        flags.push(flag);
        if flag & REPEATED != 0 {
            let times = usize::from(*data.get(*at)?).min(count - flags.len());
            *at += 1;
            flags.extend(std::iter::repeat_n(flag, times));
        }
    }
    Some(flags)
}

/// One coordinate of every point. `short` flags those of one byte, `same` their sign, or that the last holds on.
fn coordinates(data: &[u8], at: &mut usize, flags: &[u8], short: u8, same: u8) -> Option<Vec<f32>> {
    let mut coordinate = 0_i32;
    let mut next = |flag: &u8| {
        coordinate += match (flag & short != 0, flag & same != 0) {
            (true, is_positive) => {
                let byte = i32::from(*data.get(*at)?);
                *at += 1;
                if is_positive { byte } else { -byte }
            }
            (false, true) => 0,
            (false, false) => {
                let word = i32::from(i16_at(data, *at)?);
                *at += 2;
                word
            }
        };
        // Glyphs are some thousands of units wide.
        Some(f32::from(i16::try_from(coordinate).ok()?))
    };
    flags.iter().map(&mut next).collect()
}

/// Tells the pieces of a contour. Between two points off the outline, the middle lies on it.
fn trace(contour: &[Point], place: Affine, tell: &mut impl FnMut(Curve)) {
    let placed = |point: &Point| {
        let [xx, yx, xy, yy, x, y] = place;
        let [x, y] = [xx * point.x + xy * point.y + x, yx * point.x + yy * point.y + y];
        Point { x, y, ..*point }
    };
    let middle =
        |a: Point, b: Point| Point { x: f32::midpoint(a.x, b.x), y: f32::midpoint(a.y, b.y), is_on: true };
    let points: Vec<Point> = contour.iter().map(placed).collect();
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return };
    let start = if first.is_on {
        first
    } else if last.is_on {
        last
    } else {
        middle(first, last)
    };
    let (mut from, mut off): (Point, Option<Point>) = (start, None);
    let pair = |point: Point| (point.x, point.y);
    for &point in points.iter().chain([&start]) {
        let to = match (off, point.is_on) {
            (None, true) => {
                tell(Curve { from: pair(from), by: pair(point), to: pair(point) });
                from = point;
                continue;
            }
            (None, false) => {
                off = Some(point);
                continue;
            }
            (Some(by), true) => {
                off = None;
                tell(Curve { from: pair(from), by: pair(by), to: pair(point) });
                point
            }
            (Some(by), false) => {
                off = Some(point);
                let to = middle(by, point);
                tell(Curve { from: pair(from), by: pair(by), to: pair(to) });
                to
            }
        };
        from = to;
    }
}

/// A part of a composite glyph.
struct Component {
    flags: u16,
    glyph: u16,
    place: Affine,
}

/// The part at an offset, and the offset of the next one.
fn component(data: &[u8], at: usize) -> Option<(Component, usize)> {
    let (flags, glyph) = (u16_at(data, at)?, u16_at(data, at + 2)?);
    let (has_words, has_offsets) = (flags & 1 != 0, flags & 2 != 0);
    let (x, y, mut at) = if has_words {
        (i16_at(data, at + 4)?, i16_at(data, at + 6)?, at + 8)
    } else {
        (i16::from(i8_at(data, at + 4)?), i16::from(i8_at(data, at + 5)?), at + 6)
    };
    // Parts that are joined point to point are not made any more.
    let (x, y) = if has_offsets { (f32::from(x), f32::from(y)) } else { (0.0, 0.0) };
    let mut factor = || {
        let factor = f32::from(i16_at(data, at)?) / 16_384.0;
        at += 2;
        Some(factor)
    };
    let [xx, yx, xy, yy] = if flags & 0x08 != 0 {
        let both = factor()?;
        [both, 0.0, 0.0, both]
    } else if flags & 0x40 != 0 {
        [factor()?, 0.0, 0.0, factor()?]
    } else if flags & 0x80 != 0 {
        [factor()?, factor()?, factor()?, factor()?]
    } else {
        [1.0, 0.0, 0.0, 1.0]
    };
    Some((Component { flags, glyph, place: [xx, yx, xy, yy, x, y] }, at))
}

/// A place within a place.
fn within(outer: Affine, inner: Affine) -> Affine {
    let [xx, yx, xy, yy, x, y] = outer;
    let [ixx, iyx, ixy, iyy, ix, iy] = inner;
    [
        xx * ixx + xy * iyx,
        yx * ixx + yy * iyx,
        xx * ixy + xy * iyy,
        yx * ixy + yy * iyy,
        xx * ix + xy * iy + x,
        yx * ix + yy * iy + y,
    ]
}

fn i8_at(data: &[u8], at: usize) -> Option<i8> {
    data.get(at).map(|byte| byte.cast_signed())
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

fn i16_at(data: &[u8], at: usize) -> Option<i16> {
    u16_at(data, at).map(u16::cast_signed)
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

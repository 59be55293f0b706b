//! From a text to pixels: its glyphs' outlines as sides, the frame around them, and what is painted in which order.

use super::cover::{Coverage, Mask, whole};
use super::font::{Curve, Font, Spending};
use super::lines::{self, Block};
use super::shape::{MOST_GLYPHS, Shapers};
use super::{Shadow, Style, TextError};
use crate::geometry::Size;
use crate::picture::ops::canvas;
use crate::picture::{Channels, Picture};

/// Pieces of outlines that a text may have.
const MOST_PIECES: u32 = 100_000;

/// Draws a text with the first of the fonts that has each letter.
pub fn draw(text: &str, style: &Style, fonts: &[Font<'_>]) -> Result<Picture, TextError> {
    let shapers = Shapers::new(fonts);
    let mut left = MOST_GLYPHS;
    let shaped = text.split('\n').map(|line| shapers.shape(line, style.size, &mut left));
    let paragraphs = shaped.collect::<Result<Vec<_>, _>>()?;
    drop(shapers);
    #[expect(clippy::cast_precision_loss, reason = "sides have at most five digits")]
    let wrap = style.wrap as f32;
    let block = lines::lay(&paragraphs, fonts, style.size, wrap, style.align)?;
    let sides = sides(&block, fonts, style.size)?;
    Ok(paint(&sides, frame(&block, &sides, style), style))
}

/// A side of an outline in pixels, right and down from the corner of the first line.
type Side = ((f32, f32), (f32, f32));

/// The outlines of all glyphs as straight sides.
fn sides(block: &Block, fonts: &[Font<'_>], size: f32) -> Result<Vec<Side>, TextError> {
    let mut sides = Vec::new();
    let mut spending = Spending(MOST_PIECES);
    for placed in &block.glyphs {
        let Some(font) = fonts.get(placed.font) else { continue };
        let scale = font.scale(size);
        let at = |(x, y): (f32, f32)| (placed.x + x * scale, placed.y - y * scale);
        font.outline(placed.id, &mut spending, &mut |Curve { from, by, to }| {
            flatten(Curve { from: at(from), by: at(by), to: at(to) }, &mut sides);
        })?;
    }
    Ok(sides)
}

/// A piece as straight sides that are a twentieth of a pixel off at most, as far as a few sides go.
fn flatten(Curve { from, by, to }: Curve, sides: &mut Vec<Side>) {
    const TOLERANCE: f32 = 0.05;
    let bend = (from.0 - 2.0 * by.0 + to.0).abs() + (from.1 - 2.0 * by.1 + to.1).abs();
    let is_straight = by == to || by == from;
    let count = if is_straight { 1.0 } else { (bend / (4.0 * TOLERANCE)).sqrt().ceil().clamp(1.0, 24.0) };
    let mut last = from;
    let mut step = 1.0;
    while step <= count {
        let t = step / count;
        let mix = |a: f32, b: f32, c: f32| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
        let next = if step < count { (mix(from.0, by.0, to.0), mix(from.1, by.1, to.1)) } else { to };
        sides.push((last, next));
        last = next;
        step += 1.0;
    }
}

/// The frame around lines, ink and what surrounds it: its first pixel and its size.
fn frame(block: &Block, sides: &[Side], style: &Style) -> (isize, isize, Size) {
    let (mut left, mut top, mut right, mut bottom) = (0.0_f32, 0.0_f32, block.width, block.height);
    for ((x0, y0), (x1, y1)) in sides {
        (left, right) = (left.min(*x0).min(*x1), right.max(*x0).max(*x1));
        (top, bottom) = (top.min(*y0).min(*y1), bottom.max(*y0).max(*y1));
    }
    let around = whole(style.outline.map_or(0.0, |(width, _)| width));
    let (before, after) = style.shadow.map_or((0, 0), |shadow| {
        let blur = 3 * whole(shadow.blur / 2.0);
        (blur - whole(shadow.offset), blur + whole(shadow.offset))
    });
    let (before, after) = (around + before.max(0), around + after.max(0));
    let (left, top) = (-whole(-left) - before, -whole(-top) - before);
    let length = |end: f32, start: isize, most: u32| {
        let length = u32::try_from(whole(end) + after - start).unwrap_or(0);
        length.clamp(1, most.max(1))
    };
    let width = length(right, left, style.most.width);
    let room = u32::try_from(style.most_pixels / u64::from(width)).unwrap_or(u32::MAX);
    let height = length(bottom, top, style.most.height.min(room));
    (left, top, Size::new(width, height))
}

#[expect(clippy::cast_precision_loss, reason = "frames have a few thousand pixels a side")]
fn paint(sides: &[Side], (left, top, size): (isize, isize, Size), style: &Style) -> Picture {
    let mut coverage = Coverage::new(size);
    let at = |(x, y): (f32, f32)| (x - left as f32, y - top as f32);
    for (from, to) in sides {
        coverage.side(at(*from), at(*to));
    }
    let letters = coverage.finish();
    let outline = style.outline.filter(|(width, _)| *width > 0.0);
    let outlined = outline.map(|(width, colour)| (letters.grown(width), colour));
    let mut picture = Picture::filled(size, Channels::Rgba, [0; 4]);
    if let Some(Shadow { offset, blur, colour }) = style.shadow {
        let all = outlined.as_ref().map_or(&letters, |(mask, _)| mask);
        let away = whole(offset).unsigned_abs();
        fill(&mut picture, &all.clone().blurred(blur), away, colour);
    }
    if let Some((mask, colour)) = outlined {
        fill(&mut picture, &mask, 0, colour);
    }
    fill(&mut picture, &letters, 0, style.colour);
    picture
}

/// Colours what a mask covers, so far to the right and down.
fn fill(picture: &mut Picture, mask: &Mask, away: usize, colour: [u8; 4]) {
    let width = (mask.size.width as usize).max(1);
    for (row, covered) in picture.rows_mut().skip(away).zip(mask.samples.chunks_exact(width)) {
        for (pixel, share) in row.chunks_exact_mut(4).skip(away).zip(covered) {
            if *share > 0 {
                canvas::blend(pixel, &colour, *share);
            }
        }
    }
}

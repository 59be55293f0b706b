//! Clusters in lines: broken where they may be, in the order of the eye, side by side.

use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};

use super::font::Font;
use super::shape::{Cluster, Paragraph};
use super::{Align, TextError};

/// A glyph at its place, in pixels right and down from the corner of the first line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) font: usize,
    pub(super) id: u16,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// All lines together.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) glyphs: Vec<Placed>,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// A line before it is placed.
struct Line<'p> {
    clusters: &'p [Cluster],
    level: Level,
    width: f32,
}

/// Breaks paragraphs into lines of at most so many pixels and lays them below each other.
pub(super) fn lay(
    paragraphs: &[Paragraph],
    fonts: &[Font<'_>],
    size: f32,
    wrap: f32,
    align: Option<Align>,
) -> Result<Block, TextError> {
    let mut lines = Vec::new();
    for Paragraph { clusters, level } in paragraphs {
        for range in break_lines(clusters, wrap) {
            let clusters = clusters.get(range).unwrap_or_default();
            lines.push(Line { clusters, level: *level, width: width(without_end(clusters)) });
        }
    }
    let width = lines.iter().map(|line| line.width).fold(0.0, f32::max);
    let main = fonts.first().ok_or(TextError::Font)?.reach(size);
    let (mut glyphs, mut y) = (Vec::new(), 0.0);
    for line in &lines {
        let reach = |(up, down): (f32, f32), cluster: &Cluster| {
            let (above, below) = fonts.get(cluster.font).map_or((up, down), |font| font.reach(size));
            (up.max(above), down.max(below))
        };
        let (ascent, descent) = line.clusters.iter().fold(main, reach);
        line.place(line.left(width, align), y + ascent, &mut glyphs);
        y += ascent + descent;
    }
    Ok(Block { glyphs, width, height: y })
}

impl Line<'_> {
    /// Where it begins in a block of this width.
    fn left(&self, width: f32, align: Option<Align>) -> f32 {
        let start = if self.level.is_rtl() { Align::Right } else { Align::Left };
        match align.unwrap_or(start) {
            Align::Left => 0.0,
            Align::Center => (width - self.width) / 2.0,
            Align::Right => width - self.width,
        }
    }

    /// Its glyphs from the left. Spaces at its end hang over it, on the side where the text ends.
    fn place(&self, left: f32, baseline: f32, glyphs: &mut Vec<Placed>) {
        let shown = without_end(self.clusters);
        let levels: Vec<Level> = shown.iter().map(|cluster| cluster.level).collect();
        let mut pen = left;
        for index in BidiInfo::reorder_visual(&levels) {
            let Some(cluster) = shown.get(index) else { continue };
            for glyph in &cluster.glyphs {
                let (x, y) = (pen + glyph.x, baseline - glyph.y);
                glyphs.push(Placed { font: cluster.font, id: glyph.id, x, y });
                pen += glyph.advance;
            }
        }
    }
}

/// The lines of a paragraph, one at the least. A word that is too long for any breaks where it must.
fn break_lines(clusters: &[Cluster], wrap: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut last, mut length) = (0, None, 0.0);
    for (index, cluster) in clusters.iter().enumerate() {
        if cluster.may_begin && index > start {
            last = Some(index);
        }
        while !cluster.is_space && index > start && length + cluster.advance > wrap {
            let next = last.take().unwrap_or(index);
            lines.push(start..next);
            start = next;
            length = width(clusters.get(start..index).unwrap_or_default());
        }
        length += cluster.advance;
    }
    lines.push(start..clusters.len());
    lines
}

fn width(clusters: &[Cluster]) -> f32 {
    clusters.iter().map(|cluster| cluster.advance).sum()
}

fn without_end(clusters: &[Cluster]) -> &[Cluster] {
    let shown = clusters.iter().rposition(|cluster| !cluster.is_space).map_or(0, |last| last + 1);
    clusters.get(..shown).unwrap_or(clusters)
}

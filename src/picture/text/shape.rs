//! From characters to clusters of glyphs: which way they run, which font has them, what they become beside each other.

use std::ops::Range;

use harfrust::{Direction, Script, ShapeOptions, ShaperData, Tag, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::{BreakClass, break_property, linebreaks};
use unicode_script::UnicodeScript as _;

use super::TextError;
use super::font::Font;

/// Glyphs that stand and fall together, in pixels.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// Which of the fonts they are of.
    pub(super) font: usize,
    /// From the left.
    pub(super) glyphs: Vec<Glyph>,
    pub(super) advance: f32,
    pub(super) level: Level,
    pub(super) is_space: bool,
    /// Whether a line may begin with it.
    pub(super) may_begin: bool,
}

/// A glyph, where it is drawn from the pen, and how far the pen goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) id: u16,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) advance: f32,
}

/// A paragraph's clusters in the order of its text, and which way it runs.
#[derive(Debug)]
pub(super) struct Paragraph {
    pub(super) clusters: Vec<Cluster>,
    pub(super) level: Level,
}

/// Fonts make no more of any text.
pub(super) const MOST_GLYPHS: usize = 4_096;

/// Fonts with what shaping reads of each once.
pub(super) struct Shapers<'f, 'a> {
    fonts: &'f [Font<'a>],
    data: Vec<ShaperData>,
}

/// Characters of one script and font that run one way, by their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    script: unicode_script::Script,
    level: Level,
    font: usize,
    bytes: Range<usize>,
}

impl<'f, 'a> Shapers<'f, 'a> {
    pub(super) fn new(fonts: &'f [Font<'a>]) -> Self {
        Self { fonts, data: fonts.iter().map(|font| ShaperData::new(&font.face)).collect() }
    }

    /// Shapes one paragraph at so many pixels to the em, unless it has more glyphs than are `left`.
    pub(super) fn shape(&self, text: &str, size: f32, left: &mut usize) -> Result<Paragraph, TextError> {
        let bidi = BidiInfo::new(text, None);
        let base = bidi.paragraphs.first().map_or_else(Level::ltr, |paragraph| paragraph.level);
        let level_at = |offset: usize| bidi.levels.get(offset).copied().unwrap_or(base);
        let breaks: Vec<usize> = linebreaks(text).map(|(offset, _)| offset).collect();
        let mut clusters = Vec::new();
        for run in self.runs(text, level_at) {
            self.shape_run(text, &run, size, &breaks, left, &mut clusters)?;
        }
        let is_sane =
            |glyph: &Glyph| [glyph.x, glyph.y, glyph.advance].iter().all(|length| length.abs() < 1e6);
        if !clusters.iter().flat_map(|cluster| &cluster.glyphs).all(is_sane) {
            return Err(TextError::TooComplex);
        }
        Ok(Paragraph { clusters, level: base })
    }

    fn runs(&self, text: &str, level_at: impl Fn(usize) -> Level) -> Vec<Run> {
        // What is of no script is of the one before it, and at the beginning of the one that comes.
        let mut script = text.chars().find_map(own_script).unwrap_or(unicode_script::Script::Latin);
        let mut runs: Vec<Run> = Vec::new();
        for bytes in joined(text) {
            let characters = text.get(bytes.clone()).unwrap_or_default();
            script = characters.chars().find_map(own_script).unwrap_or(script);
            let (level, font) = (level_at(bytes.start), self.font_of(characters));
            match runs.last_mut() {
                Some(run) if (run.script, run.level, run.font) == (script, level, font) => {
                    run.bytes.end = bytes.end;
                }
                _ => runs.push(Run { script, level, font, bytes }),
            }
        }
        runs
    }

    /// The first font that has all of these characters, or the first of them; else the last, which shows that it has not.
    fn font_of(&self, characters: &str) -> usize {
        let of_all =
            self.fonts.iter().position(|font| characters.chars().all(|character| font.has(character)));
        let of_first = || {
            let first = characters.chars().next()?;
            self.fonts.iter().position(|font| font.has(first))
        };
        of_all.or_else(of_first).unwrap_or(self.fonts.len().saturating_sub(1))
    }

    /// Adds the clusters of a run, unless it has more glyphs than are `left`.
    fn shape_run(
        &self,
        text: &str,
        run: &Run,
        size: f32,
        breaks: &[usize],
        left: &mut usize,
        clusters: &mut Vec<Cluster>,
    ) -> Result<(), TextError> {
        let Run { script, level, font, bytes } = run;
        let (Some(face), Some(data)) = (self.fonts.get(*font), self.data.get(*font)) else { return Ok(()) };
        let mut buffer = UnicodeBuffer::new();
        for (offset, character) in text.get(bytes.clone()).unwrap_or_default().char_indices() {
            buffer.add(character, u32::try_from(bytes.start + offset).unwrap_or(u32::MAX));
        }
        buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
        if let Some(script) = tag(*script).and_then(Script::from_iso15924_tag) {
            buffer.set_script(script);
        }
        let shaped = data.shaper(&face.face).build().shape(buffer, ShapeOptions::default());
        *left = left.checked_sub(shaped.len()).ok_or(TextError::TooComplex)?;

        let scale = face.scale(size);
        #[expect(clippy::cast_precision_loss, reason = "what is not exact is refused for its length")]
        let pixels = |units: i32| units as f32 * scale;
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(|(info, position)| {
            let glyph = Glyph {
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                x: pixels(position.x_offset),
                y: pixels(position.y_offset),
                advance: pixels(position.x_advance),
            };
            (usize::try_from(info.cluster).unwrap_or(usize::MAX), glyph)
        });
        // In the order of the eye, as the glyphs are.
        let mut seen: Vec<(usize, Vec<Glyph>)> = Vec::new();
        for (start, glyph) in glyphs {
            match seen.last_mut() {
                Some((last, glyphs)) if *last == start => glyphs.push(glyph),
                _ => seen.push((start, vec![glyph])),
            }
        }
        if level.is_rtl() {
            seen.reverse();
        }
        let ends: Vec<usize> = seen.iter().skip(1).map(|(start, _)| *start).chain([bytes.end]).collect();
        clusters.extend(seen.into_iter().zip(ends).map(|((start, glyphs), end)| Cluster {
            font: *font,
            advance: glyphs.iter().map(|glyph| glyph.advance).sum(),
            glyphs,
            level: *level,
            is_space: text.get(start..end).is_some_and(|text| text.chars().all(char::is_whitespace)),
            may_begin: breaks.binary_search(&start).is_ok(),
        }));
        Ok(())
    }
}

/// Characters with the marks and joiners that follow each, by their bytes: they are of one font.
fn joined(text: &str) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for (offset, character) in text.char_indices() {
        let end = offset + character.len_utf8();
        let follows = matches!(
            break_property(u32::from(character)),
            BreakClass::CombiningMark | BreakClass::ZeroWidthJoiner
        );
        match joined.last_mut() {
            Some(last) if follows => last.end = end,
            _ => joined.push(offset..end),
        }
    }
    joined
}

fn own_script(character: char) -> Option<unicode_script::Script> {
    match character.script() {
        unicode_script::Script::Common
        | unicode_script::Script::Inherited
        | unicode_script::Script::Unknown => None,
        script => Some(script),
    }
}

/// A script by the four letters of ISO 15924.
fn tag(script: unicode_script::Script) -> Option<Tag> {
    Tag::new_checked(script.short_name().as_bytes()).ok()
}

//! From characters to clusters of glyphs: which way they run, which font has them, what they become beside each other.

use std::ops::Range;

use swash::shape::{Direction, ShapeContext};
use swash::text::cluster::{Boundary, CharCluster, CharInfo, Parser, Status, Token};
use swash::text::{BidiClass, Codepoint, Script, analyze};
use unicode_bidi::{BidiDataSource, BidiInfo, Level};

use super::TextError;
use super::font::Font;

/// Glyphs that stand and fall together, in pixels.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// Which of the fonts they are of.
    pub(super) font: usize,
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

/// A font makes no more of any text.
const MOST_GLYPHS: usize = 4_096;

/// Shapes one paragraph at so many pixels to the em.
pub(super) fn shape(
    context: &mut ShapeContext,
    text: &str,
    fonts: &[Font<'_>],
    size: f32,
) -> Result<Paragraph, TextError> {
    let bidi = BidiInfo::new_with_data_source(&Classes, text, None);
    let base = bidi.paragraphs.first().map_or_else(Level::ltr, |paragraph| paragraph.level);
    let level_at = |offset: usize| bidi.levels.get(offset).copied().unwrap_or(base);
    let tokens = tokens(text, level_at);
    let mut clusters = Vec::new();
    for run in runs(&tokens, level_at) {
        let Run { script, level, tokens: range } = run;
        let tokens = tokens.get(range).unwrap_or_default();
        for (font, characters) in by_font(tokens, script, fonts) {
            let direction = if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight };
            let Some(face) = fonts.get(font).map(|font| font.face) else { continue };
            let mut shaper = context.builder(face).script(script).direction(direction).size(size).build();
            for cluster in &characters {
                shaper.add_cluster(cluster);
            }
            shaper.shape_with(|shaped| {
                let glyph = |glyph: &swash::shape::cluster::Glyph| Glyph {
                    id: glyph.id,
                    x: glyph.x,
                    y: glyph.y,
                    advance: glyph.advance,
                };
                clusters.push(Cluster {
                    font,
                    glyphs: shaped.glyphs.iter().map(glyph).collect(),
                    advance: shaped.advance(),
                    level,
                    is_space: shaped.info.is_whitespace(),
                    may_begin: matches!(shaped.info.boundary(), Boundary::Line | Boundary::Mandatory),
                });
            });
        }
    }
    let is_sane = |glyph: &Glyph| [glyph.x, glyph.y, glyph.advance].iter().all(|length| length.abs() < 1e6);
    let glyphs = || clusters.iter().flat_map(|cluster| &cluster.glyphs);
    if glyphs().count() > MOST_GLYPHS || !glyphs().all(is_sane) {
        return Err(TextError::TooComplex);
    }
    Ok(Paragraph { clusters, level: base })
}

/// The characters with what is known of each. Brackets that run from the right are those of the other side.
fn tokens(text: &str, level_at: impl Fn(usize) -> Level) -> Vec<Token> {
    let known = text.char_indices().zip(analyze(text.chars()));
    let token = |((offset, ch), (properties, boundary)): ((usize, char), _)| Token {
        ch: if level_at(offset).is_rtl() { ch.mirror().unwrap_or(ch) } else { ch },
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
        len: u8::try_from(ch.len_utf8()).unwrap_or(1),
        info: CharInfo::new(properties, boundary),
        data: 0,
    };
    known.map(token).collect()
}

/// Characters of one script that run one way.
struct Run {
    script: Script,
    level: Level,
    tokens: Range<usize>,
}

fn runs(tokens: &[Token], level_at: impl Fn(usize) -> Level) -> Vec<Run> {
    let own = |token: &Token| match token.ch.script() {
        Script::Common | Script::Inherited | Script::Unknown => None,
        script => Some(script),
    };
    // What is of no script is of the one before it, and at the beginning of the one that comes.
    let mut script = tokens.iter().find_map(own).unwrap_or(Script::Latin);
    let mut runs: Vec<Run> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        script = own(token).unwrap_or(script);
        let level = level_at(usize::try_from(token.offset).unwrap_or(0));
        match runs.last_mut() {
            Some(run) if run.script == script && run.level == level => run.tokens.end = index + 1,
            _ => runs.push(Run { script, level, tokens: index..index + 1 }),
        }
    }
    runs
}

/// The clusters of a run, parted by the first font that has all of each; what none has is the last font's, which shows that.
fn by_font(tokens: &[Token], script: Script, fonts: &[Font<'_>]) -> Vec<(usize, Vec<CharCluster>)> {
    let mut parser = Parser::new(script, tokens.iter().copied());
    let mut cluster = CharCluster::new();
    let mut parts: Vec<(usize, Vec<CharCluster>)> = Vec::new();
    while parser.next(&mut cluster) {
        let mut best = fonts.len().saturating_sub(1);
        for (index, font) in fonts.iter().enumerate() {
            match cluster.map(|character| font.charmap.map(character)) {
                Status::Complete => {
                    best = index;
                    break;
                }
                Status::Keep => best = index,
                Status::Discard => {}
            }
        }
        match parts.last_mut() {
            Some((font, clusters)) if *font == best => clusters.push(cluster),
            _ => parts.push((best, vec![cluster])),
        }
    }
    parts
}

/// The bidirectional classes, from the tables that shaping has anyway.
struct Classes;

impl BidiDataSource for Classes {
    fn bidi_class(&self, character: char) -> unicode_bidi::BidiClass {
        use unicode_bidi::BidiClass as Class;
        match character.bidi_class() {
            BidiClass::AL => Class::AL,
            BidiClass::AN => Class::AN,
            BidiClass::B => Class::B,
            BidiClass::BN => Class::BN,
            BidiClass::CS => Class::CS,
            BidiClass::EN => Class::EN,
            BidiClass::ES => Class::ES,
            BidiClass::ET => Class::ET,
            BidiClass::FSI => Class::FSI,
            BidiClass::L => Class::L,
            BidiClass::LRE => Class::LRE,
            BidiClass::LRI => Class::LRI,
            BidiClass::LRO => Class::LRO,
            BidiClass::NSM => Class::NSM,
            BidiClass::ON => Class::ON,
            BidiClass::PDF => Class::PDF,
            BidiClass::PDI => Class::PDI,
            BidiClass::R => Class::R,
            BidiClass::RLE => Class::RLE,
            BidiClass::RLI => Class::RLI,
            BidiClass::RLO => Class::RLO,
            BidiClass::S => Class::S,
            BidiClass::WS => Class::WS,
        }
    }
}

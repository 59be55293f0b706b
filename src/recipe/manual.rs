//! The table of options as the README has it: names and values from the rows that parse them, what is not built from
//! `unbuilt.rs`, and beside each its default and a remark, which no code could tell.
//!
//! No Worker links it: what nobody calls is left out.

use std::fmt::Write as _;

use super::layer;
use super::options::{ROWS, Row};
use super::{Content, Recipe};

/// An option's name, its default, and what its values do not say. In the order of the rows.
type Note = (&'static str, &'static str, &'static str);

const NOTES: &[Note] = &[
    ("preset", "none", "[of the configuration](#settings)"),
    ("width", "as the source", "`auto`: by [client hints](docs/responsive.md)"),
    ("wbreakpoints", "`320;768;960;1200`", "what `width=auto` chooses from"),
    ("wmobile", "768", "`width=auto` for phones that send no hints"),
    ("wdesktop", "1200", "`width=auto` for others that send none"),
    ("height", "as the source", ""),
    ("fit", "`scale-down`", ""),
    (
        "gravity",
        "`center`",
        "what a crop keeps, where a pad's picture lies; `auto`: [what draws the eye](#where-to-look)",
    ),
    ("zoom", "0", "how close to faces"),
    ("dpr", "1", "multiplies all pixels asked for"),
    ("crop", "none", "of the source, whatever `dpr` is"),
    ("trim", "none", "of what `crop` leaves; `border`: one of one colour"),
    ("trim.border.color", "that of the file's first pixel", ""),
    ("trim.border.tolerance", "10", "the largest difference of any channel"),
    ("trim.border.keep", "0", "pixels of the source"),
    ("trim.top", "0", ""),
    ("trim.right", "0", ""),
    ("trim.bottom", "0", ""),
    ("trim.left", "0", ""),
    ("trim.width", "the rest", "what is kept"),
    ("trim.height", "the rest", "what is kept"),
    ("flip", "none", "before `rotate`"),
    ("rotate", "0", "clockwise, before resizing"),
    ("background", "transparent; white where the output has no alpha", "`blur`: the picture itself, blurred"),
    ("upscale", "`interpolate`", ""),
    ("segment", "none", ""),
    ("blur", "0", "standard deviation of a Gaussian, in pixels"),
    ("sharpen", "0", "1 is enough for most pictures"),
    ("brightness", "1", "factor"),
    ("contrast", "1", "factor"),
    ("gamma", "1", "above 1 brightens; 0 is 1"),
    ("saturation", "1", "factor; 0 is grey"),
    ("hue", "0", ""),
    ("filter", "none", "[what they look like](#filters)"),
    ("duotone", "none", "what black and white become; `black;…` is monochrome"),
    ("pixelate", "1", "side of the squares"),
    ("radius", "0", "of the shorter side; four: top left, top right, bottom right, bottom left"),
    ("mask", "none", ""),
    ("border.color", "black", ""),
    ("border.width", "none", "around the output, which grows by it"),
    ("border.top", "`border.width`", ""),
    ("border.right", "`border.width`", ""),
    ("border.bottom", "`border.width`", ""),
    ("border.left", "`border.width`", ""),
    (
        "format",
        "the source's own",
        "[`svg`](#svg), and pixels of it; the last four tell [what a picture says](#what-a-picture-says)",
    ),
    (
        "quality",
        "85",
        "by name: how good it [looks](#quality); WebP is lossless at 100, a PNG has a palette where it is given",
    ),
    (
        "slow-connection-quality",
        "none",
        "instead of `quality` on [slow connections](docs/responsive.md#scq-less-for-slow-connections)",
    ),
    (
        "lossless",
        "none",
        "`near`: samples lose their last bits where that is not seen, 1 from a `quality` of 80 on, up to 5 below 20; of WebP, and a PNG keeps all its colours",
    ),
    ("max-bytes", "none", "a lower `quality` is taken where the file would be longer (JPEG, WebP, AVIF)"),
    (
        "anim",
        "`true`",
        "`true`: what moves goes on moving in GIF and WebP, [within limits](#limits); `false`: the first frame",
    ),
    ("compression", "none", "JPEG, or PNG where it may be translucent, instead of AVIF and WebP"),
    (
        "metadata",
        "`copyright`",
        "`copyright`: who made it and who may use it; `keep`: all but what tells of places and people",
    ),
    ("onerror", "none", "to the source, where originals are public"),
];

/// Options of `mark`, which `text` has, too, where it names them.
const NOTES_OF_MARKS: &[Note] = &[
    ("", "none", "key of a picture to draw; `mark2` … `mark8` follow in that order"),
    ("width", "see below", "of a text: longer lines are broken"),
    ("gravity", "`center`", ""),
    ("top", "by gravity", ""),
    ("right", "by gravity", ""),
    ("bottom", "by gravity", "not beside `top`"),
    ("left", "by gravity", "not beside `right`"),
    ("opacity", "1", ""),
    ("repeat", "none", "`true`: both ways"),
    ("gap", "0", "between tiles, of the picture's width"),
    ("rotate", "0", ""),
    ("blend", "`over`", ""),
    ("min-width", "none", "narrower outputs stay unmarked"),
    ("least", "none", "narrower marks, and smaller ems, become so large, as far as there is room"),
    ("height", "see below", ""),
    ("fit", "`contain`", "within the mark's own box"),
];

/// Those that only `text` has, and what it is itself.
const NOTES_OF_TEXTS: &[Note] = &[
    ("", "none", "text to draw, `%0A` begins a line; `text2` … `text8`"),
    ("size", "a sixteenth", "the em, of the picture's height"),
    ("font", "`sans`", "`sans`, and those of [`FONTS`](#fonts)"),
    ("color", "white", ""),
    ("align", "as the text runs", "lines within the widest of them"),
    ("outline", "0", "of the em, at most 48 pixels"),
    ("outline-color", "black", ""),
    ("shadow", "none", "of the em, to the right and down"),
    ("shadow-blur", "as `text.shadow`", "of the em"),
    ("shadow-color", "black, 63 %", ""),
];

/// The table in Markdown, a line for each option.
pub fn options_table() -> String {
    let mut table =
        "| Option | Short | Values | Default | | Rendered |\n|---|---|---|---|---|---|\n".to_owned();
    let plain = ROWS.iter().map(|row| line(row, row.name, "", NOTES));
    let marks =
        layer::rows(Content::Mark).map(|row| line(row, &named("mark", row.name), "mark=a", NOTES_OF_MARKS));
    // What they share is there already.
    let own = |row: &&Row<_>| NOTES_OF_TEXTS.iter().any(|(name, ..)| *name == row.name);
    let texts = layer::rows(Content::Text).filter(own);
    let texts = texts.map(|row| line(row, &named("text", row.name), "text=a", NOTES_OF_TEXTS));
    table.extend(plain.chain(marks).chain(texts));
    table
}

fn named(layer: &str, field: &str) -> String {
    if field.is_empty() { layer.to_owned() } else { format!("{layer}.{field}") }
}

fn line<T>(row: &Row<T>, name: &str, beside: &str, notes: &[Note]) -> String {
    let (_, default, note) = notes.iter().find(|(of, ..)| *of == row.name).copied().unwrap_or_default();
    let beside = if name == beside.split('=').next().unwrap_or("") { "" } else { beside };
    let short = row.short.map(|short| format!("`{short}`")).unwrap_or_default();
    let (values, rendered) = (values(row.range, name, beside), rendered(row.range, name, beside));
    format!("| `{name}` | {short} | {values} | {default} | {note} | {rendered} |\n")
}

/// The words of a range that are values themselves, as code.
fn values(range: &str, name: &str, beside: &str) -> String {
    let mut text = String::new();
    for word in range.split_inclusive([' ', ',']) {
        let bare = word.trim_end_matches([' ', ',']);
        if is_word_of(name, beside, bare) {
            let _ = write!(text, "`{bare}`{}", word.get(bare.len()..).unwrap_or_default());
        } else {
            text.push_str(word);
        }
    }
    text
}

/// Whether an option takes this word, and not any other.
fn is_word_of(name: &str, beside: &str, word: &str) -> bool {
    let begins = word.starts_with(|first: char| first.is_ascii_alphabetic());
    begins && read(name, beside, word).is_some() && read(name, beside, "anything-else").is_none()
}

/// Whether all that an option takes is carried out, or what of it not.
fn rendered(range: &str, name: &str, beside: &str) -> String {
    let words = range.split([' ', ',', ';']).filter(|word| !word.is_empty());
    let asked = words.filter_map(|word| Some((word, read(name, beside, word)?)));
    let (not_built, built): (Vec<_>, Vec<_>) = asked.partition(|(_, recipe)| recipe.unbuilt().is_some());
    let list = not_built.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match (not_built.is_empty(), built.is_empty()) {
        (true, _) => "yes".to_owned(),
        (false, true) => "not yet".to_owned(),
        (false, false) => format!("{list} not yet"),
    }
}

fn read(name: &str, beside: &str, value: &str) -> Option<Recipe> {
    let comma = if beside.is_empty() { "" } else { "," };
    Recipe::parse(&format!("{beside}{comma}{name}={value}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(notes: &[Note]) -> Vec<&'static str> {
        notes.iter().map(|(name, ..)| *name).collect()
    }

    #[test]
    fn every_option_has_a_note_and_every_note_an_option() {
        assert_eq!(names(NOTES), ROWS.iter().map(|row| row.name).collect::<Vec<_>>());
        let of_marks: Vec<_> = layer::rows(Content::Mark).map(|row| row.name).collect();
        assert_eq!(names(NOTES_OF_MARKS), of_marks);
        let of_texts: Vec<_> = layer::rows(Content::Text).map(|row| row.name).collect();
        let own: Vec<_> =
            of_texts.iter().filter(|name| name.is_empty() || !of_marks.contains(name)).collect();
        assert_eq!(names(NOTES_OF_TEXTS).iter().collect::<Vec<_>>(), own);
    }

    #[test]
    fn words_that_are_values_are_code_and_what_is_not_built_is_told() {
        assert_eq!(
            values("whole pixels, 1 to 12000, or auto", "width", ""),
            "whole pixels, 1 to 12000, or `auto`"
        );
        assert_eq!(values("a number from 0 to 250", "blur", ""), "a number from 0 to 250");
        assert_eq!(rendered("interpolate or generate", "upscale", ""), "`generate` not yet");
        assert_eq!(rendered("foreground", "segment", ""), "not yet");
        assert_eq!(rendered("true or false", "anim", ""), "yes");
    }
}

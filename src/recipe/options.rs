//! One row per option: its names, the values it takes, and where it lives in a [`Recipe`].
//!
//! The order of the rows is the canonical order of printing.

use super::error::RecipeError;
use super::layer::{self, LayerSlot};
use super::value::{Four, Length, Output, TrimMode, Value};
use super::{Recipe, Trim};

/// An option of `T`: a recipe, or one of its layers.
pub(super) struct Row<T> {
    pub(super) name: &'static str,
    pub(super) short: Option<&'static str>,
    pub(super) range: &'static str,
    pub(super) set: fn(&mut T, &str) -> Option<()>,
    pub(super) print: fn(&T) -> Option<String>,
    pub(super) is_set: fn(&T) -> bool,
}

/// A row whose value is a field.
macro_rules! row {
    ($name:literal, $range:literal, $($field:ident).+) => { row!(@ $name, None, $range, $($field).+) };
    ($name:literal | $short:literal, $range:literal, $($field:ident).+) => {
        row!(@ $name, Some($short), $range, $($field).+)
    };
    (@ $name:literal, $short:expr, $range:literal, $($field:ident).+) => {
        $crate::recipe::options::Row {
            name: $name,
            short: $short,
            range: $range,
            set: |target, text| { target.$($field).+ = Some($crate::recipe::value::Value::parse(text)?); Some(()) },
            print: |target| target.$($field).+.as_ref().map($crate::recipe::value::Value::print),
            is_set: |target| target.$($field).+.is_some(),
        }
    };
}
pub(super) use row;

const QUALITY: &str = "1 to 100, high, medium-high, medium-low or low";
const SIDE: &str = "whole pixels, 1 to 12000";
const LENGTH: &str = "whole pixels, 0 to 12000, or a fraction below 1";

const FILTERS: &str = "grayscale, sepia, invert, bluechrome, cali, diamante, dramatic, duotone_horizon, \
    duotone_lilac, duotone_ochre, duotone_violette, firenze, flagblue, golden, islands, \
    liquid, lix, lofi, marine, mauve, neue, obsidian, oceanic, pastel_pink, perfume, \
    radio, rosetint, ryo, seagreen, serenity, twenties or vintage";

pub(super) const ROWS: &[Row<Recipe>] = &[
    row!("preset", "the name of a preset: a-z, 0-9, - and _", preset),
    row!("width" | "w", "whole pixels, 1 to 12000, or auto", width),
    row!("wbreakpoints", "rising widths joined by ;", wbreakpoints),
    row!("wmobile", "whole pixels, 1 to 12000", wmobile),
    row!("wdesktop", "whole pixels, 1 to 12000", wdesktop),
    row!("height" | "h", "whole pixels, 1 to 12000", height),
    row!("fit", "scale-down, contain, cover, crop, aspect-crop, pad, squeeze or scale-up", fit),
    row!(
        "gravity" | "g",
        "left, right, top, bottom, a corner such as top-left, center, XxY (0 to 1 each), auto or face",
        gravity
    ),
    row!("zoom" | "face-zoom", "a number from 0 to 1", zoom),
    row!("dpr", "a number from 1 to 3", dpr),
    row!("crop", "left;top;width;height in pixels or fractions below 1", crop),
    Row {
        name: "trim",
        short: None,
        range: "border, or top;right;bottom;left in pixels or fractions below 1",
        set: set_trim,
        print: |recipe| recipe.trim.mode.map(|mode| mode.print()),
        is_set: |recipe| {
            let Trim { mode, top, right, bottom, left, .. } = &recipe.trim;
            mode.is_some() || [top, right, bottom, left].iter().any(|side| side.is_some())
        },
    },
    row!("trim.border.color", "a CSS colour", trim.border_color),
    row!("trim.border.tolerance", "a whole number from 0 to 255", trim.border_tolerance),
    row!("trim.border.keep", "whole pixels, 0 to 12000", trim.border_keep),
    Row { range: LENGTH, ..row!("trim.top", "", trim.top) },
    Row { range: LENGTH, ..row!("trim.right", "", trim.right) },
    Row { range: LENGTH, ..row!("trim.bottom", "", trim.bottom) },
    Row { range: LENGTH, ..row!("trim.left", "", trim.left) },
    Row { range: LENGTH, ..row!("trim.width", "", trim.width) },
    Row { range: LENGTH, ..row!("trim.height", "", trim.height) },
    row!("flip", "h, v or hv", flip),
    row!("rotate", "degrees from 0 to 360", rotate),
    row!("background", "a CSS colour, percent-encoded, such as %23ff8800, or blur", background),
    row!("upscale", "interpolate or generate", upscale),
    row!("segment", "foreground", segment),
    row!("blur", "a number from 0 to 250", blur),
    row!("sharpen", "a number from 0 to 10", sharpen),
    row!("brightness", "a number from 0 to 10", brightness),
    row!("contrast", "a number from 0 to 10", contrast),
    row!("gamma", "a number from 0 to 10", gamma),
    row!("saturation", "a number from 0 to 10", saturation),
    row!("hue", "degrees from 0 to 360", hue),
    Row { range: FILTERS, ..row!("filter", "", filter) },
    row!("duotone", "two opaque CSS colours joined by ;, the darker first", duotone),
    row!("pixelate", "whole pixels, 1 to 12000", pixelate),
    row!("radius", "a length, four of them joined by ;, or max", radius),
    row!("mask", "circle, ellipse, triangle, square, pentagon, hexagon, star or heart", mask),
    row!("border.color", "a CSS colour", border.color),
    Row { range: SIDE, ..row!("border.width", "", border.width) },
    Row { range: SIDE, ..row!("border.top", "", border.top) },
    Row { range: SIDE, ..row!("border.right", "", border.right) },
    Row { range: SIDE, ..row!("border.bottom", "", border.bottom) },
    Row { range: SIDE, ..row!("border.left", "", border.left) },
    row!(
        "format" | "f",
        "auto, avif, webp, jpeg, baseline-jpeg, png, gif, svg, json, blurhash, thumbhash or lqip",
        format
    ),
    Row { range: QUALITY, ..row!("quality" | "q", "", quality) },
    Row { range: QUALITY, ..row!("slow-connection-quality" | "scq", "", slow_connection_quality) },
    row!("lossless", "true or near", lossless),
    row!("max-bytes", "a whole number from 1 to 33554432", max_bytes),
    row!("anim", "true or false", anim),
    row!("compression", "fast", compression),
    row!("metadata", "copyright, keep or none", metadata),
    row!("onerror", "redirect", onerror),
];

/// `trim=border`, or the four sides at once.
fn set_trim(recipe: &mut Recipe, text: &str) -> Option<()> {
    if let Some(mode) = TrimMode::parse(text) {
        recipe.trim.mode = Some(mode);
        return Some(());
    }
    let Four([top, right, bottom, left]) = Four::<Length>::parse(text)?;
    recipe.trim =
        Trim { top: Some(top), right: Some(right), bottom: Some(bottom), left: Some(left), ..recipe.trim };
    Some(())
}

/// Puts one decoded option where it belongs.
pub(super) fn set(recipe: &mut Recipe, name: &str, value: &str) -> Result<(), RecipeError> {
    if let Some(row) = find(ROWS, name) {
        return set_row(row, recipe, row.name.to_owned(), value);
    }
    let Some((slot, field)) = LayerSlot::split(name) else {
        return Err(RecipeError::Unknown { name: name.to_owned() });
    };
    let row = layer::rows(slot.content)
        .find(|row| row.name == field)
        .ok_or_else(|| RecipeError::Unknown { name: name.to_owned() })?;
    set_row(row, recipe.layers.entry(slot).or_default(), name.to_owned(), value)
}

/// Every option of the recipe, long name and undecoded value, in canonical order.
pub(super) fn print(recipe: &Recipe) -> Vec<(String, String)> {
    let plain = ROWS.iter().filter_map(|row| Some((row.name.to_owned(), (row.print)(recipe)?)));
    let layers = recipe.layers.iter().flat_map(|(slot, layer)| {
        layer::rows(slot.content).filter_map(move |row| Some((slot.option(row.name), (row.print)(layer)?)))
    });
    plain.chain(layers).collect()
}

/// Whether there is an option of this long name; `mark` and `text` stand for all of theirs.
pub fn is_option(name: &str) -> bool {
    ROWS.iter().any(|row| row.name == name) || matches!(name, "mark" | "text")
}

/// Whether `format` takes this value.
pub fn is_format(name: &str) -> bool {
    Output::parse(name).is_some()
}

/// The long name of a plain option, written by either of its names.
pub(super) fn long_name(name: &str) -> Option<&'static str> {
    find(ROWS, name).map(|row| row.name)
}

fn find<T>(rows: &'static [Row<T>], name: &str) -> Option<&'static Row<T>> {
    rows.iter().find(|row| row.name == name || row.short == Some(name))
}

fn set_row<T>(row: &Row<T>, target: &mut T, name: String, value: &str) -> Result<(), RecipeError> {
    if (row.is_set)(target) {
        return Err(RecipeError::Repeated { name });
    }
    (row.set)(target, value).ok_or(RecipeError::OutOfRange {
        name,
        value: value.to_owned(),
        range: row.range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_share_a_name() {
        let mut names: Vec<&str> =
            ROWS.iter().flat_map(|row| [Some(row.name), row.short]).flatten().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_row_says_its_range() {
        assert!(ROWS.iter().all(|row| !row.range.is_empty()));
    }
}

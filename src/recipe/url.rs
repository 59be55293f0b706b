//! The transform URL as a whole: `/image/<options>/<source>`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::RecipeError;
use super::source::{self, Source};
use super::{Content, Recipe, options};

/// The paths under which transforms are answered. Real Cloudflare zones keep `/cdn-cgi/` for themselves,
/// so production sites use the first; the second serves clients that know no other.
pub const PREFIXES: [&str; 2] = ["/image/", "/cdn-cgi/image/"];

/// No client library writes a hundredth of this; Cloudflare's own limit on a URL is 16 KB.
const LONGEST_OPTIONS: usize = 8_192;

/// What of a value is written as it is.
const VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b';').remove(b':');

/// A transform and the picture it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TransformUrl {
    /// What is asked for.
    pub recipe: Recipe,
    /// Of which picture.
    pub source: Source,
}

impl TransformUrl {
    /// Whether a path is a transform's at all.
    pub fn is_transform(path: &str) -> bool {
        PREFIXES.iter().any(|prefix| path.starts_with(prefix))
    }

    /// Reads the path and query of a request. Paths without a transform's prefix have no options.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, RecipeError> {
        let (options, source) = Self::split(path)?;
        Ok(Self { recipe: Recipe::parse(options)?, source: Source::parse(source, query)? })
    }

    /// Splits a transform's path into its options and its source, still encoded.
    pub fn split(path: &str) -> Result<(&str, &str), RecipeError> {
        let rest = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix)).ok_or(RecipeError::Empty)?;
        Ok(rest.split_once('/').unwrap_or((rest, "")))
    }

    /// The one spelling of this URL, under the first prefix.
    pub fn print(&self) -> String {
        format!("{}{}/{}", PREFIXES[0], self.recipe.print(), self.source.print())
    }
}

impl Recipe {
    /// Reads `name=value` pairs joined by commas.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        if text.is_empty() {
            return Err(RecipeError::Empty);
        }
        if text.len() > LONGEST_OPTIONS {
            return Err(RecipeError::TooLong { length: text.len(), most: LONGEST_OPTIONS });
        }
        let mut recipe = Self::default();
        for piece in text.split(',') {
            let (name, value) = read_pair(piece)?;
            options::set(&mut recipe, name, &value)?;
        }
        recipe.check()?;
        Ok(recipe)
    }

    /// The plain options of a text by their long names, as far as they can be read: a glance before it is parsed.
    pub fn glance(text: &str) -> impl Iterator<Item = (&'static str, std::borrow::Cow<'_, str>)> {
        text.split(',').filter_map(|piece| {
            let (name, value) = read_pair(piece).ok()?;
            Some((options::long_name(name)?, value))
        })
    }

    /// The one spelling of this recipe: long names in a fixed order, values in their shortest form.
    pub fn print(&self) -> String {
        let pairs = options::print(self);
        let printed: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)))
            .collect();
        printed.join(",")
    }

    /// Options that contradict each other, or stand without the one they belong to.
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let contradict = |first: &str, second: &str| {
            Err(RecipeError::Contradiction { first: first.to_owned(), second: second.to_owned() })
        };
        let trim = &self.trim;
        if trim.width.is_some() && trim.left.is_some() && trim.right.is_some() {
            return contradict("trim.width", "trim.right");
        }
        if trim.height.is_some() && trim.top.is_some() && trim.bottom.is_some() {
            return contradict("trim.height", "trim.bottom");
        }
        self.check_borders()?;
        for (slot, layer) in &self.layers {
            layer.check(*slot)?;
            if let (Content::Mark, Some(key)) = (slot.content, &layer.subject) {
                source::check_key(&key.0)?;
            }
        }
        Ok(())
    }
}

impl Recipe {
    /// What is said of a border that is not there.
    fn check_borders(&self) -> Result<(), RecipeError> {
        let trim = &self.trim;
        let parts = [
            ("trim.border.color", trim.border_color.is_some()),
            ("trim.border.tolerance", trim.border_tolerance.is_some()),
            ("trim.border.keep", trim.border_keep.is_some()),
        ];
        let needs = |name: &str, needed: &str| RecipeError::Needs {
            name: name.to_owned(),
            needed: needed.to_owned(),
        };
        if let Some((name, _)) = parts.iter().find(|(_, is_said)| *is_said && trim.mode.is_none()) {
            return Err(needs(name, "trim=border"));
        }
        if self.border.color.is_some() && !self.border.is_drawn() {
            return Err(needs("border.color", "border.width"));
        }
        Ok(())
    }
}

fn read_pair(piece: &str) -> Result<(&str, std::borrow::Cow<'_, str>), RecipeError> {
    let not_a_pair = || RecipeError::NotAPair { piece: piece.to_owned() };
    let (name, value) = piece.split_once('=').ok_or_else(not_a_pair)?;
    if name.is_empty() || value.is_empty() {
        return Err(not_a_pair());
    }
    let value = percent_decode_str(value)
        .decode_utf8()
        .map_err(|_| RecipeError::Encoding { piece: piece.to_owned() })?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Fit;
    use crate::recipe::{Length, Width};

    #[test]
    fn reads_a_whole_url() {
        let url =
            TransformUrl::parse("/image/w=300,fit=cover,mark=a%2Fb.png,mark.right=16/me.png", Some("v=2"));
        let url = url.unwrap();
        assert_eq!(url.recipe.width, Some(Width::Pixels(300)));
        assert_eq!(url.recipe.fit, Some(Fit::Cover));
        let mark = url.recipe.layers.values().next().unwrap();
        assert_eq!(mark.right, Some(Length::Pixels(16)));
        assert_eq!(url.print(), "/image/width=300,fit=cover,mark=a%2Fb.png,mark.right=16/me.png?v=2");
    }

    #[test]
    fn both_prefixes_mean_the_same() {
        let a = TransformUrl::parse("/image/width=1/a.png", None);
        assert_eq!(a, TransformUrl::parse("/cdn-cgi/image/width=1/a.png", None));
    }

    #[test]
    fn a_shorthand_and_its_parts_are_one_option() {
        let repeated = RecipeError::Repeated { name: "trim.top".to_owned() };
        assert_eq!(Recipe::parse("trim=1;2;3;4,trim.top=1"), Err(repeated));
        let repeated = RecipeError::Repeated { name: "width".to_owned() };
        assert_eq!(Recipe::parse("w=1,width=1"), Err(repeated));
    }

    #[test]
    fn marks_need_their_key_and_one_side_each_way() {
        assert!(matches!(Recipe::parse("mark.width=1"), Err(RecipeError::Needs { .. })));
        let both = Recipe::parse("mark=a,mark.left=1,mark.right=1");
        assert!(matches!(both, Err(RecipeError::Contradiction { .. })));
        assert!(matches!(Recipe::parse("mark=..%2Fsecret"), Err(RecipeError::Source { .. })));
        assert!(matches!(Recipe::parse("mark9=a"), Err(RecipeError::Unknown { .. })));
        assert!(matches!(Recipe::parse("mark1=a"), Err(RecipeError::Unknown { .. })));
        assert!(matches!(Recipe::parse("mark.=a"), Err(RecipeError::Unknown { .. })));
    }
}

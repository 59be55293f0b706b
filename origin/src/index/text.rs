//! The language of `q`: words of which all must be there, `"phrases"`, `-without`, `begin*`.

use serde::{Deserialize, Serialize};

use super::words::words;

/// A longer question is refused.
const MOST_LETTERS: usize = 500;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// All of these are there …
    pub with: Vec<Part>,
    /// … and none of these.
    pub without: Vec<Part>,
}

/// A word, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Folded.
    pub words: Vec<String>,
    /// Whether the last of them is the beginning of one.
    pub is_prefix: bool,
}

/// Why a question is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Its length.
    #[error("q is longer than {MOST_LETTERS} letters")]
    TooLong,
}

impl Text {
    /// Reads a question. The last word counts as the beginning of one, for those who are still typing.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.chars().nth(MOST_LETTERS).is_some() {
            return Err(TextError::TooLong);
        }
        let mut parsed = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            rest = parsed.take_part(rest);
        }
        Ok(parsed)
    }

    /// Whether there is nothing to look for: neither letters nor digits. No picture fits that.
    pub fn is_empty(&self) -> bool {
        self.with.is_empty() && self.without.is_empty()
    }

    /// Takes what comes first; answers what is left.
    fn take_part<'a>(&mut self, text: &'a str) -> &'a str {
        let text = text.trim_start();
        let (is_without, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (written, rest, may_go_on) = if let Some(quoted) = text.strip_prefix('"') {
            let (phrase, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
            (phrase, rest, false)
        } else {
            let end = text.find(|sign: char| sign.is_whitespace() || sign == '"').unwrap_or(text.len());
            let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            (word, rest, rest.is_empty() && !is_without)
        };
        let part = Part { words: words(written), is_prefix: written.ends_with('*') || may_go_on };
        if !part.words.is_empty() {
            if is_without { &mut self.without } else { &mut self.with }.push(part);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(words: &[&str], is_prefix: bool) -> Part {
        Part { words: words.iter().map(|word| (*word).to_owned()).collect(), is_prefix }
    }

    #[test]
    fn reads_words_phrases_exclusions_and_prefixes() {
        let text = Text::parse("Été \"red house\" -snow sun* -\"old town\" bea").unwrap();
        assert_eq!(
            text.with,
            [
                part(&["ete"], false),
                part(&["red", "house"], false),
                part(&["sun"], true),
                part(&["bea"], true)
            ]
        );
        assert_eq!(text.without, [part(&["snow"], false), part(&["old", "town"], false)]);
        // A space says that the word is complete.
        assert_eq!(Text::parse("bea ").unwrap().with, [part(&["bea"], false)]);
        assert_eq!(Text::parse("IMG_0042.jpg").unwrap().with, [part(&["img", "0042", "jpg"], true)]);
    }

    #[test]
    fn signs_of_other_languages_mean_nothing() {
        for odd in ["NEAR(a b)", "a AND", "col:a", "a\"b\"c", "((a", "a'b", "\"a", "--a b"] {
            assert!(Text::parse(odd).is_ok(), "{odd}");
        }
        for empty in ["\"", "*", "-", "\"\"", "🏖", " "] {
            assert!(Text::parse(empty).unwrap().is_empty(), "{empty}");
        }
        assert_eq!(Text::parse(&"a".repeat(10_000)), Err(TextError::TooLong));
    }
}

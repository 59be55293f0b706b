//! Text as the index has it: words in small letters without accents.

use unicode_normalization::UnicodeNormalization as _;

/// A longer word is cut: nobody types it, and the stores have limits.
const LONGEST_WORD: usize = 40;

/// Begins a term that is a fact and no word. It is for private use, so no word has it.
pub(super) const FACT: char = '\u{E000}';

/// The words of a text: runs of letters and digits, in small letters, without accents. What is written without spaces
/// between words (Chinese, Japanese) is taken sign by sign, and then found as a phrase.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let folded = text.nfkd().filter(|letter| !is_accent(*letter)).flat_map(char::to_lowercase);
    // Some small letters of capitals have accents of their own.
    for letter in folded.filter(|letter| !is_accent(*letter)) {
        if !letter.is_alphanumeric() || stands_alone(letter) {
            finish(&mut words, &mut word);
        }
        if stands_alone(letter) {
            words.push(letter.to_string());
        } else if letter.is_alphanumeric() {
            word.push(letter);
        }
    }
    finish(&mut words, &mut word);
    words
}

fn finish(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(word.chars().take(LONGEST_WORD).collect());
        word.clear();
    }
}

/// Combining marks that make accents of Latin, Greek and Cyrillic letters.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36F}')
}

fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
        && letter.is_alphanumeric()
}

/// Something that a picture can be filtered by, as one word: `tag=beach`.
pub(super) fn fact(name: &str, value: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = format!("{:x}", Sha256::digest(format!("{name}={value}")));
    format!("{FACT}{}", digest.get(..16).unwrap_or_default())
}

/// Six letters that stand for a tenant. Two tenants may have the same; whose a picture is, is always looked at as well.
pub(super) fn tenant_letters(tenant: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(tenant).iter().take(6).map(|byte| char::from(b'a' + byte % 26)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_accents_and_width() {
        assert_eq!(words("Café-Größe ＡＢ ﬁn İstanbul"), ["cafe", "große", "ab", "fin", "istanbul"]);
        assert_eq!(words("Ελλάδα Ёлка"), ["ελλαδα", "елка"]);
    }

    #[test]
    fn takes_chinese_sign_by_sign() {
        assert_eq!(words("東京tower"), ["東", "京", "tower"]);
    }

    #[test]
    fn nothing_but_signs_is_no_word() {
        assert!(words("\"* ( ) : 🏖 \u{301}").is_empty());
        assert_eq!(words(&"x".repeat(100))[0].len(), LONGEST_WORD);
    }

    #[test]
    fn facts_are_no_words() {
        assert!(words(&fact("tag", "beach")).iter().all(|word| !word.starts_with(FACT)));
        assert_ne!(fact("tag", "a"), fact("tag", "b"));
    }
}

//! Keys that can be guessed, or that everybody has read.
//!
//! No list of passwords: what a person would type is recognised by being text, what a program wrote by its pattern. A key
//! of 256 random bits is text with a probability of about 10⁻¹⁰. The hash of a word looks like chance and is not found.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::encode;

/// Keys of the examples of RFC 7515, 7517, 7520 and 8037, and of jwt.io: secrets as a whole, pairs by their `x`.
const PUBLISHED: [&str; 10] = [
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "GawgguFyGrWKav7AX4VKUg",
    "t-bdv41MJXExXnpquHBuDn7n1YGyX7gLQchVHAoNu50",
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "EVs_o5-uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf84",
    "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
];

/// Why a secret of at least 256 bits can be guessed, if it can.
pub(super) fn secret(bytes: &[u8]) -> Option<&'static str> {
    if is_published(bytes) {
        return Some("it is the key of a published example");
    }
    // A word that was put straight into `k` is one only there.
    let as_written = encode(bytes);
    if [bytes, as_written.as_bytes()].into_iter().any(is_patterned) {
        return Some("it follows a pattern");
    }
    if says_something(as_written.as_bytes()) {
        return Some(TYPED);
    }
    match code(text(bytes)?) {
        // What issuers hand out as text is as good as what it stands for.
        Some(code) => secret(&code),
        None => Some(TYPED),
    }
}

const TYPED: &str = "it is text that a person typed";

/// Why a public key must not be trusted, if it must not.
pub(super) fn public(x: &[u8]) -> Option<&'static str> {
    is_published(x).then_some("its private part is published in an example")
}

fn is_published(bytes: &[u8]) -> bool {
    PUBLISHED.contains(&encode(bytes).as_str())
}

fn is_patterned(bytes: &[u8]) -> bool {
    repeats(bytes) || counts(bytes) || stands_still(bytes) || is_halved(bytes) || distinct(bytes) < 8
}

/// Whether more than half of it stands there again after some distance: a shorter piece over and over, or numbered.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|distance| {
        let pairs = bytes.iter().zip(bytes.iter().skip(distance));
        pairs.filter(|(a, b)| a == b).count() * 2 > bytes.len() - distance
    })
}

/// Whether it counts up or down by the same step.
fn counts(bytes: &[u8]) -> bool {
    let steps: Vec<u8> = bytes.iter().zip(bytes.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a)).collect();
    // A step that more than half of them are is the middle one when they are in order.
    let mut sorted = steps.clone();
    sorted.sort_unstable();
    let Some(middle) = sorted.get(sorted.len() / 2) else { return false };
    steps.iter().map(|step| usize::from(step == middle)).sum::<usize>() * 2 > steps.len()
}

/// Whether one byte fills eight places in a row: padding of something shorter.
fn stands_still(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|run| run.iter().zip(run.iter().skip(1)).all(|(a, b)| a == b))
}

/// Whether every other byte is the same, as in UTF-16.
fn is_halved(bytes: &[u8]) -> bool {
    let half = |from: usize| bytes.iter().skip(from).step_by(2);
    (0..2).any(|from| half(from).zip(half(from + 2)).all(|(a, b)| a == b))
}

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// The bytes as text, without the line feeds and zeros that tools leave behind it; nothing where they are none.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?.trim_end_matches(char::is_control);
    let is_written = |c: char| !c.is_control() || c.is_whitespace();
    text.chars().all(is_written).then_some(text)
}

/// What a text of at least 256 bits stands for in hexadecimal or base64; nothing where it says something itself.
fn code(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    if says_something(text) {
        return None;
    }
    if text.iter().all(u8::is_ascii_hexdigit) { from_hex(text) } else { from_base64(text) }
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    // Dates and telephone numbers have no letters.
    let is_mixed = digits * 12 >= text.len() && (text.len() - digits) * 12 >= text.len();
    if text.len() < 64 || !is_mixed {
        return None;
    }
    let nibbles: Vec<u32> = text.iter().map(|b| char::from(*b).to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).ok();
    nibbles.chunks(2).map(byte).collect()
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    #[derive(PartialEq)]
    enum Kind {
        Small,
        Capital,
        Other,
    }
    let kind = |b: &u8| match b {
        b'a'..=b'z' => Kind::Small,
        b'A'..=b'Z' => Kind::Capital,
        _ => Kind::Other,
    };
    // Two out of three change at random; words change seldom.
    let changes = text.iter().zip(text.iter().skip(1)).filter(|(a, b)| kind(a) != kind(b)).count();
    if text.len() < 43 || changes * 4 < text.len() {
        return None;
    }
    let alphabet = |b: &u8| match b {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    };
    let written: Vec<u8> = text.iter().map(alphabet).collect();
    // Not every issuer's letters and digits are bytes written in base64: the last ones may be none.
    let whole = written.get(..written.len() / 4 * 4)?;
    URL_SAFE_NO_PAD.decode(whole).ok()
}

/// Whether a word stands in it that only people write into keys.
fn says_something(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 19] = [
        b"secret",
        b"passw",
        b"example",
        b"changeme",
        b"token",
        b"default",
        b"lenslet",
        b"0123456789",
        b"abcdefgh",
        b"qwerty",
        b"asdfgh",
        b"12345678",
        b"letmein",
        b"welcome",
        b"private",
        b"signing",
        b"production",
        b"company",
        b"develop",
    ];
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.windows(word.len()).any(|window| window == *word))
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    #[test]
    fn random_keys_are_good() {
        for key in [
            "c2ujO9VFOTQuYQLVLiPwjKCQ1yvKHkwVkzBxUiQ8VTA",
            "xJ3kWZ0s4y8M1nQ7rT5vB2dF6hL9pK0aYcEgUiOmRSw",
            // 64 hexadecimal digits and 44 characters of base64, as issuers hand them out.
            "NGYyYzlhN2UxYjZkOGYwM2E1YzJlNGI3ZDkxZjYwODMyYTVjN2U5YjFkNGY2YTgwYzNlNWI3ZDlmMWEyYzRlNg",
            "bXpTWTNqUkJUOHo1WFlOTm5aNUxZRjUySmJuemV0eE9JUnRmZ3YrR1FtTT0",
        ] {
            assert_eq!(secret(&decode(key).unwrap()), None, "{key}");
        }
    }

    #[test]
    fn typed_patterned_and_published_keys_are_weak() {
        let counted: Vec<u8> = (0..32).collect();
        for key in [
            &[0; 32][..],
            &[0xAB; 64],
            &counted,
            b"secretsecretsecretsecretsecretse",
            b"a-string-secret-at-least-256-bits-long",
            b"your-super-secret-jwt-token-with-at-least-32-characters-long",
            b"correct horse battery staple and some more words",
            b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeF",
            b"ThisIsMySecretKey1234567890ThisIsMySecretKey12345",
            &decode(PUBLISHED[0]).unwrap(),
        ] {
            assert!(secret(key).is_some(), "{key:?}");
        }
        assert!(public(&decode(PUBLISHED[4]).unwrap()).is_some());
    }
}

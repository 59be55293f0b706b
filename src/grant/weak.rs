//! Keys that can be guessed, or that everybody has read.
//!
//! No list of passwords: what a person would type is recognised by being text. A key of 256 random bits is text with a
//! probability of about 10⁻¹³.

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
    if repeats(bytes) || counts(bytes) || distinct(bytes) < 8 {
        return Some("it follows a pattern");
    }
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && is_typed(bytes) {
        return Some("it is text that a person typed");
    }
    None
}

/// Why a public key must not be trusted, if it must not.
pub(super) fn public(x: &[u8]) -> Option<&'static str> {
    is_published(x).then_some("its private part is published in an example")
}

fn is_published(bytes: &[u8]) -> bool {
    PUBLISHED.contains(&encode(bytes).as_str())
}

/// Whether it is a shorter piece over and over.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b))
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

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// Whether text is anything but a long hexadecimal or base64 code: what issuers make secrets of.
fn is_typed(text: &[u8]) -> bool {
    let is_hex = text.iter().all(u8::is_ascii_hexdigit);
    let is_base64 = text.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b));
    let cases: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase];
    let is_mixed =
        cases.iter().all(|is_of_case| text.iter().filter(|b| is_of_case(b)).count() * 12 >= text.len());
    let is_code = (is_hex && text.len() >= 64) || (is_base64 && text.len() >= 43 && is_mixed);
    !is_code || says_something(text)
}

/// Whether a word stands in it that only people write into keys.
fn says_something(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 10] = [
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
            "ZkE5eDJMcThXbjR2VDd5QjFjUjZ1SDNtUTBqUzVlSzk3Z1BkT3pJeFVhPQ",
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

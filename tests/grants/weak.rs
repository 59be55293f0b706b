//! Secrets that people choose are refused, and those that chance chose are not.

use lenslet::grant::{KeyError, KeyFault, KeySet};
use serde_json::json;

use super::ring::{encode, hex, random};
use crate::support::bytes::Dice;

fn check(secret: &[u8]) -> Result<(), KeyError> {
    KeySet::parse(json!({ "kty": "oct", "k": encode(secret) }).to_string().as_bytes())?.check_for_use()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Secrets of documentation, of examples, and such as people think long enough.
const TYPED: [&str; 36] = [
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "secret",
    "password",
    "changeme",
    "change-this-to-a-long-random-string-in-production",
    "keyboard cat",
    "my_super_secret_key_that_nobody_will_ever_guess",
    "ThisIsMySecretKeyForJwtAuthenticationInProduction2024",
    "correct horse battery staple and some more words",
    "The quick brown fox jumps over the lazy dog",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
    "It was a dark and stormy night; the rain fell in torrents",
    "qwertyuiopasdfghjklzxcvbnm1234567890",
    "QWERTYUIOPASDFGHJKLZXCVBNM!@#$%^&*()",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qwertz uiopü asdfghjklöä yxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn0123456789",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "31415926535897932384626433832795028841971693993751058209749445923",
    "00000000-0000-0000-0000-000000000000",
    "550e8400-e29b-41d4-a716-446655440000",
    "lenslet-image-service-signing-key-2026",
    "MyCompanyNameProductionKey2024MyCompanyNameProductionKey2024!",
    "https://pictures.example.com/image/width=800/a.png",
    "-----BEGIN PRIVATE KEY-----MC4CAQAwBQYDK2VwBCIEI",
    "пароль пароль который никто не угадает",
    "密码密码密码一二三四五六七八九十",
    "hunter2hunter3hunter4hunter5hunter6hunter7",
    "iloveyou monkey dragon letmein football baseball master",
];

/// Everything a person might make of a word to have 256 bits.
fn stretched(word: &str) -> Vec<Vec<u8>> {
    let repeated: Vec<u8> = word.bytes().cycle().take(word.len().max(32)).collect();
    let joined = |by: &str| vec![word; 32 / word.len() + 2].join(by).into_bytes();
    let padded = |by: u8| {
        let mut bytes = word.as_bytes().to_vec();
        bytes.resize(bytes.len().max(32), by);
        bytes
    };
    let (zeros, xs, spaces) = (padded(0), padded(b'x'), padded(b' '));
    let mut with_feed = joined("-");
    with_feed.push(b'\n');
    let wide: Vec<u8> = joined(".").iter().flat_map(|&byte| [byte, 0]).collect();
    let numbered = (0..16).map(|number| format!("{word}{number}")).collect::<Vec<_>>().concat();
    let plain = [repeated.clone(), joined(" "), joined("_"), with_feed, numbered.into_bytes(), xs, spaces];
    let codes = plain.iter().flat_map(|bytes| {
        let hex = hex(bytes);
        [base64(bytes), encode(bytes), hex.to_uppercase(), base64(hex.as_bytes()), hex]
    });
    let codes: Vec<Vec<u8>> = codes.map(String::into_bytes).collect();
    plain.iter().cloned().chain([zeros, wide]).chain(codes).collect()
}

/// Bytes that a program wrote without asking for chance.
fn computed() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte; 32]).collect();
    for (first, step) in [(0, 1), (1, 1), (32, 1), (255, 255), (0, 2), (0, 8), (7, 13), (0, 17)] {
        all.push((0..32_u8).map(|at| at.wrapping_mul(step).wrapping_add(first)).collect());
    }
    for period in 2..=16 {
        let block = random(&mut Dice::new(period as u64 * 77), period);
        all.push(block.into_iter().cycle().take(48).collect());
    }
    for short in 1..=24 {
        let mut bytes = random(&mut Dice::new(short as u64 * 99), short);
        bytes.resize(32, 0);
        all.push(bytes.clone());
        bytes.reverse();
        all.push(bytes);
    }
    for day in 1..=28 {
        all.push(format!("2024-01-{day:02}2024-02-{day:02}2024-03-{day:02}2024-04-{day:02}").into_bytes());
        let digits: Vec<String> = (1..=8).map(|month| format!("2024{month:02}{day:02}")).collect();
        all.push(digits.concat().into_bytes());
    }
    for magic in ["deadbeef", "cafebabe", "0123456789abcdef", "badc0ffee0ddf00d", "00ff", "a1b2c3d4"] {
        all.push(magic.repeat(64 / magic.len()).into_bytes());
    }
    all.extend((1..=9).map(|year| format!("{}", 1_700_000_000 + year).repeat(5).into_bytes()));
    all
}

#[test]
fn secrets_that_people_choose_are_refused() {
    let typed = TYPED.iter().map(|text| {
        let times = 32_usize.div_ceil(text.len());
        text.repeat(times).into_bytes()
    });
    let words = ["secret", "password", "admin", "changeme", "letmein", "hello", "jwt-secret", "Passw0rd!"];
    let stretched = words.into_iter().flat_map(stretched).filter(|bytes| bytes.len() >= 32);
    // What decodes as base64url by accident, put into `k` as it is.
    let raw = ["secretsecretsecretsecretsecretsecretsecrets", "your-very-own-256-bit-secret-key-for-tokens0"];
    let raw = raw.map(super::ring::decode);
    let secrets: Vec<Vec<u8>> = typed.chain(stretched).chain(raw).chain(computed()).collect();
    assert!(secrets.len() >= 200, "{}", secrets.len());
    let good: Vec<_> = secrets
        .iter()
        .filter(|secret| !matches!(check(secret), Err(KeyError::Key { fault: KeyFault::Weak(_), .. })))
        .map(|secret| String::from_utf8_lossy(secret))
        .collect();
    println!("{} weak secrets, {} of them accepted", secrets.len(), good.len());
    assert!(good.is_empty(), "{good:#?}");
}

#[test]
fn secrets_that_chance_chose_are_accepted() {
    let mut dice = Dice::new(0x600D);
    for number in 0..10_000 {
        let key = random(&mut dice, [32, 48, 64][number % 3]);
        for secret in [key.clone(), hex(&key).into(), base64(&key).into(), encode(&key).into()] {
            assert_eq!(check(&secret), Ok(()), "{}", String::from_utf8_lossy(&secret));
        }
    }
}

#[test]
fn short_secrets_are_refused_however_random() {
    for length in 0..32 {
        let fault = check(&random(&mut Dice::new(length as u64), length));
        assert!(matches!(fault, Err(KeyError::Key { fault: KeyFault::Short { .. }, .. })), "{length}");
    }
}

//! Any font and any text: drawn within bounds, or refused.
#![no_main]

use lenslet::geometry::Size;
use lenslet::picture::text::{Font, Shadow, Style, TextError, draw};

/// Where alphabets begin whose letters become others beside each other, or Latin's.
const ALPHABETS: [u32; 8] = [0x0020, 0x0590, 0x0600, 0x0900, 0x0980, 0x0E00, 0x1000, 0x1100];

/// What joins letters, or keeps them apart.
const BETWEEN: [char; 4] = [' ', '\u{200d}', '\u{200c}', '\u{ad}'];

fn letter(alphabet: u8, byte: u8) -> char {
    let first = ALPHABETS[usize::from(alphabet) % ALPHABETS.len()];
    match byte {
        0..0x80 => char::from_u32(first + u32::from(byte)).unwrap_or('a'),
        _ => BETWEEN[usize::from(byte) % BETWEEN.len()],
    }
}

/// The last bytes say how, and which letters of which alphabet; the rest is the font, as in the files that it starts from.
fn write(input: &[u8]) {
    let Some((file, &[size, wrap, alphabet, ref letters @ ..])) = input.split_last_chunk::<35>() else {
        return;
    };
    let text: String = letters.iter().map(|byte| letter(alphabet, *byte)).collect();
    let style = Style {
        size: f32::from(size) + 1.0,
        wrap: u32::from(wrap) + 1,
        align: None,
        colour: [255; 4],
        outline: Some((f32::from(size % 9), [0, 0, 0, 255])),
        shadow: Some(Shadow {
            offset: f32::from(wrap % 5),
            blur: f32::from(size % 7),
            colour: [0, 0, 0, 99],
        }),
        most: Size::new(300, 200),
        most_pixels: 40_000,
    };
    let embedded = Font::embedded().expect("it is a font");
    match Font::read(file).and_then(|font| draw(&text, &style, &[font, embedded])) {
        Ok(picture) => assert!(picture.size().area() <= 40_000 && picture.size().width <= 300),
        Err(TextError::Font | TextError::TooComplex) => {}
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| write(input));

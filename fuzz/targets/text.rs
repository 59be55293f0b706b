//! Any font and any text: drawn within bounds, or refused.
#![no_main]

use lenslet::geometry::Size;
use lenslet::picture::text::{Font, Shadow, Style, TextError, draw};

/// The first two bytes say how, the next 64 are the text as far as they are one, the rest is the font.
fn write(input: &[u8]) {
    let Some((&[size, wrap], rest)) = input.split_first_chunk() else { return };
    let (text, file) = rest.split_at(rest.len().min(64));
    let text = String::from_utf8_lossy(text);
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

//! Pictures made for tests: each side, corner and face of them can be told apart.

use lenslet::format::Format;
use lenslet::geometry::{Size, Turn};
use lenslet::picture::encode::{Encoding, Film, encode};
use lenslet::picture::ops::turn::turn;
use lenslet::picture::{Channels, Picture};

/// The letter F, which looks different after every turn.
const LETTER: [u8; 7] = [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000];

/// Red, green, blue and yellow corners (from the top left, row by row), ramps between, a white F in the middle.
pub fn sketch(width: u32, height: u32) -> Picture {
    paint(width, height, Channels::Rgb, |x, y| sketch_pixel(x, y, width, height))
}

/// The same, fading out towards the bottom right; the letter and the corners stay opaque.
pub fn sketch_with_alpha(width: u32, height: u32) -> Picture {
    paint(width, height, Channels::Rgba, |x, y| {
        let [r, g, b, is_drawn] = sketch_pixel(x, y, width, height);
        let fade = 255 - u32::midpoint(x * 255 / width, y * 255 / height);
        [r, g, b, if is_drawn == 255 { 255 } else { u8::try_from(fade).unwrap() }]
    })
}

fn sketch_pixel(x: u32, y: u32, width: u32, height: u32) -> [u8; 4] {
    let corner = height / 6;
    let (left, right) = (x < corner, x >= width - corner);
    let (top, bottom) = (y < corner, y >= height - corner);
    let scale = (height / 10).max(1);
    let (column, row) =
        ((x + 5 * scale / 2).wrapping_sub(width / 2), (y + 7 * scale / 2).wrapping_sub(height / 2));
    let line = LETTER.get((row / scale) as usize).copied().unwrap_or(0);
    let is_letter = column < 5 * scale && line >> (4 - column / scale) & 1 == 1;
    let ramp = |at: u32, length: u32| u8::try_from(at * 255 / length).unwrap();
    match (left, right, top, bottom) {
        (true, _, true, _) => [255, 0, 0, 255],
        (_, true, true, _) => [0, 255, 0, 255],
        (true, _, _, true) => [0, 0, 255, 255],
        (_, true, _, true) => [255, 255, 0, 255],
        _ if is_letter => [255, 255, 255, 255],
        // 254 says "drawn by the ramp" to the alpha above and is dropped by RGB.
        _ => [ramp(x, width), ramp(y, height), 96, 254],
    }
}

/// A mark of 12×8: a black bar on the left, a white one at the top, the rest half-transparent magenta.
pub fn mark() -> Picture {
    paint(12, 8, Channels::Rgba, |x, y| match (x, y) {
        (..3, _) => [0, 0, 0, 255],
        (_, ..2) => [255, 255, 255, 255],
        _ => [255, 0, 255, 128],
    })
}

/// Noise over ramps: as costly to code as a photo.
pub fn photo_like(width: u32, height: u32, channels: Channels) -> Picture {
    let mut state = 0x2545_F491_u32;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % 24
    };
    paint(width, height, channels, |x, y| {
        let mut wave = |a: u32, b: u32| u8::try_from(((x / a) ^ (y / b)) % 200 + noise()).unwrap_or(255);
        let (r, g) = (wave(7, 11), wave(13, 5));
        [r, g, u8::try_from(x * 200 / width + noise()).unwrap_or(255), r | 128]
    })
}

/// A picture out of a function of its pixels.
pub fn paint(
    width: u32,
    height: u32,
    channels: Channels,
    mut pixel: impl FnMut(u32, u32) -> [u8; 4],
) -> Picture {
    let mut samples = Vec::with_capacity(width as usize * height as usize * channels.count());
    for y in 0..height {
        for x in 0..width {
            samples.extend_from_slice(&pixel(x, y)[..channels.count()]);
        }
    }
    Picture::new(Size::new(width, height), channels, samples).unwrap()
}

/// How a picture lies in a file that says `orientation`: the turn undone.
pub fn stored(upright: &Picture, orientation: u16) -> Picture {
    let inverse = match orientation {
        // Quarter turns are each other's inverses, everything else is its own.
        6 => 8,
        8 => 6,
        own => own,
    };
    turn(upright.clone(), Turn::from_exif(inverse))
}

/// A file of this format; WebP loses nothing at 100.
pub fn file(picture: &Picture, format: Format, quality: u8) -> Vec<u8> {
    encode(picture, Encoding::new(format, quality)).unwrap()
}

/// A WebP of so many frames: a sketch, each time turned by half.
pub fn film(frames: u32) -> Vec<u8> {
    let mut picture = sketch(48, 32);
    let mut film = Film::new(Encoding::new(Format::Webp, 100), picture.size(), None).unwrap();
    for index in 0..frames {
        film.push(picture.clone(), 40 + 10 * index).unwrap();
        picture = turn(picture, Turn::HALF);
    }
    film.finish().unwrap()
}

/// A PNG.
pub fn png(picture: &Picture) -> Vec<u8> {
    file(picture, Format::Png, 100)
}

//! How near resized answers are to the best one there is: `quality <source> <answer>…`
//!
//! Prints one SSIMULACRA2 score per answer, in their order, each against the source resized to that answer's size
//! by a float Lanczos3 on the stored (gamma) values, rounded to 8 bits. Knows no orientation, profile or alpha:
//! the bench's pictures have none.

mod lanczos;

use std::error::Error;
use std::{env, process};

use image::{ImageReader, RgbImage};
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

fn main() {
    let paths: Vec<String> = env::args().skip(1).collect();
    let [source, answers @ ..] = paths.as_slice() else {
        eprintln!("usage: quality <source> <answer>…");
        process::exit(2);
    };
    if let Err(error) = score_all(source, answers) {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn score_all(source: &str, answers: &[String]) -> Result<(), Box<dyn Error>> {
    let source = open(source)?;
    let mut reference = RgbImage::default();
    for path in answers {
        let answer = open(path)?;
        if answer.dimensions() != reference.dimensions() {
            let (width, height) = answer.dimensions();
            reference = lanczos::resize(&source, width, height);
        }
        println!("{}", compute_frame_ssimulacra2(frame(&reference)?, frame(&answer)?)?);
    }
    Ok(())
}

/// The picture that the content is one of, whatever the file's name says.
fn open(path: &str) -> Result<RgbImage, Box<dyn Error>> {
    let decoded = ImageReader::open(path)?.with_guessed_format()?.decode();
    Ok(decoded.map_err(|error| format!("{path}: {error}"))?.into_rgb8())
}

fn frame(picture: &RgbImage) -> Result<Rgb, Box<dyn Error>> {
    let pixels = picture.pixels().map(|pixel| pixel.0.map(|value| f32::from(value) / 255.0)).collect();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Ok(Rgb::new(pixels, width, height, TransferCharacteristic::SRGB, ColorPrimaries::BT709)?)
}

//! Makes the project's sample pictures: `cargo run --release --example make_samples -- <dir>`.
//!
//! Everything in them is computed here, so they may be shown, tested and given away with the project. The same build
//! gives the same bytes: no clock, no system randomness, no file is read.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pictures are computed in f32 and land on pixels; every size here is far below 2^24"
)]

mod bank;
mod canvas;
mod files;
mod film;
mod glass;
mod ink;
mod iris;
mod lake;
mod land;
mod mark;
mod noise;
mod shutter;
mod sky;
mod view;

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use film::Print;
use view::{Hour, View};

const USAGE: &str = "\
Makes the sample pictures of Lenslet.

usage: cargo run --release --example make_samples -- <dir>

Writes photo.jpg, rotated.jpg, alpha.png, lossy.webp, animated.gif and mark.png into <dir>, which is made if it is
not there. Files of those names are replaced.";

/// One file: its size in pixels, as stored, and its bytes.
struct Sample {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

type Made = Result<Sample, Box<dyn Error>>;

/// Name, what it is, how it is made.
type Entry = (&'static str, &'static str, fn() -> Made);

const SAMPLES: [Entry; 6] = [
    ("photo.jpg", "a lake at dusk, 12 megapixels, JPEG 4:2:0", photo),
    ("rotated.jpg", "the same, stored on its side with EXIF orientation 6", rotated),
    ("alpha.png", "a glass lens over nothing, RGBA", alpha),
    ("lossy.webp", "up the valley in the morning, lossy WebP", lossy),
    ("animated.gif", "an aperture closing and opening, looped", animated),
    ("mark.png", "the watermark, RGBA", watermark),
];

#[expect(clippy::disallowed_methods, reason = "a command-line tool reads its command line")]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [help] if help == "--help" || help == "-h" => writeln!(stdout(), "{USAGE}")?,
        [folder] if !folder.starts_with('-') => write_all(Path::new(folder))?,
        _ => {
            writeln!(stderr(), "{USAGE}")?;
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool for the developer's own disk; the library has no files"
)]
fn write_all(folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    for (name, about, make) in SAMPLES {
        let Sample { width, height, bytes } = make()?;
        std::fs::write(folder.join(name), &bytes)?;
        let size = format!("{width}x{height}");
        writeln!(stdout(), "{name:<12}  {size:>9}  {:>7} bytes  {about}", bytes.len())?;
    }
    Ok(())
}

fn photo() -> Made {
    let print = photograph(&dusk(4000, 3000), 0.012);
    Ok(Sample { width: print.width, height: print.height, bytes: files::jpeg(&print, None)? })
}

fn rotated() -> Made {
    let print = files::on_its_side(&photograph(&dusk(1600, 1200), 0.008));
    Ok(Sample { width: print.width, height: print.height, bytes: files::jpeg(&print, Some(6))? })
}

fn alpha() -> Made {
    let (width, height) = (glass::WIDTH, glass::HEIGHT);
    Ok(Sample { width, height, bytes: files::png(width, height, &glass::paint())? })
}

fn lossy() -> Made {
    let print = photograph(&morning(1600, 1200), 0.006);
    Ok(Sample { width: print.width, height: print.height, bytes: files::webp(&print)? })
}

fn animated() -> Made {
    let (width, height) = (480, 360);
    let scene = photograph(&dusk(width, height), 0.0);
    Ok(Sample { width, height, bytes: shutter::animate(&scene)? })
}

fn watermark() -> Made {
    let (width, height) = (mark::WIDTH, mark::HEIGHT);
    Ok(Sample { width, height, bytes: files::png(width, height, &mark::paint())? })
}

fn dusk(width: usize, height: usize) -> View {
    View { width, height, focal_widths: 0.86, bearing: 0.0, horizon: 0.585, bank: true, hour: Hour::dusk() }
}

fn morning(width: usize, height: usize) -> View {
    View {
        width,
        height,
        focal_widths: 1.15,
        bearing: -0.30,
        horizon: 0.62,
        bank: false,
        hour: Hour::morning(),
    }
}

/// Sky, land, water, foreground, film: each lies over the one before.
fn photograph(view: &View, grain: f32) -> Print {
    let plate = land::paint(view, sky::paint(view));
    let mut picture = lake::paint(view, &plate);
    if view.bank {
        bank::paint(&mut picture);
    }
    film::develop(&picture, view.hour.exposure, grain)
}

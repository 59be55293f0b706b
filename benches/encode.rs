//! The encoders alone, as wasm: what the bench times, and draws curves of, where nothing is decoded or resized.
//!
//! A host asks for a `frame`, fills it, calls `encode` as often as it likes, and reads the `file`. Not here: the Worker.

use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::encode::{self as encoders, Encoding, Level, Loss};
use lenslet::picture::{Channels, Picture};

/// What is made, by its number for the host: the last three are a PNG of few colours, and WebP without loss or nearly.
fn encoding(kind: usize, quality: u8) -> Option<Encoding> {
    const FORMATS: [Format; 7] =
        [Format::Jpeg, Format::Webp, Format::Avif, Format::Png, Format::Png, Format::Webp, Format::Webp];
    let encoding = Encoding::new(*FORMATS.get(kind)?, quality);
    Some(match kind {
        4 => Encoding { few_colours: true, ..encoding },
        5 => Encoding { loss: Loss::None, ..encoding },
        6 => Encoding { loss: Loss::Near, ..encoding },
        _ => encoding,
    })
}

/// How good it shall look, by its number for the host.
const LEVELS: [Level; 4] = [Level::High, Level::MediumHigh, Level::MediumLow, Level::Low];

struct Bench {
    frame: Option<Picture>,
    file: Vec<u8>,
}

fn bench() -> MutexGuard<'static, Bench> {
    static BENCH: Mutex<Bench> = Mutex::new(Bench { frame: None, file: Vec::new() });
    BENCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the host writes the pixels of a frame: red, green and blue, row after row.
#[expect(unsafe_code, reason = "the host calls it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn frame(width: u32, height: u32) -> *mut u8 {
    let mut bench = bench();
    let frame = bench.frame.insert(Picture::filled(Size::new(width, height), Channels::Rgb, [0; 4]));
    frame.rows_mut().next().map_or(ptr::null_mut(), <[u8]>::as_mut_ptr)
}

/// Encodes the frame; answers how many bytes the file has, none where it could not be made.
#[expect(unsafe_code, reason = "the host calls it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn encode(kind: usize, quality: u8) -> usize {
    made(encoding(kind, quality))
}

/// The same with the quality that it takes to look so good.
#[expect(unsafe_code, reason = "the host calls it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn encode_level(kind: usize, level: usize) -> usize {
    let level = LEVELS.get(level).copied();
    made(encoding(kind, 85).filter(|_| level.is_some()).map(|encoding| Encoding { level, ..encoding }))
}

fn made(encoding: Option<Encoding>) -> usize {
    let mut bench = bench();
    let Some((picture, encoding)) = bench.frame.as_ref().zip(encoding) else { return 0 };
    bench.file = encoders::encode(picture, encoding).unwrap_or_default();
    bench.file.len()
}

/// Where the file is.
#[expect(unsafe_code, reason = "the host calls it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn file() -> *const u8 {
    bench().file.as_ptr()
}

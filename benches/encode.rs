//! The encoders alone, as wasm: what the bench times, and draws curves of, where nothing is decoded or resized.
//!
//! A host asks for a `frame`, fills it, calls `encode` as often as it likes, and reads the `file`. Not here: the Worker.

use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::encode::{self as encoders, Encoding};
use lenslet::picture::{Channels, Picture};

/// By their numbers for the host.
const FORMATS: [Format; 4] = [Format::Jpeg, Format::Webp, Format::Avif, Format::Png];

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
pub extern "C" fn encode(format: usize, quality: u8) -> usize {
    let mut bench = bench();
    let Some((picture, &format)) = bench.frame.as_ref().zip(FORMATS.get(format)) else { return 0 };
    bench.file = encoders::encode(picture, Encoding::new(format, quality)).unwrap_or_default();
    bench.file.len()
}

/// Where the file is.
#[expect(unsafe_code, reason = "the host calls it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn file() -> *const u8 {
    bench().file.as_ptr()
}

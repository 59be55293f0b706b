//! What is written as PNG is what another decoder reads.
#![no_main]

use lenslet::format::Format;
use lenslet_fuzz::encoded;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| encoded(bytes, Format::Png));

//! WebP files are decoded or refused.
#![no_main]

use lenslet::format::Format;
use lenslet_fuzz::decode;

libfuzzer_sys::fuzz_target!(|file: &[u8]| decode(file, Format::Webp));

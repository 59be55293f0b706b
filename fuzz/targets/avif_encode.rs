//! Whatever is drawn becomes AV1, of which another decoder makes what the encoder expects.
#![no_main]

use lenslet_fuzz::code_av1;

libfuzzer_sys::fuzz_target!(|drawing: &[u8]| code_av1(drawing));

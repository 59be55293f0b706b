//! Headers of any bytes are read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| lenslet_fuzz::probe(file));

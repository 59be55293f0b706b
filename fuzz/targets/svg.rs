//! Drawings are made safe, then drawn within what they are said to cost, or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| lenslet_fuzz::draw(file));

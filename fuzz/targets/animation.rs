//! All frames of files that move are made or refused, within the budget, and are the same to other people's decoders.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| lenslet_fuzz::animation(file));

//! Requests to stores are signed as AWS says: its own test suite, its published examples, its own Python library, and every
//! key comes through the URL.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod sigv4 {
    mod examples;
    mod keys;
    mod suite;
    mod vectors;
}

//! Grants cannot be forged: changed tokens and signed URLs, published examples, and keys that can be guessed.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod grants {
    mod cookbook;
    mod edits;
    mod forgeries;
    mod found;
    mod public;
    mod requests;
    mod ring;
    mod shapes;
    mod signatures;
    mod tally;
    mod tokens;
    mod urls;
    mod weak;

    /// When all of it happens.
    const NOW: u64 = 1_700_000_000;
}

//! Whole answers: a request goes in with a world in memory around it, status, headers and bytes come out.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod world {
    mod bad_days;
    mod deliveries;
    mod drawings;
    mod formats;
    mod grants;
    mod hints;
    mod layers;
    mod metadata;
    mod refusals;
    mod settings;
    mod sources;
    mod streams;
    mod versions;
}

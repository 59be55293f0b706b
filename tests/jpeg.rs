//! Our JPEG decoder beside others and beside the exact transform, at every reduction and in all the ways a file
//! may be coded, cut and given.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod jpeg {
    mod agreement;
    mod exact;
    mod refusals;
    mod ways;
}

//! Small files of every coding, changed at random: nothing panics, and whether and what is decoded does not depend
//! on how the bytes come. The fuzzers under `fuzz/` do the same for as long as they are left running.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod mutations {
    use std::panic::catch_unwind;
    use std::path::Path;

    use crate::support::bytes::Dice;
    use crate::support::corpus::{files, name, read};
    use crate::support::jpeg_file::{JpegFile, Order};
    use crate::support::planes::survives;
    use crate::support::png_file::mended;

    /// Changed files of each seed.
    const CHANGES: usize = 1_500;

    /// Larger pictures are left out: they only take longer.
    const LARGEST_AREA: u64 = 1 << 14;

    /// The seeds of `tests/hostile`, and scans that no encoder here writes.
    fn seeds(extension: &str) -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
        let is_of = |path: &Path| {
            path.parent() == Some(&folder) && path.extension().is_some_and(|of| of == extension)
        };
        let mut seeds: Vec<(String, Vec<u8>)> =
            files(&folder).iter().filter(|path| is_of(path)).map(|path| (name(path), read(path))).collect();
        if extension == "jpg" {
            let made = JpegFile::random(&mut Dice::new(0x5CA4), 50, 35, &[(2, 2), (1, 1), (1, 1)]);
            for order in [Order::Interleaved, Order::OneByOne, Order::Progressive] {
                seeds.push((format!("{order:?} with restarts"), made.bytes(order, 2)));
            }
        }
        seeds
    }

    /// One to four changes, mostly small ones.
    fn change(bytes: &mut Vec<u8>, dice: &mut Dice) {
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len());
            let longest = 1 << dice.below(9);
            let length = (1 + dice.below(longest)).min(bytes.len() - at);
            let other = dice.below(bytes.len());
            let range = at..at + length;
            match dice.below(9) {
                0..3 => bytes[at] ^= 1 << dice.below(8),
                3 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][dice.below(6)],
                4 => bytes[at] = dice.byte(),
                5 => bytes[range].fill(0),
                6 => drop(bytes.drain(range)),
                7 => {
                    let copy = bytes[range].to_vec();
                    drop(bytes.splice(other..other, copy));
                }
                // The end of most formats is no more than a marker: half a file says more.
                _ if dice.below(4) == 0 => bytes.truncate(at),
                _ => {
                    let last = bytes.len() - length;
                    bytes.copy_within(range, other.min(last));
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
    }

    fn nothing_breaks(extension: &str) {
        for (name, seed) in seeds(extension) {
            let mut dice = Dice::new(0x0DD5 + seed.len() as u64);
            assert!(survives(&seed, LARGEST_AREA, &mut dice), "{name} is decoded as it is");
            let mut decoded = 0;
            for number in 0..CHANGES {
                let mut bytes = seed.clone();
                change(&mut bytes, &mut dice);
                if extension == "png" && dice.below(4) > 0 {
                    bytes = mended(&bytes);
                }
                let dice = dice.clone();
                let result = catch_unwind(|| survives(&bytes, LARGEST_AREA, &mut dice.clone()));
                // What broke is worth a file of its own: the bytes are told.
                decoded +=
                    u32::from(result.unwrap_or_else(|_| panic!("{name}, change {number}: {bytes:02X?}")));
            }
            println!("{name}: {decoded} of {CHANGES} changed files are decoded");
        }
    }

    macro_rules! formats {
        ($($test:ident: $extension:literal;)+) => {$(
            #[test]
            fn $test() {
                nothing_breaks($extension);
            }
        )+};
    }

    formats! {
        nothing_breaks_on_changed_jpegs: "jpg";
        nothing_breaks_on_changed_pngs: "png";
        nothing_breaks_on_changed_webps: "webp";
        nothing_breaks_on_changed_gifs: "gif";
    }
}

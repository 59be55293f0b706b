//! Comparing a picture, or a text, with the one kept under `tests/golden`.
//!
//! A missing golden fails. `UPDATE_GOLDEN=1` writes it, natively only, for a human to look at.

use lenslet::picture::Picture;

use super::lens::{largest_difference, pixels};

/// Fails unless `picture` is what the golden file holds, sample for sample up to `tolerance`.
pub fn check(name: &str, picture: &Picture, golden: Option<&[u8]>, tolerance: u8) {
    let difference = golden.map(pixels).map(|golden| {
        assert_eq!(golden.size(), picture.size(), "{name}: the size changed");
        largest_difference(&golden, picture)
    });
    if difference.is_some_and(|difference| difference <= tolerance) {
        return;
    }
    let told =
        difference.map_or("is missing".to_owned(), |by| format!("differs by {by}, {tolerance} allowed"));
    let kept = keep(name, picture);
    assert!(kept.is_update, "golden {name}.png {told}; look at {}", kept.path);
    println!("golden {name}.png {told}; written to {}", kept.path);
}

/// Fails unless a text is what the golden file holds, to the letter.
#[cfg(not(target_arch = "wasm32"))]
pub fn check_text(name: &str, text: &str) {
    let golden = native::read_text(name);
    if golden.as_deref() == Some(text) {
        return;
    }
    let golden = golden.unwrap_or_default();
    let lines = golden.lines().map(Some).chain(std::iter::repeat(None));
    let changed = text.lines().zip(lines).find(|(line, golden)| Some(*line) != *golden);
    let kept = native::keep_text(name, text);
    let told = match changed {
        Some((line, Some(golden))) => format!("says '{golden}' where '{line}' is now"),
        _ => "is missing or ends elsewhere".to_owned(),
    };
    assert!(kept.is_update, "golden {name}.txt {told}; look at {}", kept.path);
    println!("golden {name}.txt {told}; written to {}", kept.path);
}

/// Where a picture or a text was put.
struct Kept {
    path: String,
    is_update: bool,
}

/// The golden's bytes; under wasm they are linked in, so a missing one does not even compile.
#[cfg(target_arch = "wasm32")]
#[macro_export]
macro_rules! golden_file {
    ($name:literal) => {
        Some(include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/", $name, ".png")).as_slice())
    };
}

/// The golden's bytes, read anew.
#[cfg(not(target_arch = "wasm32"))]
#[macro_export]
macro_rules! golden_file {
    ($name:literal) => {
        $crate::support::golden::native::read($name).as_deref()
    };
}

#[cfg(not(target_arch = "wasm32"))]
pub mod native {
    #![expect(clippy::disallowed_methods, reason = "goldens are files, and a variable says that they change")]

    use std::path::{Path, PathBuf};

    use lenslet::picture::Picture;

    use crate::support::pictures::png;

    fn path(folder: &str, name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name)
    }

    pub fn read(name: &str) -> Option<Vec<u8>> {
        std::fs::read(path("tests/golden", &format!("{name}.png"))).ok()
    }

    pub(super) fn read_text(name: &str) -> Option<String> {
        std::fs::read_to_string(path("tests/golden", &format!("{name}.txt"))).ok()
    }

    pub(super) fn keep(name: &str, picture: &Picture) -> super::Kept {
        keep_file(&format!("{name}.png"), &png(picture))
    }

    pub(super) fn keep_text(name: &str, text: &str) -> super::Kept {
        keep_file(&format!("{name}.txt"), text.as_bytes())
    }

    fn keep_file(name: &str, bytes: &[u8]) -> super::Kept {
        let is_update = std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1");
        let path = path(if is_update { "tests/golden" } else { "target/golden" }, name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        super::Kept { path: path.display().to_string(), is_update }
    }
}

#[cfg(not(target_arch = "wasm32"))]
use native::keep;

#[cfg(target_arch = "wasm32")]
fn keep(_: &str, _: &Picture) -> Kept {
    Kept { path: "what the native test writes".to_owned(), is_update: false }
}

//! Other people's test files, kept beside the project and not in it.

#![expect(clippy::disallowed_methods, reason = "the corpus is files, and a variable says where notes go")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the corpus; where it is absent, that is said aloud and in the notes.
pub fn folder(name: &str) -> Option<PathBuf> {
    beside(&format!("shared/corpus/{name}"))
}

/// A folder of photographs for measuring, absent likewise.
pub fn pictures() -> Option<PathBuf> {
    beside("shared/pictures")
}

fn beside(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    if path.is_dir() {
        return Some(path);
    }
    note(&format!("not run: there is no folder {name} beside the project"));
    None
}

/// Says something that the summary of all tests should say, too.
pub fn note(text: &str) {
    println!("{text}");
    let Ok(path) = std::env::var("LENSLET_NOTES") else { return };
    if let Ok(mut notes) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
        let _ = writeln!(notes, "{text}");
    }
}

/// Every file under a folder, in the order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

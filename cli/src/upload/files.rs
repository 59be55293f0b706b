//! Which files are pictures, and what they are called at the origin.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lenslet::format::Format;

/// A file to send.
#[derive(Debug)]
pub(crate) struct Picture {
    /// Where it is here.
    pub(crate) path: PathBuf,
    /// What it is called there.
    pub(crate) name: String,
    /// How long it is.
    pub(crate) size_bytes: u64,
    /// What its first bytes say that it is.
    pub(crate) media_type: &'static str,
}

/// Every picture among these files and, where that is asked for, in these folders and below. What is named must be a picture;
/// in folders, other files and hidden ones are passed over.
pub(crate) fn find(paths: &[PathBuf], prefix: &str, recursive: bool) -> Result<Vec<Picture>, String> {
    let prefix = prefix.trim_matches('/');
    let mut found = Vec::new();
    for path in paths {
        let about = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !about.is_dir() {
            let name = path.file_name().map_or(path.as_path(), Path::new);
            let picture = read(path, name_below(prefix, name)?)?;
            found.push(
                picture.ok_or_else(|| {
                    format!("{} is no picture of a kind that is known here", path.display())
                })?,
            );
        } else if recursive {
            walk(path, path, prefix, &mut found)?;
        } else {
            return Err(format!("{} is a folder; --recursive takes what is in it", path.display()));
        }
    }
    let mut names = BTreeMap::new();
    for picture in &found {
        if let Some(other) = names.insert(picture.name.as_str(), &picture.path) {
            let (one, two) = (other.display(), picture.path.display());
            return Err(format!("{one} and {two} would both be called {}", picture.name));
        }
    }
    if found.is_empty() { Err("there are no pictures in these folders".to_owned()) } else { Ok(found) }
}

fn walk(folder: &Path, root: &Path, prefix: &str, found: &mut Vec<Picture>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // Not what links point at: they may lead round in circles.
        let about = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if about.is_dir() && !is_hidden {
            walk(&path, root, prefix, found)?;
        } else if about.is_file() && !is_hidden {
            let name = name_below(prefix, path.strip_prefix(root).unwrap_or(&path))?;
            found.extend(read(&path, name)?);
        }
    }
    Ok(())
}

/// A path as a name, whose parts slashes separate on every system.
fn name_below(prefix: &str, path: &Path) -> Result<String, String> {
    let parts = path.iter().map(|part| part.to_str());
    let parts: Option<Vec<&str>> = std::iter::once(Some(prefix)).chain(parts).collect();
    let parts = parts.ok_or_else(|| format!("{} has a name that is no text", path.display()))?;
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

fn read(path: &Path, name: String) -> Result<Option<Picture>, String> {
    let fail = |error: std::io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(fail)?;
    let about = file.metadata().map_err(fail)?;
    if !about.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let mut beginning = Vec::new();
    file.take(1024).read_to_end(&mut beginning).map_err(fail)?;
    let media_type = media_type(&beginning);
    Ok(media_type.map(|media_type| Picture {
        path: path.to_owned(),
        name,
        size_bytes: about.len(),
        media_type,
    }))
}

/// What a file's beginning says that it is.
fn media_type(beginning: &[u8]) -> Option<&'static str> {
    // A drawing is text: something in angle brackets, of which one is the root.
    let is_svg = || {
        let text = String::from_utf8_lossy(beginning);
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        text.starts_with('<') && text.contains("<svg")
    };
    Format::sniff(beginning).map(Format::mime).or_else(|| is_svg().then_some("image/svg+xml"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_by_slashes() {
        for (prefix, path, name) in
            [("", "a.jpg", "a.jpg"), ("x/y", "b/a.jpg", "x/y/b/a.jpg"), ("", "b/ä ö.jpg", "b/ä ö.jpg")]
        {
            assert_eq!(name_below(prefix, Path::new(path)).as_deref(), Ok(name));
        }
    }

    #[test]
    fn pictures_are_known_by_their_beginning() {
        assert_eq!(media_type(b"\xFF\xD8\xFF\xE0"), Some("image/jpeg"));
        assert_eq!(media_type(b"\xEF\xBB\xBF<?xml version='1.0'?>\n<svg xmlns="), Some("image/svg+xml"));
        assert_eq!(media_type(b"<!doctype html>"), None);
        assert_eq!(media_type(b""), None);
    }
}

//! Files of keys: JWK Sets that only their owner may read, never overwritten and never half written.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lenslet::grant::{Algorithm, KeySet, SigningKey, is_plain_name};
use serde_json::{Value, json};

/// Reads a file of keys, the first of which signs.
pub(crate) fn read(path: &Path) -> Result<(Vec<Value>, SigningKey), Box<dyn Error>> {
    let shown = path.display();
    let text = fs::read(path).map_err(|error| unreadable(path, &error))?;
    KeySet::parse(&text).map_err(|error| format!("{shown}: {error}"))?;
    let signing = SigningKey::parse(&text).map_err(|error| {
        format!("{shown}: {error}. The first key signs, so its private part must be there")
    })?;
    let json: Value = serde_json::from_slice(&text)?;
    let keys = json.get("keys").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![json]);
    Ok((keys, signing))
}

/// Keys as a JWK Set, as it stands in files.
pub(crate) fn print(keys: &[Value]) -> String {
    format!("{:#}\n", json!({ "keys": keys }))
}

/// Writes a file that is not there yet.
pub(crate) fn create(path: &Path, keys: &[Value]) -> Result<(), Box<dyn Error>> {
    let shown = path.display();
    let mut file = open_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!(
            "{shown} is already there and stays as it is; name another file, or change its key with `lenslet key rotate {shown}`"
        ),
        _ => format!("{shown} cannot be written: {error}"),
    })?;
    write(&mut file, keys).map_err(|error| format!("{shown} cannot be written: {error}"))?;
    Ok(())
}

/// Another file that will take the place of one of keys. While it is there, nobody else can do the same.
pub(crate) struct Replacement {
    path: PathBuf,
    new_path: PathBuf,
    file: File,
}

impl Replacement {
    /// Begins it. A link to the file stays one.
    pub(crate) fn begin(path: &Path) -> Result<Self, Box<dyn Error>> {
        let path = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        let new_path = path.with_added_extension("new");
        let file = open_new(&new_path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => format!(
                "{} is there: somebody else is changing these keys, or was stopped while at it; remove it once nobody is",
                new_path.display()
            ),
            _ => format!("{} cannot be written: {error}", new_path.display()),
        })?;
        Ok(Self { path, new_path, file })
    }

    /// Puts the keys in the place of the old ones.
    pub(crate) fn finish(mut self, keys: &[Value]) -> Result<(), Box<dyn Error>> {
        write(&mut self.file, keys)
            .and_then(|()| fs::rename(&self.new_path, &self.path))
            .map_err(|error| format!("{} cannot be written: {error}", self.path.display()))?;
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Renamed, it is not there any more, and that is well.
        let _ = fs::remove_file(&self.new_path);
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => {
            format!(
                "there is no {shown}; make one with `lenslet key new --for urls --out {shown}`, or `--for tokens`"
            )
        }
        _ => format!("{shown} cannot be read: {error}"),
    }
}

fn open_new(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write(file: &mut File, keys: &[Value]) -> std::io::Result<()> {
    file.write_all(print(keys).as_bytes())?;
    file.sync_all()
}

/// Reads a file of keys whose first one can sign URLs.
pub(crate) fn read_for_urls(path: &Path) -> Result<SigningKey, Box<dyn Error>> {
    let (_, key) = read(path)?;
    let shown = path.display();
    if key.algorithm() != Algorithm::Hs256 {
        return Err(format!(
            "{shown}: the first key is for {}, and URLs are signed by HS256; make one with `lenslet key new --for urls`",
            key.algorithm().name()
        )
        .into());
    }
    if !is_plain_name(key.kid()) {
        return Err(
            format!("{shown}: the first key needs a 'kid' of 1 to 64 of A-Z, a-z, 0-9, - and _").into()
        );
    }
    Ok(key)
}

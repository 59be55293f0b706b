//! What is left in a folder of files that were being written when the process ended: `name#1` beside `name`, which is what
//! it would have become. Objects cannot have such names.

use std::io::{ErrorKind, Result};
use std::path::Path;
use std::time::SystemTime;

/// Whether a file of this name is one that is being written.
pub(crate) fn is_half_written(file_name: &str) -> bool {
    let number = file_name.split_once('#').map(|(_, number)| number).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Deletes those to which nothing was added since a moment; answers how many there were.
pub(super) fn clear(root: &Path, before: SystemTime) -> Result<u64> {
    let (mut folders, mut cleared) = (vec![root.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for file in found(std::fs::read_dir(&folder))?.into_iter().flatten() {
            let file = file?;
            let Some(about) = found(file.metadata())? else { continue };
            if about.is_dir() {
                folders.push(file.path());
            } else if file.file_name().to_str().is_some_and(is_half_written) && about.modified()? < before {
                cleared += u64::from(found(std::fs::remove_file(file.path()))?.is_some());
            }
        }
    }
    Ok(cleared)
}

/// Nothing where it is gone meanwhile.
fn found<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::clear;
    use crate::catalog::new_id;

    #[test]
    fn only_what_is_half_written_and_old_goes() {
        let folder = std::env::temp_dir().join(format!("lenslet-{}", new_id()));
        let inner = folder.join("uploads");
        std::fs::create_dir_all(&inner).unwrap();
        for name in ["a", "a#1", "b#22", "a#1.png", "a#", "#"] {
            std::fs::write(inner.join(name), "x").unwrap();
        }
        let future = UNIX_EPOCH + Duration::from_hours(24 * 365 * 500);
        assert_eq!(clear(&folder, UNIX_EPOCH).unwrap(), 0);
        assert_eq!(clear(&folder, future).unwrap(), 2);
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 4);
        assert_eq!(clear(&folder.join("none"), future).unwrap(), 0);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::{LocalError, Result};

/// The files below a folder, by their paths within it (`a/b.svg`), in order.
///
/// A folder that is not there has none. Links are not followed, so that the walk ends.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut ahead = vec![String::new()];
    while let Some(inner) = ahead.pop() {
        let path = folder.join(&inner);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(LocalError::file("read", &path))?,
        };
        for entry in entries {
            let entry = entry.map_err(LocalError::file("read", &path))?;
            let name = entry.file_name().into_string().map_err(|name| {
                LocalError::unexpected("read a folder", format!("{} is no text", name.display()))
            })?;
            let kind = entry.file_type().map_err(LocalError::file("read", &path))?;
            match kind.is_dir() {
                true => ahead.push(format!("{inner}{name}/")),
                false => found.push(format!("{inner}{name}")),
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_every_depth_and_none_where_there_is_no_folder() {
        let dir = std::env::temp_dir().join(format!("habeas-tree-{}", std::process::id()));
        fs::create_dir_all(dir.join("b/c")).unwrap();
        for name in ["b/c/z", "b/y & x", "a"] {
            fs::write(dir.join(name), b"").unwrap();
        }
        let found = files_below(&dir).unwrap();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(found, ["a", "b/c/z", "b/y & x"]);
        assert!(files_below(&dir).unwrap().is_empty());
    }
}

#![expect(clippy::expect_used, reason = "an unreadable folder is a broken test")]

use std::fs;
use std::path::{Path, PathBuf};

/// One file under `events/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFile {
    /// The file's name without its extension.
    pub case: String,
    pub text: String,
}

impl EventFile {
    /// Whether the function is to refuse the event: the name says it.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.case.starts_with("rejected-")
    }
}

/// The folder with one folder of events for each function.
#[must_use]
pub fn events_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../events")
}

/// All events of a function, by name: a file that is added is tested too.
#[must_use]
pub fn events(function: &str) -> Vec<EventFile> {
    let folder = events_folder().join(function);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder of events")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| EventFile {
            case: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            text: fs::read_to_string(&path).expect("a text"),
        })
        .collect();
    files.sort_by(|one, other| one.case.cmp(&other.case));
    assert!(!files.is_empty(), "{function} has no events");
    files
}

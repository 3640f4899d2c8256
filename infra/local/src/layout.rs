use std::env;
use std::path::{Path, PathBuf};

use crate::{LocalError, Result};

/// Long enough for a word or two, short enough for bucket names and sockets.
const NAME_CHARS_MAX: usize = 40;

/// Where a stack's files lie: everything under `<target>/local/<name>/`.
#[derive(Debug, Clone)]
pub struct Layout {
    local: PathBuf,
    name: String,
}

/// Cargo's target folder of the workspace at `root`.
pub fn target_dir(root: &Path) -> PathBuf {
    // Paths are shown to people, who are better off without `..` in them.
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

impl Layout {
    /// The layout of the stack `name` of the workspace at `root`.
    pub fn new(root: &Path, name: &str) -> Result<Self> {
        Self::within(&target_dir(root), name)
    }

    /// The same under another target folder.
    pub fn within(target: &Path, name: &str) -> Result<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let reserved = name.starts_with("venv") || name == "lock" || name.starts_with('-');
        if name.is_empty() || name.len() > NAME_CHARS_MAX || reserved || !name.chars().all(allowed) {
            return Err(LocalError::BadName { name: name.into() });
        }
        Ok(Self { local: target.join("local"), name: name.into() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that virtual environments and stacks share.
    pub fn local_dir(&self) -> &Path {
        &self.local
    }

    /// The folder of this stack, removed by a reset.
    pub fn state_dir(&self) -> PathBuf {
        self.local.join(&self.name)
    }

    /// What the emulator prints.
    pub fn log_file(&self) -> PathBuf {
        self.state_dir().join("ministack.log")
    }

    /// What is known of the stack, see `StackState`.
    pub fn stack_file(&self) -> PathBuf {
        self.state_dir().join("stack.json")
    }

    /// The emulator's process, present from its start to its stop.
    pub(crate) fn process_file(&self) -> PathBuf {
        self.state_dir().join("process.json")
    }

    /// Which binary became which package, so that unchanged ones are skipped.
    pub(crate) fn packages_file(&self) -> PathBuf {
        self.state_dir().join("packages.json")
    }

    /// What the emulator keeps from one start to the next.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.state_dir().join("data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_lies_in_a_folder_of_its_own() {
        let layout = Layout::within(Path::new("/t"), "default").unwrap();
        assert_eq!(layout.stack_file(), Path::new("/t/local/default/stack.json"));
    }

    #[test]
    fn a_name_that_would_leave_the_folder_is_refused() {
        for name in ["", "..", "a/b", "Default", "venv", "venv-lint", "lock", "-a", &"a".repeat(41)] {
            assert!(Layout::within(Path::new("/t"), name).is_err(), "{name}");
        }
    }
}

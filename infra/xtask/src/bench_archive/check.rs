use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::Set;
use crate::Outcome;

/// What an archive is made of besides the original files.
const OWN_MEMBERS: [&str; 2] = ["manifest.json", "README.html"];

/// Every file is in the archive, byte for byte, and nothing else.
pub(super) fn check(set: &Set, archive: &Path) -> Outcome {
    let mut zip = ZipArchive::new(File::open(archive)?)?;
    let mut names = BTreeSet::new();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index)?;
        let path = member.name()?.into_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        if OWN_MEMBERS.contains(&path.as_str()) {
            continue;
        }
        let mut unpacked = Hasher(Sha256::new());
        io::copy(&mut member, &mut unpacked)?;
        let mut original = Hasher(Sha256::new());
        io::copy(&mut File::open(set.files.join(name))?, &mut original)?;
        if unpacked.0.finalize() != original.0.finalize() {
            return Err(format!("{}: {path} is not what was archived", archive.display()).into());
        }
        if !names.insert(name.to_owned()) {
            return Err(format!("{}: {path} is there twice", archive.display()).into());
        }
    }
    let expected = fs::read_dir(&set.files)?.count();
    if names.len() != expected {
        return Err(format!("{}: {} of {expected} files", archive.display(), names.len()).into());
    }
    Ok(())
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

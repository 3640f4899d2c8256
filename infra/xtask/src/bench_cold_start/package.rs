use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::Outcome;

/// How large a function's package is with nothing in it but the binary, packed
/// as tightly as Deflate does.
pub(super) fn zipped_bytes(binary: &Path) -> Outcome<u64> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    io::copy(&mut File::open(binary)?, &mut zip)?;
    Ok(u64::try_from(zip.finish()?.into_inner().len())?)
}

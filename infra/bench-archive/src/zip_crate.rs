use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Outcome;

pub(crate) fn zip(files: &Path, archive: &Path) -> Outcome<Value> {
    let mut files: Vec<_> =
        fs::read_dir(files)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut zip = ZipWriter::new(BufWriter::new(File::create(archive)?));
    for file in &files {
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("a name that is no text")?;
        zip.start_file(name, SimpleFileOptions::default().large_file(true))?;
        zip.write_all(&fs::read(file)?)?;
    }
    zip.finish()?.flush()?;
    Ok(json!({"bytes": fs::metadata(archive)?.len()}))
}

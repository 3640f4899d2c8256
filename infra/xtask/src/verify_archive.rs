//! Holds the manifest of an archive and its content together.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

use clap::Args;
use habeas_archive::{
    CollectionReport, DataTypeReport, FileReport, MANIFEST_NAME, Manifest, MemberKind, README_NAME,
};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::Outcome;
use crate::ui::Ui;

const CHUNK_BYTES: usize = 1 << 16;

/// A manifest has some 200 bytes for each file; a larger one than this is a mistake.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;

#[derive(Args)]
pub(crate) struct Options {
    /// An archive as it was downloaded.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    sources: sources::Comparison,
}

pub(crate) async fn run(options: &Options) -> Outcome {
    let file = File::open(&options.file).map_err(|error| format!("{}: {error}", options.file.display()))?;
    let ui = Ui::new();
    let verified = verify(file, &|file, files| ui.count(&format!("Verified {file} of {files} files")));
    ui.finish();
    let verified = verified.map_err(|error| format!("{}: {error}", options.file.display()))?;
    for flaw in &verified.flaws {
        println!("{flaw}");
    }
    let Verified { people, files, records, bytes, flaws } = verified;
    if !flaws.is_empty() {
        return Err(format!("the archive is not what its manifest says: {} flaws", flaws.len()).into());
    }
    println!("{people} people, {files} files, {records} records and {bytes} bytes are as the manifest says.");
    if !options.sources.sources {
        return Ok(());
    }
    let mut zip = ZipArchive::new(File::open(&options.file)?)?;
    let manifest = manifest(&mut zip, &mut Vec::new())?;
    let ui = Ui::new();
    let differences = sources::differences(&manifest, &options.sources, &ui).await;
    ui.finish();
    let differences = differences?;
    for difference in &differences {
        println!("{difference}");
    }
    match differences.len() {
        0 => println!("The sources hold as many records of everybody now."),
        count => return Err(format!("the sources hold something else now: {count} differences").into()),
    }
    Ok(())
}

/// What an archive holds, and everything in it that is not as its manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    people: usize,
    files: usize,
    records: u64,
    bytes: u64,
    pub(crate) flaws: Vec<String>,
}

/// What a file of the archive turns out to be.
#[derive(Default)]
struct Content {
    bytes: u64,
    lines: u64,
    sha256: String,
}

/// Reads every file of an archive, a little at a time. An error is an
/// archive that cannot be read; a flaw is one that is not what it says.
pub(crate) fn verify(archive: impl Read + Seek, heard: &dyn Fn(usize, usize)) -> Outcome<Verified> {
    let mut zip = ZipArchive::new(archive)?;
    let mut verified = Verified::default();
    if zip.has_duplicate_names() {
        verified.flaws.push("several files have the same name".to_owned());
    }
    let manifest = manifest(&mut zip, &mut verified.flaws)?;
    let mut contents = contents(&mut zip, &mut verified.flaws, heard)?;
    verified.people = manifest.subjects.len();
    for subject in &manifest.subjects {
        let reported: BTreeSet<_> = subject.data_types.iter().map(|of| of.data_type.as_str()).collect();
        for missing in manifest.request.data_types.iter().filter(|name| !reported.contains(name.as_str())) {
            verified.flaws.push(format!("{}: nothing is said of {missing}", subject.address.as_str()));
        }
        for data_type in &subject.data_types {
            verified.data_type(data_type, subject.address.as_str(), &mut contents);
        }
    }
    verified.flaws.extend(contents.into_keys().map(|name| format!("{name}: not in the manifest")));
    Ok(verified)
}

/// The manifest, which every reader is to see first.
fn manifest(zip: &mut ZipArchive<impl Read + Seek>, flaws: &mut Vec<String>) -> Outcome<Manifest> {
    let index = zip.index_for_name(MANIFEST_NAME).ok_or("there is no manifest.json")?;
    if index != 0 {
        flaws.push("manifest.json: not the first entry".to_owned());
    }
    let mut json = Vec::new();
    zip.by_index(index)?.take(MANIFEST_BYTES_MAX).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json).map_err(|error| format!("manifest.json: {error}"))?)
}

/// All that people's data lies in, by name.
fn contents(
    zip: &mut ZipArchive<impl Read + Seek>,
    flaws: &mut Vec<String>,
    heard: &dyn Fn(usize, usize),
) -> Outcome<BTreeMap<String, Content>> {
    let mut contents = BTreeMap::new();
    let mut has_readme = false;
    let files = zip.len();
    for index in 0..files {
        let mut entry = zip.by_index(index)?;
        let name = entry.name()?.into_owned();
        // The reader checks the CRC-32 at the end of each.
        let content = content(&mut entry).map_err(|error| format!("{name}: {error}"))?;
        match name.as_str() {
            MANIFEST_NAME => {}
            README_NAME => has_readme = true,
            _ => {
                contents.insert(name, content);
            }
        }
        heard(index + 1, files);
    }
    if !has_readme {
        flaws.push(format!("{README_NAME}: not in the archive"));
    }
    Ok(contents)
}

fn content(from: &mut impl Read) -> io::Result<Content> {
    let (mut found, mut hash, mut chunk) = (Content::default(), Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            found.sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok(found);
        }
        let bytes = &chunk[..read];
        hash.update(bytes);
        found.bytes += read as u64;
        found.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

impl Verified {
    fn data_type(
        &mut self,
        report: &DataTypeReport,
        subject: &str,
        contents: &mut BTreeMap<String, Content>,
    ) {
        let (mut records, mut files, mut bytes) = (0, 0, 0);
        for collection in &report.collections {
            self.collection(collection, subject, contents);
            records += collection.records;
            files += collection.files.len() as u64;
            bytes += collection.files.iter().map(|file| file.bytes).sum::<u64>();
        }
        let place = format!("{subject}: {}", report.data_type);
        self.compare(&place, "records", report.records, records);
        self.compare(&place, "files", report.files, files);
        self.compare(&place, "bytes", report.bytes, bytes);
    }

    fn collection(
        &mut self,
        report: &CollectionReport,
        subject: &str,
        contents: &mut BTreeMap<String, Content>,
    ) {
        let place = format!("{subject}: {}", report.collection);
        let records = report.files.iter().map(|file| file.records).sum();
        self.compare(&place, "records", report.records, records);
        let is_empty = report.records == 0 && report.files.is_empty();
        if report.nothing_held != is_empty {
            self.flaws.push(format!("{place}: `nothing_held` does not fit to what is held"));
        }
        for file in &report.files {
            self.file(file, contents);
        }
    }

    /// Each file stands in the manifest once, and each in the manifest is there.
    fn file(&mut self, report: &FileReport, contents: &mut BTreeMap<String, Content>) {
        let path = report.path.as_str();
        let Some(content) = contents.remove(path) else {
            self.flaws.push(format!("{path}: not in the archive, or twice in the manifest"));
            return;
        };
        if content.sha256 != report.sha256 {
            self.flaws.push(format!("{path}: not the content that was exported (SHA-256)"));
        }
        self.compare(path, "bytes", report.bytes, content.bytes);
        let records = if report.kind == MemberKind::Records { content.lines } else { 0 };
        self.compare(path, "records", report.records, records);
        self.files += 1;
        self.records += report.records;
        self.bytes += content.bytes;
    }

    fn compare(&mut self, place: &str, what: &str, said: u64, found: u64) {
        if said != found {
            self.flaws.push(format!("{place}: {said} {what} in the manifest, {found} in the archive"));
        }
    }
}

#[cfg(test)]
mod tests;

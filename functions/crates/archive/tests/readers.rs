//! Programs people unpack archives with open what this crate writes.

use habeas_archive::{
    AddError, DosTime, Entry, Found, Layout, Listing, MemberKind, MemberName, Method, Origin, Outline,
    PlannedSource, RequestReport, SearchPlan, SegmentIndex, SegmentWriter, central_directory, tail,
};
use std::error::Error;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use zip::ZipArchive;

type Checked = Result<(), Box<dyn Error>>;

const GIB: u64 = 1 << 30;
const PYTHON_TESTZIP: &str = "import sys, zipfile\n\
    z = zipfile.ZipFile(sys.argv[1])\n\
    assert z.testzip() is None\n\
    print(len(z.infolist()))";
const PYTHON_FIRST_BYTES: &str = "import sys, zipfile\n\
    z = zipfile.ZipFile(sys.argv[1])\n\
    for i in z.infolist(): print(i.filename, i.file_size, z.open(i).read(5).decode())";

const PYTHON_LISTED: &str = "import json, sys, zipfile\n\
    z = zipfile.ZipFile(sys.argv[1])\n\
    assert z.testzip() is None\n\
    m = json.load(z.open('manifest.json'))\n\
    print(len(m['subjects'][0]['data_types'][0]['collections'][0]['files']), len(z.infolist()))";

/// Removed with what is in it when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> std::io::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn archive(&self) -> PathBuf {
        self.0.join("archive.zip")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

fn python(script: &str, archive: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new("python3").arg("-c").arg(script).arg(archive).output()?;
    succeeded(output)
}

/// Nothing when this machine has no `unzip`.
fn unzip(option: &str, archive: &Path) -> Result<Option<String>, Box<dyn Error>> {
    match Command::new("unzip").arg(option).arg(archive).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        output => succeeded(output?).map(Some),
    }
}

fn succeeded(output: Output) -> Result<String, Box<dyn Error>> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// Members in a segment, with the directory right behind it.
fn archive_of<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, AddError> {
    let mut segment = SegmentWriter::new(DosTime::new(2026, 4, 1, 9, 30, 0));
    let entries = members.into_iter().map(|(name, content)| Ok(segment.add(name, content, 0)?.entry));
    let entries = entries.collect::<Result<Vec<_>, AddError>>()?;
    let directory = central_directory(entries.iter().map(|entry| (entry, entry.offset)), segment.len());
    Ok([segment.finish(), directory].concat())
}

#[test]
fn python_and_unzip_find_no_fault() -> Checked {
    let manifest = b"{}\n".repeat(500);
    let members: [(_, &[u8]); 3] = [
        ("manifest.json", &manifest),
        ("subjects/ana@amber.example/files/%C3%BC.png", b"stored"),
        ("subjects/ünïcode", b""),
    ];
    let scratch = Scratch::new("no_fault")?;
    fs::write(scratch.archive(), archive_of(members)?)?;
    assert_eq!(python(PYTHON_TESTZIP, &scratch.archive())?.trim(), "3");
    if let Some(report) = unzip("-t", &scratch.archive())? {
        assert!(report.contains("No errors detected"));
    }
    Ok(())
}

const SEGMENTS: u32 = 3;
const MEMBERS: u64 = 50;

fn segment(number: u32, origin: &Origin) -> Result<(SegmentIndex, Vec<u8>), Box<dyn Error>> {
    let (mut writer, mut listing) = (SegmentWriter::new(DosTime::EARLIEST), Listing::default());
    for file in 0..MEMBERS {
        let member = writer.add(&format!("subjects/ana/{number}/{file}.jsonl"), b"{}\n", 1)?;
        listing.add(member, MemberKind::Records, origin);
    }
    listing.found(Found { origin: origin.clone(), records: MEMBERS, files: 0 });
    let index = SegmentIndex {
        unit: "0001".into(),
        number,
        last: number == SEGMENTS,
        key: number.to_string(),
        bytes: writer.len(),
        contents: listing.finish()?,
    };
    Ok((index, writer.finish()))
}

#[test]
fn python_and_unzip_read_a_manifest_that_was_compressed_in_pieces() -> Checked {
    let origin = Origin {
        subject: "ana@amber.example".into(),
        data_type: "chat".into(),
        collection: "messages".into(),
        source: "messages".into(),
    };
    let written = (1..=SEGMENTS).map(|number| segment(number, &origin)).collect::<Result<Vec<_>, _>>()?;
    let (indexes, segments): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    let plan = SearchPlan {
        subjects: vec![origin.subject],
        identifiers: [].into(),
        sources: vec![PlannedSource {
            source: origin.source,
            data_type: origin.data_type,
            collection: origin.collection,
            redacted: vec![],
            security: vec![],
        }],
        excluded: vec![],
        information: None,
    };
    let request = RequestReport {
        id: "r1".into(),
        account: "amber".into(),
        kind: "export".into(),
        created_at: "2026-04-01T09:30:00Z".into(),
        date_range: None,
        data_types: vec!["chat".into()],
        requestor_role: "owner".into(),
    };
    let outline = Outline::new(request, &plan, &indexes)?;
    let layout = Layout::plan(&indexes.iter().map(|index| index.bytes).collect::<Vec<_>>())?;
    let end = tail(outline, &layout, &indexes, DosTime::EARLIEST)?;
    let scratch = Scratch::new("pieces")?;
    fs::write(scratch.archive(), [segments.concat(), end].concat())?;
    let members = u64::from(SEGMENTS) * MEMBERS;
    let listed = python(PYTHON_LISTED, &scratch.archive())?;
    assert_eq!(listed.trim(), format!("{members} {}", members + 2));
    if let Some(report) = unzip("-t", &scratch.archive())? {
        assert!(report.contains("No errors detected"));
    }
    Ok(())
}

#[test]
fn an_archive_of_nothing_opens_too() -> Checked {
    let scratch = Scratch::new("nothing")?;
    fs::write(scratch.archive(), archive_of([])?)?;
    assert_eq!(python(PYTHON_TESTZIP, &scratch.archive())?.trim(), "0");
    Ok(())
}

#[test]
fn more_members_than_sixteen_bits_count_open_everywhere() -> Checked {
    let names: Vec<_> = (0..70_000).map(|number| format!("m{number}")).collect();
    let scratch = Scratch::new("many")?;
    let bytes = archive_of(names.iter().map(|name| (name.as_str(), b"x".as_slice())))?;
    fs::write(scratch.archive(), &bytes)?;
    let mut zip = ZipArchive::new(std::io::Cursor::new(bytes))?;
    assert_eq!(zip.len(), 70_000);
    let mut last = String::new();
    zip.by_name("m69999")?.read_to_string(&mut last)?;
    assert_eq!(last, "x");
    assert_eq!(python(PYTHON_TESTZIP, &scratch.archive())?.trim(), "70000");
    if let Some(report) = unzip("-tq", &scratch.archive())? {
        assert!(report.contains("No errors detected"));
    }
    Ok(())
}

/// A sparse file: two segments, six GiB apart, and the directory behind.
#[test]
fn members_and_directory_past_four_gib_are_found() -> Checked {
    let segment = |name: &str| {
        let mut writer = SegmentWriter::new(DosTime::EARLIEST);
        let entry = writer.add(name, b"hello", 1)?.entry;
        Ok::<_, AddError>((entry, writer.finish()))
    };
    let ((near, near_bytes), (far, far_bytes)) = (segment("near")?, segment("far")?);
    let directory_offset = 6 * GIB + far_bytes.len() as u64;
    let entries = [(&near, 0), (&far, 6 * GIB)];
    let directory = central_directory(entries, directory_offset);

    let scratch = Scratch::new("far")?;
    let mut file = File::create(scratch.archive())?;
    file.write_all(&near_bytes)?;
    file.seek(SeekFrom::Start(6 * GIB))?;
    file.write_all(&far_bytes)?;
    file.write_all(&directory)?;

    let mut zip = ZipArchive::new(File::open(scratch.archive())?)?;
    let mut content = String::new();
    zip.by_name("far")?.read_to_string(&mut content)?;
    assert_eq!(content, "hello");
    assert_eq!(python(PYTHON_FIRST_BYTES, &scratch.archive())?, "near 5 hello\nfar 5 hello\n");
    if let Some(report) = unzip("-t", &scratch.archive())? {
        assert!(report.contains("No errors detected"));
    }
    Ok(())
}

/// A sparse file again. Nobody reads to the end of the large member, so that
/// its checksum does not matter.
#[test]
fn a_member_of_four_gib_and_what_lies_behind_it_are_found() -> Checked {
    let large = Entry {
        name: MemberName::new("large")?,
        offset: 0,
        compressed: 4 * GIB,
        uncompressed: 4 * GIB,
        crc32: 0,
        method: Method::Stored,
        modified: DosTime::EARLIEST,
    };
    let mut writer = SegmentWriter::new(DosTime::EARLIEST);
    let behind = writer.add("behind", b"hello", 1)?.entry;
    let (start, bytes) = (large.local_bytes(), writer.finish());
    let directory = central_directory([(&large, 0), (&behind, start)], start + bytes.len() as u64);

    let scratch = Scratch::new("large")?;
    let mut file = File::create(scratch.archive())?;
    file.write_all(&large.local_header())?;
    file.write_all(b"large")?;
    file.seek(SeekFrom::Start(start))?;
    file.write_all(&bytes)?;
    file.write_all(&directory)?;

    let mut zip = ZipArchive::new(File::open(scratch.archive())?)?;
    assert_eq!(zip.by_name("large")?.size(), 4 * GIB);
    let mut content = String::new();
    zip.by_name("behind")?.read_to_string(&mut content)?;
    assert_eq!(content, "hello");
    assert_eq!(python(PYTHON_FIRST_BYTES, &scratch.archive())?, "large 4294967296 large\nbehind 5 hello\n");
    if let Some(listing) = unzip("-l", &scratch.archive())? {
        assert!(listing.contains("4294967296"));
    }
    Ok(())
}

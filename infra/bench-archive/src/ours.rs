use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write, copy};
use std::path::{Path, PathBuf};

use habeas_archive::{
    DosTime, Found, Layout, Listing, MemberKind, Origin, Outline, Part, PlannedSource, RequestReport,
    SearchPlan, SegmentIndex, SegmentWriter, complete, component, file_path, tail,
};
use serde_json::{Value, json};

use crate::Outcome;

/// As large as `collect` makes them.
const SEGMENT_BYTES_TARGET: u64 = 32 << 20;

const SUBJECT: &str = "ana@amber.example";
const SOURCE: &str = "whiteboard_files";
const DATA_TYPE: &str = "whiteboards";
const UNIT: &str = "0001";

/// Calls that `package` makes however many segments there are: for what the only
/// step has found, an upload, its last part, and its end.
const CALLS_ANYWAY: usize = 4;

/// Where the last part is all there is, it goes up in one piece.
const CALLS_OF_ONE_PIECE: usize = 2;

fn modified() -> DosTime {
    DosTime::new(2026, 4, 1, 9, 30, 0)
}

/// The files of a folder, by name.
fn listed(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// One segment after the other, and then the list of their indexes.
pub(crate) fn collect(files: &Path, work: &Path) -> Outcome<Value> {
    fs::create_dir_all(work.join("segment"))?;
    let files = listed(files)?;
    let (mut rest, mut indexes, mut bytes) = (files.iter().peekable(), Vec::new(), 0);
    let (folder, origin) = (file_path(SUBJECT, DATA_TYPE, SOURCE), origin());
    while rest.peek().is_some() || indexes.is_empty() {
        let number = u32::try_from(indexes.len() + 1)?;
        let mut writer = SegmentWriter::new(modified());
        let mut listing = Listing::default();
        while let Some(file) = rest.next_if(|_| writer.len() < SEGMENT_BYTES_TARGET) {
            let name = file.file_name().and_then(|name| name.to_str()).ok_or("a name that is no text")?;
            let member = writer.add(&format!("{folder}/{}", component(name)), &fs::read(file)?, 0)?;
            listing.add(member, MemberKind::File, &origin);
        }
        let key = format!("{UNIT}-{number:06}");
        listing.found(Found { origin: origin.clone(), records: 0, files: listing.members() as u64 });
        let segment = writer.finish();
        let index = SegmentIndex {
            unit: UNIT.into(),
            number,
            last: rest.peek().is_none(),
            key: key.clone(),
            bytes: segment.len() as u64,
            contents: listing.finish()?,
        };
        bytes += index.bytes;
        fs::write(work.join("segment").join(&key), segment)?;
        indexes.push(index);
    }
    fs::write(work.join("indexes.json"), serde_json::to_vec(&indexes)?)?;
    Ok(json!({"segments": indexes.len(), "bytes": bytes}))
}

fn origin() -> Origin {
    Origin {
        subject: SUBJECT.into(),
        data_type: DATA_TYPE.into(),
        collection: SOURCE.into(),
        source: SOURCE.into(),
    }
}

fn indexes(work: &Path) -> Outcome<Vec<SegmentIndex>> {
    Ok(serde_json::from_slice(&fs::read(work.join("indexes.json"))?)?)
}

fn layout(indexes: &[SegmentIndex]) -> Outcome<Layout> {
    Ok(Layout::plan(&indexes.iter().map(|index| index.bytes).collect::<Vec<_>>())?)
}

/// Reads the indexes and makes every part that S3 does not copy by itself.
pub(crate) fn package(work: &Path) -> Outcome<Value> {
    let indexes = indexes(work)?;
    complete(&indexes, &[UNIT.to_owned()])?;
    let plan = plan();
    let outline = Outline::new(request(), &plan, &indexes)?;
    let layout = layout(&indexes)?;
    let (mut through, mut copied, mut gathered) = (0, 0, 0);
    for (number, part) in layout.parts.iter().enumerate() {
        match part {
            Part::Copy { .. } => copied += 1,
            Part::Gather { segments } => {
                gathered += segments.len();
                let content = gather(work, &indexes, segments)?;
                through += content.len();
                fs::write(work.join(format!("part-{number}")), content)?;
            }
        }
    }
    let mut last = gather(work, &indexes, &layout.tail)?;
    gathered += layout.tail.len();
    last.extend(tail(outline, &layout, &indexes, modified())?);
    through += last.len();
    fs::write(work.join("last"), last)?;
    let parts_put = layout.parts.len() - copied;
    let anyway = if layout.parts.is_empty() { CALLS_OF_ONE_PIECE } else { CALLS_ANYWAY };
    let calls = anyway + copied + gathered + parts_put;
    Ok(json!({"segments": indexes.len(), "through": through, "s3_calls": calls}))
}

fn gather(work: &Path, indexes: &[SegmentIndex], segments: &[usize]) -> Outcome<Vec<u8>> {
    let mut content = Vec::new();
    for segment in segments {
        let file = work.join("segment").join(&indexes[*segment].key);
        File::open(file)?.read_to_end(&mut content)?;
    }
    Ok(content)
}

/// Lays the parts end to end.
pub(crate) fn assemble(work: &Path, archive: &Path) -> Outcome<Value> {
    let indexes = indexes(work)?;
    let mut out = BufWriter::new(File::create(archive)?);
    for (number, part) in layout(&indexes)?.parts.iter().enumerate() {
        match part {
            Part::Copy { segment, range } => {
                let mut file = File::open(work.join("segment").join(&indexes[*segment].key))?;
                file.seek(SeekFrom::Start(range.start))?;
                copy(&mut file.take(range.end - range.start), &mut out)?;
            }
            Part::Gather { .. } => {
                copy(&mut File::open(work.join(format!("part-{number}")))?, &mut out)?;
            }
        }
    }
    copy(&mut File::open(work.join("last"))?, &mut out)?;
    out.flush()?;
    Ok(json!({"bytes": fs::metadata(archive)?.len()}))
}

fn plan() -> SearchPlan {
    SearchPlan {
        subjects: vec![SUBJECT.into()],
        identifiers: [].into(),
        sources: vec![PlannedSource {
            source: SOURCE.into(),
            data_type: DATA_TYPE.into(),
            collection: SOURCE.into(),
            redacted: Vec::new(),
            security: Vec::new(),
        }],
        excluded: Vec::new(),
        information: None,
    }
}

fn request() -> RequestReport {
    RequestReport {
        id: "019b8d3a-0000-7000-8000-000000000001".into(),
        account: "amber".into(),
        kind: "export".into(),
        created_at: "2026-04-01T09:30:00Z".into(),
        date_range: None,
        data_types: vec![DATA_TYPE.into()],
        requestor_role: "owner".into(),
    }
}

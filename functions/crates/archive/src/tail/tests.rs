use super::*;
use crate::fixture::{plan, request, segments};
use crate::index::{Found, MemberKind};
use crate::layout::{Limits, Part};
use crate::manifest::{PlannedSource, SearchPlan};
use crate::segment::Segment;
use proptest::prelude::*;
use std::error::Error;
use std::io::{Cursor, Read};
use zip::ZipArchive;

type Written = Vec<(SegmentIndex, Segment)>;
type Content = Vec<u8>;

/// What S3 would do with the layout.
fn assemble(layout: &Layout, segments: &[&[u8]], tail: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut archive = vec![];
    for part in &layout.parts {
        match part {
            Part::Copy { segment, range } => {
                let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
                archive.extend_from_slice(&segments[*segment][range]);
            }
            Part::Gather { segments: list } => {
                list.iter().for_each(|s| archive.extend_from_slice(segments[*s]));
            }
        }
    }
    layout.tail.iter().for_each(|s| archive.extend_from_slice(segments[*s]));
    assert_eq!(archive.len() as u64, layout.bytes);
    archive.extend_from_slice(tail);
    Ok(archive)
}

fn archive(limits: Limits, plan: &SearchPlan, written: Written) -> Result<Vec<u8>, Box<dyn Error>> {
    let (indexes, segments): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    let sizes: Vec<u64> = indexes.iter().map(|index| index.bytes).collect();
    let layout = Layout::within(limits, &sizes)?;
    let manifest = Manifest::build(request(), plan, &indexes)?;
    let tail = tail(&manifest, &layout, &indexes, DosTime::EARLIEST)?;
    let segments: Vec<&[u8]> = segments.iter().map(|s| s.bytes.as_slice()).collect();
    assemble(&layout, &segments, &tail)
}

const SMALL: Limits = Limits { part_bytes_min: 300, part_bytes_max: 1_000, parts_max: 10_000 };

#[test]
fn readers_see_the_manifest_first_and_then_the_page() -> Result<(), Box<dyn Error>> {
    let bytes = archive(SMALL, &plan(), segments()?)?;
    let mut zip = ZipArchive::new(Cursor::new(bytes))?;
    assert_eq!(zip.len(), 6);
    let mut manifest = Vec::new();
    zip.by_index(0)?.read_to_end(&mut manifest)?;
    assert_eq!(serde_json::from_slice::<Manifest>(&manifest)?.subjects.len(), 2);
    assert_eq!(zip.by_index(1)?.name()?, README_NAME);
    assert_eq!(zip.by_index(0)?.unix_mode(), Some(0o100_644));
    Ok(())
}

#[test]
fn the_same_segments_give_the_same_archive() -> Result<(), Box<dyn Error>> {
    assert!(archive(SMALL, &plan(), segments()?)? == archive(SMALL, &plan(), segments()?)?);
    Ok(())
}

#[test]
fn indexes_of_other_segments_are_refused() -> Result<(), Box<dyn Error>> {
    let (mut indexes, _): (Vec<_>, Vec<_>) = segments()?.into_iter().unzip();
    let sizes: Vec<u64> = indexes.iter().map(|index| index.bytes).collect();
    let manifest = Manifest::build(request(), &plan(), &indexes)?;
    let layout = Layout::plan(&sizes)?;
    indexes.pop();
    let closed = tail(&manifest, &layout, &indexes, DosTime::EARLIEST);
    assert!(matches!(closed, Err(TailError::OtherSegments)));
    Ok(())
}

/// One segment per list of contents, all of one subject and source.
fn segments_of(contents: &[Vec<Content>]) -> Result<Written, AddError> {
    let mut number = 0;
    let mut written = vec![];
    for (segment, contents) in (1..).zip(contents) {
        let mut writer = SegmentWriter::new(DosTime::EARLIEST);
        let mut members = vec![];
        for content in contents {
            number += 1;
            members.push(Member {
                entry: writer.add(&format!("subjects/ü/{number}"), content, 1)?.clone(),
                subject: "ana".into(),
                source: "s".into(),
                data_type: "t".into(),
                collection: "c".into(),
                kind: MemberKind::Records,
            });
        }
        let found = Found {
            subject: "ana".into(),
            source: "s".into(),
            data_type: "t".into(),
            collection: "c".into(),
            records: members.len() as u64,
            files: 0,
        };
        let index = SegmentIndex {
            unit: "u".into(),
            number: segment,
            last: segment as usize == written.len(),
            key: format!("{segment}"),
            bytes: writer.len(),
            members,
            found: vec![found],
        };
        written.push((index, writer.finish()));
    }
    Ok(written)
}

fn plan_of_one() -> SearchPlan {
    SearchPlan {
        subjects: vec!["ana".into()],
        identifiers: [].into(),
        sources: vec![PlannedSource {
            source: "s".into(),
            data_type: "t".into(),
            collection: "c".into(),
            redacted: vec![],
            security: vec![],
        }],
        excluded: vec![],
        information: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_members_in_random_segments_come_back_byte_for_byte(
        contents in prop::collection::vec(
            prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..400),
                    prop::collection::vec(0u8..3, 0..2_000),
                ],
                0..6,
            ),
            1..10,
        ),
    ) {
        let written = segments_of(&contents)?;
        let bytes = archive(SMALL, &plan_of_one(), written)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        let contents: Vec<_> = contents.into_iter().flatten().collect();
        prop_assert_eq!(zip.len(), contents.len() + 2);
        for (number, content) in (1..).zip(contents) {
            let mut read = vec![];
            zip.by_name(&format!("subjects/ü/{number}"))?.read_to_end(&mut read)?;
            prop_assert!(read == content);
        }
    }
}

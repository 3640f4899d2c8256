use super::*;
use crate::fixture::{Written, plan, request, segments};
use crate::index::Found;
use crate::layout::{Limits, Part};
use crate::manifest::{Manifest, MemberKind, PlannedSource, SearchPlan};
use crate::origin::Origin;
use crate::rows::Listing;
use crate::segment::SegmentWriter;
use proptest::prelude::*;
use std::error::Error;
use std::io::{Cursor, Read};
use zip::ZipArchive;

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

fn archive(limits: Limits, plan: &SearchPlan, written: Vec<Written>) -> Result<Vec<u8>, Box<dyn Error>> {
    let (indexes, segments): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    let sizes: Vec<u64> = indexes.iter().map(|index| index.bytes).collect();
    let layout = Layout::within(limits, &sizes)?;
    let outline = Outline::new(request(), plan, &indexes)?;
    let tail = tail(outline, &layout, &indexes, DosTime::EARLIEST)?;
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
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
    let (plan, all) = (plan(), indexes.clone());
    let outline = Outline::new(request(), &plan, &all)?;
    let layout = Layout::plan(&sizes)?;
    indexes.pop();
    let closed = tail(outline, &layout, &indexes, DosTime::EARLIEST);
    assert!(matches!(closed, Err(TailError::OtherSegments)));
    Ok(())
}

/// One segment per list of contents, all of one subject and source.
fn segments_of(contents: &[Vec<Content>]) -> Result<Vec<Written>, Box<dyn Error>> {
    let mut number = 0;
    let mut written = vec![];
    let origin =
        Origin { subject: "ana".into(), data_type: "t".into(), collection: "c".into(), source: "s".into() };
    for (segment, contents) in (1..).zip(contents) {
        let mut writer = SegmentWriter::new(DosTime::EARLIEST);
        let mut listing = Listing::default();
        for content in contents {
            number += 1;
            let member = writer.add(&format!("subjects/ü/{number}"), content, 1)?;
            listing.add(member, MemberKind::Records, &origin);
        }
        listing.found(Found { origin: origin.clone(), records: contents.len() as u64, files: 0 });
        let index = SegmentIndex {
            unit: "u".into(),
            number: segment,
            last: segment as usize == written.len(),
            key: format!("{segment}"),
            bytes: writer.len(),
            contents: listing.finish()?,
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
        let written = segments_of(&contents);
        let bytes = written
            .and_then(|written| archive(SMALL, &plan_of_one(), written))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        let mut manifest = Vec::new();
        zip.by_name(MANIFEST_NAME)?.read_to_end(&mut manifest)?;
        let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let contents: Vec<_> = contents.into_iter().flatten().collect();
        let rows = &manifest.subjects[0].data_types[1].collections[0].files;
        prop_assert_eq!(rows.len(), contents.len());
        prop_assert_eq!(zip.len(), contents.len() + 2);
        for (number, content) in (1..).zip(contents) {
            let mut read = vec![];
            zip.by_name(&format!("subjects/ü/{number}"))?.read_to_end(&mut read)?;
            prop_assert!(read == content);
            let row = rows.iter().find(|row| row.path.as_str() == format!("subjects/ü/{number}"));
            prop_assert_eq!(row.map(|row| row.bytes), Some(content.len() as u64));
        }
    }
}

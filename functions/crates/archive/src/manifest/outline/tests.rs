use super::*;
use crate::fixture::{ANA, BO, plan, request, segments};
use crate::{Contents, DosTime, Found, Listing, MemberKind, SegmentWriter, complete};
use std::error::Error;
use std::io::Read;

type Checked = Result<(), Box<dyn Error>>;

fn indexes() -> Result<Vec<SegmentIndex>, Box<dyn Error>> {
    Ok(segments()?.into_iter().map(|(index, _)| index).collect())
}

/// As the archive has it.
fn text(indexes: &[SegmentIndex]) -> Result<String, Box<dyn Error>> {
    let plan = plan();
    let (deflate, ..) = Outline::new(request(), &plan, indexes)?.pack()?.end();
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(deflate.as_slice()).read_to_string(&mut text)?;
    Ok(text)
}

fn manifest() -> Result<Manifest, Box<dyn Error>> {
    Ok(serde_json::from_str(&text(&indexes()?)?)?)
}

fn refusal(indexes: &[SegmentIndex]) -> Option<String> {
    Outline::new(request(), &plan(), indexes).err().map(|error| error.to_string())
}

#[test]
fn counts_are_summed_over_units_and_segments() -> Checked {
    let indexes = indexes()?;
    complete(&indexes, &["chat".into(), "whiteboards".into()])?;
    let manifest = manifest()?;
    let ana = &manifest.subjects[0];
    assert_eq!(ana.address.as_str(), ANA);
    let chat = &ana.data_types[0];
    assert_eq!((chat.records, chat.files, chat.bytes), (3, 2, 43));
    let boards = &ana.data_types[2];
    assert_eq!((boards.records, boards.files), (1, 2));
    assert_eq!(boards.collections[0].files[1].kind, MemberKind::File);
    Ok(())
}

#[test]
fn every_subject_has_a_row_for_every_source_even_with_nothing_held() -> Checked {
    let manifest = manifest()?;
    let bo = &manifest.subjects[1];
    assert_eq!(bo.address.as_str(), BO);
    let types: Vec<_> = bo.data_types.iter().map(|t| t.data_type.as_str()).collect();
    assert_eq!(types, ["chat", "webinars", "whiteboards"]);
    assert!(bo.data_types[0].collections[0].nothing_held);
    assert!(bo.data_types[1].collections.is_empty());
    assert!(bo.data_types[2].collections[0].nothing_held);
    Ok(())
}

#[test]
fn the_order_of_the_indexes_does_not_show() -> Checked {
    let mut indexes = indexes()?;
    let in_order = text(&indexes)?;
    indexes.reverse();
    assert_eq!(text(&indexes)?, in_order);
    Ok(())
}

#[test]
fn a_record_found_and_not_written_is_named() -> Checked {
    let mut indexes = indexes()?;
    indexes[0].contents.found[0].records = 3;
    assert_eq!(
        refusal(&indexes),
        Some("source chat has 4 records of subject 2, but 3 are in the archive".into())
    );
    Ok(())
}

#[test]
fn a_file_found_and_not_written_is_named() -> Checked {
    let mut indexes = indexes()?;
    indexes[2].contents.found[0].files = 2;
    assert_eq!(
        refusal(&indexes),
        Some("source whiteboards has 2 files of subject 2, but 1 are in the archive".into())
    );
    Ok(())
}

#[test]
fn a_source_that_nobody_searched_is_not_reported_as_empty() -> Checked {
    let mut indexes = indexes()?;
    indexes[1].contents.found.pop();
    assert_eq!(
        refusal(&indexes),
        Some("source chat was planned for subject 1, but no index says it was searched".into())
    );
    Ok(())
}

#[test]
fn a_subject_nobody_planned_is_refused_and_not_printed() -> Checked {
    let mut indexes = indexes()?;
    indexes[0].contents.found[0].origin.subject = "eve@other.example".into();
    let error = refusal(&indexes).unwrap_or_default();
    assert!(error.starts_with("unit chat, segment 1") && !error.contains("eve"));
    Ok(())
}

#[test]
fn two_members_of_one_name_are_refused_in_any_case() -> Checked {
    let mut indexes = indexes()?;
    let upper = indexes[0].contents.members[0].name.as_str().replace("chat_m", "chat_M");
    indexes[1].contents.members[0].name = crate::MemberName::new(upper)?;
    assert!(refusal(&indexes).is_some_and(|e| e.contains("unit chat, segment 2: a member would")));
    Ok(())
}

#[test]
fn a_member_without_a_row_is_refused() -> Checked {
    let mut indexes = indexes()?;
    let right = indexes[2].contents.rows[0].clone();
    for wrong in [Rows { files: 1, ..right.clone() }, Rows { bytes: right.bytes + 1, ..right }] {
        indexes[2].contents.rows[0] = wrong;
        let refused = refusal(&indexes).unwrap_or_default();
        assert!(refused.starts_with("unit whiteboards, segment 1: the rows"), "{refused}");
    }
    Ok(())
}

/// Whatever is asked for by it, the text by which a list's place is found is no such place.
#[test]
fn a_name_that_looks_like_an_empty_list_stays_a_name() -> Checked {
    let (mut plan, mut request, indexes) = (plan(), request(), indexes()?);
    request.account = NO_ROWS.into();
    plan.excluded[0].reason = format!("{NO_ROWS},");
    let (deflate, ..) = Outline::new(request, &plan, &indexes)?.pack()?.end();
    let read: Manifest = serde_json::from_reader(flate2::read::DeflateDecoder::new(deflate.as_slice()))?;
    assert_eq!((read.request.account.as_str(), &read.excluded), (NO_ROWS, &plan.excluded));
    assert_eq!(read.subjects, manifest()?.subjects);
    Ok(())
}

/// As many files, and one with records, in each of two segments.
#[test]
fn a_page_has_records_before_the_first_files_and_counts_the_others() -> Checked {
    let mut indexes = indexes()?;
    for (number, index) in indexes[..2].iter_mut().enumerate() {
        let origin = index.contents.found[0].origin.clone();
        let (mut writer, mut listing) = (SegmentWriter::new(DosTime::EARLIEST), Listing::default());
        for file in 0..FILES_LISTED_MAX {
            listing.add(writer.add(&format!("{number}/{file:04}"), b"x", 0)?, MemberKind::File, &origin);
        }
        let records = writer.add(&format!("{number}.jsonl"), b"{}\n", 1)?;
        listing.add(records, MemberKind::Records, &origin);
        listing.found(Found { origin, records: 1, files: FILES_LISTED_MAX as u64 });
        index.contents = Contents { found: index.contents.found.split_off(1), ..Contents::default() };
        let contents = listing.finish()?;
        index.contents.found.extend(contents.found);
        (index.contents.members, index.contents.rows) = (contents.members, contents.rows);
    }
    let plan = plan();
    let outline = Outline::new(request(), &plan, &indexes)?;
    let of_page = &outline.manifest().subjects[0].data_types[0].collections[0];
    let paths: Vec<_> = of_page.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths[..4], ["0.jsonl", "1.jsonl", "0/0000", "0/0001"]);
    assert_eq!((of_page.files.len(), of_page.unlisted), (FILES_LISTED_MAX, FILES_LISTED_MAX as u64 + 2));
    let all: Manifest = serde_json::from_str(&text(&indexes)?)?;
    assert_eq!(all.subjects[0].data_types[0].collections[0].files.len(), 2 * (FILES_LISTED_MAX + 1));
    Ok(())
}

#[test]
fn fields_left_out_are_listed_by_name() -> Checked {
    let manifest = manifest()?;
    assert_eq!(manifest.redacted[0].fields, ["reply_to_name"]);
    assert_eq!(manifest.security_left_out[0].collection, "whiteboards");
    Ok(())
}

#[test]
fn the_manifest_is_the_one_people_were_promised() -> Checked {
    insta::assert_snapshot!(text(&indexes()?)?);
    Ok(())
}

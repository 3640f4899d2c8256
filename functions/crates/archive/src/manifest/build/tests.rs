use super::*;
use crate::fixture::{ANA, BO, plan, request, segments};
use crate::{AddError, complete};
use std::error::Error;

type Checked = Result<(), Box<dyn Error>>;

fn indexes() -> Result<Vec<SegmentIndex>, AddError> {
    Ok(segments()?.into_iter().map(|(index, _)| index).collect())
}

fn refusal(indexes: &[SegmentIndex]) -> Option<String> {
    let built = Manifest::build(request(), &plan(), indexes);
    built.err().map(|error| error.to_string())
}

#[test]
fn counts_are_summed_over_units_and_segments() -> Checked {
    let indexes = indexes()?;
    complete(&indexes, &["chat".into(), "whiteboards".into()])?;
    let manifest = Manifest::build(request(), &plan(), &indexes)?;
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
    let manifest = Manifest::build(request(), &plan(), &indexes()?)?;
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
    let manifest = Manifest::build(request(), &plan(), &indexes)?;
    indexes.reverse();
    let reversed = Manifest::build(request(), &plan(), &indexes)?;
    assert_eq!(manifest.to_json()?, reversed.to_json()?);
    assert_eq!(serde_json::from_slice::<Manifest>(&manifest.to_json()?)?, manifest);
    Ok(())
}

#[test]
fn a_record_found_and_not_written_is_named() -> Checked {
    let mut indexes = indexes()?;
    indexes[0].found[0].records = 3;
    assert_eq!(
        refusal(&indexes),
        Some("source chat has 4 records of subject 2, but 3 are in the archive".into())
    );
    Ok(())
}

#[test]
fn a_file_found_and_not_written_is_named() -> Checked {
    let mut indexes = indexes()?;
    indexes[2].found[0].files = 2;
    assert_eq!(
        refusal(&indexes),
        Some("source whiteboards has 2 files of subject 2, but 1 are in the archive".into())
    );
    Ok(())
}

#[test]
fn a_source_that_nobody_searched_is_not_reported_as_empty() -> Checked {
    let mut indexes = indexes()?;
    indexes[1].found.pop();
    assert_eq!(
        refusal(&indexes),
        Some("source chat was planned for subject 1, but no index says it was searched".into())
    );
    Ok(())
}

#[test]
fn a_subject_nobody_planned_is_refused_and_not_printed() -> Checked {
    let mut indexes = indexes()?;
    indexes[0].found[0].subject = "eve@other.example".into();
    let error = refusal(&indexes).unwrap_or_default();
    assert!(error.starts_with("unit chat, segment 1") && !error.contains("eve"));
    Ok(())
}

#[test]
fn two_members_of_one_name_are_refused_in_any_case() -> Checked {
    let mut indexes = indexes()?;
    let upper = indexes[0].members[0].entry.name.as_str().replace("chat_m", "chat_M");
    indexes[1].members[0].entry.name = crate::MemberName::new(upper)?;
    assert!(refusal(&indexes).is_some_and(|e| e.contains("unit chat, segment 2: a member would")));
    Ok(())
}

#[test]
fn fields_left_out_are_listed_by_name() -> Checked {
    let manifest = Manifest::build(request(), &plan(), &indexes()?)?;
    assert_eq!(manifest.redacted[0].fields, ["reply_to_name"]);
    assert_eq!(manifest.security_left_out[0].collection, "whiteboards");
    Ok(())
}

#[test]
fn the_manifest_is_the_one_people_were_promised() -> Checked {
    let manifest = Manifest::build(request(), &plan(), &indexes()?)?;
    insta::assert_snapshot!(String::from_utf8(manifest.to_json()?)?);
    Ok(())
}

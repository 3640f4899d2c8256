//! Cuts a request into units of work, and learns what ids its people have.

mod units;

use futures::{StreamExt, TryStreamExt, stream};
use habeas_domain::{Kind, Request, StoreError};
use habeas_lambda::{TaskError, names};
use habeas_sources::{DataMap, LinkedId, Pseudonyms, Source, Subject, identify};
use habeas_work::{Folder, Ground, RequestInput, Unit, source_error};
use serde::Serialize;

use crate::units::cut;

/// How many people's ids are looked up at a time.
const PEOPLE_AT_A_TIME: usize = 10;

/// The units of the plan, by name.
#[derive(Debug, Serialize)]
pub struct Planned {
    units: Vec<String>,
}

/// Decides where the request's data are kept, and writes the plan there. The
/// Distributed Map runs over the names of the units alone: what else there is
/// to say about a unit would not fit into the workflow's state for ever, and
/// Step Functions reads lists from no other region than its own.
pub async fn plan(ground: &Ground, input: &RequestInput) -> Result<Planned, TaskError> {
    let request = ground.request(&input.account, input.request).await?;
    let residency = ground.table.decide_residency(&request, ground.work.has_eea()).await?;
    let request = Request { residency: Some(residency), ..request };
    let folder = ground.folder(&request)?;
    let units = cut(&ground.map, &request);
    let lines = lines(&units)?;
    if !ground.map.identities.is_empty() {
        keep_identities(ground, &folder, &request).await?;
    }
    if pseudonymises(&ground.map, &request) {
        make_pseudonyms(&folder).await?;
    }
    folder.bucket.put(&folder.keys.units(), lines.into_bytes(), "application/jsonl").await?;
    Ok(Planned { units: units.into_iter().map(|unit| unit.unit).collect() })
}

/// Learns what else stands for each person, once: cursors name ids by their
/// position, so a plan that is made again changes none.
async fn keep_identities(ground: &Ground, folder: &Folder, request: &Request) -> Result<(), TaskError> {
    let ids: Vec<Vec<LinkedId>> = stream::iter(&request.subjects)
        .map(|email| async {
            let subject = Subject::new(email.clone(), request.account.clone(), None);
            identify(&ground.stores, &ground.map, &subject).await
        })
        .buffered(PEOPLE_AT_A_TIME)
        .try_collect()
        .await
        .map_err(source_error)?;
    let json = serde_json::to_vec(&ids)
        .map_err(|error| TaskError::new(names::INCOMPLETE, "The plan cannot be written.").because(error))?;
    match folder.bucket.put_new(&folder.keys.identities(), json, "application/json").await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// Whether an export shows fields of other people's by pseudonyms, or a deletion
/// leaves any.
fn pseudonymises(map: &DataMap, request: &Request) -> bool {
    let mut sources = map.of_types(&request.data_types);
    match request.kind {
        Kind::Export => sources.any(Source::pseudonymises),
        Kind::Delete => sources.any(|source| source.erase.pseudonymises()),
    }
}

/// Makes the key of the request's pseudonyms, once: a plan that is made again
/// changes no pseudonym.
async fn make_pseudonyms(folder: &Folder) -> Result<(), TaskError> {
    let mut key = vec![0; Pseudonyms::KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| {
        TaskError::new(names::UNAVAILABLE, "There is no randomness to be had.").because(error)
    })?;
    match folder.bucket.put_new(&folder.keys.pseudonyms(), key, "application/octet-stream").await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// ASCII throughout, as source names are: readers of JSON Lines differ in what
/// they take for the end of a line.
fn lines(units: &[Unit]) -> Result<String, TaskError> {
    let mut lines = String::new();
    for unit in units {
        let line = serde_json::to_string(unit).map_err(|error| {
            TaskError::new(names::INCOMPLETE, "The plan cannot be written.").because(error)
        })?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use habeas_domain::DataType;
    use habeas_sources::Part;
    use habeas_testkit::{events, request};
    use habeas_work::UnitTask;

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("plan") {
            let read = serde_json::from_str::<RequestInput>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn a_request_has_a_key_where_something_of_its_kind_and_types_is_pseudonymised() {
        let source = |name: &str, data_type: &str, rest: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\ndata_type = \"{data_type}\"\n\
                 account_field = \"account_id\"\n\
                 dynamodb = {{ table = \"{name}\", key = [\"id\"] }}\n\
                 find = [{{ subject_field = \"who\", index = \"by-who\" }}]\n{rest}\n"
            )
        };
        let mentions = "mentions = { guest = \"pseudonymise\" }\nerase = { rule = \"delete\" }";
        let mask = "erase = { rule = \"mask\", fields = { who = \"pseudonym\" } }";
        let sources = [source("notes", "chat", mentions), source("boards", "whiteboards", mask)];
        let map = format!("version = 1\n{}", sources.concat());
        let map = DataMap::parse(&map, "123456789012", "us-east-1").unwrap();
        for (kind, data_type, has_key) in [
            (Kind::Export, DataType::Chat, true),
            (Kind::Export, DataType::Whiteboards, false),
            (Kind::Delete, DataType::Chat, false),
            (Kind::Delete, DataType::Whiteboards, true),
        ] {
            let request = Request { kind, data_types: vec![data_type], ..request() };
            assert_eq!(pseudonymises(&map, &request), has_key, "{kind:?} {data_type:?}");
        }
    }

    #[test]
    fn an_input_names_the_request() {
        let event = include_str!("../../../events/plan/request.json");
        let input: RequestInput = serde_json::from_str(event).unwrap();
        assert_eq!((&input.account, input.request), (&request().account, request().id));
    }

    #[test]
    fn a_plan_is_lines_of_ascii_without_an_address() {
        let task = UnitTask { subject: 0, source: "chat_messages".to_owned(), part: None };
        let parted = UnitTask { part: Some(Part { number: 1, of: 4 }), ..task.clone() };
        let units = [
            Unit { unit: "0001".to_owned(), tasks: vec![task] },
            Unit { unit: "0002".to_owned(), tasks: vec![parted] },
        ];
        let lines = lines(&units).unwrap();
        assert!(lines.is_ascii() && !lines.contains('@'), "no address passes through the workflow");
        let read: Vec<Unit> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, units);
    }
}

//! Cuts a request into units of work.

use habeas_domain::{Kind, Request, StoreError};
use habeas_lambda::{TaskError, names};
use habeas_sources::{DataMap, Pseudonyms, Source};
use habeas_work::{Folder, Ground, RequestInput, Unit, UnitTask};
use serde::Serialize;

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
    let units = units(&ground.map, &request);
    let lines = lines(&units)?;
    if pseudonymises(&ground.map, &request) {
        make_pseudonyms(&folder).await?;
    }
    folder.bucket.put(&folder.keys.units(), lines.into_bytes(), "application/jsonl").await?;
    Ok(Planned { units: units.into_iter().map(|unit| unit.unit).collect() })
}

/// Whether an export shows fields of other people's by pseudonyms.
fn pseudonymises(map: &DataMap, request: &Request) -> bool {
    request.kind == Kind::Export && map.of_types(&request.data_types).any(Source::pseudonymises)
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

/// One unit for each person: a small request stays a handful of state
/// transitions, and people are worked on side by side.
fn units(map: &DataMap, request: &Request) -> Vec<Unit> {
    let unit = |subject| Unit {
        unit: format!("{:04}", subject + 1),
        tasks: map
            .of_types(&request.data_types)
            .map(|source| UnitTask { subject, source: source.name.clone() })
            .collect(),
    };
    (0..request.subjects.len()).map(unit).collect()
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
    use habeas_testkit::{address, events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("plan") {
            let read = serde_json::from_str::<RequestInput>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_request() {
        let event = include_str!("../../../events/plan/request.json");
        let input: RequestInput = serde_json::from_str(event).unwrap();
        assert_eq!((&input.account, input.request), (&request().account, request().id));
    }

    #[test]
    fn every_person_gets_a_unit_with_the_sources_of_the_data_types() {
        let map = r#"
            version = 1
            [[source]]
            name = "meetings"
            data_type = "meetings"
            account_field = "account_id"
            time_field = "started_at"
            dynamodb = { table = "app-meetings", key = ["meeting_id"] }
            find = [{ subject_field = "host_email", index = "by-host" }]
            erase = { rule = "delete" }
            [[source]]
            name = "chat_messages"
            data_type = "chat"
            account_field = "account_id"
            time_field = "sent_at"
            dynamodb = { table = "app-chat", key = ["message_id"] }
            find = [{ subject_field = "sender_email", index = "by-sender" }]
            erase = { rule = "delete" }
        "#;
        let map = DataMap::parse(map, "123456789012", "us-east-1").unwrap();
        let people = ["ana@amber.example", "bob@amber.example"];
        let request = Request {
            subjects: people.map(address).to_vec(),
            data_types: vec![habeas_domain::DataType::Chat],
            ..request()
        };
        let units = units(&map, &request);
        assert_eq!(units.iter().map(|unit| unit.unit.as_str()).collect::<Vec<_>>(), ["0001", "0002"]);
        for (subject, unit) in units.iter().enumerate() {
            assert_eq!(unit.tasks, [UnitTask { subject, source: "chat_messages".to_owned() }]);
        }
        let lines = lines(&units).unwrap();
        assert!(lines.is_ascii() && !lines.contains('@'), "no address passes through the workflow");
        let read: Vec<Unit> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, units);
    }
}

//! Lays the fragments of an export end to end and closes the archive.
//!
//! The data does not pass through here: large segments are copied by S3, and
//! only what is smaller than a part, the manifest and the central directory are
//! uploaded. An invocation goes on with the parts that those before it have made;
//! the first one does not look for any.

mod assemble;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chrono::{DateTime, Days, Utc};
use habeas_archive::{SegmentIndex, complete};
use habeas_aws::{Buckets, WorkKeys, typed};
use habeas_domain::{AccountId, Archive, Counts, Request, RequestId};
use habeas_lambda::{TaskError, names};
use habeas_work::{Failure, Ground, People};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::assemble::Assembly;

/// What packaging works with, and how long archives are kept.
#[derive(Debug)]
pub struct Package {
    pub ground: Ground,
    pub archives: Buckets,
    pub keep: Days,
}

/// What the state machine hands over.
#[derive(Debug, Deserialize)]
pub struct Input {
    account: AccountId,
    request: RequestId,
    /// The names of the planned units.
    units: Vec<String>,
    /// How many steps each of them has taken, in any order.
    collected: Vec<Collected>,
    /// Whether an invocation before this one may have begun with the archive: it
    /// ran out of time, or failed. Where it was and nobody knows, two make the
    /// same archive, and what one of them leaves open is tidied away.
    again: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Collected {
    unit: String,
    steps: u32,
}

/// Whether the archive is finished, and then what the state machine writes into
/// the request's row, in DynamoDB's typed JSON.
#[derive(Debug, Serialize)]
pub struct Packaged {
    done: bool,
    archive: Value,
}

impl Package {
    pub async fn package(
        &self,
        input: &Input,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Packaged, TaskError> {
        let request = self.ground.request_at_work(&input.account, input.request, now).await?;
        let folder = self.ground.folder(&request)?;
        let collected = input.collected.iter();
        let keys = collected.flat_map(|of| (1..=of.steps).map(|step| folder.keys.index(&of.unit, step)));
        // The order of their names is that of units and steps.
        let keys: BTreeSet<_> = keys.collect();
        let steps: Vec<Vec<SegmentIndex>> = folder.results_at::<IgnoredAny, _>(keys).await?;
        let was_passed_over = steps.iter().any(Vec::is_empty);
        let indexes: Vec<_> = steps.into_iter().flatten().collect();
        if was_passed_over {
            // What others hold is counted, whatever has failed.
            self.ground.table.set_counts(&request, &counts(&request, &indexes)).await?;
            Failure::all_of(&folder.failures().await?)?;
        }
        let people = People::of(&self.ground, &folder, &request).await?;
        complete(&indexes, &input.units).map_err(incomplete)?;
        let key = WorkKeys::archive(request.id);
        let residency = request.kept_in();
        let assembly = Assembly {
            archives: self.archives.of(residency)?,
            folder: &folder,
            map: &self.ground.map,
            request: &request,
            people: &people,
            indexes: &indexes,
        };
        let (units, segments) = (input.units.len(), indexes.len());
        tracing::info!(request = %request.id, units, segments, "packaging");
        let Some(bytes) = assembly.assemble(&key, input.again, deadline).await? else {
            return Ok(Packaged { done: false, archive: Value::Null });
        };
        let expires_at = now + self.keep;
        let archive = Archive { key, residency, bytes, expires_at, removed_at: None, withdrawn_by: None };
        self.ground.table.put_archive(&request, &archive, now).await?;
        self.ground.table.set_counts(&request, &counts(&request, &indexes)).await?;
        Ok(Packaged { done: true, archive: typed(&json!(archive)) })
    }
}

fn counts(request: &Request, indexes: &[SegmentIndex]) -> Counts {
    let types: BTreeMap<_, _> = request.data_types.iter().map(|t| (t.to_string(), 0)).collect();
    let mut counts: Counts =
        request.subjects.iter().map(|subject| (subject.as_str().to_owned(), types.clone())).collect();
    for found in indexes.iter().flat_map(|index| &index.contents.found) {
        let of = counts.entry(found.origin.subject.as_str().to_owned()).or_default();
        *of.entry(found.origin.data_type.clone()).or_default() += found.records;
    }
    counts
}

fn incomplete(error: impl std::error::Error + Send + Sync + 'static) -> TaskError {
    TaskError::new(names::INCOMPLETE, "The parts of the archive do not fit together, so none was made.")
        .because(error)
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("package") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn an_input_names_the_request_and_its_units() {
        let event = include_str!("../../../events/package/request.json");
        let input: Input = serde_json::from_str(event).unwrap();
        assert_eq!((&input.account, input.request), (&request().account, request().id));
        assert_eq!((input.units, input.again), (vec!["0001".to_owned()], false));
        assert_eq!(input.collected, [Collected { unit: "0001".into(), steps: 1 }]);
    }

    #[test]
    fn an_input_says_that_an_archive_may_have_been_begun() {
        let event = include_str!("../../../events/package/again.json");
        assert!(serde_json::from_str::<Input>(event).unwrap().again);
    }
}

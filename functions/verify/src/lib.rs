//! Reads the sources again after a deletion. What still is there makes the
//! request fail, with counts; where nothing is, earlier archives end and the
//! receipt is signed.

mod conclude;
mod look;
mod receipt;

use std::time::Instant;

use chrono::{DateTime, Utc};
use habeas_aws::{Macs, Signer};
use habeas_domain::{AccountId, Digest, Kind, Request, RequestId};
use habeas_lambda::{TaskError, names};
use habeas_work::{Expiry, Folder, Ground, Holds, People, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::conclude::Conclusion;

/// What looking again and its proof take.
#[derive(Debug)]
pub struct Verify {
    pub ground: Ground,
    pub expiry: Expiry,
    pub macs: Macs,
    pub signer: Signer,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    pub account: AccountId,
    pub request: RequestId,
    /// How many steps are done.
    #[serde(default)]
    pub step: u32,
}

/// How far it came, for the state machine.
#[derive(Debug, PartialEq, Serialize)]
pub struct Verified {
    done: bool,
    /// How many steps are done.
    step: u32,
    /// How long to wait before the next one.
    wait_seconds: u32,
    /// What is written into the request's row, in DynamoDB's typed JSON: a
    /// deletion has no archive.
    archive: Value,
    /// The SHA-256 of the receipt's text, for the last line of the timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Digest>,
}

/// What is known of the request.
struct Deletion<'a> {
    request: &'a Request,
    folder: &'a Folder,
    people: &'a People<'a>,
    units: &'a [Unit],
    holds: &'a Holds,
}

impl Verify {
    /// Looks again as far as the time goes. When every source has been read and
    /// nothing is left, concludes.
    pub async fn verify(
        &self,
        input: &Input,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Verified, TaskError> {
        let request = self.ground.request_at_work(&input.account, input.request, now).await?;
        if request.kind != Kind::Delete {
            return Err(TaskError::new(names::INCOMPLETE, "Only a deletion is verified."));
        }
        let folder = self.ground.folder(&request)?;
        let people = People::of(&self.ground, &folder, &request).await?;
        let units = folder.units().await?;
        let holds = Holds::begun(&self.ground, &folder, &request).await?;
        let deletion =
            Deletion { request: &request, folder: &folder, people: &people, units: &units, holds: &holds };
        let (step, pause) = look::step(&self.ground, &deletion, input.step, deadline).await?;
        if let Some(wait_seconds) = pause {
            return Ok(Verified::so_far(step, wait_seconds));
        }
        // What follows has an invocation of its own where this one has taken its time.
        if Instant::now() >= deadline {
            return Ok(Verified::so_far(step, 0));
        }
        Ok(match self.conclude(&deletion, now).await? {
            Conclusion::Wait(seconds) => Verified::so_far(step, seconds),
            Conclusion::Receipt(receipt) => Verified {
                done: true,
                step,
                wait_seconds: 0,
                archive: json!({ "NULL": true }),
                receipt: Some(receipt),
            },
        })
    }
}

impl Verified {
    fn so_far(step: u32, wait_seconds: u32) -> Self {
        Self { done: false, step, wait_seconds, archive: json!({ "NULL": true }), receipt: None }
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::{events, request};

    use super::*;

    #[test]
    fn every_event_is_understood_or_refused_as_its_name_says() {
        for event in events("verify") {
            let read = serde_json::from_str::<Input>(&event.text);
            assert_eq!(read.is_err(), event.is_rejected(), "{}: {read:?}", event.case);
        }
    }

    #[test]
    fn the_first_step_names_the_request_and_the_next_goes_on_from_what_was_returned() {
        let read = |event| serde_json::from_str::<Input>(event).unwrap();
        let first = read(include_str!("../../../events/verify/request.json"));
        assert_eq!((&first.account, first.request, first.step), (&request().account, request().id, 0));
        let next = read(include_str!("../../../events/verify/next-step.json"));
        let returned = serde_json::to_value(Verified::so_far(next.step, 3)).unwrap();
        assert_eq!((&returned["step"], &returned["wait_seconds"]), (&json!(2), &json!(3)));
    }
}

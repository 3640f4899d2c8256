//! Two accounts with their people, and how their calls are answered.

use chrono::TimeDelta;
use habeas_domain::{RequestId, Role, Setting, Stamp, Waits};
use habeas_lambda::{Call, Reply};
use habeas_testkit::{Memory, account, at, member, reply, settings_with};
use intake::Intake;
use serde_json::Value;

pub(crate) const EXPORT: &str = include_str!("../../../../events/intake/export.json");
pub(crate) const DELETION: &str = include_str!("../../../../events/intake/deletion.json");
pub(crate) const UPLOAD: &str = include_str!("../../../../events/intake/upload.json");
pub(crate) const OWN_EXPORT: &str = include_str!("../../../../events/intake/own-export.json");

/// Ana, an admin, and Bob, a member, of amber; Eve, a member of birch.
pub(crate) fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Member), account("birch"))
        .with_settings("amber", settings_with("amber", Setting::SelfServiceRequests))
}

pub(crate) fn stamp() -> Stamp {
    Stamp {
        id: RequestId::parse("019b8d3a-0000-7000-8000-000000000001").unwrap(),
        at: at("2026-01-05T10:00:00Z"),
    }
}

/// Some minutes after the first filing.
pub(crate) fn later(minutes: i64) -> Stamp {
    let at = stamp().at + TimeDelta::minutes(minutes);
    let id = format!("019b8d3a-0000-7000-8000-{:012}", minutes + 1);
    Stamp { id: RequestId::parse(&id).unwrap(), at }
}

pub(crate) async fn answer(memory: &Memory, call: &Call) -> Reply {
    answer_at(memory, call, stamp()).await
}

/// The same, at another moment and so with another id.
pub(crate) async fn answer_at(memory: &Memory, call: &Call, stamp: Stamp) -> Reply {
    let intake = Intake {
        directory: memory.clone(),
        participants: memory.clone(),
        requests: memory.clone(),
        executions: memory.clone(),
        waits: Waits { export: TimeDelta::minutes(5), delete: TimeDelta::minutes(30) },
    };
    reply(intake.answer(call, stamp).await)
}

/// Answers a call that has to be refused and has to leave nothing behind.
pub(crate) async fn refusal(call: Call) -> (u16, Value) {
    let memory = people();
    let reply = answer(&memory, &call).await;
    assert!(reply.status() >= 400, "{reply:?}");
    assert_eq!(memory.requests(), [], "nothing is stored");
    assert_eq!(memory.started(), [], "nothing is started");
    assert_eq!(memory.told(), [], "nobody is told");
    (reply.status(), reply.body().clone())
}

pub(crate) fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}

pub(crate) fn body(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    event["body"].as_str().unwrap().to_owned()
}

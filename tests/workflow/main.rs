//! The workflow's tasks under faults: each of their calls goes wrong once, before
//! it is done and after it, alone or with the whole function, and the request
//! ends as it would have ended.
//!
//! The state machine is played by its own order of states. What the machine itself
//! does about faults is for the journeys to show.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod ended;
mod machine;
mod world;

use ended::Ended;
use habeas_domain::Kind;
use habeas_local_aws::Strike;
use habeas_local_table::Fault;
use machine::{Machine, Pace};
use world::World;

/// A death after each write, and a lost answer of each. Whatever dies between two
/// writes leaves behind what one leaves that dies just after the first of them.
fn strikes(calls: &[String]) -> impl Iterator<Item = Strike> {
    let first = Strike { after: 0, fault: Fault::BeforeIt, is_deadly: true };
    let writes = calls.iter().enumerate().filter(|(_, call)| is_write(call));
    let after = writes.flat_map(|(after, _)| {
        [true, false].map(|is_deadly| Strike { after, fault: Fault::AfterIt, is_deadly })
    });
    std::iter::once(first).chain(after)
}

/// What only reads begins with these words. Of a function nobody knows.
fn is_write(call: &str) -> bool {
    let (service, operation) = call.split_once(' ').unwrap();
    let reads = ["Get", "Head", "List", "Query", "Scan", "BatchGet", "GenerateMac"];
    service == "Lambda" || !reads.iter().any(|read| operation.starts_with(read))
}

/// Plays one request without a fault, and then with each of them, or each of so many.
fn ends_the_same_whatever_goes_wrong(kind: Kind, pace: Pace, each: usize) {
    let play = |strike| {
        let world = World::new();
        let request = world.file(kind);
        let before = world.aws.calls().len();
        if let Some(strike) = strike {
            world.aws.strike(strike);
        }
        Machine::new(&world, &request, pace).run();
        (world.aws.calls().split_off(before), Ended::of(&world, &request))
    };
    let (calls, expected) = play(None);
    expected.assert_complete(kind);
    let is_copied = calls.iter().any(|call| call == "S3 UploadPartCopy");
    assert_eq!(is_copied, kind == Kind::Export, "an upload that can be left open");
    for strike in strikes(&calls).step_by(each) {
        let (_, ended) = play(Some(strike));
        ended.assert_same(&expected, &format!("{strike:?} at {}", calls[strike.after]));
    }
}

#[test]
fn a_deletion_ends_the_same_whatever_goes_wrong() {
    ends_the_same_whatever_goes_wrong(Kind::Delete, Pace::Steady, 1);
}

#[test]
fn a_deletion_of_many_steps_ends_the_same_whatever_goes_wrong() {
    ends_the_same_whatever_goes_wrong(Kind::Delete, Pace::Late, 5);
}

#[test]
fn an_export_ends_the_same_whatever_goes_wrong() {
    ends_the_same_whatever_goes_wrong(Kind::Export, Pace::Steady, 1);
}

#[test]
fn an_export_of_many_steps_ends_the_same_whatever_goes_wrong() {
    ends_the_same_whatever_goes_wrong(Kind::Export, Pace::Late, 3);
}

//! An account's archives are each in one place, and in the end in the right
//! one: whatever fails, and whoever else is at it.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "relocate/changes.rs"]
mod changes;
#[path = "relocate/failures.rs"]
mod failures;
#[path = "relocate/others.rs"]
mod others;
#[path = "relocate/requests.rs"]
mod requests;
#[path = "relocate/shelf.rs"]
mod shelf;
#[path = "relocate/troubles.rs"]
mod troubles;
#[path = "relocate/world.rs"]
mod world;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use habeas_domain::{EventKind, Request, Residency, Status};
use habeas_testkit::at;
use relocate::Outcome;
use requests::{completed, completed_with, filed, in_order, moved};
use world::{CHANGED, DONE, LATER, World};

#[tokio::test]
async fn all_archives_of_the_account_are_moved_and_no_others() {
    let own = [1, 2, 3].map(|number| completed("amber", number));
    let other = completed("birch", 4);
    let world = World::moving(&own).await;
    world.keep(&other);
    assert_eq!(world.relocate(1).await, DONE);
    let mut expected = own.map(|request| moved(&request, 1, Residency::Eea)).to_vec();
    let is_noted = |request: &Request| request.timeline.last().unwrap().event == EventKind::ArchiveMoved;
    assert!(expected.iter().all(is_noted));
    expected.push(other);
    assert_eq!(world.everything().await, in_order(&expected));
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.running), (3, Some(0), 0));
    assert_eq!((relocation.ended_at, relocation.in_hand), (Some(at(LATER)), BTreeMap::new()));
    assert_eq!(world.table.relocations(at("2027-01-01T00:00:00Z")).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_move_that_has_ended_is_not_made_again() {
    let world = World::moving(&[completed("amber", 1)]).await;
    assert_eq!(world.relocate(1).await, DONE);
    let (rows, everything) = (world.rows(), world.everything().await);
    world.local.forget_calls();
    assert_eq!(world.relocate(1).await, DONE);
    assert_eq!(world.local.calls(), ["GetItem"]);
    assert_eq!((world.rows(), world.everything().await), (rows, everything));
}

#[tokio::test]
async fn what_is_there_or_gone_or_was_never_completed_is_left_alone() {
    let requests = [
        completed_with(1, |archive| archive.residency = Residency::Eea),
        completed_with(2, |archive| archive.expires_at = at(LATER)),
        completed_with(3, |archive| archive.removed_at = Some(at(CHANGED))),
        Request { status: Status::Failed, ..completed("amber", 4) },
        Request { status: Status::Canceled, ..completed("amber", 5) },
        filed("amber", 6),
        Request { status: Status::Processing, residency: Some(Residency::Eea), ..filed("amber", 7) },
    ];
    let world = World::moving(&requests).await;
    assert_eq!(world.relocate(1).await, DONE);
    assert_eq!(world.everything().await, in_order(&requests));
    let relocation = world.relocation().await;
    assert_eq!((relocation.moved, relocation.left, relocation.running), (0, Some(0), 0));
}

#[tokio::test]
async fn a_request_that_runs_at_the_old_place_is_waited_for_and_then_moved() {
    for residency in [None, Some(Residency::Us)] {
        let running = Request { status: Status::Processing, residency, ..filed("amber", 1) };
        let world = World::moving(&[running]).await;
        let outcome = world.relocate(1).await;
        assert!(!outcome.done && (10..=900).contains(&outcome.wait_seconds), "{outcome:?}");
        let relocation = world.relocation().await;
        assert_eq!((relocation.running, relocation.left, relocation.ended_at), (1, Some(0), None));

        let ended = Request { residency, ..completed("amber", 1) };
        world.keep(&ended);
        assert_eq!(world.relocate(1).await, DONE);
        assert_eq!(world.everything().await, in_order(&[moved(&ended, 1, Residency::Eea)]));
        let relocation = world.relocation().await;
        assert_eq!((relocation.moved, relocation.running), (1, 0));
    }
}

#[tokio::test]
async fn a_move_does_not_end_before_lists_show_everything() {
    let world = World::moving(&[completed("amber", 1)]).await;
    let clocks: [fn() -> DateTime<Utc>; 2] = [|| at(CHANGED), || at("2026-01-05T12:00:29Z")];
    for clock in clocks {
        assert_eq!(world.relocate_at(clock).await, Outcome { done: false, wait_seconds: 10 });
        let relocation = world.relocation().await;
        assert_eq!((relocation.moved, relocation.left, relocation.ended_at), (1, Some(0), None));
    }
    let everything = world.everything().await;
    assert_eq!(everything, in_order(&everything.0));
    assert!(everything.1.keys().all(|(place, _)| *place == Residency::Eea));

    assert_eq!(world.relocate_at(|| at("2026-01-05T12:00:30Z")).await, DONE);
    assert_eq!(world.relocation().await.ended_at, Some(at("2026-01-05T12:00:30Z")));
    assert_eq!(world.everything().await, everything);
}

use habeas_domain::{Archive, EventKind, Request, Requests, Residency, Status, StoreError};

use super::Memory;
use crate::{at, request};

fn completed() -> Request {
    let expires_at = at("2026-04-05T10:00:00Z");
    let archive = Archive {
        key: "1".into(),
        residency: Residency::Us,
        bytes: 1,
        expires_at,
        removed_at: None,
        withdrawn_by: None,
    };
    Request { status: Status::Completed, archive: Some(archive), ..request() }
}

fn minted(of: Request, time: &str) -> Request {
    of.with_event(at(time), EventKind::LinkMinted, None, None)
}

#[tokio::test]
async fn a_link_is_recorded_while_the_archive_is_there_and_no_longer() {
    for (time, recorded) in [("2026-04-05T09:59:59Z", true), ("2026-04-05T10:00:00Z", false)] {
        let memory = Memory::default().with_request(completed());
        assert_eq!(memory.record_link(&minted(completed(), time)).await.is_ok(), recorded, "{time}");
        assert_eq!(memory.requests()[0].timeline.events().len() == 2, recorded, "{time}");
    }
}

#[tokio::test]
async fn a_link_is_recorded_only_for_a_completed_request() {
    let pending = Request { status: Status::Pending, ..completed() };
    let memory = Memory::default().with_request(pending.clone());
    let recorded = memory.record_link(&minted(pending.clone(), "2026-01-06T10:00:00Z")).await;
    assert!(matches!(recorded, Err(StoreError::Conflict)));
    assert_eq!(memory.requests(), [pending]);
}

#[tokio::test]
async fn nobody_appends_to_a_head_that_is_not_the_last() {
    let memory = Memory::default().with_request(completed());
    let (one, other) =
        (minted(completed(), "2026-01-06T10:00:00Z"), minted(completed(), "2026-01-06T10:00:01Z"));
    assert!(memory.record_link(&one).await.is_ok());
    assert!(matches!(memory.record_link(&other).await, Err(StoreError::Conflict)));
}

#[tokio::test]
async fn a_revoke_is_written_before_the_start_and_no_longer() {
    for (time, written) in [("2026-01-05T10:04:59Z", true), ("2026-01-05T10:05:00Z", false)] {
        let memory = Memory::default().with_request(request());
        let timeline = minted(request(), time).timeline;
        let revoked = Request { status: Status::Canceled, ended_at: Some(at(time)), timeline, ..request() };
        assert_eq!(memory.revoke(&revoked).await.is_ok(), written, "{time}");
        assert_eq!(memory.requests()[0].status == Status::Canceled, written, "{time}");
    }
}

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{Action, Member, Request, Status, days_left, may};

/// Why an archive is gone before its time, for people.
pub const WITHDRAWN: &str =
    "Data of somebody whom the archive is about were deleted, and the archive with them.";

/// A request as `member` sees it in a list.
#[must_use]
pub fn view(request: &Request, member: &Member, now: DateTime<Utc>) -> Value {
    if sees_all(member) { request_view(request, now) } else { member_view(request, now) }
}

/// A request as `member` sees it alone: for owners and admins with what
/// happened to it, and whether the record of that is as it was written.
#[must_use]
pub fn whole_view(request: &Request, member: &Member, now: DateTime<Utc>) -> Value {
    let mut view = view(request, member, now);
    if sees_all(member) {
        view["timeline"] = json!(request.timeline);
        view["chain"] = match request.timeline.verify(request.id) {
            Ok(()) => json!({"verified": true, "head": request.timeline.head()}),
            Err(broken) => json!({"verified": false, "broken_at": broken.number}),
        };
    }
    view
}

fn sees_all(member: &Member) -> bool {
    may(member.role, Action::HandleAnyRequest).is_ok()
}

/// A request as owners and admins see it.
#[must_use]
pub fn request_view(request: &Request, now: DateTime<Utc>) -> Value {
    let revocable = request.is_revocable(now);
    json!({
        "id": request.id,
        "kind": request.kind,
        "status": request.status,
        "created_at": time(request.created_at),
        "due_at": time(request.due_at),
        "days_left": (!request.status.has_ended()).then(|| days_left(request, now)),
        "ended_at": request.ended_at.map(time),
        "subjects": request.subjects,
        "requestor": request.requestor,
        "follows": request.follows,
        "data_types": request.data_types,
        "date_range": request.date_range,
        "revoke": {"possible": revocable, "until": time(request.starts_at)},
        "download": download(request, now),
        "failure": request.failure,
        "counts": request.counts,
    })
}

/// A request as the member who filed it sees it: fewer fields and three states.
#[must_use]
pub fn member_view(request: &Request, now: DateTime<Utc>) -> Value {
    let (status, failure) = match request.status {
        Status::Pending | Status::Processing => (Status::Processing, None),
        Status::Completed => (Status::Completed, None),
        Status::Failed => (Status::Failed, request.failure.clone()),
        Status::Canceled => (Status::Failed, Some("The request was canceled.".to_owned())),
    };
    json!({
        "id": request.id,
        "created_at": time(request.created_at),
        "date_range": request.date_range,
        "status": status,
        "download": download(request, now),
        "failure": failure,
    })
}

fn download(request: &Request, now: DateTime<Utc>) -> Value {
    match &request.archive {
        Some(archive) if now < archive.expires_at => {
            json!({"state": "available", "until": time(archive.expires_at), "bytes": archive.bytes})
        }
        Some(archive) if archive.withdrawn_by.is_some() => {
            json!({"state": "expired", "until": time(archive.expires_at), "reason": WITHDRAWN})
        }
        Some(archive) => json!({"state": "expired", "until": time(archive.expires_at)}),
        None => json!({"state": "none"}),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

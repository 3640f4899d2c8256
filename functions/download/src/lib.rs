//! `POST /v1/requests/{id}/download`: mints a download link of a finished archive.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use habeas_domain::{
    Archive, Archives, Directory, Event, EventKind, Kind, Member, Problem, Request, Requests, Status,
    StoreError,
};
use habeas_lambda::{Call, Fault, Reply, signed_in};
use serde_json::json;

/// The ports that minting takes, and how long a link works.
#[derive(Debug)]
pub struct Download<D, R, A> {
    pub directory: D,
    pub requests: R,
    pub archives: A,
    pub link: TimeDelta,
}

impl<D: Directory, R: Requests, A: Archives> Download<D, R, A> {
    /// Mints a link for the requestor or an administrator, and writes down that
    /// it did. A link never outlives the archive.
    pub async fn answer(&self, call: &Call, now: DateTime<Utc>) -> Result<Reply, Fault> {
        let (member, account) = signed_in(&self.directory, call).await?;
        let id = call.request_id()?;
        let found = self.requests.get(&account.id, id).await?;
        let request =
            found.filter(|request| may_download(&member, request)).ok_or_else(Problem::not_found)?;
        let archive = available(&request, now)?;
        let until = archive.expires_at.min(now + self.link);
        let name = format!("habeas-export-{}-{id}.zip", request.created_at.format("%Y-%m-%d"));
        let url = self.archives.mint_link(archive, &name, now, until).await?;
        let event =
            Event { at: now, event: EventKind::LinkMinted, by: Some(member.email.as_str().to_owned()) };
        match self.requests.record_link(&account.id, id, &event).await {
            Ok(()) => Ok(Reply::ok(json!({
                "url": url,
                "expires_at": until.to_rfc3339_opts(SecondsFormat::Secs, true),
            }))),
            Err(StoreError::Conflict) => Err(too_often().into()),
            Err(fault) => Err(fault.into()),
        }
    }
}

fn may_download(member: &Member, request: &Request) -> bool {
    member.role.administers() || request.requestor.email == member.email
}

fn available(request: &Request, now: DateTime<Utc>) -> Result<&Archive, Problem> {
    let not_ready = |detail: &str| Problem::new(409, "not-ready", "Not ready", detail);
    match (request.kind, request.status, &request.archive) {
        (Kind::Delete, ..) => Err(not_ready("A deletion has no archive to download.")),
        (Kind::Export, Status::Completed, Some(archive)) if now < archive.expires_at => Ok(archive),
        (Kind::Export, Status::Completed, _) => Err(Problem::new(
            410,
            "expired",
            "Download link expired",
            "Archives are kept for a limited time, and this one is gone. File a new export to get the data again.",
        )),
        (Kind::Export, Status::Pending | Status::Processing, _) => {
            Err(not_ready("The archive is not finished. You get a mail when it is."))
        }
        (Kind::Export, Status::Failed | Status::Canceled, _) => {
            Err(not_ready("The request ended without an archive. File a new export to get the data."))
        }
    }
}

/// The archive was there a moment ago, so either it expired right now or the
/// timeline is full.
fn too_often() -> Problem {
    Problem::new(
        409,
        "link-refused",
        "No link now",
        "The archive has just expired, or too many links were made for it. Look at the request again.",
    )
}
